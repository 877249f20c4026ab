//! A credential that brings a new user with every event cannot grow the key ring without bound.

use crate::common::{SENDER, ingest, keys};
use std::sync::Mutex;
use tacho_event::id::Id;
use tacho_event::time::DAY_US;
use tacho_ingest::accept::Sender;
use tacho_ingest::fields::Refused;
use tacho_ingest::{Ingest, Newcomers, Options, Tally};
use tacho_record::keyring::KeyRing;
use tacho_redact::minimise::Minimisation;

fn limited(max: u32) -> Ingest {
    Ingest { newcomers: Newcomers::new(max), ..ingest(Minimisation::default()) }
}

/// One event for each user; an empty name is an event of nobody.
fn send(
    ingest: &Ingest,
    ring: &Mutex<KeyRing>,
    users: &[&str],
    sender: &Sender<'_>,
    options: &Options<'_>,
    day: i64,
) -> Tally {
    let line = |user: &&str| match *user {
        "" => "{\"agent_id\":\"a\"}\n".to_string(),
        user => format!("{{\"agent_id\":\"a\",\"user_id\":\"{user}\"}}\n"),
    };
    let body: String = users.iter().map(line).collect();
    let (mut batches, mut count) = (Vec::new(), 0u8);
    let mut fresh = || {
        count += 1;
        Id([count; 16])
    };
    let tally = ingest.body(body.as_bytes(), sender, options, day * DAY_US, &mut fresh, ring, &mut batches);
    let recorded: usize = batches.iter().map(|batch| batch.events().count()).sum();
    assert_eq!(recorded as u64, tally.events);
    tally
}

fn has(ring: &Mutex<KeyRing>, user: &str) -> bool {
    ring.lock().unwrap().find(&format!("subject {user}")).is_some()
}

#[test]
fn the_new_users_of_a_day_are_bounded_and_nothing_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (ingest, ring, options) = (limited(2), keys(dir.path()), Options::default());
    let users = ["ann", "", "ben", "cid", "ann", "dan", ""];
    let tally = send(&ingest, &ring, &users, &SENDER, &options, 7);
    let lines: Vec<u64> = tally.refused.iter().map(|refused| refused.line).collect();
    assert_eq!(lines, [4, 6], "cid and dan; those of nobody and of known users are recorded");
    assert_eq!(tally.refused[0].reason, Refused::NewUser { max: 2 });
    assert!(tally.refused[0].reason.to_string().contains("has brought 2 new users today"));
    assert!(has(&ring, "ann") && has(&ring, "ben") && !has(&ring, "cid") && !has(&ring, "dan"));

    // Known users go on, in later bodies too; another credential and another day bring new ones.
    assert_eq!(send(&ingest, &ring, &["ben", "eve"], &SENDER, &options, 7).refused_lines, 1);
    let other = Sender { writer: [8; 8], ..SENDER };
    assert_eq!(send(&ingest, &ring, &["cid", "eve"], &other, &options, 7).refused_lines, 0);
    assert_eq!(send(&ingest, &ring, &["dan", "cid"], &SENDER, &options, 8).refused_lines, 0);
}

#[test]
fn history_that_is_replayed_brings_as_many_as_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let (ingest, ring) = (limited(1), keys(dir.path()));
    let options = Options { replay: true, file: "old", ..Options::default() };
    assert_eq!(send(&ingest, &ring, &["ann", "ben", "cid"], &SENDER, &options, 7).refused_lines, 0);
    assert!(has(&ring, "cid"));
}

#[test]
fn a_line_of_several_events_is_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (ingest, ring) = (limited(1), keys(dir.path()));
    let body = r#"{"events":[{"agent_id":"a","user_id":"ann"},{"agent_id":"a","user_id":"ben"}]}"#;
    let mut batches = Vec::new();
    let mut fresh = || Id([1; 16]);
    let tally =
        ingest.body(body.as_bytes(), &SENDER, &Options::default(), DAY_US, &mut fresh, &ring, &mut batches);
    assert_eq!((tally.refused_lines, tally.events), (1, 0));
    assert!(batches.is_empty() && !has(&ring, "ann") && !has(&ring, "ben"));
}

//! Erasure and expiry on a real folder, by a clock that the test sets.

use super::removal::{ANY_DAY, take_out};
use super::subject::{self, Unknown};
use super::{expiry, holds};
use crate::commitments::{Mode, leaving, parse_leaving, subject as named};
use crate::config::Config;
use crate::node::Node;
use crate::verify;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use tacho_event::section::Section;
use tacho_event::time::Micros;
use tacho_event::words::Known;
use tacho_ingest::Options;
use tacho_ingest::accept::Sender;
use tacho_merkle::commit::TagKey;
use tacho_store::Why;
use tacho_store::catalog::{Hold, Stamp};
use tacho_store::read::Wanted;
use tacho_store::row::{Part, Row};

const START: Micros = 1_772_539_200_000_000; // 2026-03-03T12:00:00Z
const HERS: &str = "marmalade";
const OTHERS: &str = "sauerkraut";
const ALICE: &str = "alice@people.example";
const BOB: &str = "bob@people.example";

/// A clock for each test: the recorder takes a plain function.
macro_rules! clock {
    () => {{
        static NOW: AtomicI64 = AtomicI64::new(START);
        (&NOW, || NOW.load(Ordering::Relaxed))
    }};
}

mod expiring;

/// Checkpoints follow quickly: what is taken out waits for them.
fn config() -> Config {
    let mut config = Config::default();
    config.seal.milliseconds = 20;
    config
}

fn send(node: &Node, lines: &str) {
    let sender = Sender {
        writer: *b"a sender",
        source: "http",
        known: Known::SelfReported,
        sees_hooks: false,
        agent: None,
    };
    let (tally, batches) = node.ingest(lines.as_bytes(), &sender, &Options::default());
    assert_eq!(tally.refused_lines, 0, "{tally:?}");
    node.record(batches).unwrap();
}

fn event(id: &str, user: &str, words: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","user_id":"{user}","agent":{{"id":"ops/a","session_id":"s-{user}"}},"action":{{"type":"tool","name":"Bash","tool":{{"parameters":{{"note":"{words} {id}"}}}}}},"outcome":{{"status":"failed","error":"no {words}"}},"remark":"{words}","resources":{{"duration_ms":7}}{more}}}"#
    ) + "\n"
}

fn people(from: u32, to: u32) -> String {
    (from..to)
        .map(|n| match n % 2 {
            0 => event(&format!("e-{n}"), ALICE, HERS, ""),
            _ => event(&format!("e-{n}"), BOB, OTHERS, ""),
        })
        .collect()
}

/// Files and rows that hold a word.
fn traces(data: &Path, word: &str) -> BTreeSet<String> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![data.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path)
                .unwrap_or_default()
                .windows(word.len())
                .any(|bytes| bytes == word.as_bytes())
            {
                found.insert(path.strip_prefix(data).unwrap().display().to_string());
            }
        }
    }
    // Pages of Parquet are compressed.
    tacho_store::inspect(data, &mut |row| found.extend(open_with(row, word)));
    found
}

fn open_with(row: &Row<'_>, word: &str) -> Vec<String> {
    let (mut scratch, mut found) = (Vec::new(), Vec::new());
    for section in Section::ALL {
        if let Part::Open(bytes) = row.section(section, &mut scratch).unwrap()
            && std::str::from_utf8(bytes).unwrap().contains(word)
        {
            found.push(format!("entry {} {section:?}", row.index()));
        }
    }
    found
}

fn check(node: &Node) -> String {
    node.snapshot_blocking(node.status().size());
    // Of a new log the first checkpoint comes a moment after the first entry.
    while node.status().sealed() == 0 {
        std::thread::yield_now();
    }
    let check = verify::folder::of_node(node).unwrap();
    assert!(check.good, "{:?}", check.findings);
    check.summary
}

fn check_at_rest(data: &Path) -> String {
    let check = verify::folder::at_rest(data, &[], None, 100).unwrap();
    assert!(check.good, "{:?}", check.findings);
    check.summary
}

/// What of a word is in the newest events.
fn in_memory(node: &Node, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    node.store()
        .snapshot()
        .rows(0..u64::MAX, Wanted::All, &mut |row| {
            found.extend(open_with(row, word));
            Ok(())
        })
        .unwrap();
    found
}

#[test]
fn an_erased_person_is_in_no_file_and_the_folder_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let (_, clock) = clock!();
    let node = Node::open_at(dir.path(), &config(), clock).unwrap();
    send(&node, &people(0, 40));
    let error = subject::erase(&node, "nobody", Mode::Erase, "test", None).unwrap_err();
    assert!(error.downcast_ref::<Unknown>().is_some(), "{error}");
    let done = subject::erase(&node, ALICE, Mode::Erase, "test", Some("she asked")).unwrap();
    assert_eq!((done.entries, done.held), (20, 0));
    for word in [HERS, ALICE] {
        assert_eq!(traces(dir.path(), word), BTreeSet::new(), "{word}");
        assert_eq!(in_memory(&node, word), Vec::<String>::new());
    }
    assert!(!traces(dir.path(), OTHERS).is_empty());
    let summary = check(&node);
    // Each of hers had who, input, error and extra.
    assert!(summary.contains(" 80 erased, 0 expired, 0 sealed"), "{summary}");
    assert!(
        subject::erase(&node, ALICE, Mode::Erase, "test", None).is_err(),
        "there is nobody of that name any more"
    );
    // She comes again, and is somebody new.
    send(&node, &event("again", ALICE, "honey", ""));
    let done = subject::erase(&node, ALICE, Mode::Erase, "test", None).unwrap();
    assert_eq!((done.entries, done.held), (1, 0));
    drop(node);
    check_at_rest(dir.path());
}

#[test]
fn an_erasure_that_a_crash_ended_at_any_step_is_ended_by_the_next_run() {
    let id = "0123456789abcdef0123456789abcdef";
    for step in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        let (_, clock) = clock!();
        let node = Node::open_at(dir.path(), &config(), clock).unwrap();
        send(&node, &people(0, 10));
        let name = leaving(Mode::Erase, id, ALICE);
        assert!(node.ring().rename(&named(ALICE), &name).unwrap());
        if step >= 1 {
            // She goes on meanwhile, with another secret.
            send(&node, &event("later", ALICE, HERS, ""));
        }
        if step >= 2 {
            let key = TagKey::new(&node.ring().find(&name).unwrap());
            let theirs = |row: &Row<'_>| match subject::is_of(row, &key) {
                true => Section::ALL.into_iter().filter(|section| section.has_subject()).collect(),
                false => Vec::new(),
            };
            take_out(&node, Why::Erased, ANY_DAY, &theirs).unwrap();
        }
        check(&node);
        if step == 3 {
            node.ring().destroy(&[&name]).unwrap();
        }
        drop(node);
        check_at_rest(dir.path());
        let node = Node::open_at(dir.path(), &config(), clock).unwrap();
        let run = expiry::run(&node, START).unwrap();
        assert_eq!(run.erasures, u64::from(step < 3));
        assert!(node.ring().names().all(|name| parse_leaving(name).is_none()));
        let left = in_memory(&node, HERS).len();
        assert_eq!(left, if step >= 1 { 3 } else { 0 }, "what came with the new secret stays");
        check(&node);
    }
}

#[test]
fn a_hold_defers_an_erasure_until_it_is_released() {
    let dir = tempfile::tempdir().unwrap();
    let (_, clock) = clock!();
    let node = Node::open_at(dir.path(), &config(), clock).unwrap();
    send(&node, &people(0, 10));
    let stamp = Stamp { at_us: START, salt: [7; 32] };
    let hold =
        Hold { id: "case".into(), user: Some(ALICE.into()), to_us: Some(START + 1), ..Hold::default() };
    assert!(node.store().catalog().set_hold(&hold, &stamp).unwrap());
    let done = subject::erase(&node, ALICE, Mode::Erase, "test", None).unwrap();
    assert_eq!((done.entries, done.held), (0, 5));
    assert!(!in_memory(&node, HERS).is_empty());
    check(&node);
    assert_eq!(subject::erase(&node, ALICE, Mode::Erase, "test", None).unwrap().held, 5, "asked again");
    assert!(node.store().catalog().release_hold("case", &stamp).unwrap());
    assert_eq!(expiry::run(&node, START).unwrap().erasures, 1);
    assert_eq!(in_memory(&node, HERS), Vec::<String>::new());
    assert_eq!(traces(dir.path(), ALICE), BTreeSet::new(), "also not in what SQLite has not taken over yet");
    crate::edits::record(&node).unwrap();
    check(&node);
    assert!(holds::Holds::new(&[], &node.ring().secrets(), node.id_key()).is_empty());
}

#[test]
fn the_name_that_a_released_hold_had_goes_with_the_person() {
    let dir = tempfile::tempdir().unwrap();
    let (_, clock) = clock!();
    let node = Node::open_at(dir.path(), &config(), clock).unwrap();
    let stamp = Stamp { at_us: START, salt: [7; 32] };
    let hold = Hold { id: "case".into(), user: Some(ALICE.into()), ..Hold::default() };
    assert!(node.store().catalog().set_hold(&hold, &stamp).unwrap());
    crate::edits::record(&node).unwrap();
    send(&node, &people(0, 4));
    assert!(node.store().catalog().release_hold("case", &stamp).unwrap());
    crate::edits::record(&node).unwrap();
    assert!(traces(dir.path(), ALICE).contains("catalog.sqlite-wal"));
    subject::erase(&node, ALICE, Mode::Erase, "test", None).unwrap();
    assert_eq!(traces(dir.path(), ALICE), BTreeSet::new());
    check(&node);
}

#[test]
fn an_anonymous_person_is_nobody_and_what_was_done_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (_, clock) = clock!();
    let node = Node::open_at(dir.path(), &config(), clock).unwrap();
    send(&node, &people(0, 10));
    let done = subject::erase(&node, ALICE, Mode::Anonymise, "test", None).unwrap();
    assert_eq!(done.entries, 5);
    assert_eq!(traces(dir.path(), ALICE), BTreeSet::new());
    assert_eq!(in_memory(&node, HERS).len(), 15, "input, error and extra of five events");
    let summary = check(&node);
    assert!(summary.contains(" 5 erased,"), "{summary}");
}

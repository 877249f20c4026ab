//! The sender against a server in memory: it dies between any two steps, answers are lost, events are refused.

use super::*;
use crate::spool::Appended;
use crate::stamp::State;
use serde_json::{Value, json};

/// A server that takes each id once, as tachograph does, and says so.
#[derive(Default)]
struct Server {
    taken: Vec<String>,
    requests: usize,
}

impl Server {
    fn answer(&mut self, body: &[u8]) -> Answer {
        self.requests += 1;
        let (mut accepted, mut duplicates, mut rejected) = (0, 0, Vec::new());
        for (number, line) in std::str::from_utf8(body).unwrap().lines().enumerate() {
            let value: Value = serde_json::from_str(line).unwrap();
            let id = value["id"].as_str().or(value["event_id"].as_str()).unwrap().to_owned();
            if value["bad"] == true {
                rejected.push(json!({"line": number + 1, "reason": "it is bad"}));
            } else if self.taken.contains(&id) {
                duplicates += 1;
            } else {
                accepted += 1;
                self.taken.push(id);
            }
        }
        let count = rejected.len();
        let body = json!({"accepted": accepted, "duplicates": duplicates, "rejected": rejected, "rejected_count": count});
        let status = if count > 0 && accepted + duplicates == 0 { 422 } else { 200 };
        Answer { status, retry_after: None, body: body.to_string().into_bytes() }
    }
}

fn add(spool: &Spool, number: usize, bad: bool, size: usize) {
    let mut make = |state: Option<&mut State>| {
        state.unwrap().seq += 1;
        let event = json!({"id": format!("e{number:04}"), "bad": bad, "pad": "x".repeat(size)});
        Some(event.to_string().into_bytes())
    };
    let appended = spool.append(Some("s"), 0, &mut make, &mut || {}).unwrap();
    assert_eq!(appended, Appended::Spooled);
}

fn filled(count: usize, size: usize, bad: impl Fn(usize) -> bool) -> (tempfile::TempDir, Spool) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), 64 << 20).unwrap();
    (0..count).for_each(|number| add(&spool, number, bad(number), size));
    (folder, spool)
}

fn names(numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|number| format!("e{number:04}")).collect()
}

fn rejected(spool: &Spool) -> Vec<Value> {
    let text = std::fs::read_to_string(spool.path("rejected")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Steps to the end, at most so many.
fn run(spool: &Spool, post: &mut dyn FnMut(&[u8]) -> Result<Answer, String>, steps_max: usize) -> Vec<Step> {
    let mut courier = Courier::new(spool, post, &|| 0);
    let mut steps = Vec::new();
    while steps.len() < steps_max && steps.last() != Some(&Step::Idle) {
        steps.push(courier.step().unwrap());
    }
    steps
}

#[test]
fn a_sender_that_dies_between_any_two_steps_loses_and_doubles_nothing() {
    let is_bad = |number| number % 37 == 5;
    let whole = {
        let (_folder, spool) = filled(230, 9000, is_bad);
        let mut server = Server::default();
        run(&spool, &mut |body| Ok(server.answer(body)), 1000).len()
    };
    assert!(whole > 10, "several batches over several segments: {whole}");
    for died_after in 0..whole {
        let (_folder, spool) = filled(230, 9000, is_bad);
        let mut server = Server::default();
        run(&spool, &mut |body| Ok(server.answer(body)), died_after);
        add(&spool, 230, false, 10);
        run(&spool, &mut |body| Ok(server.answer(body)), 1000);
        assert_eq!(server.taken, names((0..=230).filter(|number| !is_bad(*number))), "{died_after}");
        // What was put aside may stand there twice, for people to read; it is never missing.
        let ids: std::collections::BTreeSet<String> = rejected(&spool)
            .iter()
            .map(|line| {
                serde_json::from_str::<Value>(line["event"].as_str().unwrap()).unwrap()["id"].to_string()
            })
            .collect();
        assert_eq!(ids.len(), (0..230).filter(|number| is_bad(*number)).count(), "{died_after}");
    }
}

#[test]
fn an_answer_that_is_lost_on_its_way_is_asked_for_again() {
    let (_folder, spool) = filled(3, 10, |_| false);
    let mut server = Server::default();
    let mut lost = 2;
    let mut post = |body: &[u8]| {
        let answer = server.answer(body);
        lost -= 1;
        if lost >= 0 { Err("connection reset".to_owned()) } else { Ok(answer) }
    };
    let steps = run(&spool, &mut post, 100);
    let waits: Vec<u64> = steps
        .iter()
        .filter_map(|step| if let Step::Wait { ms, .. } = step { Some(*ms) } else { None })
        .collect();
    assert_eq!(waits, [500, 1000]);
    assert_eq!((server.taken, server.requests), (names(0..3), 3));
}

#[test]
fn what_the_server_can_not_read_as_a_whole_is_narrowed_down_to_one_event() {
    let (_folder, spool) = filled(120, 10, |number| number == 41);
    let mut server = Server::default();
    let mut post = |body: &[u8]| {
        let text = std::str::from_utf8(body).unwrap();
        if text.contains("\"bad\":true") {
            return Ok(Answer { status: 413, retry_after: None, body: Vec::new() });
        }
        Ok(server.answer(body))
    };
    run(&spool, &mut post, 1000);
    assert_eq!(server.taken, names((0..120).filter(|number| *number != 41)));
    let rejected = rejected(&spool);
    assert_eq!(rejected.len(), 1);
    assert!(rejected[0]["event"].as_str().unwrap().contains("e0041"));
}

#[test]
fn a_torn_line_is_put_aside_and_the_rest_delivered() {
    use std::io::Write;
    let (_folder, spool) = filled(2, 10, |_| false);
    let segment = spool.path("segments/0000000001");
    std::fs::OpenOptions::new()
        .append(true)
        .open(segment)
        .unwrap()
        .write_all(b"deadbeef 3 s {\"id\"")
        .unwrap();
    add(&spool, 2, false, 10);
    let mut server = Server::default();
    run(&spool, &mut |body| Ok(server.answer(body)), 100);
    assert_eq!(server.taken, names(0..3));
    assert!(rejected(&spool)[0]["reason"].as_str().unwrap().contains("torn"));
}

#[test]
fn a_request_is_bounded_in_events_and_bytes() {
    let (_folder, spool) = filled(150, 20_000, |_| false);
    let (mut server, mut largest) = (Server::default(), 0);
    let mut post = |body: &[u8]| {
        largest = largest.max(body.len());
        assert!(body.iter().filter(|byte| **byte == b'\n').count() <= BATCH_EVENTS);
        Ok(server.answer(body))
    };
    run(&spool, &mut post, 1000);
    assert_eq!(server.taken.len(), 150);
    assert!(largest <= BATCH_BYTES + 21_000, "{largest}");
}

#[test]
fn when_all_is_answered_for_a_cleaning_sender_leaves_nothing_on_disk() {
    let (_folder, spool) = filled(5, 10, |_| false);
    let mut server = Server::default();
    let mut post = |body: &[u8]| Ok(server.answer(body));
    let mut courier = Courier::new(&spool, &mut post, &|| 0);
    while courier.step().unwrap() != Step::Idle {}
    courier.clean().unwrap();
    assert_eq!(courier.step().unwrap(), Step::Deleted);
    assert_eq!(courier.step().unwrap(), Step::Idle);
    assert_eq!(spool.segments().unwrap().iter().map(|(_, size)| size).sum::<u64>(), 0);
    add(&spool, 5, false, 10);
    while courier.step().unwrap() != Step::Idle {}
    assert_eq!(server.taken, names(0..6));
}

#[test]
fn what_found_no_room_is_told_when_all_else_is_answered_for_without_another_event() {
    let full = || {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 4000).unwrap();
        let mut make = |state: Option<&mut State>| {
            let state = state.unwrap();
            state.seq += 1;
            let event = json!({"id": format!("e{:04}", state.seq), "pad": "x".repeat(900)});
            Some(event.to_string().into_bytes())
        };
        while spool.append(Some("s"), 0, &mut make, &mut || {}).unwrap() == Appended::Spooled {}
        (folder, spool)
    };
    let whole = {
        let (_folder, spool) = full();
        let mut server = Server::default();
        run(&spool, &mut |body| Ok(server.answer(body)), 1000).len()
    };
    for died_after in 0..=whole {
        let (_folder, spool) = full();
        let loss = loss::read(&spool);
        let mut server = Server::default();
        run(&spool, &mut |body| Ok(server.answer(body)), died_after);
        run(&spool, &mut |body| Ok(server.answer(body)), 1000);
        let told = [names(1..5), vec![loss.id]].concat();
        assert_eq!((server.taken, loss.count), (told, 1), "{died_after}");
        assert_eq!(loss::read(&spool).count, 0);
        add(&spool, 5, false, 900);
    }
}

#[test]
fn a_loss_that_can_not_be_told_yet_stops_nothing_and_is_told_later() {
    let (_folder, spool) = filled(1, 10, |_| false);
    let mut server = Server::default();
    run(&spool, &mut |body| Ok(server.answer(body)), 1000);
    let segment = spool.path("segments/0000000002");
    std::os::unix::fs::symlink("/dev/full", &segment).unwrap();
    let mut make = |_: Option<&mut State>| Some(b"{}".to_vec());
    assert_eq!(spool.append(None, 0, &mut make, &mut || {}).unwrap(), Appended::Lost);
    let steps = run(&spool, &mut |body| Ok(server.answer(body)), 1000);
    assert_eq!((steps.last(), server.requests, loss::read(&spool).count), (Some(&Step::Idle), 1, 1));
    std::fs::remove_file(&segment).unwrap();
    let id = loss::read(&spool).id;
    run(&spool, &mut |body| Ok(server.answer(body)), 1000);
    assert_eq!((server.taken.last(), loss::read(&spool).count), (Some(&id), 0));
}

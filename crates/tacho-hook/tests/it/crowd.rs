//! A thousand hooks at once.

use crate::program::{Program, quiet, spawn};
use crate::server::Server;
use std::collections::{HashMap, HashSet};
use std::io::Write;

const HOOKS: usize = 1000;
const SESSIONS: usize = 7;

#[test]
fn a_thousand_hooks_at_once_lose_nothing_and_number_their_sessions_without_a_gap() {
    let server = Server::start();
    let program = Program::new(&server.url);
    let mut hooks: Vec<_> = (0..HOOKS).map(|_| spawn(&mut program.command(&["hook", "claude"]))).collect();
    // All of them wait for their input: now they go together.
    for (number, hook) in hooks.iter_mut().enumerate() {
        let session = number % SESSIONS;
        let event = format!(r#"{{"session_id":"s{session}","hook_event_name":"Stop","number":{number}}}"#);
        hook.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    }
    let mut seen = Vec::new();
    server.take(&mut seen, HOOKS);
    hooks.into_iter().for_each(|hook| quiet(&hook.wait_with_output().unwrap()));
    let numbers: HashSet<u64> = seen.iter().map(|event| event["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), HOOKS);
    let mut last: HashMap<&str, u64> = HashMap::new();
    for event in &seen {
        // One that could not get the lock in time has no number, and is there all the same.
        if let Some(seq) = event["producer_seq"].as_u64().filter(|seq| *seq > 0) {
            let last = last.entry(event["session_id"].as_str().unwrap()).or_default();
            assert_eq!(seq, *last + 1, "{event}");
            *last = seq;
        }
    }
    let aside = seen.iter().filter(|event| event["producer_seq"].is_null()).count();
    assert_eq!(last.values().sum::<u64>() as usize + aside, HOOKS);
    program.wait_for_sender();
    assert!(!program.spool().join("rejected").exists());
}

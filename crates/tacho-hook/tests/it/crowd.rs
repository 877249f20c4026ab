//! A thousand hooks at once, with patience for the lock and without.

use crate::program::{Program, quiet, spawn};
use crate::server::Server;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::io::Write;

const HOOKS: usize = 1000;
const SESSIONS: usize = 7;

/// Lets hooks of some sessions go at the same moment, and gives what the server gets of them, in order.
fn crowd(server: &Server, program: &Program, lock_ms: &str) -> Vec<Value> {
    let start = |_| spawn(program.command(&["hook", "claude"]).env("AUDIT_LOG_LOCK_MS", lock_ms));
    let mut hooks: Vec<_> = (0..HOOKS).map(start).collect();
    // All of them wait for their input: now they go together.
    for (number, hook) in hooks.iter_mut().enumerate() {
        let session = number % SESSIONS;
        let event = format!(r#"{{"session_id":"s{session}","hook_event_name":"Stop","number":{number}}}"#);
        hook.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    }
    let mut seen = Vec::new();
    server.take(&mut seen, HOOKS);
    hooks.into_iter().for_each(|hook| quiet(&hook.wait_with_output().unwrap()));
    program.wait_for_sender(|| server.take_again(&mut seen));
    assert!(!program.spool().join("rejected").exists());
    assert!(std::fs::read_dir(program.spool().join("aside")).unwrap().next().is_none());
    seen
}

/// Each is there once, and a session's numbers are 1, 2, 3 … in the order of delivery.
fn check(seen: &[Value]) {
    let numbers: HashSet<u64> = seen.iter().map(|event| event["number"].as_u64().unwrap()).collect();
    assert_eq!((numbers.len(), seen.len()), (HOOKS, HOOKS));
    let mut last: HashMap<&str, u64> = HashMap::new();
    for event in seen {
        // One that could not get the lock in time has no number, and is there all the same.
        if let Some(seq) = event["producer_seq"].as_u64() {
            let last = last.entry(event["session_id"].as_str().unwrap()).or_default();
            assert_eq!(seq, *last + 1, "{event}");
            *last = seq;
        } else {
            assert!(event["producer_seq"].is_null(), "{event}");
        }
    }
}

#[test]
fn a_thousand_hooks_at_once_lose_nothing_and_number_their_sessions_without_a_gap() {
    let server = Server::start();
    let program = Program::new(&server.url);
    check(&crowd(&server, &program, "60000"));
}

#[test]
fn a_thousand_hooks_that_do_not_wait_for_the_lock_lose_nothing_either() {
    let server = Server::start();
    let program = Program::new(&server.url);
    check(&crowd(&server, &program, "0"));
}

#[test]
fn a_hook_that_finds_the_lock_taken_goes_on_without_a_number() {
    let server = Server::start();
    let program = Program::new(&server.url);
    let event = br#"{"session_id":"s","hook_event_name":"BeforeTool","tool_name":"ls"}"#;
    let mut seen = Vec::new();
    program.hook(event);
    server.take(&mut seen, 1);
    program.wait_for_sender(|| server.take_again(&mut seen));
    let lock = std::fs::File::options().write(true).open(program.spool().join("lock")).unwrap();
    lock.lock().unwrap();
    let mut hook = spawn(program.command(&["hook", "gemini"]).env("AUDIT_LOG_LOCK_MS", "0"));
    hook.stdin.take().unwrap().write_all(event).unwrap();
    quiet(&hook.wait_with_output().unwrap());
    // Its sender waits for the lock, too.
    lock.unlock().unwrap();
    server.take(&mut seen, 1);
    program.hook(event);
    server.take(&mut seen, 1);
    let told = |at: usize| (seen[at]["producer_seq"].as_u64(), seen[at]["call_id"].is_string());
    assert_eq!([told(0), told(1), told(2)], [(Some(1), true), (None, false), (Some(2), true)]);
}

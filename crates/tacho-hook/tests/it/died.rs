//! The server away, the sender killed: everything arrives, once and in order.

use crate::program::{Program, kill_sender_of, spawn};
use crate::server::Server;
use serde_json::Value;
use std::io::Write;
use std::net::TcpListener;

fn event(number: usize) -> Vec<u8> {
    format!(r#"{{"session_id":"s","hook_event_name":"Stop","number":{number}}}"#).into_bytes()
}

fn numbers(seen: &[Value]) -> Vec<u64> {
    seen.iter().map(|event| event["number"].as_u64().unwrap()).collect()
}

#[test]
fn events_wait_for_a_server_that_is_away_and_come_in_order() {
    // The port is ours, so nobody else answers on it, and nobody listens yet.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let program = Program::new(&format!("http://{address}"));
    (0..5).for_each(|number| program.hook(&event(number)));
    let away = program.run(&["flush", "--seconds", "0"], b"");
    assert!(!away.status.success());
    let status = String::from_utf8(program.run(&["status"], b"").stdout).unwrap();
    assert!(status.contains("5 events"), "{status}");
    let server = Server::on(TcpListener::bind(address).unwrap());
    let mut seen = Vec::new();
    server.take(&mut seen, 5);
    assert_eq!(numbers(&seen), [0, 1, 2, 3, 4]);
    let sequence: Vec<u64> = seen.iter().map(|event| event["producer_seq"].as_u64().unwrap()).collect();
    assert_eq!(sequence, [1, 2, 3, 4, 5]);
    program.wait_for_sender(|| server.take_again(&mut seen));
    assert!(program.flush().status.success());
}

#[test]
fn a_sender_killed_while_it_waits_for_an_answer_is_followed_by_one_that_sends_the_same() {
    let server = Server::start();
    let program = Program::new(&server.url);
    program.hook(&event(0));
    let unanswered = server.next();
    program.kill_sender();
    let mut seen = Vec::new();
    program.hook(&event(1));
    server.take(&mut seen, 2);
    assert_eq!(numbers(&seen), [0, 1]);
    assert_eq!(unanswered.events[0]["event_id"], seen[0]["event_id"], "a retry is the same event");
}

#[test]
fn a_sender_killed_when_the_server_has_taken_the_batch_doubles_nothing() {
    let server = Server::start();
    let program = Program::new(&server.url);
    program.hook(&event(0));
    let request = server.next();
    let mut seen = request.events.clone();
    // Recorded, and the answer never read.
    program.kill_sender();
    drop(request);
    program.hook(&event(1));
    server.take(&mut seen, 1);
    assert_eq!(numbers(&seen), [0, 1]);
    program.wait_for_sender(|| server.take_again(&mut seen));
}

#[test]
fn a_sender_killed_on_an_answer_it_just_got_goes_on_wherever_it_was() {
    let server = Server::start();
    let program = Program::new(&server.url);
    let mut seen = Vec::new();
    for number in 0..8 {
        program.hook(&event(number));
        server.take(&mut seen, 1);
        // It may be storing its position, deleting the segment, or gone by itself.
        kill_sender_of(&program.spool());
        program.wait_for_sender(|| server.take_again(&mut seen));
    }
    program.hook(&event(8));
    server.take(&mut seen, 1);
    program.wait_for_sender(|| server.take_again(&mut seen));
    assert_eq!(numbers(&seen), (0..9).collect::<Vec<_>>());
}

#[test]
fn a_sender_knows_nothing_of_the_agents_environment() {
    let server = Server::start();
    let program = Program::new(&server.url);
    let mut command = program.command(&["event", "{}"]);
    spawn(command.env("CLAUDE_CODE_MESSAGING_TOKEN", "agents-own")).wait_with_output().unwrap();
    let request = server.next();
    let pid = std::fs::read_to_string(program.spool().join("sender.lock")).unwrap();
    let environment = std::fs::read(format!("/proc/{}/environ", pid.trim())).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("AUDIT_LOG_URL=") && !environment.contains("agents-own"), "{environment}");
    request.take(&mut Vec::new());
}

#[test]
fn a_server_that_refuses_the_key_loses_nothing() {
    let server = Server::start();
    let program = Program::new(&server.url);
    program.hook(&event(0));
    server.next().answer("401 Unauthorized", "", r#"{"title":"No key","detail":"expected one"}"#);
    let mut seen = Vec::new();
    server.take(&mut seen, 1);
    assert_eq!(numbers(&seen), [0]);
}

#[test]
fn only_the_sender_of_the_spool_is_killed_whatever_id_its_file_names() {
    let server = Server::start();
    let program = Program::new(&server.url);
    program.hook(&event(0));
    let mut seen = Vec::new();
    server.take(&mut seen, 1);
    program.wait_for_sender(|| server.take_again(&mut seen));
    // The test itself, and what is no id.
    for pid in
        [std::process::id().to_string(), "0".to_owned(), "-1".to_owned(), "x".to_owned(), String::new()]
    {
        std::fs::write(program.spool().join("sender.lock"), pid).unwrap();
        assert!(!kill_sender_of(&program.spool()));
    }
}

#[test]
fn a_sender_whose_folder_was_deleted_leaves_the_new_one_to_its_own() {
    let server = Server::start();
    let program = Program::new(&server.url);
    program.hook(&event(0));
    let unanswered = server.next();
    std::fs::remove_dir_all(program.spool()).unwrap();
    program.hook(&event(1));
    let mut seen = Vec::new();
    server.take(&mut seen, 1);
    assert_eq!(numbers(&seen), [1]);
    // The old one gets its answer now, and must not take it for one about the new events.
    unanswered.take(&mut Vec::new());
    program.hook(&event(2));
    server.take(&mut seen, 1);
    assert_eq!(numbers(&seen), [1, 2]);
}

#[test]
fn who_asks_for_the_status_starts_the_sender_that_is_missing() {
    let server = Server::start();
    let program = Program::new(&server.url);
    program.hook(&event(0));
    drop(server.next());
    program.kill_sender();
    let asked = program.start(&["status"], b"");
    let health = server.next();
    assert!(health.head.starts_with("GET /health"), "{}", health.head);
    health.answer("200 OK", "", "{}");
    let mut seen = Vec::new();
    server.take(&mut seen, 1);
    assert_eq!(numbers(&seen), [0]);
    let page = String::from_utf8(asked.wait_with_output().unwrap().stdout).unwrap();
    assert!(page.contains("sender         running"), "{page}");
}

#[test]
fn flush_tells_what_was_lost_without_another_hook() {
    // An address that nobody else takes a port of while nothing listens there.
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let program = Program::new(&format!("http://{address}"));
    let small = |args: &[&str]| {
        let mut command = program.command(args);
        command.env("AUDIT_LOG_SPOOL_MB", "1");
        spawn(&mut command)
    };
    let pad = "lorem ipsum ".repeat(4000);
    let hooks = 40;
    for number in 0..hooks {
        let mut hook = small(&["hook", "claude"]);
        let event =
            format!(r#"{{"session_id":"s","hook_event_name":"Stop","number":{number},"pad":"{pad}"}}"#);
        hook.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
        assert!(hook.wait().unwrap().success());
    }
    program.kill_sender();
    let server = Server::on(TcpListener::bind(address).unwrap());
    let mut seen = Vec::new();
    let mut flush = small(&["flush", "--seconds", "20"]);
    let ended = loop {
        server.take_again(&mut seen);
        if let Some(ended) = flush.try_wait().unwrap() {
            break ended;
        }
        std::thread::yield_now();
    };
    assert!(ended.success());
    let told = seen.pop().unwrap();
    assert_eq!(told["action_name"], "events_lost");
    assert!(told["host"].is_string(), "whose disk it was: {told}");
    assert_eq!(told["lost_events"].as_u64(), Some(hooks - seen.len() as u64), "{}", seen.len());
    assert_eq!(numbers(&seen), (0..seen.len() as u64).collect::<Vec<_>>());
}

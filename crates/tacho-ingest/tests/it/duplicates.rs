//! What is the same event sent again, and what a later state of it.

use crate::accepting::{BASH, open};
use crate::common::{NOW_US, SENDER, take, take_from, take_with};
use tacho_event::record::BatchBuilder;
use tacho_ingest::Options;
use tacho_ingest::accept::Sender;
use tacho_ingest::formats::Format;
use tacho_ingest::request::Context;
use tacho_record::Log;
use tacho_redact::minimise::Minimisation;

#[test]
fn a_retry_is_a_duplicate_and_a_change_is_a_later_state() {
    let dir = tempfile::tempdir().unwrap();
    let changed = BASH.replace("failed", "completed");
    let taken = take(&[BASH, BASH, &changed, BASH].join("\n"));
    let receipt = open(dir.path()).append(NOW_US, taken.batches).unwrap()[0];
    assert_eq!((receipt.accepted, receipt.duplicates), (2, 2));
}

/// Bodies of the same id and content but for who says it, each with the agent of its request and that of its key.
#[test]
fn who_says_it_is_part_of_what_is_said() {
    let event = |who: &str| format!(r#"{{"id":"1","action_name":"deploy"{who}}}"#);
    let said = |who: &str, named: Option<&str>, key: Option<&str>| {
        let sender = Sender { agent: named.or(key), ..SENDER };
        let options = Options { named, ..Options::default() };
        take_from(event(who).as_bytes(), &options, &sender)
    };
    let a = r#","agent_id":"q1""#;
    let same = [
        (said(a, None, None), said(a, None, Some("of-the-key"))),
        (said("", None, None), said("", None, Some("of-the-key"))),
        (said("", Some("q1"), None), said(a, None, None)),
        (said(a, Some("of-the-request"), None), said(a, None, None)),
    ];
    for (one, other) in &same {
        assert_eq!(one.one().content, other.one().content);
    }
    let others = [
        said("", None, None),
        said(a, None, None),
        said("", Some("q2"), None),
        said(r#","session_id":"s""#, None, None),
        said(r#","session_id":"0192f8a1-1111-7111-8111-111111111111""#, None, None),
        said(r#","session_id":"0192f8a1-2222-7222-8222-222222222222""#, None, None),
        said(r#","agent_id":"q1","session_id":"s""#, None, None),
        said(r#","phase":"proposed""#, None, None),
        said(r#","phase":"result""#, None, None),
        said(r#","call_id":"c1""#, None, None),
        said(r#","parent_id":"c1""#, None, None),
        said(r#","agent_version":"c1""#, None, None),
        said(r#","producer_seq":1"#, None, None),
        said(r#","producer_seq":2"#, None, None),
    ];
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let receipts = |log: &mut Log| {
        others.each_ref().map(|taken| log.append(NOW_US, taken.batches.clone()).unwrap()[0].accepted)
    };
    assert_eq!(receipts(&mut log), [1; 14]);
    assert_eq!(receipts(&mut log), [0; 14], "each sent again is itself");
    drop(log);
    assert_eq!(receipts(&mut open(dir.path())), [0; 14], "also after a restart");
}

/// The address of its request is lent to an event that comes alone; in a list, or from elsewhere, it is the same one.
#[test]
fn how_an_event_was_wrapped_is_no_part_of_what_is_said() {
    let from = |body: &str, ip: Option<&'static str>| {
        let request = ip.map(|ip| Context { ip: Some(ip), user_agent: Some("curl/8"), of_users: true });
        take_with(body.as_bytes(), &Options { request, ..Options::default() }, Minimisation::default())
    };
    let nobodys = BASH.replace(r#","user_id":"alice""#, "");
    let line = r#"{"type":"user","uuid":"u1","timestamp":"2026-11-21T00:00:00Z","message":{"content":"x"}}"#;
    for body in [BASH, &nobodys, line] {
        let list = format!("[{body}]");
        let sent = [from(body, Some("192.0.2.7")), from(body, Some("192.0.2.8")), from(&list, None)];
        assert_eq!(sent[0].one().who.ip, Some("192.0.2.7"), "{body}");
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let dir = tempfile::tempdir().unwrap();
            let mut log = open(dir.path());
            let accepted = order.map(|at| log.append(NOW_US, sent[at].batches.clone()).unwrap()[0].accepted);
            assert_eq!(accepted, [1, 0, 0], "{body} {order:?}");
        }
    }
    // What the sender says of its context itself is its own.
    let told = BASH.replacen('{', r#"{"ip":"198.51.100.1","#, 1);
    assert_ne!(from(&told, Some("192.0.2.7")).one().content, from(BASH, Some("192.0.2.7")).one().content);
}

#[test]
fn what_an_earlier_version_recorded_is_known_again() {
    let request = Context { ip: Some("192.0.2.7"), user_agent: None, of_users: false };
    for request in [None, Some(request)] {
        known_again(&Options { request, ..Options::default() });
    }
}

fn known_again(options: &Options<'_>) {
    let take = |body: &str| take_with(body.as_bytes(), options, Minimisation::default());
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let taken = take(BASH);
    let mut before = taken.one();
    (before.content, before.former) = (before.former, None);
    let mut batch = BatchBuilder::new(false);
    batch.push(&before);
    log.append(NOW_US, vec![batch.finish()]).unwrap();
    let of = |log: &mut Log, body: &str| log.append(NOW_US, take(body).batches).unwrap()[0].accepted;
    assert_eq!(of(&mut log, BASH), 0);
    assert_eq!(of(&mut log, &BASH.replace("failed", "completed")), 1, "a later state");
    drop(log);
    assert_eq!(of(&mut open(dir.path()), BASH), 0);
}

/// Lines of a session file have ids that nobody else's have, and inherit session and agent from those before them.
#[test]
fn what_history_inherits_is_no_part_of_what_it_says() {
    let line = r#"{"type":"user","uuid":"u1","timestamp":"2026-11-21T00:00:00Z","message":{"content":"x"}}"#;
    let said = line.replace("{\"type\"", "{\"sessionId\":\"0192f8a1-1111-7111-8111-111111111111\",\"type\"");
    let import = |body: &str| {
        let options = Options { format: Some(Format::ClaudeTranscript), replay: true, ..Options::default() };
        take_with(body.as_bytes(), &options, Minimisation::default())
    };
    let (alone, whole) = (import(line), import(&said));
    let (alone, whole) = (alone.one(), whole.one());
    assert_ne!(alone.header.session, whole.header.session);
    assert_eq!((alone.content, alone.former), (whole.content, None));
}

#[test]
fn events_without_an_id_are_never_taken_for_one_another() {
    let plain = "{\"agent\":{\"id\":\"a\"},\"action\":{\"type\":\"log\",\"name\":\"tick\"}}\n";
    let taken = take(&plain.repeat(2));
    assert!(taken.events().iter().all(|event| event.content.is_none()));
}

/// Lines as Claude Code 2.1.329 copies them into the file of a session that goes on from another (`--fork-session`, `/branch`).
#[test]
fn a_line_that_another_session_repeats_is_the_same_event() {
    let (own, fork) = ("0192f8a1-1111-7111-8111-111111111111", "0192f8a1-2222-7222-8222-222222222222");
    let prompt = |session: &str, more: &str| {
        format!(
            r#"{{"type":"user","uuid":"u1","timestamp":"2026-11-21T00:00:00Z","sessionId":"{session}"{more},"message":{{"role":"user","content":"x"}}}}"#
        )
    };
    let answer = |session: &str, more: &str| {
        format!(
            r#"{{"type":"assistant","uuid":"a1","timestamp":"2026-11-21T00:00:01Z","sessionId":"{session}"{more},"message":{{"id":"m1","role":"assistant","model":"m","usage":{{"input_tokens":7,"output_tokens":2}},"content":[{{"type":"text","text":"y"}}]}}}}"#
        )
    };
    let branched = format!(r#","forkedFrom":{{"sessionId":"{own}","messageUuid":"u1"}}"#);
    let asked = format!(r#","requestSessionId":"{own}""#);
    let twice = format!(r#"{asked},"forkedFrom":{{"sessionId":"0192f8a1-3333-7333-8333-333333333333"}}"#);
    let first = [prompt(own, r#","promptId":"p1""#), answer(own, "")];
    let copies = [
        [prompt(fork, r#","promptId":"p2""#), answer(fork, &asked)],
        [prompt(fork, &branched), answer(fork, &branched)],
        [prompt(fork, ""), answer(fork, &twice)],
        // Versions before 2.1 copied without a mark.
        [prompt("other", ""), answer(fork, "")],
    ];
    for copy in copies {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        let mut accepted = |lines: &[String; 2]| {
            let taken = take(&lines.join("\n"));
            assert_eq!((taken.tally.refused_lines, taken.events().len()), (0, 3), "{lines:?}");
            log.append(NOW_US, taken.batches).unwrap()[0].accepted
        };
        assert_eq!((accepted(&first), accepted(&copy)), (3, 0), "{copy:?}");
    }
    // Who asked and paid is known, whichever is read first, and nothing else of a copy is left out.
    let request = take(&answer(fork, &asked));
    let session = request.events()[0].header.session.unwrap();
    assert_eq!(session, take(&answer(own, "")).events()[0].header.session.unwrap());
    let odd = take(&answer(fork, r#","requestSessionId":7,"forkedFrom":"nowhere""#));
    assert!(format!("{:?}", odd.events()[0].texts).contains("nowhere"));
}

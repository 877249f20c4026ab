//! Coverage of a session with more than one process: resumed, also twice at once, and after one that was killed.

use crate::coverage::{DAY, WHOLE_DAY, hooks, ids, logs_of, send, serve};
use crate::server::{tachograph, text};
use serde_json::{Value, json};

#[test]
fn two_processes_of_one_session_at_once_leave_no_gap_and_what_one_of_them_lacks_is_found() {
    let (_dir, _data, server) = serve("");
    let numbers = |range: std::ops::Range<u64>| range.map(|seq| (seq, "")).collect::<Vec<_>>();
    let sent: Vec<String> = [
        logs_of("twice", 0, &numbers(0..9)),
        // A third one whose times are those of the first.
        logs_of("twice", 0, &[(0, "toolu_0"), (1, "toolu_1"), (2, "toolu_2")]),
        logs_of("twice", 300, &numbers(4..12)),
        logs_of("twice", 300, &numbers(0..4)),
        logs_of("lacks", 0, &numbers(0..20)),
        logs_of("lacks", 2300, &[numbers(0..7), numbers(9..20)].concat()),
    ]
    .into();
    send(&server, "{\"note\":1}", &sent);
    let report = server.get(WHOLE_DAY).json();
    assert_eq!(ids(&report), ["sequence_gap/otel_log/lacks"], "{report}");
    let found = &report["findings"][0];
    assert_eq!((&found["evidence"]["missing"], &found["evidence"]["of"]), (&json!(2), &json!(40)));
    assert!(found["what"].as_str().unwrap().starts_with("at least 2 of 40 events"), "{found}");
}

#[test]
fn a_call_whose_result_was_made_up_when_its_session_was_resumed_is_none_that_hooks_missed() {
    let (dir, data, server) = serve("");
    send(&server, &hooks("s", &["toolu_1"], &["SessionEnd"]), &[]);
    let line = |id: u32, kind: &str, more: Value, block: Value| {
        let mut line = json!({"type": kind, "uuid": format!("00000000-0000-4000-8000-{id:012}"), "sessionId": "s",
            "timestamp": format!("{DAY}T01:00:0{id}Z"), "message": {"role": kind, "content": [block]}});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line.to_string() + "\n"
    };
    let asked = |id, call| {
        line(
            id,
            "assistant",
            json!({}),
            json!({"type": "tool_use", "id": call, "name": "Bash", "input": {"command": "true"}}),
        )
    };
    let lost = "[Tool call interrupted: the session ended before this call's result was recorded, so its outcome is unknown.]";
    let failed = |id, call, more, text| {
        line(
            id,
            "user",
            more,
            json!({"type": "tool_result", "tool_use_id": call, "is_error": true, "content": text}),
        )
    };
    let interrupted = json!({"toolDenialKind": "interrupted"});
    let file = dir.path().join("s.jsonl");
    let import = |lines: &str| {
        std::fs::write(&file, lines).unwrap();
        let done = tachograph(&data, &["import", file.to_str().unwrap()], "");
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        server.get(WHOLE_DAY).json()
    };
    let begun = asked(1, "toolu_1") + &asked(2, "toolu_2") + &asked(3, "toolu_3");
    let made_up = failed(4, "toolu_2", interrupted.clone(), lost);
    let report = import(&(begun.clone() + &made_up));
    let unseen = &report["findings"][0];
    assert_eq!(unseen["evidence"]["calls"], json!(["toolu_3"]), "it has no such result: {report}");
    let report = import(&(begun + &made_up + &failed(5, "toolu_3", interrupted, "Exit code 1")));
    assert_eq!(report["findings"][0]["evidence"]["calls"], json!(["toolu_3"]), "it ran: {report}");
}

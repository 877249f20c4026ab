//! Coverage of a session with more than one process: resumed, also twice at once.

use crate::coverage::{WHOLE_DAY, ids, logs_of, send, serve};
use serde_json::json;

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

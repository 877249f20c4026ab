use super::*;

const HOUR: i64 = 3_600_000_000;

/// Beginning and end by their hours.
fn row(began: Option<i64>, ended: Option<i64>) -> SessionRow {
    SessionRow {
        session: "s".into(),
        name: None,
        agent: "a".into(),
        source: "hook".into(),
        events: 10,
        first_us: 0,
        last_us: 2 * HOUR,
        last_index: 99,
        unnamed: 0,
        began: began.map(|_| 1),
        began_us: began.map(|began| began * HOUR),
        ended_us: ended.map(|ended| ended * HOUR),
        sub: false,
        changed: None,
        hooked: None,
        started: false,
    }
}

fn found_in(rows: &[SessionRow], session_silence_us: i64) -> Vec<Finding> {
    let until_us = 12 * HOUR;
    let window = Window { from_us: 0, to_us: until_us, until_us, grace_us: 1, session_silence_us };
    open(&Sessions::new(rows, &[]), &window)
}

fn found(row: SessionRow, session_silence_us: i64) -> Vec<Finding> {
    found_in(&[row], session_silence_us)
}

#[test]
fn a_session_that_began_and_fell_silent_is_open_until_it_ends() {
    let findings = found(row(Some(1), None), HOUR);
    assert_eq!((findings.len(), findings[0].id.as_str()), (1, "session_open/s"));
    assert!(findings[0].what.contains("silent for 10h"), "{}", findings[0].what);
    assert_eq!(findings[0].evidence.events, [1, 99]);
    assert_eq!(found(row(Some(1), Some(2)), HOUR), []);
    assert_eq!(found(row(Some(1), None), 11 * HOUR), [], "it is not silent long enough");
    assert_eq!(found(row(Some(2), Some(1)), HOUR).len(), 1, "it was resumed after its end");
    assert_eq!(found(row(None, None), HOUR), [], "where nobody tells of beginnings nobody need tell of ends");
}

#[test]
fn a_file_that_never_tells_of_an_end_opens_no_session_whenever_it_is_imported() {
    let file = SessionRow { source: "transcript".into(), began: Some(70), ..row(Some(2), None) };
    assert_eq!(found(file.clone(), HOUR), [], "alone");
    assert_eq!(
        found_in(&[row(Some(0), Some(1)), file.clone()], HOUR),
        [],
        "behind the hooks that told of the end"
    );
    let late = SessionRow { began: Some(80), ..row(Some(0), Some(1)) };
    assert_eq!(found(late, HOUR), [], "a beginning that comes late to the log lies before the end");
    let open = found_in(&[row(Some(0), None), file], HOUR);
    assert_eq!(open[0].evidence.events, [1, 99], "the hooks tell no end");
}

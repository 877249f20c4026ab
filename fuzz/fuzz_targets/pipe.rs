//! Queries: refused with a place inside of the text, or read back as written; SQL keeps its quotes in pairs.
#![no_main]

use tacho_pipe::plan::resolve;
use tacho_pipe::sql::{Clock, Range, translate};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let query = match tacho_pipe::parse(text) {
        Ok(query) => query,
        Err(error) => {
            assert!(
                error.start <= error.end && error.end <= text.len() && error.line >= 1 && error.column >= 1
            );
            assert!(!error.render(text).is_empty());
            return;
        }
    };
    let written = query.to_string();
    assert_eq!(tacho_pipe::parse(&written).as_ref(), Ok(&query), "{written}");
    let Ok(plan) = resolve(text, &query, &tacho_alert::catalog()) else { return };
    let range = Range {
        from_us: 0,
        to_us: 900_000_000,
        clock: Clock::Recorded,
        history_us: 86_400_000_000,
        windows_min: 20,
    };
    if let Ok(sql) = translate(&plan, &range) {
        assert!(sql.matches('\'').count() % 2 == 0 && sql.starts_with("SELECT "), "{sql}");
    }
});

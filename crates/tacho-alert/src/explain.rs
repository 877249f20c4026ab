//! `rules explain`: what a rule means, how it is evaluated, and its SQL.

use crate::rule::{Clock, Every, Rule};
use std::fmt::Write as _;
use tacho_pipe::sql::Range;
use tacho_pipe::{format_us, parse};

/// Explains a rule; its SQL is for the window that ends at a moment.
pub fn explain(rule: &Rule, now_us: i64) -> String {
    let mut out = format!("{} ({}): {}\n", rule.id, rule.severity.as_str(), rule.title);
    let when = match rule.every {
        Every::Stream => "as each event is recorded".to_string(),
        Every::Us(us) => format!("every {}", format_us(us)),
    };
    let clock = if rule.clock == Clock::Server { "the recorder's" } else { "the senders'" };
    let _ = writeln!(out, "evaluated {when}, over the last {}, by {clock} clock", format_us(rule.window_us));
    if rule.for_us > 0 {
        let _ = writeln!(out, "fires when that has held for {}", format_us(rule.for_us));
    }
    if rule.keep_us > 0 {
        let _ = writeln!(out, "goes on firing for {} after it held last", format_us(rule.keep_us));
    }
    let _ = writeln!(out, "hash {}\n", rule.hash_text());
    let range = Range {
        from_us: now_us - rule.window_us,
        to_us: now_us,
        clock: match rule.clock {
            Clock::Server => tacho_pipe::sql::Clock::Recorded,
            Clock::Event => tacho_pipe::sql::Clock::Claimed,
        },
        history_us: rule.history_us,
        windows_min: rule.windows_min,
    };
    if let Ok(query) = parse(&rule.query) {
        out.push_str(&tacho_pipe::explain(&query, &rule.plan, &range));
    }
    out
}

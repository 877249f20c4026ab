//! What redaction costs: nanoseconds an event and megabytes a second, for events as agents send them and for text that
//! is made to be slow. `cargo bench -p tacho-redact [-- FILE]`; FILE has one JSON event a line.

use std::time::{Duration, Instant};
use tacho_redact::{Findings, Policy, Redactor};

/// Each row is repeated for so long.
const TIME: Duration = Duration::from_millis(700);

const CLEAN: &str = r#"{"id":"0190b5a2-7c11-7aa0-8a55-0f0d8d9c1b22","timestamp":"2026-11-20T10:30:15.123Z","agent":{"id":"ops/release-manager","session_id":"s-4711"},"action":{"type":"tool","name":"Bash","tool":{"parameters":{"command":"cargo test -p shop --lib cart::total","timeout":120000}}},"outcome":{"status":"success","result":{"stdout":"running 14 tests\n..............\ntest result: ok. 14 passed; 0 failed; 0 ignored","exit_code":0}},"duration_ms":2310,"tokens_input":1200,"tokens_output":340}"#;

const SECRET: &str = r#"{"id":"e1","agent":{"id":"ops/a"},"action":{"type":"tool","name":"Bash","tool":{"parameters":{"command":"PGPASSWORD=hunter2hunter2 psql -h db.internal -U app -c 'select 1'"}}},"outcome":{"status":"success","result":{"stdout":"mail to maria.rossi@example.it, card 4111 1111 1111 1111"}},"headers":{"authorization":"Bearer k0sakT9ZcMswCJ9PA2sRN2w5RgHgtcXJCfuDhG0s"}}"#;

fn main() {
    // `cargo bench` adds a flag of its own.
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let redactor = Redactor::new(&Policy::default()).expect("the default policy compiles");
    println!("{:<44} {:>10} {:>12} {:>10}", "what", "bytes", "ns/event", "MB/s");
    let row = |what: &str, events: &[&str]| measure(&redactor, what, events);
    if let Some(file) = file {
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("cannot read {file}: {error}"));
        let events: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        return row(&file, &events);
    }
    row("an event without anything to redact", &[CLEAN]);
    row("an event with four secrets", &[SECRET]);
    let output = "   Compiling serde v1.0.228 (/home/ci/.cargo/registry/src/serde)\n".repeat(150);
    row("10 kB of a build's output", &[&string(&output)]);
    let prose =
        "Der Häuptling sagte „schön“, und alle — fünf an der Zahl — gingen früh nach Köln. ".repeat(110);
    row("10 kB of text that is not ASCII", &[&string(&prose)]);
    for (what, unit) in [
        ("hostile: names without end", "://password"),
        ("hostile: prefixes of tokens", "glpat-"),
        ("hostile: quotes of all kinds", "secret=\"token='"),
        ("hostile: addresses", "a@b."),
    ] {
        row(what, &[&string(&unit.repeat(100_000 / unit.len()))]);
    }
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn measure(redactor: &Redactor, what: &str, events: &[&str]) {
    let bytes: usize = events.iter().map(|event| event.len()).sum();
    let (mut rounds, start) = (0u32, Instant::now());
    while rounds == 0 || start.elapsed() < TIME {
        for event in events {
            let mut found = Findings::default();
            std::hint::black_box(redactor.json(std::hint::black_box(event), &mut found));
        }
        rounds += 1;
    }
    let nanoseconds = start.elapsed().as_nanos() as f64 / f64::from(rounds);
    let (each, speed) = (nanoseconds / events.len() as f64, bytes as f64 * 1e3 / nanoseconds);
    println!("{what:<44} {:>10} {each:>12.0} {speed:>10.1}", bytes / events.len());
}

//! Prints what redaction costs per event, over synthetic events of about 900 bytes.
//!
//! `cargo run -p tacho-redact --example redact_cost`

use std::hint::black_box;
use std::time::Instant;

use tacho_redact::{Findings, Policy, Redactor};

const EVENTS: usize = 1_000;
const ROUNDS: usize = 100;

fn event(i: usize, output: &str) -> String {
    format!(
        r#"{{"id":"{i:08x}-7c1e-4f0a-9d3b-5a2f60c4{i:04x}","timestamp":"2026-03-01T12:{:02}:31.{:06}Z","agent":{{"id":"builder-{}","version":"2.{}.1"}},"session":"0195f2a0-3c51-7e0b-8a11-{i:012x}","action":{{"type":"tool_call","name":"Bash","input":{{"command":"cargo test -p parser --lib -- --nocapture","cwd":"/home/dev/projects/parser","timeout_ms":120000,"description":"Run the unit tests of the parser crate"}}}},"output":{{"stdout":"{output}","exit_code":0}},"usage":{{"input_tokens":{},"output_tokens":412,"cache_read_input_tokens":18233,"cost_usd":0.0{i}}},"context":{{"model":"large-2","repository":"https://git.example.com/team/parser","commit":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b","branch":"feature/number-literals","user":"u_{i}"}}}}"#,
        i % 60,
        i * 7919 % 1_000_000,
        i % 40,
        i % 9,
        i * 31
    )
}

fn measure(name: &str, redactor: &Redactor, events: &[String]) {
    let bytes: usize = events.iter().map(String::len).sum();
    let mut best = f64::MAX;
    let mut redacted = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        redacted = 0;
        for event in events {
            let mut found = Findings::default();
            black_box(redactor.json(black_box(event), &mut found));
            redacted += usize::from(!found.is_empty());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / events.len() as f64);
    }
    println!(
        "{name:<22} {:>4} bytes/event {best:>7.0} ns/event  {redacted} of {} redacted",
        bytes / events.len(),
        events.len()
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let redactor = Redactor::new(&Policy::default())?;
    let clean = "running 42 tests\\ntest lexer::tests::numbers ... ok\\ntest lexer::tests::strings ... ok\\n\\ntest result: ok. 42 passed; 0 failed; 0 ignored; finished in 0.31s\\n";
    let secret = "running 42 tests\\nconnecting with DB_PASSWORD=hunter2 as bob@corp.example.com\\ntest lexer::tests::strings ... ok\\n\\ntest result: ok. 42 passed; 0 failed\\n";
    measure("without a secret", &redactor, &(0..EVENTS).map(|i| event(i, clean)).collect::<Vec<_>>());
    measure(
        "one in fifty",
        &redactor,
        &(0..EVENTS).map(|i| event(i, if i % 50 == 0 { secret } else { clean })).collect::<Vec<_>>(),
    );
    measure("every event", &redactor, &(0..EVENTS).map(|i| event(i, secret)).collect::<Vec<_>>());
    Ok(())
}

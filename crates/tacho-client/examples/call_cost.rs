//! What a call costs its caller: `call_cost URL [EVENTS]`. URL is a running server. The rows are those of
//! `bench/client_call.mjs`, for the client and for its layer.

use std::io::Write;
use std::time::{Duration, Instant};
use tacho_client::{Client, Event, Options, TachoLayer};
use tracing_subscriber::prelude::*;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://127.0.0.1:9".to_owned());
    let events: usize = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let folder = std::env::temp_dir().join(format!("call-cost-{}", std::process::id()));
    let client = Client::new(Options { url, spool_dir: folder.join("spool"), ..Options::default() });
    let subscriber = tracing_subscriber::registry().with(TachoLayer::new(client.clone()));
    let large = "the quick brown fox jumps over the lazy dog ".repeat(1500);
    let huge = "the quick brown fox ".repeat(1_000_000);
    let rows: Vec<_> =
        (0..20_000).map(|id| serde_json::json!({"id": id, "name": format!("row {id}")})).collect();
    println!("| microseconds | p50 | p99 | p99.9 | most |\n|---|---|---|---|---|");
    row("`record`", timed(events, 2, 1, |n| drop(client.record(entry(n, "")))));
    row(
        "`record`, 64 KB of text in it",
        timed(events / 20, 1, 10, |n| drop(client.record(entry(n, &large)))),
    );
    row("`record`, 20 MB of text in it", timed(events / 50, 1, 20, |n| drop(client.record(entry(n, &huge)))));
    row(
        "`record`, 20,000 rows in it",
        timed(events / 50, 1, 20, |n| drop(client.record(entry(n, "").result(&rows)))),
    );
    row(
        "`record`, all at once: more than memory takes",
        timed(events, usize::MAX, 0, |n| drop(client.record(entry(n, "")))),
    );
    tracing::subscriber::with_default(subscriber, || {
        let one = |n| {
            tracing::info_span!("call", tool = "Bash", session = "s-1", n).in_scope(|| tracing::info!("done"))
        };
        row("a span with an event in it, by the layer", timed(events, 2, 1, one));
    });
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut file = std::fs::File::create(folder.join("audit.log")).expect("a file");
    row(
        "`serde_json` and a write to a file",
        timed(events, 2, 1, |n| {
            let line = serde_json::json!({"action": "AGENT_UPDATED", "n": n, "user": "user_789xyz"});
            writeln!(file, "{line}").expect("a write");
        }),
    );
    println!("flushed: {}, {:?}", client.flush(Duration::from_secs(60)), client.stats());
    client.close();
    drop(std::fs::remove_dir_all(folder));
}

#[derive(serde::Serialize)]
struct Details<'p> {
    n: usize,
    pad: &'p str,
    fields_changed: u8,
}

fn entry(n: usize, pad: &str) -> Event {
    Event::audit("AGENT_UPDATED", "agent", "7c1f")
        .user("user_789xyz")
        .resource_name("Weekly digest")
        .changes(&serde_json::json!({"status": {"before": "draft", "after": "active"}}))
        .details(&Details { n, pad, fields_changed: 2 })
        .severity("warning")
        .request(Some("203.0.113.9"), Some("Mozilla/5.0 (X11; Linux x86_64)"), Some("sess_1"))
}

/// The time of each call; so many at a time, and a pause behind.
fn timed(calls: usize, at_once: usize, pause_ms: u64, mut call: impl FnMut(usize)) -> Vec<Duration> {
    let mut times = Vec::with_capacity(calls);
    for n in 0..calls {
        let began = Instant::now();
        call(n);
        times.push(began.elapsed());
        if n % at_once == at_once - 1 {
            std::thread::sleep(Duration::from_millis(pause_ms));
        }
    }
    times.drain(..calls / 20);
    times.sort_unstable();
    times
}

fn row(name: &str, times: Vec<Duration>) {
    let at = |part: usize| times[(times.len() * part / 1000).min(times.len() - 1)].as_micros();
    println!("| {name} | {} | {} | {} | {} |", at(500), at(990), at(999), at(1000));
}

//! kill -9 under load, again and again, with segments small enough that cuts and merges are always under way:
//! nothing acknowledged is lost, nothing is doubled, and the root is the one that the entries give.

use crate::server::{Server, tachograph, text};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A short form for every run; `TACHOGRAPH_KILLS` makes it as long as one likes.
const ROUNDS: u64 = 4;
const SENDERS: u64 = 3;
const EVENTS_PER_REQUEST: u64 = 40;
/// Acknowledged requests in one round before the process is killed, so that kills fall everywhere.
const REQUESTS: [u64; 4] = [25, 260, 90, 500];

fn event(number: u64) -> String {
    let session = number % 7;
    // Text that compresses badly, so that the memory limit is reached soon.
    let noise: String =
        (0..24).map(|n| format!("{:016x}", (number * 31 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    format!(
        r#"{{"id":"event-{number}","agent":{{"id":"load/a{session}","session_id":"s{session}"}},"action":{{"type":"tool","name":"Bash","tool":{{"parameters":{{"command":"{noise}"}}}}}},"outcome":{{"status":"success"}}}}"#
    )
}

/// Sends until the server is gone; what was acknowledged goes into `acked`.
fn send(
    server: &Server,
    next: &AtomicU64,
    enough: &AtomicBool,
    acked: &Mutex<BTreeSet<u64>>,
    requests: &AtomicU64,
) {
    while !enough.load(Ordering::Relaxed) {
        let first = next.fetch_add(EVENTS_PER_REQUEST, Ordering::Relaxed);
        let numbers = first..first + EVENTS_PER_REQUEST;
        let body: String = numbers.clone().map(|number| event(number) + "\n").collect();
        match server.post_with("/v1/events", body.as_bytes(), &[]) {
            Some(answer) if answer.status == 200 => {
                acked.lock().unwrap().extend(numbers);
                requests.fetch_add(1, Ordering::Relaxed);
            }
            Some(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
            None => return,
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), "[store]\nmemory_mb = 1\n[seal]\nmilliseconds = 20\n").unwrap();
    let (next, acked) = (AtomicU64::new(0), Mutex::new(BTreeSet::new()));
    let rounds = std::env::var("TACHOGRAPH_KILLS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let server = Server::start(&data);
        let (requests, enough) = (AtomicU64::new(0), AtomicBool::new(false));
        let wanted = REQUESTS[(round % REQUESTS.len() as u64) as usize];
        std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| send(&server, &next, &enough, &acked, &requests));
            }
            while requests.load(Ordering::Relaxed) < wanted {
                std::thread::yield_now();
            }
            // In the middle of the others' requests.
            let pid = server.pid().to_string();
            assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
            enough.store(true, Ordering::Relaxed);
        });
        server.kill();
    }
    let verified = tachograph(&data, &["verify"], "");
    assert_eq!(verified.status.code(), Some(0), "{}{}", text(&verified.stdout), text(&verified.stderr));

    let server = Server::start(&data);
    let metrics = server.get("/metrics").body;
    let segments = metrics.lines().find_map(|line| line.strip_prefix("tachograph_store_segments ")).unwrap();
    assert!(segments.parse::<u32>().unwrap() >= 2, "segments were written under load: {segments}");
    let rows = server
        .sql("SELECT id, count(*) AS n FROM agent_audit_log WHERE agent_id <> 'tachograph' GROUP BY id");
    let found: BTreeSet<u64> =
        rows.iter().map(|row| row["id"].as_str().unwrap()[6..].parse().unwrap()).collect();
    assert!(rows.iter().all(|row| row["n"] == 1), "nothing is doubled");
    let lost: Vec<u64> = acked.lock().unwrap().difference(&found).copied().collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");

    // A client that sends everything again is told that it is all there.
    let body: String = found.iter().take(2000).map(|number| event(*number) + "\n").collect();
    let again = server.post("/v1/events", &body).json();
    assert_eq!(again["accepted"], 0, "{again}");
    server.stop();
    assert_eq!(tachograph(&data, &["verify"], "").status.code(), Some(0));
}

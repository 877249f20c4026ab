//! What people register is told to the log, whenever it was edited, and what credentials bring is bounded.

use crate::server::{Server, tachograph, text};
use std::path::Path;

/// Actions of the edits on the log, in its order.
fn edits(server: &Server) -> Vec<String> {
    let query = "SELECT action_name FROM events WHERE agent_id = 'tachograph' AND action_type = 'settings' \
                 ORDER BY \"index\"";
    let rows = server.sql(query);
    rows.iter().map(|row| row["action_name"].as_str().unwrap().to_string()).collect()
}

/// Waits until the log has so many edits.
fn wait_for(server: &Server, count: usize) -> Vec<String> {
    loop {
        let found = edits(server);
        if found.len() >= count {
            return found;
        }
        std::thread::yield_now();
    }
}

fn run(data: &Path, arguments: &[&str]) -> String {
    let done = tachograph(data, arguments, "");
    assert_eq!(done.status.code(), Some(0), "{arguments:?}: {done:?}");
    text(&done.stdout)
}

#[test]
fn every_edit_is_on_the_log_whether_a_server_runs_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    run(&data, &["agents", "set", "ops/a", "--note", "belongs to Zerlina"]);
    let server = Server::start(&data);
    assert_eq!(edits(&server), ["agent_registered"], "made before the first start");
    run(&data, &["agents", "set", "ops/a", "--note", "nobody's"]);
    run(&data, &["agents", "set", "ops/b", "--expected", "true"]);
    assert_eq!(wait_for(&server, 3), ["agent_registered"; 3]);
    let told = server.sql("SELECT * FROM events WHERE agent_id = 'tachograph'");
    let told = serde_json::to_string(&told).unwrap();
    assert!(!told.contains("Zerlina") && !told.contains("nobody"), "the log has no row in clear: {told}");
    server.stop();

    run(&data, &["key", "create", "ci"]);
    // Whoever asks the folder opens it, and with that it is on the log; once only.
    let query = "SELECT count(*) AS n FROM events WHERE action_name = 'api_key_created'";
    for _ in 0..2 {
        assert_eq!(run(&data, &["sql", "--format", "ndjson", query]), "{\"n\":1}\n");
    }
    assert!(run(&data, &["verify"]).starts_with("good: "));
}

#[test]
fn a_sender_cannot_bring_new_users_without_bound() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), "[ingest]\nnew_users_per_day = 2\n").unwrap();
    let server = Server::start(&data);
    let line = |user: u32| format!("{{\"agent_id\":\"a\",\"user_id\":\"user-{user}\"}}\n");
    let answer = server.post("/v1/events", &(0..5).map(line).collect::<String>());
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.json();
    assert_eq!((told["accepted"].as_u64(), told["rejected_count"].as_u64()), (Some(2), Some(3)), "{told}");
    assert_eq!(told["rejected"][0]["line"], 3);
    let reason = told["rejected"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("has brought 2 new users today"), "{reason}");
    let ring = std::fs::metadata(data.join("keyring/ring")).unwrap().len();
    let answer = server.post("/v1/events", &(100..200).map(line).collect::<String>());
    assert_eq!(answer.status, 422, "all of them are refused: {answer:?}");
    assert_eq!(std::fs::metadata(data.join("keyring/ring")).unwrap().len(), ring, "no secret was made");
    assert_eq!(server.post("/v1/events", &line(1)).json()["accepted"], 1, "known users go on");
    let metrics = server.get_as("/metrics", "text/plain").body;
    let refused = metrics.lines().find(|line| line.contains("reason=\"new_user\"")).unwrap();
    assert!(refused.ends_with(" 103"), "{refused}");
}

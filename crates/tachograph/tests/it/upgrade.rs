//! Folders that earlier versions wrote (`scripts/keep-folder.sh`): verified at rest, served, gone on with, verified again.

use crate::server::{Server, tachograph, text};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the script put into each: events 0 to 229 and the forbidden call, one user of five erased.
const KEPT: u64 = 231;

fn folders() -> Vec<PathBuf> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/folders");
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    assert!(!found.is_empty(), "at least the version before this one is kept");
    found
}

fn unpack(archive: &Path, data: &Path) {
    std::fs::create_dir_all(data).unwrap();
    let done = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(data).status().unwrap();
    assert!(done.success(), "{archive:?}");
}

#[test]
fn a_folder_of_an_earlier_version_is_verified_served_and_gone_on_with() {
    for archive in folders() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        unpack(&archive, &data);
        let verified = tachograph(&data, &["verify"], "");
        assert_eq!(verified.status.code(), Some(0), "{archive:?}: {}", text(&verified.stderr));

        let pins = dir.path().join("pins");
        std::fs::write(&pins, tachograph(&data, &["keys"], "").stdout).unwrap();

        let server = Server::start(&data);
        let count = |server: &Server, condition: &str| {
            let rows = server.sql(&format!("SELECT count(*) AS n FROM agent_audit_log WHERE {condition}"));
            rows[0]["n"].as_u64().unwrap()
        };
        let kept = "agent_id LIKE 'kept/%'";
        assert_eq!(count(&server, kept), KEPT, "{archive:?}");
        assert_eq!(
            count(&server, "user_id = 'u3@people.example' AND action_name = 'Bash'"),
            6,
            "since the erasure"
        );
        assert_eq!(count(&server, "user_id = 'u4@people.example'"), 46);
        assert_eq!(count(&server, "session_id = 's-7'"), 12);
        let alert = &server.get("/v1/alerts?state=all&rule=forbidden").json()["alerts"][0];
        assert_eq!(alert["acknowledged_by"], "local", "{alert}");
        let proof = server.get_as("/v1/events/kept-17/proof", "text/plain");
        assert_eq!(proof.status, 200, "{proof:?}");
        std::fs::write(dir.path().join("proof"), &proof.body).unwrap();

        // What that version recorded is known again, though content has got more parts since.
        let again = r#"{"id":"kept-11","timestamp":"2026-11-20T10:00:11Z","agent":{"id":"kept/a4","session_id":"s-11"},"user_id":"u1@people.example","action":{"type":"tool","name":"Bash","tool":{"name":"Bash","parameters":{"command":"make part11"}}},"outcome":{"status":"success"},"performance":{"duration_ms":11}}"#;
        assert_eq!(server.post("/v1/events", again).json()["duplicates"], 1, "{archive:?}");
        // The same event once more is known, a new one gets the next place.
        let event = |id: &str| json!({"id": id, "agent": {"id": "kept/a1"}, "action": {"type": "tool", "name": "Bash"}});
        let answer = server.post("/v1/events", &event("kept-new").to_string()).json();
        assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(1), &json!(0)));
        let answer = server.post("/v1/events", &event("kept-new").to_string()).json();
        assert_eq!(answer["duplicates"], 1);
        assert_eq!(count(&server, kept), KEPT + 1);
        server.stop();

        let verified = tachograph(&data, &["verify"], "");
        assert_eq!(verified.status.code(), Some(0), "{archive:?}: {}", text(&verified.stderr));
        let proof = dir.path().join("proof");
        let files = [proof.to_str().unwrap(), pins.to_str().unwrap()];
        let proved = tachograph(&data, &["verify", "--proof", files[0], "--pin", files[1]], "");
        assert_eq!(proved.status.code(), Some(0), "{archive:?}: {}", text(&proved.stderr));
    }
}

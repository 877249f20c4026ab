//! What waits on disk: who sends it, and that it holds no secret.

use crate::server::{LONG, client, start};
use serde_json::json;
use tacho_client::{Event, Status};

#[test]
fn what_a_client_leaves_is_redacted_and_sent_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (url, requests) = start();
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // An address where nobody listens any more.
    let away = client(&format!("http://{refused}"), folder.path());
    let id = away
        .record(Event::action("Bash").details(&json!({"command": "curl -u me:hunter2hunter2 x", "n": 1})));
    assert!(!away.close());
    assert_eq!(away.receipt(&id).unwrap().status, Status::Waiting);
    let file = files(folder.path()).pop().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&id) && !text.contains("hunter2"), "{text}");

    // As if the process had ended: the folder has the name of one that is not there.
    let left = file.parent().unwrap();
    let server = folder.path().join("client").join(server_folder(&url, folder.path()));
    std::fs::create_dir_all(&server).unwrap();
    let name = left.file_name().unwrap().to_str().unwrap();
    let gone = name.replace(&format!("-{}-", std::process::id()), "-4194999-");
    std::fs::rename(left, server.join(gone)).unwrap();
    let next = client(&url, folder.path());
    assert!(next.flush(LONG));
    let events = requests.recv_timeout(LONG).unwrap();
    assert_eq!(events[0]["event_id"], json!(id));
    assert!(files(folder.path()).is_empty());
}

#[test]
fn an_event_that_is_too_large_is_sent_with_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let (url, requests) = start();
    let client = client(&url, folder.path());
    let numbers: Vec<u64> = (0..1 << 18).collect();
    let id = client.record(Event::action("x").details(&numbers));
    assert!(client.flush(LONG));
    assert_eq!(client.receipt(&id).unwrap().status, Status::Recorded);
    let events = requests.recv_timeout(LONG).unwrap();
    let kept = events[0]["action_details"].as_array().unwrap().len() as u64 - 1;
    assert!(kept > 3000, "{kept}");
    assert_eq!(events[0]["cut_values"], json!((1 << 18) - kept));
}

#[test]
fn dropping_the_last_clone_sends_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let (url, requests) = start();
    let client = client(&url, folder.path());
    let other = client.clone();
    other.record(Event::action("x"));
    drop(client);
    assert!(requests.try_recv().is_err());
    drop(other);
    assert_eq!(requests.recv_timeout(LONG).unwrap().len(), 1);
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The folder that the client makes for an address.
fn server_folder(url: &str, spool: &std::path::Path) -> String {
    let probe = spool.join("probe");
    let client = client(url, &probe);
    client.record(Event::action("probe"));
    assert!(client.persist());
    let file = files(&probe).pop().unwrap();
    std::fs::remove_file(&file).unwrap();
    let server = file.parent().unwrap().parent().unwrap();
    server.file_name().unwrap().to_str().unwrap().to_owned()
}

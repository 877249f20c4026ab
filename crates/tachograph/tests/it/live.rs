//! `verify` and `doctor` of a folder that a server has open: the files are checked, whatever the server answers.

use crate::server::{Server, tachograph, text};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

const EVENTS: u64 = 600;

fn lines(from: u64, count: u64) -> String {
    let line = |n| format!("{{\"id\":\"e-{n}\",\"agent_id\":\"ops/a\",\"user_id\":\"u{}\"}}\n", n % 7);
    (from..from + count).map(line).collect()
}

/// One segment, tiles, and an archived checkpoint.
fn folder(dir: &Path) -> PathBuf {
    let data = dir.join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), "[store]\nsegment_minutes = 0\n").unwrap();
    tachograph(&data, &["import", "-"], &lines(0, EVENTS));
    tachograph(&data, &["import", "-"], "");
    data
}

fn say(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let done = tachograph(data, arguments, "");
    (done.status.code(), text(&done.stdout) + &text(&done.stderr))
}

fn catalog(data: &Path, sql: &str) {
    let catalog = Connection::open(data.join("catalog.sqlite")).unwrap();
    assert!(catalog.execute(sql, []).unwrap() > 0, "{sql}");
}

fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn first(folder: &Path) -> PathBuf {
    std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_folder_in_use_is_called_good_while_it_grows_and_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path());
    // Every second a cut, and merges of them.
    let server = Server::start(&data);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            for round in 0..40 {
                assert_eq!(server.post("/v1/events", &lines(EVENTS + round * 50, 50)).status, 200);
                server.get("/v1/sessions");
            }
        });
        loop {
            let was_sending = !sender.is_finished();
            let (code, said) = say(&data, &["verify"]);
            assert_eq!(code, Some(0), "{said}");
            assert!(said.contains("the folder is in use, its files were checked"), "{said}");
            let (code, said) = say(&data, &["doctor"]);
            assert_eq!(code, Some(0), "{said}");
            if !was_sending {
                break;
            }
        }
    });
}

#[test]
fn what_is_changed_beside_a_running_server_is_found_while_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path());
    let server = Server::start(&data);
    assert_eq!(say(&data, &["verify"]).0, Some(0));
    catalog(&data, "INSERT INTO agents (id, expected, salt) VALUES ('ops/ghost', 0, x'00')");
    let (code, said) = say(&data, &["verify"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("\"ops/ghost\"") && said.contains("no event on the log tells of it"), "{said}");
    flip(&first(&data.join("log/archive")));
    let segment = first(&data.join("segments"));
    flip(&segment);
    let (code, said) = say(&data, &["verify"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("INTEGRITY log/archive/"), "{said}");
    assert!(said.contains(segment.to_str().unwrap()), "the file is named by its own path: {said}");
    assert!(!said.contains("tachograph-verify-"), "{said}");
    // Asked for by name, the server shows the public log alone, and that is said.
    let (code, said) = say(&data, &["--server", &server.address, "verify"]);
    assert!(said.contains("over HTTP the public log alone was checked"), "{code:?} {said}");
}

#[test]
fn a_segment_that_is_listed_no_more_stops_everything_and_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path());
    let segment = first(&data.join("segments"));
    catalog(&data, "DELETE FROM segments WHERE first = 0");
    let name = segment.file_name().unwrap().to_str().unwrap();
    for command in [["sql", "SELECT count(*) FROM events"].as_slice(), &["serve", "--listen", "127.0.0.1:0"]]
    {
        let (code, said) = say(&data, command);
        assert!(code.is_some_and(|code| code != 0), "{command:?}: {said}");
        assert!(said.contains("hold 0 entries, expected") && said.contains(name), "{command:?}: {said}");
    }
    let (code, said) = say(&data, &["doctor"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("hold 0 entries, expected") && said.contains(name), "{said}");
    assert!(said.ends_with("tachograph verify does that\n"), "{said}");
    assert!(segment.exists(), "evidence stays");
}

#[test]
fn a_tile_that_is_cut_short_is_not_called_missing() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path());
    let tile = data.join("log/tile/0/000");
    let bytes = std::fs::read(&tile).unwrap();
    std::fs::write(&tile, &bytes[..4096]).unwrap();
    for command in ["verify", "doctor"] {
        let (code, said) = say(&data, &[command]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("has 4096 bytes, expected 8192"), "{said}");
        assert!(!said.contains("missing"), "{said}");
    }
}

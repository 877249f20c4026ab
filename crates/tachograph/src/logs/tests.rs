//! Files of streams over a real folder: nothing lost, nothing twice, whatever ended the last process.

use super::*;
use crate::clock::now_us;
use crate::config::Config as Whole;
use std::io::{Read, Write};
use tacho_event::words::Known;
use tacho_ingest::Options;
use tacho_ingest::accept::Sender;

fn node(data: &Path) -> Node {
    Node::open(data, &Whole::default()).unwrap()
}

fn send(node: &Node, range: std::ops::Range<u32>) {
    let lines: String = range
        .map(|n| {
            let level = if n % 3 == 0 { "CRITICAL" } else { "INFO" };
            format!(
                r#"{{"id":"e-{n}","level":"{level}","agent":{{"id":"ops/a"}},"action":{{"type":"tool","name":"t-{n}"}},"user_id":"alice@people.example","resources":{{"duration_ms":5}}}}"#
            ) + "\n"
        })
        .collect();
    let sender = Sender {
        writer: *b"a sender",
        source: "http",
        known: Known::SelfReported,
        sees_hooks: false,
        agent: None,
    };
    let (tally, batches) = node.ingest(lines.as_bytes(), &sender, &Options::default());
    assert_eq!(tally.refused_lines, 0);
    node.record(batches).unwrap();
    node.snapshot_blocking(node.status().size());
}

fn config(max_size_mb: u64) -> Config {
    Config { files: Stream::ALL.to_vec(), max_size_mb, ..Config::default() }
}

/// All lines of a stream, rotated files first.
fn lines(folder: &Path, stream: &str) -> Vec<String> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    names.sort();
    let mut text = String::new();
    for name in &names {
        if name.to_str().unwrap().ends_with(".log.gz")
            && name.file_name().unwrap().to_str().unwrap().starts_with(stream)
        {
            flate2::read::GzDecoder::new(std::fs::File::open(name).unwrap())
                .read_to_string(&mut text)
                .unwrap();
        }
    }
    text += &std::fs::read_to_string(folder.join(format!("{stream}.log"))).unwrap();
    text.lines().map(str::to_string).collect()
}

fn forward_all(logs: &mut Logs, node: &Node) {
    while logs.step(node, now_us()).unwrap().is_some() {}
}

#[test]
fn every_event_is_in_its_files_once_whatever_a_crash_left() {
    let dir = tempfile::tempdir().unwrap();
    let (node, folder) = (node(dir.path()), dir.path().join("logs"));
    let mut logs = Logs::open(&config(100), dir.path(), 0).unwrap();
    send(&node, 0..30);
    forward_all(&mut logs, &node);
    assert_eq!(lines(&folder, "critical").len(), 10);
    assert_eq!(lines(&folder, "application").len(), 30);
    assert!(lines(&folder, "performance")[0].contains("AGENT_EXECUTION: ops/a completed in 0.005s"));
    let all: String = Stream::ALL.iter().flat_map(|stream| lines(&folder, stream.name())).collect();
    assert!(!all.contains("alice"), "no line names a person");
    let before = file::read_position(&folder).unwrap().unwrap();
    send(&node, 30..60);
    forward_all(&mut logs, &node);
    drop(logs);
    // Killed behind the lines and before the position, in the middle of a line of one file.
    file::write_position(&folder, before).unwrap();
    let path = folder.join("application.log");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let mut logs = Logs::open(&config(100), dir.path(), 0).unwrap();
    forward_all(&mut logs, &node);
    for (stream, count) in [("critical", 20), ("application", 60), ("performance", 60)] {
        let lines = lines(&folder, stream);
        let unique: std::collections::BTreeSet<&String> = lines.iter().collect();
        assert_eq!((lines.len(), unique.len()), (count, count), "{stream}");
    }
}

#[test]
fn a_file_that_is_full_or_old_is_compressed_and_goes_in_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let (node, folder) = (node(dir.path()), dir.path().join("logs"));
    let mut logs = Logs::open(&config(0), dir.path(), 0).unwrap();
    for n in 0..4 {
        send(&node, n * 10..n * 10 + 10);
        forward_all(&mut logs, &node);
    }
    assert_eq!(lines(&folder, "application").len(), 40);
    assert_eq!(std::fs::metadata(folder.join("application.log")).unwrap().len(), 0);
    // A crash between the rename and the compression.
    std::fs::write(folder.join("critical-2026-01-01-0000000000000000.log"), "old\n").unwrap();
    let later = now_us() + 31 * DAY_US;
    let mut logs = Logs::open(&config(0), dir.path(), 0).unwrap();
    assert!(lines(&folder, "critical").contains(&"old".to_string()));
    send(&node, 40..43);
    while logs.step(&node, later).unwrap().is_some() {}
    let left: Vec<String> = lines(&folder, "application");
    assert!(left.iter().all(|line| !line.contains("t-1 ")), "rotated a month ago: {left:?}");
}

#[test]
fn what_could_not_be_written_is_written_later() {
    let dir = tempfile::tempdir().unwrap();
    let (node, folder) = (node(dir.path()), dir.path().join("logs"));
    let mut logs = Logs::open(&config(100), dir.path(), 0).unwrap();
    send(&node, 0..10);
    // A folder in the way of the position: as a full disk, behind the lines.
    std::fs::create_dir(folder.join("position.tmp")).unwrap();
    assert!(logs.step(&node, now_us()).is_err());
    assert_eq!(node.status().stopped(), None, "recording goes on");
    send(&node, 10..20);
    std::fs::remove_dir(folder.join("position.tmp")).unwrap();
    forward_all(&mut logs, &node);
    assert_eq!(lines(&folder, "application").len(), 20);
    // Deleted by somebody: what comes is in a new one.
    std::fs::remove_file(folder.join("application.log")).unwrap();
    send(&node, 20..25);
    forward_all(&mut logs, &node);
    assert_eq!(lines(&folder, "application").len(), 5);
    std::fs::OpenOptions::new().append(true).open(folder.join("position")).unwrap().write_all(b"x").unwrap();
    assert!(Logs::open(&config(100), dir.path(), 0).is_err(), "a position that is none is not guessed");
}

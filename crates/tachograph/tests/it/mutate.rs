//! Changes any byte, deletes, swaps or cuts any file of a data folder: `verify` finds it, and names file or entry.
//!
//! A sample is tried in every run; `TACHOGRAPH_MUTATIONS=all` tries twenty times as many and prints the table.

use crate::server::{tachograph, text};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Changed bytes of each kind of file.
const FLIPS: usize = 20;
const FLIPS_ALL: usize = 400;
/// Entries in each of the two cuts, and in each of the three batches that only the journal holds.
const CUT: u64 = 280;
const LATER: u64 = 16;
/// Events about edits of the catalog: four that the log has, one that waits.
const EDITS: u64 = 4 + 1;

/// What a file is, by its place in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Segment,
    Tile,
    /// A partial tile of an earlier tree; the wider one repeats it.
    OldTile,
    Checkpoint,
    Archive,
    Journal,
    Ring,
    /// The files with master key and origin: what needs neither is checked all the same.
    Keys,
    Catalog,
    /// Empty, or read by nobody who verifies.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Flip(usize),
    Cut(usize),
    Grow,
    Delete,
    /// With the file at this place in the list.
    Swap(usize),
}

impl Change {
    fn name(self) -> &'static str {
        match self {
            Change::Flip(_) => "flip",
            Change::Cut(_) => "cut",
            Change::Grow => "grow",
            Change::Delete => "delete",
            Change::Swap(_) => "swap",
        }
    }
}

/// Changes that `verify` may call good, and why that is right. An empty name is every change.
const EXCEPTIONS: [(Kind, &str, &str); 6] = [
    (
        Kind::Other,
        "",
        "`lock` holds nothing, config.toml is the operator's: nothing recorded depends on them",
    ),
    (
        Kind::Catalog,
        "",
        "SQLite leaves free space in its pages: every answer, also over agents and keys, must still be the same",
    ),
    (
        Kind::Archive,
        "delete",
        "nothing depends on it: it is there to be compared with copies that others hold",
    ),
    (Kind::OldTile, "delete", "the wider tile holds the same hashes, and the reader cuts them from it"),
    (
        Kind::Journal,
        "grow",
        "a torn end, as a crash leaves it: never acknowledged, cut off at the next start",
    ),
    (Kind::Ring, "grow", "the same: no synced batch can have used a secret in it"),
];

/// What is asked of a folder whose changed catalog passed.
const QUESTIONS: [&str; 4] = [
    "SELECT count(*) AS n, min(timestamp) AS a, max(timestamp) AS b FROM events",
    "SELECT agent_id, outcome_status, count(*) AS n, sum(duration_us) AS d FROM events GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT id, input FROM agent_audit_log ORDER BY id LIMIT 1000",
    "SELECT * FROM agents ORDER BY id",
];

fn events(first: u64, count: u64) -> String {
    (first..first + count)
        .map(|n| {
            format!(
                r#"{{"id":"event-{n}","timestamp":"2026-11-20T10:30:15.123Z","agent":{{"id":"ops/a{}","session_id":"s{}"}},"user_id":"user-{}","action":{{"type":"tool","name":"Bash","tool":{{"parameters":{{"command":"ls /srv/{n}"}}}}}},"outcome":{{"status":"success"}},"resources":{{"duration_ms":{n}}}}}"#,
                n % 3,
                n % 7,
                n % 4
            ) + "\n"
        })
        .collect()
}

/// Two cuts, and three batches behind them that only the journal holds; agents and keys that the log tells of, and an
/// edit that it does not have yet.
fn make(data: &Path) {
    std::fs::create_dir(data).unwrap();
    // All that is sealed is cut at the next chance: an import of nothing is one.
    std::fs::write(data.join("config.toml"), "[store]\nsegment_minutes = 0\n").unwrap();
    for (day, first) in [(1, 0), (2, CUT)] {
        let imported = tachograph(data, &["import", "-"], &events(first, CUT));
        assert_eq!(imported.status.code(), Some(0), "{imported:?}");
        tachograph(data, &["import", "-"], "");
        // The next checkpoint is archived, too, as if days had passed.
        let archived = std::fs::read_dir(data.join("log/archive")).unwrap().map(|file| file.unwrap().path());
        std::fs::rename(archived.max().unwrap(), data.join(format!("log/archive/2026-01-{day:02}T0000Z")))
            .unwrap();
    }
    std::fs::write(data.join("config.toml"), "[store]\n").unwrap();
    tachograph(data, &["agents", "set", "ops/a1", "--team", "operations"], "");
    for name in ["ci", "old"] {
        tachograph(data, &["key", "create", name, "--agent", "ops/a2"], "");
    }
    let keys = text(&tachograph(data, &["key", "list"], "").stdout);
    let old = keys.lines().find(|line| line.contains(" old ")).unwrap();
    let id = old.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 8).unwrap();
    assert_eq!(tachograph(data, &["key", "revoke", id], "").status.code(), Some(0));
    for first in (2 * CUT..).step_by(LATER as usize).take(3) {
        tachograph(data, &["import", "-"], &events(first, LATER));
    }
    tachograph(data, &["agents", "set", "ops/a2", "--note", "on call", "--expected", "true"], "");
    let verified = tachograph(data, &["verify"], "");
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

/// Every file, by its path from the folder.
fn files(data: &Path) -> Vec<(Kind, PathBuf)> {
    let (mut found, mut folders) = (Vec::new(), vec![data.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(data).unwrap().to_path_buf();
                found.push((kind(data, &path), path));
            }
        }
    }
    found.sort();
    found
}

fn kind(data: &Path, path: &Path) -> Kind {
    let name = path.to_str().unwrap();
    match name.split('/').next().unwrap() {
        "segments" => Kind::Segment,
        "wal" => Kind::Journal,
        "log" if name == "log/checkpoint" => Kind::Checkpoint,
        "log" if name.starts_with("log/archive/") => Kind::Archive,
        "log" => {
            let Some((full, width)) = name.split_once(".p/") else { return Kind::Tile };
            let wider = std::fs::read_dir(data.join(format!("{full}.p"))).unwrap();
            let width: u64 = width.parse().unwrap();
            let is_old = data.join(full).exists()
                || wider.map(|entry| entry.unwrap().file_name()).any(|name| {
                    name.to_str().and_then(|name| name.parse::<u64>().ok()).is_some_and(|w| w > width)
                });
            if is_old { Kind::OldTile } else { Kind::Tile }
        }
        "keyring" if name == "keyring/ring" => Kind::Ring,
        "keyring" | "origin" => Kind::Keys,
        "catalog.sqlite" => Kind::Catalog,
        _ => Kind::Other,
    }
}

/// Positions of a file's bytes: first, last, and spread over the rest, most of them where something stands.
fn positions(bytes: &[u8], count: usize) -> Vec<usize> {
    if bytes.len() <= count {
        return (0..bytes.len()).collect();
    }
    let written: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let spread = |of: usize, count: usize| (0..count).map(move |i| (i * of / count + i * 7919) % of);
    let mut found: Vec<usize> = spread(written.len(), count * 3 / 4).map(|i| written[i]).collect();
    found.extend(spread(bytes.len(), count / 4));
    found.extend([0, bytes.len() - 1]);
    found.sort_unstable();
    found.dedup();
    found
}

/// Where something stands that people registered: the ends of each such text.
fn registered(bytes: &[u8]) -> Vec<usize> {
    let ends = |text: &&str| {
        let there = bytes.windows(text.len()).enumerate().filter(|(_, found)| *found == text.as_bytes());
        there.flat_map(|(at, found)| [at, at + found.len() - 1]).collect::<Vec<usize>>()
    };
    ["ops/a1", "ops/a2", "operations", "on call", "write"].iter().flat_map(ends).collect()
}

/// What is done to which file.
fn plan(data: &Path, files: &[(Kind, PathBuf)], flips: usize) -> Vec<(usize, Change)> {
    let mut planned = Vec::new();
    for (at, (kind, path)) in files.iter().enumerate() {
        let bytes = std::fs::read(data.join(path)).unwrap();
        let alike: Vec<usize> = (0..files.len()).filter(|other| files[*other].0 == *kind).collect();
        // Files of one kind share its changes.
        let share = if *kind == Kind::Other { 1 } else { flips.div_ceil(alike.len()) };
        // The end of the line in a file of one line says nothing.
        let bytes = if *kind == Kind::Keys { bytes.trim_ascii_end().to_vec() } else { bytes };
        let mut flipped = positions(&bytes, share);
        if *kind == Kind::Catalog {
            let named = registered(&bytes);
            assert!(named.len() > 20, "what people registered stands in the catalog: {named:?}");
            flipped.extend(named);
        }
        planned.extend(flipped.into_iter().map(|position| (at, Change::Flip(position))));
        let mut cuts = vec![0, bytes.len() / 2, bytes.len().saturating_sub(1)];
        cuts.retain(|cut| *cut < bytes.len());
        cuts.dedup();
        planned.extend(cuts.into_iter().map(|cut| (at, Change::Cut(cut))));
        planned.extend([(at, Change::Grow), (at, Change::Delete)]);
        let same = |other: &usize| std::fs::read(data.join(&files[*other].1)).unwrap() == bytes;
        planned.extend(
            alike.iter().find(|other| **other > at && !same(other)).map(|other| (at, Change::Swap(*other))),
        );
    }
    planned
}

/// Applies a change, and gives what puts the folder back as it was.
fn apply(data: &Path, files: &[(Kind, PathBuf)], at: usize, change: Change) -> Vec<(PathBuf, Vec<u8>)> {
    let path = data.join(&files[at].1);
    let good = std::fs::read(&path).unwrap();
    let mut bad = good.clone();
    let mut before = vec![(path.clone(), good)];
    match change {
        Change::Flip(position) => bad[position] ^= 1 << (position % 7),
        Change::Cut(length) => bad.truncate(length),
        Change::Grow => bad.push(b'\n' ^ 0x55),
        Change::Delete => {
            std::fs::remove_file(&path).unwrap();
            return before;
        }
        Change::Swap(other) => {
            let other = data.join(&files[other].1);
            let there = std::fs::read(&other).unwrap();
            bad.clone_from(&there);
            std::fs::write(&other, &before[0].1).unwrap();
            before.push((other, there));
        }
    }
    std::fs::write(&path, bad).unwrap();
    before
}

/// What is wrong with the answer to a change; `None` when it is as it must be. The flag tells whether it was found.
fn judge(
    data: &Path,
    (kind, path): &(Kind, PathBuf),
    change: Change,
    answers: &[String],
) -> (bool, Option<String>) {
    let verified = tachograph(data, &["verify"], "");
    let said = text(&verified.stdout) + &text(&verified.stderr);
    let short = said.lines().take(3).collect::<Vec<_>>().join(" | ");
    let name = path.file_name().unwrap().to_str().unwrap();
    match verified.status.code() {
        Some(1 | 3) => {
            // A wrong master key and a changed ring look alike: the message says both.
            let named = said.contains(name) || said.contains("entry ") || said.contains("another master key");
            let opens = verified.status.code() == Some(1);
            let problem = if !named {
                Some(format!("names neither file nor entry: {short}"))
            } else if !opens {
                Some(format!("cannot run: {short}"))
            } else {
                None
            };
            (true, problem)
        }
        Some(0)
            if EXCEPTIONS
                .iter()
                .any(|(of, name, _)| of == kind && (name.is_empty() || *name == change.name())) =>
        {
            let same = *kind != Kind::Catalog || ask(data) == answers;
            (false, (!same).then(|| "verify says good, and the answers changed".to_string()))
        }
        code => (false, Some(format!("exit code {code:?}: {short}"))),
    }
}

/// The answers of a copy: asking opens the folder for writing.
fn ask(data: &Path) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    copy(data, dir.path());
    let answer = |arguments: &[&str]| {
        let answer = tachograph(dir.path(), arguments, "");
        text(&answer.stdout) + &text(&answer.stderr)
    };
    let mut answers: Vec<String> =
        QUESTIONS.iter().map(|query| answer(&["sql", "--format", "ndjson", query])).collect();
    answers.push(answer(&["key", "list"]));
    answers
}

fn copy(from: &Path, to: &Path) {
    for (_, path) in files(from) {
        std::fs::create_dir_all(to.join(&path).parent().unwrap()).unwrap();
        std::fs::copy(from.join(&path), to.join(&path)).unwrap();
    }
}

#[test]
fn every_change_of_a_file_is_found_and_named() {
    let all = std::env::var("TACHOGRAPH_MUTATIONS").is_ok_and(|value| value == "all");
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    make(&data);
    let (files, answers) = (files(&data), ask(&data));
    assert!(answers[0].contains(&format!("\"n\":{}", 2 * CUT + 3 * LATER + EDITS)), "{answers:?}");
    let planned = plan(&data, &files, if all { FLIPS_ALL } else { FLIPS });
    let (next, table, wrong) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for worker in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            let own = dir.path().join(format!("copy-{worker}"));
            copy(&data, &own);
            let (next, planned, files, answers, table, wrong) =
                (&next, &planned, &files, &answers, &table, &wrong);
            scope.spawn(move || {
                while let Some((at, change)) = planned.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let before = apply(&own, files, *at, *change);
                    let (found, problem) = judge(&own, &files[*at], *change, answers);
                    before.into_iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
                    let mut table = table.lock().unwrap();
                    let counts: &mut (u32, u32) = table.entry((files[*at].0, change.name())).or_default();
                    *counts = (counts.0 + 1, counts.1 + u32::from(found));
                    drop(table);
                    wrong
                        .lock()
                        .unwrap()
                        .extend(problem.map(|what| format!("{:?} {change:?}: {what}", files[*at].1)));
                }
            });
        }
    });
    for ((kind, change), (tried, found)) in table.into_inner().unwrap() {
        println!("{kind:?} {change}: {tried} tried, {found} found");
    }
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} changes:\n{}", wrong.len(), planned.len(), wrong.join("\n"));
}

#[test]
fn a_folder_without_its_whole_tree_is_not_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    make(&data);
    std::fs::remove_dir_all(data.join("log")).unwrap();
    let verified = tachograph(&data, &["verify"], "");
    assert_eq!(verified.status.code(), Some(1), "{verified:?}");
    assert!(text(&verified.stdout).starts_with("COMPLETENESS log/checkpoint: is missing"), "{verified:?}");
}

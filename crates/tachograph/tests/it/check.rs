//! `verify` and `doctor` where something is lost, damaged, or may not be written.

use crate::server::{tachograph, text};
use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// No user's id on any system: what is right of everybody.
const NOBODY: u32 = 65_534;

/// A folder with so many events, and a file with its verifier keys.
fn folder(dir: &Path, events: u64) -> (PathBuf, String) {
    let data = dir.join("data");
    let line =
        |n| format!("{{\"id\":\"e-{n}\",\"agent_id\":\"ops/a\",\"user_id\":\"u\",\"message\":\"m {n}\"}}\n");
    let imported = tachograph(&data, &["import", "-"], &(0..events).map(line).collect::<String>());
    assert_eq!(imported.status.code(), Some(0), "{imported:?}");
    let keys = dir.join("keys");
    std::fs::write(&keys, text(&tachograph(&data, &["keys"], "").stdout)).unwrap();
    (data, keys.to_str().unwrap().to_string())
}

/// Every file with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// Exit code, and what was said.
fn say(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = tachograph(data, arguments, "");
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_pinned_key_checks_the_signatures_when_the_key_ring_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (data, keys) = folder(dir.path(), 20);
    assert_eq!(say(&data, &["verify", "--pin", &keys]).0, Some(0));
    std::fs::remove_dir_all(data.join("keyring")).unwrap();
    const UNCHECKED: &str = "its signatures were not checked";
    let (code, said) = say(&data, &["verify"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("COMPLETENESS keyring: ") && said.contains(UNCHECKED), "{said}");
    let (code, said) = say(&data, &["verify", "--pin", &keys]);
    assert_eq!(code, Some(1), "the sections cannot be opened: {said}");
    assert!(said.contains("COMPLETENESS keyring: ") && !said.contains(UNCHECKED), "{said}");
    assert!(said.contains("1 findings: 20 entries") && said.contains("over 20 of 20 entries"), "{said}");
    // The first signature is not what it was: only who has a key can tell.
    let note = std::fs::read_to_string(data.join("log/checkpoint")).unwrap();
    flip(&data.join("log/checkpoint"), note.find("\n\n").unwrap() + 60);
    let (_, said) = say(&data, &["verify", "--pin", &keys]);
    assert!(said.contains("INTEGRITY log/checkpoint: "), "{said}");
}

#[test]
fn all_findings_are_printed_when_they_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (data, _) = folder(dir.path(), 1300);
    let journal = data.join("wal/0000000000000000.wal");
    let header = std::fs::read(&journal).unwrap()[..32].to_vec();
    std::fs::write(&journal, header).unwrap();
    let lost = |said: &str| said.lines().filter(|line| line.contains("is signed, but not there")).count();
    let (code, said) = say(&data, &["verify"]);
    assert_eq!((code, lost(&said)), (Some(1), 1000));
    assert!(said.contains("more: --all prints them"), "{said}");
    let (code, said) = say(&data, &["verify", "--all"]);
    assert_eq!((code, lost(&said)), (Some(1), 1300));
    assert!(!said.contains("--all") && said.contains("COMPLETENESS entry 1299: "), "{said}");
}

#[test]
fn doctor_calls_a_healthy_folder_well_and_names_what_is_damaged_without_mending_it() {
    let dir = tempfile::tempdir().unwrap();
    let (data, _) = folder(dir.path(), 20);
    let (code, said) = say(&data, &["doctor"]);
    assert_eq!(code, Some(0), "{said}");
    // With a warning where the machine's disk is nearly full: that says nothing of the folder.
    assert!(said.contains("\nall is well") && !said.contains("BAD"), "{said}");
    assert!(said.ends_with("tachograph verify does that\n"), "{said}");
    let good = files(&data);
    type Damage = (&'static str, fn(&Path), &'static str);
    let damages: [Damage; 5] = [
        ("log/checkpoint", |path| std::fs::remove_file(path).unwrap(), "log/checkpoint is missing"),
        ("keyring/ring", |path| std::fs::remove_file(path).unwrap(), "ring"),
        ("keyring/ring", |path| flip(path, 100), "ring"),
        ("wal/0000000000000000.wal", |path| flip(path, 100), "log/checkpoint is corrupt"),
        ("wal/0000000000000000.wal", |path| flip(path, 3), "0000000000000000.wal is corrupt at byte 0"),
    ];
    for (file, damage, want) in damages {
        damage(&data.join(file));
        let damaged = files(&data);
        let (code, said) = say(&data, &["doctor"]);
        assert_eq!(code, Some(1), "{file}: {said}");
        let bad = said.lines().filter(|line| line.starts_with("  BAD ")).collect::<Vec<_>>().join("\n");
        assert!(bad.contains(want), "{file}: {said}");
        for (path, bytes) in &damaged {
            // SQLite's own files come and go; they hold nothing here.
            let is_of_catalog = path.to_str().unwrap().contains("catalog.sqlite-");
            assert!(is_of_catalog || std::fs::read(path).unwrap() == *bytes, "{file}: {path:?} was changed");
        }
        std::fs::write(data.join(file), &good[&data.join(file)]).unwrap();
    }
    assert_eq!(say(&data, &["doctor"]).0, Some(0));
}

/// Takes or gives the right to write from folders and files, and makes root's folder nobody's, whom rights bind.
fn set_rights(folder: &Path, is_writable: bool) {
    let is_root = rustix::process::geteuid().is_root();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(path) = folders.pop() {
        let is_folder = path.is_dir();
        if is_folder {
            folders.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        if is_root {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mode = if is_folder { 0o500 } else { 0o400 } | if is_writable { 0o200 } else { 0 };
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_verified() {
    let dir = tempfile::tempdir().unwrap();
    let (data, _) = folder(dir.path(), 20);
    tachograph(&data, &["key", "create", "ci"], "");
    tachograph(&data, &["import", "-"], "");
    let good = files(&data);
    // Where nobody can reach it.
    let program = dir.path().join("tachograph");
    let built = env!("CARGO_BIN_EXE_tachograph");
    std::fs::hard_link(built, &program).or_else(|_| std::fs::copy(built, &program).map(drop)).unwrap();
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let verify = || {
        let mut command = Command::new(&program);
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.args(["--data", data.to_str().unwrap(), "verify"]).output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    set_rights(&data, false);
    let refused = {
        let mut command = Command::new("touch");
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.arg(data.join("new")).output().unwrap()
    };
    assert!(!refused.status.success(), "nothing may be written there");
    let (code, said) = verify();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("good: 21 entries"), "{said}");
    assert_eq!(files(&data), good, "nothing was changed, and no file is left behind");
    // What was changed is found there, too.
    set_rights(&data, true);
    flip(&data.join("log/checkpoint"), 30);
    set_rights(&data, false);
    let (code, said) = verify();
    assert_eq!(code, Some(1), "{said}");
    set_rights(&data, true);
}

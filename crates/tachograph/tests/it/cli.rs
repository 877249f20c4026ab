//! The command line as a person uses it, on a folder at rest.

use crate::server::{tachograph, text};
use std::process::{Command, Stdio};

const EVENTS: &str = concat!(
    r#"{"id":"1","timestamp":"2026-11-20T10:30:15.123Z","agent":{"id":"ops/a","session_id":"s"},"#,
    r#""action":{"type":"tool","name":"Bash"},"outcome":{"status":"success"},"user_id":"alice"}"#,
    "\nnonsense\n\n",
    r#"{"agent":{"id":"ops/b"},"action":{"type":"decision","name":"rollback"},"password":"hunter2hunter2"}"#,
    "\n",
);

#[test]
fn import_prove_verify() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let imported = tachograph(&data, &["import", "-"], EVENTS);
    assert_eq!(imported.status.code(), Some(1), "one line was refused: {imported:?}");
    assert!(text(&imported.stdout).starts_with("accepted 2, duplicates 0, refused 1"));
    assert!(text(&imported.stderr).starts_with("line 2 refused: not valid JSON"));
    let entries = text(&tachograph(&data, &["entries"], "").stdout);
    assert_eq!(entries.lines().count(), 2);
    assert!(text(&tachograph(&data, &["prove", "1"], "").stdout).starts_with("c2sp.org/tlog-proof@v1\n"));
    let verified = tachograph(&data, &["verify"], "");
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    // Nothing of the secret is anywhere in the folder.
    let everything = Command::new("grep").args(["-r", "hunter2", data.to_str().unwrap()]).output().unwrap();
    assert_eq!(everything.status.code(), Some(1), "{everything:?}");
}

#[test]
fn a_changed_tile_is_named_and_so_is_a_changed_journal() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    tachograph(&data, &["import", "-"], EVENTS);
    for (file, at, want) in [
        ("log/tile/0/000.p/2", 40, "entry 1"),
        ("wal/0000000000000000.wal", 60, "COMPLETENESS entry 1: is signed, but not there"),
        ("log/checkpoint", 30, "checkpoint"),
    ] {
        let path = data.join(file);
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(&path, &bad).unwrap();
        let verified = tachograph(&data, &["verify"], "");
        assert_eq!(verified.status.code(), Some(1), "{file}: {verified:?}");
        assert!(text(&verified.stdout).contains(want), "{file}: {verified:?}");
        std::fs::write(&path, &good).unwrap();
    }
    assert_eq!(tachograph(&data, &["verify"], "").status.code(), Some(0));
}

/// Who reads along may have seen enough (`| head`), and the verdict is the same.
#[test]
fn a_command_whose_output_nobody_reads_ends_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    tachograph(&data, &["import", "-"], EVENTS);
    let unread = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tachograph"));
        command.args(["--data", data.to_str().unwrap()]).args(arguments).stdin(Stdio::null()).stdout(writer);
        let ended = command.output().unwrap();
        assert_eq!(text(&ended.stderr), "", "{arguments:?}");
        ended.status.code()
    };
    for arguments in [
        &["keys"][..],
        &["openapi"],
        &["verify"],
        &["key", "list"],
        &["hold", "list"],
        &["agents", "set", "ops/a", "--team", "t"],
        &["import", "--dry-run", data.to_str().unwrap()],
        &["query", "--explain", "agent_audit_log | count()"],
    ] {
        assert_eq!(unread(arguments), Some(0), "{arguments:?}");
    }
    let path = data.join("log/tile/0/000.p/2");
    let mut bad = std::fs::read(&path).unwrap();
    bad[40] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    assert_eq!(unread(&["verify"]), Some(1), "what was found is found");
}

#[test]
fn the_same_lines_again_give_only_duplicates_also_without_an_id() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    tachograph(&data, &["import", "-"], EVENTS);
    let again = text(&tachograph(&data, &["import", "-"], EVENTS).stdout);
    assert!(
        again.starts_with("accepted 0, duplicates 2, refused 1; the log has 2 entries, 2 sealed"),
        "{again}"
    );
}

#[test]
fn doctor_names_an_expected_agent_that_is_silent() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    tachograph(&data, &["import", "-"], EVENTS);
    let well = tachograph(&data, &["doctor"], "");
    assert_eq!(well.status.code(), Some(0), "{well:?}");
    tachograph(&data, &["agents", "set", "sec/auditor", "--expected", "true"], "");
    let ill = tachograph(&data, &["doctor"], "");
    assert_eq!(ill.status.code(), Some(1), "{ill:?}");
    assert!(
        text(&ill.stdout).contains("expected agent not seen for a day: {\"id\":\"sec/auditor\"}"),
        "{ill:?}"
    );
}

#[test]
fn exit_codes_tell_a_finding_from_a_wrong_question_from_what_could_not_run() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    tachograph(&data, &["import", "-"], &EVENTS.replace("nonsense\n", ""));
    for (code, arguments) in [
        (0, &["sql", "SELECT 1"][..]),
        (0, &["search", "nothing-has-this-word"]),
        (1, &["show", "no-such-id"]),
        (1, &["prove", "no-such-id"]),
        (1, &["prove", "99"]),
        (2, &["sql", "SELEC 1"]),
        (2, &["sql", "SELECT nothing FROM events"]),
        (2, &["sql", "DROP TABLE events"]),
        (2, &["sql", "SELECT 1", "--format", "xml"]),
        (2, &["search", "--limit", "999999"]),
        (2, &["search", "--limit", "many"]),
        (2, &["search", "--from", "whenever"]),
        (2, &["search", "--cursor", "made-up"]),
        (2, &["import", "-", "--format", "made-up"]),
        (2, &["verify", "--pin", "made-up"]),
        (2, &["serve", "--listen", "nowhere"]),
        (2, &["fly"]),
        (3, &["import", "/no/such/file"]),
        (3, &["sql", "SELECT 1", "--server", "127.0.0.1:1"]),
        (3, &["serve", "--listen", "0.0.0.0:0"]),
        (3, &["tail"]),
    ] {
        let ended = tachograph(&data, arguments, "");
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {ended:?}");
        assert_eq!(ended.stderr.is_empty(), code == 0, "it says why: {arguments:?}: {ended:?}");
    }
}

#[test]
fn every_format_of_an_answer_has_the_columns_without_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    tachograph(&data, &["import", "-"], EVENTS);
    let asked = |format| {
        let query =
            "SELECT nullif(user_id, 'system') AS user_id, agent_id FROM agent_audit_log ORDER BY index";
        text(&tachograph(&data, &["sql", query, "--format", format], "").stdout)
    };
    let lines = "{\"user_id\":\"alice\",\"agent_id\":\"ops/a\"}\n{\"user_id\":null,\"agent_id\":\"ops/b\"}\n";
    assert_eq!(asked("ndjson"), lines);
    assert_eq!(asked("csv"), "user_id,agent_id\nalice,ops/a\n,ops/b\n");
    assert!(asked("json").contains("{\"user_id\":null,\"agent_id\":\"ops/b\"}"));
}

#[test]
fn localhost_is_an_address() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let ended = tachograph(&data, &["demo", "--events", "1", "--listen", "localhost:0"], "");
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(text(&ended.stdout).contains("http://127.0.0.1:"), "{ended:?}");
}

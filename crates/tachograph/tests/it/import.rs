//! `import` as a person uses it: the usual folders, what is there, twice, in parts, followed.

use crate::server::{Server, tachograph, text};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A line of a Claude Code transcript.
fn line(number: u32) -> String {
    format!(
        "{{\"type\":\"user\",\"uuid\":\"00000000-0000-4000-8000-{number:012}\",\"sessionId\":\"s\",\
         \"timestamp\":\"2026-11-20T10:00:00Z\",\"message\":{{\"role\":\"user\",\"content\":\"go {number}\"}}}}\n"
    )
}

fn home(dir: &Path) -> std::path::PathBuf {
    let home = dir.join("home");
    let project = home.join(".claude/projects/p");
    std::fs::create_dir_all(project.join("s/subagents")).unwrap();
    std::fs::write(project.join("s.jsonl"), line(1) + &line(2)).unwrap();
    std::fs::write(project.join("s/subagents/agent-1.jsonl"), line(3)).unwrap();
    let day = home.join(".codex/sessions/2026/11/20");
    std::fs::create_dir_all(&day).unwrap();
    let meta = r#"{"timestamp":"2026-11-20T10:00:00Z","type":"session_meta","payload":{"id":"x"}}"#;
    std::fs::write(day.join("rollout-1.jsonl"), format!("{meta}\n")).unwrap();
    home
}

/// The program with a home folder of its own.
fn program(data: &Path, home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tachograph"));
    command.env_clear().env("HOME", home).arg("--data").arg(data).args(arguments);
    command
}

fn run(data: &Path, home: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program(data, home, arguments).output().unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_usual_folders_are_found_and_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let (home, data) = (home(dir.path()), dir.path().join("data"));
    let (code, out, _) = run(&data, &home, &["import", "--dry-run"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("claude          2") && out.contains("codex           1"), "{out}");
    assert!(!data.exists(), "a dry run writes nothing");
    let (code, out, _) = run(&data, &home, &["import"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("accepted 4, duplicates 0, refused 0; the log has 4 entries"), "{out}");
    let (_, out, _) = run(&data, &home, &["import", "claude", "codex"]);
    assert!(out.contains("accepted 0, duplicates 4, refused 0"), "{out}");
    std::fs::rename(home.join(".claude/projects/p"), home.join(".claude/projects/q")).unwrap();
    std::fs::write(home.join(".claude/projects/q/s.jsonl"), line(1) + &line(2) + &line(4)).unwrap();
    let (_, out, _) = run(&data, &home, &["import", "claude"]);
    assert!(out.contains("accepted 1, duplicates 3, refused 0"), "moved and grown: {out}");
    let empty = dir.path().join("empty");
    std::fs::create_dir_all(&empty).unwrap();
    let (code, out, err) = run(&data, &empty, &["import"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("found nothing in ") && err.contains("nothing to import"), "{out}{err}");
    let (code, _, err) = run(&data, &home, &["import", "nothing-of-that-name"]);
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn what_is_kept_of_a_sub_agent_is_the_same_event_wherever_its_folder_is() {
    let dir = tempfile::tempdir().unwrap();
    let (home, data) = (home(dir.path()), dir.path().join("data"));
    let meta = r#"{"agentType":"general-purpose","description":"A","toolUseId":"toolu_1","spawnDepth":1}"#;
    let project = home.join(".claude/projects/p");
    std::fs::write(project.join("s/subagents/agent-1.meta.json"), meta).unwrap();
    let (_, out, _) = run(&data, &home, &["import", "claude"]);
    assert!(out.contains("accepted 4, duplicates 0, refused 0"), "{out}");
    let moved = dir.path().join("moved");
    std::fs::rename(project, &moved).unwrap();
    let (_, out, _) = run(&data, &home, &["import", moved.to_str().unwrap()]);
    assert!(out.contains("accepted 0, duplicates 4, refused 0"), "{out}");
    let asked = "SELECT agent_id, action_name FROM events WHERE extra LIKE '%spawnDepth%'";
    let (_, out, _) = run(&data, &home, &["sql", asked, "--format", "csv"]);
    assert_eq!(out, "agent_id,action_name\nclaude-code,log\n");
}

#[test]
fn one_bad_file_keeps_no_other_from_being_read() {
    let dir = tempfile::tempdir().unwrap();
    let (home, data) = (home(dir.path()), dir.path().join("data"));
    let folder = dir.path().join("runs");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.jsonl"), line(7) + "nonsense\n" + &line(8)).unwrap();
    std::fs::write(folder.join("b.jsonl.gz"), [0x1f, 0x8b, 0, 0]).unwrap();
    std::fs::write(folder.join("c.txt"), "not looked at").unwrap();
    let (code, out, err) = run(&data, &home, &["import", folder.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("accepted 2, duplicates 0, refused 1"), "{out}{err}");
    assert!(err.contains("a.jsonl line 2 refused: not valid JSON") && err.contains("b.jsonl.gz: "), "{err}");
}

/// A follower of the home's Claude folder.
struct Follower {
    child: Child,
    err: BufReader<std::process::ChildStderr>,
}

impl Follower {
    fn start(data: &Path, home: &Path) -> Follower {
        let mut command = program(data, home, &["import", "claude", "--follow"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        err.read_line(&mut said).unwrap();
        assert!(said.starts_with("following 2 files"), "{said}");
        Follower { child, err }
    }

    /// Stops it as Ctrl-C does. Gives its last line.
    fn stop(mut self) -> String {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        let output = self.child.wait_with_output().unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.err, &mut rest).unwrap();
        assert_eq!(output.status.code(), Some(0), "{rest}");
        text(&output.stdout).lines().last().unwrap_or_default().to_string()
    }
}

/// Asks until the log has so many events.
fn wait(server: &Server, events: u64) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let found = server.sql("SELECT count(*) AS n FROM events");
        if found[0]["n"] == events {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{found:?}, not {events}");
    }
}

#[test]
fn what_is_written_is_followed_and_a_half_written_line_waits_for_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let (home, data) = (home(dir.path()), dir.path().join("data"));
    tachograph(&data, &["import", "-"], "");
    let server = Server::start(&data);
    let follower = Follower::start(&data, &home);
    wait(&server, 3);
    let session = home.join(".claude/projects/p/s.jsonl");
    let mut file = std::fs::OpenOptions::new().append(true).open(&session).unwrap();
    let (whole, half) = (line(11), line(12));
    file.write_all(whole.as_bytes()).unwrap();
    file.write_all(&half.as_bytes()[..40]).unwrap();
    wait(&server, 4);
    file.write_all(&half.as_bytes()[40..]).unwrap();
    wait(&server, 5);
    std::fs::write(home.join(".claude/projects/p/new.jsonl"), line(13)).unwrap();
    wait(&server, 6);
    // Cut and written anew: what was there is a duplicate.
    std::fs::write(&session, line(1) + &line(14)).unwrap();
    wait(&server, 7);
    // Written anew in its place, and longer than it was.
    let anew = |lines: std::ops::Range<u32>| lines.map(line).collect::<String>();
    std::fs::write(&session, anew(20..30)).unwrap();
    wait(&server, 17);
    // And as long as it was.
    std::fs::write(&session, anew(30..40)).unwrap();
    wait(&server, 27);
    let last = follower.stop();
    assert!(last.starts_with("accepted 27, duplicates 1, refused 0"), "{last}");
    server.stop();
}

/// Claude Code's files in the worst order: what a sub-agent wrote and the session that goes on from another are the oldest.
#[test]
fn a_session_is_its_own_agents_and_has_what_others_repeat_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, data) = (dir.path().join("p"), dir.path().join("data"));
    let (own, fork) = ("0192f8a1-1111-7111-8111-111111111111", "0192f8a1-2222-7222-8222-222222222222");
    let said = |session: &str, second: u32, more: &str| {
        format!(
            r#"{{"type":"user","uuid":"00000000-0000-4000-8000-{second:012}","sessionId":"{session}","timestamp":"2026-11-20T10:00:{second:02}Z"{more},"message":{{"role":"user","content":"go"}}}}"#
        ) + "\n"
    };
    let answered = |session: &str, second: u32, more: &str| {
        format!(
            r#"{{"type":"assistant","uuid":"00000000-0000-4000-8000-{second:012}","sessionId":"{session}","timestamp":"2026-11-20T10:00:{second:02}Z"{more},"message":{{"id":"msg_{second}","model":"claude-opus-4-1","usage":{{"input_tokens":{second},"output_tokens":1}},"content":[{{"type":"text","text":"done"}}]}}}}"#
        ) + "\n"
    };
    let copied = format!(r#","requestSessionId":"{own}""#);
    let files = [
        ("sub/agent-1.jsonl", answered(own, 0, r#","isSidechain":true,"agentId":"sub""#)),
        (
            "a.jsonl",
            said(fork, 1, "") + &answered(fork, 2, &copied) + &said(fork, 30, "") + &answered(fork, 40, ""),
        ),
        ("b.jsonl", said(own, 1, "") + &answered(own, 2, "")),
    ];
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    for (age, (name, lines)) in files.iter().enumerate() {
        std::fs::write(folder.join(name), lines).unwrap();
        let changed = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 + age as u64);
        let file = std::fs::File::options().append(true).open(folder.join(name)).unwrap();
        file.set_modified(changed).unwrap();
    }
    let (_, out, err) = run(&data, dir.path(), &["import", folder.to_str().unwrap()]);
    assert!(out.contains("accepted 8, duplicates 3, refused 0"), "{out}{err}");
    let asked = "SELECT id, agent_id, agents, tokens, events FROM sessions ORDER BY id";
    let (_, out, _) = run(&data, dir.path(), &["sql", asked, "--format", "csv"]);
    let expected =
        format!("id,agent_id,agents,tokens,events\n{own},claude-code,2,4,5\n{fork},claude-code,1,41,3\n");
    assert_eq!(out, expected);
    let (_, out, _) = run(&data, dir.path(), &["show", own]);
    assert!(out.starts_with(&format!("Session {own} of claude-code")), "{out}");
}

//! Whether `install`, `uninstall` and `status` look where an agent looks, and whether the hook can run there.

use crate::program::{Program, spawn};
use crate::server::Server;
use std::path::Path;
use std::process::{Command, Output};

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_agent-audit-log");

/// The program in a folder, with itself on PATH.
fn run(program: &Program, folder: &Path, args: &[&str]) -> String {
    let path = Path::new(PROGRAM).parent().unwrap();
    text(&program.command(args).env("PATH", path).current_dir(folder).output().unwrap())
}

/// What `status` says in a folder with a PATH, while all is well with the server; and whether it says that all is.
fn status(server: &Server, program: &Program, folder: &Path, path: &Path) -> (String, bool) {
    let asked = spawn(program.command(&["status"]).env("PATH", path).current_dir(folder));
    server.next().answer("200 OK", "", "{}");
    let output = asked.wait_with_output().unwrap();
    (text(&output), output.status.success())
}

fn git(folder: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@example.com"]).args(args);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
}

#[test]
fn in_a_linked_worktree_codex_is_served_in_the_main_checkout_and_the_others_where_they_are() {
    let server = Server::start();
    let program = Program::new(&server.url);
    let root = program.home.path().canonicalize().unwrap();
    let (main, linked) = (root.join("main"), root.join("linked"));
    std::fs::create_dir(&main).unwrap();
    git(&main, &["init", "-q"]);
    git(&main, &["commit", "-q", "--allow-empty", "-m", "x"]);
    git(&main, &["worktree", "add", "-q", linked.to_str().unwrap()]);
    let (hooks, folder) = (main.join(".codex/hooks.json"), linked.join(".codex"));
    let codex =
        |verb: &str, more: &[&str]| run(&program, &linked, &[&[verb, "codex", "--project"], more].concat());
    let status = |folder: &Path| status(&server, &program, folder, Path::new(PROGRAM).parent().unwrap());

    let dry = codex("install", &["--dry-run"]);
    assert!(dry.contains("linked/.codex: not made") && !folder.exists() && !hooks.exists(), "{dry}");
    let said = codex("install", &[]);
    assert!(said.contains("main/.codex/hooks.json: changed") && said.contains("linked worktree"), "{said}");
    assert!(hooks.exists() && folder.is_dir(), "Codex wants the folder, and reads no hooks in it");
    assert!(!folder.join("hooks.json").exists());
    let counted = format!("11 of 11 hooks  {}", hooks.display());
    for place in [&main, &linked] {
        let (said, is_good) = status(place);
        assert!(is_good && said.contains(&counted) && !said.contains("worktree"), "{said}");
    }
    std::fs::remove_dir(&folder).unwrap();
    for place in [&main, &linked] {
        let (said, is_good) = status(place);
        assert!(
            !is_good && said.contains("linked/.codex: `agent-audit-log install codex --project`"),
            "{said}"
        );
        let again = run(&program, place, &["install", "codex", "--project"]);
        assert!(again.contains("nothing to change") && again.contains("linked/.codex: made"), "{again}");
        std::fs::remove_dir(&folder).unwrap();
    }
    codex("install", &[]);
    codex("uninstall", &[]);
    assert!(!folder.exists() && !main.join(".codex").exists());

    // What stands in the worktree alone is not read.
    codex("install", &[]);
    std::fs::remove_dir(&folder).unwrap();
    std::fs::rename(main.join(".codex"), &folder).unwrap();
    let (said, is_good) = status(&linked);
    assert!(!is_good && said.contains("takes no hooks from") && !said.contains("11 of 11"), "{said}");

    for (agent, file) in [("claude", ".claude/settings.json"), ("gemini", ".gemini/settings.json")] {
        run(&program, &linked, &["install", agent, "--project"]);
        assert!(linked.join(file).exists() && !main.join(file).exists());
    }
}

#[test]
fn a_hook_whose_program_is_not_there_is_told_by_install_and_by_status() {
    let server = Server::start();
    let program = Program::new(&server.url);
    let home = program.home.path();
    let (here, other) = (Path::new(PROGRAM).parent().unwrap(), home.join("bin"));
    let status = |path: &Path| status(&server, &program, home, path);
    let told = "agent-audit-log is not on PATH";
    let plain = text(&program.run(&["install", "gemini", "--project", "--dry-run"], b""));
    assert!(plain.contains(told) && plain.contains(PROGRAM), "{plain}");
    let said = run(&program, home, &["install", "gemini", "--project"]);
    assert!(!said.contains(told), "{said}");
    let (said, is_good) = status(Path::new("/nowhere"));
    assert!(said.contains(told) && !is_good, "{said}");
    let (said, is_good) = status(here);
    assert!(!said.contains("PATH") && is_good, "{said}");

    std::fs::create_dir(&other).unwrap();
    std::fs::copy("/bin/sh", other.join("agent-audit-log")).unwrap();
    let (said, is_good) = status(&other);
    assert!(said.contains("another program than this one") && is_good, "{said}");

    // In the user's settings the program has its place.
    let said = text(&program.run(&["install", "claude"], b""));
    assert!(!said.contains("PATH"), "{said}");
    let settings = home.join(".claude/settings.json");
    let moved = std::fs::read_to_string(&settings).unwrap().replace(PROGRAM, "/gone/agent-audit-log");
    std::fs::write(&settings, moved).unwrap();
    let (said, is_good) = status(here);
    assert!(said.contains("/gone/agent-audit-log is not there") && !is_good, "{said}");
}

#[test]
fn uninstall_takes_the_folder_that_install_made_and_no_other() {
    let program = Program::new("http://127.0.0.1:1");
    let home = program.home.path();
    for agent in ["claude", "codex", "gemini"] {
        let folder = home.join(format!(".{agent}"));
        let take_back = || {
            run(&program, home, &["install", agent]);
            run(&program, home, &["uninstall", agent]);
        };
        take_back();
        assert!(!folder.exists(), "{agent}");
        std::fs::create_dir(&folder).unwrap();
        run(&program, home, &["uninstall", agent]);
        assert!(folder.exists(), "{agent}: nothing was taken out");
        std::fs::write(folder.join("more"), "").unwrap();
        take_back();
        assert!(folder.join("more").exists(), "{agent}");
    }
    let chosen = home.join("chosen");
    std::fs::create_dir(&chosen).unwrap();
    for verb in ["install", "uninstall"] {
        let done = program.command(&[verb, "codex"]).env("CODEX_HOME", &chosen).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    assert!(
        chosen.exists() && !chosen.join("hooks.json").exists(),
        "Codex ends where CODEX_HOME is not there"
    );
}

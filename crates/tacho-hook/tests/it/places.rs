//! What `install` and `uninstall` leave in the folders of agents.

use crate::program::Program;
use std::path::Path;
use std::process::Output;

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_agent-audit-log");

/// The program in a folder, with itself on PATH.
fn run(program: &Program, folder: &Path, args: &[&str]) -> String {
    let path = Path::new(PROGRAM).parent().unwrap();
    text(&program.command(args).env("PATH", path).current_dir(folder).output().unwrap())
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

use super::*;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

struct Script(tempfile::TempDir);

impl Script {
    fn new(text: &str) -> Script {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Script(folder)
    }

    fn run(&self, arguments: &[&str], input: &str, timeout: Duration) -> Outcome {
        let path: PathBuf = self.0.path().join("script");
        let arguments = arguments.iter().map(ToString::to_string).collect();
        run(&Program { path, arguments, timeout }, input, &|| false)
    }
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_program_gets_its_arguments_as_they_are_the_text_and_an_empty_environment() {
    let script = Script::new(
        "cat; echo \"$#/$1\"; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= ; pwd; echo done",
    );
    let ended = script.run(&["$(touch /tmp/never); a b"], "{\"a\":\"`id`\"}\n", LONG);
    assert_eq!((ended.standing, ended.what.as_str()), (Standing::Succeeded, "done"), "{ended:?}");
    let expected = format!("{{\"a\":\"`id`\"}}\n1/$(touch /tmp/never); a b\nPATH={PATH}\n/\ndone\n");
    assert_eq!(ended.result["output"], expected.as_str());
}

#[test]
fn how_it_failed_is_told() {
    let ended = Script::new("echo working; echo no such host >&2; exit 3").run(&[], "", LONG);
    assert_eq!((ended.standing, ended.what.as_str()), (Standing::Failed, "ended with 3: no such host"));
    assert_eq!(ended.result["exit_code"], 3);
    let ended = Script::new("kill -TERM $$").run(&[], "", LONG);
    assert_eq!(ended.what, "was ended by signal 15");
    let path = PathBuf::from("/no/such/program");
    let ended = run(&Program { path, arguments: Vec::new(), timeout: LONG }, "", &|| false);
    assert!(ended.what.contains("No such file"), "{ended:?}");
}

#[test]
fn one_that_takes_too_long_is_ended_with_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = Script::new(&format!("sleep 1000 & echo $! > {}; wait", pid.display()));
    let ended = script.run(&[], "", Duration::from_millis(300));
    assert_eq!((ended.standing, ended.what.as_str()), (Standing::TimedOut, "was ended after 0.3 s"));
    if let Ok(child) = std::fs::read_to_string(&pid) {
        // It was told to go and is a zombie at most soon, until whoever adopted it has looked.
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        let began = std::time::Instant::now();
        while !state().is_empty() && !state().contains(") Z") {
            assert!(began.elapsed() < LONG, "{}", state());
            std::thread::yield_now();
        }
    }
}

#[test]
fn output_is_read_to_its_end_and_kept_to_a_limit() {
    let ended = Script::new("head -c 1000000 /dev/zero | tr '\\0' x").run(&[], "", LONG);
    assert_eq!(ended.standing, Standing::Succeeded, "{}", ended.what);
    assert_eq!(ended.result["output"].as_str().unwrap().len(), OUTPUT_BYTES_MAX);
    assert_eq!(ended.result["output_left_out"], 1_000_000 - OUTPUT_BYTES_MAX);
}

#[test]
fn one_that_does_not_read_and_one_that_leaves_a_child_behind_hold_nobody_up() {
    let text = "x".repeat(1 << 20);
    assert_eq!(Script::new("exit 0").run(&[], &text, LONG).standing, Standing::Succeeded);
    let ended = Script::new("sleep 1000 & echo started").run(&[], "", LONG);
    assert_eq!((ended.standing, ended.what.as_str()), (Standing::Succeeded, "started"));
}

#[test]
fn the_end_of_the_server_ends_it() {
    let script = Script::new("sleep 1000");
    let path = script.0.path().join("script");
    let ended = run(&Program { path, arguments: Vec::new(), timeout: LONG }, "", &|| true);
    assert_eq!(
        (ended.standing, ended.what.as_str()),
        (Standing::Failed, "was ended because the server stops")
    );
}

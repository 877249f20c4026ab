//! `install`, `uninstall` and `status` on files as agents have them.

use crate::program::Program;
use crate::server::Server;

fn said(program: &Program, args: &[&str]) -> String {
    let output = program.run(args, b"");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn install_shows_its_change_makes_it_once_and_uninstall_takes_it_back() {
    let program = Program::new("http://127.0.0.1:1");
    let path = program.home.path().join(".claude/settings.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let before = "{\n  // mine\n  \"model\": \"opus\"\n}\n";
    std::fs::write(&path, before).unwrap();
    let dry = said(&program, &["install", "claude", "--dry-run"]);
    assert!(dry.contains("+") && dry.contains("PostToolUse") && dry.contains("not changed"), "{dry}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    said(&program, &["install", "claude"]);
    let after = std::fs::read_to_string(&path).unwrap();
    assert!(after.contains("// mine") && after.contains("hook claude"));
    assert!(said(&program, &["install", "claude"]).contains("nothing to change"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
    let status = String::from_utf8(program.run(&["status"], b"").stdout).unwrap();
    assert!(status.contains("31 of 31 hooks"), "{status}");
    said(&program, &["uninstall", "claude"]);
    let left = std::fs::read_to_string(&path).unwrap();
    assert_eq!(left, before);
}

#[test]
fn a_project_gets_the_hook_by_name_and_the_server_goes_to_the_users_own_file() {
    let program = Program::new("");
    std::fs::write(program.home.path().join("key"), "tgk_2\n").unwrap();
    for (agent, file, events) in [("codex", ".codex/hooks.json", 11), ("gemini", ".gemini/settings.json", 11)]
    {
        said(&program, &["install", agent, "--project", "--url", "https://r.example", "--key-file", "key"]);
        let text = std::fs::read_to_string(program.home.path().join(file)).unwrap();
        assert_eq!(text.matches(&format!("\"agent-audit-log hook {agent}\"")).count(), events);
    }
    let file = std::fs::read_to_string(program.home.path().join(".config/tachograph/hook.toml")).unwrap();
    assert!(file.contains("url = \"https://r.example\"") && file.contains("/key\""), "{file}");
}

#[test]
fn a_broken_settings_file_is_left_alone_and_named() {
    let program = Program::new("http://127.0.0.1:1");
    let path = program.home.path().join(".gemini/settings.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "{\"hooks\": ").unwrap();
    let output = program.run(&["install", "gemini"], b"");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains(".gemini/settings.json: not valid JSON"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"hooks\": ");
    assert!(!program.run(&["install", "cursor"], b"").status.success());
}

#[test]
fn status_counts_each_file_once_and_says_what_is_switched_off() {
    let program = Program::new("http://127.0.0.1:1");
    let path = program.home.path().join(".claude/settings.json");
    said(&program, &["install", "claude"]);
    let mut text = std::fs::read_to_string(&path).unwrap();
    text = text.replacen("\"PreToolUse\": [\n      {", "\"PreToolUse\": [\n      {\"matcher\": \"Bash\",", 1);
    std::fs::write(&path, text.replacen('{', "{\"disableAllHooks\": true,", 1)).unwrap();
    let status = String::from_utf8(program.run(&["status"], b"").stdout).unwrap();
    assert_eq!(status.matches("30 of 31 hooks").count(), 1, "{status}");
    for told in [
        "\"disableAllHooks\": true switches all of them off",
        "PreToolUse: runs only for the matcher \"Bash\"",
    ] {
        assert!(status.contains(told), "{status}");
    }
}

#[test]
fn status_does_not_wait_for_a_server_that_never_answers() {
    // The connection is taken, and kept open: only the program's own patience ends its question.
    let server = Server::start();
    let output = Program::new(&server.url).run(&["status"], b"");
    let status = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(status.contains(&format!("no answer from {}/v1/events within 3s", server.url)), "{status}");
}

#[test]
fn status_reads_the_local_settings_of_a_project_too() {
    let program = Program::new("http://127.0.0.1:1");
    let status = || String::from_utf8(program.run(&["status"], b"").stdout).unwrap();
    let folder = program.home.path().join(".claude");
    let local = folder.join("settings.local.json");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(&local, r#"{"permissions": {"allow": ["Bash"]}}"#).unwrap();
    assert!(!status().contains("settings.local.json"), "it says nothing of hooks: {}", status());
    said(&program, &["install", "claude"]);
    std::fs::rename(folder.join("settings.json"), &local).unwrap();
    assert!(status().contains("31 of 31 hooks") && status().contains("settings.local.json"), "{}", status());
    std::fs::write(&local, r#"{"disableAllHooks": true}"#).unwrap();
    said(&program, &["install", "claude"]);
    assert!(status().contains("\"disableAllHooks\": true switches all of them off"), "{}", status());
    std::fs::write(&local, "{").unwrap();
    let output = program.run(&["status"], b"");
    assert!(!output.status.success());
    assert!(status().contains("not valid JSON"), "{}", status());
}

#[test]
fn an_address_that_nothing_can_be_sent_to_changes_nothing() {
    let program = Program::new("");
    let output = program.run(&["install", "claude", "--url", "ftp://x"], b"");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && error.contains("--url: \"ftp://x\" is not of http or https"),
        "{error}"
    );
    assert!(!program.home.path().join(".claude").exists() && !program.home.path().join(".config").exists());
}

#[test]
fn a_key_file_without_a_key_is_named_before_anything_changes_and_later_by_status() {
    let program = Program::new("");
    let key = program.home.path().join("key");
    let install = || {
        let output = program.run(&["install", "claude", "--key-file", "key"], b"");
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let refused = |told: &str| {
        let (is_installed, error) = install();
        assert!(!is_installed && error.contains("--key-file: key: ") && error.contains(told), "{error}");
        let home = program.home.path();
        assert!(!home.join(".claude").exists() && !home.join(".config").exists());
    };
    refused("No such file");
    std::fs::write(&key, "\n").unwrap();
    refused("is empty, expected the API key");
    std::fs::write(&key, "name: ops\nkey: tgk_2\n").unwrap();
    refused("more than one word");
    std::fs::write(&key, "tgk_2\n").unwrap();
    assert!(install().0);
    std::fs::remove_file(&key).unwrap();
    let status = program.command(&["status"]).env_remove("AUDIT_LOG_KEY").output().unwrap();
    let told = String::from_utf8(status.stdout).unwrap();
    assert!(!status.status.success() && told.contains("No such file"), "{told}");
}

#[test]
fn the_help_teaches() {
    let program = Program::new("http://127.0.0.1:1");
    for args in [&["--help"][..], &["hook", "--help"], &["install", "--help"]] {
        assert!(said(&program, args).contains("Usage"), "{args:?}");
    }
    assert!(said(&program, &["--help"]).contains("agent-audit-log install claude"));
}

#[test]
fn who_reads_no_more_of_what_is_printed_stops_nothing() {
    let program = Program::new("http://127.0.0.1:1");
    let unread = |args: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = crate::program::spawn(program.command(args).stdout(writer));
        let ended = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "", "{args:?}");
        ended.status.code()
    };
    assert_eq!(unread(&["install", "claude"]), Some(0));
    assert!(program.home.path().join(".claude/settings.json").exists());
    assert_eq!(unread(&["status"]), Some(1), "no server is there");
}

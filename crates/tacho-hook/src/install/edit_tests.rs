use super::*;
use crate::install::Scope;
use crate::stamp::Source;
use std::path::Path;

const COMMAND: &str = "/usr/local/bin/agent-audit-log hook claude";

fn claude() -> Target {
    Target::of(Source::Claude)
}

fn value(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn an_empty_file_gets_every_event_once_and_a_second_time_changes_nothing() {
    for source in Source::ALL {
        let target = Target::of(source);
        let first = add("", &target, COMMAND).unwrap();
        let hooks = value(&first.text)["hooks"].clone();
        assert_eq!(hooks.as_object().unwrap().len(), target.events.len());
        for event in target.events {
            assert_eq!(hooks[event][0]["hooks"][0]["command"], COMMAND, "{event}");
        }
        assert_eq!(add(&first.text, &target, COMMAND).unwrap().text, first.text);
        assert_eq!(installed(&first.text, &target, COMMAND).unwrap(), (target.events.len(), false));
        assert_eq!(value(&remove(&first.text, COMMAND).unwrap().text), serde_json::json!({}));
    }
}

const OTHERS: &str = r#"{
  // mine
  "model": "opus", // and this
  "hooks": {
    "Stop": [
      { "hooks": [ { "type": "command", "command": "notify-send done" } ] }, /* keep */
    ],
    "PreToolUse": [ { "matcher": "Bash", "hooks": [ { "type": "command", "command": "/old/agent-audit-log" }, { "type": "command", "command": "guard" } ] } ]
  }
}
"#;

#[test]
fn what_is_there_stays_with_its_comments_and_an_old_command_is_renewed() {
    let added = add(OTHERS, &claude(), COMMAND).unwrap().text;
    for kept in ["// mine", "// and this", "/* keep */", "notify-send done", "guard", "\"matcher\": \"Bash\""]
    {
        assert!(added.contains(kept), "{kept}: {added}");
    }
    assert!(!added.contains("/old/"));
    let removed = remove(&added, COMMAND).unwrap().text;
    assert!(!removed.contains(OURS), "{removed}");
    for kept in ["// mine", "// and this", "/* keep */", "notify-send done", "guard"] {
        assert!(removed.contains(kept), "{kept}: {removed}");
    }
    assert_eq!(remove(&removed, COMMAND).unwrap().text, removed);
}

#[test]
fn a_name_that_no_agent_has_is_corrected_with_what_stands_under_it() {
    for written in [
        r#"{"hooks":{"PostToolCall":"agent-audit-log"}}"#,
        r#"{"hooks":{"PostToolCall":[{"command":"agent-audit-log"}]}}"#,
        r#"{"hooks":{"PostToolCall":[{"hooks":[{"type":"command","command":"agent-audit-log"}]}]}}"#,
    ] {
        assert!(installed(written, &claude(), COMMAND).unwrap().1);
        let edited = add(written, &claude(), COMMAND).unwrap();
        let hooks = value(&edited.text)["hooks"].clone();
        assert!(hooks["PostToolCall"].is_null());
        assert_eq!(hooks["PostToolUse"].as_array().unwrap().len(), 1, "{}", edited.text);
        assert_eq!(hooks["PostToolUse"][0]["hooks"][0]["command"], COMMAND);
        assert!(edited.notes[0].contains("PostToolCall"));
    }
    let other = r#"{"hooks":{"PostToolCall":[{"matcher":"Bash","command":"curl x"}]}}"#;
    let hooks = value(&add(other, &Target::of(Source::Gemini), COMMAND).unwrap().text)["hooks"].clone();
    assert_eq!(hooks["AfterTool"][0]["hooks"][0]["command"], "curl x");
    assert_eq!(
        (hooks["AfterTool"][0]["matcher"].as_str(), hooks["AfterTool"].as_array().unwrap().len()),
        (Some("Bash"), 2)
    );
}

#[test]
fn one_line_stays_one_line_and_is_the_same_again_afterwards() {
    for text in [
        r#"{"model":"opus","hooks":{"Stop":[{"hooks":[{"type":"command","command":"bell: a, b"}]}]}}"#,
        "{\"model\": \"opus\", \"permissions\": {\"allow\": [\"Bash(ls, *)\"]}}\n",
        "{ \"model\": \"opus\" }",
    ] {
        let added = add(text, &claude(), COMMAND).unwrap().text;
        assert_eq!(added.trim_end().lines().count(), 1, "{added}");
        assert_eq!(value(&added)["model"], "opus");
        assert_eq!(installed(&added, &claude(), COMMAND).unwrap().0, claude().events.len());
        assert_eq!(add(&added, &claude(), COMMAND).unwrap().text, added);
        assert_eq!(remove(&added, COMMAND).unwrap().text, text);
    }
}

#[test]
fn changes_of_files_are_told_of_those_that_the_matcher_names() {
    let added = add("", &claude(), COMMAND).unwrap().text;
    let matcher = value(&added)["hooks"]["FileChanged"][0]["matcher"].clone();
    assert!(matcher.as_str().unwrap().split('|').any(|file| file == "CLAUDE.md"), "{added}");
    let own = format!(
        r#"{{"hooks":{{"FileChanged":[{{"matcher":"mine.txt","hooks":[{{"type":"command","command":"{COMMAND}"}}]}}]}}}}"#
    );
    let groups = value(&add(&own, &claude(), COMMAND).unwrap().text)["hooks"]["FileChanged"].clone();
    assert_eq!((groups.as_array().unwrap().len(), &groups[0]["matcher"]), (1, &"mine.txt".into()));
    assert!(!claude().events.iter().any(|event| event.starts_with("Worktree")));
}

#[test]
fn what_is_no_settings_file_is_refused_and_says_why() {
    for (text, why) in [
        ("{", "not valid JSON"),
        ("[]", "expected an object"),
        (r#"{"hooks":[]}"#, "\"hooks\" is no object"),
        (r#"{"hooks":{"Stop":{}}}"#, "\"hooks.Stop\" is no array"),
    ] {
        let error = add(text, &claude(), COMMAND).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    assert_eq!(remove("[]", COMMAND).unwrap().text, "[]");
}

#[test]
fn a_program_of_another_name_knows_its_own_hooks_and_no_others() {
    let (target, command) = (claude(), "/opt/recorder hook claude");
    let first = add("", &target, command).unwrap();
    assert_eq!(add(&first.text, &target, command).unwrap().text, first.text);
    assert_eq!(installed(&first.text, &target, command).unwrap().0, target.events.len());
    assert_eq!(remove(&first.text, "/opt/other hook claude").unwrap().text, first.text);
    assert_eq!(value(&remove(&first.text, command).unwrap().text), serde_json::json!({}));
}

#[test]
fn hooks_that_are_switched_off_are_told() {
    for (text, told) in [
        (r#"{"disableAllHooks":true}"#, true),
        (r#"{"hooksConfig":{"enabled":false}}"#, true),
        (r#"{"hooksConfig":{"enabled":true}}"#, false),
    ] {
        assert_eq!(add(text, &claude(), COMMAND).unwrap().notes.len(), usize::from(told), "{text}");
    }
}

#[test]
fn a_path_with_spaces_is_quoted_for_the_shell() {
    let target = claude();
    assert_eq!(
        target.command(Scope::User, Path::new("/a b/agent-audit-log")),
        "'/a b/agent-audit-log' hook claude"
    );
    assert_eq!(
        target.command(Scope::Project, Path::new("/x/agent-audit-log")),
        "agent-audit-log hook claude"
    );
}

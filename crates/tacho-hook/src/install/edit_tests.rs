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
        assert_eq!(installed(&first.text, &target, COMMAND).unwrap().events, target.events.len());
        assert_eq!(value(&remove(&first.text, &target, COMMAND).unwrap().text), serde_json::json!({}));
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
    let removed = remove(&added, &claude(), COMMAND).unwrap().text;
    assert!(!removed.contains("agent-audit-log"), "{removed}");
    for kept in ["// mine", "// and this", "/* keep */", "notify-send done", "guard"] {
        assert!(removed.contains(kept), "{kept}: {removed}");
    }
    assert_eq!(remove(&removed, &claude(), COMMAND).unwrap().text, removed);
}

#[test]
fn a_name_that_no_agent_has_is_corrected_with_what_stands_under_it() {
    for written in [
        r#"{"hooks":{"PostToolCall":"agent-audit-log"}}"#,
        r#"{"hooks":{"PostToolCall":[{"command":"agent-audit-log"}]}}"#,
        r#"{"hooks":{"PostToolCall":[{"hooks":[{"type":"command","command":"agent-audit-log"}]}]}}"#,
    ] {
        assert!(installed(written, &claude(), COMMAND).unwrap().notes[0].contains("PostToolCall"));
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
fn what_has_the_form_that_agents_read_is_renamed_and_stays_as_it_is_written() {
    let groups = r#"[
      // mine
      {"matcher": "*", "hooks": [{"type": "command", "command": "curl x"}]},
      {"hooks": [{"type": "command", "timeout": 5, "command": "bell"}]}
    ]"#;
    let text = format!("{{\n  \"hooks\": {{\n    \"PostToolCall\": {groups}\n  }}\n}}\n");
    let edited = add(&text, &claude(), COMMAND).unwrap();
    let mine = groups.strip_suffix("\n    ]").unwrap();
    assert!(edited.text.contains(&format!("\"PostToolUse\": {mine},\n")), "{}", edited.text);
    assert!(!edited.text.contains("PostToolCall") && edited.notes[0].contains("PostToolUse"));
    // Where the event is there already, they go behind what it has.
    let both = text.replace("// mine", "").replacen(
        "{\n    \"Post",
        "{\"PostToolUse\": [{\"hooks\": []}],\n    \"Post",
        1,
    );
    let hooks = value(&add(&both, &claude(), COMMAND).unwrap().text)["hooks"].clone();
    assert_eq!(hooks["PostToolUse"].as_array().unwrap().len(), 4, "{hooks}");
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
        assert_eq!(installed(&added, &claude(), COMMAND).unwrap().events, claude().events.len());
        assert_eq!(add(&added, &claude(), COMMAND).unwrap().text, added);
        assert_eq!(remove(&added, &claude(), COMMAND).unwrap().text, text);
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
    assert_eq!(remove("[]", &claude(), COMMAND).unwrap().text, "[]");
}

#[test]
fn a_program_of_another_name_knows_its_own_hooks_and_no_others() {
    let (target, command) = (claude(), "/opt/recorder hook claude");
    let first = add("", &target, command).unwrap();
    assert_eq!(add(&first.text, &target, command).unwrap().text, first.text);
    assert_eq!(installed(&first.text, &target, command).unwrap().events, target.events.len());
    assert_eq!(remove(&first.text, &claude(), "/opt/other hook claude").unwrap().text, first.text);
    assert_eq!(value(&remove(&first.text, &claude(), command).unwrap().text), serde_json::json!({}));
}

#[test]
fn hooks_that_are_switched_off_are_told() {
    for (text, told) in [
        (r#"{"disableAllHooks":true}"#, true),
        (r#"{"hooksConfig":{"enabled":false}}"#, true),
        (r#"{"hooksConfig":{"enabled":true}}"#, false),
    ] {
        assert_eq!(add(text, &claude(), COMMAND).unwrap().notes.len(), usize::from(told), "{text}");
        assert_eq!(installed(text, &claude(), COMMAND).unwrap().is_off, told, "{text}");
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

fn before_a_call(matcher: &str, command: &str) -> String {
    let command = serde_json::Value::from(command);
    format!(
        r#"{{"hooks":{{"PreToolUse":[{{"matcher":"{matcher}","hooks":[{{"type":"command","command":{command}}}]}}]}}}}"#
    )
}

#[test]
fn commands_of_others_stay_whatever_they_mention() {
    for (line, told) in [
        ("cat >> ~/notes-agent-audit-log.txt", 0),
        ("/opt/my/agent-audit-log-wrapper.sh", 0),
        ("AUDIT_LOG_URL=https://r.example AGENT_ID=releaser agent-audit-log", 1),
        ("agent-audit-log hook claude | tee x", 1),
    ] {
        for matcher in ["", "Bash"] {
            let text = before_a_call(matcher, line);
            let added = add(&text, &claude(), COMMAND).unwrap();
            assert!(added.is_first);
            let groups = value(&added.text)["hooks"]["PreToolUse"].clone();
            assert_eq!(
                (&groups[0]["hooks"][0]["command"], &groups[0]["matcher"]),
                (&line.into(), &matcher.into())
            );
            assert_eq!(groups[1]["hooks"][0]["command"], COMMAND);
            assert_eq!(added.notes.len(), told, "{:?}", added.notes);
            let found = installed(&added.text, &claude(), COMMAND).unwrap();
            assert_eq!((found.events, found.notes.len()), (claude().events.len(), told));
            let removed = remove(&added.text, &claude(), COMMAND).unwrap();
            assert_eq!((removed.text, removed.notes.len()), (text, 1 + told));
        }
    }
}

#[test]
fn a_hook_behind_a_matcher_or_a_condition_gives_way_to_one_that_sees_everything() {
    let condition = before_a_call("*", COMMAND).replace("\"type\"", "\"if\":\"Bash(git *)\",\"type\"");
    for (text, why) in [(before_a_call("Bash", COMMAND), "\"Bash\""), (condition, "Bash(git *)")] {
        let found = installed(&text, &claude(), COMMAND).unwrap();
        assert_eq!(found.events, 0);
        assert!(
            found.notes[0].starts_with("PreToolUse: ") && found.notes[0].contains(why),
            "{:?}",
            found.notes
        );
        let added = add(&text, &claude(), COMMAND).unwrap();
        assert!(!added.is_first && added.notes[0].contains(why), "{:?}", added.notes);
        let groups = value(&added.text)["hooks"]["PreToolUse"].clone();
        assert_eq!(groups.as_array().unwrap().len(), 1, "{groups}");
        assert!(groups[0]["matcher"].is_null() && groups[0]["hooks"][0]["if"].is_null(), "{groups}");
        assert_eq!(installed(&added.text, &claude(), COMMAND).unwrap().events, claude().events.len());
    }
    // A matcher that means everything limits nothing.
    let all = before_a_call("*", COMMAND);
    assert_eq!(installed(&all, &claude(), COMMAND).unwrap().events, 1);
    assert!(add(&all, &claude(), COMMAND).unwrap().notes.is_empty());
    // Of files that change, each matcher is another's.
    let files = before_a_call("a", COMMAND).replace("PreToolUse", "FileChanged");
    let group = r#"{"matcher":"b","hooks":[{"type":"command","command":"agent-audit-log"}]}"#;
    let files = files.replace("[{\"matcher\":\"a\"", &format!("[{group},{{\"matcher\":\"a\""));
    let added = value(&add(&files, &claude(), COMMAND).unwrap().text)["hooks"]["FileChanged"].clone();
    assert_eq!((&added[0]["matcher"], &added[1]["matcher"]), (&"b".into(), &"a".into()), "{added}");
    assert_eq!(added[0]["hooks"][0]["command"], COMMAND);
}

#[test]
fn what_was_kept_comes_back_to_the_byte_unless_something_else_changed() {
    for kept in [
        "",
        "  \n\n",
        "{\n\t\"model\": \"opus\",\n\t\"hooks\": {}\n}",
        r#"{"n":1e400,"hooks":{"Stop":[]}}"#,
        "{\r\n  \"hooks\": {\r\n    \"Stop\": [{\"hooks\":[{\"type\":\"command\",\"command\":\"x\"}]}]\r\n  }\r\n}\r\n",
        r#"{"hooks":{"PostToolCall":[{"matcher":"*","hooks":[{"type":"command","command":"curl x"}]}]}}"#,
        OTHERS.replace("/old/agent-audit-log", "mine").as_str(),
    ] {
        let target = claude();
        let old = add(kept, &target, "/old/agent-audit-log hook claude").unwrap().text;
        let added = add(&old, &target, COMMAND).unwrap().text;
        assert_eq!(remove_to(&added, kept, &target, COMMAND).unwrap().text, kept);
        let edited = added.replacen('{', "{\"new\": 1, ", 1);
        let left = remove_to(&edited, kept, &target, COMMAND).unwrap().text;
        assert!(left.contains("\"new\"") && !left.contains("agent-audit-log"), "{left}");
        // A file without our hooks is not changed, whatever was kept.
        assert_eq!(remove_to("{\"a\":1}", kept, &target, COMMAND).unwrap().text, "{\"a\":1}");
    }
    let ours = add(OTHERS, &claude(), COMMAND).unwrap().text;
    assert!(!remove_to(&ours, OTHERS, &claude(), COMMAND).unwrap().text.contains("agent-audit-log"));
}

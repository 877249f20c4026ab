//! `tachograph rules`, as somebody uses it who writes alert rules.

use crate::server::{tachograph, text};
use std::path::Path;
use std::process::Output;

const FILE: &str = "\
# Ours.
id: failures
severity: warning
title: Agent failing repeatedly
action: notify_ops
query: |
  agent_audit_log|outcome_status='failure'
  | count() by agent_id | count > 2
window: 1h
every: stream
annotations: {runbook: docs/failures.md}
tests:
  - name: three fire
    events: [{at: 10s, repeat: 3, spacing: 1s, agent_id: a, outcome_status: failure}]
    expect: [{at: 2m, group: {agent_id: a}, state: firing, value: {count: 3}, receivers: [team, notify_ops]}]
  - name: two do not
    events: [{at: 10s, repeat: 2, agent_id: a, outcome_status: failure}]
";

/// Three failures of an agent an hour apart from three of another, imported long after.
fn history(data: &Path) {
    let event = |agent: &str, minute: u32| {
        format!(
            r#"{{"id":"{agent}-{minute}","timestamp":"2026-10-0{}T10:{minute:02}:00Z","agent":{{"id":"{agent}"}},"#,
            if agent == "ops/a" { 1 } else { 8 }
        ) + r#""action":{"type":"tool","name":"Bash"},"outcome":{"status":"failed"}}"#
    };
    let events = [("ops/a", 1), ("ops/a", 2), ("ops/a", 3), ("ops/b", 1), ("ops/b", 2), ("ops/b", 59)];
    let lines: Vec<String> = events.iter().map(|(agent, minute)| event(agent, *minute)).collect();
    let imported = tachograph(data, &["import", "-"], &lines.join("\n"));
    assert_eq!(imported.status.code(), Some(0), "{imported:?}");
}

struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { dir: tempfile::tempdir().unwrap() };
        desk.write("rules.yaml", FILE);
        desk
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        let path = std::path::PathBuf::from(self.path(name));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let at = |argument: &&str| match argument.strip_suffix(".yaml") {
            Some(_) => self.path(argument),
            None => argument.to_string(),
        };
        let arguments: Vec<String> = ["rules"].iter().chain(arguments).map(at).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        tachograph(&self.dir.path().join("data"), &arguments, "")
    }
}

#[test]
fn the_built_in_rules_are_there_without_a_file() {
    let desk = Desk::new();
    let listed = desk.run(&["list"]);
    assert!(text(&listed.stdout).contains("agent_failure_cascade"), "{listed:?}");
    let tested = desk.run(&["test"]);
    assert_eq!(tested.status.code(), Some(0), "{tested:?}");
    assert!(text(&tested.stdout).ends_with(", 0 failed\n"), "{tested:?}");
    let one = desk.run(&["explain", "--rule", "hung_agent"]);
    assert!(text(&one.stdout).starts_with("hung_agent (critical)"), "{one:?}");
    assert_eq!(text(&one.stdout).matches("\nhash ").count(), 1);
}

#[test]
fn a_built_in_rule_is_explained_as_the_data_folder_has_it() {
    let desk = Desk::new();
    let told = || {
        let explained = desk.run(&["explain", "--rule", "hung_call"]);
        assert_eq!(explained.status.code(), Some(0), "{explained:?}");
        text(&explained.stdout)
    };
    let usual = told();
    assert!(usual.contains(" 10 minutes") && usual.contains("the default, without "), "{usual}");
    desk.write("data/config.toml", "[actions]\nhung_minutes = 45\n");
    let own = told();
    assert!(own.contains(" 45 minutes") && !own.contains(" 10 minutes"), "{own}");
    assert!(own.contains("[actions] hung_minutes, as in ") && own.contains("/data/config.toml;"), "{own}");
    assert_eq!(desk.run(&["test", "--rule", "hung_call"]).status.code(), Some(0));
    desk.write("data/config.toml", "[actions]\nhung = 45\n");
    let broken = desk.run(&["explain"]);
    assert!(text(&broken.stderr).contains("config.toml"), "{broken:?}");
}

#[test]
fn a_failed_test_is_a_finding_and_says_what_was_found() {
    let desk = Desk::new();
    let good = desk.run(&["test", "rules.yaml"]);
    assert_eq!((good.status.code(), text(&good.stdout)), (Some(0), "1 rules, 2 tests, 0 failed\n".into()));
    for (from, to, part) in [
        ("count > 2", "count > 3", "expected firing, found inactive"),
        ("[team, notify_ops]", "[oncall]", "expected \"oncall\" to be told, found"),
        ("[team, notify_ops]", "[notify_opps]", "did you mean \"notify_ops\"?"),
        ("value: {count: 3}", "value: {count: 4}", "expected count = 4, found 3"),
    ] {
        desk.write("other.yaml", &FILE.replace(from, to));
        let bad = desk.run(&["test", "other.yaml"]);
        assert_eq!(bad.status.code(), Some(1), "{to}: {bad:?}");
        assert!(text(&bad.stdout).contains(part), "{to}: {bad:?}");
    }
    let routing = "route: {receiver: mine, group_wait: 0s}\nreceivers: [{name: mine}, {name: notify_ops}]\n";
    desk.write("routing.yaml", routing);
    let routed = desk.run(&["test", "rules.yaml", "--routing", "routing.yaml"]);
    assert!(text(&routed.stdout).contains("the routing has no receiver \"team\""), "{routed:?}");
    desk.write("other.yaml", &FILE.replace("[team, ", "[mine, "));
    let routed = desk.run(&["test", "other.yaml", "--routing", "routing.yaml"]);
    assert_eq!(routed.status.code(), Some(0), "{routed:?}");
}

#[test]
fn files_are_checked_and_formatted() {
    let desk = Desk::new();
    let unformatted = desk.run(&["format", "rules.yaml", "--check"]);
    assert_eq!(unformatted.status.code(), Some(1), "{unformatted:?}");
    assert_eq!(desk.run(&["format", "rules.yaml", "--write"]).status.code(), Some(0));
    let written = std::fs::read_to_string(desk.path("rules.yaml")).unwrap();
    let query = "  agent_audit_log\n  | outcome_status = 'failure'\n  | count() by agent_id\n  | count > 2\nwindow: 1h\n";
    assert!(written.starts_with("# Ours.\n") && written.contains(query), "{written}");
    assert_eq!(desk.run(&["format", "rules.yaml", "--check"]).status.code(), Some(0));
    assert_eq!(text(&desk.run(&["format", "rules.yaml"]).stdout), written);
    assert_eq!(desk.run(&["lint", "rules.yaml", "--strict"]).status.code(), Some(0));
    desk.write("advice.yaml", &FILE.replace("notify_ops\nquery", "notify_opps\nquery"));
    assert_eq!(desk.run(&["lint", "advice.yaml"]).status.code(), Some(0));
    let strict = desk.run(&["lint", "advice.yaml", "--strict"]);
    assert_eq!(strict.status.code(), Some(1), "{strict:?}");
    assert!(text(&strict.stdout).contains("no receiver \"notify_opps\"; did you mean \"notify_ops\"?"));
    desk.write("bad.yaml", &FILE.replace("agent_id | count", "agnet_id | count"));
    let bad = desk.run(&["lint", "bad.yaml"]);
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
    assert!(
        text(&bad.stdout).contains("bad.yaml:8: rule failures")
            && text(&bad.stdout).contains("\"agent_id\"?")
    );
    for (code, arguments) in [
        (1, &["test", "rules.yaml", "--rule", "failurs"][..]),
        (2, &["test", "bad.yaml"]),
        (2, &["format", "bad.yaml"]),
        (2, &["test", "rules.yaml", "--routing", "rules.yaml"]),
        (2, &["replay", "--examples", "500"]),
        (3, &["lint", "nothing.yaml"]),
        (3, &["replay"]),
    ] {
        let ended = desk.run(arguments);
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {ended:?}");
        assert!(!ended.stderr.is_empty(), "it says why: {arguments:?}: {ended:?}");
    }
}

#[test]
fn a_replay_tells_how_often_a_week_from_what_is_recorded() {
    let desk = Desk::new();
    history(&desk.dir.path().join("data"));
    let by_import = text(&desk.run(&["replay", "rules.yaml"]).stdout);
    assert!(
        by_import.starts_with("failures: 6 events over 0s, fired 2 times, too short a time"),
        "{by_import}"
    );
    let replayed = text(&desk.run(&["replay", "rules.yaml", "--time", "event"]).stdout);
    let lines: Vec<&str> = replayed.lines().collect();
    assert_eq!(lines[0], "failures: 6 events over 1w58m, fired 2 times, 2.0 a week", "{replayed}");
    assert!(
        lines[1].contains("2026-10-08T10:59:00") && lines[1].contains("agent_id=ops/b  count = 3  event 5")
    );
    assert!(lines[2].contains("agent_id=ops/a  count = 3  event 2"), "{replayed}");
    let recent = text(&desk.run(&["replay", "rules.yaml", "--time", "event", "--days", "1"]).stdout);
    assert!(recent.starts_with("failures: 0 events"), "{recent}");
    let all = desk.run(&["replay", "--time", "event"]);
    assert_eq!(all.status.code(), Some(0), "{all:?}");
    assert!(text(&all.stdout).contains("never fired over 6 events: "), "{all:?}");
}

const SIGMA: &str = "title: Shell\nlogsource: {category: agent_activity}\ndetection:\n  s: {ToolName: Bash}\n  condition: s\n";

#[test]
fn sigma_rules_come_and_go() {
    let desk = Desk::new();
    desk.write("sigma/shell.yaml", SIGMA);
    desk.write("sigma/more/bad.yml", &SIGMA.replace("ToolName", "ToolNmae"));
    let folder = desk.path("sigma");
    let imported = desk.run(&["import", "--from", "sigma", &folder]);
    assert_eq!(imported.status.code(), Some(1), "one is refused: {imported:?}");
    let told = text(&imported.stderr);
    assert!(told.contains("bad.yml:4: ") && told.contains("did you mean \"ToolName\"?"), "{told}");
    assert!(told.ends_with("1 rules written, 1 refused\n"), "{told}");
    desk.write("ours.yaml", &text(&imported.stdout));
    assert_eq!(desk.run(&["lint", "ours.yaml"]).status.code(), Some(0));
    let exported = desk.run(&["export", "--to", "sigma", "ours.yaml"]);
    assert!(text(&exported.stdout).contains("    action_name: bash\n"), "{exported:?}");
    let left = desk.run(&["export", "--to", "sigma", "--rule", "hung_agent"]);
    assert_eq!((left.status.code(), text(&left.stdout)), (Some(0), String::new()));
    assert!(text(&left.stderr).contains("hung_agent: left out: it looks at what is open"), "{left:?}");
}

#[test]
fn a_real_routing_is_checked_written_as_ours_and_tried() {
    let desk = Desk::new();
    let real = "global: {resolve_timeout: 5m}\nroute:\n  receiver: team\n  routes: [{match: {severity: critical}, receiver: pager}]\n\
        receivers: [{name: team}, {name: pager, webhook_configs: [{url: 'https://example.com/x'}]}]\n";
    desk.write("am.yaml", real);
    let checked = desk.run(&["routing", "check", "am.yaml"]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    assert!(text(&checked.stdout).contains("am.yaml:1: resolve_timeout is not needed"), "{checked:?}");
    let imported = desk.run(&["routing", "import", "am.yaml"]);
    assert_eq!(imported.status.code(), Some(0), "{imported:?}");
    desk.write(
        "old.yaml",
        &real.replace(
            "webhook_configs: [{url: 'https://example.com/x'}]",
            "pagerduty_configs: [{service_key: a}]",
        ),
    );
    let old = desk.run(&["routing", "import", "old.yaml"]);
    assert!(
        text(&old.stdout).contains("service_key: a")
            && text(&old.stderr).contains("service_key is of the old API"),
        "{old:?}"
    );
    assert_eq!(old.status.code(), Some(1), "what it says can't be used as it is");
    desk.write("ours.yaml", &text(&imported.stdout));
    for (labels, to) in [("severity=critical", "pager"), ("severity=warning", "team")] {
        for file in ["am.yaml", "ours.yaml"] {
            let tried = desk.run(&["routing", "test", "--routing", file, "--expect", to, labels]);
            assert_eq!((tried.status.code(), text(&tried.stdout)), (Some(0), format!("{to}\n")), "{tried:?}");
        }
    }
    let other =
        desk.run(&["routing", "test", "--routing", "am.yaml", "--expect", "team", "severity=critical"]);
    assert_eq!(other.status.code(), Some(1), "{other:?}");
    desk.write("bad.yaml", &real.replace("receiver: pager", "receiver: pagr"));
    let bad = desk.run(&["routing", "check", "bad.yaml"]);
    assert!(text(&bad.stdout).contains("no receiver \"pagr\"; did you mean \"pager\"?"), "{bad:?}");
    assert_eq!(bad.status.code(), Some(1));
}

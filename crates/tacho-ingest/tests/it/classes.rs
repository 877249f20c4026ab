//! The table of classes, through the whole way in.

use crate::common::take;
use tacho_event::fact::TextFact;
use tacho_event::words::Class;
use tacho_ingest::classify::Classes;

fn classified(body: &str) -> (String, &'static str, &'static str) {
    let taken = take(body);
    let event = taken.one();
    let action = event.facts.text(TextFact::MappedAction).unwrap_or("-").to_string();
    assert_eq!(event.header.retention, event.header.class);
    (action, event.header.class.as_str(), event.header.level.as_str())
}

#[test]
fn every_action_of_the_table_has_its_class_and_level() {
    let classes = Classes::default();
    for class in Class::ALL {
        let rule = classes.rule(*class);
        for action in &rule.actions {
            let told = classified(&format!(r#"{{"agent_id":"a","action_name":"{action}"}}"#));
            assert_eq!(told, (action.clone(), class.as_str(), rule.level.as_str()));
        }
    }
}

#[test]
fn tools_and_commands_are_mapped() {
    let bash = |command: &str| {
        classified(&format!(
            r#"{{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{{"command":"{command}"}}}}"#
        ))
    };
    let tool =
        |name: &str| classified(&format!(r#"{{"hook_event_name":"PreToolUse","tool_name":"{name}"}}"#));
    for (told, action, class) in [
        (tool("Read"), "file_read", "standard"),
        (tool("Write"), "file_write", "standard"),
        (tool("Edit"), "file_write", "standard"),
        (tool("Grep"), "search_operation", "standard"),
        (tool("WebSearch"), "search_operation", "standard"),
        (tool("Agent"), "agent_coordination", "high_priority"),
        (tool("mcp__x__y"), "-", "standard"),
        (bash("ls -la"), "-", "standard"),
        (bash("cd x && git push origin main"), "code_deployment", "high_priority"),
        (bash("make\\ngit push"), "code_deployment", "high_priority"),
        (bash("legit pushing"), "-", "standard"),
        (bash("git  push"), "code_deployment", "high_priority"),
        (bash("git -C /r push"), "code_deployment", "high_priority"),
        (bash("GIT PUSH"), "code_deployment", "high_priority"),
        (bash("\\u0067it push"), "code_deployment", "high_priority"),
        (bash("kubectl -n prod apply -f x"), "production_deployment", "critical"),
        (bash("terraform -chdir=x apply"), "production_deployment", "critical"),
        (bash("bash -c \\\"kubectl apply\\\""), "production_deployment", "critical"),
        (bash("shutdown -h now"), "system_shutdown", "critical"),
        (bash("grep 'kubectl apply' README.md"), "-", "standard"),
        (bash("echo 'git push'"), "-", "standard"),
        (bash("ls\",\"command\":\"git push"), "code_deployment", "high_priority"),
        (bash("git push; kubectl apply -f x.yaml"), "production_deployment", "critical"),
        (bash("terraform apply"), "production_deployment", "critical"),
        (bash("helm upgrade web ./web"), "production_deployment", "critical"),
        (bash("ansible-playbook -i prod site.yml"), "production_deployment", "critical"),
        (bash("aws --profile x ecs update-service --service web"), "production_deployment", "critical"),
        (bash("sudo systemctl restart web"), "configuration_change", "high_priority"),
        (bash("systemctl status web"), "-", "standard"),
        (bash("gh --repo a/b release create v2"), "code_deployment", "high_priority"),
        (bash("pnpm publish --access public"), "code_deployment", "high_priority"),
    ] {
        assert_eq!((told.0.as_str(), told.1), (action, class));
    }
}

#[test]
fn reading_and_dry_runs_deploy_nothing() {
    let action = |command: &str| {
        classified(&format!(
            r#"{{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{{"command":"{command}"}}}}"#
        ))
        .0
    };
    for command in [
        "kubectl rollout status deploy/x",
        "kubectl create deployment x --help",
        "kubectl create token x",
        "ansible-playbook -C site.yml",
        "aws cloudformation deploy --stack-name x --no-execute-changeset",
        "docker compose up",
        "vercel",
        "kubectl -n prod rollout history deploy/x",
        "kubectl diff -f x.yaml",
        "kubectl apply --dry-run=client -f x.yaml",
        "kubectl apply --dry-run=server -f x.yaml",
        "kubectl delete pod x --dry-run=client",
        "helm upgrade web ./web --dry-run",
        "helm install --dry-run=server web ./web",
        "terraform plan -destroy",
        "terraform apply -help",
        "git push --dry-run origin main",
        "git push -n",
        "docker push --help",
        "cargo publish --dry-run",
        "ansible-playbook --check site.yml",
        "shutdown -c",
    ] {
        assert_eq!(action(command), "-", "{command}");
    }
    for (command, want) in [
        ("kubectl rollout restart deploy/status", "production_deployment"),
        ("kubectl rollout undo deploy/x", "production_deployment"),
        ("kubectl apply --dry-run=none -f x", "production_deployment"),
        ("kubectl create deployment x --image=y", "production_deployment"),
        ("terragrunt apply", "production_deployment"),
        ("docker compose -f prod.yml up -d", "production_deployment"),
        ("vercel --prod", "production_deployment"),
        ("ansible-playbook -c local site.yml", "production_deployment"),
        ("git -C /r push", "code_deployment"),
        ("kubectl rollout status deploy/x && kubectl apply -f x", "production_deployment"),
        ("helm upgrade web ./web --dry-run=false", "production_deployment"),
        ("git push --dry-run && git push", "code_deployment"),
        ("docker push x/y", "code_deployment"),
        ("shutdown -h now", "system_shutdown"),
    ] {
        assert_eq!(action(command), want, "{command}");
    }
}

#[test]
fn a_claim_is_raised_and_never_lowered() {
    let told = |claim: &str, action: &str| {
        let (_, class, level) = classified(&format!(
            r#"{{"agent_id":"a","action_name":"{action}","class":"{claim}","level":"error"}}"#
        ));
        (class, level)
    };
    assert_eq!(told("critical", "file_read"), ("critical", "CRITICAL"));
    assert_eq!(told("standard", "code_deployment"), ("high_priority", "HIGH"));
    assert_eq!(told("standard", "file_read"), ("standard", "ERROR"));
    let debug = classified(r#"{"level":"debug","message":"x"}"#);
    assert_eq!(debug, ("-".into(), "standard", "DEBUG"), "a class that nobody named raises no level");
}

#[test]
fn changes_of_an_agents_status_or_schedule_stand_out() {
    let update = |changes: &str| {
        let body = format!(
            r#"{{"action":"AGENT_UPDATED","entityType":"agent","entityId":"7c","changes":{changes},"severity":"info"}}"#
        );
        let (_, class, level) = classified(&body);
        (class, level)
    };
    assert_eq!(update(r#"{"name":{"before":"a","after":"b"}}"#), ("standard", "INFO"));
    assert_eq!(update(r#"{"scheduled_time":{"before":null,"after":"0 8 * * 1"}}"#), ("critical", "CRITICAL"));
    assert_eq!(update(r#"{"status":{"before":"draft","after":"active"}}"#), ("critical", "CRITICAL"));
}

#[test]
fn types_are_mapped_where_no_name_is() {
    assert_eq!(classified(r#"{"order_id":"1","price":1,"gas_used":2}"#).0, "financial_transaction");
    assert_eq!(
        classified(r#"{"action":"API_KEY_ROTATED","entityType":"key","entityId":"k"}"#).0,
        "configuration_change"
    );
}

#[test]
fn a_command_may_come_as_a_list_of_words() {
    for input in
        [r#"{"command":["bash","-lc","git push"]}"#, r#"{"command":["git","push"]}"#, r#""git push""#]
    {
        let body = format!(r#"{{"hook_event_name":"PreToolUse","tool_name":"shell","tool_input":{input}}}"#);
        assert_eq!(classified(&body).0, "code_deployment", "{input}");
    }
}

#[test]
fn a_longer_retention_that_is_asked_for_raises_the_retention_and_not_the_class() {
    for (claim, asked, want) in [
        ("standard", "7_years", "critical"),
        ("standard", "2 years", "high_priority"),
        ("standard", "1_year", "standard"),
        ("standard", "50_years", "critical"),
        ("high_priority", "30_days", "high_priority"),
        ("critical", "50_years", "critical"),
        ("standard", "-7_years", "standard"),
    ] {
        let taken = take(&format!(
            r#"{{"agent_id":"a","action_name":"x","class":"{claim}","compliance":{{"retention_period":"{asked}"}}}}"#
        ));
        let header = taken.one().header;
        assert_eq!((header.class.as_str(), header.retention.as_str()), (claim, want), "{asked}");
    }
}

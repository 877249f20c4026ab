//! Jira: one issue for each thread, found again by its label, and what becomes of it.

use super::*;

const LABEL: &str = "tachograph-";

fn jira(more: Value) -> Channel {
    let mut settings = json!({"api_url": "https://acme.atlassian.net", "project": "OPS", "issue_type": "Bug",
        "http_config": {"basic_auth": {"username": "a@b.c", "password": "p"}}});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    channel("jira_configs", settings)
}

fn issues(status: Option<&str>) -> Answer {
    let issue = |status| json!({"key": "OPS-7", "fields": {"status": {"statusCategory": {"key": status}}}});
    answer(200, &json!({"issues": status.map(issue).into_iter().collect::<Vec<_>>()}).to_string())
}

#[test]
fn an_issue_is_looked_for_and_made() {
    let jira = jira(
        json!({"wont_fix_resolution": "Won't Do", "labels": ["agents"], "fields": {"customfield_1": 5}}),
    );
    let told = message(Notice::Firing);
    let search = http(step(&jira, &told, None, &[]));
    assert_eq!(search.url.expose(), "https://acme.atlassian.net/rest/api/3/search/jql");
    let jql = body(&search)["jql"].as_str().unwrap().to_string();
    assert!(jql.starts_with("project = \"OPS\" AND labels = \"tachograph-"), "{jql}");
    assert!(
        jql.contains(" AND statusCategory != Done AND (resolution is EMPTY OR resolution != \"Won't Do\")"),
        "{jql}"
    );
    let create = http(step(&jira, &told, None, &[issues(None)]));
    assert_eq!(create.url.expose(), "https://acme.atlassian.net/rest/api/3/issue");
    assert!(header(&create, "authorization").starts_with("Basic "));
    let fields = &body(&create)["fields"];
    assert_eq!((&fields["project"], &fields["issuetype"]), (&json!({"key": "OPS"}), &json!({"name": "Bug"})));
    assert_eq!(fields["summary"], "CRITICAL: Agents fail");
    assert_eq!((&fields["priority"], &fields["customfield_1"]), (&json!({"name": "Highest"}), &json!(5)));
    assert_eq!(
        (&fields["description"]["type"], &fields["description"]["version"]),
        (&json!("doc"), &json!(1))
    );
    let labels: Vec<&str> =
        fields["labels"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    assert!(labels[0] == "agents" && labels[1].starts_with(LABEL) && jql.contains(labels[1]));
    let verdict = end(step(&jira, &told, None, &[issues(None), answer(201, r#"{"key":"OPS-7"}"#)]));
    assert_eq!(verdict, Verdict::Delivered { receipt: Some("OPS-7".into()) });
    let refused = end(step(
        &jira,
        &told,
        None,
        &[issues(None), answer(400, r#"{"errors":{"priority":"not on screen"}}"#)],
    ));
    assert!(matches!(refused, Verdict::Refused { why } if why.contains("not on screen")));
}

#[test]
fn an_issue_that_is_there_is_commented_not_doubled() {
    let jira = jira(json!({}));
    let comment = http(step(&jira, &message(Notice::Escalated), None, &[issues(Some("new"))]));
    assert_eq!(comment.url.expose(), "https://acme.atlassian.net/rest/api/3/issue/OPS-7/comment");
    let verdict = end(step(&jira, &message(Notice::Repeated), None, &[issues(Some("new"))]));
    assert_eq!(
        verdict,
        Verdict::Delivered { receipt: Some("OPS-7".into()) },
        "a repetition is no news to a ticket"
    );
    // The key is known: the search may not have it yet.
    let look = http(step(&jira, &message(Notice::Escalated), Some("OPS-7"), &[]));
    assert_eq!(
        (look.method, look.url.expose()),
        ("GET", "https://acme.atlassian.net/rest/api/3/issue/OPS-7?fields=status")
    );
    let deleted = [answer(404, "{}")];
    assert!(
        http(step(&jira, &message(Notice::Escalated), Some("OPS-7"), &deleted))
            .url
            .expose()
            .ends_with("/issue")
    );
}

#[test]
fn the_end_is_a_transition_by_its_name() {
    let jira =
        jira(json!({"resolve_transition": "Done", "reopen_transition": "Reopen", "reopen_duration": "1h"}));
    let (told, open) = (message(Notice::Resolved), issues(Some("indeterminate")));
    let jql = body(&http(step(&jira, &told, None, &[])))["jql"].as_str().unwrap().to_string();
    assert!(jql.contains("(statusCategory != Done OR resolved >= \"-60m\")"), "{jql}");
    let list = http(step(&jira, &told, None, std::slice::from_ref(&open)));
    assert_eq!(
        (list.method, list.url.expose()),
        ("GET", "https://acme.atlassian.net/rest/api/3/issue/OPS-7/transitions")
    );
    let listed = answer(200, r#"{"transitions":[{"id":"11","name":"Start"},{"id":"31","name":"done"}]}"#);
    let go = http(step(&jira, &told, None, &[open.clone(), listed.clone()]));
    assert_eq!(body(&go), json!({"transition": {"id": "31"}}));
    let verdict = end(step(&jira, &told, None, &[open, listed.clone(), answer(204, "")]));
    assert_eq!(verdict, Verdict::Delivered { receipt: Some("OPS-7".into()) });
    let again = end(step(&jira, &message(Notice::Firing), None, &[issues(Some("done")), listed]));
    assert!(
        matches!(again, Verdict::Refused { why } if why.contains("OPS-7 has no transition \"Reopen\"") && why.contains("Start, done"))
    );
    assert_eq!(
        end(step(&jira, &told, None, &[issues(None)])),
        Verdict::Delivered { receipt: None },
        "nothing to end"
    );
}

#[test]
fn a_data_center_has_its_own_search_and_plain_text() {
    let jira = jira(json!({"api_url": "https://jira.acme.example/rest/api/2/"}));
    let told = message(Notice::Firing);
    assert_eq!(
        http(step(&jira, &told, None, &[])).url.expose(),
        "https://jira.acme.example/rest/api/2/search"
    );
    let text = body(&http(step(&jira, &told, None, &[issues(None)])))["fields"]["description"].clone();
    assert!(text.as_str().unwrap().starts_with("{noformat}\nCRITICAL"), "{text}");
}

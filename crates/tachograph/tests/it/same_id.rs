//! Agents that share a key and count their events alike: none takes another's row, however they send, before and after
//! the overlay is made anew.

use crate::server::{Server, tachograph, text};
use serde_json::{Value, json};

const SUMS: &str = "SELECT source, id, count(*) AS n, sum(cost_usd)::VARCHAR AS c, \
     count(*) FILTER (WHERE outcome_status = 'failure') AS f FROM agent_audit_log \
     WHERE agent_id IN ('A', 'B', 'C', 'D') GROUP BY 1, 2 ORDER BY 1, 2";
const ROWS: &str = "SELECT agent_id, session_id, id, outcome_status, action, cost_usd FROM agent_audit_log \
     WHERE agent_id IN ('A', 'B', 'C', 'D') ORDER BY index";

/// How it goes for each of four agents.
const AGENTS: [(&str, &str); 4] = [("A", "success"), ("B", "failure"), ("C", "failure"), ("D", "success")];

fn post(server: &Server, path: &str, body: &Value) {
    let answer = server.post(path, &body.to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// All begin before any ends. Of each agent one event at once, one in two states, one over MCP, and one hook.
fn tell(server: &Server) {
    let own = |agent: &str, id: &str, more: Value| {
        let mut body = json!({"event_id": id, "agent_id": agent, "session_id": format!("s-{agent}"), "action_type": "tool",
            "action_name": "Bash", "cost_usd": 1});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (agent, status) in AGENTS {
        post(server, "/log", &own(agent, "at-once", json!({"status": status})));
        post(server, "/log", &own(agent, "begun", json!({"status": "running"})));
        let call = json!({"call_id": "task-1", "status": "running"});
        post(server, "/v1/events?via=mcp", &own(agent, "task-1", call));
    }
    for (agent, status) in AGENTS {
        post(server, "/log", &own(agent, "begun", json!({"status": status})));
        let outcome = json!({"call_id": "task-1", "action_type": "workflow", "action_name": "outcome", "phase": "result",
            "status": status, "cost_usd": null});
        post(server, "/v1/events?via=mcp", &own(agent, "task-1/outcome", outcome));
    }
}

#[test]
fn sums_over_one_id_of_four_agents_are_those_of_four_actions() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    tell(&server);
    let sum = |source: &str, id: &str| json!({"source": source, "id": id, "n": 4, "c": "4.000000", "f": 2});
    assert_eq!(
        server.sql(SUMS),
        [sum("http", "at-once"), sum("http", "begun"), sum("mcp", "task-1")],
        "{:#?}",
        server.sql(ROWS)
    );
    let sessions =
        "SELECT id, cost_usd::VARCHAR AS c, failures AS f FROM sessions WHERE id LIKE 's-%' ORDER BY id";
    let session = |(agent, status): (&str, &str)| json!({"id": format!("s-{agent}"), "c": "3.000000", "f": if status == "failure" { 3 } else { 0 }});
    assert_eq!(server.sql(sessions), AGENTS.map(session));
    let said = server.sql(ROWS);
    server.kill();
    for kept in [true, false] {
        if !kept {
            std::fs::remove_file(data.join("overlay.sqlite")).unwrap();
        }
        let server = Server::start(&data);
        assert_eq!(server.sql(ROWS), said, "the overlay is kept: {kept}");
        server.stop();
    }
}

#[test]
fn hooks_that_share_an_id_tell_of_their_own_calls() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    for (name, id) in [("PreToolUse", "before"), ("PostToolUseFailure", "after")] {
        for session in ["a", "b", "c"] {
            let body = json!({"hook_event_name": name, "event_id": id, "session_id": session, "tool_name": "Bash",
                "tool_input": {"command": session}, "tool_use_id": "c1", "error": "Exit code 3"});
            post(&server, "/log", &body);
        }
    }
    let rows = "SELECT session_id AS s, outcome_status AS o, observations AS n FROM agent_audit_log \
         WHERE action_name = 'Bash' ORDER BY 1";
    assert_eq!(server.sql(rows), ["a", "b", "c"].map(|s| json!({"s": s, "o": "failure", "n": 2})));
}

#[test]
fn each_correction_of_what_was_over_is_a_row_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    for (n, status) in ["success", "failure", "success", "failure"].into_iter().enumerate() {
        let body =
            json!({"event_id": "e", "agent_id": "A", "action_name": "Bash", "status": status, "cost_usd": n});
        post(&server, "/log", &body);
    }
    let rows = server
        .sql("SELECT revision AS r, outcome_status AS o FROM agent_audit_log WHERE id = 'e' ORDER BY 1");
    let row = |(r, o): (usize, &str)| json!({"r": r, "o": o});
    assert_eq!(rows, [(0, "success"), (1, "failure"), (2, "success"), (3, "failure")].map(row));
}

/// `show` says of a call what `actions` says.
#[test]
fn an_outcome_that_another_key_tells_counts_for_nothing_where_a_session_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let [own, other, hooks] =
        [("own", "agent"), ("other", "agent"), ("hooks", "write")].map(|(name, role)| {
            let made = tachograph(&data, &["key", "create", name, "--role", role], "");
            format!("Bearer {}", text(&made.stdout).trim())
        });
    let server = Server::start(&data);
    let post = |key: &str, path: &str, body: Value| {
        let headers = [("authorization", key), ("content-type", "application/json")];
        let answer = server.post_with(path, body.to_string().as_bytes(), &headers).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    let failed = |call: &str| {
        json!({"session_id": "desk", "agent_id": "me", "call_id": call, "event_id": format!("{call}/outcome"),
            "action_type": "workflow", "action_name": "outcome", "phase": "result", "outcome_status": "failure"})
    };
    let begun = json!({"session_id": "desk", "agent_id": "me", "call_id": "deploy-2", "event_id": "deploy-2",
        "action_type": "tool", "action_name": "deploy", "outcome_status": "running"});
    post(&own, "/v1/events?via=mcp", begun);
    post(&other, "/v1/events?via=mcp", failed("deploy-2"));
    let seen = "toolu_01SeenInAnotherSession";
    let hook = json!({"hook_event_name": "PreToolUse", "session_id": "elsewhere", "tool_name": "Bash", "tool_input": {},
        "tool_use_id": seen});
    post(&hooks, "/log", hook);
    post(&other, "/v1/events?via=mcp", failed(seen));
    server.stop();
    let shown = text(&tachograph(&data, &["show", "desk", "--format", "json"], "").stdout);
    let told: Value = serde_json::from_str(&shown).unwrap();
    let totals = &told["totals"];
    assert_eq!(
        [&totals["events"], &totals["steps"], &totals["failures"]],
        [&json!(3), &json!(2), &json!(0)],
        "{told}"
    );
    assert_eq!(told["steps"][0]["status"], "running", "{told}");
}

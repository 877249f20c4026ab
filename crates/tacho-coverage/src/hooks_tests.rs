//! Sub-agents that one source tells of in a session of their own, another one in the session that started them.

use crate::{Config, Input, SessionRow, judge};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_795_219_200_000_000;

fn session(id: &str, source: &str, from: i64, to: i64) -> SessionRow {
    SessionRow {
        session: id.into(),
        agent: "gemini-cli".into(),
        source: source.into(),
        events: 10,
        first_us: DAY + from * MINUTE,
        last_us: DAY + to * MINUTE,
        last_index: 99,
        ..SessionRow::default()
    }
}

/// What is found of a session `sub` that a file alone tells of, beside one that hooks and logs tell of for an hour.
fn found(sub: SessionRow, config: &str) -> Vec<String> {
    let input = Input {
        from_us: DAY,
        to_us: DAY + 24 * 60 * MINUTE,
        now_us: DAY + 24 * 60 * MINUTE,
        tree_size: 100,
        sessions: vec![session("s", "hook", 60, 120), session("s", "otel_log", 60, 120), sub],
        ..Input::default()
    };
    let config: Config = toml::from_str(config).unwrap();
    judge(input, &config).findings.into_iter().map(|finding| finding.id).collect()
}

#[test]
fn a_sub_agents_session_is_told_of_in_the_one_that_goes_on_meanwhile() {
    let sub = |from, to| SessionRow { started: true, ..session("sub", "transcript", from, to) };
    let asked = "[[sources]]\nagent = \"gemini-*\"\nof = [\"hook\", \"otel_log\"]";
    assert!(found(sub(70, 80), "").is_empty());
    assert!(found(sub(70, 80), asked).is_empty(), "of what is asked for, too");
    // A session that says nothing of the kind, and one that nothing was told beside.
    assert_eq!(found(SessionRow { started: false, ..sub(70, 80) }, ""), ["hooks_off/hook/sub"]);
    assert_eq!(found(sub(130, 140), ""), ["hooks_off/hook/sub"]);
    let other = SessionRow { agent: "gemini-fork".into(), ..sub(70, 80) };
    assert_eq!(
        found(other, asked),
        ["hooks_off/hook/sub", "source_absent/otel_log/sub"],
        "hooks of another agent"
    );
}

/// Telemetry of Codex tells of a sub-agent in a session of its own, hooks tell of it in the one that it is of.
#[test]
fn what_hooks_told_of_a_sub_agent_they_told_of_its_session() {
    const THREAD: &str = "01a2088e-ca78-75e3-9e2a-484a25730e7b";
    let codex = |id: &str, source: &str| SessionRow { agent: "codex".into(), ..session(id, source, 70, 80) };
    let rows = |agent: &str| {
        let by_hook = SessionRow { agent: agent.into(), ..codex("s", "hook") };
        vec![by_hook, codex("s", "hook"), codex("s", "otel_log"), codex(THREAD, "otel_log")]
    };
    let found = |sessions: Vec<SessionRow>| {
        let before = SessionRow { first_us: DAY, last_us: DAY + MINUTE, ..codex("before", "hook") };
        let input = Input {
            from_us: DAY,
            to_us: DAY + 24 * 60 * MINUTE,
            now_us: DAY + 24 * 60 * MINUTE,
            tree_size: 100,
            sessions: sessions.into_iter().chain([before]).collect(),
            ..Input::default()
        };
        let report = judge(input, &Config::default());
        let shares = report.figures.iter().map(|figure| format!("{} {}", figure.agent, figure.source));
        (
            report.findings.into_iter().map(|finding| finding.id).collect::<Vec<_>>(),
            shares.collect::<Vec<_>>(),
        )
    };
    let (findings, figures) = found(rows(THREAD));
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(figures, ["codex hook", "codex otel_log"]);
    assert_eq!(found(rows("reviewer")).0, [format!("hooks_off/hook/{THREAD}")]);
}

//! Health checks over a real folder, by a clock that the test sets.

use super::{Kind, Report, Span, make};
use crate::config::Config;
use crate::edits::OWN;
use crate::http::{App, Auth};
use crate::node::Node;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tacho_event::time::{self, DAY_US, Day, Micros};
use tacho_event::words::Known;
use tacho_ingest::Options;
use tacho_ingest::accept::Sender;
use tacho_query::AgentEdit;

const MINUTE: Micros = 60_000_000;
const HOUR: Micros = 60 * MINUTE;

/// A clock for each test: the recorder takes a plain function.
macro_rules! scene {
    ($start:literal) => {
        scene!($start, "")
    };
    ($start:literal, $config:expr) => {{
        static NOW: AtomicI64 = AtomicI64::new(0);
        Scene::new(&NOW, || NOW.load(Ordering::Relaxed), $start, $config)
    }};
}

mod scheduled;

struct Scene {
    _dir: tempfile::TempDir,
    app: Arc<App>,
    now: &'static AtomicI64,
    start_us: Micros,
}

impl Scene {
    fn new(now: &'static AtomicI64, clock: fn() -> Micros, start: &str, reports: &str) -> Scene {
        let dir = tempfile::tempdir().unwrap();
        let start_us = time::parse(start).unwrap();
        now.store(start_us, Ordering::Relaxed);
        let mut config = Config::default();
        config.seal.milliseconds = 20;
        let node = Node::open_at(dir.path(), &config, clock).unwrap();
        let app = Arc::new(App::new(node, Auth::new(&[], false)).reporting(toml::from_str(reports).unwrap()));
        Scene { _dir: dir, app, now, start_us }
    }

    fn at(&self, since_start_us: Micros) {
        self.now.store(self.start_us + since_start_us, Ordering::Relaxed);
    }

    fn record(&self, sender: &Sender<'_>, events: &[Value]) {
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        let (tally, batches) = self.app.node.ingest(lines.as_bytes(), sender, &Options::default());
        assert_eq!(tally.refused_lines, 0, "{tally:?}");
        self.app.node.record(batches).unwrap();
    }

    fn send(&self, events: &[Value]) {
        let sender = Sender {
            writer: *b"a sender",
            source: "http",
            known: Known::SelfReported,
            sees_hooks: false,
            agent: None,
        };
        self.record(&sender, events);
    }

    fn own(&self, name: &str, call: &str, result: Value) {
        let event = json!({"agent": {"id": "tachograph"}, "action": {"type": "audit", "name": name}, "call_id": call,
            "outcome": {"status": "success", "result": result}});
        self.record(&OWN, &[event]);
    }

    fn sealed(&self) {
        while self.app.node.status().sealed() < self.app.node.status().size() {
            std::thread::yield_now();
        }
    }

    /// The report of the time that a day lies in, once everything is sealed.
    fn report(&self, kind: &str, day: &str, agents: &[AgentEdit]) -> Report {
        self.sealed();
        let kind = Kind::find(kind).unwrap();
        let span = Span::of(kind.period, Day::parse(day).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(make(&self.app, agents, kind, span)).unwrap()
    }
}

fn tool(name: &str, status: &str, ms: u64) -> Value {
    json!({"agent": {"id": "ops/a"}, "action": {"type": "tool", "name": name}, "outcome": {"status": status},
        "resources": {"duration_ms": ms}})
}

/// Figure, threshold and state of a check.
fn check(report: &Report, section: &str, what: &str) -> [Value; 3] {
    let section = report.sections.iter().find(|one| one.title == section).unwrap();
    let row = section.rows.iter().find(|row| row[0].as_str().unwrap().starts_with(what));
    let row = row.unwrap_or_else(|| panic!("no check \"{what}\": {:?}", section.rows));
    [row[1].clone(), row[3].clone(), row[4].clone()]
}

/// Twenty-one calls, two critical alerts of which one is answered, and an outage of an hour at noon and one over midnight.
fn day_with_outages(scene: &Scene) {
    scene.send(&vec![tool("Bash", "success", 100); 19]);
    scene.send(&[tool("Bash", "failure", 100)]);
    for (alert, at) in [("a1", 10 * HOUR), ("a2", 10 * HOUR + 20 * MINUTE)] {
        scene.at(at);
        let labels = json!({"tier": "security"});
        scene.own(
            "alert_firing",
            alert,
            json!({"rule": "failed_logins", "severity": "critical", "labels": labels}),
        );
    }
    scene.at(10 * HOUR + 4 * MINUTE + 20 * MINUTE);
    scene.own("alert_acknowledged", "a1", json!({"rule": "failed_logins"}));
    scene.at(10 * HOUR + 30 * MINUTE);
    scene.own("alert_resolved", "a1", json!({"rule": "failed_logins"}));
    scene.at(12 * HOUR);
    let alive_us = scene.start_us + 11 * HOUR;
    scene.own("server_started", "start", json!({"ended": "killed", "alive_until_us": alive_us}));
    scene.at(23 * HOUR);
    scene.send(&[tool("Read", "success", 10)]);
    // Down over midnight: only what lies in the day counts.
    scene.at(25 * HOUR);
    let alive_us = scene.start_us + 23 * HOUR + 30 * MINUTE;
    scene.own("server_started", "again", json!({"ended": "stopped", "alive_until_us": alive_us}));
}

#[test]
fn a_day_says_how_long_nothing_was_recorded_and_who_answered_when() {
    let scene = scene!("2026-03-03T00:00:00Z");
    day_with_outages(&scene);
    let agents = ["ops/a", "ops/silent"].map(|id| AgentEdit {
        agent_id: id.into(),
        expected: true,
        ..AgentEdit::default()
    });
    let report = scene.report("health-daily", "2026-03-03", &agents);
    assert!(report.complete);
    let of = |section, what| check(&report, section, what);
    // An hour and a half of 24.
    assert_eq!(
        of("Availability", "Time that the server"),
        [json!(93.75), json!("at least 99.9"), json!("attention")]
    );
    assert_eq!(
        of("Availability", "Restarts after an end"),
        [json!(1), json!("at most 0"), json!("attention")]
    );
    assert_eq!(of("Availability", "Longest time")[0], json!(23));
    assert_eq!(of("Availability", "Agents that are expected")[0], json!(1));
    assert_eq!(of("Availability", "Checks of the whole")[2], json!("cannot be answered"));
    assert_eq!(of("Availability", "Events that were refused")[2], json!("cannot be answered"));
    assert_eq!(
        of("Critical alerts", "Critical alerts raised")[2],
        json!("cannot be answered"),
        "no rules are followed"
    );
    assert_eq!(of("Critical alerts", "Critical alerts that are not over")[0], json!(1));
    assert_eq!(of("Critical alerts", "Critical alerts that nobody")[0], json!(1));
    assert_eq!(
        of("Critical alerts", "Mean time to ack"),
        [json!(24), json!("at most 5"), json!("attention")]
    );
    assert_eq!(of("Critical alerts", "Mean time to res"), [json!(30), json!("at most 60"), json!("good")]);
    assert_eq!(of("Performance", "Actions that failed"), [json!(4.76), json!("at most 5"), json!("good")]);
    assert_eq!(of("Performance", "Database queries")[2], json!("cannot be answered"));
    let each = report.sections.iter().find(|section| section.title == "Each critical alert").unwrap();
    assert_eq!(each.rows.len(), 2);
    let hours = report.sections.iter().find(|section| section.title == "By the hour").unwrap();
    assert_eq!((hours.rows.len(), &hours.rows[0][1], &hours.rows[23][1]), (24, &json!(20), &json!(1)));
    assert_eq!(hours.drawings[1].threshold, Some(5.0));
    let tally = report.health.unwrap();
    assert_eq!(tally.good + tally.attention + tally.unanswered, 8 + 6 + 7 + 7);
    // The day before there was no log.
    let before = scene.report("health-daily", "2026-03-02", &agents);
    assert_eq!(check(&before, "Availability", "Time that")[2], json!("cannot be answered"));
    assert_eq!(check(&before, "Availability", "Restarts")[2], json!("cannot be answered"));
}

#[test]
fn what_came_before_a_start_that_knows_nothing_is_not_judged() {
    let scene = scene!("2026-03-03T00:00:00Z");
    scene.send(&[tool("Bash", "success", 1)]);
    scene.at(12 * HOUR);
    scene.own("server_started", "first", json!({"ended": "unknown", "alive_until_us": scene.start_us}));
    scene.at(2 * DAY_US);
    let report = scene.report("health-daily", "2026-03-03", &[]);
    assert_eq!(check(&report, "Availability", "Time that")[0], json!(100));
    let up = &report.sections[0].rows[0];
    assert_eq!(up[5], json!("hours of the record: 12"));
}

#[test]
fn a_week_is_compared_with_the_four_before_and_only_when_all_have_actions() {
    let scene = scene!("2026-01-05T00:00:00Z");
    for week in 0..5 {
        scene.at(week * 7 * DAY_US + HOUR);
        let count = if week == 4 { 20 } else { 10 };
        scene.send(&vec![tool("Bash", "success", 100); count]);
        scene.send(&vec![tool("Bash", "failure", 100); count / 10]);
    }
    let rating = json!({"agent": {"id": "shop"}, "action": {"type": "trade", "name": "swap"}, "outcome": {"status": "failure"}});
    scene.send(&[rating]);
    let secret = json!({"agent": {"id": "ops/a"}, "action": {"type": "tool", "name": "Bash",
        "parameters": {"password": "correct horse battery"}}});
    scene.send(&[secret]);
    scene.own("failed_login", "", json!({"count": 30}));
    scene.at(5 * 7 * DAY_US + HOUR);
    let report = scene.report("health-weekly", "2026-02-04", &[]);
    assert_eq!(report.from, "2026-02-02");
    let of = |section, what| check(&report, section, what);
    assert_eq!(of("Trends", "Actions"), [json!(118.2), json!("at most 50"), json!("attention")]);
    assert_eq!(of("Trends", "Cost")[2], json!("cannot be answered"), "nothing was ever spent");
    assert_eq!(of("Security", "Failed sign-ins"), [json!(30), json!("at most 20"), json!("attention")]);
    assert_eq!(of("Security", "Events with secrets")[0], json!(1));
    assert_eq!(of("Business", "Trades that succ"), [json!(0), json!("at least 95"), json!("attention")]);
    assert_eq!(of("Business", "Mean rating")[2], json!("cannot be answered"));
    let weeks = report.sections.iter().find(|section| section.title == "By week").unwrap();
    let actions: Vec<&Value> = weeks.rows.iter().map(|row| &row[1]).collect();
    assert_eq!(actions, [&json!(11), &json!(11), &json!(11), &json!(11), &json!(24)]);
    let before = scene.report("health-weekly", "2026-01-26", &[]);
    assert_eq!(
        check(&before, "Trends", "Actions")[2],
        json!("cannot be answered"),
        "three weeks are too few"
    );
}

#[test]
fn a_month_counts_clocks_that_ran_out_and_tools_that_fail() {
    let scene = scene!("2026-03-01T00:00:00Z");
    for (incident, severity) in [("i1", "critical"), ("i2", "critical"), ("i3", "warning")] {
        let due = "2026-03-01T00:05:00Z";
        scene.own("alert_incident_opened", incident, json!({"severity": severity, "answer_due_at": due}));
    }
    let due = "2026-04-02T00:00:00Z";
    scene.own("alert_incident_opened", "i4", json!({"severity": "info", "answer_due_at": due}));
    scene.at(10 * MINUTE);
    scene.own("incident_breach", "i2", json!({"severity": "critical"}));
    scene.send(&vec![tool("Bash", "success", 40_000); 20]);
    scene.send(&vec![tool("Read", "success", 10); 19]);
    scene.send(&vec![tool("Edit", "failure", 10); 2]);
    scene.send(&vec![tool("Edit", "success", 10); 20]);
    scene.own("coverage_gap", "gap/1", json!({"kind": "hooks_off"}));
    scene.own("coverage_gap", "gap/2", json!({"kind": "calls_unseen"}));
    scene.own("coverage_gap_closed", "gap/1", json!({}));
    scene.at(31 * DAY_US);
    let report = scene.report("health-monthly", "2026-03-31", &[]);
    assert!(report.complete && report.to == "2026-04-01");
    let of = |section, what| check(&report, section, what);
    assert_eq!(
        of("Service levels", "Critical incidents"),
        [json!(50), json!("at least 99"), json!("attention")]
    );
    assert_eq!(of("Service levels", "Incidents of severity warning")[2], json!("good"));
    assert_eq!(
        of("Service levels", "Incidents of severity info")[2],
        json!("cannot be answered"),
        "its clock still runs"
    );
    assert_eq!(of("Tools", "Tools that fail")[0], json!(1));
    assert_eq!(of("Tools", "Tools whose")[0], json!(1));
    assert_eq!(of("Tools", "Gaps")[0], json!(1));
    let tools = report.sections.iter().find(|section| section.title == "Each tool").unwrap();
    assert_eq!(tools.rows[0][0], json!("Edit"), "the failing one is first");
    assert_eq!(of("Thresholds", "Rules that never")[2], json!("cannot be answered"), "no rules are followed");
    assert!(report.written(super::Paper::Html).unwrap().windows(4).any(|bytes| bytes == b"<svg"));
}

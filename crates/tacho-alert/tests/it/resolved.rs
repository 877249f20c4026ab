//! Alerts that somebody ended by hand: what comes later is told, what was there before is not told again.

use tacho_alert::notify::{Act, Config, Desk, News};
use tacho_alert::row::Sample;
use tacho_alert::trial::START_US;
use tacho_alert::{Change, Engine, Over, Rule, Transition, read, trial};

const SECOND: i64 = 1_000_000;
const ROUTING: &str = "route: {receiver: hook, group_by: ['...'], group_wait: 1s, group_interval: 1s, repeat_interval: 4h}\n\
    receivers: [{name: hook}]\n";

fn failures(text: &str) -> String {
    let rules = read("r", text).unwrap();
    let routing = Config::read("c", ROUTING).unwrap();
    let outcomes = trial::test(&rules[0], &rules, &routing);
    assert!(!outcomes.is_empty());
    outcomes.into_iter().flat_map(|outcome| outcome.failures).collect::<Vec<_>>().join("\n")
}

/// A rule, and when its receiver is told of the alert and of its ends, where somebody ends it at thirty seconds.
fn told(rule: &str, events: &[&str], told: &str) {
    let events: String = events.iter().map(|event| format!("      - {{agent_id: a, {event}}}\n")).collect();
    let text = format!(
        "id: r\nseverity: info\n{rule}\ntests:\n  - name: t\n    answers: [{{at: 30s, do: resolve}}]\n    events:\n{events}\
         \x20   expect:\n      - {{at: 39s, state: inactive}}\n      - {{at: 8m, state: firing, told_at: {{hook: [{told}]}}}}\n"
    );
    assert_eq!(failures(&text), "", "{text}");
}

#[test]
fn the_same_again_after_the_end_by_hand_is_told_again() {
    let rule = |every: &str| format!("query: agent_audit_log | action = 'x'\nwindow: 10m\nevery: {every}");
    let events = ["at: 10s, action_name: x", "at: 40s, action_name: x", "at: 100s, action_name: x"];
    told(&rule("stream"), &events, "11s, 30s, 41s");
    told(&rule("10s"), &events, "21s, 31s, 51s");
}

#[test]
fn a_count_that_still_holds_is_told_with_the_next_event_that_it_counts() {
    let rule = "query: agent_audit_log | action = 'x' | count() by agent_id | count >= 3\nwindow: 10m\nevery: stream";
    let three = "at: 10s, action_name: x, repeat: 3, spacing: 1s";
    told(rule, &[three, "at: 50s, action_name: y", "at: 60s, action_name: x"], "13s, 30s, 1m1s");
    // It has to hold as long as ever before it is told.
    let five = "at: 10s, action_name: x, repeat: 5, spacing: 3s";
    let six = "at: 50s, action_name: x, repeat: 6, spacing: 2s";
    told(&format!("{rule}\nfor: 5s"), &[five, six], "23s, 30s, 57s");
}

/// Rules, and the desk that their alerts come to.
struct Office {
    engine: Engine,
    desk: Desk,
    events: u64,
    raised: Vec<String>,
}

impl Office {
    fn new(text: &str) -> Office {
        let rules: Vec<Rule> = read("r", text).unwrap();
        let desk = Desk::new(&rules, &Config::read("c", ROUTING).unwrap()).unwrap();
        let mut engine = Engine::new(rules).unwrap();
        engine.set("fleet.active", vec!["a".into()]);
        engine.advance(START_US);
        Office { engine, desk, events: 0, raised: Vec::new() }
    }

    fn take(&mut self) -> Vec<Transition> {
        let news = self.engine.transitions();
        for change in &news {
            if let Some(News::Raised(raised)) = self.desk.take(change) {
                self.raised.push(raised.id().to_string());
            }
        }
        news.into_iter().filter(|change| change.change == Change::Firing).collect()
    }

    /// An event at a second; what fires by then.
    fn event(&mut self, at: i64, members: serde_json::Value) -> Vec<Transition> {
        let sample = Sample::new(self.events, START_US + at * SECOND, members.as_object().unwrap()).unwrap();
        self.engine.observe(&sample);
        self.events += 1;
        self.take()
    }

    fn advance(&mut self, at: i64) -> usize {
        self.engine.advance(START_US + at * SECOND);
        self.take().len()
    }

    /// Somebody ends the alert that is open.
    fn end(&mut self, at: i64) -> Over {
        let id = self.desk.open().next().unwrap().id().to_string();
        let ended = self.desk.act(&id, &Act::Resolve, "ada", None, START_US + at * SECOND).unwrap().unwrap();
        ended.over().unwrap()
    }

    /// The rules hear of it.
    fn hear(&mut self, over: &Over) -> Vec<Transition> {
        self.engine.resolve(over);
        self.take()
    }

    fn fires(&mut self) -> bool {
        assert_eq!(self.engine.firing().len(), self.desk.open().count(), "the desk and the rules agree");
        self.desk.open().next().is_some()
    }
}

fn x() -> serde_json::Value {
    serde_json::json!({"agent_id": "a", "action_name": "x"})
}

const EACH: &str = "id: r\nquery: agent_audit_log | action = 'x'\nwindow: 1h\nevery: stream\n";

#[test]
fn what_comes_between_the_end_and_its_entry_on_the_log_is_new() {
    let mut office = Office::new(EACH);
    assert_eq!(office.event(10, x()).len(), 1);
    let over = office.end(20);
    // The rules do not know yet that it was ended.
    assert!(office.event(21, x()).is_empty());
    let fired = office.hear(&over);
    assert_eq!(fired.len(), 1, "at once");
    assert_eq!(fired[0].episode_us, START_US + 21 * SECOND + 1);
    assert!(office.fires());
    assert_ne!(office.raised[0], office.raised[1]);
    // Told once more of the first, the second stays.
    assert!(office.hear(&over).is_empty());
    assert!(office.fires());
}

#[test]
fn an_end_by_hand_is_found_by_rule_and_group_where_the_engine_began_later() {
    let mut office = Office::new(EACH);
    office.event(10, x());
    let over = Over { alert: "of another begin".into(), ..office.end(20) };
    let other = Over { group: [("agent_id".to_string(), "b".to_string())].into(), ..over.clone() };
    let earlier = Over { at_us: START_US, ..over.clone() };
    for wrong in [other, earlier] {
        office.hear(&wrong);
        assert_eq!(office.engine.firing().len(), 1, "{wrong:?}");
    }
    office.hear(&over);
    assert!(!office.fires());
    assert_eq!(office.event(30, x()).len(), 1);
}

#[test]
fn who_is_silent_or_open_is_told_again_when_it_is_found_anew() {
    let silent =
        "id: r\nquery: agent_audit_log | absent by agent_id expect fleet.active\nwindow: 1m\nevery: 10s\n";
    let nothing = "id: r\nquery: agent_audit_log | count() | count = 0\nwindow: 1m\nevery: 10s\n";
    for text in [silent, nothing] {
        let mut office = Office::new(text);
        assert_eq!(office.advance(90), 1, "{text}");
        let over = office.end(90);
        office.hear(&over);
        assert_eq!(office.advance(4000), 0, "it goes on: {text}");
        office.event(4001, x());
        assert_eq!(office.advance(4055), 0, "{text}");
        assert_eq!(office.advance(4100), 1, "{text}");
        assert!(office.fires());
    }
    let open =
        "id: r\nquery: open(call) | age > 1m | count() by agent_id | count >= 1\nwindow: 1m\nevery: 10s\n";
    let call = |id: &str| serde_json::json!({"agent_id": "a", "call_id": id, "phase": "proposed", "action_name": "x"});
    let mut office = Office::new(open);
    office.event(1, call("c1"));
    office.event(100, call("c2"));
    assert_eq!(office.raised.len(), 1);
    let over = office.end(110);
    office.hear(&over);
    assert_eq!(office.advance(155), 0);
    assert_eq!(office.advance(175), 1, "another call is late now");
    assert!(office.fires());
}

#[test]
fn a_sequence_is_told_again_when_it_is_completed_again() {
    let text = "id: r\nquery: \"agent_audit_log | sequence by agent_id within 10m [ one: action = 'x' -> two: action = 'y' ]\"\nevery: stream\n";
    let mut office = Office::new(text);
    let y = || serde_json::json!({"agent_id": "a", "action_name": "y"});
    office.event(1, x());
    assert_eq!(office.event(2, y()).len(), 1);
    let over = office.end(5);
    office.hear(&over);
    assert_eq!(office.event(6, x()).len() + office.advance(60), 0, "its first step alone is nothing new");
    assert_eq!(office.event(70, y()).len(), 1);
    assert!(office.fires());
}

#[test]
fn what_a_witness_says_is_open_no_agents_own_word_ends() {
    let open = "id: r\nquery: open(call) | age > 1m\nwindow: 1m\nevery: 10s\n";
    let step = |phase: &str, known: &str| {
        let status = if phase == "result" { "success" } else { "running" };
        serde_json::json!({"agent_id": "a", "call_id": "c1", "phase": phase, "outcome_status": status, "known": known})
    };
    let (seen, said) = ("observed", "self_reported");
    let cases = [
        ([("proposed", seen), ("result", said)], 1),
        ([("result", said), ("proposed", seen)], 1),
        ([("proposed", seen), ("result", seen)], 0),
        ([("proposed", said), ("result", said)], 0),
        ([("proposed", said), ("result", seen)], 0),
        ([("result", said), ("proposed", said)], 0),
    ];
    for (steps, want) in cases {
        let mut office = Office::new(open);
        for (at, (phase, known)) in (1..).zip(steps) {
            office.event(at, step(phase, known));
        }
        assert_eq!(office.advance(200), want, "{steps:?}");
    }
}

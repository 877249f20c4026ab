//! `rules test`: a rule's own tests, in virtual time that begins on the first of January 2026.

use crate::alert::{Change, State};
use crate::engine::Engine;
use crate::file::{Expected, TestText};
use crate::group::Labels;
use crate::notify::{Alert, Config, Desk, Due};
use crate::row::Sample;
use crate::rule::Rule;
use crate::transition::Transition;

/// 2026-01-01T00:00:00Z, a multiple of a week: windows of any usual length begin there.
pub const START_US: i64 = 1_767_225_600_000_000;
/// Events of one test.
const EVENTS_MAX: usize = 100_000;

/// What came of one test.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    pub rule: String,
    pub test: String,
    /// Nothing when the test passed.
    pub failures: Vec<String>,
}

/// Runs all tests of a rule; what it raises goes through the routing as it would when it is recorded.
pub fn test(rule: &Rule, routing: &Config) -> Vec<Outcome> {
    let run = |test: &TestText| {
        let failures = one(rule, test, routing).unwrap_or_else(|message| vec![message]);
        Outcome { rule: rule.id.clone(), test: test.name.clone(), failures }
    };
    rule.tests.iter().map(run).collect()
}

fn one(rule: &Rule, test: &TestText, routing: &Config) -> Result<Vec<String>, String> {
    let events = events(test)?;
    let rules = std::slice::from_ref(rule);
    let mut people = Told { desk: Desk::new(rules, routing)?, due: Vec::new() };
    let mut engine = Engine::new(vec![rule.clone()])?;
    for (name, members) in &test.sets {
        engine.set(name, members.clone());
    }
    engine.advance(START_US);
    let mut expected = test.expect.iter().map(|expected| Ok((offset(&expected.at)?, expected)));
    let mut expected = expected.by_ref().collect::<Result<Vec<_>, String>>()?;
    expected.sort_by_key(|(at, _)| *at);
    let (mut failures, mut history, mut taken) = (Vec::new(), Vec::new(), 0);
    for (at, expected) in &expected {
        let until = START_US + at;
        while let Some(event) = events.get(taken).filter(|event| event.recorded_us <= until) {
            engine.observe(event);
            taken += 1;
        }
        engine.advance(until);
        let news = engine.transitions();
        people.take(&news, until);
        history.extend(news);
        failures.extend(check(expected, &engine.states(&rule.id), &history));
        failures.extend(people.check(expected, &[&routing.names()[..], &rule.actions].concat()));
    }
    for event in &events[taken..] {
        engine.observe(event);
    }
    if expected.is_empty() {
        let last = events.last().map_or(START_US, |event| event.recorded_us);
        engine.advance(last + 2 * rule.window_us + rule.for_us + rule.lag_us);
        let fired = engine.transitions().into_iter().filter(|change| change.change == Change::Firing);
        failures.extend(fired.map(|change| format!("nothing was expected to fire, found {}", told(&change))));
    }
    Ok(failures)
}

/// The events of a test in the order of time: `at` when, `repeat` how often, `spacing` how far apart.
///
/// # Errors
/// When a member can't be read.
pub fn events(test: &TestText) -> Result<Vec<Sample>, String> {
    let mut out: Vec<Sample> = Vec::new();
    for (i, written) in test.events.iter().enumerate() {
        let fail = |message: String| format!("event {}: {message}", i + 1);
        let mut members = written.clone();
        let text =
            |value: Option<serde_json::Value>| value.and_then(|value| value.as_str().map(str::to_string));
        let at = text(members.remove("at")).ok_or_else(|| fail("it has no `at`, such as 30s".into()))?;
        let at = offset(&at).map_err(fail)?;
        let spacing = text(members.remove("spacing")).map_or(Ok(0), |text| offset(&text)).map_err(fail)?;
        let claimed =
            text(members.remove("claimed_at")).map(|text| offset(&text)).transpose().map_err(fail)?;
        let repeat = members.remove("repeat").map_or(Some(1), |value| value.as_u64());
        let repeat = repeat.filter(|repeat| out.len() as u64 + repeat <= EVENTS_MAX as u64);
        let repeat =
            repeat.ok_or_else(|| fail(format!("`repeat` is a number, at most {EVENTS_MAX} events")))?;
        for n in 0..repeat {
            let time = START_US + at + spacing * n as i64;
            let mut sample = Sample::new(0, time, &numbered(&members, n)).map_err(fail)?;
            sample.claimed_us = claimed.map_or(sample.claimed_us, |claimed| START_US + claimed);
            out.push(sample);
        }
    }
    out.sort_by_key(|sample| sample.recorded_us);
    out.iter_mut().enumerate().for_each(|(index, sample)| sample.index = index as u64);
    Ok(out)
}

/// `{n}` in a text is the number of the repetition, from zero.
fn numbered(
    members: &serde_json::Map<String, serde_json::Value>,
    n: u64,
) -> serde_json::Map<String, serde_json::Value> {
    let one = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) if text == "{n}" => n.into(),
        serde_json::Value::String(text) => text.replace("{n}", &n.to_string()).into(),
        other => other.clone(),
    };
    members.iter().map(|(name, value)| (name.clone(), one(value))).collect()
}

fn offset(text: &str) -> Result<i64, String> {
    tacho_pipe::parse_us(text).ok_or_else(|| format!("\"{text}\" is no duration, expected such as 30s or 1h"))
}

fn check(expected: &Expected, states: &[(Labels, State)], history: &[Transition]) -> Vec<String> {
    let of = |labels: &Labels| {
        expected.group.iter().all(|(name, value)| labels.iter().any(|(n, v)| n == name && v == value))
    };
    let found = states.iter().find(|(labels, _)| of(labels)).map_or(State::Inactive, |(_, state)| *state);
    let name = match found {
        State::Inactive => "inactive",
        State::Learning => "learning",
        State::Pending => "pending",
        State::Firing => "firing",
    };
    let mut failures = Vec::new();
    if name != expected.state {
        failures.push(format!(
            "at {}, group {:?}: expected {}, found {name}",
            expected.at, expected.group, expected.state
        ));
    }
    let last = history.iter().rev().find(|change| of(&change.group));
    for (column, wanted) in &expected.value {
        let value = last.and_then(|change| change.values.iter().find(|(name, _)| name == column));
        let value = value.map(|(_, value)| serde_json::json!(value)).unwrap_or_default();
        let same = match (value.as_f64(), wanted.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            _ => value == *wanted,
        };
        if !same {
            failures.push(format!("at {}: expected {column} = {wanted}, found {value}", expected.at));
        }
    }
    failures
}

/// What people were told in the course of a test.
struct Told {
    desk: Desk,
    due: Vec<Due>,
}

impl Told {
    /// Takes what became of alerts, each at its time, and lets time pass until a moment.
    fn take(&mut self, news: &[Transition], until_us: i64) {
        for change in news {
            self.due.extend(self.desk.due(change.at_us));
            self.desk.take(change);
        }
        self.due.extend(self.desk.due(until_us));
    }

    /// Whether every receiver that is expected was told of the group by now.
    fn check(&self, expected: &Expected, known: &[String]) -> Vec<String> {
        let of =
            |alert: &Alert| expected.group.iter().all(|(name, value)| alert.labels.get(name) == Some(value));
        let mut found = std::collections::BTreeSet::new();
        for due in &self.due {
            match due {
                Due::Notify(told) if told.firing.iter().chain(&told.resolved).any(of) => {
                    found.insert(told.receiver.as_str());
                }
                Due::Page { alert, receivers, .. } | Due::Over { alert, receivers, .. }
                    if of(&alert.alert) =>
                {
                    found.extend(receivers.iter().map(String::as_str));
                }
                _ => {}
            }
        }
        let missing = expected.receivers.iter().filter(|name| !found.contains(name.as_str()));
        let fail = |name: &String| {
            let at = &expected.at;
            if known.contains(name) {
                return format!(
                    "at {at}, group {:?}: expected \"{name}\" to be told, found {found:?}",
                    expected.group
                );
            }
            let near = tacho_pipe::nearest(name, known.iter().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            format!("at {at}: the routing has no receiver \"{name}\"{near}")
        };
        missing.map(fail).collect()
    }
}

fn told(change: &Transition) -> String {
    let at = tacho_pipe::format_us(change.at_us - START_US);
    let values: Vec<String> = change.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("{:?} after {at} ({})", change.group, values.join(", "))
}

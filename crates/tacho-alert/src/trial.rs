//! `rules test`: a rule's own tests, in virtual time that begins on the first of January 2026.

mod text;
mod told;

pub use text::{Answer, AnswerText, Expected, MutedText, SilenceText, TestText};

use crate::alert::{Change, State};
use crate::builtin;
use crate::engine::Engine;
use crate::group::Labels;
use crate::notify::Config;
use crate::row::Sample;
use crate::rule::Rule;
use crate::transition::Transition;
use told::People;

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

/// Runs all tests of a rule; what it raises goes through the routing as it would when it is recorded. A test finds the
/// rules that run with it among those beside, and then among those that are built in.
pub fn test(rule: &Rule, beside: &[Rule], routing: &Config) -> Vec<Outcome> {
    let run = |test: &TestText| {
        let failures = one(rule, test, beside, routing).unwrap_or_else(|message| vec![message]);
        Outcome { rule: rule.id.clone(), test: test.name.clone(), failures }
    };
    rule.tests.iter().map(run).collect()
}

/// What comes next in a test.
enum Step<'a> {
    Answer(&'a AnswerText),
    Expect(&'a Expected),
}

fn one(rule: &Rule, test: &TestText, beside: &[Rule], routing: &Config) -> Result<Vec<String>, String> {
    let mut course = Course::new(rule, test, beside, routing)?;
    let mut steps: Vec<(i64, Step)> =
        test.answers.iter().map(|answer| (answer.at.0, Step::Answer(answer))).collect();
    for expected in &test.expect {
        steps.push((offset(&expected.at)?, Step::Expect(expected)));
    }
    // What is done at a time comes before what is expected at it.
    steps.sort_by_key(|(at, step)| (*at, matches!(step, Step::Expect(_))));
    let mut failures = Vec::new();
    for (at, step) in &steps {
        course.run(START_US + at);
        failures.extend(match step {
            Step::Answer(answer) => course.answer(answer),
            Step::Expect(expected) => course.check(expected),
        });
    }
    if test.expect.is_empty() {
        let last = course.events.last().map_or(START_US, |event| event.recorded_us);
        course.run(course.now_us.max(last + 2 * rule.window_us + rule.for_us + rule.lag_us));
        let fired = course.history.iter();
        let fired = fired.filter(|change| change.rule == rule.id && change.change == Change::Firing);
        failures.extend(fired.map(|change| format!("nothing was expected to fire, found {}", told(change))));
    }
    Ok(failures)
}

/// The rules that run in a test, its own first.
fn cast(rule: &Rule, test: &TestText, beside: &[Rule]) -> Result<Vec<Rule>, String> {
    let is_beside = |name: &String| beside.iter().any(|other| other.id == *name);
    // To read what is built in takes its time: only for a test that needs it.
    let own = if test.with.iter().all(is_beside) { Ok(Vec::new()) } else { builtin::rules() };
    let own = own.map_err(|error| error.to_string())?;
    let known = || beside.iter().chain(&own);
    let mut rules = vec![rule.clone()];
    for name in test.with.iter().filter(|name| **name != rule.id) {
        rules.push(known().find(|other| other.id == *name).cloned().ok_or_else(|| {
            let near = tacho_pipe::nearest(name, known().map(|other| other.id.as_str()));
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            format!("with: there is no rule \"{name}\"{near}")
        })?);
    }
    Ok(rules)
}

/// A test while it runs.
struct Course<'a> {
    rules: Vec<Rule>,
    rule: &'a str,
    engine: Engine,
    people: People,
    events: Vec<Sample>,
    taken: usize,
    now_us: i64,
    history: Vec<Transition>,
}

impl<'a> Course<'a> {
    fn new(rule: &'a Rule, test: &TestText, beside: &[Rule], routing: &Config) -> Result<Course<'a>, String> {
        let rules = cast(rule, test, beside)?;
        let mut engine = Engine::new(rules.clone())?;
        for (name, members) in &test.sets {
            engine.set(name, members.clone());
        }
        engine.advance(START_US);
        let people = People::new(&rules, routing, test)?;
        let (events, history) = (events(test)?, Vec::new());
        Ok(Course { rules, rule: &rule.id, engine, people, events, taken: 0, now_us: START_US, history })
    }

    /// Lets time pass until a moment.
    fn run(&mut self, until_us: i64) {
        while let Some(event) = self.events.get(self.taken).filter(|event| event.recorded_us <= until_us) {
            self.engine.observe(event);
            self.taken += 1;
        }
        self.engine.advance(until_us);
        let news = self.engine.transitions();
        self.people.take(&news, until_us);
        self.history.extend(news);
        self.now_us = until_us;
    }

    /// The rule that a step is about, when it runs here.
    fn about<'b>(&'b self, named: &'b Option<String>) -> Result<&'b str, String> {
        let name = named.as_deref().unwrap_or(self.rule);
        let known = || self.rules.iter().map(|rule| rule.id.as_str());
        if known().any(|id| id == name) {
            return Ok(name);
        }
        let near = tacho_pipe::nearest(name, known());
        let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        Err(format!("rule \"{name}\" does not run in this test: name it in `with`{near}"))
    }

    fn answer(&mut self, answer: &AnswerText) -> Vec<String> {
        let rule = self.about(&answer.rule).map(str::to_string);
        let done = rule.and_then(|rule| self.people.answer(answer, &rule));
        let done = done.map(|ended| {
            ended.iter().for_each(|over| self.engine.resolve(over));
            let news = self.engine.transitions();
            self.people.take(&news, self.now_us);
            self.history.extend(news);
        });
        let place = place(&tacho_pipe::format_us(answer.at.0), &answer.rule, &answer.group);
        done.err().map(|message| format!("{place}: {message}")).into_iter().collect()
    }

    fn check(&mut self, expected: &Expected) -> Vec<String> {
        let rule = self.about(&expected.rule).map(str::to_string);
        let found = rule.map(|rule| {
            let mut failures = check(expected, &self.engine.states(&rule), &rule, &self.history);
            failures.extend(self.people.check(expected, &rule, self.now_us));
            failures
        });
        let place = place(&expected.at, &expected.rule, &expected.group);
        let failures = found.unwrap_or_else(|message| vec![message]);
        failures.into_iter().map(|message| format!("{place}: {message}")).collect()
    }
}

/// Where a test says something, as a person reads it.
fn place(at: &str, rule: &Option<String>, group: &std::collections::BTreeMap<String, String>) -> String {
    let rule = rule.iter().map(|name| format!(", {name}"));
    let group = group.iter().map(|(name, value)| format!(", {name}={value}"));
    format!("at {at}{}", rule.chain(group).collect::<String>())
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

/// What is not as it is expected of a rule's group.
fn check(expected: &Expected, states: &[(Labels, State)], rule: &str, history: &[Transition]) -> Vec<String> {
    let of = |labels: &Labels| {
        expected.group.iter().all(|(name, value)| labels.iter().any(|(n, v)| n == name && v == value))
    };
    let found = states.iter().find(|(labels, _)| of(labels)).map_or(State::Inactive, |(_, state)| *state);
    let mut failures = Vec::new();
    if found != expected.state {
        failures.push(format!("expected {}, found {}", expected.state.as_str(), found.as_str()));
    }
    let last = history.iter().rev().find(|change| change.rule == rule && of(&change.group));
    for (column, wanted) in &expected.value {
        let value = last.and_then(|change| change.values.iter().find(|(name, _)| name == column));
        let value = value.map(|(_, value)| serde_json::json!(value)).unwrap_or_default();
        let same = match (value.as_f64(), wanted.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            _ => value == *wanted,
        };
        if !same {
            failures.push(format!("expected {column} = {wanted}, found {value}"));
        }
    }
    failures
}

fn told(change: &Transition) -> String {
    let at = tacho_pipe::format_us(change.at_us - START_US);
    let values: Vec<String> = change.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("{:?} after {at} ({})", change.group, values.join(", "))
}

//! Who was told of what in the course of a test, and whether that is who should have been.

use super::START_US;
use super::text::{Answer, AnswerText, Expected, MutedText, TestText};
use crate::file::Span;
use crate::notify::{Act, Alert, Config, Desk, Due, LabelSet, Muted, Raised, Silence, parse_matchers};
use crate::over::Over;
use crate::rule::Rule;
use crate::transition::Transition;
use std::collections::{BTreeMap, BTreeSet};
use tacho_pipe::{format_us, nearest};

const MINUTE_US: i64 = 60_000_000;

/// When each receiver was told.
type Times<'a> = BTreeMap<&'a str, Vec<i64>>;

/// The people of a test.
pub(super) struct People {
    desk: Desk,
    due: Vec<Due>,
    now_us: i64,
    /// When silences begin and end.
    edges: Vec<i64>,
    /// The receivers and persons that a test may name.
    known: Vec<String>,
}

/// Whether an alert is one of a rule and, as far as that is said, of a group.
fn is_of(alert: &Alert, rule: &str, group: &BTreeMap<String, String>) -> bool {
    let of_rule = alert.labels.get("alertname").is_some_and(|name| name == rule);
    of_rule && group.iter().all(|(name, value)| alert.labels.get(name) == Some(value))
}

impl People {
    pub(super) fn new(rules: &[Rule], routing: &Config, test: &TestText) -> Result<People, String> {
        let mut desk = Desk::new(rules, routing)?;
        for text in &test.silences {
            let fail = |message: String| format!("silence \"{}\": {message}", text.name);
            let matchers = text.matchers.iter().map(|text| parse_matchers(text));
            let silence = Silence {
                id: text.name.clone(),
                matchers: matchers.collect::<Result<Vec<_>, _>>().map_err(fail)?.concat(),
                starts_us: START_US + text.from.map_or(0, |from| from.0),
                ends_us: START_US + text.to.0,
                created_by: "test".into(),
                comment: "test".into(),
                approved_by: None,
                maintenance: text.maintenance,
            };
            desk.silences().set(silence).map_err(fail)?;
        }
        let people = desk.roster().people().map(|(name, _)| name.to_string());
        let actions = rules.iter().flat_map(|rule| rule.actions.iter().cloned());
        let known = routing.names().into_iter().chain(people).chain(actions).collect();
        let mut edges: Vec<i64> =
            desk.silences().all().iter().flat_map(|silence| [silence.starts_us, silence.ends_us]).collect();
        edges.sort_unstable();
        Ok(People { desk, due: Vec::new(), now_us: START_US, edges, known })
    }

    /// Takes what became of alerts, each at its time, and lets time pass until a moment.
    pub(super) fn take(&mut self, news: &[Transition], until_us: i64) {
        for change in news {
            self.pass(change.at_us);
            self.desk.take(change);
        }
        self.pass(until_us);
    }

    /// Lets time pass. An escalation that stands while it is muted goes on when that ends, so no such moment is leapt over:
    /// silences have their own, windows and turns begin with a minute.
    fn pass(&mut self, until_us: i64) {
        while self.now_us < until_us && self.desk.open().next().is_some() {
            let minute = (self.now_us.div_euclid(MINUTE_US) + 1) * MINUTE_US;
            let edge = self.edges.iter().find(|edge| **edge > self.now_us).map_or(minute, |edge| *edge);
            self.now_us = minute.min(edge).min(until_us);
            self.due.extend(self.desk.due(self.now_us));
        }
        self.now_us = self.now_us.max(until_us);
        self.due.extend(self.desk.due(until_us));
    }

    /// Does what somebody does about the open alerts of a group; gives those that it ended.
    pub(super) fn answer(&mut self, answer: &AnswerText, rule: &str) -> Result<Vec<Over>, String> {
        let now_us = START_US + answer.at.0;
        let act = match (answer.what, answer.length) {
            (Answer::Snooze, Some(length)) => Act::Snooze { until_us: now_us + length.0 },
            (Answer::Snooze, None) => return Err("a snooze needs `for`, such as 30m".into()),
            (_, Some(_)) => return Err("only a snooze has `for`".into()),
            (Answer::Acknowledge, None) => Act::Acknowledge,
            (Answer::Resolve, None) => Act::Resolve,
        };
        let open = self.desk.open().filter(|raised| is_of(&raised.alert, rule, &answer.group));
        let open: Vec<String> = open.map(|raised| raised.id().to_string()).collect();
        if open.is_empty() {
            return Err(format!("nothing to be {}: no such alert is open", act.as_str()));
        }
        let done = open.iter().map(|id| self.desk.act(id, &act, "test", None, now_us));
        let done = done.collect::<Result<Vec<_>, _>>()?;
        self.due.extend(self.desk.due(now_us));
        Ok(done.iter().flatten().filter_map(Raised::over).collect())
    }

    /// What is not as it is expected of receivers and mutes, at a moment up to which time has passed.
    pub(super) fn check(&self, expected: &Expected, rule: &str, now_us: i64) -> Vec<String> {
        let mut failures: Vec<String> = self.unknown(expected).collect();
        if !failures.is_empty() {
            return failures;
        }
        let (told, paged) = self.times(rule, &expected.group);
        if let Some(wanted) = &expected.receivers {
            failures.extend(self.lacking(wanted, &told, "to be told"));
        }
        if let Some(wanted) = &expected.escalated {
            failures.extend(self.lacking(wanted, &paged, "to be reached by the escalation"));
        }
        for name in &expected.not_told {
            let times = self.of(name, &told);
            if !times.is_empty() {
                failures
                    .push(format!("expected \"{name}\" not to be told, found told at {}", listed(&times)));
            }
        }
        for (name, wanted) in &expected.told_at {
            let wanted: BTreeSet<i64> = wanted.iter().map(|Span(us)| whole(*us)).collect();
            let found = self.of(name, &told);
            if wanted != found {
                let (wanted, found) = (listed(&wanted), listed(&found));
                failures.push(format!("expected \"{name}\" to be told at {wanted}, found {found}"));
            }
        }
        failures.extend(self.muted(expected, rule, now_us));
        failures
    }

    fn unknown<'a>(&'a self, expected: &'a Expected) -> impl Iterator<Item = String> + 'a {
        let lists = [&expected.receivers, &expected.escalated].into_iter().flatten().flatten();
        let names = lists.chain(&expected.not_told).chain(expected.told_at.keys());
        let unknown = names.filter(|name| !self.known.contains(name));
        unknown.map(|name| {
            let near = nearest(name, self.known.iter().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            format!("the routing has no receiver \"{name}\"{near}")
        })
    }

    /// When each receiver was told of a group, and by the escalation alone.
    fn times(&self, rule: &str, group: &BTreeMap<String, String>) -> (Times<'_>, Times<'_>) {
        let (mut told, mut paged) = (Times::new(), Times::new());
        for due in &self.due {
            match due {
                Due::Notify(news) => {
                    let mut alerts = news.firing.iter().chain(&news.resolved);
                    if alerts.any(|alert| is_of(alert, rule, group)) {
                        told.entry(&news.receiver).or_default().push(news.at_us);
                    }
                }
                Due::Page { alert, receivers, at_us, .. } | Due::Over { alert, receivers, at_us } => {
                    if !is_of(&alert.alert, rule, group) {
                        continue;
                    }
                    for receiver in receivers {
                        told.entry(receiver).or_default().push(*at_us);
                        if matches!(due, Due::Page { .. }) {
                            paged.entry(receiver).or_default().push(*at_us);
                        }
                    }
                }
            }
        }
        (told, paged)
    }

    /// When a receiver was told, or a person by any of theirs, since the begin of the test.
    fn of(&self, name: &str, told: &Times<'_>) -> BTreeSet<i64> {
        let person = self.desk.dispatcher().roster.people().find(|(person, _)| *person == name);
        let own = person.map_or(&[][..], |(_, receivers)| receivers).iter().map(String::as_str);
        let times = own.chain([name]).filter_map(|name| told.get(name)).flatten();
        times.map(|us| whole(us - START_US)).collect()
    }

    fn lacking(&self, wanted: &[String], told: &Times<'_>, what: &str) -> Vec<String> {
        let found: Vec<String> = told
            .iter()
            .map(|(name, times)| {
                format!("\"{name}\" ({})", listed(&times.iter().map(|us| whole(us - START_US)).collect()))
            })
            .collect();
        let found = if found.is_empty() { "nobody".to_string() } else { found.join(", ") };
        if wanted.is_empty() && !told.is_empty() {
            return vec![format!("expected nobody {what}, found {found}")];
        }
        let missing = wanted.iter().filter(|name| self.of(name, told).is_empty());
        missing.map(|name| format!("expected \"{name}\" {what}, found {found}")).collect()
    }

    fn muted(&self, expected: &Expected, rule: &str, now_us: i64) -> Option<String> {
        if expected.muted.is_none() && expected.muted_by.is_none() {
            return None;
        }
        let Some(raised) = self.desk.open().find(|raised| is_of(&raised.alert, rule, &expected.group)) else {
            return Some("expected to know what mutes it, found no open alert".into());
        };
        let (kind, by) = self.mute(raised, now_us);
        let said = |kind: MutedText, by: &str| match by {
            "" => kind.as_str().to_string(),
            by => format!("{} by \"{by}\"", kind.as_str()),
        };
        let wanted = expected.muted.unwrap_or(kind);
        let wanted_by = expected.muted_by.as_deref();
        let right = wanted == kind && wanted_by.is_none_or(|wanted| by.iter().any(|by| by == wanted));
        (!right).then(|| {
            let wanted = said(wanted, wanted_by.unwrap_or_default());
            format!("expected muted: {wanted}, found {}", said(kind, &by.join(", ")))
        })
    }

    /// What mutes an alert, and the names of that.
    fn mute(&self, raised: &Raised, now_us: i64) -> (MutedText, Vec<String>) {
        let name = |labels: &LabelSet| labels.get("alertname").cloned().unwrap_or_default();
        match self.desk.muted(raised, now_us) {
            Some(Muted::Silenced(id)) => (MutedText::Silenced, vec![id]),
            Some(Muted::Maintained(window)) => (MutedText::Maintenance, vec![window]),
            Some(Muted::Inhibited(labels)) => (MutedText::Inhibited, vec![name(&labels)]),
            None => {
                let hours = self.desk.dispatcher().quiet(&raised.alert, now_us);
                let kind = if hours.is_empty() { MutedText::None } else { MutedText::TimeInterval };
                (kind, hours.into_iter().collect())
            }
        }
    }
}

/// Whole milliseconds: the instant of a rule that looks at each event is a microsecond behind that.
fn whole(us: i64) -> i64 {
    us.div_euclid(1000) * 1000
}

/// Times since the begin of the test as a person reads them.
fn listed(times: &BTreeSet<i64>) -> String {
    let all: Vec<String> = times.iter().map(|us| format_us(*us)).collect();
    if all.is_empty() { "no time".into() } else { all.join(", ") }
}

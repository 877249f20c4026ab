//! The routing tree, read once: which settings and receiver an alert ends up with.

use crate::notify::config::{Config, RouteText};
use crate::notify::inhibit::Inhibition;
use crate::notify::interval::Interval;
use crate::notify::maintenance::Window;
use crate::notify::{Escalation, LabelSet, Matcher, Roster};
use crate::rule::Severity;
use std::collections::BTreeMap;

const DEPTH_MAX: usize = 32;

/// Where alerts end up: one place of the tree with its inherited settings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Route {
    /// Place in the tree: part of a group's name.
    pub(crate) path: String,
    pub(crate) receiver: String,
    /// `None`: each alert is a group by itself (`...`).
    pub(crate) group_by: Option<Vec<String>>,
    pub(crate) group_wait_us: i64,
    pub(crate) group_interval_us: i64,
    pub(crate) repeat_interval_us: i64,
    pub(crate) mute: Vec<String>,
    pub(crate) active: Vec<String>,
    escalation: Option<String>,
    matchers: Vec<Matcher>,
    goes_on: bool,
    routes: Vec<Route>,
}

/// What a configuration says, checked.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) root: Route,
    pub(crate) inhibitions: Vec<Inhibition>,
    pub(crate) intervals: BTreeMap<String, Vec<Interval>>,
    pub(crate) windows: Vec<Window>,
    escalations: BTreeMap<String, Escalation>,
}

impl Tree {
    pub(crate) fn build(config: &Config, roster: &Roster) -> Result<Tree, String> {
        let mut intervals = BTreeMap::new();
        for named in &config.time_intervals {
            let read = named.time_intervals.iter().map(|interval| interval.read(None));
            let read = read.collect::<Result<Vec<_>, _>>();
            let read = read.map_err(|error| format!("time interval {}: {error}", named.name))?;
            intervals.insert(named.name.clone(), read);
        }
        let root = Route {
            path: "{}".into(),
            receiver: String::new(),
            group_by: Some(Vec::new()),
            group_wait_us: 30_000_000,
            group_interval_us: 300_000_000,
            repeat_interval_us: 4 * 3_600_000_000,
            mute: Vec::new(),
            active: Vec::new(),
            escalation: None,
            matchers: Vec::new(),
            goes_on: false,
            routes: Vec::new(),
        };
        if config.route.receiver.is_none() {
            return Err("the first route has no receiver".into());
        }
        let tree = route(&config.route, &root, "{}".into(), 0)?;
        if !tree.matchers.is_empty() {
            return Err("the first route takes every alert: it has no matchers".into());
        }
        let escalations = escalations(config, roster)?;
        tree.check(config, &intervals, &escalations)?;
        let inhibitions = config.inhibit_rules.iter().map(|text| {
            Ok(Inhibition {
                source: matchers(&text.source_matchers, &text.source_match, &LabelSet::new())?,
                target: matchers(&text.target_matchers, &text.target_match, &LabelSet::new())?,
                equal: text.equal.clone(),
            })
        });
        let inhibitions = inhibitions.collect::<Result<_, String>>()?;
        let windows = Window::all(&config.maintenance)?;
        Ok(Tree { root: tree, inhibitions, intervals, windows, escalations })
    }

    /// The policy of an alert: its rule's, else that of the first place that names one, else that of its severity.
    pub(crate) fn policy(&self, named: Option<&str>, labels: &LabelSet, severity: Severity) -> Escalation {
        let mut found = Vec::new();
        self.root.find(labels, &mut found);
        let routed = found.iter().find_map(|route| route.escalation.as_deref());
        let named = named.filter(|name| self.escalations.contains_key(*name)).or(routed);
        let policy = self.escalations.get(named.unwrap_or(severity.as_str()));
        policy.cloned().unwrap_or_else(|| Escalation::of(severity))
    }

    /// The policies that the configuration names.
    pub(crate) fn escalations(&self) -> impl Iterator<Item = &Escalation> {
        self.escalations.values()
    }
}

fn escalations(config: &Config, roster: &Roster) -> Result<BTreeMap<String, Escalation>, String> {
    let mut escalations = BTreeMap::new();
    for text in &config.escalations {
        let fail = |what: String| format!("escalation {}: {what}", text.name);
        let policy = Escalation::read(text).map_err(fail)?;
        let mut targets = policy.levels.iter().flat_map(|level| &level.targets);
        targets.try_for_each(|target| roster.check(target)).map_err(fail)?;
        if escalations.insert(text.name.clone(), policy).is_some() {
            return Err(fail("there are two of this name".into()));
        }
    }
    Ok(escalations)
}

fn matchers(list: &[String], equal: &LabelSet, like: &LabelSet) -> Result<Vec<Matcher>, String> {
    let quoted = |operator: &'static str| {
        move |(name, value): (&String, &String)| {
            Matcher::parse(&format!(
                "{name}{operator}\"{}\"",
                value.replace('\\', "\\\\").replace('"', "\\\"")
            ))
        }
    };
    let listed = list.iter().map(|text| crate::notify::parse_matchers(text));
    let mut out = listed.collect::<Result<Vec<_>, _>>()?.concat();
    out.extend(equal.iter().map(quoted("=")).collect::<Result<Vec<_>, _>>()?);
    out.extend(like.iter().map(quoted("=~")).collect::<Result<Vec<_>, _>>()?);
    Ok(out)
}

fn route(text: &RouteText, parent: &Route, path: String, depth: usize) -> Result<Route, String> {
    if depth > DEPTH_MAX {
        return Err(format!("routes nest more than {DEPTH_MAX} deep"));
    }
    let group_by = match &text.group_by {
        Some(names) if names.iter().any(|name| name == "...") => None,
        Some(names) => Some(names.clone()),
        None => parent.group_by.clone(),
    };
    let us = |span: Option<crate::Span>, inherited: i64| span.map_or(inherited, |span| span.0);
    let mut out = Route {
        receiver: text.receiver.clone().unwrap_or_else(|| parent.receiver.clone()),
        group_by,
        group_wait_us: us(text.group_wait, parent.group_wait_us),
        group_interval_us: us(text.group_interval, parent.group_interval_us),
        repeat_interval_us: us(text.repeat_interval, parent.repeat_interval_us),
        mute: text.mute_time_intervals.clone(),
        active: text.active_time_intervals.clone(),
        escalation: text.escalation.clone().or_else(|| parent.escalation.clone()),
        matchers: matchers(&text.matchers, &text.equal, &text.match_re)?,
        goes_on: text.goes_on,
        routes: Vec::new(),
        path,
    };
    if out.group_interval_us <= 0 || out.repeat_interval_us <= 0 {
        return Err(format!(
            "route {}: group_interval and repeat_interval are longer than nothing",
            out.path
        ));
    }
    let inner = text.routes.iter().enumerate();
    let inner = inner.map(|(at, inner)| route(inner, &out, format!("{}/{at}", out.path), depth + 1));
    out.routes = inner.collect::<Result<_, _>>()?;
    Ok(out)
}

impl Route {
    fn check(
        &self,
        config: &Config,
        intervals: &BTreeMap<String, Vec<Interval>>,
        escalations: &BTreeMap<String, Escalation>,
    ) -> Result<(), String> {
        if !config.receivers.iter().any(|receiver| receiver.name == self.receiver) {
            let names = config.receivers.iter().map(|receiver| receiver.name.as_str());
            let near = tacho_pipe::nearest(&self.receiver, names);
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            return Err(format!("there is no receiver \"{}\"{near}", self.receiver));
        }
        if let Some(name) = self.mute.iter().chain(&self.active).find(|name| !intervals.contains_key(*name)) {
            return Err(format!("there is no time interval \"{name}\""));
        }
        if let Some(name) = self.escalation.as_ref().filter(|name| !escalations.contains_key(*name)) {
            let near = tacho_pipe::nearest(name, escalations.keys().map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            return Err(format!("there is no escalation \"{name}\"{near}"));
        }
        self.routes.iter().try_for_each(|route| route.check(config, intervals, escalations))
    }

    /// The places where an alert ends up: the deepest that match, more than one where `continue` says so.
    pub(crate) fn find<'a>(&'a self, labels: &LabelSet, found: &mut Vec<&'a Route>) -> bool {
        if !self.matchers.iter().all(|matcher| matcher.matches(labels)) {
            return false;
        }
        let before = found.len();
        for route in &self.routes {
            if route.find(labels, found) && !route.goes_on {
                break;
            }
        }
        if found.len() == before {
            found.push(self);
        }
        true
    }

    /// The same settings for a receiver that a rule names itself.
    pub(crate) fn direct(&self, receiver: &str) -> Route {
        let path = format!("action:{receiver}");
        Route { path, receiver: receiver.into(), routes: Vec::new(), ..self.clone() }
    }
}

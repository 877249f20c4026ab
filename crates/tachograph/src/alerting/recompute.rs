//! Alerts computed once more from the log: was each due that was raised, and was each raised that was due?
//!
//! Needs the log and the rules alone. What it compares with are the entries `alert_firing` of the log itself. A rule is
//! judged by each text that it had, within the time in which that counted ([`super::versions`]).

use super::past;
use super::versions::Version;
use crate::concluded::Rejoined;
use crate::node::Node;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tacho_alert::row::{Recorded, Row};
use tacho_alert::value::Value;
use tacho_alert::{Change, Engine, Transition, field};

/// How long it may take.
const TIME: Duration = Duration::from_secs(120);
/// Entries that are read at once.
const STEP: u64 = 1 << 14;
/// Alerts that an answer names.
const NAMED_MAX: usize = 200;
/// What is due so shortly before a rule ends may not have been looked at.
const LOOKED_WITHIN_US: i64 = 10_000_000;
/// How long after the end the log may tell of what was due in the range.
pub(super) const TOLD_WITHIN_US: i64 = 60_000_000;

/// What came of it.
#[derive(Debug, Clone, Default, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Recomputed {
    pub rules: u64,
    pub from: String,
    pub to: String,
    /// Entries that were read.
    pub entries: u64,
    /// Alerts that are on the log and are due.
    pub agree: u64,
    /// Due, and not on the log.
    pub missing: Vec<Computed>,
    /// On the log, and not due.
    pub extra: Vec<Computed>,
    /// On the log, of a former text of a rule. Judged by that text where it is known.
    pub edited: Vec<Computed>,
    /// On the log, of a rule that is there no more. Judged by its text where that is known.
    pub gone: Vec<Computed>,
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Computed {
    pub alert: String,
    pub rule: String,
    pub at: String,
    pub group: BTreeMap<String, String>,
    /// The newest event that it is about; of one that is on the log, its own entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// Of a rule of before: the hash of its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_hash: Option<String>,
    /// Of a rule of before: whether it was due by its text of then; nothing where that text is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<bool>,
}

impl From<Transition> for Computed {
    fn from(change: Transition) -> Computed {
        Computed {
            alert: change.alert_id(),
            index: change.evidence.last().map(|seen| seen.index),
            rule: change.rule,
            at: tacho_event::time::format(change.at_us),
            group: change.group.into_iter().collect(),
            rule_hash: None,
            due: None,
        }
    }
}

/// An alert as the log has it.
struct Logged {
    rule_hash: String,
    at_us: i64,
    computed: Computed,
}

/// Computes the alerts of [from, to) once more: of one rule, or of all.
pub(crate) fn recompute(
    node: &Node,
    (versions, only): (&[Version], Option<&str>),
    from_us: i64,
    to_us: i64,
) -> Result<Recomputed, String> {
    let snapshot = node.store().snapshot();
    let told = |error: tacho_store::StoreError| error.to_string();
    let rejoined = Arc::new(Rejoined::default());
    let rules = versions.iter().map(|version| version.rule.clone()).collect();
    let mut engine = Engine::new(rules)?.with_calls(Arc::clone(&rejoined) as _);
    let agents = node.store().catalog().agents().map_err(told)?;
    let expected = agents.into_iter().filter(|agent| agent.expected && agent.alias_of.is_none());
    engine.set("fleet.active", expected.map(|agent| agent.id).collect());
    let mut next = past::index_at(&snapshot, from_us - engine.memory_us()).map_err(told)?;
    let end = past::index_at(&snapshot, to_us + TOLD_WITHIN_US).map_err(told)?;
    let mut retold = node.concluded().retold();
    let (began, mut entries) = (Instant::now(), 0);
    let (mut due, mut logged) = (Due::new(), HashMap::new());
    while next < end {
        if began.elapsed() > TIME {
            return Err(format!("it took longer than {} s: ask for a shorter range", TIME.as_secs()));
        }
        let range = next..(next + STEP).min(end);
        next = range.end;
        past::each(&snapshot, range, &mut retold, &mut |event| {
            entries += 1;
            rejoined.observe(event.index(), event.place(), event.event);
            past::observe(&mut engine, event);
            if past::is_own(event)
                && let Some(found) = firing(event)
                && only.is_none_or(|only| only == found.computed.rule)
            {
                logged.insert(found.computed.alert.clone(), found);
            }
        })
        .map_err(told)?;
        keep(&mut engine, from_us..to_us, &mut due);
    }
    engine.advance(to_us);
    keep(&mut engine, from_us..to_us, &mut due);
    let mut logged: Vec<Logged> = logged.into_values().collect();
    logged.retain(|one| (from_us..to_us).contains(&one.at_us));
    logged.sort_by_key(|one| one.at_us);
    let mut out = compare(versions, logged, due);
    out.from = tacho_event::time::format(from_us);
    out.to = tacho_event::time::format(to_us);
    out.entries = entries;
    for list in [&mut out.missing, &mut out.extra, &mut out.edited, &mut out.gone] {
        list.truncate(NAMED_MAX);
    }
    Ok(out)
}

/// What is due, by the hash of the rule and the alert.
type Due = HashMap<(String, String), Transition>;

/// Compares what the log has with what is due.
fn compare(versions: &[Version], logged: Vec<Logged>, mut due: Due) -> Recomputed {
    let today = versions.iter().filter(|version| version.to_us == i64::MAX);
    let today: HashMap<&str, String> =
        today.map(|version| (version.rule.id.as_str(), version.rule.hash_text())).collect();
    let known: HashSet<(&str, String)> =
        versions.iter().map(|version| (version.rule.id.as_str(), version.rule.hash_text())).collect();
    let mut out = Recomputed { rules: today.len() as u64, ..Recomputed::default() };
    // A text that is not on the log counted at least until its last alert: no other one was due till then.
    let mut was_other: HashMap<String, i64> = HashMap::new();
    for Logged { rule_hash, at_us, mut computed } in logged {
        let was_due = due.remove(&(rule_hash.clone(), computed.alert.clone())).is_some();
        let judged = known.contains(&(computed.rule.as_str(), rule_hash.clone())).then_some(was_due);
        let is_of_today = today.get(computed.rule.as_str()) == Some(&rule_hash);
        let list = match today.contains_key(computed.rule.as_str()) {
            true => &mut out.edited,
            false => &mut out.gone,
        };
        if !is_of_today {
            (computed.rule_hash, computed.due) = (Some(rule_hash), judged);
            list.push(computed.clone());
        }
        match judged {
            Some(true) => out.agree += 1,
            Some(false) => out.extra.push(computed),
            None => drop(was_other.insert(computed.rule, at_us)),
        }
    }
    let counted = |change: &Transition| {
        let of = versions
            .iter()
            .filter(|version| version.rule.id == change.rule && version.rule.hash == change.rule_hash);
        of.clone().any(|version| {
            let until_us = version.to_us.saturating_sub(version.rule.lag_us).saturating_sub(LOOKED_WITHIN_US);
            let until_us = if version.to_us == i64::MAX { i64::MAX } else { until_us };
            (version.from_us..until_us).contains(&change.at_us)
        })
    };
    let mut missing: Vec<Transition> = due.into_values().filter(counted).collect();
    missing.retain(|change| was_other.get(&change.rule).is_none_or(|until| change.at_us > *until));
    missing.sort_by_key(|change: &Transition| change.at_us);
    out.missing = missing.into_iter().map(Computed::from).collect();
    out
}

fn keep(engine: &mut Engine, within: std::ops::Range<i64>, due: &mut Due) {
    for change in engine.transitions() {
        if change.change == Change::Firing && within.contains(&change.at_us) {
            let hash = change.rule_hash.iter().map(|byte| format!("{byte:02x}")).collect();
            due.insert((hash, change.alert_id()), change);
        }
    }
}

/// The alert that an entry tells of.
fn firing(event: &Recorded<'_>) -> Option<Logged> {
    if event.event.header.action_name != "alert_firing" {
        return None;
    }
    let Value::Text(output) = event.value(field::Field::Result) else { return None };
    let output: serde_json::Value = serde_json::from_str(&output).ok()?;
    let text = |name: &str| output[name].as_str().map(str::to_string);
    let group = output["labels"].as_object()?.iter();
    let group = group.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string())));
    Some(Logged {
        rule_hash: text("rule_hash")?,
        at_us: tacho_event::time::parse(&text("at")?).ok()?,
        computed: Computed {
            alert: event.event.header.call?.to_string(),
            rule: text("rule")?,
            at: text("at")?,
            group: group.collect(),
            index: Some(event.index()),
            rule_hash: None,
            due: None,
        },
    })
}

//! Alerts computed once more from the log: was each due that was raised, and was each raised that was due?
//!
//! Needs the log and the rules alone. What it compares with are the entries `alert_firing` of the log itself.

use super::past;
use crate::node::Node;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use tacho_alert::row::{Recorded, Row};
use tacho_alert::value::Value;
use tacho_alert::{Change, Engine, Rule, Transition, field};

/// How long it may take.
const TIME: Duration = Duration::from_secs(120);
/// Entries that are read at once.
const STEP: u64 = 1 << 14;
/// Alerts that an answer names.
const NAMED_MAX: usize = 200;
/// How long after the end the log may tell of what was due in the range.
const TOLD_WITHIN_US: i64 = 60_000_000;

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
    /// On the log, of a rule that has been edited since: it can't be judged with the rule of today.
    pub edited: Vec<Computed>,
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
}

impl From<Transition> for Computed {
    fn from(change: Transition) -> Computed {
        Computed {
            alert: change.alert_id(),
            index: change.evidence.last().map(|seen| seen.index),
            rule: change.rule,
            at: tacho_event::time::format(change.at_us),
            group: change.group.into_iter().collect(),
        }
    }
}

/// An alert as the log has it.
struct Logged {
    rule_hash: String,
    at_us: i64,
    computed: Computed,
}

/// Computes the alerts of [from, to) once more.
pub(crate) fn recompute(node: &Node, rules: &[Rule], from_us: i64, to_us: i64) -> Result<Recomputed, String> {
    let snapshot = node.store().snapshot();
    let told = |error: tacho_store::StoreError| error.to_string();
    let mut engine = Engine::new(rules.to_vec())?;
    let agents = node.store().catalog().agents().map_err(told)?;
    let expected = agents.into_iter().filter(|agent| agent.expected && agent.alias_of.is_none());
    engine.set("fleet.active", expected.map(|agent| agent.id).collect());
    let mut next = past::index_at(&snapshot, from_us - engine.memory_us()).map_err(told)?;
    let end = past::index_at(&snapshot, to_us + TOLD_WITHIN_US).map_err(told)?;
    let (began, mut entries) = (Instant::now(), 0);
    let (mut due, mut logged) = (HashMap::new(), HashMap::new());
    while next < end {
        if began.elapsed() > TIME {
            return Err(format!("it took longer than {} s: ask for a shorter range", TIME.as_secs()));
        }
        let range = next..(next + STEP).min(end);
        next = range.end;
        let before = |index| node.concluded().told_before(index);
        past::each(&snapshot, range, &before, &mut |event| {
            entries += 1;
            past::observe(&mut engine, event);
            if past::is_own(event)
                && let Some(found) = firing(event)
            {
                logged.insert(found.computed.alert.clone(), found);
            }
        })
        .map_err(told)?;
        keep(&mut engine, from_us..to_us, &mut due);
    }
    engine.advance(to_us);
    keep(&mut engine, from_us..to_us, &mut due);
    let mut out = Recomputed {
        rules: rules.len() as u64,
        from: tacho_event::time::format(from_us),
        to: tacho_event::time::format(to_us),
        entries,
        ..Recomputed::default()
    };
    let hashes: HashMap<&str, String> =
        rules.iter().map(|rule| (rule.id.as_str(), rule.hash_text())).collect();
    let mut logged: Vec<Logged> = logged.into_values().collect();
    logged.retain(|one| (from_us..to_us).contains(&one.at_us));
    logged.sort_by_key(|one| one.at_us);
    // Up to the last alert of another text of a rule, what its text of today would have raised says nothing.
    let mut was_other: HashMap<String, i64> = HashMap::new();
    for one in logged {
        match hashes.get(one.computed.rule.as_str()) {
            None => {}
            Some(hash) if *hash != one.rule_hash => {
                was_other.insert(one.computed.rule.clone(), one.at_us);
                out.edited.push(one.computed);
            }
            Some(_) if due.remove(&one.computed.alert).is_some() => out.agree += 1,
            Some(_) => out.extra.push(one.computed),
        }
    }
    let mut missing: Vec<Transition> = due.into_values().collect();
    missing.retain(|change| was_other.get(&change.rule).is_none_or(|until| change.at_us > *until));
    missing.sort_by_key(|change: &Transition| change.at_us);
    out.missing = missing.into_iter().map(Computed::from).collect();
    for list in [&mut out.missing, &mut out.extra, &mut out.edited] {
        list.truncate(NAMED_MAX);
    }
    Ok(out)
}

fn keep(engine: &mut Engine, within: std::ops::Range<i64>, due: &mut HashMap<String, Transition>) {
    for change in engine.transitions() {
        if change.change == Change::Firing && within.contains(&change.at_us) {
            due.insert(change.alert_id(), change);
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
            index: Some(event.index),
        },
    })
}

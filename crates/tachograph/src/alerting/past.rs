//! Events of the store as rules see them.

use crate::concluded::{Rejoined, Retold};
use crate::node::Node;
use std::ops::Range;
use std::sync::Arc;
use tacho_alert::field::Field;
use tacho_alert::row::{Recorded, Row as _};
use tacho_alert::value::Value;
use tacho_alert::{Engine, Over, Replay, Replayer, Rule};
use tacho_event::record::Accepted;
use tacho_event::section::Section;
use tacho_event::time::DAY_US;
use tacho_store::read::Wanted;
use tacho_store::row::{Part, Row};
use tacho_store::{Snapshot, StoreError};

/// Gives every event of an index range, in order. A section that is gone reads as absent.
pub(super) fn each(
    snapshot: &Snapshot,
    range: Range<u64>,
    retold: &mut Retold,
    call: &mut dyn FnMut(&Recorded<'_>),
) -> Result<(), StoreError> {
    snapshot.rows(range, Wanted::All, &mut |row| one(row, retold, call))
}

fn one(row: &Row<'_>, retold: &mut Retold, call: &mut dyn FnMut(&Recorded<'_>)) -> Result<(), StoreError> {
    let mut scratch: [Vec<u8>; 6] = Default::default();
    let mut texts = [None; 6];
    for ((section, text), scratch) in Section::TEXTS.into_iter().zip(&mut texts).zip(&mut scratch) {
        if let Part::Open(bytes) = row.section(section, scratch)? {
            *text = std::str::from_utf8(bytes).ok();
        }
    }
    let event = Accepted {
        header: row.header()?,
        who: row.who(),
        facts: row.facts(),
        texts,
        content: None,
        former: None,
        subject_slot: None,
    };
    let index = row.index();
    let told_before =
        retold.told_before(index, (event.header.outcome, event.header.phase, event.header.known));
    call(&Recorded::new(&event, row.place()?, index, told_before));
    Ok(())
}

/// The first entry that was recorded at or after a moment: server time never runs backwards.
pub(crate) fn index_at(snapshot: &Snapshot, at_us: i64) -> Result<u64, StoreError> {
    let (mut low, mut high) = (0, snapshot.size);
    while low < high {
        let middle = low + (high - low) / 2;
        let mut time_us = i64::MIN;
        snapshot.rows(middle..middle + 1, Wanted::Header, &mut |row| {
            time_us = row.place()?.time_us;
            Ok(())
        })?;
        if time_us < at_us {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Whether an event only tells of alerting itself: alerts about alerts would never end.
pub(super) fn is_own(event: &Recorded<'_>) -> bool {
    let header = &event.event.header;
    let tells = ["alert_", "notification_"].iter().any(|start| header.action_name.starts_with(start));
    header.writer == crate::edits::OWN.writer && tells
}

/// Gives an event of the log to the rules. What alerting says of itself is none for them, but that somebody ended an
/// alert by hand is.
pub(super) fn observe(engine: &mut Engine, event: &Recorded<'_>) {
    if !is_own(event) {
        return engine.observe(event);
    }
    engine.advance(event.recorded_us());
    if let Some(over) = over(event) {
        engine.resolve(&over);
    }
}

/// The alert that somebody ended. Where what was said of it is gone, it has its id still.
fn over(event: &Recorded<'_>) -> Option<Over> {
    let header = &event.event.header;
    if header.action_name != super::tell::RESOLVED_BY_HAND {
        return None;
    }
    let told: serde_json::Value = match event.value(Field::Result) {
        Value::Text(text) => serde_json::from_str(&text).unwrap_or_default(),
        _ => serde_json::Value::Null,
    };
    let group = told["group"].as_object().or_else(|| told["labels"].as_object()).into_iter().flatten();
    let group = group.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string())));
    Some(Over {
        alert: header.call?.to_string(),
        rule: told["rule"].as_str().unwrap_or_default().to_string(),
        group: group.collect(),
        at_us: event.claimed_us().min(event.recorded_us()),
    })
}

/// Entries that one replay reads at most: the newest count.
const REPLAYED_MAX: u64 = 2_000_000;
/// How long a replay may take.
const REPLAY_TIME: std::time::Duration = std::time::Duration::from_secs(60);

/// How often rules would have fired over the last days. It tells nobody, and imported history counts.
pub(crate) fn replay(node: &Node, rules: &[Rule], days: u32) -> Result<Vec<Replay>, String> {
    let told = |error: StoreError| error.to_string();
    let agents = node.store().catalog().agents().map_err(told)?;
    let expected = agents.into_iter().filter(|agent| agent.expected && agent.alias_of.is_none());
    let sets = [("fleet.active".to_string(), expected.map(|agent| agent.id).collect())].into();
    let rejoined = Arc::new(Rejoined::default());
    let mut replayer = Replayer::new(rules, &sets)?.with_calls(Arc::clone(&rejoined) as _);
    let snapshot = node.store().snapshot();
    let from = index_at(&snapshot, node.now_us() - i64::from(days) * DAY_US).map_err(told)?;
    let mut next = from.max(snapshot.size.saturating_sub(REPLAYED_MAX));
    let mut retold = node.concluded().retold();
    let began = std::time::Instant::now();
    while next < snapshot.size {
        if began.elapsed() > REPLAY_TIME {
            return Err(format!(
                "the replay took longer than {} s: ask for fewer days",
                REPLAY_TIME.as_secs()
            ));
        }
        let range = next..(next + (1 << 14)).min(snapshot.size);
        next = range.end;
        each(&snapshot, range, &mut retold, &mut |event| {
            rejoined.observe(event.index(), event.place(), event.event);
            if !is_own(event) {
                replayer.observe(event);
            }
        })
        .map_err(told)?;
    }
    Ok(replayer.finish())
}

//! What expires by its age: section `who` on its own clock, everything else with its class, unless the sender asked for
//! longer or a legal hold keeps it. Age counts from the day that an event was recorded, which its sender cannot choose.

use super::removal::{event, forget_names, holds, release, take_out, tell};
use super::{Ages, subject};
use crate::node::Node;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::ops::{Range, RangeInclusive};
use std::sync::atomic::Ordering;
use tacho_event::fact::IntFact;
use tacho_event::section::Section;
use tacho_event::time::{DAY_US, Day, Micros};
use tacho_event::words::Class;
use tacho_store::Why;
use tacho_store::read::Wanted;
use tacho_store::row::Row;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Run {
    /// Erasures that were waiting and could be ended.
    pub erasures: u64,
    /// Periods whose sections are gone and whose secrets are destroyed.
    pub expired: Vec<String>,
    /// Periods whose time is over, and of which a hold or an entry's own retention keeps something.
    pub kept: Vec<String>,
    /// Entries of which something was taken out by age.
    pub entries: u64,
}

/// Whose period a secret's name tells of, and its days without the last.
fn period(name: &str) -> Option<(&str, Range<Day>)> {
    let (kind, text) = name.strip_prefix("period ")?.split_once(' ')?;
    let first = |month: &str| Day::parse(&format!("{month}-01"));
    let days = if kind == "personal" {
        let day = Day::parse(text)?;
        day..Day(day.0 + 1)
    } else {
        let day = first(text)?;
        // No month is longer than 31 days, and none shorter than 28.
        day..first(&Day(day.0 + 31).month_text())?
    };
    Some((kind, days))
}

/// Whether a secret's name is a period whose time is over.
fn is_over(name: &str, ages: &Ages, now_us: Micros) -> bool {
    let Some((kind, days)) = period(name) else { return false };
    let kept =
        if kind == "personal" { Some(ages.personal) } else { Class::parse(kind).map(|class| ages.of(class)) };
    let over = kept.map(|kept| (i64::from(days.end.0) + i64::from(kept)).saturating_mul(DAY_US));
    over.is_some_and(|over| over <= now_us)
}

fn is_critical(name: &str) -> bool {
    name.starts_with("period critical ")
}

/// Whether its sender asked for longer than that.
fn is_asked_for(row: &Row<'_>, now_us: Micros) -> bool {
    let asked = row.facts().int(IntFact::RetentionUs);
    let recorded = row.place().map_or(Micros::MAX, |place| place.time_us);
    asked.is_some_and(|asked| recorded.saturating_add(asked) > now_us)
}

/// Ends what waits, and takes out what is too old at `now_us`.
///
/// # Errors
/// What could not be done. It is tried again with the next run.
pub(crate) fn run(node: &Node, now_us: Micros) -> Result<Run, Box<dyn Error>> {
    let _one = node.removals().one.lock();
    let counts = &node.removals().counts;
    let done = ended(node, now_us);
    let counter = if done.is_ok() { &counts.runs } else { &counts.failed_runs };
    counter.fetch_add(1, Ordering::Relaxed);
    done
}

fn ended(node: &Node, now_us: Micros) -> Result<Run, Box<dyn Error>> {
    let erasures = subject::resume(node)?;
    let mut run = Run { erasures, ..Run::default() };
    let ages = node.removals().ages;
    let over: BTreeSet<String> =
        node.ring().names().filter(|name| is_over(name, &ages, now_us)).map(str::to_string).collect();
    if !over.is_empty() {
        expire(node, now_us, &over, &mut run)?;
    }
    let result = serde_json::json!({
        "erasures": run.erasures, "expired": run.expired, "kept": run.kept, "entries": run.entries,
    });
    let id = format!("retention/{now_us}");
    let mut told = event(&id, "retention_run", "INFO", "success", result);
    // Each expiry is told by itself; that there was a run need not be known so long.
    told["class"] = "standard".into();
    tell(node, &told)?;
    // Also of a hold that was released, or an erasure that ended, while another program read the catalog.
    forget_names(node)?;
    Ok(run)
}

/// Periods whose time is over, by the days that they cover: each row asks, and to write a name costs more than to read the row.
struct Over<'n> {
    of_day: HashMap<Day, Vec<(&'n str, &'n str)>>,
}

impl<'n> Over<'n> {
    fn new(names: &'n BTreeSet<String>) -> Over<'n> {
        let mut of_day: HashMap<Day, Vec<(&str, &str)>> = HashMap::new();
        for name in names {
            if let Some((kind, days)) = period(name) {
                (days.start.0..days.end.0)
                    .for_each(|day| of_day.entry(Day(day)).or_default().push((kind, name)));
            }
        }
        Over { of_day }
    }

    fn covers(&self, days: RangeInclusive<Day>) -> bool {
        self.of_day.keys().any(|day| days.contains(day))
    }

    /// The period of a row's day, and of its class's month, when they are over.
    fn of(&self, row: &Row<'_>) -> (Option<&'n str>, Option<&'n str>) {
        let Some(periods) = self.of_day.get(&row.period()) else { return (None, None) };
        let name = |kind| periods.iter().find(|(of, _)| *of == kind).map(|(_, name)| *name);
        (name("personal"), name(row.retention()))
    }
}

/// Takes out the sections of periods that are over.
fn expire(
    node: &Node,
    now_us: Micros,
    names: &BTreeSet<String>,
    run: &mut Run,
) -> Result<(), Box<dyn Error>> {
    let (over, holds) = (Over::new(names), holds(node)?);
    let select = |row: &Row<'_>| {
        let (personal, class) = over.of(row);
        if (personal.is_none() && class.is_none()) || holds.cover(row) {
            return Vec::new();
        }
        let class = class.is_some() && !is_asked_for(row, now_us);
        let goes = |section: &Section| if section.is_personal() { personal.is_some() } else { class };
        Section::ALL.into_iter().filter(goes).collect()
    };
    // Events that tell of segment files are of the longest class, and a file may be older than that.
    if let Some(newest) = names.iter().rfind(|name| is_critical(name)) {
        node.tell_segments_again(newest)?;
    }
    let days = |days: RangeInclusive<Day>| over.covers(days);
    let taken = take_out(node, Why::Expired, &days, &select)?;
    run.entries = taken.entries;
    // What a hold keeps, and what was recorded meanwhile on a clock that jumped, keeps its secret.
    let (mut kept, mut counted) = (BTreeSet::new(), BTreeMap::<&str, u64>::new());
    node.store().snapshot().of_days(&days)?.rows(0..u64::MAX, Wanted::Subject, &mut |row| {
        let (personal, class) = over.of(row);
        if personal.is_none() && class.is_none() {
            return Ok(());
        }
        let selected = select(row);
        for (name, is_personal) in [(personal, true), (class, false)] {
            let Some(name) = name else { continue };
            let is_gone = selected.iter().any(|section| section.is_personal() == is_personal);
            if !is_gone || row.index() >= taken.end {
                kept.insert(name);
            } else {
                *counted.entry(name).or_default() += 1;
            }
        }
        Ok(())
    })?;
    let ending: Vec<&str> = names.iter().map(String::as_str).filter(|name| !kept.contains(name)).collect();
    for name in &ending {
        let entries = counted.get(name).copied().unwrap_or_default();
        let result = serde_json::json!({"period": name, "entries": entries});
        tell(node, &event(&format!("expired/{name}"), "retention_expired", "INFO", "success", result))?;
    }
    if !ending.is_empty() {
        node.ring().destroy(&ending)?;
    }
    run.expired = ending.into_iter().map(str::to_string).collect();
    run.kept = kept.into_iter().map(str::to_string).collect();
    let counts = &node.removals().counts;
    counts.periods.fetch_add(run.expired.len() as u64, Ordering::Relaxed);
    counts.expired_entries.fetch_add(run.entries, Ordering::Relaxed);
    release(node, &taken)
}

#[cfg(test)]
mod tests {
    use super::super::Schedule;
    use super::*;
    use tacho_ingest::classify::Classes;

    #[test]
    fn a_period_is_over_when_the_last_event_of_it_is_old_enough() {
        let ages = Ages::new(&Schedule::default(), &Classes::default());
        let at = |text: &str| tacho_event::time::parse(text).unwrap();
        for (name, over) in [
            ("period personal 2026-01-31", "2026-03-03"),
            ("period standard 2026-01", "2027-02-01"),
            ("period high_priority 2024-02", "2027-03-01"),
            ("period critical 2026-12", "2033-12-30"),
        ] {
            let moment = at(&format!("{over}T00:00:00Z"));
            assert!(is_over(name, &ages, moment), "{name}");
            assert!(!is_over(name, &ages, moment - 1), "{name}");
        }
        for never in [
            "subject",
            "subject period personal 2020-01-01",
            "log id",
            "period x 2020-01",
            "period personal x",
        ] {
            assert!(!is_over(never, &ages, Micros::MAX), "{never}");
        }
    }
}

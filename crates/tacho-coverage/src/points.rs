//! Declared points: who saw them, and which were never seen or fell silent.

use crate::config::{Config, Point};
use crate::judge::about;
use crate::report::{Finding, Kind, PointState, Seen};
use crate::rows::SeenRow;
use crate::witness::standing;
use std::collections::BTreeMap;
use tacho_event::time;

pub(crate) fn states(rows: &[SeenRow], config: &Config, now_us: i64) -> (Vec<PointState>, Vec<Finding>) {
    let all = config.points.iter().map(|point| state(point, rows, now_us));
    let (states, findings): (Vec<_>, Vec<_>) = all.unzip();
    (states, findings.into_iter().flatten().collect())
}

fn state(point: &Point, rows: &[SeenRow], now_us: i64) -> (PointState, Option<Finding>) {
    let mut by: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
    let fits = |row: &&SeenRow| point.fits(&row.agent, &row.source, &row.kind, &row.name);
    let rows: Vec<&SeenRow> = rows.iter().filter(fits).collect();
    for row in &rows {
        let of = by.entry(&row.source).or_insert((0, i64::MIN));
        *of = (of.0 + row.events, of.1.max(row.last_us));
    }
    // Where witnesses tell of it, no word of an agent breaks their silence.
    let counting = standing(&rows, |row| &row.source);
    let by_whom = if counting.len() < rows.len() { " by a witness" } else { "" };
    let last = counting.into_iter().max_by_key(|row| (row.last_us, row.last_index));
    let silent_us = last.map(|row| now_us - row.last_us);
    let over = point.silence_us.zip(silent_us).is_some_and(|(most, silent)| silent > most);
    let finding = match last {
        None => Some(never(point)),
        Some(row) if over => Some(silent(point, row, by_whom, now_us)),
        Some(_) => None,
    };
    let state = match &finding {
        None => "seen",
        Some(finding) if finding.kind == Kind::PointSilent => "silent",
        Some(_) => "never_seen",
    };
    let seen = |(source, (events, last_us)): (&str, (u64, i64))| Seen {
        source: source.to_owned(),
        events,
        last_seen: time::format(last_us),
    };
    let state = PointState {
        point: point.name.clone(),
        state,
        events: by.values().map(|(events, _)| events).sum(),
        last_seen: last.map(|row| time::format(row.last_us)),
        last_index: last.map(|row| row.last_index),
        silence: point.silence_us.map(tacho_pipe::format_us),
        by_source: by.into_iter().map(seen).collect(),
    };
    (state, finding)
}

fn where_(point: &Point) -> String {
    let agent = point.agent.as_ref().map(|agent| format!(" of {agent}")).unwrap_or_default();
    let source = point.source.as_ref().map(|source| format!(" from {source}")).unwrap_or_default();
    format!("{agent}{source}")
}

fn about_point(kind: Kind, point: &Point) -> Finding {
    let mut finding = Finding::new(kind, &point.name);
    (finding.agent, finding.source) = (point.agent.clone(), point.source.clone());
    finding
}

fn never(point: &Point) -> Finding {
    about_point(Kind::PointNeverSeen, point).says(
        format!("{}{} has to be audited and was never seen", point.name, where_(point)),
        "make the application send it (docs/formats/events.md), correct the pattern, or take the point out of the \
         configuration",
    )
}

fn silent(point: &Point, last: &SeenRow, by_whom: &str, now_us: i64) -> Finding {
    let most = tacho_pipe::format_us(point.silence_us.unwrap_or_default());
    let silent = about(now_us - last.last_us);
    let mut finding = about_point(Kind::PointSilent, point).says(
        format!("{}{} was last seen{by_whom} {silent} ago, and at most {most} may be silence", point.name, where_(point)),
        "find out whether nothing happened or nobody tells any more: begin with the last event and its sender",
    );
    finding.since = Some(time::format(last.last_us));
    finding.evidence.events = vec![last.last_index];
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn row(agent: &str, source: &str, kind: &str, name: &str, last_us: i64) -> SeenRow {
        let (agent, source, kind, name) = (agent.into(), source.into(), kind.into(), name.into());
        SeenRow {
            agent,
            source,
            kind,
            name,
            events: 2,
            last_us,
            last_index: last_us.unsigned_abs() / HOUR as u64,
        }
    }

    #[test]
    fn a_point_is_seen_silent_or_was_never_there() {
        let config: Config = toml::from_str(
            "audit = [\"agent_lifecycle\"]\naudit_silence = \"24h\"\n\
             [[points]]\nname = \"x\"\nactions = [\"tool/*\"]\nsource = \"hook\"",
        )
        .unwrap();
        let rows = [
            row("a", "http", "lifecycle", "AGENT_CREATED", 99 * HOUR),
            row("b", "otel_log", "lifecycle", "agent.created", 98 * HOUR),
            row("a", "http", "lifecycle", "AGENT_DELETED", 50 * HOUR),
            row("a", "http", "tool", "Bash", 99 * HOUR),
        ];
        let (states, findings) = states(&rows, &config, 100 * HOUR);
        // What b's telemetry tells stands before what a says of itself.
        let words: Vec<&str> = states.iter().map(|state| state.state).collect();
        assert_eq!(words, ["seen", "never_seen", "silent", "never_seen", "never_seen"]);
        assert_eq!((states[0].events, states[0].by_source.len(), states[0].last_index), (4, 2, Some(98)));
        let ids: Vec<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "point_never_seen/agent_lifecycle.agent_updated",
                "point_silent/agent_lifecycle.agent_deleted",
                "point_never_seen/agent_lifecycle.agent_executed",
                "point_never_seen/x"
            ]
        );
        assert!(findings[1].what.contains("last seen 2d2h ago, and at most 1d may"), "{}", findings[1].what);
        assert_eq!(findings[3].source.as_deref(), Some("hook"), "what another source saw does not count");
    }
}

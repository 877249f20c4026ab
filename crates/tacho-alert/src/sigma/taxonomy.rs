//! The fields that rules can ask for, and what Sigma, ECS, OCSF and OpenTelemetry call them.
//!
//! `docs/formats/taxonomy.md` is written from here; a test compares them.

use crate::field::{self, Named};
use crate::sigma::names::{KNOWN, MEANINGS, Names};
use crate::sigma::offer;
use std::fmt::Write;
use tacho_event::fact::{IntFact, TextFact};
use tacho_pipe::Kind;

/// Where a field of a Sigma rule is: a column, and the path below it when the column is JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) column: &'static str,
    pub(crate) kind: Kind,
    pub(crate) path: Vec<String>,
}

impl Place {
    fn of(column: Named, path: &[&str]) -> Place {
        let path = path.iter().map(|part| part.to_string()).collect();
        Place { column: column.name, kind: column.kind, path }
    }

    /// What is read there: a member of JSON is whatever it is compared with.
    pub(crate) fn is_member(&self) -> bool {
        !self.path.is_empty()
    }

    pub(crate) fn parts(&self) -> Vec<String> {
        std::iter::once(self.column.to_string()).chain(self.path.iter().cloned()).collect()
    }
}

/// Finds a field by our name, by somebody else's, or as a path into JSON.
///
/// # Errors
/// With the nearest name, when there is none such.
pub(crate) fn place(name: &str) -> Result<Place, String> {
    let known = |name: &str| KNOWN.iter().find(|names| names.foreign().any(|other| other == name));
    if let Some(column) = field::find(name) {
        return Ok(Place::of(column, &[]));
    }
    if let Some(names) = known(name) {
        return own(names.ours).ok_or_else(|| format!("\"{}\" is no column", names.ours));
    }
    if let Some(place) = own(name) {
        return Ok(place);
    }
    let all = field::all().iter().map(|column| column.name);
    let near = offer(name, all.chain(KNOWN.iter().flat_map(Names::foreign)));
    Err(format!(
        "there is no field \"{name}\"{near} (docs/formats/taxonomy.md lists them; extra.NAME reaches what has no column)"
    ))
}

/// A column by our name, or a path that begins with a JSON column.
pub(super) fn own(name: &str) -> Option<Place> {
    if let Some(column) = field::find(name) {
        return Some(Place::of(column, &[]));
    }
    let mut parts = name.split('.');
    let column = field::find(parts.next()?).filter(|column| column.kind == Kind::Json)?;
    let path: Vec<&str> = parts.collect();
    path.iter().all(|part| !part.is_empty()).then(|| Place::of(column, &path))
}

fn meaning(name: &str) -> &'static str {
    let own = MEANINGS.iter().find(|(of, _)| *of == name).map(|(_, meaning)| *meaning);
    let int = || IntFact::ALL.iter().find(|fact| fact.name() == name).map(|fact| fact.summary());
    let text = || TextFact::ALL.iter().find(|fact| fact.name() == name).map(|fact| fact.summary());
    own.or_else(int).or_else(text).unwrap_or_default()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Number => "number",
        Kind::Bool => "true or false",
        Kind::Duration { unit_us: 1000 } => "milliseconds",
        Kind::Duration { .. } => "microseconds",
        Kind::Time => "time",
        Kind::Json => "JSON",
    }
}

/// The page `docs/formats/taxonomy.md`.
pub fn page() -> String {
    let mut out = String::from(HEAD);
    let members = KNOWN.iter().map(|names| names.ours).filter(|ours| ours.contains('.'));
    let columns = field::all().iter().map(|column| (column.name, kind(column.kind)));
    let mut rows: Vec<(&str, &str)> = columns.collect();
    for member in members {
        let column = member.split('.').next().unwrap_or_default();
        let behind = rows.iter().rposition(|(name, _)| name.split('.').next() == Some(column));
        rows.insert(behind.map_or(rows.len(), |at| at + 1), (member, "member of JSON"));
    }
    for (name, kind) in rows {
        let names = KNOWN.iter().find(|names| names.ours == name);
        let cell = |pick: fn(&Names) -> &'static str| {
            let list = names.map_or("", pick).split_whitespace().map(|name| format!("`{name}`"));
            list.collect::<Vec<_>>().join(" ")
        };
        let (sigma, ecs) = (cell(|names| names.sigma), cell(|names| names.ecs));
        let (ocsf, otel) = (cell(|names| names.ocsf), cell(|names| names.otel));
        // Writing to a text can't fail.
        let _ =
            writeln!(out, "| `{name}` | {kind} | {} | {sigma} | {ecs} | {ocsf} | {otel} |", meaning(name));
    }
    out
}

const HEAD: &str = "\
# Taxonomy: the fields that rules can ask for

One row for each column of `agent_audit_log`, with its type, what it means, and what a Sigma rule may call it instead. A rule of
`logsource: {category: agent_activity, product: tachograph}` uses the first column's names; names of ECS, of OCSF and of
OpenTelemetry's conventions are understood in every rule. `a.b` reaches a member of a JSON column (`action_details.command`,
`extra.region`), and `extra` has every field that came without a column.

How rules are brought in: [alerts](../guide/alerts.md#sigma). This page is written by
`cargo run -p tacho-alert --example taxonomy`, and a test compares it.

| field | type | meaning | Sigma | ECS | OCSF | OpenTelemetry |
|---|---|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_column_has_a_meaning_and_every_name_one_place() {
        for column in field::all() {
            assert!(!meaning(column.name).is_empty(), "{} has no meaning", column.name);
        }
        for (name, _) in MEANINGS {
            assert!(own(name).is_some(), "{name} is no column");
        }
        let mut seen = BTreeSet::new();
        for names in &KNOWN {
            let ours = own(names.ours).unwrap_or_else(|| panic!("{} is no column", names.ours));
            for other in names.foreign().collect::<BTreeSet<_>>() {
                assert!(seen.insert(other), "{other} stands for two columns");
                // Our own names win, so a foreign one that is ours has to mean the same.
                assert_eq!(place(other).as_ref(), Ok(&ours), "{other}");
            }
        }
    }

    #[test]
    fn the_page_is_what_is_written_here() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/taxonomy.md");
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            found == page(),
            "write it: cargo run -p tacho-alert --example taxonomy > docs/formats/taxonomy.md"
        );
    }

    #[test]
    fn fields_are_found_by_any_name_and_slips_are_told() {
        for (name, parts) in [
            ("agent_id", "agent_id"),
            ("action", "action_name"),
            ("gen_ai.tool.name", "action_name"),
            ("source.ip", "ip"),
            ("CommandLine", "action_details.command"),
            ("details.tool.name", "action_details.tool.name"),
            ("extra.region", "extra.region"),
            ("error.type", "error_type"),
        ] {
            assert_eq!(place(name).unwrap().parts().join("."), parts);
        }
        assert!(place("agnet_id").unwrap_err().contains("did you mean \"agent_id\"?"));
        assert!(place("source.ipp").unwrap_err().contains("did you mean \"source.ip\"?"));
        assert!(place("extra..x").is_err());
    }
}

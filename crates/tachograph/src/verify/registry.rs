//! What people registered (agents, API keys) against the edits on the log: the newest event about a row holds a digest
//! of it, so a row that was changed, added or removed in any other way is found.

use super::Findings;
use std::collections::{HashMap, HashSet};
use tacho_merkle::Hash;
use tacho_store::catalog::{Action, Registered, Table, row_name};

const PLACE: &str = "catalog.sqlite";

/// What was said last of a row.
#[derive(Debug)]
struct Told {
    /// Of the event; `None` when it still waits in the catalog.
    index: Option<u64>,
    id: String,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Is(Hash),
    Removed,
    /// Redaction by rules of the operator's took the digest for something else.
    Unreadable,
}

/// The edits that passed by.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    newest: HashMap<(Table, Hash), Told>,
    /// Edits whose section is gone: by age, after the longest class.
    gone: u64,
}

impl Registry {
    /// Takes the output of an event about an edit; `None` when it is there no more.
    pub(crate) fn take(&mut self, index: u64, action: Action, output: Option<&[u8]>) {
        let Some(output) = output else {
            self.gone += 1;
            return;
        };
        let Ok(output) = serde_json::from_slice::<serde_json::Value>(output) else { return };
        // Events of before said only that there is a key.
        let Some(row) = output["row"].as_str().and_then(|row| Hash::from_hex(row).ok()) else { return };
        let state = match &output["sha256"] {
            serde_json::Value::Null => State::Removed,
            digest => match digest.as_str().map(Hash::from_hex) {
                Some(Ok(digest)) => State::Is(digest),
                _ => State::Unreadable,
            },
        };
        let id = output["id"].as_str().unwrap_or_default().to_string();
        let told = Told { index: Some(index), id, state };
        match self.newest.get_mut(&(action.table(), row)) {
            Some(known) if known.index > Some(index) => {}
            Some(known) => *known = told,
            None => drop(self.newest.insert((action.table(), row), told)),
        }
    }

    /// Compares what is registered with the edits. `again` is the same a moment later, when it is being edited
    /// meanwhile: what is not the same there says nothing.
    pub(crate) fn compare(
        mut self,
        registered: Option<&Registered>,
        again: Option<&Registered>,
        findings: &mut Findings,
    ) {
        let Some(registered) = registered else {
            if let Some(index) = self.newest.values().filter_map(|told| told.index).max() {
                let what = format!("has no edits, though entry {index} tells of one: it is not the newest");
                findings.integrity(PLACE, what);
            }
            return;
        };
        for edit in &registered.pending {
            let table = edit.action.table();
            let state = edit.digest.map_or(State::Removed, |digest| State::Is(Hash::new(digest)));
            let told = Told { index: None, id: edit.id.clone(), state };
            self.newest.insert((table, Hash::new(row_name(table, &edit.id))), told);
        }
        let mut there = HashSet::new();
        for ((table, id), digest) in &registered.rows {
            let row = (*table, Hash::new(row_name(*table, id)));
            there.insert(row);
            let is_same = again.is_none_or(|again| again.rows.get(&(*table, id.clone())) == Some(digest));
            let fault = self.fault(&row, Hash::new(*digest)).filter(|_| is_same);
            if let Some(fault) = fault {
                findings.integrity(PLACE, format!("the row {id:?} of {} {fault}", table.as_str()));
            }
        }
        let gone =
            self.newest.iter().filter(|(row, told)| !there.contains(row) && told.state != State::Removed);
        for ((table, row), told) in gone {
            let has_row = |again: &Registered| {
                again.rows.keys().any(|(other, id)| other == table && Hash::new(row_name(*table, id)) == *row)
            };
            let is_edited = again.is_some_and(|again| *again != *registered && has_row(again));
            if !is_edited {
                let (name, source) = (told.id.as_str(), source(told));
                let what = format!("the row {name:?} of {} is missing: {source} tells of it", table.as_str());
                findings.completeness(PLACE, what);
            }
        }
    }

    /// What is wrong with a row that is there.
    fn fault(&self, row: &(Table, Hash), digest: Hash) -> Option<String> {
        let Some(told) = self.newest.get(row) else {
            return (self.gone == 0).then(|| "was added: no event on the log tells of it".to_string());
        };
        match told.state {
            State::Is(want) if want == digest => None,
            State::Is(_) => Some(format!("is not what {} says", source(told))),
            State::Removed => Some(format!("was removed, {} says", source(told))),
            State::Unreadable => None,
        }
    }
}

fn source(told: &Told) -> String {
    told.index.map_or_else(|| "an edit that waits".to_string(), |index| format!("entry {index}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_store::catalog::Edit;

    fn told(registry: &mut Registry, index: u64, action: Action, id: &str, digest: Option<u8>) {
        let row = Hash::new(row_name(action.table(), id)).to_string();
        let digest = digest.map(|byte| Hash::new([byte; 32]).to_string());
        let output = serde_json::json!({"row": row, "id": id, "sha256": digest});
        registry.take(index, action, Some(output.to_string().as_bytes()));
    }

    /// Agent `a` with digest 1, key `k` with digest 2 after another one, agent `b` removed.
    fn registry() -> Registry {
        let mut registry = Registry::default();
        told(&mut registry, 9, Action::KeyRevoked, "k", Some(2));
        told(&mut registry, 4, Action::AgentRegistered, "a", Some(1));
        told(&mut registry, 5, Action::KeyCreated, "k", Some(7));
        told(&mut registry, 6, Action::AgentRegistered, "b", Some(3));
        told(&mut registry, 7, Action::AgentRemoved, "b", None);
        registry
    }

    fn rows(rows: &[(Table, &str, u8)]) -> Registered {
        let rows = rows.iter().map(|(table, id, byte)| ((*table, id.to_string()), [*byte; 32]));
        Registered { rows: rows.collect(), pending: Vec::new() }
    }

    fn found(registry: Registry, registered: Option<&Registered>, again: Option<&Registered>) -> Vec<String> {
        let mut findings = Findings::default();
        registry.compare(registered, again, &mut findings);
        findings.kept.iter().map(|finding| finding.what.clone()).collect()
    }

    const A: (Table, &str, u8) = (Table::Agents, "a", 1);
    const K: (Table, &str, u8) = (Table::ApiKeys, "k", 2);

    #[test]
    fn a_row_that_is_not_what_the_log_says_is_named() {
        let judge = |list: &[(Table, &str, u8)]| found(registry(), Some(&rows(list)), None);
        assert_eq!(judge(&[A, K]), Vec::<String>::new());
        assert_eq!(
            judge(&[A, (Table::ApiKeys, "k", 7)]),
            ["the row \"k\" of api_keys is not what entry 9 says"]
        );
        assert_eq!(judge(&[K]), ["the row \"a\" of agents is missing: entry 4 tells of it"]);
        let added = judge(&[A, K, (Table::Agents, "c", 1)]);
        assert_eq!(added, ["the row \"c\" of agents was added: no event on the log tells of it"]);
        let back = judge(&[A, K, (Table::Agents, "b", 3)]);
        assert_eq!(back, ["the row \"b\" of agents was removed, entry 7 says"]);
        assert_eq!(found(registry(), None, None).len(), 1, "a catalog of before cannot have these edits");
        assert_eq!(found(Registry::default(), None, None), Vec::<String>::new());
    }

    #[test]
    fn an_edit_that_waits_counts_before_the_log() {
        let edit = |action, id: &str, digest: Option<u8>| Edit {
            seq: 1,
            at_us: 1,
            action,
            id: id.into(),
            digest: digest.map(|byte| [byte; 32]),
        };
        let mut registered = rows(&[(Table::Agents, "c", 5), K]);
        registered.pending = vec![
            edit(Action::AgentRegistered, "c", Some(4)),
            edit(Action::AgentRegistered, "c", Some(5)),
            edit(Action::AgentRemoved, "a", None),
        ];
        assert_eq!(found(registry(), Some(&registered), None), Vec::<String>::new());
        registered.pending.remove(1);
        let said = found(registry(), Some(&registered), None);
        assert_eq!(said, ["the row \"c\" of agents is not what an edit that waits says"]);
    }

    #[test]
    fn what_is_edited_meanwhile_says_nothing() {
        let (before, after) = (rows(&[(Table::Agents, "a", 8), K]), rows(&[A, K]));
        assert_eq!(found(registry(), Some(&before), Some(&after)), Vec::<String>::new());
        assert_eq!(found(registry(), Some(&before), Some(&before)).len(), 1);
        let (before, after) = (rows(&[K]), rows(&[A, K]));
        assert_eq!(found(registry(), Some(&before), Some(&after)), Vec::<String>::new());
    }

    #[test]
    fn edits_that_expired_blame_no_row() {
        let mut registry = registry();
        registry.take(1, Action::AgentRegistered, None);
        let registered = rows(&[A, K, (Table::Agents, "c", 1)]);
        assert_eq!(found(registry, Some(&registered), None), Vec::<String>::new());
    }
}

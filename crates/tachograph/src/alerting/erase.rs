//! A person who is erased: what alerting keeps of them is masked, in its file and in memory.
//!
//! Invariants
//! - The name goes wherever it stands; an address only where the alert is about the person, since others may share it.
//! - An alert that is open about the person ends: what it counts by is gone.

use super::{Alerting, Inner, Refused, tell};
use crate::clock::now_us;
use crate::retention::subject::Person;
use serde_json::Value;
use std::collections::BTreeSet;
use tacho_alert::incident::Incident;
use tacho_alert::notify::{Desk, Raised};

/// What stands in the place of a name.
const ERASED: &str = "[ERASED]";
/// A name that is shorter masks too much of what it does not mean.
const NAME_CHARS_MIN: usize = 2;

impl Alerting {
    /// Masks a person. When this returns no file of alerting holds what named them.
    pub(crate) fn forget_person(&self, person: &Person) -> Result<u64, Refused> {
        let failed = |error: String| Refused::Failed(format!("alerts.sqlite: {error}"));
        let now = now_us();
        let mut inner = self.inner.lock();
        let own: Vec<String> = inner
            .desk
            .open()
            .filter(|raised| is_about(raised, person))
            .map(|raised| raised.id().to_string())
            .collect();
        for id in own {
            if let Some(raised) = inner.desk.end(&id, now, false) {
                inner.pending.sayings.push(tell::resolved(&raised));
            }
        }
        inner.save(None).map_err(|error| failed(error.to_string()))?;
        let names: Vec<&str> = person
            .words
            .iter()
            .map(String::as_str)
            .filter(|name| name.chars().count() >= NAME_CHARS_MIN)
            .collect();
        let about = inner.alerts_about(person).map_err(|error| failed(error.to_string()))?;
        let whole = Erasing { person, names, about };
        let mut change = |table: &str, text: &str| whole.masked(table, text);
        let count = inner.file.rewrite(&mut change).map_err(|error| failed(error.to_string()))?;
        if count > 0 {
            inner.remember(self).map_err(|error| failed(error.to_string()))?;
        }
        Ok(count)
    }
}

impl Inner {
    /// Ids of the alerts about a person, open or over, and of the incidents that they belong to.
    fn alerts_about(&self, person: &Person) -> Result<BTreeSet<String>, tacho_store::StoreError> {
        let mut bodies = self.file.open_alerts()?;
        bodies.extend(self.file.closed_alerts(i64::MAX, u32::MAX)?);
        let all = bodies.iter().filter_map(|body| serde_json::from_str::<Raised>(body).ok());
        let mut about: BTreeSet<String> =
            all.filter(|raised| is_about(raised, person)).map(|raised| raised.id().to_string()).collect();
        let mut bodies = self.file.open_incidents()?;
        bodies.extend(self.file.closed_incidents(0, u32::MAX)?);
        let incidents = bodies.iter().filter_map(|body| serde_json::from_str::<Incident>(body).ok());
        let theirs = |incident: &Incident| incident.alerts.iter().any(|member| about.contains(&member.id));
        let theirs: Vec<String> = incidents.filter(theirs).map(|incident| incident.id).collect();
        about.extend(theirs);
        Ok(about)
    }

    /// Takes everything from the file again: what is in memory still has the names.
    fn remember(&mut self, alerting: &Alerting) -> Result<(), Box<dyn std::error::Error>> {
        self.desk = Desk::new(&self.book.rules, &self.book.routing)?;
        self.recall()?;
        self.recall_cases(&alerting.config.incidents, &alerting.url)?;
        self.retake_responses()
    }
}

/// Whether an alert counts by the person, or is about one of their events.
fn is_about(raised: &Raised, person: &Person) -> bool {
    raised.labels().get("user_id").is_some_and(|user| person.words.contains(user))
        || raised.evidence.iter().any(|seen| person.entries.contains(&seen.index))
}

/// Who goes, and where an address is theirs.
struct Erasing<'a> {
    person: &'a Person,
    /// Name and addresses.
    names: Vec<&'a str>,
    /// Ids of alerts about the person, and of their incidents: messages name them.
    about: BTreeSet<String>,
}

impl Erasing<'_> {
    /// A text without the person; nothing where it does not name them.
    fn masked(&self, table: &str, text: &str) -> Option<String> {
        let mut value = match serde_json::from_str::<Value>(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            // An id, or plain words.
            _ => {
                let new = mask(text, &self.names);
                return (new != text).then_some(new);
            }
        };
        // Notes say what groups were told: they name no alert, and forgetting one tells its group once more at most.
        let about = table == "notes" || self.is_about(&value);
        (about && walk(&mut value, &self.names)).then(|| value.to_string())
    }

    /// Whether a text names the person, one of their events, or an alert about them. An address alone is nobody's.
    fn is_about(&self, value: &Value) -> bool {
        let is_address = |name: &&str| name.parse::<std::net::IpAddr>().is_ok();
        let names: Vec<&str> = self.names.iter().copied().filter(|name| !is_address(name)).collect();
        let mut found = entries(value).iter().any(|index| self.person.entries.contains(index));
        each(value, &mut |text| found |= self.about.contains(text) || mask(text, &names) != text);
        found
    }
}

/// The entries that a text names.
fn entries(value: &Value) -> BTreeSet<u64> {
    match value {
        Value::Object(members) => {
            let own = members.get("index").and_then(Value::as_u64);
            own.into_iter().chain(members.values().flat_map(entries)).collect()
        }
        Value::Array(items) => items.iter().flat_map(entries).collect(),
        _ => BTreeSet::new(),
    }
}

fn each(value: &Value, see: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| each(item, see)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            see(name);
            each(member, see);
        }),
        _ => {}
    }
}

fn walk(value: &mut Value, names: &[&str]) -> bool {
    match value {
        Value::String(text) => {
            let new = mask(text, names);
            let changed = new != *text;
            *text = new;
            changed
        }
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| walk(item, names) | changed),
        Value::Object(members) => {
            let mut changed =
                members.values_mut().fold(false, |changed, member| walk(member, names) | changed);
            let renamed: Vec<String> =
                members.keys().filter(|key| mask(key, names) != **key).cloned().collect();
            for key in renamed {
                changed = true;
                if let Some(member) = members.remove(&key) {
                    members.insert(mask(&key, names), member);
                }
            }
            changed
        }
        _ => false,
    }
}

/// A text with each name in it replaced, where it is not part of a longer word.
fn mask(text: &str, names: &[&str]) -> String {
    let mut text = text.to_string();
    for name in names {
        let mut from = 0;
        while let Some(at) = text[from..].find(name).map(|at| from + at) {
            let end = at + name.len();
            let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            if word(text[..at].chars().next_back()) || word(text[end..].chars().next()) {
                from = end;
            } else {
                text.replace_range(at..end, ERASED);
                from = at + ERASED.len();
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_where_it_is_one_and_an_address_where_it_is_about_the_person() {
        let person = Person { words: ["al", "10.0.0.5"].map(str::to_string).into(), entries: [7].into() };
        let names: Vec<&str> = person.words.iter().map(String::as_str).collect();
        let whole = Erasing { person: &person, names, about: ["a1".to_string()].into() };
        let masked = |text: &str| whole.masked("outbox", text);
        assert_eq!(
            masked(r#"{"fingerprint":"a1","title":"5 from 10.0.0.5"}"#).unwrap().matches(ERASED).count(),
            1
        );
        assert!(whole.masked("notes", r#"{"source_ip":"10.0.0.5"}"#).is_some());
        assert_eq!(
            masked(r#"{"title":"al failed, also al."}"#).unwrap(),
            r#"{"title":"[ERASED] failed, also [ERASED]."}"#
        );
        assert_eq!(
            masked(r#"{"title":"5 from 10.0.0.5","evidence":[{"index":7}]}"#).unwrap(),
            r#"{"evidence":[{"index":7}],"title":"5 from [ERASED]"}"#
        );
        assert_eq!(
            masked(r#"{"title":"5 from 10.0.0.5","evidence":[{"index":8}]}"#),
            None,
            "somebody else had that address too"
        );
        assert_eq!(
            masked(r#"{"labels":{"user_id":"al","source_ip":"10.0.0.5"}}"#).unwrap().matches(ERASED).count(),
            2
        );
        assert_eq!(masked("group al 1").as_deref(), Some("group [ERASED] 1"));
        assert_eq!(masked("17"), None);
    }
}

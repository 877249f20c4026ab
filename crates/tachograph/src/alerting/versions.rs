//! Which rules counted when, as the log tells: what was loaded, by the digests of its files, and the texts of the files
//! that people saved.
//!
//! Invariant: a rule is said to have counted only where its text is known: from the log, from the folder of today, or as it
//! is built in.
//!
//! Limits: [`LOADS_MAX`] loads are looked at, the newest, and [`TEXTS_MAX`] texts of files.

use super::before::{ask, moment, quoted};
use super::{Alerting, Book};
use crate::http::App;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tacho_alert::Rule;
use tacho_alert::builtin::HUNG_MINUTES;

const LOADS_MAX: usize = 1000;
const TEXTS_MAX: usize = 1000;

/// A text of a rule, and the time in which it counted.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub rule: Rule,
    pub from_us: i64,
    pub to_us: i64,
}

/// What `alert_rules_loaded` says.
#[derive(Debug, Clone, serde::Deserialize)]
struct Load {
    digest: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(skip)]
    at_us: i64,
}

#[derive(serde::Deserialize)]
struct Loaded {
    at_us: i64,
    output: serde_json::Value,
}

#[derive(serde::Deserialize)]
struct Saved {
    text: String,
}

/// The rules that counted within [from, to), each with its time.
pub(crate) async fn versions(
    app: &App,
    alerting: &Alerting,
    from_us: i64,
    to_us: i64,
) -> Result<Vec<Version>, String> {
    let mut loads = loads(app, from_us, to_us).await?;
    // That the rules are those that are built in is not said of a new folder.
    if loads.first().is_none_or(|first| first.at_us > from_us) && loads.len() < LOADS_MAX {
        let built_in = Book::of(&BTreeMap::new(), &HashMap::new(), alerting.config.hung_minutes);
        let digest = built_in.map_err(|error| error.to_string())?.digest();
        loads.insert(0, Load { digest, files: BTreeMap::new(), at_us: i64::MIN });
    }
    let mut texts = super::book::texts(&alerting.config, &alerting.data);
    let wanted = loads.iter().flat_map(|load| load.files.values());
    let wanted: BTreeSet<&String> = wanted.filter(|digest| !texts.contains_key(*digest)).collect();
    if !wanted.is_empty() {
        let list: Vec<String> = wanted.into_iter().take(TEXTS_MAX).map(|digest| quoted(digest)).collect();
        let query = format!(
            "SELECT DISTINCT json_as_text(output, 'text') AS text FROM events WHERE source = 'internal' \
               AND action_name = 'alert_rules_edited' AND json_as_text(output, 'text') IS NOT NULL \
               AND json_as_text(output, 'sha256') IN ({})",
            list.join(", ")
        );
        let saved: Vec<Saved> = ask(app, &query).await?;
        // What is not whole on the log has another digest, and is not found by it.
        texts.extend(saved.into_iter().map(|saved| (super::book::digest(&saved.text), saved.text)));
    }
    told(&loads, &texts, alerting.config.hung_minutes).map_err(|error| error.to_string())
}

/// What was loaded before the end, from the last one before the begin on.
async fn loads(app: &App, from_us: i64, to_us: i64) -> Result<Vec<Load>, String> {
    let query = format!(
        "SELECT arrow_cast(recorded_at, 'Int64') AS at_us, output FROM events WHERE source = 'internal' \
           AND action_name = 'alert_rules_loaded' AND output IS NOT NULL AND recorded_at < {} \
         ORDER BY index DESC LIMIT {LOADS_MAX}",
        // A rule that is loaded after the end may raise what began before it and still holds.
        moment(to_us.saturating_add(super::recompute::TOLD_WITHIN_US))
    );
    let found: Vec<Loaded> = ask(app, &query).await?;
    let mut loads = Vec::new();
    for Loaded { at_us, output } in found {
        let load = match output {
            serde_json::Value::String(text) => serde_json::from_str(&text),
            other => serde_json::from_value(other),
        };
        let load: Load = load.map_err(|error| format!("what was loaded is not readable: {error}"))?;
        loads.push(Load { at_us, ..load });
        if at_us <= from_us {
            break;
        }
    }
    loads.reverse();
    Ok(loads)
}

/// The times of the rules, from what was loaded in order.
fn told(
    loads: &[Load],
    texts: &HashMap<String, String>,
    hung_minutes: u32,
) -> Result<Vec<Version>, tacho_alert::FileError> {
    let mut versions: Vec<Version> = Vec::new();
    let mut open: HashMap<String, usize> = HashMap::new();
    for load in loads {
        let mut now: HashMap<String, Rule> =
            rules(load, texts, hung_minutes)?.into_iter().map(|rule| (rule.id.clone(), rule)).collect();
        open.retain(|id, at| {
            let goes_on = now.get(id).is_some_and(|rule| rule.hash_text() == versions[*at].rule.hash_text());
            match goes_on {
                true => drop(now.remove(id)),
                false => versions[*at].to_us = load.at_us,
            }
            goes_on
        });
        for (id, rule) in now {
            open.insert(id, versions.len());
            versions.push(Version { rule, from_us: load.at_us, to_us: i64::MAX });
        }
    }
    Ok(versions)
}

/// The rules of one load, as far as they are known.
fn rules(
    load: &Load,
    texts: &HashMap<String, String>,
    hung_minutes: u32,
) -> Result<Vec<Rule>, tacho_alert::FileError> {
    // The same digest: no text is missing, and what is built in was the same, with the setting of today or the usual one.
    for minutes in [hung_minutes, HUNG_MINUTES] {
        let book = Book::of(&load.files, texts, minutes)?;
        if book.digest() == load.digest {
            return Ok(book.rules);
        }
    }
    let Book { mut rules, sources, .. } = Book::of(&load.files, texts, hung_minutes)?;
    rules.retain(|rule| sources.get(&rule.id).is_some_and(|source| source != super::book::BUILT_IN));
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "id: own\ntitle: Own\nseverity: info\nquery: agent_audit_log | count() by agent_id | count > 3\nwindow: 5m\n";

    fn load(at_us: i64, files: &[&str], texts: &HashMap<String, String>) -> Load {
        let files = files.iter().enumerate();
        let files = files.map(|(n, text)| (format!("{n}.yaml"), super::super::book::digest(text))).collect();
        let digest = Book::of(&files, texts, HUNG_MINUTES).unwrap().digest();
        Load { digest, files, at_us }
    }

    #[test]
    fn another_age_of_hung_calls_is_another_text_of_their_rule_alone() {
        let none = HashMap::new();
        let digest = Book::of(&BTreeMap::new(), &none, 45).unwrap().digest();
        let loads = [load(10, &[], &none), Load { digest, ..load(20, &[], &none) }];
        let all = told(&loads, &none, 45).unwrap();
        let of =
            |id: &str| all.iter().filter(|one| one.rule.id == id).map(|one| one.from_us).collect::<Vec<_>>();
        assert_eq!((of("hung_call"), of("system_outage")), (vec![10, 20], vec![10]));
    }

    #[test]
    fn a_rule_counts_from_its_load_until_another_text_or_none_is_loaded() {
        let other = RULE.replace("> 3", "> 4");
        let texts: HashMap<String, String> =
            [RULE, &other].iter().map(|text| (super::super::book::digest(text), text.to_string())).collect();
        let loads = [
            load(10, &[], &texts),
            load(20, &[RULE], &texts),
            load(30, &[&other], &texts),
            load(40, &[&other, "not known"], &texts),
            load(50, &[], &texts),
        ];
        let all = told(&loads, &texts, 45).unwrap();
        let own = all.iter().filter(|one| one.rule.id == "own");
        let times: Vec<(i64, i64)> = own.map(|one| (one.from_us, one.to_us)).collect();
        assert_eq!(times, [(20, 30), (30, 50)]);
        let built_in = all.iter().filter(|one| one.rule.id == "system_outage");
        let times: Vec<(i64, i64)> = built_in.map(|one| (one.from_us, one.to_us)).collect();
        assert_eq!(times, [(10, i64::MAX)]);
        // Another version of the program had built-in rules of its own: they are not judged by those of today.
        let old = Load { digest: "of before".into(), ..load(5, &[RULE], &texts) };
        let all = told(&[old], &texts, HUNG_MINUTES).unwrap();
        assert_eq!(all.iter().map(|one| one.rule.id.as_str()).collect::<Vec<_>>(), ["own"]);
    }
}

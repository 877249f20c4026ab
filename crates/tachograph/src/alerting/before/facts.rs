//! What agents run on: models, versions, deployments that they did not run on before.

use super::{CHANGES_MAX, Found, NAMED_MAX, ask, moment};
use crate::http::App;
use std::collections::{BTreeSet, HashMap};
use tacho_alert::incident::{ChangeKind, Entry};
use tacho_event::time::DAY_US;

/// How far back a value may have been in use before its first appearance counts as a change.
const IN_USE_US: i64 = DAY_US;
/// Sets of facts that are looked at, the newest.
const FIRSTS_MAX: usize = 50_000;

/// Facts whose new values are changes.
const FACTS: [(&str, ChangeKind); 4] = [
    ("model", ChangeKind::Model),
    ("agent_version", ChangeKind::Version),
    ("git_commit", ChangeKind::Version),
    ("deployment_id", ChangeKind::Deployment),
];

/// The first event with some facts of an agent.
#[derive(serde::Deserialize)]
struct First {
    index: u64,
    at_us: i64,
    agent: String,
    #[serde(flatten)]
    facts: HashMap<String, Option<String>>,
}

/// What agents run on that they did not run on before: facts that were worth something else within a day before.
pub(super) async fn changed(app: &App, from_us: i64, to_us: i64, own: &str) -> Result<Vec<Found>, String> {
    let (known, to) = (moment(from_us.saturating_sub(IN_USE_US)), moment(to_us));
    let names = FACTS.map(|(fact, _)| fact).join(", ");
    let any = FACTS.map(|(fact, _)| format!("{fact} IS NOT NULL")).join(" OR ");
    let query = format!(
        "SELECT agent_id AS agent, {names}, min(index) AS index, arrow_cast(min(recorded_at), 'Int64') AS at_us \
         FROM events WHERE recorded_at >= {known} AND recorded_at <= {to} AND {own} AND ({any}) \
         GROUP BY agent_id, {names} ORDER BY index DESC LIMIT {FIRSTS_MAX}"
    );
    let mut firsts: Vec<First> = ask(app, &query).await?;
    firsts.reverse();
    let mut changes = steps(&firsts, from_us);
    let list: Vec<String> = changes.iter().map(|change| change.index.to_string()).collect();
    let mut ids = HashMap::new();
    for some in list.chunks(NAMED_MAX) {
        let query = format!("SELECT index, event_id AS id FROM events WHERE index IN ({})", some.join(", "));
        for entry in ask::<Entry>(app, &query).await? {
            ids.insert(entry.index, entry.id);
        }
    }
    for change in &mut changes {
        change.event_id = ids.remove(&change.index).unwrap_or_default();
    }
    Ok(changes)
}

/// The steps from one value of a fact to another that is seen for the first time, since a moment. Their ids are looked up later.
fn steps(firsts: &[First], since_us: i64) -> Vec<Found> {
    let mut changes = Vec::new();
    for (fact, kind) in FACTS {
        let mut seen: HashMap<&str, (BTreeSet<&str>, &str)> = HashMap::new();
        for first in firsts {
            let Some(value) = first.facts.get(fact).and_then(Option::as_deref) else { continue };
            let (values, last) = seen.entry(&first.agent).or_default();
            if !values.insert(value) {
                continue;
            }
            let before = std::mem::replace(last, value);
            if values.len() > 1 && first.at_us >= since_us {
                changes.push(Found {
                    index: first.index,
                    event_id: String::new(),
                    at_us: first.at_us,
                    agent: first.agent.clone(),
                    kind,
                    call: None,
                    action: None,
                    outcome: None,
                    runs: false,
                    text: format!("{fact} is {value}, was {before}"),
                    shared: false,
                });
            }
        }
    }
    changes.sort_unstable_by_key(|change| std::cmp::Reverse(change.index));
    changes.truncate(CHANGES_MAX);
    changes
}

//! What a server is asked in SQL. Nothing of a question reaches it but as an escaped literal.

use crate::log::{CostBy, Costs, Fault};
use std::collections::BTreeSet;

/// The actions of an event that others tell of too. What nobody else tells of has no other observation. The views are asked,
/// not the functions that they rest on: a key that sees only its own has no others.
pub(super) fn joined(id: &str) -> Result<String, Fault> {
    let id = literal(id)?;
    Ok(format!(
        "SELECT action FROM observations WHERE event_id = {id} AND (observations > 1 \
         OR index NOT IN (SELECT index FROM agent_audit_log WHERE event_id = {id}))"
    ))
}

/// Where the states of an event are, and what tells of its actions: an action is named by the index of its first observation.
pub(super) fn places(id: &str, actions: &BTreeSet<u64>, max: usize) -> Result<String, Fault> {
    let mut which = format!("event_id = {}", literal(id)?);
    if let Some(first) = actions.first() {
        which = format!("{which} OR (index >= {first} AND action IN ({}))", list(actions));
    }
    Ok(format!("SELECT index FROM observations WHERE {which} ORDER BY index LIMIT {max}"))
}

/// Each as it came: in the view the event that stands for its action has the action's outcome.
pub(super) fn observations(places: &BTreeSet<u64>) -> String {
    format!(
        "SELECT index, either(who_id, event_id) AS id, revision, timestamp, source, known, hook_event, phase, agent_id, \
         action_type, action_name, outcome_status, output AS result, error FROM events WHERE index IN ({}) ORDER BY index",
        list(places)
    )
}

fn list(indexes: &BTreeSet<u64>) -> String {
    let texts: Vec<String> = indexes.iter().map(u64::to_string).collect();
    texts.join(", ")
}

/// What was spent, by what it is added up by.
pub(super) fn costs(costs: &Costs) -> Result<String, Fault> {
    let column = match costs.by {
        CostBy::Agent => "agent_id",
        CostBy::Day => "day",
        CostBy::Model => "model",
        CostBy::Action => "action_name",
    };
    let mut conditions = vec!["true".to_string()];
    for (name, operator, value) in [("day", ">=", &costs.from), ("day", "<=", &costs.to)] {
        let Some(day) = value else { continue };
        conditions.push(format!("{name} {operator} DATE '{}'", day.text()));
    }
    if let Some(agent) = &costs.agent {
        conditions.push(format!("agent_id = canonical_agent({})", literal(agent)?));
    }
    let (conditions, limit) = (conditions.join(" AND "), costs.limit);
    Ok(format!(
        "SELECT {column}, sum(events) AS events, sum(tokens_input) AS tokens_input, \
         sum(tokens_output) AS tokens_output, sum(tokens_cache_read) AS tokens_cache_read, \
         sum(tokens_cache_write) AS tokens_cache_write, sum(cost_usd) AS cost_usd, \
         sum(estimated_cost_usd) AS estimated_cost_usd FROM costs WHERE {conditions} \
         GROUP BY {column} ORDER BY cost_usd DESC NULLS LAST, {column} LIMIT {limit}"
    ))
}

/// A text as it may stand in SQL.
pub(super) fn literal(text: &str) -> Result<String, Fault> {
    crate::log::bounded("an id", text)?;
    if text.chars().any(char::is_control) {
        return Err(Fault::refused("an id holds a control character"));
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(agent: &str) -> Costs {
        Costs { by: CostBy::Model, agent: Some(agent.into()), from: None, to: None, limit: 5 }
    }

    #[test]
    fn an_id_can_not_leave_its_literal() {
        let sql = super::costs(&costs("x' OR '1'='1")).unwrap();
        assert!(sql.contains("canonical_agent('x'' OR ''1''=''1')"), "{sql}");
        assert!(super::costs(&costs("x\n")).is_err());
    }

    #[test]
    fn observations_are_looked_for_by_id_and_by_action() {
        let sql = places("x'y", &BTreeSet::from([7, 9]), 3).unwrap();
        assert!(sql.contains("event_id = 'x''y' OR (index >= 7 AND action IN (7, 9))"), "{sql}");
        assert!(sql.ends_with("LIMIT 3"), "{sql}");
        assert!(!places("x", &BTreeSet::new(), 3).unwrap().contains("action"));
        assert!(observations(&BTreeSet::from([7, 9])).contains("index IN (7, 9)"));
    }

    #[test]
    fn a_day_is_asked_for_as_one() {
        let mut since = costs("a");
        since.from = tacho_event::time::Day::parse("2026-11-21");
        assert!(super::costs(&since).unwrap().contains("day >= DATE '2026-11-21'"));
    }
}

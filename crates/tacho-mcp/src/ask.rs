//! Tools that ask: search, one entry, a session, costs. What is long is cut, and says so.

use crate::handler::AuditServer;
use crate::limits::{OBSERVATIONS_MAX, ROWS_MAX, ROWS_USUAL, STEPS_MAX, TEXT_CHARS_MAX};
use crate::log::{Caller, CostBy, Costs, Fault, Filter, bounded};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tacho_event::time::Day;

/// Arguments of `search_logs`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchLogs {
    /// Words, "phrases", field:value, each with - before it for not.
    query: Option<String>,
    /// At or after this time, RFC 3339.
    from: Option<String>,
    /// Before this time.
    to: Option<String>,
    agent: Option<String>,
    session: Option<String>,
    /// Type or name of the action.
    action: Option<String>,
    /// success, failed, partial or running.
    status: Option<String>,
    user: Option<String>,
    /// At most 200; 20 when it is left out.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Events, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Found {
    /// Members without a value are left out.
    events: Vec<Map<String, Value>>,
    /// Give it as `cursor` for the next page; null at the end.
    next_cursor: Option<String>,
    /// How many texts were cut; `get_entry` has all of each.
    texts_cut: usize,
}

/// Arguments of `get_entry` and `verify_entry`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfEntry {
    /// The event's id, or its index on the log.
    #[serde(deserialize_with = "id_or_index")]
    #[schemars(schema_with = "text_or_number")]
    pub id: String,
}

/// Answers tell an index as a number: it is taken as it was told.
fn id_or_index<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected an id as a string, or an index as a whole number")]
    enum Either {
        Id(String),
        Index(u64),
    }
    Ok(match Either::deserialize(from)? {
        Either::Id(id) => id,
        Either::Index(index) => index.to_string(),
    })
}

fn text_or_number(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["string", "integer"] })
}

/// Everything that is known of an event.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Entry {
    id: String,
    /// As the backend keeps it; of a server: header, who, facts, sections. Of several states of one id the last.
    event: Map<String, Value>,
    /// Every event that tells of the same action, and every state of this one, oldest first: what its agent reported,
    /// hooks and telemetry saw. `get_entry` takes the `index` of each.
    observations: Vec<Map<String, Value>>,
    /// There are more of them.
    has_more: bool,
}

/// Arguments of `get_session`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfSession {
    session_id: String,
}

/// A session from its first event on.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Session {
    session_id: String,
    /// Steps in order, with totals.
    timeline: Map<String, Value>,
    /// Steps that were left out at the end.
    steps_left_out: usize,
}

/// Arguments of `get_costs`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfCosts {
    /// What to add up by: agent unless you say otherwise.
    by: Option<CostBy>,
    agent: Option<String>,
    /// The first day, such as 2026-11-21.
    from: Option<String>,
    /// The last day.
    to: Option<String>,
    /// At most 200; 20 when it is left out.
    limit: Option<usize>,
}

/// Costs, the largest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Spent {
    /// US dollars in `cost_usd`; `estimated_cost_usd` is the part of it that follows from a price table.
    rows: Vec<Map<String, Value>>,
}

impl AuditServer {
    pub(crate) async fn search_logs(&self, caller: &Caller, asked: SearchLogs) -> Result<Found, Fault> {
        let filter = Filter {
            query: asked.query,
            from: asked.from,
            to: asked.to,
            agent: asked.agent,
            session: asked.session,
            action: asked.action,
            status: asked.status,
            user: asked.user,
            limit: rows(asked.limit)?,
            cursor: asked.cursor,
        };
        let page = self.log().search(caller, &filter).await?;
        let mut texts_cut = 0;
        let events = page.rows.into_iter().map(|row| short(row, &mut texts_cut)).collect();
        Ok(Found { events, next_cursor: page.cursor, texts_cut })
    }

    pub(crate) async fn get_entry(&self, caller: &Caller, asked: OfEntry) -> Result<Entry, Fault> {
        bounded("id", &asked.id)?;
        let event = object(self.log().entry(caller, &asked.id).await?)?;
        let mut observations = self.log().observations(caller, &event, OBSERVATIONS_MAX + 1).await?;
        let has_more = observations.len() > OBSERVATIONS_MAX;
        observations.truncate(OBSERVATIONS_MAX);
        let mut cut = 0;
        let observations = observations.into_iter().map(|row| short(row, &mut cut)).collect();
        Ok(Entry { id: asked.id, event, observations, has_more })
    }

    pub(crate) async fn get_session(&self, caller: &Caller, asked: OfSession) -> Result<Session, Fault> {
        bounded("session_id", &asked.session_id)?;
        let mut timeline = object(self.log().session(caller, &asked.session_id).await?)?;
        let mut steps_left_out = 0;
        if let Some(Value::Array(steps)) = timeline.get_mut("steps") {
            steps_left_out = steps.len().saturating_sub(STEPS_MAX);
            steps.truncate(STEPS_MAX);
        }
        Ok(Session { session_id: asked.session_id, timeline, steps_left_out })
    }

    pub(crate) async fn get_costs(&self, caller: &Caller, asked: OfCosts) -> Result<Spent, Fault> {
        let costs = Costs {
            by: asked.by.unwrap_or(CostBy::Agent),
            agent: asked.agent,
            from: asked.from.as_deref().map(day).transpose()?,
            to: asked.to.as_deref().map(day).transpose()?,
            limit: rows(asked.limit)?,
        };
        Ok(Spent { rows: self.log().costs(caller, &costs).await? })
    }
}

fn day(text: &str) -> Result<Day, Fault> {
    Day::parse(text)
        .ok_or_else(|| Fault::refused(format!("\"{text:.60}\" is no day: expected one like 2026-11-21")))
}

fn rows(asked: Option<usize>) -> Result<usize, Fault> {
    match asked.unwrap_or(ROWS_USUAL) {
        limit @ 1..=ROWS_MAX => Ok(limit),
        limit => Err(Fault::refused(format!("limit is {limit}, expected 1 to {ROWS_MAX}"))),
    }
}

fn object(value: Value) -> Result<Map<String, Value>, Fault> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Fault::failed("the log answered with no object")),
    }
}

/// A row without what it has no value for, its long texts cut.
fn short(row: Map<String, Value>, texts_cut: &mut usize) -> Map<String, Value> {
    let mut short = Map::new();
    for (name, value) in row {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => match text.char_indices().nth(TEXT_CHARS_MAX) {
                Some((end, _)) => {
                    *texts_cut += 1;
                    Value::String(format!("{}…", &text[..end]))
                }
                None => Value::String(text),
            },
            other => other,
        };
        short.insert(name, value);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_may_be_a_number() {
        let id = |text: &str| serde_json::from_str::<OfEntry>(text).map(|asked| asked.id);
        assert_eq!(id(r#"{"id":"ev-1"}"#).unwrap(), "ev-1");
        assert_eq!(id(r#"{"id":3}"#).unwrap(), "3");
        assert!(
            id(r#"{"id":-3}"#).unwrap_err().to_string().contains("expected an id as a string, or an index")
        );
    }

    #[test]
    fn a_row_says_what_it_has_and_what_was_cut() {
        let row = serde_json::json!({"a": null, "b": "é".repeat(TEXT_CHARS_MAX + 1), "c": "é".repeat(TEXT_CHARS_MAX)});
        let mut cut = 0;
        let short = short(object(row).unwrap(), &mut cut);
        assert_eq!((short.len(), cut), (2, 1));
        assert_eq!(short["b"].as_str().unwrap().chars().count(), TEXT_CHARS_MAX + 1);
    }

    #[test]
    fn a_day_is_read_before_it_is_asked_for() {
        assert_eq!(day("2026-11-21").map(Day::text).as_deref(), Ok("2026-11-21"));
        for wrong in ["yesterday", "infinity", "01/02/2026", "2026-13-01' OR true --"] {
            assert_eq!(day(wrong).unwrap_err().kind, crate::log::Kind::Refused, "{wrong}");
        }
    }

    #[test]
    fn a_page_is_neither_empty_nor_endless() {
        assert_eq!(rows(None), Ok(ROWS_USUAL));
        assert!(rows(Some(0)).is_err() && rows(Some(ROWS_MAX + 1)).is_err());
    }
}

//! PostgreSQL as a destination: the users' table `agent_audit_log`, one row for each event.
//!
//! The table keeps the column names of the users' sketch, made valid: ids are text, the indexes are statements of their own.
//! It is made when it is not there; one that is there is used as it is. What has no column is in `action_details`, with
//! `known`, `source` and a `digest` of the content.
//!
//! *Invariants*
//! - The same id with the same content is one row. With other content it is a row of its own, `ID/r1`, `ID/r2` …, whose
//!   `action_details` name the first as `revision_of`.
//! - No statement changes or deletes a row.
//!
//! *Limits*: one connection, opened when it is needed; a statement has [`STATEMENT_MS`].

use crate::prepare::{Prepared, Preparer};
use serde_json::{Map, Value};
use std::time::Duration;
use tacho_mcp::{Answer, Caller, CostBy, Costs, Fault, Filter, Log, Page, Recorded};
use tokio::sync::Mutex;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls};

const CONNECT_TIME: Duration = Duration::from_secs(5);
const STATEMENT_MS: u32 = 10_000;
/// Later states of one event.
const REVISIONS_MAX: u32 = 1000;
/// Steps of one session that are read.
const STEPS_MAX: usize = 1000;

const TABLE: &str = "
CREATE TABLE IF NOT EXISTS agent_audit_log (
  id TEXT PRIMARY KEY,
  timestamp TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  agent_id TEXT NOT NULL,
  session_id TEXT,
  conversation_id TEXT,
  action_type TEXT NOT NULL,
  action_name TEXT NOT NULL,
  action_details JSONB NOT NULL,
  outcome_status TEXT NOT NULL,
  outcome_result JSONB,
  outcome_error JSONB,
  tokens_input BIGINT,
  tokens_output BIGINT,
  duration_ms BIGINT,
  cost_usd DECIMAL(18, 6),
  permission_level TEXT,
  resources_accessed JSONB,
  sensitive_data_accessed BOOLEAN DEFAULT FALSE
);
CREATE INDEX IF NOT EXISTS idx_agent_id ON agent_audit_log (agent_id);
CREATE INDEX IF NOT EXISTS idx_timestamp ON agent_audit_log (timestamp);
CREATE INDEX IF NOT EXISTS idx_action_type ON agent_audit_log (action_type);
CREATE INDEX IF NOT EXISTS idx_session_id ON agent_audit_log (session_id);";

/// Columns that take a text, a JSON value, a number; each value comes as text and is cast where it stands.
const COLUMNS: [(&str, &str); 18] = [
    ("id", "text"),
    ("timestamp", "timestamptz"),
    ("agent_id", "text"),
    ("session_id", "text"),
    ("conversation_id", "text"),
    ("action_type", "text"),
    ("action_name", "text"),
    ("action_details", "jsonb"),
    ("outcome_status", "text"),
    ("outcome_result", "jsonb"),
    ("outcome_error", "jsonb"),
    ("tokens_input", "bigint"),
    ("tokens_output", "bigint"),
    ("duration_ms", "bigint"),
    ("cost_usd", "numeric"),
    ("permission_level", "text"),
    ("resources_accessed", "jsonb"),
    ("sensitive_data_accessed", "boolean"),
];

/// A database.
pub(crate) struct Postgres {
    config: Config,
    preparer: Preparer,
    client: Mutex<Option<Client>>,
}

impl Postgres {
    /// # Errors
    /// The address is not understood.
    pub(crate) fn new(url: &str, preparer: Preparer) -> Result<Postgres, String> {
        let parsed: Result<Config, _> = url.parse();
        // The address holds a password: what is wrong is said without it.
        let mut config = parsed.map_err(|error| format!("AUDIT_DATABASE_URL is not understood: {error}"))?;
        config
            .connect_timeout(CONNECT_TIME)
            .application_name("mcp-audit-logger")
            .options(format!("-c statement_timeout={STATEMENT_MS}"));
        Ok(Postgres { config, preparer, client: Mutex::new(None) })
    }

    /// Runs a statement whose parameters are all texts; a connection that broke is opened once more.
    async fn texts(&self, sql: &str, values: &[Option<String>]) -> Result<Vec<Option<String>>, Fault> {
        let mut held = self.client.lock().await;
        let mut again = held.is_some();
        loop {
            if held.as_ref().is_none_or(Client::is_closed) {
                *held = Some(self.open().await?);
            }
            let client = held.as_ref().expect("it was opened above");
            let failed = match run(client, sql, values).await {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            if failed.as_db_error().is_none() && again {
                (*held, again) = (None, false);
                continue;
            }
            return Err(told(&failed));
        }
    }

    async fn open(&self) -> Result<Client, Fault> {
        let (client, connection) = self.config.connect(NoTls).await.map_err(|error| told(&error))?;
        // It ends when the client is dropped; what went wrong is told by the statement that found out.
        tokio::spawn(async move { drop(connection.await) });
        client.batch_execute("SET client_min_messages = warning").await.map_err(|error| told(&error))?;
        client.batch_execute(TABLE).await.map_err(|error| told(&error))?;
        Ok(client)
    }

    /// The rows of a query as JSON.
    async fn rows(&self, query: &str, values: &[Option<String>]) -> Result<Vec<Map<String, Value>>, Fault> {
        let sql = format!("SELECT coalesce(json_agg(t), '[]')::text FROM ({query}) t");
        let answer = self.texts(&sql, values).await?;
        let text = answer.into_iter().next().flatten().unwrap_or_default();
        serde_json::from_str(&text)
            .map_err(|error| Fault::failed(format!("the rows are not understood: {error}")))
    }

    async fn add(&self, prepared: Prepared) -> Result<Recorded, Fault> {
        let columns: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        let casts: Vec<String> =
            COLUMNS.iter().enumerate().map(|(at, (_, kind))| format!("${}::{kind}", at + 1)).collect();
        let insert = format!(
            "INSERT INTO agent_audit_log ({}) VALUES ({}) ON CONFLICT DO NOTHING RETURNING id",
            columns.join(", "),
            casts.join(", ")
        );
        let state = "SELECT action_details->>'digest' FROM agent_audit_log WHERE id = $1 LIMIT 1";
        let mut number = 0;
        while number <= REVISIONS_MAX {
            let id = state_id(&prepared.id, number);
            match self.texts(state, &[Some(id)]).await?.into_iter().next() {
                Some(Some(digest)) if digest == prepared.digest => {
                    return Ok(Recorded { index: None, duplicate: true });
                }
                Some(_) => number += 1,
                // Somebody else may take the place meanwhile: then it is looked at again.
                None => {
                    if !self.texts(&insert, &row(&prepared, number)).await?.is_empty() {
                        return Ok(Recorded { index: None, duplicate: false });
                    }
                }
            }
        }
        Err(Fault::refused(format!("{} has {REVISIONS_MAX} later states already", prepared.id)))
    }
}

/// The id of a later state of an event; that of the first is the event's own.
fn state_id(id: &str, number: u32) -> String {
    if number == 0 { id.to_string() } else { format!("{id}/r{number}") }
}

async fn run(
    client: &Client,
    sql: &str,
    values: &[Option<String>],
) -> Result<Vec<Option<String>>, tokio_postgres::Error> {
    let statement = client.prepare_typed(sql, &vec![Type::TEXT; values.len()]).await?;
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
    let rows = client.query(&statement, &values).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// The message of the database, without the statement.
fn told(error: &tokio_postgres::Error) -> Fault {
    let why = match error.as_db_error() {
        Some(said) => said.to_string(),
        None => {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
            format!("{error}{}", cause.unwrap_or_default())
        }
    };
    Fault::failed(format!("PostgreSQL: {why:.300}"))
}

/// An event as a row, in the order of [`COLUMNS`].
fn row(prepared: &Prepared, number: u32) -> Vec<Option<String>> {
    let Value::Object(mut event) = without_nul(Value::Object(prepared.event.clone())) else {
        return Vec::new();
    };
    event.remove("event_id");
    if number > 0 {
        event.insert("revision_of".into(), prepared.id.clone().into());
    }
    let mut taken: Vec<Option<Value>> = COLUMNS.iter().map(|(name, _)| event.remove(*name)).collect();
    taken[0] = Some(state_id(&prepared.id, number).into());
    for (at, default) in [(2, "unknown"), (5, "log"), (6, "event"), (8, "unknown")] {
        taken[at].get_or_insert_with(|| default.into());
    }
    // What has no column of its own goes beside the parameters.
    let mut details = event;
    if let Some(parameters) = taken[7].take() {
        details.insert("parameters".into(), parameters);
    }
    details.insert("digest".into(), prepared.digest.clone().into());
    taken[7] = Some(Value::Object(details));
    let text = |(value, (_, kind)): (Option<Value>, &(&str, &str))| match value? {
        Value::String(text) if *kind != "jsonb" => Some(text),
        other => Some(other.to_string()),
    };
    taken.into_iter().zip(&COLUMNS).map(text).collect()
}

/// No text of PostgreSQL holds the character zero.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "")),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(members) => {
            let clean = |(name, value): (String, Value)| (name.replace('\0', ""), without_nul(value));
            Value::Object(members.into_iter().map(clean).collect())
        }
        other => other,
    }
}

/// Conditions and their values, all texts.
fn conditions(filter: &Filter) -> Result<(String, Vec<Option<String>>), Fault> {
    let mut all = vec!["true".to_string()];
    let mut values = Vec::new();
    let mut add = |condition: &str, value: String| {
        values.push(Some(value));
        all.push(condition.replace('?', &format!("${}", values.len())));
    };
    if let Some(words) = &filter.query {
        for word in words.split_whitespace() {
            let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            let text = "concat_ws(' ', action_name, action_details, outcome_result, outcome_error) ILIKE ?";
            add(text, format!("%{escaped}%"));
        }
    }
    for (condition, value) in
        [("timestamp >= ?::timestamptz", &filter.from), ("timestamp < ?::timestamptz", &filter.to)]
    {
        let Some(value) = value else { continue };
        let time = tacho_event::time::parse(value).map_err(|error| Fault::refused(error.to_string()))?;
        add(condition, tacho_event::time::format(time));
    }
    let named = [
        ("agent_id = ?", &filter.agent),
        ("session_id = ?", &filter.session),
        ("(action_type = ? OR action_name = ?)", &filter.action),
        ("action_details->>'user_id' = ?", &filter.user),
    ];
    for (condition, value) in named {
        if let Some(value) = value {
            add(condition, value.clone());
        }
    }
    if let Some(status) = &filter.status {
        add("outcome_status = ?", if status == "failed" { "failure".into() } else { status.clone() });
    }
    if let Some(cursor) = &filter.cursor {
        let (time, id) =
            cursor.split_once('|').ok_or_else(|| Fault::refused("the cursor is not of this log"))?;
        values.extend([Some(time.to_string()), Some(id.to_string())]);
        let at = values.len();
        all.push(format!("(timestamp, id) < (${}::timestamptz, ${at})", at - 1));
    }
    Ok((all.join(" AND "), values))
}

impl Log for Postgres {
    fn name(&self) -> &str {
        "postgres"
    }

    fn record<'a>(&'a self, _: &'a Caller, event: Map<String, Value>) -> Answer<'a, Recorded> {
        Box::pin(async move { self.add(self.preparer.prepare(event)?).await })
    }

    fn search<'a>(&'a self, _: &'a Caller, filter: &'a Filter) -> Answer<'a, Page> {
        Box::pin(async move {
            let (conditions, values) = conditions(filter)?;
            let limit = filter.limit;
            let query = format!(
                "SELECT * FROM agent_audit_log WHERE {conditions} ORDER BY timestamp DESC, id DESC LIMIT {limit}"
            );
            let rows = self.rows(&query, &values).await?;
            let last = rows.last().filter(|_| rows.len() == limit);
            let text =
                |row: &Map<String, Value>, name: &str| row[name].as_str().unwrap_or_default().to_string();
            let cursor = last.map(|row| format!("{}|{}", text(row, "timestamp"), text(row, "id")));
            Ok(Page { rows, cursor })
        })
    }

    fn entry<'a>(&'a self, _: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(async move {
            let rows = self.rows("SELECT * FROM agent_audit_log WHERE id = $1", &[Some(id.into())]).await?;
            let row = rows.into_iter().next();
            row.map(Value::Object).ok_or_else(|| Fault::absent(format!("no event has the id {id}")))
        })
    }

    fn session<'a>(&'a self, _: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(async move {
            let query = format!(
                "SELECT * FROM agent_audit_log WHERE session_id = $1 ORDER BY timestamp, id LIMIT {STEPS_MAX}"
            );
            let steps = self.rows(&query, &[Some(id.into())]).await?;
            if steps.is_empty() {
                return Err(Fault::absent(format!("no session has the id {id}")));
            }
            Ok(serde_json::json!({"session": id, "steps": steps}))
        })
    }

    fn costs<'a>(&'a self, _: &'a Caller, costs: &'a Costs) -> Answer<'a, Vec<Map<String, Value>>> {
        Box::pin(async move {
            let (column, name) = match costs.by {
                CostBy::Agent => ("agent_id", "agent_id"),
                CostBy::Day => ("(timestamp AT TIME ZONE 'UTC')::date", "day"),
                CostBy::Model => ("action_details->>'model'", "model"),
                CostBy::Action => ("action_name", "action_name"),
            };
            let filter = Filter { agent: costs.agent.clone(), ..Filter::default() };
            let (mut conditions, mut values) = conditions(&filter)?;
            for (operator, day) in [(">=", &costs.from), ("<=", &costs.to)] {
                let Some(day) = day else { continue };
                values.push(Some(day.clone()));
                let at = values.len();
                conditions
                    .push_str(&format!(" AND (timestamp AT TIME ZONE 'UTC')::date {operator} ${at}::date"));
            }
            let query = format!(
                "SELECT {column} AS {name}, count(*) AS events, sum(tokens_input) AS tokens_input, \
                 sum(tokens_output) AS tokens_output, sum(cost_usd) AS cost_usd FROM agent_audit_log \
                 WHERE {conditions} GROUP BY 1 ORDER BY 5 DESC NULLS LAST, 1 LIMIT {}",
                costs.limit
            );
            self.rows(&query, &values).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(event: Value) -> Prepared {
        let Value::Object(event) = event else { panic!("{event}") };
        Prepared { id: "e1".into(), digest: "d".into(), event }
    }

    fn column(row: &[Option<String>], name: &str) -> Option<String> {
        row[COLUMNS.iter().position(|(is, _)| *is == name).unwrap()].clone()
    }

    #[test]
    fn nothing_that_an_agent_said_is_left_out_of_the_row() {
        let event = serde_json::json!({"event_id": "e1", "action_name": "a", "action_details": {"p": 1},
            "tokens_input": 5, "decision": {"chosen": "x"}, "known": "self_reported"});
        let row = row(&prepared(event), 0);
        assert_eq!(column(&row, "id").as_deref(), Some("e1"));
        assert_eq!(column(&row, "tokens_input").as_deref(), Some("5"));
        assert_eq!(column(&row, "agent_id").as_deref(), Some("unknown"));
        let details: Value = serde_json::from_str(&column(&row, "action_details").unwrap()).unwrap();
        let expected = serde_json::json!({"parameters": {"p": 1}, "decision": {"chosen": "x"},
            "known": "self_reported", "digest": "d"});
        assert_eq!(details, expected);
    }

    #[test]
    fn a_later_state_is_a_row_of_its_own_that_names_the_first() {
        let row = row(&prepared(serde_json::json!({"event_id": "e1"})), 2);
        assert_eq!(column(&row, "id").as_deref(), Some("e1/r2"));
        assert!(column(&row, "action_details").unwrap().contains(r#""revision_of":"e1""#));
    }

    #[test]
    fn the_character_zero_goes_and_an_escape_of_it_stays() {
        let row = row(&prepared(serde_json::json!({"outcome_result": {"a\0b": "c\0d", "e": "\\u0000"}})), 0);
        let result: Value = serde_json::from_str(&column(&row, "outcome_result").unwrap()).unwrap();
        assert_eq!(result, serde_json::json!({"ab": "cd", "e": "\\u0000"}));
    }

    #[test]
    fn every_value_of_a_filter_is_a_parameter() {
        let filter = Filter {
            query: Some("50%_x'".into()),
            agent: Some("'; --".into()),
            action: Some("Bash".into()),
            cursor: Some("2026-11-21T00:00:00Z|e1".into()),
            ..Filter::default()
        };
        let (text, values) = conditions(&filter).unwrap();
        assert!(!text.contains("--") && !text.contains('?'), "{text}");
        assert_eq!(values.len(), 5);
        assert!(text.ends_with("(timestamp, id) < ($4::timestamptz, $5)"), "{text}");
        assert!(text.contains("(action_type = $3 OR action_name = $3)"), "{text}");
    }
}

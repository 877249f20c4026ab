//! PostgreSQL as a destination: the users' table `agent_audit_log`, one row for each event.
//!
//! The table keeps the column names of the users' sketch, made valid: ids are text, the indexes are statements of their own.
//! It is made when it is not there; one that is there is used as it is, with the types that its columns have. What has no
//! column, or does not fit into it, is in `action_details`, with `known`, `source` and a `digest` of the content.
//!
//! *Invariants*
//! - The same id with the same content is one row. With other content it is a row of its own, `ID/r1`, `ID/r2` …, whose
//!   `action_details` name the first as `revision_of`.
//! - No statement changes or deletes a row.
//!
//! *Limits*: one connection, opened when it is needed; a statement has [`STATEMENT_MS`].

use crate::columns::{Columns, LOOK};
use crate::prepare::{Prepared, Preparer};
use crate::rows::{COLUMNS, TABLE, conditions, insert, row, state_id};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use tacho_mcp::{Answer, Caller, CostBy, Costs, Defaults, Fault, Filter, Log, Page, Recorded};
use tokio::sync::Mutex;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls};

const CONNECT_TIME: Duration = Duration::from_secs(5);
const STATEMENT_MS: u32 = 10_000;
/// Later states of one event.
const REVISIONS_MAX: u32 = 1000;
/// Steps of one session that are read.
const STEPS_MAX: usize = 1000;

/// A database.
pub(crate) struct Postgres {
    config: Config,
    preparer: Preparer,
    open: Mutex<Option<Open>>,
}

/// A connection, and the columns as they were when it was opened.
struct Open {
    client: Client,
    columns: Arc<Columns>,
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
        Ok(Postgres { config, preparer, open: Mutex::new(None) })
    }

    /// Runs a statement whose parameters are all texts; a connection that broke is opened once more.
    async fn texts(&self, sql: &str, values: &[Option<String>]) -> Result<Vec<Option<String>>, Fault> {
        let mut held = self.open.lock().await;
        let mut again = held.is_some();
        loop {
            let failed = match run(&self.opened(&mut held).await?.client, sql, values).await {
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

    async fn opened<'h>(&self, held: &'h mut Option<Open>) -> Result<&'h Open, Fault> {
        if held.as_ref().is_none_or(|open| open.client.is_closed()) {
            *held = Some(self.open().await?);
        }
        Ok(held.as_ref().expect("it was opened above"))
    }

    async fn columns(&self) -> Result<Arc<Columns>, Fault> {
        let mut held = self.open.lock().await;
        Ok(Arc::clone(&self.opened(&mut held).await?.columns))
    }

    async fn open(&self) -> Result<Open, Fault> {
        let (client, connection) = self.config.connect(NoTls).await.map_err(|error| told(&error))?;
        // It ends when the client is dropped; what went wrong is told by the statement that found out.
        tokio::spawn(async move { drop(connection.await) });
        // A role that may only insert and select is enough where the table is there.
        let there = "SELECT to_regclass('agent_audit_log')::text";
        let is_there = async || run(&client, there, &[]).await.map(|rows| rows.iter().any(Option::is_some));
        if !is_there().await.map_err(|error| told(&error))?
            && let Err(error) = client.batch_execute(TABLE).await
            // Another program may have made it at the same time.
            && !is_there().await.unwrap_or(false)
        {
            return Err(told(&error));
        }
        let looked = run(&client, LOOK, &[]).await.map_err(|error| told(&error))?;
        let text = looked.into_iter().next().flatten().unwrap_or_default();
        let columns = Columns::read(&text).map_err(|why| Fault::failed(format!("PostgreSQL: {why}")))?;
        Ok(Open { client, columns: Arc::new(columns) })
    }

    /// Adds rows such as will come, takes them back, and asks for them: nothing else shows that the table takes them. Gives
    /// what is worth knowing of its columns.
    ///
    /// # Errors
    /// What was refused; the table is as it was.
    pub(crate) async fn check(&self, id: &str, defaults: &Defaults) -> Result<Vec<String>, Fault> {
        let mut held = self.open.lock().await;
        let Open { client, columns } = self.opened(&mut held).await?;
        for (what, event) in trials(id, defaults) {
            let (sql, values) = insert(row(&self.preparer.prepare(event)?, 0, columns), columns);
            client.batch_execute("BEGIN").await.map_err(|error| told(&error))?;
            let added = run(client, &sql, &values).await;
            client.batch_execute("ROLLBACK").await.map_err(|error| told(&error))?;
            added.map_err(|error| Fault::failed(format!("{what} is refused: {}", told(&error))))?;
        }
        let mut notes = columns.notes(&COLUMNS);
        drop(held);
        let text = || Some(id.to_string());
        let filter = Filter {
            query: text(),
            agent: text(),
            session: text(),
            action: text(),
            cursor: Some(format!("2026-11-21T00:00:00Z|{id}")),
            limit: 1,
            ..Filter::default()
        };
        self.search(&Caller::default(), &filter).await?;
        let by = Costs { by: CostBy::Agent, agent: None, from: None, to: None, limit: 1 };
        // Nothing is lost where they can't be added up.
        if let Err(fault) = self.costs(&Caller::default(), &by).await {
            notes.push(format!("get_costs can't answer: {fault}"));
        }
        Ok(notes)
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
        let columns = self.columns().await?;
        let state = format!(
            "SELECT action_details->>'digest' FROM agent_audit_log WHERE id = {} LIMIT 1",
            columns.cast("id", 1)
        );
        let mut number = 0;
        while number <= REVISIONS_MAX {
            let id = columns.key(&state_id(&prepared.id, number));
            match self.texts(&state, &[Some(id)]).await?.into_iter().next() {
                Some(Some(digest)) if digest == prepared.digest => {
                    return Ok(Recorded { index: None, duplicate: true });
                }
                Some(_) => number += 1,
                // Somebody else may take the place meanwhile: then it is looked at again.
                None => {
                    let (sql, values) = insert(row(&prepared, number, &columns), &columns);
                    if !self.texts(&sql, &values).await?.is_empty() {
                        return Ok(Recorded { index: None, duplicate: false });
                    }
                }
            }
        }
        Err(Fault::refused(format!("{} has {REVISIONS_MAX} later states already", prepared.id)))
    }
}

/// Events of every kind that tools write, each with what it is.
fn trials(id: &str, defaults: &Defaults) -> [(&'static str, Map<String, Value>); 2] {
    let least = serde_json::json!({"event_id": id, "action_name": "check"});
    let most = serde_json::json!({
        "event_id": format!("{id}/outcome"), "agent_id": "mcp-audit-logger", "session_id": id, "conversation_id": id,
        "action_type": "workflow", "action_name": "check", "action_details": {"a": [1]}, "outcome_status": "success",
        "outcome_result": {"a": 1}, "outcome_error": "none", "tokens_input": 1, "tokens_output": 1, "duration_ms": 1,
        "cost_usd": 0.5, "permission_level": "user", "resources_accessed": ["/"], "sensitive_data_accessed": false,
    });
    let mut events = [least, most].map(|event| event.as_object().cloned().unwrap_or_default());
    for (name, value) in [("agent_id", &defaults.agent), ("session_id", &defaults.session)] {
        let Some(value) = value else { continue };
        events.iter_mut().for_each(|event| drop(event.insert(name.into(), value.clone().into())));
    }
    let [least, most] = events;
    [("an event that says no more than its name", least), ("an event that says everything", most)]
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

impl Log for Postgres {
    fn name(&self) -> &str {
        "postgres"
    }

    fn record<'a>(&'a self, _: &'a Caller, event: Map<String, Value>) -> Answer<'a, Recorded> {
        Box::pin(async move { self.add(self.preparer.prepare(event)?).await })
    }

    fn search<'a>(&'a self, _: &'a Caller, filter: &'a Filter) -> Answer<'a, Page> {
        Box::pin(async move {
            let (conditions, values) = conditions(filter, self.columns().await?.as_ref())?;
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
            let columns = self.columns().await?;
            let query = format!("SELECT * FROM agent_audit_log WHERE id = {}", columns.cast("id", 1));
            let mut last = None; // states are numbered without a gap
            for number in 0..=REVISIONS_MAX {
                let key = columns.key(&state_id(id, number));
                let Some(row) = self.rows(&query, &[Some(key)]).await?.pop() else { break };
                last = Some(Value::Object(row));
            }
            last.ok_or_else(|| Fault::absent(format!("no event has the id {id}")))
        })
    }

    fn session<'a>(&'a self, _: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(async move {
            let is_of = self.columns().await?.equal("session_id", id, 1);
            let query = format!(
                "SELECT * FROM agent_audit_log WHERE {is_of} ORDER BY timestamp, id LIMIT {STEPS_MAX}"
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
            let (mut conditions, mut values) = conditions(&filter, self.columns().await?.as_ref())?;
            for (operator, day) in [(">=", &costs.from), ("<=", &costs.to)] {
                let Some(day) = day else { continue };
                values.push(Some(day.text()));
                let at = values.len();
                conditions += &format!(" AND (timestamp AT TIME ZONE 'UTC')::date {operator} ${at}::date");
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

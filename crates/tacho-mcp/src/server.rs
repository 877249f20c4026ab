//! A tachograph server as a log: every question is a request to its HTTP interface, carried by a transport.

use crate::limits::REPLY_BYTES_MAX;
use crate::log::{Answer, Caller, CostBy, Costs, Fault, Filter, Kind, Log, Page, Recorded};
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A request to the HTTP interface. `Accept` is always JSON; what is no JSON comes as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Path and query.
    pub target: String,
    /// A POST has one.
    pub body: Option<Vec<u8>>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

/// What carries requests to the server: a socket, or the server's own router.
pub trait Transport: Send + Sync {
    /// Sends one request in the name of the caller. An answer longer than [`REPLY_BYTES_MAX`] is a fault.
    fn send(&self, caller: &Caller, request: Request) -> BoxFuture<'static, Result<Reply, Fault>>;
}

/// A server that is spoken to over a transport.
pub struct ServerLog<T> {
    transport: T,
}

impl<T: Transport> ServerLog<T> {
    pub fn new(transport: T) -> ServerLog<T> {
        ServerLog { transport }
    }

    async fn ask(&self, caller: &Caller, target: String, body: Option<Vec<u8>>) -> Result<Vec<u8>, Fault> {
        let reply = self.transport.send(caller, Request { target, body }).await?;
        if reply.body.len() > REPLY_BYTES_MAX {
            return Err(Fault::refused(format!("the answer has over {REPLY_BYTES_MAX} bytes: ask for less")));
        }
        if (200..300).contains(&reply.status) {
            return Ok(reply.body);
        }
        let told: Problem = serde_json::from_slice(&reply.body).unwrap_or_default();
        let kind = match reply.status {
            404 => Kind::Absent,
            400..=499 => Kind::Refused,
            _ => Kind::Failed,
        };
        Err(Fault { kind, why: told.text(reply.status) })
    }

    async fn json<D: for<'d> Deserialize<'d>>(
        &self,
        caller: &Caller,
        target: String,
        body: Option<Vec<u8>>,
    ) -> Result<D, Fault> {
        let bytes = self.ask(caller, target, body).await?;
        let read = serde_json::from_slice(&bytes);
        read.map_err(|error| Fault::failed(format!("the server's answer is not understood: {error}")))
    }

    async fn rows(&self, caller: &Caller, sql: &str) -> Result<Vec<Map<String, Value>>, Fault> {
        let rows: Rows = self.json(caller, "/v1/sql".into(), Some(sql.into())).await?;
        rows.whole().map(|rows| rows.rows)
    }
}

/// RFC 9457, or what was refused of an event.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
struct Rejected {
    reason: String,
}

impl Problem {
    fn text(&self, status: u16) -> String {
        match self.rejected.first() {
            Some(line) => format!("the event was refused: {}", line.reason),
            None if self.title.is_empty() => format!("the server answered with status {status}"),
            None => format!("{} ({status}): {}", self.title, self.detail),
        }
    }
}

#[derive(Deserialize)]
struct Taken {
    duplicates: u64,
    first_index: Option<u64>,
}

#[derive(Deserialize)]
struct Rows {
    rows: Vec<Map<String, Value>>,
    cursor: Option<String>,
    /// Stands at the end of an answer that broke off.
    error: Option<Problem>,
}

impl Rows {
    fn whole(self) -> Result<Rows, Fault> {
        match &self.error {
            Some(problem) => Err(Fault::failed(problem.text(500))),
            None => Ok(self),
        }
    }
}

impl<T: Transport> Log for ServerLog<T> {
    fn name(&self) -> &str {
        "server"
    }

    fn record<'a>(&'a self, caller: &'a Caller, event: Map<String, Value>) -> Answer<'a, Recorded> {
        Box::pin(async move {
            let body = Value::Object(event).to_string().into_bytes();
            let taken: Taken = self.json(caller, "/v1/events?via=mcp".into(), Some(body)).await?;
            Ok(Recorded { index: taken.first_index, duplicate: taken.duplicates > 0 })
        })
    }

    fn search<'a>(&'a self, caller: &'a Caller, filter: &'a Filter) -> Answer<'a, Page> {
        Box::pin(async move {
            let mut target = format!("/v1/search?limit={}", filter.limit);
            let named = [
                ("q", &filter.query),
                ("from", &filter.from),
                ("to", &filter.to),
                ("agent", &filter.agent),
                ("session", &filter.session),
                ("type", &filter.action),
                ("status", &filter.status),
                ("user", &filter.user),
                ("cursor", &filter.cursor),
            ];
            for (name, value) in named {
                let Some(value) = value else { continue };
                target.extend(["&", name, "=", &escaped(value)]);
            }
            let rows: Rows = self.json(caller, target, None).await?;
            let rows = rows.whole()?;
            Ok(Page { rows: rows.rows, cursor: rows.cursor })
        })
    }

    fn entry<'a>(&'a self, caller: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(self.json(caller, format!("/v1/events/{}", escaped(id)), None))
    }

    fn observations<'a>(
        &'a self,
        caller: &'a Caller,
        entry: &'a Map<String, Value>,
        max: usize,
    ) -> Answer<'a, Vec<Map<String, Value>>> {
        Box::pin(async move {
            let Some(id) = entry.get("header").and_then(|header| header["event_id"].as_str()) else {
                return Ok(Vec::new());
            };
            // What nobody else tells of has no other observation.
            let told = format!(
                "SELECT action_of(index) AS action FROM events WHERE event_id = {} \
                 AND (observations(index) > 1 OR NOT is_shown(index))",
                literal(id)?
            );
            let told = self.rows(caller, &told).await?;
            let actions = told.iter().filter_map(|row| row.get("action")?.as_u64()).collect();
            self.rows(caller, &observations_sql(id, &actions, max)?).await
        })
    }

    fn session<'a>(&'a self, caller: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(self.json(caller, format!("/v1/sessions/{}", escaped(id)), None))
    }

    fn agent<'a>(&'a self, caller: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(async move {
            let id = literal(id)?;
            let of = |table: &str, column: &str| {
                format!("SELECT * FROM {table} WHERE {column} = canonical_agent({id}) LIMIT 1")
            };
            let known = self.rows(caller, &of("agents", "id")).await?.into_iter().next();
            let stats = self.rows(caller, &of("agent_stats", "agent_id")).await?.into_iter().next();
            if known.is_none() && stats.is_none() {
                return Err(Fault::absent(format!("no agent has the id {id}")));
            }
            Ok(serde_json::json!({"agent": known, "stats": stats}))
        })
    }

    fn costs<'a>(&'a self, caller: &'a Caller, costs: &'a Costs) -> Answer<'a, Vec<Map<String, Value>>> {
        Box::pin(async move { self.rows(caller, &costs_sql(costs)?).await })
    }

    fn proof<'a>(&'a self, caller: &'a Caller, id: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            let bytes = self.ask(caller, format!("/v1/events/{}/proof", escaped(id)), None).await?;
            String::from_utf8(bytes).map_err(|_| Fault::failed("the proof is no text"))
        })
    }

    fn published<'a>(&'a self, caller: &'a Caller, path: &'a str) -> Answer<'a, Vec<u8>> {
        Box::pin(self.ask(caller, format!("/tlog/{path}"), None))
    }
}

/// The states of an event, and what tells of its actions: an action is named by the index of its first observation.
fn observations_sql(id: &str, actions: &BTreeSet<u64>, max: usize) -> Result<String, Fault> {
    let mut which = format!("event_id = {}", literal(id)?);
    if let Some(first) = actions.first() {
        let list: Vec<String> = actions.iter().map(u64::to_string).collect();
        which = format!("{which} OR (index >= {first} AND action_of(index) IN ({}))", list.join(", "));
    }
    Ok(format!(
        "SELECT index, either(who_id, event_id) AS id, revision, timestamp, source, known, hook_event, phase, agent_id, \
         action_type, action_name, outcome_status, error FROM events WHERE {which} ORDER BY index LIMIT {max}"
    ))
}

fn costs_sql(costs: &Costs) -> Result<String, Fault> {
    let column = match costs.by {
        CostBy::Agent => "agent_id",
        CostBy::Day => "day",
        CostBy::Model => "model",
        CostBy::Action => "action_name",
    };
    let mut conditions = vec!["true".to_string()];
    for (name, operator, value) in [("day", ">=", &costs.from), ("day", "<=", &costs.to)] {
        let Some(value) = value else { continue };
        let day = tacho_event::time::Day::parse(value)
            .ok_or_else(|| Fault::refused(format!("\"{value}\" is no day: expected one like 2026-11-21")))?;
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
fn literal(text: &str) -> Result<String, Fault> {
    crate::log::bounded("an id", text)?;
    if text.chars().any(char::is_control) {
        return Err(Fault::refused("an id holds a control character"));
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

/// A text as one segment of a path or one value of a query.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(agent: &str) -> Costs {
        Costs { by: CostBy::Model, agent: Some(agent.into()), from: None, to: None, limit: 5 }
    }

    #[test]
    fn an_id_can_not_leave_its_literal() {
        let sql = costs_sql(&costs("x' OR '1'='1")).unwrap();
        assert!(sql.contains("canonical_agent('x'' OR ''1''=''1')"), "{sql}");
        assert!(costs_sql(&costs("x\n")).is_err());
    }

    #[test]
    fn observations_are_asked_for_by_id_and_by_action() {
        let sql = observations_sql("x'y", &BTreeSet::from([7, 9]), 3).unwrap();
        assert!(sql.contains("event_id = 'x''y' OR (index >= 7 AND action_of(index) IN (7, 9))"), "{sql}");
        assert!(sql.ends_with("LIMIT 3"), "{sql}");
        assert!(!observations_sql("x", &BTreeSet::new(), 3).unwrap().contains("action_of"));
    }

    #[test]
    fn a_day_is_read_before_it_is_asked_for() {
        let mut wrong = costs("a");
        wrong.from = Some("2026-13-01' OR true --".into());
        assert_eq!(costs_sql(&wrong).unwrap_err().kind, Kind::Refused);
        wrong.from = Some("2026-11-21".into());
        assert!(costs_sql(&wrong).unwrap().contains("day >= DATE '2026-11-21'"));
    }

    #[test]
    fn an_id_can_not_leave_its_place_in_a_path() {
        assert_eq!(escaped("../a?b#c d/é"), "..%2Fa%3Fb%23c%20d%2F%C3%A9");
    }
}

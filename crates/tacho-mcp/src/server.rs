//! A tachograph server as a log: every question is a request to its HTTP interface, carried by a transport.

mod sql;

use crate::limits::REPLY_BYTES_MAX;
use crate::log::{Answer, Caller, Costs, Fault, Filter, Kind, Log, Page, Recorded};
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

    /// The numbers in one column of an answer.
    async fn numbers(&self, caller: &Caller, sql: &str, column: &str) -> Result<BTreeSet<u64>, Fault> {
        let rows = self.rows(caller, sql).await?;
        Ok(rows.iter().filter_map(|row| row.get(column)?.as_u64()).collect())
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
            let actions = self.numbers(caller, &sql::joined(id)?, "action").await?;
            let places = self.numbers(caller, &sql::places(id, &actions, max)?, "index").await?;
            if places.is_empty() {
                return Ok(Vec::new());
            }
            self.rows(caller, &sql::observations(&places)).await
        })
    }

    fn session<'a>(&'a self, caller: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(self.json(caller, format!("/v1/sessions/{}", escaped(id)), None))
    }

    fn agent<'a>(&'a self, caller: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(async move {
            let id = sql::literal(id)?;
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
        Box::pin(async move { self.rows(caller, &sql::costs(costs)?).await })
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

    #[test]
    fn an_id_can_not_leave_its_place_in_a_path() {
        assert_eq!(escaped("../a?b#c d/é"), "..%2Fa%3Fb%23c%20d%2F%C3%A9");
    }
}

//! VictoriaLogs as a destination: one line of JSON for each event. It only records; what it holds is asked there.
//!
//! *Limits*: VictoriaLogs knows no ids, so a repeated event is recognised among the newest [`KEPT`] of this process only.

use crate::http::Http;
use crate::prepare::{Prepared, Preparer};
use serde_json::{Map, Value};
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use tacho_mcp::{Answer, Caller, Fault, Log, Recorded, Reply};

/// Events that a repeated one is looked for among.
const KEPT: usize = 10_000;
const TARGET: &str = "/insert/jsonline?_stream_fields=agent_id,source&_time_field=timestamp&_msg_field=_msg";

/// A VictoriaLogs server.
pub(crate) struct VictoriaLogs {
    http: Http,
    preparer: Preparer,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    all: HashSet<(String, String)>,
    order: VecDeque<(String, String)>,
}

impl VictoriaLogs {
    pub(crate) fn new(http: Http, preparer: Preparer) -> VictoriaLogs {
        VictoriaLogs { http, preparer, seen: Arc::default() }
    }
}

impl Log for VictoriaLogs {
    fn name(&self) -> &str {
        "victorialogs"
    }

    fn record<'a>(&'a self, _: &'a Caller, event: Map<String, Value>) -> Answer<'a, Recorded> {
        Box::pin(async move {
            let prepared = self.preparer.prepare(event)?;
            let (http, seen) = (self.http.clone(), Arc::clone(&self.seen));
            let sent = tokio::task::spawn_blocking(move || send(&http, &seen, prepared)).await;
            sent.map_err(|error| Fault::failed(error.to_string()))?
        })
    }
}

/// Sends one event; one after the other, so that the same one at the same time is sent once.
fn send(http: &Http, seen: &Mutex<Seen>, prepared: Prepared) -> Result<Recorded, Fault> {
    let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let key = (prepared.id, prepared.digest);
    if seen.all.contains(&key) {
        return Ok(Recorded { index: None, duplicate: true });
    }
    let mut line = prepared.event;
    let message = line.get("action_name").and_then(Value::as_str).unwrap_or("event").to_string();
    line.entry("_msg").or_insert(message.into());
    taken(&http.send(TARGET, Some(Value::Object(line).to_string().as_bytes()))?)?;
    if seen.order.len() >= KEPT
        && let Some(oldest) = seen.order.pop_front()
    {
        seen.all.remove(&oldest);
    }
    seen.order.push_back(key.clone());
    seen.all.insert(key);
    Ok(Recorded { index: None, duplicate: false })
}

/// Whether it answers, and says that it is well. Records nothing.
pub(crate) async fn check(http: Http) -> Result<(), Fault> {
    let sent = tokio::task::spawn_blocking(move || http.send("/health", None)).await;
    taken(&sent.map_err(|error| Fault::failed(error.to_string()))??)
}

fn taken(reply: &Reply) -> Result<(), Fault> {
    if (200..300).contains(&reply.status) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&reply.body);
    Err(Fault::failed(format!("VictoriaLogs answered with status {}: {said:.300}", reply.status)))
}

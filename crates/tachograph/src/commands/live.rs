//! `tail` and `show`: events as they come, and one event or session.

use super::read::{print, segment};
use super::{Arguments, Format};
use crate::exit::Ended;
use crate::streams::Stream;
use serde_json::Value;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};

pub(super) fn show(arguments: &Arguments, id: &str, format: Format) -> Result<bool, Box<dyn Error>> {
    let target = arguments.target()?;
    let accept = if format == Format::Table { "text/plain" } else { "application/json" };
    let session = target.get(&format!("/v1/sessions/{}", segment(id)), accept)?;
    let is_session = session.status != 404;
    if matches!(format, Format::Csv | Format::Ndjson) {
        let found = if is_session { session } else { target.get(&event(id), "application/json")? };
        let found: Value = serde_json::from_slice(&found.good()?)?;
        let filter = if is_session { of_session(id) } else { of_event(&found)? };
        let query = format!("SELECT * FROM agent_audit_log WHERE {filter} ORDER BY index");
        return print(target.post("/v1/sql", format.accept(), query.as_bytes())?, format);
    }
    let body = if is_session {
        session.good()?
    } else {
        let mut event: Value = serde_json::from_slice(&target.get(&event(id), "application/json")?.good()?)?;
        // What others tell of the same call, and how it ended, is in events of their own.
        let query =
            format!("SELECT {OF_ACTION} FROM actions WHERE {} AND observations > 1", of_event(&event)?);
        let answer = target.post("/v1/sql", "application/json", query.as_bytes())?.good()?;
        let answer: Value = serde_json::from_slice(&answer)?;
        if let Some(Value::Object(row)) = answer["rows"].get(0) {
            let told = row.iter().filter(|(_, value)| !value.is_null());
            event["action"] = told.map(|(name, value)| (name.clone(), value.clone())).collect();
        }
        format!("{}\n", serde_json::to_string_pretty(&event)?).into_bytes()
    };
    std::io::stdout().write_all(&body)?;
    Ok(true)
}

/// Of the action that an event stands for.
const OF_ACTION: &str = "closure, outcome_status, outcome_result, outcome_error, observations, observers";

fn event(id: &str) -> String {
    format!("/v1/events/{}", segment(id))
}

fn of_session(id: &str) -> String {
    let id = id.replace('\'', "''");
    format!("session_id = '{id}' OR session_uuid = lower('{id}')")
}

/// By its place, so that the row is the event that `show` shows in every other format.
fn of_event(event: &Value) -> Result<String, Box<dyn Error>> {
    let index = event["header"]["index"].as_u64();
    let index = index.ok_or_else(|| Ended::Absent("the server knows no place of the event".into()))?;
    Ok(format!("index = {index}"))
}

/// The columns of live events in CSV.
const COLUMNS: [&str; 7] = ["index", "time", "agent", "type", "action", "outcome", "event"];

pub(super) fn tail(
    arguments: &Arguments,
    agent: Option<&str>,
    stream: Option<Stream>,
    format: Format,
) -> Result<bool, Box<dyn Error>> {
    let target = arguments.target()?;
    let client = target.client().ok_or("nothing is recorded now: start a server (tachograph serve)")?;
    let agent = agent.map(|agent| format!("agent={}", segment(agent)));
    let stream = stream.map(|stream| format!("stream={}", stream.name()));
    let asked: Vec<String> = agent.into_iter().chain(stream).collect();
    let path = format!("/v1/tail?{}", asked.join("&"));
    let lines = BufReader::new(client.stream(&path)?).lines();
    let mut out = std::io::stdout().lock();
    if format == Format::Csv {
        writeln!(out, "{}", COLUMNS.join(","))?;
        out.flush()?;
    }
    for line in lines {
        let line = line?;
        let Some(data) = line.strip_prefix("data:") else { continue };
        match (format, written(data.trim_start(), format)) {
            (_, Ok(line)) => writeln!(out, "{line}")?,
            // What programs read holds events only.
            (_, Err(missed)) if format == Format::Table => writeln!(out, "… {missed}")?,
            (_, Err(missed)) => writeln!(std::io::stderr(), "tachograph: {missed}")?,
        }
        out.flush()?;
    }
    Ok(true)
}

/// A message of the stream as a line, or the news that some were missed.
fn written(json: &str, format: Format) -> Result<String, String> {
    let event: Value = serde_json::from_str(json).unwrap_or_default();
    if event["entry"]["time"].as_i64().is_none() {
        return Err(format!("{json} batches were missed; search finds them"));
    }
    Ok(match format {
        Format::Table => live_line(&event),
        // There is no end at which an array could be closed: one object a line in both.
        Format::Json | Format::Ndjson => json.to_string(),
        Format::Csv => csv_line(&event, json),
    })
}

fn csv_line(event: &Value, json: &str) -> String {
    let entry = &event["entry"];
    let time = tacho_event::time::format(entry["time"].as_i64().unwrap_or_default());
    let mut line = format!("{},{time}", event["index"]);
    let texts = ["agent", "type", "action", "outcome"].map(|name| entry[name].as_str().unwrap_or_default());
    for text in texts.into_iter().chain([json]) {
        if text.contains([',', '"', '\n', '\r']) {
            write!(line, ",\"{}\"", text.replace('"', "\"\"")).expect("a String takes text");
        } else {
            write!(line, ",{text}").expect("a String takes text");
        }
    }
    line
}

/// One event on one line: time, agent, what, how it went.
fn live_line(event: &Value) -> String {
    let entry = &event["entry"];
    let word = |name: &str| entry[name].as_str().unwrap_or_default();
    let detail = ["input", "decision", "error", "extra"].iter().find(|name| !event[**name].is_null());
    let detail: String =
        detail.map(|name| event[*name].to_string()).unwrap_or_default().chars().take(100).collect();
    let time = tacho_event::time::format(entry["time"].as_i64().unwrap_or_default());
    let (agent, outcome) = (word("agent"), word("outcome"));
    let line = format!("{time}  {agent:24}  {outcome:9}  {} {}  {detail}", word("type"), word("action"));
    // What an agent wrote must not move the cursor, start a line or turn the direction of text.
    line.chars()
        .map(|c| if c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c) { ' ' } else { c })
        .collect()
}

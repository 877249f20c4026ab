//! Commands that read: `sql`, `search`, `costs`. They ask over HTTP and print for people or programs.

use super::{Arguments, Format, Output};
use crate::client::Answer;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

/// A search as it is typed.
#[derive(clap::Args)]
pub(super) struct Search {
    /// Words, "phrases", field:value, -not.
    #[arg(value_name = "WORDS", allow_hyphen_values = true, value_parser = super::asked)]
    q: Option<String>,
    #[arg(hide = true)]
    more: Vec<String>,
    /// At or after this time (RFC 3339).
    #[arg(long)]
    from: Option<String>,
    /// Before this time.
    #[arg(long)]
    to: Option<String>,
    #[arg(long)]
    agent: Option<String>,
    #[arg(long)]
    session: Option<String>,
    /// Action type or name.
    #[arg(long = "type")]
    kind: Option<String>,
    /// success, failed, partial, running.
    #[arg(long)]
    status: Option<String>,
    #[arg(long)]
    user: Option<String>,
    #[arg(long, default_value_t = 20)]
    limit: u64,
    /// Where the page before ended.
    #[arg(long)]
    cursor: Option<String>,
    /// Every column of each event, not only the line.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    output: Output,
}

/// CSV that says why when it is not whole.
const CSV: &str = "text/csv; error=line";

impl Format {
    /// What to ask the server for; tables are made here, from NDJSON.
    pub(super) fn accept(self) -> &'static str {
        match self {
            Format::Table | Format::Json => "application/json",
            Format::Csv => CSV,
            Format::Ndjson => "application/x-ndjson",
        }
    }
}

pub(super) fn sql(arguments: &Arguments, query: &str, format: Format) -> Result<bool, Box<dyn Error>> {
    let answer = arguments.target()?.post("/v1/sql", format.accept(), query.as_bytes())?;
    print(answer, format)
}

pub(super) fn search(arguments: &Arguments, search: &Search) -> Result<bool, Box<dyn Error>> {
    let words: Vec<&str> = search.q.iter().chain(&search.more).map(String::as_str).collect();
    let q = words.join(" ");
    let mut path = format!("/v1/search?limit={}", search.limit);
    let parameters = [
        ("q", Some(&q).filter(|q| !q.is_empty())),
        ("from", search.from.as_ref()),
        ("to", search.to.as_ref()),
        ("agent", search.agent.as_ref()),
        ("session", search.session.as_ref()),
        ("type", search.kind.as_ref()),
        ("status", search.status.as_ref()),
        ("user", search.user.as_ref()),
        ("cursor", search.cursor.as_ref()),
    ];
    for (name, value) in parameters {
        if let Some(value) = value {
            write!(path, "&{name}={}", segment(value))?;
        }
    }
    let format = search.output.format;
    let answer = arguments.target()?.get(&path, format.accept())?;
    if format == Format::Table && !search.full { hits(answer) } else { print(answer, format) }
}

/// One line for each event found.
fn hits(answer: Answer) -> Result<bool, Box<dyn Error>> {
    let answer: Value = serde_json::from_slice(&answer.good()?)?;
    let empty = Vec::new();
    let rows = answer["rows"].as_array().unwrap_or(&empty);
    let mut table = table(&["time", "agent", "action", "status", "what", "id"]);
    for row in rows {
        let texts = ["outcome_error", "action_details", "outcome_result", "extra"];
        let what =
            texts.iter().map(|name| cell(&row[*name])).find(|text| !text.is_empty()).unwrap_or_default();
        let what: String = what.chars().take(WHAT_CHARS).collect();
        let action = format!("{} {}", cell(&row["action_type"]), cell(&row["action_name"]));
        let time = cell(&row["timestamp"]);
        let time = time.get(..19).unwrap_or(&time).replace('T', " ");
        table.add_row([
            time,
            cell(&row["agent_id"]),
            action,
            cell(&row["outcome_status"]),
            what,
            cell(&row["id"]),
        ]);
    }
    let more =
        answer["cursor"].as_str().map(|cursor| format!("; more with --cursor {cursor}")).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{table}\n{} events of a log of {} entries{more}", rows.len(), answer["tree_size"])?;
    Ok(true)
}

/// So much of an event's text is shown in one line, characters.
const WHAT_CHARS: usize = 120;

/// What costs are added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum By {
    Agent,
    Day,
    Model,
    Action,
}

impl By {
    fn column(self) -> &'static str {
        match self {
            By::Agent => "agent_id",
            By::Day => "day",
            By::Model => "model",
            By::Action => "action_name",
        }
    }
}

pub(super) fn costs(
    arguments: &Arguments,
    by: &[By],
    days: u32,
    format: Format,
) -> Result<bool, Box<dyn Error>> {
    let columns: Vec<&str> = by.iter().map(|by| by.column()).collect();
    let columns = columns.join(", ");
    let query = format!(
        "SELECT {columns}, sum(cost_usd) AS cost_usd, sum(estimated_cost_usd) AS of_it_estimated, \
         sum(tokens_input) AS tokens_input, sum(tokens_output) AS tokens_output, \
         sum(tokens_cache_read) AS cache_read, sum(tokens_cache_write) AS cache_write, sum(events) AS events \
         FROM costs WHERE day >= now() - INTERVAL '{days} days' GROUP BY {columns} ORDER BY cost_usd DESC NULLS LAST"
    );
    sql(arguments, &query, format)
}

pub(super) fn print(answer: Answer, format: Format) -> Result<bool, Box<dyn Error>> {
    let body = answer.good()?;
    let mut out = std::io::stdout().lock();
    if format != Format::Table {
        let body = if format == Format::Csv { unix_lines(&body) } else { body };
        out.write_all(&body)?;
        if !body.ends_with(b"\n") {
            out.write_all(b"\n")?;
        }
        return Ok(true);
    }
    let answer: Value = serde_json::from_slice(&body)?;
    let empty = Vec::new();
    let columns = answer["columns"].as_array().unwrap_or(&empty);
    let rows = answer["rows"].as_array().unwrap_or(&empty);
    let names: Vec<&str> = columns.iter().map(column_name).collect();
    // A wide row is easier to read downwards.
    if names.len() > WIDE && rows.iter().all(Value::is_object) {
        for row in rows {
            writeln!(out, "{}", downwards(&names, row))?;
        }
    } else {
        let mut table = table(&names);
        for row in rows {
            table.add_row(names.iter().map(|name| cell(&row[*name])));
        }
        writeln!(out, "{table}")?;
    }
    let more =
        answer["cursor"].as_str().map(|cursor| format!("; more with --cursor {cursor}")).unwrap_or_default();
    writeln!(out, "{} rows of a log of {} entries{more}", rows.len(), answer["tree_size"])?;
    Ok(true)
}

/// CSV comes with CR LF at the end of its lines, as RFC 4180 has it; shells expect LF. Quoted text stays as it is.
fn unix_lines(csv: &[u8]) -> Vec<u8> {
    let mut quoted = false;
    let ends = |at: usize| csv.get(at + 1) == Some(&b'\n');
    let kept = csv.iter().enumerate().filter(|(at, byte)| {
        quoted ^= **byte == b'"';
        quoted || **byte != b'\r' || !ends(*at)
    });
    kept.map(|(_, byte)| *byte).collect()
}

/// More columns than this do not fit beside each other.
const WIDE: usize = 12;

fn column_name(column: &Value) -> &str {
    column.as_str().or_else(|| column["name"].as_str()).unwrap_or("?")
}

/// One `name  value` line for each column that has a value.
fn downwards(names: &[&str], row: &Value) -> String {
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let set = names.iter().filter(|name| !row[**name].is_null());
    set.fold(String::new(), |text, name| format!("{text}{name:width$}  {}\n", cell(&row[*name])))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An empty table with these columns, as wide as the terminal.
pub(super) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(columns.iter().copied());
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// Percent-encodes a text for a path segment or a parameter.
pub(super) fn segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            write!(out, "%{byte:02X}").expect("a String takes text");
        }
        out
    })
}

//! `incidents`: what is open, one of them with its timeline, its post-mortem, how long they took.

mod act;

use super::{Arguments, read};
use clap::{Subcommand, ValueEnum};
use serde_json::Value;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub(super) enum Incidents {
    /// Lists incidents, newest first.
    List {
        /// open, all, reception, investigation, remediation, post_mortem or closed.
        #[arg(long, default_value = "open")]
        state: String,
        /// critical, warning or info.
        #[arg(long)]
        severity: Option<String>,
        /// Only those that are about this agent.
        #[arg(long)]
        agent: Option<String>,
        /// As the server answers it.
        #[arg(long)]
        json: bool,
    },
    /// Shows one: cause, what changed before, alerts, timeline. Each line names its entry of the log.
    Show {
        id: String,
        /// As the server answers it.
        #[arg(long)]
        json: bool,
    },
    /// Writes the post-mortem, each line with the entry that proves it.
    PostMortem {
        id: String,
        /// Markdown, a page to print, or PDF.
        #[arg(long, value_enum, default_value_t = Paper::Markdown)]
        format: Paper,
        /// A file in place of standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    #[command(flatten)]
    Act(act::Act),
    /// Says how long it took to answer and to be over, by severity.
    Report {
        /// Incidents that were opened within so many days.
        #[arg(long, default_value_t = 30)]
        days: u32,
        /// As the server answers it.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Paper {
    Markdown,
    Html,
    Pdf,
}

pub(super) fn run(arguments: &Arguments, command: &Incidents) -> Result<bool, Box<dyn Error>> {
    match command {
        Incidents::List { state, severity, agent, json } => {
            let mut path = format!("/v1/incidents?limit=1000&state={}", read::segment(state));
            for (name, value) in [("severity", severity), ("agent", agent)] {
                if let Some(value) = value {
                    write!(path, "&{name}={}", read::segment(value))?;
                }
            }
            print(arguments, &path, *json, list)
        }
        Incidents::Show { id, json } => {
            print(arguments, &format!("/v1/incidents/{}", read::segment(id)), *json, page)
        }
        Incidents::PostMortem { id, format, output } => {
            let form = match format {
                Paper::Markdown => "markdown",
                Paper::Html => "html",
                Paper::Pdf => "pdf",
            };
            let path = format!("/v1/incidents/{}/post-mortem?format={form}", read::segment(id));
            let text = get(arguments, &path)?;
            match output {
                Some(file) => write(file, &text)?,
                None => std::io::stdout().lock().write_all(&text)?,
            }
            Ok(true)
        }
        Incidents::Act(act) => act::run(arguments, act),
        Incidents::Report { days, json } => {
            print(arguments, &format!("/v1/incidents/report?days={days}"), *json, report)
        }
    }
}

fn write(file: &Path, text: &[u8]) -> Result<(), Box<dyn Error>> {
    std::fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()).into())
}

fn get(arguments: &Arguments, path: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    arguments.target()?.get(path, "application/json")?.good()
}

fn print(
    arguments: &Arguments,
    path: &str,
    json: bool,
    shown: impl FnOnce(&Value) -> Result<String, std::fmt::Error>,
) -> Result<bool, Box<dyn Error>> {
    let answer: Value = serde_json::from_slice(&get(arguments, path)?)?;
    let mut out = std::io::stdout().lock();
    match json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&answer)?)?,
        false => writeln!(out, "{}", shown(&answer)?)?,
    }
    Ok(true)
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What a sender wrote must not move the cursor or start a line.
fn plain(text: &str) -> String {
    let moves = |c: char| c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c);
    text.chars().map(|c| if moves(c) { ' ' } else { c }).collect()
}

fn text(value: &Value, name: &str) -> String {
    plain(value[name].as_str().unwrap_or_default())
}

fn moment(value: &Value, name: &str) -> String {
    text(value, name).get(..19).unwrap_or_default().replace('T', " ")
}

fn list(answer: &Value) -> Result<String, std::fmt::Error> {
    let all = items(answer, "incidents");
    if all.is_empty() {
        return Ok("no incident".into());
    }
    let mut table = read::table(&["id", "severity", "state", "opened", "answer", "alerts", "about", "title"]);
    for one in all {
        let agents: Vec<&str> = items(one, "agents").iter().filter_map(Value::as_str).collect();
        table.add_row([
            text(one, "id"),
            text(one, "severity"),
            text(one, "state").replace('_', "-"),
            moment(one, "opened_at"),
            answered(one),
            format!("{} ({} firing)", one["alerts"], one["firing"]),
            plain(&agents.join(", ")),
            text(one, "title"),
        ]);
    }
    Ok(table.to_string())
}

/// Who answered, or by when somebody has to.
fn answered(one: &Value) -> String {
    match (one["answered_by"].is_string(), one["late"] == true) {
        (true, late) => text(one, "answered_by") + if late { ", late" } else { "" },
        (false, true) => "LATE".into(),
        (false, false) => format!("due {}", moment(one, "answer_due_at")),
    }
}

fn entry(value: &Value) -> String {
    value["entry"]["index"].as_u64().map_or_else(String::new, |index| index.to_string())
}

fn page(one: &Value) -> Result<String, std::fmt::Error> {
    let mut page = String::new();
    let (severity, state) = (text(one, "severity").to_uppercase(), text(one, "state").replace('_', "-"));
    writeln!(page, "{severity} {}", text(one, "title"))?;
    writeln!(page, "{}  {state}, opened {}, {}", text(one, "id"), moment(one, "opened_at"), answered(one))?;
    let about = items(one, "entities").iter();
    let about: Vec<String> =
        about.map(|one| format!("{} {}", text(one, "kind"), text(one, "value"))).collect();
    writeln!(page, "about: {}", about.join(", "))?;
    if let Some(roles) = one["roles"].as_object().filter(|roles| !roles.is_empty()) {
        let roles: Vec<String> =
            roles.keys().map(|role| format!("{role} {}", text(&one["roles"], role))).collect();
        writeln!(page, "roles: {}", roles.join(", "))?;
    }
    match one["suggested_cause"].is_object() {
        true => writeln!(page, "suggested cause: {}", text(&one["suggested_cause"], "text"))?,
        false => writeln!(page, "suggested cause: what changed before is still looked for")?,
    }
    if one["containment"].is_object() {
        let contained = &one["containment"];
        let checked = match contained["verified"].is_object() {
            true => format!(
                "verified by {}: {}",
                text(&contained["verified"], "by"),
                text(&contained["verified"], "note")
            ),
            false => "nobody verified it".into(),
        };
        writeln!(page, "contained by {}: {}; {checked}", text(contained, "by"), text(contained, "note"))?;
    }
    let mut table = read::table(&["when", "what", "by", "entry"]);
    for line in items(one, "timeline") {
        let note = text(line, "note");
        let note = if note.is_empty() { note } else { format!(": {note}") };
        table.add_row([moment(line, "at"), text(line, "text") + &note, text(line, "by"), entry(line)]);
    }
    writeln!(page, "{table}")?;
    for one in items(one, "follow_ups") {
        let done = if one["done_at"].is_string() { "x" } else { " " };
        writeln!(page, "[{done}] {} {}  {}", one["number"], text(one, "text"), text(one, "owner"))?;
    }
    if one["merged_into"].is_string() {
        write!(
            page,
            "merged into incident {}; prove a line with: tachograph prove ENTRY",
            text(one, "merged_into")
        )?;
        return Ok(page);
    }
    let next: Vec<String> =
        items(one, "next").iter().map(|next| text(next, "state").replace('_', "-")).collect();
    write!(page, "next: {}; prove a line with: tachograph prove ENTRY", next.join(" or "))?;
    Ok(page)
}

fn report(answer: &Value) -> Result<String, std::fmt::Error> {
    let mut table = read::table(&[
        "severity",
        "opened",
        "answered",
        "late",
        "over",
        "closed",
        "mean answer",
        "median",
        "mean until over",
        "median",
    ]);
    let lasted = |one: &Value, name: &str| match one[name].as_f64() {
        None => String::new(),
        Some(seconds) if seconds < 120.0 => format!("{seconds:.0} s"),
        Some(seconds) if seconds < 7200.0 => format!("{:.0} min", (seconds / 60.0).floor()),
        Some(seconds) => format!("{:.1} h", seconds / 3600.0),
    };
    for one in items(answer, "by_severity") {
        table.add_row([
            text(one, "severity"),
            one["opened"].to_string(),
            one["answered"].to_string(),
            one["late"].to_string(),
            one["resolved"].to_string(),
            one["closed"].to_string(),
            lasted(one, "mean_answer_seconds"),
            lasted(one, "median_answer_seconds"),
            lasted(one, "mean_resolve_seconds"),
            lasted(one, "median_resolve_seconds"),
        ]);
    }
    Ok(format!(
        "{table}\nincidents that were opened in the last {} days: {}",
        answer["days"], answer["incidents"]
    ))
}

//! `responses`: what is done by itself, what was run, who agrees; and the stop list, as `agents stop`, `release`, `stopped`.

use super::{Arguments, read};
use clap::Subcommand;
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write as _;

#[derive(Subcommand)]
pub(super) enum Responses {
    /// Lists the responses of the configuration, and the newest runs.
    List {
        /// Only runs that are waiting, succeeded, failed and so on.
        #[arg(long)]
        standing: Option<String>,
        /// As the server answers it.
        #[arg(long)]
        json: bool,
    },
    /// Asks for one, about an alert or an incident.
    #[command(after_help = "Example: tachograph responses run halt --alert ID --dry-run")]
    Run {
        name: String,
        #[arg(long, required_unless_present = "incident", conflicts_with = "incident")]
        alert: Option<String>,
        #[arg(long)]
        incident: Option<String>,
        /// Whom it concerns; what the alert says when not given.
        #[arg(long)]
        agent: Option<String>,
        #[arg(long)]
        session: Option<String>,
        #[arg(long)]
        reason: Option<String>,
        /// Says what it would do, and does nothing.
        #[arg(long)]
        dry_run: bool,
        #[arg(long)]
        by: Option<String>,
    },
    /// Shows one run.
    Show { run: String },
    /// Agrees to a run that waits: it begins.
    Approve {
        run: String,
        #[command(flatten)]
        said: Said,
    },
    /// Says no to a run that waits.
    Decline {
        run: String,
        #[command(flatten)]
        said: Said,
    },
}

/// Who says what.
#[derive(clap::Args)]
pub(super) struct Said {
    /// Who you are; the name of the API key when not given.
    #[arg(long)]
    by: Option<String>,
    #[arg(long)]
    note: Option<String>,
}

/// What of `agents` is about the stop list.
#[derive(Subcommand)]
pub(super) enum Stopping {
    /// Puts an agent on the stop list: its hooks refuse what it wants to do, where they were told to (docs/guide/responses.md).
    #[command(after_help = "Example: tachograph agents stop billing --reason \"pays twice\" --minutes 60")]
    Stop {
        id: String,
        #[arg(long)]
        reason: String,
        /// It may go on by itself after so long.
        #[arg(long)]
        minutes: Option<u32>,
        /// This session alone.
        #[arg(long)]
        session: Option<String>,
        #[arg(long)]
        by: Option<String>,
    },
    /// Takes an agent off the stop list.
    Release {
        id: String,
        #[arg(long)]
        session: Option<String>,
        #[command(flatten)]
        said: Said,
    },
    /// Lists the agents that are stopped.
    Stopped,
}

pub(super) fn run(arguments: &Arguments, command: &Responses) -> Result<bool, Box<dyn Error>> {
    match command {
        Responses::List { standing, json } => {
            let standing =
                standing.as_ref().map_or_else(String::new, |one| format!("&standing={}", read::segment(one)));
            let answer = get(arguments, &format!("/v1/responses?limit=20{standing}"))?;
            match json {
                true => say(&serde_json::to_string_pretty(&answer)?),
                false => say(&list(&answer)),
            }
        }
        Responses::Run { name, alert, incident, agent, session, reason, dry_run, by } => {
            let body = json!({
                "alert": alert, "incident": incident, "agent": agent, "session": session, "reason": reason,
                "dry_run": dry_run, "by": by,
            });
            let run = post(arguments, &format!("/v1/responses/{}/run", read::segment(name)), &body)?;
            say(&one(&run))
        }
        Responses::Show { run } => {
            let run = get(arguments, &format!("/v1/responses/runs/{}", read::segment(run)))?;
            say(&serde_json::to_string_pretty(&run)?)
        }
        Responses::Approve { run, said } => answer(arguments, run, "approve", said),
        Responses::Decline { run, said } => answer(arguments, run, "decline", said),
    }
}

pub(super) fn stopping(arguments: &Arguments, command: &Stopping) -> Result<bool, Box<dyn Error>> {
    match command {
        Stopping::Stop { id, reason, minutes, session, by } => {
            let body = json!({"reason": reason, "minutes": minutes, "session": session, "by": by});
            let stop = post(arguments, &format!("/v1/agents/{}/stop", read::segment(id)), &body)?;
            say(&format!("stopped: {}", stopped(&stop)))
        }
        Stopping::Release { id, session, said } => {
            let body = json!({"session": session, "by": said.by, "note": said.note});
            let stop = post(arguments, &format!("/v1/agents/{}/release", read::segment(id)), &body)?;
            say(&format!("released: {}", stopped(&stop)))
        }
        Stopping::Stopped => {
            let answer = get(arguments, "/v1/agents/stopped")?;
            let all = items(&answer, "stopped");
            let mut table = read::table(&["agent", "session", "since", "until", "by", "reason"]);
            for stop in all {
                table.add_row(
                    ["agent", "session", "since", "until", "by", "reason"].map(|name| text(stop, name)),
                );
            }
            say(&if all.is_empty() { "nobody is stopped".to_string() } else { table.to_string() })
        }
    }
}

fn answer(arguments: &Arguments, run: &str, what: &str, said: &Said) -> Result<bool, Box<dyn Error>> {
    let body = json!({"by": said.by, "note": said.note});
    let run = post(arguments, &format!("/v1/responses/runs/{}/{what}", read::segment(run)), &body)?;
    say(&one(&run))
}

fn get(arguments: &Arguments, path: &str) -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_slice(&arguments.target()?.get(path, "application/json")?.good()?)?)
}

fn post(arguments: &Arguments, path: &str, body: &Value) -> Result<Value, Box<dyn Error>> {
    let answer = arguments.target()?.post(path, "application/json", body.to_string().as_bytes())?;
    Ok(serde_json::from_slice(&answer.good()?)?)
}

fn say(line: &str) -> Result<bool, Box<dyn Error>> {
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(true)
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What an agent or a program wrote must not move the cursor.
fn text(value: &Value, name: &str) -> String {
    let text = value[name].as_str().unwrap_or_default();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn one(run: &Value) -> String {
    let what = text(run, "what");
    let what = if what.is_empty() { what } else { format!(", {what}") };
    format!("run {}: {}{what}", text(run, "id"), text(run, "standing"))
}

fn stopped(stop: &Value) -> String {
    let session = text(stop, "session");
    let session = if session.is_empty() { session } else { format!(", session {session}") };
    let until = text(stop, "until");
    let until = if until.is_empty() { until } else { format!(" until {until}") };
    format!("{}{session}{until}", text(stop, "agent"))
}

fn list(answer: &Value) -> String {
    if items(answer, "responses").is_empty() {
        return "no response is configured: [alerts.responses] of the configuration (docs/guide/responses.md)".into();
    }
    let mut table = read::table(&["response", "kind", "does", "needs", "an hour", "rules"]);
    for one in items(answer, "responses") {
        let needs = match (one["dry_run"] == true, one["approve"] == true) {
            (true, _) => "dry run",
            (false, true) => "a person",
            (false, false) => "nobody",
        };
        let rules: Vec<&str> = items(one, "rules").iter().filter_map(Value::as_str).collect();
        table.add_row([
            text(one, "name"),
            text(one, "kind"),
            text(one, "to"),
            needs.into(),
            one["per_hour"].to_string(),
            rules.join(", "),
        ]);
    }
    let mut runs = read::table(&["run", "asked", "response", "standing", "about", "what"]);
    for run in items(answer, "runs") {
        let about = ["agent", "incident", "alert"].map(|name| text(run, name));
        let about = about.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        let asked = text(run, "asked_at").get(..19).unwrap_or_default().replace('T', " ");
        let dry = if run["dry_run"] == true { " (dry run)" } else { "" };
        runs.add_row([
            text(run, "id"),
            asked,
            text(run, "response") + dry,
            text(run, "standing"),
            about,
            text(run, "what"),
        ]);
    }
    let waiting = answer["waiting"].as_u64().filter(|waiting| *waiting > 0);
    let waiting = waiting
        .map_or_else(String::new, |waiting| format!("\n{waiting} waiting: tachograph responses approve RUN"));
    format!("{table}\n{runs}{waiting}")
}

//! What is done about incidents: opened, shaped, moved, noted.

use super::{page, text};
use crate::commands::Arguments;
use crate::commands::read::segment;
use clap::Subcommand;
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write as _;

#[derive(Subcommand)]
pub(crate) enum Act {
    /// Opens one by hand.
    #[command(
        after_help = "Example: tachograph incidents open \"customers see wrong invoices\" --severity critical --agent billing --event 1204"
    )]
    Open {
        /// What happened, in one line.
        title: String,
        /// critical, warning or info.
        #[arg(long, default_value = "warning")]
        severity: String,
        /// An agent that it is about: later alerts of it belong to it. Repeat for more.
        #[arg(long = "agent", value_name = "AGENT")]
        agents: Vec<String>,
        #[arg(long = "session", value_name = "SESSION")]
        sessions: Vec<String>,
        /// An alert that belongs to it. Repeat for more.
        #[arg(long = "alert", value_name = "ID")]
        alerts: Vec<String>,
        /// An event that belongs to it, by index or id. Repeat for more.
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
        /// A name of your own for it: the same name opens it once.
        #[arg(long)]
        key: Option<String>,
        #[arg(long)]
        by: Option<String>,
    },
    /// Takes an alert or an event into one.
    Attach {
        id: String,
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        said: Said,
    },
    /// Takes an alert or an event out of one.
    Detach {
        id: String,
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        said: Said,
    },
    /// Merges one into another, which has its alerts from then on.
    Merge {
        id: String,
        /// The incident that goes on.
        #[arg(long)]
        into: String,
        #[command(flatten)]
        said: Said,
    },
    /// Moves one to another state: investigation, remediation, post-mortem, closed.
    Move {
        id: String,
        #[arg(long)]
        to: String,
        #[command(flatten)]
        said: Said,
    },
    /// Writes a note into the timeline.
    Note {
        id: String,
        note: String,
        #[arg(long)]
        by: Option<String>,
    },
    /// Gives somebody a role; without a name it takes it away.
    Role {
        id: String,
        /// commander, communications, scribe or any other word.
        role: String,
        #[arg(default_value = "")]
        who: String,
        #[command(flatten)]
        said: Said,
    },
    /// Says what contains it; with --verified how that was checked.
    Contain {
        id: String,
        note: String,
        #[arg(long)]
        verified: bool,
        #[arg(long)]
        by: Option<String>,
    },
    /// Notes what is to be done afterwards; with --done that it is done.
    FollowUp {
        id: String,
        #[arg(required_unless_present = "done")]
        text: Option<String>,
        #[arg(long)]
        owner: Option<String>,
        /// A day such as 2026-12-01.
        #[arg(long)]
        due: Option<String>,
        /// The number of the one that is done.
        #[arg(long, conflicts_with_all = ["text", "owner", "due"])]
        done: Option<u32>,
        #[command(flatten)]
        said: Said,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct What {
    /// The id of an alert.
    #[arg(long)]
    alert: Option<String>,
    /// Index or id of an event.
    #[arg(long)]
    event: Option<String>,
}

/// Who says what.
#[derive(clap::Args)]
pub(crate) struct Said {
    /// Who you are; the name of the API key when not given.
    #[arg(long)]
    by: Option<String>,
    #[arg(long)]
    note: Option<String>,
}

pub(super) fn run(arguments: &Arguments, act: &Act) -> Result<bool, Box<dyn Error>> {
    let (path, body) = match act {
        Act::Open { title, severity, agents, sessions, alerts, events, reason, key, by } => {
            let body = json!({
                "title": title, "severity": severity, "agents": agents, "sessions": sessions, "alerts": alerts,
                "events": events, "reason": reason, "key": key, "by": by,
            });
            ("/v1/incidents".to_string(), body)
        }
        Act::Attach { id, what, said } => what.ask(id, false, said),
        Act::Detach { id, what, said } => what.ask(id, true, said),
        Act::Merge { id, into, said } => of(id, "merge", said.with(json!({"into": into}))),
        Act::Move { id, to, said } => of(id, "state", said.with(json!({"to": to.replace('-', "_")}))),
        Act::Note { id, note, by } => of(id, "note", json!({"note": note, "by": by})),
        Act::Role { id, role, who, said } => of(id, "role", said.with(json!({"role": role, "who": who}))),
        Act::Contain { id, note, verified, by } => {
            of(id, "containment", json!({"note": note, "verified": verified, "by": by}))
        }
        Act::FollowUp { id, text, owner, due, done, said } => {
            let body = match done {
                Some(number) => json!({"done": number}),
                None => json!({"text": text, "owner": owner, "due": due}),
            };
            of(id, "follow-up", said.with(body))
        }
    };
    let answer = arguments.target()?.post(&path, "application/json", body.to_string().as_bytes())?;
    let one: Value = serde_json::from_slice(&answer.good()?)?;
    let mut out = std::io::stdout().lock();
    match act {
        Act::Open { .. } => writeln!(out, "{}", text(&one, "id"))?,
        _ => writeln!(out, "{}", page(&one)?)?,
    }
    Ok(true)
}

fn of(id: &str, what: &str, body: Value) -> (String, Value) {
    (format!("/v1/incidents/{}/{what}", segment(id)), body)
}

impl What {
    fn ask(&self, id: &str, detach: bool, said: &Said) -> (String, Value) {
        match (&self.alert, &self.event) {
            (Some(alert), _) => of(id, "alert", said.with(json!({"alert": alert, "detach": detach}))),
            (None, event) => of(id, "event", said.with(json!({"event": event, "detach": detach}))),
        }
    }
}

impl Said {
    fn with(&self, mut body: Value) -> Value {
        (body["by"], body["note"]) = (json!(self.by), json!(self.note));
        body
    }
}

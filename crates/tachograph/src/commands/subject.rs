//! `subject`, `hold` and `retention`: what a person may ask for, and how long what is kept.

use super::read::{segment, table};
use super::{Arguments, Format};
use crate::commitments::Mode;
use crate::exit::Ended;
use crate::retention::export::Form;
use clap::{Args, Subcommand};
use serde_json::Value;
use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(super) enum Kept {
    /// What a person may ask for: their data, and that it goes.
    Subject {
        #[command(subcommand)]
        command: Subject,
    },
    /// Legal holds: what is neither erased nor expires.
    Hold {
        #[command(subcommand)]
        command: Hold,
    },
    /// How long what is kept.
    Retention {
        #[command(subcommand)]
        command: Retention,
    },
}

pub(super) fn run(arguments: &Arguments, command: &Kept) -> Result<bool, Box<dyn Error>> {
    match command {
        Kept::Subject { command } => subject(arguments, command),
        Kept::Hold { command } => hold(arguments, command),
        Kept::Retention { command } => retention(arguments, command),
    }
}

#[derive(Subcommand)]
pub(super) enum Subject {
    /// Writes everything that is recorded of a person, also where the name itself has expired.
    Export {
        /// The user as events name it.
        user: String,
        #[arg(long, value_enum, default_value_t = Form::Json)]
        format: Form,
        /// Where to; standard output when it is not named.
        #[arg(long)]
        output: Option<PathBuf>,
    },
    /// Takes a person's data out of all files, for ever. Every proof still verifies.
    Erase {
        /// The user as events name it.
        user: String,
        /// `anonymise` takes out only who it was, and keeps what was said and done.
        #[arg(long, value_enum, default_value_t = Mode::Erase)]
        mode: Mode,
        /// Why, for the record. Do not name the person.
        #[arg(long)]
        reason: Option<String>,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Subcommand)]
pub(super) enum Hold {
    /// Keeps events from being erased and from expiring. It covers an event when everything that is named fits.
    Set(HoldScope),
    /// Lists the holds.
    List,
    /// Ends a hold: what it kept goes with the next run.
    Release { id: String },
}

#[derive(Args, serde::Serialize)]
pub(super) struct HoldScope {
    /// What you call it.
    id: String,
    #[arg(long)]
    agent: Option<String>,
    #[arg(long)]
    session: Option<String>,
    #[arg(long)]
    user: Option<String>,
    /// critical, high_priority or standard.
    #[arg(long)]
    class: Option<String>,
    /// Recorded at or after this time, as 2026-11-21T00:00:00Z.
    #[arg(long)]
    from: Option<String>,
    /// Recorded before this time.
    #[arg(long)]
    to: Option<String>,
    /// Every event.
    #[arg(long)]
    everything: bool,
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Subcommand)]
pub(super) enum Retention {
    /// Shows how long what is kept, what there is by age, and what waits.
    Show,
    /// Ends erasures that wait and takes out what is too old, now. A server does it by itself every day.
    Run,
}

fn subject(arguments: &Arguments, command: &Subject) -> Result<bool, Box<dyn Error>> {
    match command {
        Subject::Export { user, format, output } => {
            let form = if *format == Form::Csv { "csv" } else { "json" };
            let path = format!("/v1/subjects/{}/export?format={form}", segment(user));
            let body = arguments.target()?.get(&path, "*/*")?.good()?;
            match output {
                Some(path) => {
                    std::fs::write(path, &body)
                        .map_err(|e| format!("cannot write {}: {e}", path.display()))?;
                }
                None => std::io::stdout().write_all(&body)?,
            }
        }
        Subject::Erase { user, mode, reason, yes } => {
            if !yes && !is_confirmed(user, *mode)? {
                eprintln!("nothing was changed");
                return Ok(false);
            }
            let wish = serde_json::json!({"mode": mode.as_str(), "reason": reason});
            let path = format!("/v1/subjects/{}/erase", segment(user));
            let answer = arguments.target()?.post(&path, "application/json", wish.to_string().as_bytes())?;
            let done: Value = serde_json::from_slice(&answer.good()?)?;
            writeln!(std::io::stdout(), "erasure {}: {} entries", said(&done["erasure"]), done["entries"])?;
            if done["held"] != 0 {
                writeln!(
                    std::io::stdout(),
                    "a legal hold keeps {} more: they go when it is released",
                    done["held"]
                )?;
            }
        }
    }
    Ok(true)
}

/// Asks on the terminal.
fn is_confirmed(user: &str, mode: Mode) -> Result<bool, Box<dyn Error>> {
    if !std::io::stdin().is_terminal() {
        return Err(Ended::usage("nobody can be asked here: --yes says that it is meant"));
    }
    let what = match mode {
        Mode::Erase => "Everything that was recorded of them goes, for ever.",
        Mode::Anonymise => "Who it was goes, for ever.",
    };
    eprint!("{what} Type the user's name to go on: ");
    std::io::stderr().flush()?;
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    Ok(typed.trim_end_matches(['\n', '\r']) == user)
}

fn hold(arguments: &Arguments, command: &Hold) -> Result<bool, Box<dyn Error>> {
    let target = arguments.target()?;
    match command {
        Hold::Set(scope) => {
            let body = serde_json::to_vec(scope)?;
            target.post("/v1/holds", "application/json", &body)?.good()?;
            writeln!(std::io::stdout(), "{} holds from now on", scope.id)?;
        }
        Hold::Release { id } => {
            let path = format!("/v1/holds/{}/release", segment(id));
            target.post(&path, "application/json", b"")?.good()?;
            writeln!(std::io::stdout(), "{id} is released")?;
        }
        Hold::List => {
            let listed: Value =
                serde_json::from_slice(&target.get("/v1/holds", "application/json")?.good()?)?;
            let names = ["id", "agent", "session", "user", "class", "from", "to", "reason", "created"];
            let mut table = table(&names);
            for hold in listed["holds"].as_array().into_iter().flatten() {
                table.add_row(names.map(|name| said(&hold[name])));
            }
            writeln!(std::io::stdout(), "{table}")?;
        }
    }
    Ok(true)
}

fn retention(arguments: &Arguments, command: &Retention) -> Result<bool, Box<dyn Error>> {
    let target = arguments.target()?;
    let answer = match command {
        Retention::Show => target.get("/v1/retention", Format::Json.accept())?,
        Retention::Run => target.post("/v1/retention/run", Format::Json.accept(), b"")?,
    };
    let said: Value = serde_json::from_slice(&answer.good()?)?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&said)?)?;
    Ok(true)
}

fn said(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_string)
}

//! `reports`: what happened in a day, a week, a month, a quarter, of a server or a folder at rest.

use super::{Arguments, read};
use crate::reports::Paper;
use clap::Subcommand;
use serde_json::Value;
use std::error::Error;
use std::io::Write as _;

#[derive(Subcommand)]
pub(super) enum ReportsCommand {
    /// Lists the reports that there are, those that were made, and the files that are kept.
    List,
    /// Makes a report over what the newest checkpoint covers, and prints it. That it was made is on the log.
    #[command(after_help = "Example: tachograph reports make health-daily > health.html\n\
        For scripts: tachograph reports make health-daily --format json | jq .health")]
    Make {
        /// Which one: `tachograph reports list` names them.
        kind: String,
        /// A day of the time that it is about (UTC); the last one that is over when not given.
        #[arg(long, value_name = "YYYY-MM-DD")]
        day: Option<String>,
        #[arg(long, value_enum, default_value_t = Paper::Html)]
        format: Paper,
    },
    /// Prints a report that was made on schedule, as it was written then: `reports.schedule` of the configuration.
    Kept {
        /// Its file, as `tachograph reports list` names it.
        file: String,
    },
}

pub(super) fn run(arguments: &Arguments, command: &ReportsCommand) -> Result<bool, Box<dyn Error>> {
    match command {
        ReportsCommand::List => list(arguments)?,
        ReportsCommand::Make { kind, day, format } => {
            let mut wanted = serde_json::json!({"kind": kind, "format": format.as_str()});
            if let Some(day) = day {
                wanted["day"] = day.as_str().into();
            }
            let answer = arguments.target()?.post(
                "/v1/reports",
                format.media_type(),
                wanted.to_string().as_bytes(),
            )?;
            std::io::stdout().write_all(&answer.good()?)?;
        }
        ReportsCommand::Kept { file } => {
            let path = format!("/v1/reports/kept/{}", read::segment(file));
            std::io::stdout().write_all(&arguments.target()?.get(&path, "*/*")?.good()?)?;
        }
    }
    Ok(true)
}

fn list(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let body = arguments.target()?.get("/v1/reports", "application/json")?.good()?;
    let reports: Value = serde_json::from_slice(&body)?;
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_string();
    let all = |name: &str| reports[name].as_array().cloned().unwrap_or_default();
    let mut kinds = read::table(&["report", "every", "about"]);
    for kind in all("kinds") {
        kinds.add_row([text(&kind, "id"), text(&kind, "period"), text(&kind, "about")]);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{kinds}")?;
    let kept = all("kept");
    if !kept.is_empty() {
        let mut table = read::table(&["kept file", "report", "from"]);
        for one in kept {
            table.add_row(["file", "kind", "from"].map(|name| text(&one, name)));
        }
        writeln!(out, "{table}")?;
    }
    let mut table = read::table(&["made at", "report", "from", "to", "as", "by", "entry", "sha256"]);
    for made in all("made") {
        let cells = ["at", "kind", "from", "to", "format", "by"].map(|name| text(&made, name));
        let entry = made["entry"].to_string();
        table.add_row(cells.into_iter().chain([entry, text(&made, "sha256")]));
    }
    if table.row_iter().next().is_none() {
        writeln!(out, "None was made yet: tachograph reports make agent-activity > report.html")?;
    } else {
        writeln!(out, "{table}")?;
    }
    Ok(())
}

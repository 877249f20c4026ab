//! Who is on call, who takes over, and maintenance.

use super::ask::{delete, get, post, say, text, waits};
use crate::commands::Arguments;
use crate::commands::read::{segment, table};
use crate::exit::Ended;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Write as _;

#[derive(Subcommand)]
pub(crate) enum Duty {
    /// Says who is on call in each schedule of the routing, who is next, and the handoffs of the coming days.
    #[command(after_help = "Example: tachograph alerts oncall --at 2026-12-24T20:00:00Z --days 7")]
    Oncall {
        /// A moment, RFC 3339; now when not given.
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// How many days ahead.
        #[arg(long, default_value_t = 14)]
        days: u32,
        /// As the server answers it.
        #[arg(long)]
        json: bool,
    },
    /// Lets somebody take over in a schedule for a while, or takes that back with --end.
    #[command(after_help = "Examples: tachograph alerts override ops bo --minutes 240 --comment dentist\n\
        \x20         tachograph alerts override ops bo --starts 2026-12-24T08:00:00Z --ends 2026-12-26T08:00:00Z\n\
        \x20         tachograph alerts override --end ID")]
    Override(Override),
    /// Begins maintenance now: what fires meanwhile is told after it, or not at all. Without matchers it lists windows.
    #[command(
        after_help = "Examples: tachograph alerts maintenance 'agent_id=~\"etl/.*\"' --minutes 90 --comment \"the disk is swapped\"\n\
        \x20         tachograph alerts maintenance --end ID"
    )]
    Maintenance(Maintenance),
}

#[derive(Args)]
pub(crate) struct Override {
    schedule: Option<String>,
    /// Who takes over.
    person: Option<String>,
    #[command(flatten)]
    period: Period,
    /// Why.
    #[arg(long, default_value = "")]
    comment: String,
    /// Who says so; the name of the API key when not given.
    #[arg(long)]
    by: Option<String>,
    /// Takes this override back.
    #[arg(long, value_name = "ID", conflicts_with_all = ["schedule", "minutes", "starts", "ends"])]
    end: Option<String>,
}

#[derive(Args)]
pub(crate) struct Maintenance {
    /// Labels that must all fit, such as host="db1".
    matchers: Vec<String>,
    #[command(flatten)]
    period: Period,
    /// What becomes of what fires meanwhile.
    #[arg(long, value_enum, default_value = "suppress")]
    strategy: Strategy,
    /// Why.
    #[arg(long, default_value = "")]
    comment: String,
    /// Who works; the name of the API key when not given.
    #[arg(long)]
    by: Option<String>,
    /// Ends this window now.
    #[arg(long, value_name = "ID", conflicts_with_all = ["matchers", "minutes", "starts", "ends"])]
    end: Option<String>,
}

#[derive(Args)]
pub(crate) struct Period {
    /// How long; 60 when no end is given.
    #[arg(long, conflicts_with = "ends")]
    minutes: Option<u32>,
    /// When it begins, RFC 3339; now when not given.
    #[arg(long, value_name = "TIME")]
    starts: Option<String>,
    /// When it ends.
    #[arg(long, value_name = "TIME")]
    ends: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Strategy {
    /// What begins within it is not told.
    Suppress,
    /// What still fires at its end is told then.
    #[value(name = "deliver_after", alias = "deliver-after")]
    DeliverAfter,
}

impl Period {
    /// Puts begin and end into a body.
    fn put(&self, body: &mut Value) {
        body["starts_at"] = json!(self.starts);
        match &self.ends {
            Some(ends) => body["ends_at"] = json!(ends),
            None => body["minutes"] = json!(self.minutes.unwrap_or(60)),
        }
    }
}

pub(super) fn run(arguments: &Arguments, duty: &Duty) -> Result<bool, Box<dyn Error>> {
    match duty {
        Duty::Oncall { at, days, json } => {
            let mut path = format!("/v1/alerts/oncall?days={days}");
            if let Some(at) = at {
                write!(path, "&at={}", segment(at))?;
            }
            let answer = get(arguments, &path)?;
            if *json { say(&serde_json::to_string_pretty(&answer)?) } else { on_call(&answer) }
        }
        Duty::Override(wanted) => take_over(arguments, wanted),
        Duty::Maintenance(wanted) => maintain(arguments, wanted),
    }
}

fn take_over(arguments: &Arguments, wanted: &Override) -> Result<bool, Box<dyn Error>> {
    if let Some(id) = &wanted.end {
        delete(arguments, &format!("/v1/alerts/oncall/overrides/{}", segment(id)))?;
        return say(&format!("override {id} is taken back"));
    }
    let (Some(schedule), Some(person)) = (&wanted.schedule, &wanted.person) else {
        return Err(Ended::usage(
            "say in which schedule, and who takes over: tachograph alerts override ops bo",
        ));
    };
    let mut body =
        json!({"schedule": schedule, "person": person, "comment": wanted.comment, "by": wanted.by});
    wanted.period.put(&mut body);
    let made = post(arguments, "/v1/alerts/oncall/overrides", &body)?;
    say(&format!(
        "override {}: {} is on call in {} from {} until {}",
        text(&made, "id"),
        text(&made, "person"),
        text(&made, "schedule"),
        text(&made, "starts_at"),
        text(&made, "ends_at")
    ))
}

fn maintain(arguments: &Arguments, wanted: &Maintenance) -> Result<bool, Box<dyn Error>> {
    if let Some(id) = &wanted.end {
        delete(arguments, &format!("/v1/alerts/maintenance/{}", segment(id)))?;
        return say(&format!("maintenance {id} ended"));
    }
    if wanted.matchers.is_empty() {
        return windows(&get(arguments, "/v1/alerts/maintenance")?);
    }
    let strategy = match wanted.strategy {
        Strategy::Suppress => "suppress",
        Strategy::DeliverAfter => "deliver_after",
    };
    let mut body = json!({
        "matchers": wanted.matchers, "strategy": strategy, "comment": wanted.comment, "by": wanted.by,
    });
    wanted.period.put(&mut body);
    let made = post(arguments, "/v1/alerts/maintenance", &body)?;
    say(&format!(
        "maintenance {} from {} until {}{}",
        text(&made, "id"),
        text(&made, "starts_at"),
        text(&made, "ends_at"),
        waits(&made)
    ))
}

fn on_call(answer: &Value) -> Result<bool, Box<dyn Error>> {
    let schedules = answer["schedules"].as_array().map_or(&[][..], Vec::as_slice);
    if schedules.is_empty() {
        return say("the routing has no schedules: write one into routing.yaml (docs/guide/oncall.md)");
    }
    let person = |turn: &Value| match turn["person"].as_str() {
        Some(_) => text(turn, "person"),
        None => "nobody".into(),
    };
    let mut out = String::new();
    for schedule in schedules {
        writeln!(out, "{} ({})", text(schedule, "name"), text(schedule, "location"))?;
        writeln!(
            out,
            "  now   {} until {}",
            person(&schedule["now"]),
            clock(&schedule["now"], "until_local")
        )?;
        if schedule["next"].is_object() {
            writeln!(
                out,
                "  next  {} from {}",
                person(&schedule["next"]),
                clock(&schedule["next"], "from_local")
            )?;
        }
        for turn in schedule["turns"].as_array().into_iter().flatten().skip(1) {
            let taken = if turn["override"].is_string() { " (override)" } else { "" };
            writeln!(out, "        {}  {}{taken}", clock(turn, "from_local"), person(turn))?;
        }
    }
    for taken in answer["overrides"].as_array().into_iter().flatten() {
        writeln!(
            out,
            "override {}: {} in {} from {} until {}, by {} {}",
            text(taken, "id"),
            text(taken, "person"),
            text(taken, "schedule"),
            text(taken, "starts_at"),
            text(taken, "ends_at"),
            text(taken, "by"),
            text(taken, "comment"),
        )?;
    }
    say(out.trim_end())
}

/// `2026-11-23 09:00 +01:00`.
fn clock(turn: &Value, name: &str) -> String {
    let text = text(turn, name);
    match (text.get(..10), text.get(11..16), text.get(19..)) {
        (Some(day), Some(time), Some(offset)) => format!("{day} {time} {offset}"),
        _ => text,
    }
}

fn windows(answer: &Value) -> Result<bool, Box<dyn Error>> {
    let mut shown = table(&["state", "until", "matchers", "strategy", "by", "why", "mutes", "id"]);
    let all = answer["windows"].as_array().map_or(&[][..], Vec::as_slice);
    for window in all {
        let matchers = window["matchers"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let planned = window["planned"] == true;
        shown.add_row([
            text(window, "state"),
            if window["ends_at"].is_string() { text(window, "ends_at") } else { "again and again".into() },
            matchers.collect::<Vec<_>>().join(" "),
            text(window, "strategy"),
            if planned { "routing.yaml".into() } else { text(window, "by") },
            text(window, "comment"),
            window["mutes"].to_string(),
            text(window, "id"),
        ]);
    }
    say(&if all.is_empty() { "no maintenance".to_string() } else { shown.to_string() })
}

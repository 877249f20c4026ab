//! Answers about alerts as a person reads them.

use super::ask::{say, text};
use crate::commands::read::table;
use serde_json::Value;
use std::error::Error;
use std::fmt::Write as _;

/// So many alerts a server lists at once.
const LISTED_MAX: u64 = 1000;

fn labels(alert: &Value) -> String {
    let labels = alert["labels"].as_object().into_iter().flatten();
    let own = labels.filter(|(name, _)| !["alertname", "severity", "tier"].contains(&name.as_str()));
    own.map(|(name, _)| format!("{name}={}", text(&alert["labels"], name))).collect::<Vec<_>>().join(" ")
}

pub(super) fn list(answer: &Value, as_json: bool) -> Result<bool, Box<dyn Error>> {
    let alerts = answer["alerts"].as_array().map_or(&[][..], Vec::as_slice);
    if as_json {
        say(&serde_json::to_string_pretty(answer)?)?;
        return Ok(alerts.is_empty());
    }
    let mut shown = table(&["since", "severity", "state", "rule", "about", "answered by", "id"]);
    for alert in alerts {
        let state = match &alert["muted_by"] {
            Value::Null => text(alert, "state"),
            _ => format!("{}, muted", text(alert, "state")),
        };
        shown.add_row([
            text(alert, "starts_at"),
            text(alert, "severity"),
            state,
            text(alert, "rule"),
            labels(alert),
            text(alert, "acknowledged_by"),
            text(alert, "id"),
        ]);
    }
    let totals = &answer["totals"];
    let open = ["critical", "warning", "info"].map(|one| format!("{} {one}", totals[one])).join(", ");
    let faults = answer["faults"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let faults: String = faults.map(|fault| format!("\nnot well: {fault}")).collect();
    let begun = if alerts.is_empty() {
        String::new()
    } else {
        format!("{shown}\n{}", left_out(answer, alerts.len()))
    };
    say(&format!("{begun}open: {open}{faults}"))?;
    Ok(alerts.is_empty())
}

/// How many there are beside those that are listed, and how to see them.
fn left_out(answer: &Value, listed: usize) -> String {
    match answer["found"].as_u64().filter(|found| *found > listed as u64) {
        None => String::new(),
        Some(found) if found <= LISTED_MAX => {
            format!("the newest {listed} of {found}: --limit {found} lists all of them\n")
        }
        Some(found) => format!(
            "the newest {listed} of {found}: --limit lists up to {LISTED_MAX}, --severity, --rule and --state choose among them\n"
        ),
    }
}

pub(super) fn show(alert: &Value, as_json: bool) -> Result<bool, Box<dyn Error>> {
    if as_json {
        return say(&serde_json::to_string_pretty(alert)?);
    }
    let mut out = format!(
        "{} ({}, {}): {}\n  about     {}\n  since     {}\n",
        text(alert, "rule"),
        text(alert, "severity"),
        text(alert, "state"),
        text(&alert["annotations"], "summary"),
        labels(alert),
        text(alert, "starts_at"),
    );
    if alert["ends_at"].is_string() {
        writeln!(out, "  until     {}", text(alert, "ends_at"))?;
    }
    let values = alert["shown"].as_object().into_iter().flatten();
    let values = values.map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default()));
    writeln!(out, "  values    {}", values.collect::<Vec<_>>().join(", "))?;
    if alert["condition"].is_string() {
        writeln!(out, "  condition {}", text(alert, "condition"))?;
    }
    writeln!(out, "  runbook   {}", text(&alert["annotations"], "runbook"))?;
    let evidence = alert["evidence"].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(newest) = evidence.last() {
        writeln!(
            out,
            "  events    {} of them, newest {}: tachograph show {1}",
            evidence.len(),
            newest["index"]
        )?;
    }
    writeln!(out, "  computed  with rule {}, {} entries", text(alert, "rule_hash"), alert["tree_size"])?;
    for entry in alert["history"].as_array().into_iter().flatten() {
        let by = entry["by"].as_str().map_or(String::new(), |_| format!(" by {}", text(entry, "by")));
        let note = entry["note"].as_str().map_or(String::new(), |_| format!(": {}", text(entry, "note")));
        writeln!(out, "  {}  {}{by}{note}", text(entry, "at"), text(entry, "what"))?;
    }
    say(out.trim_end())
}

pub(super) fn silences(answer: &Value) -> Result<bool, Box<dyn Error>> {
    let mut shown = table(&["state", "until", "matchers", "by", "why", "mutes", "id"]);
    let all = answer["silences"].as_array().map_or(&[][..], Vec::as_slice);
    for silence in all {
        let matchers = silence["matchers"].as_array().into_iter().flatten().filter_map(Value::as_str);
        shown.add_row([
            text(silence, "state"),
            text(silence, "ends_at"),
            matchers.collect::<Vec<_>>().join(" "),
            text(silence, "by"),
            text(silence, "comment"),
            silence["mutes"].to_string(),
            text(silence, "id"),
        ]);
    }
    say(&if all.is_empty() { "no silences".to_string() } else { shown.to_string() })
}

pub(super) fn deliveries(answer: &Value) -> Result<bool, Box<dyn Error>> {
    let mut shown = table(&["at", "receiver", "channel", "notice", "title", "state", "tries", "error"]);
    let all = answer["deliveries"].as_array().map_or(&[][..], Vec::as_slice);
    for delivery in all {
        shown.add_row([
            text(delivery, "at"),
            text(delivery, "receiver"),
            text(delivery, "channel"),
            text(delivery, "notice"),
            text(delivery, "title"),
            text(delivery, "state"),
            delivery["attempts"].to_string(),
            text(delivery, "error"),
        ]);
    }
    say(&if all.is_empty() { "nothing was sent yet".to_string() } else { shown.to_string() })
}

pub(super) fn recomputed(answer: &Value) -> Result<bool, Box<dyn Error>> {
    let all = |name: &str| answer[name].as_array().map_or(&[][..], Vec::as_slice);
    let mut out = format!(
        "{} rules over {} entries, {} to {}: {} alerts agree\n",
        answer["rules"],
        answer["entries"],
        text(answer, "from"),
        text(answer, "to"),
        answer["agree"]
    );
    for (name, what) in [
        ("missing", "due, and not on the log"),
        ("extra", "on the log, and not due"),
        ("edited", "of a rule that was edited since"),
        ("gone", "of a rule that is gone"),
    ] {
        for alert in all(name) {
            let group = alert["group"].as_object().into_iter().flatten();
            let group: Vec<String> =
                group.map(|(label, _)| format!("{label}={}", text(&alert["group"], label))).collect();
            let by = alert["rule_hash"].as_str().map_or_else(String::new, |hash| {
                let hash = hash.get(..12).unwrap_or(hash);
                let judged = match alert["due"].as_bool() {
                    Some(true) => "it was due by that text",
                    Some(false) => "it was not due by that text",
                    None => "that text is not on the log",
                };
                format!(" (rule {hash}, {judged})")
            });
            let (rule, at) = (text(alert, "rule"), text(alert, "at"));
            writeln!(out, "  {what}: {rule} {at} {}{by}", group.join(" "))?;
        }
    }
    say(out.trim_end())?;
    Ok(all("missing").is_empty() && all("extra").is_empty())
}

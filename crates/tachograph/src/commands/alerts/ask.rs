//! What a server, or a folder at rest, says of its alerts, and what is done about them.

use crate::commands::Arguments;
use crate::commands::read::{segment, table};
use clap::Subcommand;
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;

#[derive(Subcommand)]
pub(crate) enum Ask {
    /// Lists open alerts, newest first. Ends with 1 when there is one.
    List {
        /// `open`, `firing`, `acknowledged`, `snoozed`, `resolved` or `all`.
        #[arg(long, default_value = "open")]
        state: String,
        /// `critical`, `warning` or `info`.
        #[arg(long)]
        severity: Option<String>,
        /// Only of this rule.
        #[arg(long)]
        rule: Option<String>,
        /// As the server answers it.
        #[arg(long)]
        json: bool,
    },
    /// Shows one alert: what it is about, who answered, what became of it.
    Show {
        id: String,
        /// As the server answers it.
        #[arg(long)]
        json: bool,
    },
    /// Says that you take care: no repetition, no escalation.
    Acknowledge {
        id: String,
        #[command(flatten)]
        said: Said,
    },
    /// Keeps an alert quiet for some minutes; then it escalates from where it was.
    Snooze {
        id: String,
        #[arg(long)]
        minutes: u32,
        #[command(flatten)]
        said: Said,
    },
    /// Hands an alert to somebody.
    Assign {
        id: String,
        #[arg(long)]
        to: String,
        #[command(flatten)]
        said: Said,
    },
    /// Ends an alert by hand; it fires again when its rule finds it anew.
    Resolve {
        id: String,
        #[command(flatten)]
        said: Said,
    },
    /// Mutes what the matchers name, for a while and for a reason. Without matchers it lists silences.
    #[command(
        after_help = "Example: tachograph alerts silence 'alertname=\"hung_agent\"' 'agent_id=~\"dev-.*\"' --minutes 120 --comment \"load test\""
    )]
    Silence {
        matchers: Vec<String>,
        #[arg(long, default_value_t = 60)]
        minutes: u32,
        /// Why.
        #[arg(long, default_value = "")]
        comment: String,
        /// Who wants it; the name of the API key when not given.
        #[arg(long)]
        by: Option<String>,
    },
    /// Lists the newest messages, and what came of them.
    Deliveries {
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Computes alerts once more from the log: was each due that was raised, and each raised that was due?
    ///
    /// Ends with 1 when they do not agree.
    #[command(after_help = "Example: tachograph alerts recompute --rule failed_logins --last 7d")]
    Recompute {
        /// Only this rule.
        #[arg(long)]
        rule: Option<String>,
        /// How far back.
        #[arg(long, default_value = "24h")]
        last: String,
    },
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

pub(super) fn run(arguments: &Arguments, ask: &Ask) -> Result<bool, Box<dyn Error>> {
    match ask {
        Ask::List { state, severity, rule, json } => {
            let mut path = format!("/v1/alerts?state={}", segment(state));
            for (name, value) in [("severity", severity), ("rule", rule)] {
                if let Some(value) = value {
                    write!(path, "&{name}={}", segment(value))?;
                }
            }
            list(&get(arguments, &path)?, *json)
        }
        Ask::Show { id, json } => show(&get(arguments, &format!("/v1/alerts/{}", segment(id)))?, *json),
        Ask::Acknowledge { id, said } => act(arguments, id, "acknowledge", said, json!({})),
        Ask::Snooze { id, minutes, said } => act(arguments, id, "snooze", said, json!({"minutes": minutes})),
        Ask::Assign { id, to, said } => act(arguments, id, "assign", said, json!({"to": to})),
        Ask::Resolve { id, said } => act(arguments, id, "resolve", said, json!({})),
        Ask::Silence { matchers, .. } if matchers.is_empty() => {
            silences(&get(arguments, "/v1/alerts/silences")?)
        }
        Ask::Silence { matchers, minutes, comment, by } => {
            let body = json!({"matchers": matchers, "minutes": minutes, "comment": comment, "by": by});
            let made = post(arguments, "/v1/alerts/silences", &body)?;
            say(&format!("silence {} until {}", text(&made, "id"), text(&made, "ends_at")))
        }
        Ask::Deliveries { limit } => {
            deliveries(&get(arguments, &format!("/v1/alerts/deliveries?limit={limit}"))?)
        }
        Ask::Recompute { rule, last } => {
            let mut path = format!("/v1/alerts/recompute?last={}", segment(last));
            if let Some(rule) = rule {
                write!(path, "&rule={}", segment(rule))?;
            }
            recomputed(&get(arguments, &path)?)
        }
    }
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

/// What an agent wrote must not move the cursor.
fn text(value: &Value, name: &str) -> String {
    let text = value[name].as_str().unwrap_or_default();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn act(
    arguments: &Arguments,
    id: &str,
    what: &str,
    said: &Said,
    mut body: Value,
) -> Result<bool, Box<dyn Error>> {
    (body["by"], body["note"]) = (json!(said.by), json!(said.note));
    let alert = post(arguments, &format!("/v1/alerts/{}/{what}", segment(id)), &body)?;
    say(&format!("{} {}: {}", text(&alert, "rule"), text(&alert, "id"), text(&alert, "state")))
}

fn labels(alert: &Value) -> String {
    let labels = alert["labels"].as_object().into_iter().flatten();
    let own = labels.filter(|(name, _)| !["alertname", "severity", "tier"].contains(&name.as_str()));
    own.map(|(name, _)| format!("{name}={}", text(&alert["labels"], name))).collect::<Vec<_>>().join(" ")
}

fn list(answer: &Value, as_json: bool) -> Result<bool, Box<dyn Error>> {
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
    let begun = if alerts.is_empty() { String::new() } else { format!("{shown}\n") };
    say(&format!("{begun}open: {open}{faults}"))?;
    Ok(alerts.is_empty())
}

fn show(alert: &Value, as_json: bool) -> Result<bool, Box<dyn Error>> {
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
    writeln!(out, "  values    {}", alert["values"])?;
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

fn silences(answer: &Value) -> Result<bool, Box<dyn Error>> {
    let mut shown = table(&["until", "matchers", "by", "why", "mutes", "id"]);
    let all = answer["silences"].as_array().map_or(&[][..], Vec::as_slice);
    for silence in all {
        let matchers = silence["matchers"].as_array().into_iter().flatten().filter_map(Value::as_str);
        shown.add_row([
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

fn deliveries(answer: &Value) -> Result<bool, Box<dyn Error>> {
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

fn recomputed(answer: &Value) -> Result<bool, Box<dyn Error>> {
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
    ] {
        for alert in all(name) {
            let group = alert["group"].as_object().into_iter().flatten();
            let group: Vec<String> =
                group.map(|(label, _)| format!("{label}={}", text(&alert["group"], label))).collect();
            writeln!(out, "  {what}: {} {} {}", text(alert, "rule"), text(alert, "at"), group.join(" "))?;
        }
    }
    say(out.trim_end())?;
    Ok(all("missing").is_empty() && all("extra").is_empty())
}

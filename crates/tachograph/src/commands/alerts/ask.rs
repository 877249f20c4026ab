//! What a server, or a folder at rest, says of its alerts, and what is done about them.

use super::shown::{deliveries, list, recomputed, show, silences};
use crate::commands::Arguments;
use crate::commands::read::segment;
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
        /// So many of the newest; how many there are is said below.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
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
    ///
    /// One that may mute a critical built-in rule waits for a second person where more than one key may act: it mutes
    /// nothing until somebody else says `tachograph alerts approve ID`.
    #[command(
        after_help = "Examples: tachograph alerts silence 'alertname=\"hung_agent\"' 'agent_id=~\"dev-.*\"' --minutes 120 --comment \"load test\"\n\
        \x20         tachograph alerts silence --end ID"
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
        /// Ends this silence now, or takes it back while it waits.
        #[arg(long, value_name = "ID", conflicts_with_all = ["matchers", "minutes", "comment", "by"])]
        end: Option<String>,
    },
    /// Agrees with what waits for a second person: a silence, a maintenance window or an edit that concerns a critical
    /// built-in rule. Without an id it lists what waits.
    #[command(after_help = "Whoever asked can't agree: use another key of role operator or admin.\n\
        Example: tachograph --key \"$(cat bobs.key)\" alerts approve 5d41402abc4b2a76b9719d911017c592")]
    Approve {
        /// Of what waits.
        id: Option<String>,
        /// Who agrees; the name of the API key when not given.
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
        Ask::List { state, severity, rule, limit, json } => {
            let mut path = format!("/v1/alerts?state={}&limit={limit}", segment(state));
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
        Ask::Silence { end: Some(id), .. } => {
            delete(arguments, &format!("/v1/alerts/silences/{}", segment(id)))?;
            say(&format!("silence {id} ended"))
        }
        Ask::Silence { matchers, .. } if matchers.is_empty() => {
            silences(&get(arguments, "/v1/alerts/silences")?)
        }
        Ask::Silence { matchers, minutes, comment, by, .. } => {
            let body = json!({"matchers": matchers, "minutes": minutes, "comment": comment, "by": by});
            let made = post(arguments, "/v1/alerts/silences", &body)?;
            say(&format!("silence {} until {}{}", text(&made, "id"), text(&made, "ends_at"), waits(&made)))
        }
        Ask::Approve { id, by } => super::agree::run(arguments, id.as_deref(), by.as_deref()),
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

/// What is to be said of what does not count before a second person agrees.
pub(super) fn waits(made: &Value) -> String {
    match text(made, "state").as_str() {
        "waiting" => format!(
            ": it concerns critical built-in rules and waits for a second person, who says `tachograph alerts approve {}` \
             with another key; nothing is muted before",
            text(made, "id")
        ),
        _ => String::new(),
    }
}

pub(super) fn get(arguments: &Arguments, path: &str) -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_slice(&arguments.target()?.get(path, "application/json")?.good()?)?)
}

pub(super) fn post(arguments: &Arguments, path: &str, body: &Value) -> Result<Value, Box<dyn Error>> {
    let answer = arguments.target()?.post(path, "application/json", body.to_string().as_bytes())?;
    Ok(serde_json::from_slice(&answer.good()?)?)
}

pub(super) fn delete(arguments: &Arguments, path: &str) -> Result<(), Box<dyn Error>> {
    arguments.target()?.delete(path)?.good()?;
    Ok(())
}

pub(super) fn say(line: &str) -> Result<bool, Box<dyn Error>> {
    writeln!(std::io::stdout().lock(), "{line}")?;
    Ok(true)
}

/// What an agent wrote must not move the cursor.
pub(super) fn text(value: &Value, name: &str) -> String {
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

//! Opsgenie (until its end in 2027) and its successor Jira Service Management Operations: one form, two addresses.
//!
//! Delivery: at least once; one alert for each thread, by its alias.

use super::{Form, Forms, Step, Telling, once};
use crate::call::{Answer, Call, Request};
use crate::message::{Message, Notice, digest};
use crate::outline::{Outline, cut};
use crate::secret::Secret;
use crate::settings::{OneOrMany, escape, host, need, strict, url};
use crate::verdict::{Verdict, by_status};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tacho_alert::Severity;

const MESSAGE_CHARS_MAX: usize = 130;
const ALIAS_CHARS_MAX: usize = 512;
const DESCRIPTION_CHARS_MAX: usize = 15_000;
const DETAILS_MAX: usize = 20;
const TAGS_MAX: usize = 20;
const TAG_CHARS_MAX: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Opsgenie {
    /// The key of an API integration.
    api_key: Option<Secret>,
    /// Opsgenie's European host, or another.
    api_url: Option<Secret>,
    #[serde(default)]
    responders: Vec<Responder>,
    tags: Option<OneOrMany>,
    entity: Option<String>,
    source: Option<String>,
    /// P1 to P5 in place of the severity's: critical P1, warning P3, info P5.
    priority: Option<String>,
    #[serde(skip)]
    alerts: String,
}

#[derive(Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
struct Responder {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// team, user, escalation, schedule
    #[serde(rename = "type")]
    kind: String,
}

pub(super) fn read_opsgenie(settings: Map<String, Value>) -> Forms {
    read(settings, "https://api.opsgenie.com", "/v2/alerts")
}

pub(super) fn read_jsm(settings: Map<String, Value>) -> Forms {
    read(settings, "https://api.atlassian.com", "/jsm/ops/integration/v2/alerts")
}

fn read(settings: Map<String, Value>, default: &str, path: &str) -> Forms {
    let mut opsgenie: Opsgenie = strict(settings)?;
    need("api_key", opsgenie.api_key.as_ref())?;
    let base = url("api_url", opsgenie.api_url.as_ref().unwrap_or(&Secret::new(default)))?;
    opsgenie.alerts = format!("{base}{path}");
    if let Some(other) = opsgenie.priority.as_deref().filter(|p| !["P1", "P2", "P3", "P4", "P5"].contains(p))
    {
        return Err(format!("priority: \"{}\", expected P1 to P5", cut(other, 40)));
    }
    for responder in &opsgenie.responders {
        let named = responder.id.is_some() || responder.name.is_some() || responder.username.is_some();
        if !named || !["team", "user", "escalation", "schedule"].contains(&responder.kind.as_str()) {
            return Err(
                "responders: each needs id, name or username, and type: team, user, escalation, schedule"
                    .into(),
            );
        }
    }
    Ok(vec![Arc::new(opsgenie)])
}

impl Form for Opsgenie {
    fn to(&self) -> String {
        host(&self.alerts)
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.api_key.iter().collect()
    }

    fn wants(&self, notice: Notice) -> bool {
        notice != Notice::Digest
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        once(telling, || self.call(telling.message), |answer| judge(answer, telling.now_us))
    }
}

impl Opsgenie {
    fn call(&self, message: &Message) -> Call {
        let alias = alias(&message.thread);
        let verb = match message.notice {
            Notice::Resolved => Some("close"),
            Notice::Acknowledged => Some("acknowledge"),
            _ => None,
        };
        let request = match verb {
            Some(verb) => {
                let to = format!("{}/{}/{verb}?identifierType=alias", self.alerts, escape(&alias));
                let note = cut(&Outline::of(message).headline, 1000);
                Request::json(to, &json!({"source": self.source(), "note": note}))
            }
            None => Request::json(self.alerts.clone(), &self.alert(message, &alias)),
        };
        let key = self.api_key.as_ref().map_or("", Secret::expose);
        Call::Http(request.with("authorization", format!("GenieKey {key}")))
    }

    fn alert(&self, message: &Message, alias: &str) -> Value {
        let outline = Outline::of(message);
        let priority = self.priority.as_deref().unwrap_or(match message.severity {
            Severity::Critical => "P1",
            Severity::Warning => "P3",
            Severity::Info => "P5",
        });
        let details = message.group_labels.iter().take(DETAILS_MAX);
        let mut details: BTreeMap<&str, String> = details.map(|(n, v)| (n.as_str(), cut(v, 200))).collect();
        if let Some(link) = &message.links.dashboard {
            details.insert("dashboard", link.clone());
        }
        let tags = self.tags.as_ref().map(OneOrMany::list).unwrap_or_default();
        let tags: Vec<String> = tags.iter().take(TAGS_MAX).map(|tag| cut(tag, TAG_CHARS_MAX)).collect();
        let mut alert = json!({
            "message": cut(&outline.headline, MESSAGE_CHARS_MAX),
            "alias": alias,
            "description": outline.plain(DESCRIPTION_CHARS_MAX),
            "details": details,
            "source": self.source(),
            "priority": priority,
            "tags": tags,
        });
        if !self.responders.is_empty() {
            alert["responders"] = json!(self.responders);
        }
        let agent = message.group_labels.get("agent_id");
        if let Some(entity) = self.entity.as_ref().or(agent) {
            alert["entity"] = json!(cut(entity, 512));
        }
        alert
    }

    fn source(&self) -> String {
        cut(self.source.as_deref().unwrap_or("tachograph"), 100)
    }
}

fn alias(thread: &str) -> String {
    match thread.chars().count() {
        ..=ALIAS_CHARS_MAX => thread.to_string(),
        _ => digest(thread),
    }
}

fn judge(answer: &Answer, now_us: i64) -> Verdict {
    match by_status(answer, now_us) {
        Verdict::Delivered { .. } => Verdict::delivered(answer.json()["requestId"].as_str()),
        other => other,
    }
}

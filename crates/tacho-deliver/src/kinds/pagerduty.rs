//! PagerDuty: Events API v2. Delivery: at least once; one incident for each thread, by its `dedup_key`.

use super::{Form, Forms, Step, Telling, once};
use crate::call::{Answer, Call, Request};
use crate::message::{Message, Notice, digest};
use crate::outline::{Outline, cut, moment};
use crate::secret::Secret;
use crate::settings::{host, need, strict, url};
use crate::verdict::{Verdict, by_status};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tacho_alert::Severity;

const SUMMARY_CHARS_MAX: usize = 1024;
const DEDUP_CHARS_MAX: usize = 255;
/// The whole event may have 512 kB; details beyond this are left out.
const DETAILS_CHARS_MAX: usize = 100_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PagerDuty {
    /// The integration key of a service ("Events API v2").
    routing_key: Option<Secret>,
    url: Option<Secret>,
    /// What is affected; the agent of the alert unless given.
    source: Option<String>,
    component: Option<String>,
    group: Option<String>,
    class: Option<String>,
    client: Option<String>,
    client_url: Option<String>,
    /// PagerDuty's word in place of ours: critical, error, warning, info.
    severity: Option<String>,
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    if settings.contains_key("service_key") {
        return Err(
            "service_key is of the old API; make an integration \"Events API v2\", give its routing_key"
                .into(),
        );
    }
    let mut pagerduty: PagerDuty = strict(settings)?;
    need("routing_key", pagerduty.routing_key.as_ref())?;
    let default = Secret::new("https://events.pagerduty.com/v2/enqueue");
    pagerduty.url = Some(Secret::new(url("url", pagerduty.url.as_ref().unwrap_or(&default))?));
    let known = ["critical", "error", "warning", "info"];
    if let Some(other) = pagerduty.severity.as_deref().filter(|word| !known.contains(word)) {
        return Err(format!("severity: \"{}\", expected one of {}", cut(other, 40), known.join(", ")));
    }
    Ok(vec![Arc::new(pagerduty)])
}

impl Form for PagerDuty {
    fn to(&self) -> String {
        host(self.url.as_ref().map_or("", Secret::expose))
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.routing_key.iter().collect()
    }

    fn wants(&self, notice: Notice) -> bool {
        notice != Notice::Digest
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        let call = || {
            Call::Http(Request::json(
                self.url.as_ref().map_or("", Secret::expose),
                &self.event(telling.message),
            ))
        };
        once(telling, call, |answer| judge(answer, telling.now_us))
    }
}

impl PagerDuty {
    fn event(&self, message: &Message) -> Value {
        let action = match message.notice {
            Notice::Resolved => "resolve",
            Notice::Acknowledged => "acknowledge",
            _ => "trigger",
        };
        let key = self.routing_key.as_ref().map_or("", Secret::expose);
        let mut event =
            json!({"routing_key": key, "event_action": action, "dedup_key": dedup(&message.thread)});
        if action != "trigger" {
            return event;
        }
        let outline = Outline::of(message);
        let word = self.severity.as_deref().unwrap_or(match message.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Info => "info",
        });
        let agent = message.alerts.iter().find_map(|told| told.labels.get("agent_id"));
        let source = self.source.as_ref().or(agent).map_or("tachograph", String::as_str);
        event["payload"] = json!({
            "summary": cut(&outline.headline, SUMMARY_CHARS_MAX),
            "source": cut(source, 200),
            "severity": word,
            "timestamp": moment(message.at_us),
            "custom_details": {
                "receiver": message.receiver,
                "labels": message.group_labels,
                "alerts": outline.plain(DETAILS_CHARS_MAX),
            },
        });
        for (name, value) in [("component", &self.component), ("group", &self.group), ("class", &self.class)]
        {
            if let Some(value) = value {
                event["payload"][name] = json!(value);
            }
        }
        event["client"] = json!(self.client.as_deref().unwrap_or("tachograph"));
        if let Some(url) = self.client_url.as_ref().or(message.links.dashboard.as_ref()) {
            event["client_url"] = json!(url);
        }
        let links = message.alerts.iter().filter_map(|told| told.url.as_ref()).take(20);
        event["links"] = links.map(|url| json!({"href": url, "text": "the alert"})).collect();
        event
    }
}

/// The thread's name as a key; a longer one by its hash.
pub(crate) fn dedup(thread: &str) -> String {
    match thread.chars().count() {
        ..=DEDUP_CHARS_MAX => thread.to_string(),
        _ => digest(thread),
    }
}

fn judge(answer: &Answer, now_us: i64) -> Verdict {
    match by_status(answer, now_us) {
        Verdict::Delivered { .. } => Verdict::delivered(answer.json()["dedup_key"].as_str()),
        other => other,
    }
}

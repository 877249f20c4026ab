//! Webhook: Alertmanager's body, version 4. Delivery: at least once; `groupKey` names the thread, and the header
//! `idempotency-key` is the same for each try.

use super::{Form, Forms, Step, Telling, once};
use crate::LabelSet;
use crate::call::{Answer, Call, Request};
use crate::message::{Message, Told};
use crate::outline::moment;
use crate::secret::Secret;
use crate::settings::{HttpConfig, host, need, strict, url};
use crate::verdict::{Verdict, by_status};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    url: Option<Secret>,
    /// Alerts in one body; 0 is without limit.
    #[serde(default)]
    max_alerts: usize,
    #[serde(default)]
    http_config: HttpConfig,
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    let mut webhook: Webhook = strict(settings)?;
    webhook.http_config.check()?;
    let whole = need("url", webhook.url.as_ref())?;
    url("url", whole)?;
    webhook.url = Some(Secret::new(whole.expose().trim()));
    Ok(vec![Arc::new(webhook)])
}

impl Form for Webhook {
    fn to(&self) -> String {
        host(self.url.as_ref().map_or("", Secret::expose))
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.url.iter().chain(self.http_config.secrets()).collect()
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        let call = || {
            let body = body(telling.message, self.max_alerts);
            let request = Request::json(self.url.as_ref().map_or("", Secret::expose), &body);
            let request = request.with("idempotency-key", telling.message.id.clone());
            Call::Http(self.http_config.apply(request))
        };
        once(telling, call, |answer| gone_or(answer, telling.now_us))
    }
}

/// A webhook that answers 410 asks not to be called again.
pub(super) fn gone_or(answer: &Answer, now_us: i64) -> Verdict {
    if answer.status == 410 { Verdict::Gone } else { by_status(answer, now_us) }
}

/// Alertmanager's body.
pub(super) fn body(message: &Message, alerts_max: usize) -> Value {
    let shown = if alerts_max == 0 { message.alerts.len() } else { alerts_max.min(message.alerts.len()) };
    let truncated = message.truncated + (message.alerts.len() - shown) as u64;
    let mut labels: Vec<LabelSet> = message.alerts.iter().map(|told| told.labels.clone()).collect();
    let mut annotations: Vec<LabelSet> = message.alerts.iter().map(Told::annotated).collect();
    // What is about something else (an incident, a report) says itself what it is about.
    if message.alerts.is_empty() || message.about.is_some() {
        (labels, annotations) = (Vec::new(), Vec::new());
        let said = [("summary", &message.title), ("description", &message.text)];
        let said = said.into_iter().filter(|(_, text)| !text.is_empty());
        labels.push(message.group_labels.clone());
        annotations.push(said.map(|(name, text)| (name.to_string(), text.clone())).collect());
    }
    json!({
        "version": "4",
        "groupKey": message.thread,
        "truncatedAlerts": truncated,
        "status": if message.is_resolved() { "resolved" } else { "firing" },
        "receiver": message.receiver,
        "groupLabels": message.group_labels,
        "commonLabels": common(&labels),
        "commonAnnotations": common(&annotations),
        "externalURL": message.links.dashboard.as_deref().unwrap_or_default(),
        "notification_reason": message.about.as_deref().unwrap_or(message.notice.as_str()),
        "alerts": message.alerts[..shown].iter().map(alert).collect::<Vec<_>>(),
    })
}

fn alert(told: &Told) -> Value {
    json!({
        "status": if told.ends_us.is_some() { "resolved" } else { "firing" },
        "labels": told.labels,
        "annotations": told.annotated(),
        "startsAt": moment(told.starts_us),
        // Go's empty time, which Alertmanager's own readers expect of an alert that goes on.
        "endsAt": told.ends_us.map_or_else(|| "0001-01-01T00:00:00Z".to_string(), moment),
        "generatorURL": told.url.as_deref().unwrap_or_default(),
        "fingerprint": told.fingerprint,
        "values": told.values,
    })
}

/// What all of them say alike.
fn common(all: &[LabelSet]) -> LabelSet {
    let Some((first, rest)) = all.split_first() else { return LabelSet::new() };
    rest.iter().fold(first.clone(), |mut common, labels| {
        common.retain(|name, value| labels.get(name) == Some(value));
        common
    })
}

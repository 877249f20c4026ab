//! Microsoft Teams: a workflow that takes adaptive cards. Delivery: at least once; that the flow has taken a card (202)
//! does not say that it posted it.

use super::{Form, Forms, Step, Telling, once};
use crate::call::{Call, Request};
use crate::message::Message;
use crate::outline::{Item, Outline, cut};
use crate::secret::Secret;
use crate::settings::{host, need, strict, url};
use crate::verdict::by_status;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tacho_alert::Severity;

/// Teams takes some 28 kB.
const CARD_BYTES_MAX: usize = 25_000;
const TEXT_CHARS_MAX: usize = 2000;
const FACTS_MAX: usize = 12;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Teams {
    /// The workflow's URL ("When a Teams webhook request is received"): whoever has it can post.
    webhook_url: Option<Secret>,
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    let teams: Teams = strict(settings)?;
    let given = need("webhook_url", teams.webhook_url.as_ref())?;
    url("webhook_url", given)?;
    if given.expose().contains("webhook.office.com") {
        return Err(
            "webhook_url: it is of a connector of Office 365, which is retired; make a workflow in Teams"
                .into(),
        );
    }
    Ok(vec![Arc::new(teams)])
}

impl Form for Teams {
    fn to(&self) -> String {
        host(self.webhook_url.as_ref().map_or("", Secret::expose))
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.webhook_url.iter().collect()
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        let call = || {
            let url = self.webhook_url.as_ref().map_or("", Secret::expose).trim();
            Call::Http(Request::json(url, &card(telling.message)))
        };
        once(telling, call, |answer| by_status(answer, telling.now_us))
    }
}

fn card(message: &Message) -> Value {
    let outline = Outline::of(message);
    let color = match (message.is_resolved(), message.severity) {
        (true, _) => "Good",
        (_, Severity::Critical) => "Attention",
        (_, Severity::Warning) => "Warning",
        (_, Severity::Info) => "Default",
    };
    let line = |text: String| json!({"type": "TextBlock", "text": plain(&text), "wrap": true});
    let mut head = line(cut(&outline.headline, 500));
    head["weight"] = json!("Bolder");
    head["size"] = json!("Medium");
    head["color"] = json!(color);
    let mut body = vec![head];
    if !outline.text.is_empty() {
        body.push(line(cut(&outline.text, TEXT_CHARS_MAX)));
    }
    let size = |body: &[Value]| Value::from(body.to_vec()).to_string().len();
    let (mut used, mut left) = (size(&body), outline.items.len());
    for item in &outline.items {
        let block = block(item);
        used += size(std::slice::from_ref(&block));
        if used > CARD_BYTES_MAX {
            break;
        }
        body.push(block);
        left -= 1;
    }
    let more = outline.more + left as u64;
    if more > 0 {
        body.push(line(format!("and {more} more")));
    }
    let links = [("Open", &message.links.dashboard), ("Acknowledge", &message.links.acknowledge)];
    let links = links.iter().filter_map(|(title, url)| {
        let url = url.as_ref().filter(|url| url.len() < 1000)?;
        Some(json!({"type": "Action.OpenUrl", "title": title, "url": url}))
    });
    json!({"type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": null,
        "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": body,
            "actions": links.collect::<Vec<_>>(),
            "msteams": {"width": "full"},
        },
    }]})
}

fn block(item: &Item) -> Value {
    let facts = item.facts.iter().take(FACTS_MAX);
    let facts: Vec<Value> =
        facts.map(|(name, value)| json!({"title": plain(name), "value": plain(value)})).collect();
    let mut items = vec![
        json!({"type": "TextBlock", "text": plain(&item.title), "wrap": true, "weight": "Bolder"}),
        json!({"type": "TextBlock", "text": item.when, "wrap": true, "isSubtle": true, "spacing": "None"}),
        json!({"type": "FactSet", "facts": facts}),
    ];
    if let Some(url) = item.url.as_ref().filter(|url| url.len() < 1000) {
        let text = format!("[the alert]({})", url.replace('(', "%28").replace(')', "%29"));
        items.push(json!({"type": "TextBlock", "text": text, "wrap": true}));
    }
    json!({"type": "Container", "separator": true, "items": items})
}

/// Cards read a little Markdown: what it would take as its own is escaped.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '`' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

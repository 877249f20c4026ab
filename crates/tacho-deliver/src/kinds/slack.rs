//! Slack: an incoming webhook, or a bot (`app_token`) whose messages of one episode stand in one thread.
//!
//! Delivery: at least once; Slack has no key for repetitions. A bot's first message is rewritten when all is resolved.

use super::{Form, Forms, Step, Telling, once};
use crate::call::{Answer, Call, Request};
use crate::message::{Message, Notice};
use crate::outline::{Item, Outline, cut};
use crate::secret::Secret;
use crate::settings::{need, strict, url};
use crate::verdict::{Verdict, by_status};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Slack takes 50 blocks, 3,000 characters a section, 150 a header; a whole message failed above some 13,000.
const SECTION_CHARS_MAX: usize = 3000;
const HEADER_CHARS_MAX: usize = 150;
const SECTIONS_MAX: usize = 20;
const TEXT_CHARS_MAX: usize = 10_000;
/// Errors of the Web API that pass.
const PASSING: &[&str] =
    &["internal_error", "fatal_error", "request_timeout", "service_unavailable", "ratelimited"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slack {
    /// The incoming webhook's URL.
    api_url: Option<Secret>,
    /// A bot's token (`xoxb-…`) in place of a webhook: needs `channel`, has threads.
    app_token: Option<Secret>,
    /// Where the Web API takes messages.
    app_url: Option<Secret>,
    /// The channel's name or id. A webhook has one of its own.
    channel: Option<String>,
    /// The name that messages of an old kind of webhook carry.
    username: Option<String>,
    /// Whether there are buttons: only with an app whose interactivity leads here.
    #[serde(default)]
    buttons: bool,
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    let mut slack: Slack = strict(settings)?;
    if slack.app_token.is_some() {
        if slack.channel.is_none() {
            return Err("channel is missing: a bot has to be told where".into());
        }
        let web = slack.app_url.get_or_insert_with(|| Secret::new("https://slack.com/api/chat.postMessage"));
        if !url("app_url", web)?.ends_with("/chat.postMessage") {
            return Err("app_url: expected an address that ends with /chat.postMessage".into());
        }
        slack.api_url = None;
    } else {
        let given = need("api_url", slack.api_url.as_ref())?;
        slack.api_url = Some(Secret::new(url("api_url", given)?));
    }
    Ok(vec![Arc::new(slack)])
}

impl Form for Slack {
    fn to(&self) -> String {
        self.channel.clone().unwrap_or_else(|| "the webhook's channel".into())
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.api_url.iter().chain(&self.app_token).collect()
    }

    fn wants(&self, notice: Notice) -> bool {
        notice != Notice::Acknowledged || self.app_token.is_some()
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        let Some(token) = &self.app_token else {
            let call = || self.webhook(telling.message);
            return once(telling, call, |answer| by_status(answer, telling.now_us));
        };
        match telling.answers {
            [] => Step::Call(self.post(telling, token)),
            // What the first message says is out of date: it is rewritten, and its buttons go.
            [posted] if telling.message.is_resolved() && telling.kept.is_some() && is_ok(posted) => self
                .rewrite(telling, token)
                .map_or_else(|| Step::End(judge(posted, telling.now_us)), Step::Call),
            [posted, ..] => Step::End(judge(posted, telling.now_us)),
        }
    }
}

impl Slack {
    fn webhook(&self, message: &Message) -> Call {
        let mut body = self.content(message);
        for (name, value) in [("channel", &self.channel), ("username", &self.username)] {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        Call::Http(Request::json(self.api_url.as_ref().map_or("", Secret::expose), &body))
    }

    fn post(&self, telling: &Telling<'_>, token: &Secret) -> Call {
        let mut body = self.content(telling.message);
        body["channel"] = json!(self.channel);
        if let Some((_, ts)) = telling.kept.and_then(|kept| kept.split_once(':')) {
            body["thread_ts"] = json!(ts);
            // Within the thread nobody who has not answered yet would see it.
            let loud = matches!(telling.message.notice, Notice::Escalated | Notice::Resolved);
            body["reply_broadcast"] = json!(loud);
        }
        self.api(self.app_url.as_ref().map_or("", Secret::expose), token, &body)
    }

    fn rewrite(&self, telling: &Telling<'_>, token: &Secret) -> Option<Call> {
        let (channel, ts) = telling.kept?.split_once(':')?;
        let mut body = self.content(telling.message);
        body["channel"] = json!(channel);
        body["ts"] = json!(ts);
        let web = self.app_url.as_ref()?.expose().strip_suffix("chat.postMessage")?;
        Some(self.api(&format!("{web}chat.update"), token, &body))
    }

    fn api(&self, to: &str, token: &Secret, body: &Value) -> Call {
        let request = Request::post(to, "application/json; charset=utf-8", body.to_string().into_bytes());
        Call::Http(request.with("authorization", format!("Bearer {}", token.expose())))
    }

    fn content(&self, message: &Message) -> Value {
        let outline = Outline::of(message);
        let mut blocks = vec![json!({
            "type": "header",
            "text": {"type": "plain_text", "text": cut(&outline.headline, HEADER_CHARS_MAX)},
        })];
        let section = |text: &str| json!({"type": "section", "text": {"type": "mrkdwn", "text": text}});
        if !outline.text.is_empty() {
            blocks.push(section(&escape(&outline.text, SECTION_CHARS_MAX)));
        }
        let (mut used, mut left) = (outline.text.chars().count(), outline.items.len());
        for item in outline.items.iter().take(SECTIONS_MAX) {
            let text = mrkdwn(item);
            used += text.chars().count();
            if used > TEXT_CHARS_MAX {
                break;
            }
            blocks.push(section(&text));
            left -= 1;
        }
        let more = outline.more + left as u64;
        if more > 0 {
            blocks.push(section(&format!("and {more} more")));
        }
        let buttons = buttons(message, outline.code.filter(|_| self.buttons));
        if !buttons.is_empty() {
            blocks.push(json!({"type": "actions", "elements": buttons}));
        }
        json!({"text": escape(&outline.headline, SECTION_CHARS_MAX), "blocks": blocks, "unfurl_links": false})
    }
}

fn mrkdwn(item: &Item) -> String {
    let facts: Vec<String> = item
        .facts
        .iter()
        .map(|(name, value)| format!("{}: {}", escape(name, 200), escape(value, 600)))
        .collect();
    let mut lines = vec![format!("*{}*", escape(&item.title.replace('*', ""), 600)), item.when.clone()];
    lines.push(facts.join("\n"));
    let text = cut(&lines.join("\n"), SECTION_CHARS_MAX - 600);
    // A link is whole or not there at all.
    match item.url.as_ref().filter(|url| url.len() < 500) {
        Some(url) => format!("{text}\n<{}|the alert>", escape(url, 600)),
        None => text,
    }
}

fn buttons(message: &Message, code: Option<String>) -> Vec<Value> {
    let label = |text: &str| json!({"type": "plain_text", "text": text});
    let mut out = Vec::new();
    if let Some(code) = code {
        out.push(json!({"type": "button", "action_id": "acknowledge", "style": "primary",
            "text": label("Acknowledge"), "value": code}));
        out.push(
            json!({"type": "button", "action_id": "snooze_60", "text": label("Snooze 1 h"), "value": code}),
        );
    } else if let Some(link) = &message.links.acknowledge {
        out.push(json!({"type": "button", "action_id": "acknowledge_page", "text": label("Acknowledge"), "url": link}));
    }
    if let Some(link) = &message.links.dashboard {
        out.push(json!({"type": "button", "action_id": "dashboard", "text": label("Open"), "url": link}));
    }
    out
}

/// What Slack's text treats as its own: three characters. An entity is never cut in the middle.
fn escape(text: &str, chars_max: usize) -> String {
    let whole = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if whole.chars().count() <= chars_max {
        return whole;
    }
    let fewer = cut(text, chars_max / 5);
    fewer.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn is_ok(answer: &Answer) -> bool {
    answer.is_good() && answer.json()["ok"] == true
}

/// The Web API says 200 to everything and means what `ok` says.
fn judge(answer: &Answer, now_us: i64) -> Verdict {
    if !answer.is_good() {
        return by_status(answer, now_us);
    }
    let told = answer.json();
    if told["ok"] == true {
        let place = told["channel"].as_str().zip(told["ts"].as_str());
        return Verdict::Delivered { receipt: place.map(|(channel, ts)| format!("{channel}:{ts}")) };
    }
    let error = told["error"].as_str().unwrap_or("no ok in the answer").to_string();
    let why = format!("Slack says \"{}\"", cut(&error, 200));
    match PASSING.contains(&error.as_str()) {
        true => Verdict::Retry { after_us: None, why },
        false => Verdict::Refused { why },
    }
}

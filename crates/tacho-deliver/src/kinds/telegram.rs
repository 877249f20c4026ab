//! Telegram: a bot writes to a chat. Delivery: at least once; later messages of a thread answer the first, which is
//! rewritten when all is resolved. Buttons carry a short code.

use super::{Form, Forms, Step, Telling};
use crate::call::{Answer, Call, Request};
use crate::message::Message;
use crate::outline::{Item, Outline, cut, fit};
use crate::secret::Secret;
use crate::settings::{need, strict, url};
use crate::verdict::{Verdict, by_status, wait};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// UTF-16 units of a message, as Telegram counts them.
const TEXT_UNITS_MAX: usize = 4096;
/// Headline and text, so that both and two links fit whatever has to be escaped in them.
const HEAD_CHARS_MAX: usize = 280;
const LINK_CHARS_MAX: usize = 400;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Telegram {
    bot_token: Option<Secret>,
    /// A chat's number, or the name of a public channel (`@name`).
    chat_id: Option<Chat>,
    api_url: Option<Secret>,
    /// A topic of a group with topics.
    message_thread_id: Option<i64>,
    #[serde(default, alias = "disable_notifications")]
    disable_notification: bool,
    /// Whether there are buttons: the bot's webhook has to lead here.
    #[serde(default)]
    buttons: bool,
}

#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(untagged)]
enum Chat {
    Number(i64),
    Name(String),
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    let mut telegram: Telegram = strict(settings)?;
    let token = need("bot_token", telegram.bot_token.as_ref())?;
    let good = |c: char| c.is_ascii_alphanumeric() || ":_-".contains(c);
    if token.expose().is_empty() || !token.expose().chars().all(good) {
        return Err("bot_token: expected digits, a colon, and letters, as @BotFather gives it".into());
    }
    let chat = need("chat_id", telegram.chat_id.clone())?;
    if let Chat::Name(name) = &chat
        && !name.starts_with('@')
    {
        let number = name.parse().map_err(|_| "chat_id: expected a number, or @name of a public channel")?;
        telegram.chat_id = Some(Chat::Number(number));
    }
    let default = Secret::new("https://api.telegram.org");
    telegram.api_url = Some(Secret::new(url("api_url", telegram.api_url.as_ref().unwrap_or(&default))?));
    Ok(vec![Arc::new(telegram)])
}

impl Form for Telegram {
    fn to(&self) -> String {
        match &self.chat_id {
            Some(Chat::Name(name)) => name.clone(),
            Some(Chat::Number(number)) => format!("chat {number}"),
            None => String::new(),
        }
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.bot_token.iter().collect()
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        let kept = telling.kept.and_then(|kept| kept.parse::<i64>().ok());
        match (telling.answers, kept) {
            ([], kept) => Step::Call(self.call("sendMessage", self.send(telling.message, kept))),
            ([sent], Some(first)) if telling.message.is_resolved() && sent.json()["ok"] == true => {
                let mut body = self.content(telling.message);
                body["message_id"] = json!(first);
                Step::Call(self.call("editMessageText", body))
            }
            ([sent, ..], _) => Step::End(judge(sent, telling.now_us)),
        }
    }
}

impl Telegram {
    fn call(&self, method: &str, body: Value) -> Call {
        let base = self.api_url.as_ref().map_or("", Secret::expose);
        let token = self.bot_token.as_ref().map_or("", Secret::expose);
        Call::Http(Request::json(format!("{base}/bot{token}/{method}"), &body))
    }

    fn send(&self, message: &Message, first: Option<i64>) -> Value {
        let mut body = self.content(message);
        body["disable_notification"] = json!(self.disable_notification);
        if let Some(topic) = self.message_thread_id {
            body["message_thread_id"] = json!(topic);
        }
        if let Some(first) = first {
            body["reply_parameters"] = json!({"message_id": first, "allow_sending_without_reply": true});
        }
        if let Some(code) = message.reply_code().filter(|_| self.buttons) {
            body["reply_markup"] = json!({"inline_keyboard": [[
                {"text": "Acknowledge", "callback_data": format!("acknowledge:{code}")},
                {"text": "Snooze 1 h", "callback_data": format!("snooze60:{code}")},
            ]]});
        }
        body
    }

    fn content(&self, message: &Message) -> Value {
        json!({
            "chat_id": self.chat_id,
            "text": html(message),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": true},
        })
    }
}

/// Entities and markup count for less than they are here, so what fits here fits there.
fn html(message: &Message) -> String {
    let outline = Outline::of(message);
    let mut head = format!("<b>{}</b>", escape(&outline.headline, HEAD_CHARS_MAX));
    if !outline.text.is_empty() {
        head.push_str(&format!("\n\n{}", escape(&outline.text, HEAD_CHARS_MAX)));
    }
    let links = [("Open", &message.links.dashboard), ("Acknowledge", &message.links.acknowledge)];
    let links: Vec<String> = links.iter().filter_map(|(word, url)| link(word, url.as_ref()?)).collect();
    let foot = if links.is_empty() { String::new() } else { format!("\n\n{}", links.join(" · ")) };
    let blocks: Vec<String> = outline.items.iter().map(block).collect();
    let units = |text: &str| text.encode_utf16().count();
    format!("{}{foot}", fit(&head, &blocks, outline.more, TEXT_UNITS_MAX - units(&foot), units))
}

/// A link is whole or not there at all.
fn link(word: &str, url: &str) -> Option<String> {
    let url = url.replace('&', "&amp;").replace('<', "%3C").replace('>', "%3E").replace('"', "%22");
    (url.chars().count() <= LINK_CHARS_MAX).then(|| format!("<a href=\"{url}\">{word}</a>"))
}

fn block(item: &Item) -> String {
    let facts: Vec<String> = item
        .facts
        .iter()
        .map(|(name, value)| format!("{}: {}", escape(name, 100), escape(value, 100)))
        .collect();
    let mut lines = vec![format!("<b>{}</b>", escape(&item.title, 200)), item.when.clone(), facts.join("\n")];
    lines.extend(item.url.as_ref().and_then(|url| link("the alert", url)));
    lines.join("\n")
}

/// The text first, then its entities, so that none is cut in the middle.
fn escape(text: &str, chars_max: usize) -> String {
    cut(text, chars_max).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn judge(answer: &Answer, now_us: i64) -> Verdict {
    let told = answer.json();
    if told["ok"] == true {
        let id = told["result"]["message_id"].as_i64().map(|id| id.to_string());
        return Verdict::Delivered { receipt: id };
    }
    let words = told["description"].as_str().map_or_else(|| answer.words(), |words| cut(words, 300));
    if let Some(seconds) = told["parameters"]["retry_after"].as_i64() {
        return Verdict::Retry { after_us: Some(wait(seconds)), why: format!("Telegram says: {words}") };
    }
    if let Some(chat) = told["parameters"]["migrate_to_chat_id"].as_i64() {
        return Verdict::Refused { why: format!("the group has become a supergroup: set chat_id to {chat}") };
    }
    match by_status(answer, now_us) {
        // Good, and yet no `ok`: whoever answered was not Telegram.
        Verdict::Delivered { .. } => Verdict::Refused { why: format!("the answer has no \"ok\": {words}") },
        Verdict::Refused { .. } => Verdict::Refused { why: format!("Telegram says: {words}") },
        other => other,
    }
}

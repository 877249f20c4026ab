//! Telegram's buttons: a callback query to the bot's webhook, with the secret that the webhook was set with.

use super::{Refusal, Reply, What, code, is_same};
use crate::outline::cut;
use crate::secret::Secret;
use serde_json::{Value, json};

/// What a button said, and the query's id, which Telegram wants answered at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Pressed {
    pub reply: Reply,
    query: String,
}

/// Reads an update; nothing when it is no button of ours.
///
/// # Errors
/// When the header `X-Telegram-Bot-Api-Secret-Token` is not the secret, or the update can't be read.
pub fn read(secret: &Secret, header: &str, body: &[u8]) -> Result<Option<Pressed>, Refusal> {
    if secret.expose().is_empty() || !is_same(secret.expose(), header) {
        return Err(Refusal::Unsigned);
    }
    let told: Value = serde_json::from_slice(body).map_err(|_| Refusal::Unreadable("it is no JSON"))?;
    let query = &told["callback_query"];
    let from = &query["from"];
    let name = ["username", "first_name"].iter().find_map(|key| from[key].as_str());
    let who = name.map_or_else(|| from["id"].to_string(), |name| cut(name, 200));
    let data = query["data"].as_str().and_then(|data| data.split_once(':'));
    let pressed = data.zip(query["id"].as_str()).and_then(|((what, about), id)| {
        let reply = Reply { about: code(about)?, what: What::of_button(what)?, who };
        Some(Pressed { reply, query: id.to_string() })
    });
    Ok(pressed)
}

impl Pressed {
    /// The body that answers the webhook: what the person sees at once.
    pub fn answer(&self, text: &str) -> Value {
        json!({"method": "answerCallbackQuery", "callback_query_id": self.query, "text": cut(text, 200)})
    }
}

//! Webhook signed as Standard Webhooks says: by shared secrets (`whsec_`), by Ed25519 keys (`whsk_`), or both, several
//! of each while keys are changed.
//!
//! Delivery: at least once; `webhook-id` is the same for each try. 410 ends it.

use super::webhook::{body, gone_or};
use super::{Form, Forms, Step, Telling, once};
use crate::call::{Call, Request};
use crate::message::{Message, Notice};
use crate::outline::moment;
use crate::secret::Secret;
use crate::settings::{HttpConfig, host, need, strict, url};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::sync::Arc;

/// Keys that sign at a time: the new one, the old one, and some to spare.
const KEYS_MAX: usize = 8;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StandardWebhook {
    url: Option<Secret>,
    /// `whsec_…` or `whsk_…`, in base64; while keys are changed, both with a blank between them.
    secret: Option<Secret>,
    #[serde(default)]
    http_config: HttpConfig,
    #[serde(skip)]
    keys: Vec<Key>,
}

/// What signs.
enum Key {
    Shared(Vec<u8>),
    Private(Box<SigningKey>),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(key)")
    }
}

pub(super) fn read(settings: Map<String, Value>) -> Forms {
    Ok(vec![Arc::new(webhook(settings)?)])
}

/// Reads the settings of one.
pub(crate) fn webhook(settings: Map<String, Value>) -> Result<StandardWebhook, String> {
    let mut webhook: StandardWebhook = strict(settings)?;
    webhook.http_config.check()?;
    url("url", need("url", webhook.url.as_ref())?)?;
    let secrets = need("secret", webhook.secret.as_ref())?.expose();
    webhook.keys = secrets.split_whitespace().map(key).collect::<Result<_, _>>()?;
    if !(1..=KEYS_MAX).contains(&webhook.keys.len()) {
        return Err(format!("secret: it holds {} keys, expected 1 to {KEYS_MAX}", webhook.keys.len()));
    }
    Ok(webhook)
}

fn key(text: &str) -> Result<Key, String> {
    let bytes = |text: &str| {
        STANDARD.decode(text).map_err(|_| "secret: what follows the prefix is no base64".to_string())
    };
    if let Some(text) = text.strip_prefix("whsk_") {
        let bytes = bytes(text)?;
        // 32 bytes are the seed; 64 are the seed and the public key behind it.
        let seed = bytes.get(..32).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
        let seed = seed.filter(|_| [32, 64].contains(&bytes.len()));
        let seed = seed.ok_or("secret: expected whsk_ and 32 or 64 bytes in base64")?;
        return Ok(Key::Private(Box::new(SigningKey::from_bytes(&seed))));
    }
    let shared = bytes(text.strip_prefix("whsec_").ok_or("secret: expected whsec_… or whsk_…")?)?;
    if !(16..=128).contains(&shared.len()) {
        return Err(format!("secret: it has {} bytes, expected 24 to 64", shared.len()));
    }
    Ok(Key::Shared(shared))
}

impl Form for StandardWebhook {
    fn to(&self) -> String {
        host(self.url.as_ref().map_or("", Secret::expose))
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.url.iter().chain(&self.secret).chain(self.http_config.secrets()).collect()
    }

    fn wants(&self, _: Notice) -> bool {
        true
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        once(telling, || self.call(telling), |answer| gone_or(answer, telling.now_us))
    }
}

impl StandardWebhook {
    fn call(&self, telling: &Telling<'_>) -> Call {
        let Message { id, at_us, .. } = telling.message;
        let mut data = body(telling.message, 0);
        data["title"] = json!(telling.message.title);
        data["severity"] = json!(telling.message.severity);
        self.signed(id, &telling.message.kind(), *at_us, &data, telling.now_us)
    }

    /// A signed call with any data.
    pub(crate) fn signed(&self, id: &str, kind: &str, at_us: i64, data: &Value, now_us: i64) -> Call {
        let body = json!({"type": kind, "timestamp": moment(at_us), "data": data}).to_string();
        let (id, seconds) = (format!("msg_{id}"), now_us.div_euclid(1_000_000).to_string());
        let signed = format!("{id}.{seconds}.{body}");
        let signatures: Vec<String> = self.keys.iter().map(|key| key.sign(signed.as_bytes())).collect();
        let url = self.url.as_ref().map_or("", Secret::expose).trim();
        let request = Request::post(url, "application/json", body.into_bytes()).with("webhook-id", id);
        let request = request.with("webhook-timestamp", seconds);
        Call::Http(self.http_config.apply(request.with("webhook-signature", signatures.join(" "))))
    }
}

impl Key {
    fn sign(&self, bytes: &[u8]) -> String {
        match self {
            Key::Shared(secret) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
                mac.update(bytes);
                format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
            }
            Key::Private(key) => format!("v1a,{}", STANDARD.encode(key.sign(bytes).to_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's own libraries test with.
    #[test]
    fn a_shared_secret_signs_as_the_specification_says() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        assert_eq!(key.sign(signed), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}

//! Slack's buttons: a form whose field `payload` is JSON, signed over moment and body; no older than five minutes.

use super::{Refusal, Reply, What, code, fields, sha256, unhex};
use crate::outline::cut;
use crate::secret::Secret;
use hmac::Mac;
use serde_json::Value;

const AGE_SECONDS_MAX: i64 = 300;

/// What a button said; nothing when it was one that only leads somewhere.
///
/// # Errors
/// When it is not Slack's, too old, or can't be read.
pub fn read(
    signing_secret: &Secret,
    timestamp: &str,
    signature: &str,
    body: &[u8],
    now_us: i64,
) -> Result<Option<Reply>, Refusal> {
    let seconds: i64 = timestamp.parse().map_err(|_| Refusal::Unsigned)?;
    let given = signature.strip_prefix("v0=").and_then(unhex).ok_or(Refusal::Unsigned)?;
    let mut mac = sha256(signing_secret.expose().as_bytes());
    mac.update(format!("v0:{timestamp}:").as_bytes());
    mac.update(body);
    mac.verify_slice(&given).map_err(|_| Refusal::Unsigned)?;
    if seconds.abs_diff(now_us.div_euclid(1_000_000)) > AGE_SECONDS_MAX as u64 {
        return Err(Refusal::Stale);
    }
    let fields = fields(body)?;
    let payload = fields.get("payload").and_then(|all| all.first());
    let payload = payload.ok_or(Refusal::Unreadable("a form with the field payload was expected"))?;
    let told: Value = serde_json::from_str(payload).map_err(|_| Refusal::Unreadable("payload is no JSON"))?;
    let user = &told["user"];
    let who = ["username", "name", "id"].iter().find_map(|key| user[key].as_str()).unwrap_or("somebody");
    let actions = told["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(actions.iter().find_map(|action| {
        let what = What::of_button(action["action_id"].as_str()?)?;
        Some(Reply { about: code(action["value"].as_str()?)?, what, who: cut(who, 200) })
    }))
}

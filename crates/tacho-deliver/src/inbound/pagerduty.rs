//! PagerDuty's webhooks of version 3: somebody acknowledged or resolved there.

use super::{About, Refusal, Reply, What, sha256, unhex};
use crate::outline::cut;
use crate::secret::Secret;
use hmac::Mac;
use serde_json::Value;

/// Signatures of one request: while secrets are changed there are several.
const SIGNATURES_MAX: usize = 10;

/// What was done; nothing when it was something else, or not by a person: our own calls come back as well.
///
/// # Errors
/// When no signature of the header `X-PagerDuty-Signature` is of this secret, or the body can't be read.
pub fn read(secret: &Secret, signatures: &str, body: &[u8]) -> Result<Option<Reply>, Refusal> {
    let given =
        signatures.split(',').take(SIGNATURES_MAX).filter_map(|one| unhex(one.trim().strip_prefix("v1=")?));
    let mut mac = sha256(secret.expose().as_bytes());
    mac.update(body);
    if !given.into_iter().any(|given| mac.clone().verify_slice(&given).is_ok()) {
        return Err(Refusal::Unsigned);
    }
    let told: Value = serde_json::from_slice(body).map_err(|_| Refusal::Unreadable("it is no JSON"))?;
    let event = &told["event"];
    let what = match event["event_type"].as_str() {
        Some("incident.acknowledged") => What::Acknowledge,
        Some("incident.resolved") => What::Resolve,
        _ => return Ok(None),
    };
    let person = event["agent"]["type"].as_str().is_some_and(|kind| kind.starts_with("user"));
    let thread = event["data"]["incident_key"].as_str().filter(|_| person);
    let who = cut(event["agent"]["summary"].as_str().unwrap_or("somebody at PagerDuty"), 200);
    Ok(thread.map(|thread| Reply { about: About::Thread(thread.to_string()), what, who }))
}

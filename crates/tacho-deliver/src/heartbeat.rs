//! The heartbeat: a call to an address elsewhere each few minutes. When it stays away, that service tells people:
//! nobody else can say that this recorder, or the way out of it, is down.

use crate::call::{Answer, Call, Request};
use crate::secret::{Kept, Secret, resolve};
use crate::settings::{need, strict, url};
use crate::verdict::{Verdict, by_status};
use serde::Deserialize;
use serde_json::{Map, Value};
use tacho_alert::Span;

const EVERY_US: i64 = 60_000_000;
/// Not more often: nobody who waits for it looks closer.
const EVERY_MIN_US: i64 = 10_000_000;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Whoever has the address can beat, so it is a secret.
    url: Option<Secret>,
    every: Option<Span>,
}

/// Where to call, and how often.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    address: Secret,
    pub every_us: i64,
}

impl Heartbeat {
    /// Reads `url` (or `url_file`, `url_env`) and `every`; none when nothing is set.
    ///
    /// # Errors
    /// When the address can't be called, or it is to be called too often.
    pub fn read(
        settings: &Map<String, Value>,
        lookup: &dyn Fn(Kept<'_>) -> Result<String, String>,
    ) -> Result<Option<Heartbeat>, String> {
        if settings.is_empty() {
            return Ok(None);
        }
        let settings: Settings = strict(resolve(settings, lookup)?)?;
        let every_us = settings.every.map_or(EVERY_US, |span| span.0);
        if every_us < EVERY_MIN_US {
            return Err("every: expected 10s or more".into());
        }
        let address = need("url", settings.url)?;
        url("url", &address)?;
        Ok(Some(Heartbeat { address: Secret::new(address.expose().trim()), every_us }))
    }

    /// The call of one beat.
    pub fn call(&self) -> Call {
        Call::Http(Request::get(self.address.expose()))
    }

    /// What the answer to a beat means.
    pub fn judge(&self, answer: &Answer, now_us: i64) -> Verdict {
        by_status(answer, now_us)
    }
}

//! A signed web hook by itself: what programs are told, not people. As Standard Webhooks says.

use crate::call::{Answer, Call};
use crate::channel::hide;
use crate::kinds::{Form, StandardWebhook, webhook};
use crate::secret::{Kept, resolve};
use crate::verdict::{Verdict, by_status};
use serde_json::{Map, Value};

/// An address and the keys that sign what is sent there.
#[derive(Debug)]
pub struct SignedHook(StandardWebhook);

impl SignedHook {
    /// Reads `url`, `secret` (or `url_file`, `secret_env` and so on) and `http_config`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read(
        settings: &Map<String, Value>,
        lookup: &dyn Fn(Kept<'_>) -> Result<String, String>,
    ) -> Result<SignedHook, String> {
        webhook(resolve(settings, lookup)?).map(SignedHook)
    }

    /// Where it goes, without secrets.
    pub fn to(&self) -> String {
        self.0.to()
    }

    /// The call. `id` is the same for each try, so that whoever takes it can leave a repetition out.
    pub fn call(&self, id: &str, kind: &str, at_us: i64, data: &Value, now_us: i64) -> Call {
        self.0.signed(id, kind, at_us, data, now_us)
    }

    /// What the answer means.
    pub fn judge(&self, answer: &Answer, now_us: i64) -> Verdict {
        match by_status(answer, now_us) {
            Verdict::Refused { why } => Verdict::Refused { why: self.hide(&why) },
            Verdict::Retry { after_us, why } => Verdict::Retry { after_us, why: self.hide(&why) },
            other => other,
        }
    }

    /// A text without its secrets.
    pub fn hide(&self, text: &str) -> String {
        hide(&self.0.secrets(), text)
    }
}

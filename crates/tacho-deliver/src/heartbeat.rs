//! The heartbeat: a call to an address elsewhere each few minutes. When it stays away, that service tells people:
//! nobody else can say that this recorder, or the way out of it, is down.

use crate::call::{Answer, Call, Request};
use crate::secret::Secret;
use crate::settings::url;
use crate::verdict::{Verdict, by_status};

/// The call of one beat. Whoever has the address can beat, so it is a secret.
///
/// # Errors
/// When the address can't be called.
pub fn call(address: &Secret) -> Result<Call, String> {
    url("heartbeat", address)?;
    Ok(Call::Http(Request::get(address.expose().trim())))
}

/// What the answer to a beat means.
pub fn judge(answer: &Answer, now_us: i64) -> Verdict {
    by_status(answer, now_us)
}

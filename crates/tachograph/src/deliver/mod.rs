//! Sends messages: makes the calls that `tacho-deliver` says, one after the other, and tells it the answers.
//!
//! Invariants
//! - Only addresses that [`Guard`] lets through are connected to, and those are the ones that were looked up.
//! - Redirects are not followed; time and answers are bounded.

mod guard;
mod http;
mod smtp;

pub(crate) use guard::Guard;

use crate::clock::now_us;
use tacho_deliver::heartbeat::Heartbeat;
use tacho_deliver::{Answer, Call, Channel, Kept, Message, Step, Telling, Verdict};

/// Calls that one message may take on one channel.
const CALLS_MAX: usize = 6;
/// A file with a secret.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Why nothing was sent.
pub(crate) enum Unsent {
    /// It can't be called.
    Refused(String),
    /// The address may not be called. It names host and address, and of a URL nothing else: the rest may be a secret.
    Private(String),
    /// Nobody answered.
    Silent(String),
}

/// Tells a message on one channel. `kept` is the receipt of the thread's first message there.
pub(crate) fn send(channel: &Channel, message: &Message, kept: Option<&str>, guard: &Guard) -> Verdict {
    let mut answers: Vec<Answer> = Vec::new();
    for _ in 0..=CALLS_MAX {
        let call = match channel.step(&Telling { message, kept, answers: &answers, now_us: now_us() }) {
            Step::End(verdict) => return verdict,
            Step::Call(call) => call,
        };
        let answer = match call {
            Call::Http(request) => http::call(&request, guard),
            Call::Mail(mail) => smtp::call(&mail, guard),
        };
        match answer {
            Ok(answer) => answers.push(answer),
            Err(Unsent::Refused(why)) => return Verdict::Refused { why: channel.hide(&why) },
            Err(Unsent::Private(why)) => {
                let why = format!("receiver \"{}\", {}: {why}", message.receiver, channel.place);
                return Verdict::Refused { why };
            }
            // The channel knows whether what came before is enough.
            Err(Unsent::Silent(why)) => answers.push(Answer::none(&channel.hide(&why))),
        }
    }
    Verdict::Refused { why: format!("the message took more than {CALLS_MAX} calls") }
}

/// Makes one call.
///
/// # Errors
/// Why it may not be made. That nobody answered is an answer.
pub(crate) fn call(call: &Call, guard: &Guard) -> Result<Answer, String> {
    let answer = match call {
        Call::Http(request) => http::call(request, guard),
        Call::Mail(mail) => smtp::call(mail, guard),
    };
    match answer {
        Ok(answer) => Ok(answer),
        Err(Unsent::Silent(why)) => Ok(Answer::none(&why)),
        Err(Unsent::Refused(why) | Unsent::Private(why)) => Err(why),
    }
}

/// Beats once.
pub(crate) fn beat(heartbeat: &Heartbeat, guard: &Guard) -> Verdict {
    match call(&heartbeat.call(), guard) {
        Ok(answer) => heartbeat.judge(&answer, now_us()),
        Err(why) => Verdict::Refused { why },
    }
}

/// A secret that is kept in a file or in the environment.
pub(crate) fn secret(kept: Kept<'_>) -> Result<String, String> {
    match kept {
        Kept::File(path) => {
            let fail = |error: std::io::Error| format!("cannot read {path}: {error}");
            let length = std::fs::metadata(path).map_err(fail)?.len();
            if length > SECRET_BYTES_MAX {
                return Err(format!("{path} has {length} bytes, expected at most {SECRET_BYTES_MAX}"));
            }
            std::fs::read_to_string(path).map_err(fail)
        }
        Kept::Environment(name) => {
            std::env::var(name).map_err(|_| format!("the environment has no variable {name}"))
        }
    }
}

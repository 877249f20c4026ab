//! Channels of a receiver: read from its settings, then stepped through until a message is told.

use crate::bucket::{BURST_MAX, Limit, PER_MINUTE_MAX};
use crate::kinds::{Form, KINDS, Kind, Step, Telling};
use crate::message::{Message, Notice};
use crate::secret::{Kept, Secret, resolve};
use crate::verdict::Verdict;
use serde_json::{Map, Value};
use std::sync::Arc;
use tacho_alert::notify::Receiver;
use tacho_pipe::nearest;

/// Channels of one receiver.
const CHANNELS_MAX: usize = 100;

/// One way to reach people.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Such as `slack`.
    pub kind: &'static str,
    /// Its place in the receiver, such as `slack_configs[0]`; several people of one entry have one channel each,
    /// `email_configs[0].1` is the second.
    pub place: String,
    /// How fast it may be told.
    pub limit: Limit,
    send_resolved: bool,
    form: Arc<dyn Form>,
}

/// Why a receiver can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("receiver \"{receiver}\", {place}: {why}")]
pub struct ReadError {
    pub receiver: String,
    pub place: String,
    pub why: String,
}

/// Reads a receiver's channels. `global` holds what they share; `lookup` reads what `_file` and `_env` name.
///
/// # Errors
/// All that is wrong with them, not only the first.
pub fn read(
    receiver: &Receiver,
    global: &Value,
    lookup: &dyn Fn(Kept<'_>) -> Result<String, String>,
) -> Result<Vec<Channel>, Vec<ReadError>> {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let mut wrong = |place: &str, why: String| {
        errors.push(ReadError { receiver: receiver.name.clone(), place: place.to_string(), why });
    };
    for (key, listed) in &receiver.channels {
        let Some(kind) = KINDS.iter().find(|kind| kind.key == key) else {
            wrong(key, unknown(key));
            continue;
        };
        let Some(listed) = listed.as_array() else {
            wrong(key, "it is no list, expected one entry for each channel".into());
            continue;
        };
        for (at, settings) in listed.iter().enumerate() {
            let place = format!("{key}[{at}]");
            match channels(kind, &place, settings, global, lookup) {
                Ok(read) => found.extend(read),
                Err(why) => wrong(&place, why),
            }
        }
    }
    if found.len() > CHANNELS_MAX {
        wrong("all", format!("it has {} channels, expected at most {CHANNELS_MAX}", found.len()));
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

fn unknown(key: &str) -> String {
    let near = nearest(key, KINDS.iter().map(|kind| kind.key));
    let near = near.map(|near| format!("; did you mean \"{near}\"?"));
    near.map_or_else(
        || {
            let known: Vec<&str> = KINDS.iter().map(|kind| kind.key).collect();
            format!("there is no kind of channel by this name, expected one of {}", known.join(", "))
        },
        |near| format!("there is no kind of channel by this name{near}"),
    )
}

fn channels(
    kind: &'static Kind,
    place: &str,
    settings: &Value,
    global: &Value,
    lookup: &dyn Fn(Kept<'_>) -> Result<String, String>,
) -> Result<Vec<Channel>, String> {
    let empty = Map::new();
    let settings = match settings {
        Value::Null => &empty,
        Value::Object(settings) => settings,
        _ => return Err("it is no list of keys and values".into()),
    };
    let mut settings = settings.clone();
    inherit(kind, &mut settings, global);
    let mut settings = resolve(&settings, lookup)?;
    let send_resolved = match settings.remove("send_resolved") {
        None => true,
        Some(Value::Bool(told)) => told,
        Some(_) => return Err("send_resolved: expected true or false".into()),
    };
    let mut number = |name: &str, usual: u32, max: u32| match settings.remove(name) {
        None => Ok(usual),
        Some(value) => {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            let number = number.filter(|number| (1..=max).contains(number));
            number.ok_or_else(|| format!("{name}: expected a number from 1 to {max}"))
        }
    };
    let per_minute = number("messages_per_minute", kind.limit.per_minute, PER_MINUTE_MAX)?;
    let limit = Limit { per_minute, burst: number("burst", kind.limit.burst, BURST_MAX)? };
    let forms = (kind.read)(settings)?;
    let several = forms.len() > 1;
    let channels = forms.into_iter().enumerate().map(|(at, form)| Channel {
        kind: kind.name,
        place: if several { format!("{place}.{at}") } else { place.to_string() },
        limit,
        send_resolved,
        form,
    });
    Ok(channels.collect())
}

/// Takes from `global` what the channel does not say itself, wherever either keeps it.
fn inherit(kind: &Kind, settings: &mut Map<String, Value>, global: &Value) {
    const ENDINGS: [&str; 3] = ["", "_file", "_env"];
    for (shared, own) in kind.global {
        if ENDINGS.iter().any(|ending| settings.contains_key(&format!("{own}{ending}"))) {
            continue;
        }
        for ending in ENDINGS {
            if let Some(value) = global.get(format!("{shared}{ending}")) {
                settings.insert(format!("{own}{ending}"), value.clone());
            }
        }
    }
}

impl Channel {
    /// Where it goes, without secrets.
    pub fn to(&self) -> String {
        self.form.to()
    }

    /// Whether somebody is told by it, and not only a screen.
    pub fn reaches_people(&self) -> bool {
        self.form.reaches_people()
    }

    /// Whether the message is sent there at all.
    pub fn wants(&self, message: &Message) -> bool {
        let ends = matches!(message.notice, Notice::Resolved);
        (!ends || self.send_resolved) && self.form.wants(message.notice)
    }

    /// Whether what waits for it may be put together into one message: not where each alert has a state of its own.
    pub fn takes_digests(&self) -> bool {
        self.form.wants(Notice::Digest)
    }

    /// The next call of a message, or the end. The first step has no answers; each call's answer is handed in with
    /// the next.
    pub fn step(&self, telling: &Telling<'_>) -> Step {
        match self.form.step(telling) {
            Step::End(Verdict::Refused { why }) => Step::End(Verdict::Refused { why: self.hide(&why) }),
            Step::End(Verdict::Retry { after_us, why }) => {
                Step::End(Verdict::Retry { after_us, why: self.hide(&why) })
            }
            other => other,
        }
    }

    /// A text without this channel's secrets: servers echo what they were sent.
    pub fn hide(&self, text: &str) -> String {
        hide(&self.form.secrets(), text)
    }
}

/// A text without secrets and their telling parts.
pub(crate) fn hide(secrets: &[&Secret], text: &str) -> String {
    let mut hidden: Vec<&str> = secrets.iter().flat_map(|secret| parts(secret.expose())).collect();
    // A part of another would leave its rest.
    hidden.sort_by_key(|part| std::cmp::Reverse(part.len()));
    hidden.into_iter().fold(text.to_string(), |text, part| text.replace(part, "…"))
}

/// A secret as a whole, and the parts of it that tell enough by themselves: a webhook's path, a token behind its number.
fn parts(secret: &str) -> impl Iterator<Item = &str> {
    let whole = Some(secret.trim()).filter(|whole| whole.len() >= 4);
    let between = |c: char| "/?=&:_ ".contains(c);
    // Plain words of a path are no secret.
    let random = |part: &&str| part.len() >= 8 && part.contains(|c: char| !c.is_ascii_lowercase());
    whole.into_iter().chain(secret.split(between).filter(random))
}

//! Observations without a call's id: joined by session, tool, input and time, and only where that is clear.
//!
//! A request for permission names no call, and Gemini CLI's hooks have none to name. What they tell of is the call of
//! the same tool in the same session with the same input, nearest in time, of which the same witness has not told the
//! same already. Of several such calls that wait at once the first is asked about first: nothing else tells which of them
//! is meant. Where the input is not to be compared, only a call that no other one comes close to will do.

use crate::ids::key;
use crate::member::Member;
use crate::observation::Observation;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Phase};

/// Calls of one tool in one session that are compared with.
const CALLS_MAX: usize = 64;
/// What lies further apart in time is not the same call, microseconds.
pub(crate) const WINDOW_US: Micros = 10_000_000;
/// An answer of a model that streams may take so long, microseconds.
pub(crate) const ANSWER_US: Micros = 600_000_000;
/// Without an input to compare, the next call must be this much further away.
const CLEAR_US: Micros = 100_000;
/// Longer inputs are not compared.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// What an observation can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Likeness {
    /// Session and tool.
    pub(crate) place: u64,
    pub(crate) input: Option<u64>,
}

/// What an observation is to an action, where one witness tells of a request of a model and of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Neither,
    /// The request of this answer, or the answer to this request.
    Other,
    /// The answer lies before the request: they are two calls.
    OfAnother,
}

impl Half {
    pub(crate) fn of(members: &[Member], observation: &Observation<'_>) -> Half {
        let at = |phase| {
            let is_it =
                |member: &&Member| member.observer == observation.observer && member.phase() == Some(phase);
            members.iter().find(is_it).map(|member| member.time_us)
        };
        let is_in_order = match (observation.phase, at(Phase::Proposed), at(Phase::Result)) {
            _ if !observation.is_model() => return Half::Neither,
            (Some(Phase::Proposed), None, Some(answered)) => observation.time_us <= answered,
            (Some(Phase::Result), Some(asked), None) => asked <= observation.time_us,
            _ => return Half::Neither,
        };
        if is_in_order { Half::Other } else { Half::OfAnother }
    }
}

/// An action to compare with.
pub(crate) struct Candidate {
    pub(crate) action: u64,
    pub(crate) input: Option<u64>,
    pub(crate) apart_us: Micros,
    pub(crate) half: Half,
    /// It is open, and what is looked for its request for permission: when it was proposed.
    pub(crate) waits_since: Option<Micros>,
}

/// By session and tool the actions, each with whether only the agent tells of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Near(BTreeMap<u64, VecDeque<(u64, bool)>>);

impl Likeness {
    pub(crate) fn of(observation: &Observation<'_>) -> Option<Likeness> {
        let session = observation.session?;
        let is_call = matches!(observation.kind, ActionType::Tool | ActionType::Skill | ActionType::External);
        if !is_call || !observation.is_act() {
            return None;
        }
        let place = key(&[b"near", &session.0, observation.name.as_bytes()]);
        let input = if observation.is_model() {
            let [tokens_in, tokens_out, ..] = observation.figures;
            tokens_in.zip(tokens_out).map(|(a, b)| of_tokens([a, b]))
        } else {
            observation.input.and_then(digest)
        };
        Some(Likeness { place, input })
    }
}

impl Near {
    /// The oldest leaves; of what only agents tell of, where that is more than half.
    pub(crate) fn add(&mut self, place: u64, action: u64, is_own: bool) {
        let actions = self.0.entry(place).or_default();
        if let Some(known) = actions.iter_mut().find(|(known, _)| *known == action) {
            known.1 = is_own;
            return;
        }
        actions.push_back((action, is_own));
        if actions.len() > CALLS_MAX {
            let own = || actions.iter().filter(|(_, is_own)| *is_own);
            let oldest =
                actions.iter().position(|(_, is_own)| *is_own).filter(|_| own().count() * 2 > CALLS_MAX);
            actions.remove(oldest.unwrap_or_default());
        }
    }

    pub(crate) fn remove(&mut self, place: u64, action: u64) {
        if let Some(actions) = self.0.get_mut(&place) {
            actions.retain(|(known, _)| *known != action);
            if actions.is_empty() {
                self.0.remove(&place);
            }
        }
    }

    pub(crate) fn actions(&self, place: u64) -> impl Iterator<Item = u64> {
        self.0.get(&place).into_iter().flatten().map(|(action, _)| *action)
    }
}

/// The action that is meant, among those that could be.
pub(crate) fn choose(input: Option<u64>, mut candidates: Vec<Candidate>) -> Option<u64> {
    let window = |candidate: &Candidate| if candidate.half == Half::Other { ANSWER_US } else { WINDOW_US };
    candidates
        .retain(|candidate| candidate.half != Half::OfAnother && candidate.apart_us <= window(candidate));
    candidates.sort_by_key(|candidate| (candidate.apart_us, candidate.action));
    if let Some(input) = input {
        let same = || candidates.iter().filter(|candidate| candidate.input == Some(input));
        // Of several that wait the first is asked about first.
        let waiting = same().filter(|candidate| candidate.waits_since.is_some());
        let first = waiting.min_by_key(|candidate| (candidate.waits_since, candidate.action));
        if let Some(meant) = first.or_else(|| same().next()) {
            return Some(meant.action);
        }
        candidates.retain(|candidate| candidate.input.is_none());
    }
    let mut candidates = candidates.into_iter();
    let first = candidates.next()?;
    let clear = candidates.next().is_none_or(|next| next.apart_us >= first.apart_us * 2 + CLEAR_US);
    clear.then_some(first.action)
}

/// A request to a model by its tokens.
pub(crate) fn of_tokens([tokens_in, tokens_out]: [i64; 2]) -> u64 {
    key(&[&tokens_in.to_be_bytes(), &tokens_out.to_be_bytes()])
}

/// A tool's input by what it says, not how it is written. Nothing where a part was left out.
fn digest(input: &str) -> Option<u64> {
    if input.len() > INPUT_BYTES_MAX || input.contains("[dropped ") {
        return None;
    }
    let mut value: Value = serde_json::from_str(input).ok()?;
    if let Value::String(text) = &value
        && let Ok(inner) = serde_json::from_str(text)
    {
        value = inner;
    }
    // Gemini CLI's spans wrap the arguments in the request.
    if let Value::Object(members) = &mut value
        && members.contains_key("callId")
        && let Some(arguments) = members.remove("args")
    {
        value = arguments;
    }
    let mut bytes = Vec::new();
    write(&value, &mut bytes);
    Some(key(&[&bytes]))
}

/// JSON with its members in order, whatever order this build keeps them in.
fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (name, value) in members {
                out.extend_from_slice(name.as_bytes());
                out.push(0);
                write(value, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for item in items {
                write(item, out);
                out.push(b',');
            }
            out.push(b']');
        }
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_compared_by_what_they_say() {
        let same = [
            r#"{"a":1,"b":[true,null]}"#,
            "{\n \"b\": [true, null], \"a\": 1 }",
            r#""{\"b\":[true,null],\"a\":1}""#,
            r#"{"callId":"x","name":"t","args":{"a":1,"b":[true,null]}}"#,
        ];
        for input in same {
            assert_eq!(digest(input), digest(same[0]), "{input}");
        }
        assert_ne!(digest(r#"{"a":2,"b":[true,null]}"#), digest(same[0]));
        assert_eq!(digest(r#"{"a":"[dropped 9 characters]"}"#), None);
    }

    fn candidate(action: u64, input: Option<u64>, apart_us: Micros) -> Candidate {
        Candidate { action, input, apart_us, half: Half::Neither, waits_since: None }
    }

    #[test]
    fn the_same_input_nearest_in_time_is_meant() {
        let near =
            || vec![candidate(1, Some(7), 900_000), candidate(2, Some(8), 0), candidate(3, Some(7), 1000)];
        assert_eq!(choose(Some(7), near()), Some(3));
        assert_eq!(choose(Some(9), near()), None);
        assert_eq!(choose(Some(7), vec![candidate(1, Some(7), WINDOW_US + 1)]), None);
    }

    #[test]
    fn without_an_input_only_what_stands_alone_is_meant() {
        assert_eq!(choose(None, vec![candidate(1, Some(7), 1000), candidate(2, Some(8), 2000)]), None);
        assert_eq!(choose(None, vec![candidate(1, Some(7), 1000), candidate(2, Some(8), 900_000)]), Some(1));
        assert_eq!(choose(Some(9), vec![candidate(1, None, 1000)]), Some(1));
    }
}

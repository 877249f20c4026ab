//! Observations without a call's id: joined by session, tool, input and time, and only where that is clear.
//!
//! A request for permission names no call, and Gemini CLI's hooks have none to name. What they tell of is the call of
//! the same tool in the same session with the same input, nearest in time, of which the same witness has not told the
//! same already. Of several such calls that wait at once the first is asked about first: nothing else tells which of them
//! is meant. Where the input is not to be compared, only a call that no other one comes close to will do. Of inputs whose
//! contents were not kept the rest is compared: where it differs they are two calls, and where it is the same they are one,
//! if no other one has the same close by.

use crate::ids::key;
use crate::member::Member;
use crate::observation::Observation;
use crate::said::Said;
use serde::{Deserialize, Serialize};
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Phase};

/// What lies further apart in time is not the same call, microseconds.
pub(crate) const WINDOW_US: Micros = 10_000_000;
/// An answer of a model that streams may take so long, microseconds.
pub(crate) const ANSWER_US: Micros = 600_000_000;
/// Without an input to compare, the next call must be this much further away.
pub(crate) const CLEAR_US: Micros = 100_000;
/// What an observation can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Likeness {
    /// Session and tool.
    pub(crate) place: u64,
    pub(crate) input: Option<Said>,
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
    pub(crate) input: Option<Said>,
    pub(crate) apart_us: Micros,
    pub(crate) half: Half,
    /// It is open, and what is looked for its request for permission: when it was proposed.
    pub(crate) waits_since: Option<Micros>,
}

impl Likeness {
    pub(crate) fn of(observation: &Observation<'_>) -> Option<Likeness> {
        let session = observation.session?;
        let is_call = matches!(observation.kind, ActionType::Tool | ActionType::Skill | ActionType::External);
        if !is_call || !observation.is_act() {
            return None;
        }
        let place = Likeness::place(session.0, observation.name);
        let input = if observation.is_model() {
            let [tokens_in, tokens_out, ..] = observation.figures;
            tokens_in.zip(tokens_out).map(|(a, b)| Said::whole(of_tokens([a, b])))
        } else {
            observation.input.and_then(Said::of)
        };
        Some(Likeness { place, input })
    }

    /// That of a tool in a session.
    pub(crate) fn place(session: [u8; 16], tool: &str) -> u64 {
        key(&[b"near", &session, tool.as_bytes()])
    }

    /// Whether it says nothing of the input, or less than another one.
    pub(crate) fn is_beaten_by(&self, other: &Likeness) -> bool {
        self.input.is_none_or(|own| !own.is_whole() && other.input.is_some_and(Said::is_whole))
    }
}

/// The action that is meant, among those that could be.
pub(crate) fn choose(input: Option<Said>, mut candidates: Vec<Candidate>) -> Option<u64> {
    let window = |candidate: &Candidate| if candidate.half == Half::Other { ANSWER_US } else { WINDOW_US };
    candidates
        .retain(|candidate| candidate.half != Half::OfAnother && candidate.apart_us <= window(candidate));
    candidates.sort_by_key(|candidate| (candidate.apart_us, candidate.action));
    if let Some(input) = input {
        let same = || candidates.iter().filter(|candidate| candidate.input == Some(input));
        // Of several that wait the first is asked about first.
        let waiting = same().filter(|candidate| candidate.waits_since.is_some());
        let first = waiting.min_by_key(|candidate| (candidate.waits_since, candidate.action));
        let nearest = || same().next().filter(|_| input.is_whole());
        if let Some(meant) = first.or_else(nearest) {
            return Some(meant.action);
        }
        if same().next().is_some() {
            return clear(same());
        }
        candidates.retain(|candidate| candidate.input.is_none_or(|other| !other.differs(input)));
    }
    clear(candidates.iter())
}

/// The nearest, where no other one comes close to it.
fn clear<'c>(mut nearest: impl Iterator<Item = &'c Candidate>) -> Option<u64> {
    let first = nearest.next()?;
    let clear = nearest.next().is_none_or(|next| next.apart_us >= first.apart_us * 2 + CLEAR_US);
    clear.then_some(first.action)
}

/// A request to a model by its tokens.
pub(crate) fn of_tokens([tokens_in, tokens_out]: [i64; 2]) -> u64 {
    key(&[&tokens_in.to_be_bytes(), &tokens_out.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_inputs_that_were_not_kept_whole_the_rest_is_compared() {
        let said = |path: &str, content: &str| {
            Said::of(&format!(r#"{{"path":"{path}","content":"{content}"}}"#)).expect("something is left")
        };
        let (nine, ten) = ("[dropped 9 characters]", "[dropped 10 characters]");
        assert_eq!(said("a", nine), said("a", nine));
        assert!(said("a", nine) != said("a", ten) && !said("a", nine).differs(said("a", ten)));
        assert!(said("a", nine).differs(said("b", nine)));
        assert!(!said("a", nine).differs(said("b", "whole")), "who knows");
        assert!(said("a", "whole").differs(said("a", "other")));
        let near = |inputs: &[Said]| {
            let of = |(at, input): (usize, &Said)| Candidate {
                input: Some(*input),
                ..candidate(at as u64, None, at as i64)
            };
            inputs.iter().enumerate().map(of).collect()
        };
        let chosen = |inputs: &[Said]| choose(Some(said("a", nine)), near(inputs));
        assert_eq!(chosen(&[said("b", nine), said("a", ten), said("a", nine)]), Some(2));
        assert_eq!(chosen(&[said("b", nine), said("a", ten)]), Some(1));
        assert_eq!(chosen(&[said("a", nine), said("a", nine)]), None, "either may be meant");
    }

    fn candidate(action: u64, input: Option<u64>, apart_us: Micros) -> Candidate {
        let input = input.map(Said::whole);
        Candidate { action, input, apart_us, half: Half::Neither, waits_since: None }
    }

    #[test]
    fn the_same_input_nearest_in_time_is_meant() {
        let near =
            || vec![candidate(1, Some(7), 900_000), candidate(2, Some(8), 0), candidate(3, Some(7), 1000)];
        assert_eq!(choose(Some(Said::whole(7)), near()), Some(3));
        assert_eq!(choose(Some(Said::whole(9)), near()), None);
        assert_eq!(choose(Some(Said::whole(7)), vec![candidate(1, Some(7), WINDOW_US + 1)]), None);
    }

    #[test]
    fn without_an_input_only_what_stands_alone_is_meant() {
        assert_eq!(choose(None, vec![candidate(1, Some(7), 1000), candidate(2, Some(8), 2000)]), None);
        assert_eq!(choose(None, vec![candidate(1, Some(7), 1000), candidate(2, Some(8), 900_000)]), Some(1));
        assert_eq!(choose(Some(Said::whole(9)), vec![candidate(1, None, 1000)]), Some(1));
    }
}

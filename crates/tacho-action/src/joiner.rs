//! The joiner: finds the action that an observation belongs to, and says what follows from it.
//!
//! Limits: [`ACTIONS_MAX`] actions and [`SESSIONS_MAX`] sessions are remembered; which of them leave, `shares` says. What was
//! concluded of them stays in the overlay; what is told of them later is an action of its own.

mod alike;
mod around;
mod at_once;
mod by_input;
mod by_length;
mod ending;
mod given;
mod leaving;
mod nearest;
mod nesting;
mod pairing;
mod relating;
mod reporting;
mod running;
mod sharing;
mod sub_sessions;
mod surrounding;

use crate::action::{Action, has_own_call};
use crate::entry::Closure;
use crate::ids::key;
use crate::kin::Kin;
use crate::near::Likeness;
use crate::observation::Observation;
use crate::places::Places;
use crate::shares::Shares;
use crate::{Malformed, Overlay};
use reporting::Reported;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
pub(crate) use sub_sessions::Whole;
use tacho_event::time::Micros;

/// Actions that later observations can still join.
pub const ACTIONS_MAX: usize = 32_768;
/// Sessions of which it is known when they ended.
pub const SESSIONS_MAX: usize = 16_384;

/// What a joiner holds and has let go; for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub actions: u64,
    pub open: u64,
    pub spans: u64,
    pub sessions: u64,
    /// Left because of a limit: closed actions, open ones, spans, sessions.
    pub left_closed: u64,
    pub left_open: u64,
    pub left_spans: u64,
    pub left_sessions: u64,
}

/// See the module.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Joiner {
    actions: BTreeMap<u64, Action>,
    /// By what they are found: calls and requests.
    keys: BTreeMap<u64, u64>,
    /// Those of them that nobody but an agent itself has given so far.
    claimed: BTreeSet<u64>,
    /// Follows from the actions.
    #[serde(skip)]
    near: Places,
    kin: Kin,
    /// Actions under what several may have: an id that agents gave, the id of an event whose end is to come.
    shared: BTreeMap<u64, BTreeSet<u64>>,
    /// Sub-agents, by session, and the action that started them.
    started: BTreeMap<u64, u64>,
    sessions: BTreeMap<[u8; 16], Session>,
    session_shares: Shares<[u8; 16]>,
    told: Shares<u64>,
    tally: Tally,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Session {
    /// When the newest turn of each agent ended.
    turns: BTreeMap<u64, Micros>,
    ended: Option<Micros>,
    /// The same, as the agent says itself: that ends nothing that a witness told of.
    own_turns: BTreeMap<u64, Micros>,
    own_ended: Option<Micros>,
    open: BTreeSet<u64>,
    part_of: Option<Whole>,
    has_parts: bool,
}

/// What the ids in an observation say of where it belongs.
struct Meant {
    found: Option<u64>,
    keys: Vec<u64>,
    /// That of the keys which its session may give again.
    given: Option<u64>,
}

impl Joiner {
    /// Takes the next event that [`crate::concerns`] finds of interest, and writes what follows into the overlay.
    pub fn observe(&mut self, observation: &Observation<'_>, overlay: &mut Overlay) {
        let whole = self.whole_of(observation);
        let placed = whole.as_ref().map(|whole| whole.place(observation));
        let observation = placed.as_ref().unwrap_or(observation);
        let mut changed = BTreeSet::new();
        if let Some(end) = observation.end() {
            self.end(end, observation, &mut changed);
        }
        let action = if observation.is_act() { self.act(observation) } else { None };
        let action = action.map(|id| self.join_at_once(id, observation, &mut changed));
        action.and_then(|id| self.end_process(id, observation, &mut changed));
        changed.extend(action);
        self.relate(observation, action, overlay, &mut changed);
        self.pair(observation, &mut changed);
        self.take_part(observation, &mut changed);
        for id in changed {
            self.tell(id, observation.told_at(), overlay);
        }
        self.trim(observation.recorded_us);
    }

    pub fn tally(&self) -> Tally {
        Tally {
            actions: self.actions.len() as u64,
            open: self.told.open() as u64,
            spans: self.kin.len() as u64,
            sessions: self.sessions.len() as u64,
            ..self.tally
        }
    }

    /// Everything that it remembers, as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a joiner has a form in bytes")
    }

    /// Takes back what [`Joiner::bytes`] gave.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are no joiner's.
    pub fn load(bytes: &[u8]) -> Result<Joiner, Malformed> {
        let joiner: Joiner = postcard::from_bytes(bytes)
            .map_err(|error| Malformed(format!("state of the joiner: {error}")))?;
        Ok(Joiner { near: Places::of(joiner.actions.values()), ..joiner })
    }

    /// Puts an observation into its action; nothing where it stands for itself.
    fn act(&mut self, observation: &Observation<'_>) -> Option<u64> {
        let state = self.state_before(observation);
        if state.is_none() && observation.is_only_state() {
            return None;
        }
        let likeness = Likeness::of(observation);
        let own_call = has_own_call(observation);
        let Meant { found: meant, keys, given } = self.meant(observation, state);
        let found = self.seen_before(meant, observation, likeness, own_call).or(meant);
        let id = found.or_else(|| self.alike(observation, likeness?, own_call));
        let id = id.unwrap_or(observation.index);
        // That an agent's own word is like a witness's call gives that call no id by which witnesses of another would join it.
        let is_guess = meant.is_none()
            && !observation.is_witness()
            && self.actions.get(&id).is_some_and(Action::is_witnessed);
        let is_again =
            |key: &u64| given == Some(*key) && found.is_some() && self.is_given_to_another(*key, id);
        let may =
            |key: &u64| !is_guess && !is_again(key) && self.may_unite(id, self.keys.get(key), observation);
        let keys: Vec<u64> = keys.into_iter().filter(may).collect();
        let claims: BTreeSet<u64> =
            keys.iter().copied().filter(|key| self.is_claim(*key, observation)).collect();
        let action = self.actions.entry(id).or_insert_with(|| Action::new(observation));
        // What the first witness says of its input stands before what the agent said.
        let is_first = observation.is_witness() && !action.is_witnessed();
        action.add(observation, likeness.and_then(|likeness| likeness.input));
        action.given = action.given.or(given.filter(|_| !is_guess));
        let is_better = likeness
            .is_some_and(|new| is_first || action.likeness.is_none_or(|known| known.is_beaten_by(&new)));
        if is_better {
            action.likeness = likeness;
        }
        self.near.put(action);
        if let (Some(agent), Some(session)) = (observation.started, observation.session) {
            let started = key(&[b"started", &session.0, agent.as_bytes()]);
            if observation.is_witness() || !self.started.contains_key(&started) {
                action.started = Some(started);
                self.started.insert(started, id);
            }
        }
        let mut others = BTreeSet::new();
        for key in keys {
            let before = self.keys.insert(key, id);
            match before {
                Some(other) if other != id && !claims.contains(&key) => drop(others.insert(other)),
                Some(other) if other == id => {}
                _ => action.keys.push(key),
            }
            if observation.is_witness() {
                self.claimed.remove(&key);
            } else if before.is_none() {
                self.claimed.insert(key);
            }
        }
        self.share(id, observation);
        // Found by its call and by its request: they are one.
        let id = others.into_iter().filter(|_| found.is_some()).fold(id, |id, other| self.merge(id, other));
        let learns = is_better && found.is_some() && observation.is_witness();
        Some(if learns { self.join_alike(id, observation, likeness?, own_call) } else { id })
    }

    /// The action that an observation means by the ids in it, and what it is to be found by.
    fn meant(&self, observation: &Observation<'_>, state: Option<u64>) -> Meant {
        let keys = self.keys_of(observation);
        let found = match self.reported_as(observation) {
            Reported::As(id) => return Meant { found: Some(id), keys, given: None },
            // Nobody else is to be found by what does not say whom it means.
            Reported::Unclear => return Meant { found: None, keys: Vec::new(), given: None },
            Reported::No => state,
        };
        let is_it = |id: &u64| !self.is_of_another(*id, observation);
        let mut sure = keys.iter().filter(|key| !self.is_claim(**key, observation));
        let given = given::given_again(observation);
        let of = |key: &u64| match given == Some(*key) && observation.is_witness() {
            true => self.nearest_given(*key, observation),
            false => self.keys.get(key).copied(),
        };
        let mut called = || sure.find_map(of).filter(is_it);
        let reported = || self.reported(reporting::key_of(observation)?, observation).filter(is_it);
        let by_id = || called().or_else(reported).filter(|id| self.fits(*id, observation));
        Meant { found: found.or_else(by_id), keys, given }
    }

    /// Whether only an agent's word has a witness's observation belong, by this key, to what other witnesses tell: they joined
    /// that word without naming the key, and may mean another call.
    fn is_claim(&self, key: u64, observation: &Observation<'_>) -> bool {
        let is_witnessed = || self.actions.get(self.keys.get(&key)?).map(Action::is_witnessed);
        observation.is_witness() && self.claimed.contains(&key) && is_witnessed() == Some(true)
    }

    /// Whether an observation may make one of two actions: an agent's own word makes none of what witnesses tell apart.
    fn may_unite(&self, one: u64, other: Option<&u64>, observation: &Observation<'_>) -> bool {
        let is_witnessed = |id| self.actions.get(id).is_some_and(Action::is_witnessed);
        let Some(other) = other.filter(|other| **other != one) else { return true };
        let is_lie = !observation.is_witness() && is_witnessed(&one) && is_witnessed(other);
        !is_lie && !self.is_of_another(*other, observation)
    }

    /// Makes two actions one, under the index that came first.
    fn merge(&mut self, one: u64, other: u64) -> u64 {
        let (id, gone) = (one.min(other), one.max(other));
        if id == gone {
            return id;
        }
        let Some(mut absorbed) = self.actions.remove(&gone) else { return id };
        self.told.leave(gone);
        self.list_open(gone, absorbed.open_in, None);
        // What is left of either may have been handed to the one that is gone just now.
        let kept = self.actions.get(&id).into_iter().flat_map(|action| &action.keys);
        for key in kept.chain(&absorbed.keys) {
            if absorbed.keys.contains(key) || self.keys.get(key) == Some(&gone) {
                self.keys.insert(*key, id);
            }
        }
        for node in &absorbed.nodes {
            self.kin.set_action(*node, Some(id));
        }
        if let Some(started) = absorbed.started {
            self.started.insert(started, id);
        }
        self.hand_on_shared(&absorbed.shared, gone, id);
        self.near.remove(gone);
        let Some(action) = self.actions.get_mut(&id) else { return id };
        action.keys.append(&mut absorbed.keys);
        action.nodes.append(&mut absorbed.nodes);
        action.absorb(absorbed);
        self.near.put(action);
        id
    }

    /// Writes what is known of an action, and remembers whether it is still open.
    fn tell(&mut self, id: u64, told_at: (u64, Micros), overlay: &mut Overlay) {
        let Some(action) = self.actions.get(&id) else { return };
        let is_over = self.is_over(action);
        let session = action.session();
        let Some(action) = self.actions.get_mut(&id) else { return };
        let owner = action.owner();
        let closure = action.tell(is_over, &mut |index, entry| overlay.set(index, entry));
        let was_open_in =
            std::mem::replace(&mut action.open_in, session.filter(|_| closure == Closure::Open));
        let is_open = matches!(closure, Closure::Open | Closure::Asynchronous);
        self.told.note(id, owner, is_open, told_at);
        // An abandoned one may still be told of: then it is looked at again.
        let open_in = session.filter(|_| closure == Closure::Open);
        if let Some(session) = open_in {
            self.touch_session(session, owner, told_at);
        }
        self.list_open(id, was_open_in, open_in);
    }
}

//! Where alerts come in and notifications go out: open alerts, who answered, routing and escalation together.
//!
//! Invariants
//! - One rule and group have at most one open alert.
//! - What changed is told to whoever keeps it ([`Desk::take_changed`]); from that, the same desk is made again.

mod due;

use crate::alert::Change;
use crate::notify::{
    Act, Alert, Config, Dispatcher, Escalations, Muted, Notification, Outside, Override, Raised, Roster,
    Silence, Strategy, Told,
};
use crate::rule::Rule;
use crate::transition::Transition;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Alerts that are open at a time; more are refused and counted.
const OPEN_MAX: usize = 100_000;

/// What names an alert while it is open.
type Key = (String, Vec<(String, String)>);

/// Somebody is to be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    Notify(Notification),
    /// Nobody answered: the next level of the escalation.
    Page {
        alert: Box<Raised>,
        level: usize,
        /// Whether nobody could have answered before.
        at_once: bool,
        receivers: Vec<String>,
        /// Who they are, for people.
        whom: Vec<String>,
        at_us: i64,
    },
    /// What the escalation told of is over.
    Over {
        alert: Box<Raised>,
        receivers: Vec<String>,
        at_us: i64,
    },
}

/// What became of an alert.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    Raised(Raised),
    Resolved(Raised),
}

#[derive(Debug)]
pub struct Desk {
    rules: HashMap<String, Rule>,
    dispatcher: Dispatcher,
    escalations: Escalations,
    open: BTreeMap<String, Raised>,
    places: HashMap<Key, String>,
    /// Alerts that are another than when this was asked last.
    changed: BTreeSet<String>,
    /// Those of them that are over.
    closed: BTreeMap<String, Raised>,
    /// What is over, for those whom the escalation told.
    over: Vec<Due>,
    /// Who was on call in each schedule when that was looked at last, and when.
    on_call: Vec<Option<String>>,
    looked_us: i64,
    /// Alerts that were not taken because there are too many.
    pub refused: u64,
}

/// What has to be kept.
#[derive(Debug, Default)]
pub struct Changed {
    pub alerts: Vec<Raised>,
    pub groups: Vec<(String, Option<Told>)>,
}

impl Desk {
    /// # Errors
    /// When the routing contradicts itself.
    pub fn new(rules: &[Rule], routing: &Config) -> Result<Desk, String> {
        Ok(Desk {
            rules: rules.iter().map(|rule| (rule.id.clone(), rule.clone())).collect(),
            dispatcher: Dispatcher::new(routing)?,
            escalations: Escalations::default(),
            open: BTreeMap::new(),
            places: HashMap::new(),
            changed: BTreeSet::new(),
            closed: BTreeMap::new(),
            over: Vec::new(),
            on_call: Vec::new(),
            looked_us: 0,
            refused: 0,
        })
    }

    /// Takes what was kept: open alerts, what their groups were told, silences, overrides. An override whose schedule or
    /// person is no more is left out.
    pub fn recall(
        &mut self,
        open: Vec<Raised>,
        told: Vec<(String, Told)>,
        silences: Vec<Silence>,
        overrides: Vec<Override>,
    ) {
        overrides.into_iter().for_each(|taken| drop(self.dispatcher.roster.take(taken)));
        for silence in silences {
            // It was checked when it was made.
            if let Err(error) = self.dispatcher.silences.set(silence) {
                debug_assert!(false, "a kept silence was refused: {error}");
            }
        }
        for raised in open {
            self.dispatcher.alert(&raised.alert, raised.alert.starts_us);
            self.places.insert((raised.rule.clone(), raised.group.clone()), raised.id().to_string());
            self.wait(&raised);
            self.open.insert(raised.id().to_string(), raised);
        }
        self.dispatcher.recall(told);
    }

    fn wait(&mut self, raised: &Raised) {
        let answer = raised.acknowledged.clone();
        let named = self.rules.get(&raised.rule).and_then(|rule| rule.ack.escalate.as_deref());
        let policy = self.dispatcher.policy(named, raised.labels(), raised.severity);
        let began_us = raised.escalates_us.unwrap_or(raised.alert.starts_us);
        if self.escalations.resume(raised.id(), policy, began_us, raised.level, answer).is_err() {
            self.refused += 1;
        } else if let Some(until_us) = raised.snoozed_until_us {
            self.escalations.snooze(raised.id(), until_us);
        }
    }

    /// What has to be kept of what changed since this was asked last.
    pub fn take_changed(&mut self) -> Changed {
        let (changed, mut closed) = (std::mem::take(&mut self.changed), std::mem::take(&mut self.closed));
        let alerts = changed
            .iter()
            .filter_map(|id| closed.remove(id).or_else(|| self.open.get(id).cloned()))
            .collect();
        Changed { alerts, groups: self.dispatcher.take_changed() }
    }

    /// Takes what became of a rule's alert.
    pub fn take(&mut self, transition: &Transition) -> Option<News> {
        let key = (transition.rule.clone(), transition.group.clone());
        match transition.change {
            Change::Firing => {
                // A firing that goes on over a restart may be found to have begun later.
                if self.places.contains_key(&key) {
                    return None;
                }
                let rule = self.rules.get(&transition.rule)?;
                let raised = Raised::of(rule, Alert::of(rule, transition)?, transition);
                self.raise(raised, transition.at_us)
            }
            Change::Resolved => {
                let id = self.places.get(&key)?.clone();
                self.end(&id, transition.at_us, transition.flapping).map(News::Resolved)
            }
            _ => None,
        }
    }

    /// Takes an alert that somebody else's rule raised: a new one, one that goes on, or one that ended.
    pub fn outside(&mut self, outside: Outside, now_us: i64) -> Option<News> {
        let group = outside.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let key: Key = (String::new(), group);
        let known = self.places.get(&key).cloned();
        let is_over = outside.expires_us <= now_us;
        match known {
            Some(id) if is_over => self.end(&id, outside.expires_us, false).map(News::Resolved),
            Some(id) => {
                let raised = self.open.get_mut(&id)?;
                raised.expires_us = Some(outside.expires_us);
                if raised.alert.annotations != outside.annotations {
                    raised.alert.annotations = outside.annotations;
                    let alert = raised.alert.clone();
                    self.dispatcher.alert(&alert, now_us);
                }
                self.changed.insert(id);
                None
            }
            None if is_over => None,
            None => self.raise(Raised::from_outside(outside, now_us), now_us),
        }
    }

    fn raise(&mut self, mut raised: Raised, at_us: i64) -> Option<News> {
        raised.alert.suppressed = self.dispatcher.maintained(raised.labels(), at_us, Strategy::Suppress);
        if self.open.len() >= OPEN_MAX {
            self.refused += 1;
            return None;
        }
        self.places.insert((raised.rule.clone(), raised.group.clone()), raised.id().to_string());
        self.wait(&raised);
        self.dispatcher.alert(&raised.alert, at_us);
        self.changed.insert(raised.id().to_string());
        self.open.insert(raised.id().to_string(), raised.clone());
        Some(News::Raised(raised))
    }

    /// Ends an alert whose rule no longer holds, or is no more.
    pub fn end(&mut self, id: &str, at_us: i64, flapping: bool) -> Option<Raised> {
        let mut raised = self.open.remove(id)?;
        self.places.remove(&(raised.rule.clone(), raised.group.clone()));
        // Whoever ended it by hand has said so.
        if raised.alert.ends_us.is_none() {
            raised.alert.ends_us = Some(at_us.max(raised.alert.starts_us));
            raised.note(at_us, "resolved".into(), None, None);
        }
        raised.alert.flapping |= flapping;
        self.escalations.resolve(id);
        if !raised.paged.is_empty() {
            let (alert, receivers) = (Box::new(raised.clone()), raised.paged.clone());
            self.over.push(Due::Over { alert, receivers, at_us });
        }
        self.dispatcher.alert(&raised.alert, at_us);
        self.changed.insert(id.to_string());
        self.closed.insert(id.to_string(), raised.clone());
        Some(raised)
    }

    /// Takes what somebody does about an open alert; nothing when there is none of that id.
    ///
    /// # Errors
    /// When it can't be done, with the reason.
    pub fn act(
        &mut self,
        id: &str,
        act: &Act,
        by: &str,
        note: Option<&str>,
        now_us: i64,
    ) -> Result<Option<Raised>, String> {
        let Some(raised) = self.open.get_mut(id) else { return Ok(None) };
        raised.act(act, by, note, now_us)?;
        self.changed.insert(id.to_string());
        match act {
            Act::Acknowledge => drop(self.escalations.acknowledge(id, by, now_us)),
            Act::Snooze { until_us } => drop(self.escalations.snooze(id, *until_us)),
            Act::Resolve => return Ok(self.end(id, now_us, false)),
            Act::Assign { .. } | Act::Note => {}
        }
        let raised = raised.clone();
        self.dispatcher.alert(&raised.alert, now_us);
        Ok(Some(raised))
    }

    /// Writes into the history of an alert that is open, or ended since it was kept last; false when there is none.
    pub fn remark(&mut self, id: &str, entry: crate::notify::Entry) -> bool {
        let found = self.open.get_mut(id).or_else(|| self.closed.get_mut(id));
        let Some(raised) = found else { return false };
        raised.remark(entry);
        self.changed.insert(id.to_string());
        true
    }

    /// The responses that the rule of an alert names.
    pub fn responses(&self, raised: &Raised) -> &[String] {
        self.rules.get(&raised.rule).map_or(&[][..], |rule| &rule.responses)
    }

    pub fn open(&self) -> impl Iterator<Item = &Raised> {
        self.open.values()
    }

    pub fn get(&self, id: &str) -> Option<&Raised> {
        self.open.get(id)
    }

    pub fn muted(&self, raised: &Raised, now_us: i64) -> Option<Muted> {
        self.dispatcher.muted(&raised.alert, now_us)
    }

    pub fn dispatcher(&self) -> &Dispatcher {
        &self.dispatcher
    }

    pub fn roster(&mut self) -> &mut Roster {
        &mut self.dispatcher.roster
    }

    /// Who is told of an alert: by the routing, and by its rule.
    pub fn receivers(&self, raised: &Raised) -> Vec<String> {
        let mut all = self.dispatcher.receivers(raised.labels());
        all.extend(raised.alert.actions.iter().cloned());
        all.sort();
        all.dedup();
        all
    }

    pub fn silences(&mut self) -> &mut crate::notify::Silences {
        &mut self.dispatcher.silences
    }
}

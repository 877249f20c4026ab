//! Where alerts come in and notifications go out: open alerts, who answered, routing and escalation together.
//!
//! Invariants
//! - One rule and group have at most one open alert.
//! - What changed is told to whoever keeps it ([`Desk::take_changed`]); from that, the same desk is made again.

use crate::alert::Change;
use crate::notify::{
    Act, Alert, Config, Dispatcher, Escalation, Escalations, Muted, Notification, Outside, Raised, Silence,
    Target, Told,
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
            refused: 0,
        })
    }

    /// Takes what was kept: open alerts, what their groups were told, silences.
    pub fn recall(&mut self, open: Vec<Raised>, told: Vec<(String, Told)>, silences: Vec<Silence>) {
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
        let policy = Escalation::of(raised.severity);
        let began_us = raised.alert.starts_us;
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

    fn raise(&mut self, raised: Raised, at_us: i64) -> Option<News> {
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

    /// Ends the alerts from outside that nobody told of again.
    pub fn expire(&mut self, now_us: i64) -> Vec<Raised> {
        let is_over = |raised: &&Raised| raised.expires_us.is_some_and(|expires| expires <= now_us);
        let over = self.open.values().filter(is_over);
        let over: Vec<String> = over.map(|raised| raised.id().to_string()).collect();
        over.iter().filter_map(|id| self.end(id, now_us, false)).collect()
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

    /// Everything that is to be told by now.
    pub fn due(&mut self, now_us: i64) -> Vec<Due> {
        let mut due: Vec<Due> = self.dispatcher.due(now_us).into_iter().map(Due::Notify).collect();
        for page in self.escalations.due(now_us) {
            let Some(raised) = self.open.get_mut(&page.alert) else { continue };
            raised.level = page.level + 1;
            self.changed.insert(page.alert.clone());
            // Whoever must not hear of it now is told by the group when that is over.
            if self.dispatcher.muted(&raised.alert, now_us).is_some() {
                continue;
            }
            // The routing told those at once whom the first level names too.
            let told = if page.level == 0 { self.dispatcher.receivers(raised.labels()) } else { Vec::new() };
            let receivers = page.targets.into_iter().map(|target| match target {
                Target::Schedule(name) | Target::Receiver(name) => name,
            });
            let receivers: Vec<String> = receivers.filter(|name| !told.contains(name)).collect();
            if receivers.is_empty() {
                continue;
            }
            let whom = receivers.join(", ");
            let what = match page.level {
                0 => format!("told {whom}"),
                _ => format!("nobody answered: escalated to {whom}"),
            };
            raised.note(page.at_us, what, None, None);
            let (alert, level, at_us) = (Box::new(raised.clone()), page.level, page.at_us);
            due.push(Due::Page { alert, level, receivers, at_us });
        }
        due
    }

    /// When anything is due next.
    pub fn next_us(&self) -> Option<i64> {
        self.dispatcher.next_us().into_iter().chain(self.escalations.next_us()).min()
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

//! What is seen of alerting: alerts, how each rule is doing, receivers and what was delivered.

use super::{Alerting, Config, Inner};
use crate::clock::now_us;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tacho_alert::notify::{Muted, Raised};
use tacho_alert::{Engine, Health, Severity};
use tacho_event::time::DAY_US;
use tacho_store::StoreError;
use tacho_store::alert_file::{Message, Sending};

/// So many rules that refuse are named.
const NAMED_MAX: usize = 10;

/// How the rules are doing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board {
    pub rules: HashMap<String, RuleState>,
    /// Entries that the rules have seen.
    pub position: u64,
    /// Whether rules follow the log.
    pub running: bool,
    /// Why they do not.
    pub fault: Option<String>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RuleState {
    pub health: Health,
    pub fired_us: Option<i64>,
    /// When it was seen last that it refused more.
    pub refused_us: Option<i64>,
}

/// A receiver's channel, and how it goes.
#[derive(Debug, Clone)]
pub(crate) struct Whom {
    pub kind: &'static str,
    pub place: String,
    pub to: String,
    pub waiting: u64,
    pub sent: u64,
    pub failed: u64,
    /// Told in another message, together with others.
    pub digested: u64,
    pub error: Option<String>,
}

/// A message, as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub message: Message,
    pub told: tacho_deliver::Message,
}

impl Board {
    /// The board after this one.
    pub(super) fn next(
        &self,
        engine: &mut Engine,
        fired: &HashMap<String, i64>,
        position: u64,
        now_us: i64,
    ) -> Board {
        let rules = engine.health().into_iter().map(|(rule, health)| {
            let before = self.rules.get(&rule).copied().unwrap_or_default();
            let refuses = health.refused > 0 && health.refused != before.health.refused;
            let refused_us = if refuses { Some(now_us) } else { before.refused_us };
            let fired_us = fired.get(&rule).copied();
            (rule, RuleState { health, fired_us, refused_us })
        });
        Board { rules: rules.collect(), position, running: true, fault: None }
    }

    /// Which rules had no place for all that they should look at, in the last day.
    fn refusing(&self, now_us: i64) -> Option<String> {
        let recent = |state: &RuleState| state.refused_us.is_some_and(|at| now_us - at < DAY_US);
        let refusing = self.rules.iter().filter(|(_, state)| recent(state));
        let mut named: Vec<String> =
            refusing.map(|(rule, state)| format!("{rule} ({} events)", state.health.refused)).collect();
        named.sort_unstable();
        let more = named.len().saturating_sub(NAMED_MAX);
        named.truncate(NAMED_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!named.is_empty()).then(|| {
            format!(
                "rules have no place for all that they look at and may miss some of it: {}{more}; see who opens or names \
                 so much, or raise the rule's max_groups",
                named.join(", ")
            )
        })
    }
}

/// An alert and what is known of it now.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub raised: Raised,
    pub muted: Option<Muted>,
    pub receivers: Vec<String>,
}

impl Alerting {
    pub(super) fn show(&self, board: Board) {
        *self.board.lock() = Arc::new(board);
    }

    /// Alerting stopped: recording goes on, and whoever looks is told.
    pub(super) fn fail(&self, why: &str) {
        tracing::error!("{why}");
        let mut board = self.board.lock();
        let fault = Some(why.to_string());
        *board = Arc::new(Board { running: false, fault, ..Board::clone(&board) });
    }

    pub(crate) fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board.lock())
    }

    /// What is wrong with alerting; nothing when all is well. It waits for nothing.
    pub(crate) fn faults(&self) -> Vec<String> {
        let board = self.board();
        let wrong = Arc::clone(&self.wrong.lock());
        let refusing = board.refusing(now_us());
        board.fault.iter().chain(wrong.iter()).cloned().chain(refusing).collect()
    }

    /// Notes what is wrong, for those who ask.
    pub(super) fn note(&self, inner: &Inner) {
        let mut wrong = self.wrong.lock();
        let now = inner.fault.iter().chain(&inner.book.errors).chain(&inner.failing);
        if !now.clone().eq(wrong.iter()) {
            *wrong = Arc::new(now.cloned().collect());
        }
    }

    /// The alerts that are open, newest first.
    pub(crate) fn open_alerts(&self) -> Vec<Seen> {
        self.open_alerts_that(usize::MAX, |_| true).0
    }

    /// The newest open alerts that are wanted, and how many are. What mutes an alert is looked for among all that are open, so only for these.
    pub(crate) fn open_alerts_that(
        &self,
        limit: usize,
        wanted: impl Fn(&Raised) -> bool,
    ) -> (Vec<Seen>, usize) {
        let now = now_us();
        let inner = self.inner.lock();
        let mut found: Vec<&Raised> = inner.desk.open().filter(|raised| wanted(raised)).collect();
        found.sort_by_key(|raised| std::cmp::Reverse(raised.alert.starts_us));
        let count = found.len();
        found.truncate(limit);
        let seen = |raised: &Raised| Seen {
            muted: inner.desk.muted(raised, now),
            receivers: inner.desk.receivers(raised),
            raised: raised.clone(),
        };
        (found.into_iter().map(seen).collect(), count)
    }

    /// How many alerts are open, by severity.
    pub(crate) fn open_totals(&self) -> BTreeMap<&'static str, u64> {
        let mut totals: BTreeMap<&'static str, u64> =
            [Severity::Critical, Severity::Warning, Severity::Info].map(|one| (one.as_str(), 0)).into();
        for raised in self.inner.lock().desk.open() {
            *totals.entry(raised.severity.as_str()).or_default() += 1;
        }
        totals
    }

    /// Alerts that are over, newest first.
    pub(crate) fn closed_alerts(&self, limit: u32) -> Result<Vec<Seen>, StoreError> {
        let inner = self.inner.lock();
        let bodies = inner.file.closed_alerts(i64::MAX, limit)?;
        let raised = bodies.iter().filter_map(|body| serde_json::from_str::<Raised>(body).ok());
        Ok(raised
            .map(|raised| Seen { receivers: inner.desk.receivers(&raised), raised, muted: None })
            .collect())
    }

    /// One alert, open or over.
    pub(crate) fn alert(&self, id: &str) -> Result<Option<Seen>, StoreError> {
        let now = now_us();
        let inner = self.inner.lock();
        let raised = match inner.desk.get(id) {
            Some(raised) => Some(raised.clone()),
            None => inner.file.alert(id)?.and_then(|body| serde_json::from_str(&body).ok()),
        };
        Ok(raised.map(|raised| Seen {
            muted: inner.desk.muted(&raised, now).filter(|_| raised.alert.ends_us.is_none()),
            receivers: inner.desk.receivers(&raised),
            raised,
        }))
    }

    /// Every channel of every receiver; a receiver without one is told on the dashboard only.
    pub(crate) fn receivers(&self) -> Result<Vec<(String, Vec<Whom>)>, StoreError> {
        let inner = self.inner.lock();
        let counts = inner.file.counts()?;
        let newest = inner.file.newest(1000)?;
        let of = |lane: &str, state| {
            counts.iter().filter(|(l, s, _)| l == lane && *s == state).map(|(_, _, count)| count).sum()
        };
        let names = inner.book.routing.names();
        let receivers = names.into_iter().map(|receiver| {
            let channels = inner.channels.get(&receiver).map_or(&[][..], Vec::as_slice);
            let whom = channels.iter().map(|channel| {
                let lane = format!("{receiver}/{}", channel.place);
                let last = newest.iter().find(|message| message.lane == lane);
                Whom {
                    kind: channel.kind,
                    place: channel.place.clone(),
                    to: channel.to(),
                    waiting: of(&lane, Sending::Waiting),
                    sent: of(&lane, Sending::Sent),
                    failed: of(&lane, Sending::Failed),
                    digested: of(&lane, Sending::Digested),
                    error: last
                        .filter(|last| last.state != Sending::Digested)
                        .and_then(|last| last.error.clone()),
                }
            });
            let whom = whom.collect();
            (receiver, whom)
        });
        Ok(receivers.collect())
    }

    /// Messages by channel and state.
    pub(crate) fn messages(&self) -> Result<Vec<(String, Sending, u64)>, StoreError> {
        self.inner.lock().file.counts()
    }

    /// The newest messages.
    pub(crate) fn deliveries(&self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let messages = self.inner.lock().file.newest(limit)?;
        let read = |message: Message| {
            let told = serde_json::from_str(&message.body).ok()?;
            Some(Delivery { told, message })
        };
        Ok(messages.into_iter().filter_map(read).collect())
    }

    /// Forgets what is over and older than the configuration says.
    pub(super) fn forget(&self) {
        let Config { keep_days, .. } = self.config;
        let before_us = now_us() - i64::from(keep_days) * DAY_US;
        if let Err(error) = self
            .inner
            .lock()
            .file
            .forget(before_us, &[super::THREAD, super::RECEIPT, super::responses::RESPONSE])
        {
            tracing::error!(%error, "old alerts can't be forgotten");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tacho_alert::row::Sample;

    #[test]
    fn a_rule_that_refuses_is_a_fault_for_a_day() {
        let text = "id: many\nmax_groups: 1\nquery: agent_audit_log | count() by agent_id | count > 9\n";
        let mut engine = Engine::new(tacho_alert::read("r", text).unwrap()).unwrap();
        let mut seen = |board: &Board, agents: &[&str], now_us: i64| {
            for agent in agents {
                let members = json!({"agent_id": agent});
                engine.observe(&Sample::new(0, now_us, members.as_object().unwrap()).unwrap());
            }
            board.next(&mut engine, &HashMap::new(), 0, now_us)
        };
        let board = seen(&Board::default(), &["a", "a"], 1);
        assert_eq!(board.refusing(1), None);
        let board = seen(&board, &["b", "c"], 2);
        let fault = board.refusing(DAY_US).unwrap();
        assert!(fault.contains("many (2 events)") && fault.contains("max_groups"), "{fault}");
        let board = seen(&board, &[], DAY_US);
        assert_eq!(board.refusing(DAY_US + 2), None, "it refused nothing more");
    }

    #[test]
    fn of_many_rules_that_refuse_some_are_named() {
        let state = RuleState { refused_us: Some(0), ..RuleState::default() };
        let rules = (0..NAMED_MAX + 3).map(|n| (format!("rule-{n:02}"), state)).collect();
        let fault = Board { rules, ..Board::default() }.refusing(0).unwrap();
        assert!(fault.contains("rule-09 (0 events) and 3 more;") && !fault.contains("rule-10"), "{fault}");
    }
}

//! The start: what the rules have to remember is read again, and what fires is compared with what is kept as open.

use super::{STEP, Worker, behind};
use crate::alerting::{Book, past, tell};
use crate::clock::now_us;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use tacho_alert::{Change, Engine, Labels, Transition};
use tokio::sync::watch;

impl Worker {
    /// Makes the engine, and lets it read what it has to remember. False when the server stops meanwhile.
    pub(super) fn begin(
        &mut self,
        book: &Book,
        position: Option<(u64, i64)>,
        stopping: &watch::Receiver<bool>,
    ) -> Result<bool, Box<dyn Error>> {
        let calls = Arc::clone(self.app.node.concluded());
        self.engine = Engine::new(book.rules.clone())?.with_calls(calls);
        self.expect();
        let size = self.app.node.status().size();
        let snapshot = self.app.node.snapshot_blocking(size);
        // What came while nobody followed raises alerts; what came before only explains them.
        let (known, clock_us) = position.unwrap_or_else(|| (snapshot.size, behind()));
        let known = known.min(snapshot.size);
        let since = past::index_at(&snapshot, clock_us - self.engine.memory_us())?;
        let first = since.max(known.saturating_sub(self.alerting.config().look_back)).min(known);
        drop(snapshot);
        let mut before: HashMap<(String, Labels), Transition> = HashMap::new();
        self.next = first;
        let mut retold = self.app.node.concluded().retold();
        while self.next < known {
            if *stopping.borrow() {
                return Ok(false);
            }
            self.read(self.next..(self.next + STEP).min(known), &mut retold)?;
            for transition in self.engine.transitions() {
                self.fired(&transition);
                let key = (transition.rule.clone(), transition.group.clone());
                match transition.change {
                    Change::Firing => drop(before.insert(key, transition)),
                    Change::Resolved => drop(before.remove(&key)),
                    _ => {}
                }
            }
        }
        self.engine.advance(clock_us);
        let late = self.engine.transitions();
        self.compare(before, &late);
        tracing::info!(rules = book.rules.len(), from = first, position = known, "alert rules are followed");
        Ok(true)
    }

    /// Compares what fires with what is kept as open: after a restart both may have changed.
    fn compare(&mut self, before: HashMap<(String, Labels), Transition>, late: &[Transition]) {
        let firing = self.engine.firing();
        let now = now_us();
        let mut inner = self.alerting.inner.lock();
        let is_firing = |rule: &str, group: &Labels| firing.iter().any(|(r, g)| r == rule && g == group);
        let gone: Vec<String> = inner
            .desk
            .open()
            .filter(|raised| !raised.is_from_outside() && !is_firing(&raised.rule, &raised.group))
            .filter(|raised| !inner.goes_on(&raised.rule, &raised.group))
            .map(|raised| raised.id().to_string())
            .collect();
        for id in gone {
            if let Some(raised) = inner.desk.end(&id, now, false) {
                inner.pending.sayings.push(tell::resolved(&raised));
            }
        }
        drop(inner);
        let mut begun: Vec<Transition> = before.into_values().collect();
        begun.extend(late.iter().filter(|transition| transition.change == Change::Firing).cloned());
        begun.retain(|transition| is_firing(&transition.rule, &transition.group));
        begun.sort_by_key(|transition| transition.at_us);
        // One that somebody has ended by hand, or that was over before, is not raised a second time.
        let inner = self.alerting.inner.lock();
        begun
            .retain(|transition| inner.file.alert(&transition.alert_id()).is_ok_and(|known| known.is_none()));
        drop(inner);
        self.take(&begun);
        self.save();
    }
}

//! Whom the desk has to tell, when their time has come.

use super::{Desk, Due};
use crate::notify::{Alert, Page, Raised};

const MINUTE_US: i64 = 60_000_000;

impl Desk {
    /// Ends the alerts from outside that nobody told of again.
    pub fn expire(&mut self, now_us: i64) -> Vec<Raised> {
        let is_over = |raised: &&Raised| raised.expires_us.is_some_and(|expires| expires <= now_us);
        let over = self.open.values().filter(is_over);
        let over: Vec<String> = over.map(|raised| raised.id().to_string()).collect();
        over.iter().filter_map(|id| self.end(id, now_us, false)).collect()
    }

    /// Everything that is to be told by now.
    pub fn due(&mut self, now_us: i64) -> Vec<Due> {
        let mut due: Vec<Due> = self.dispatcher.due(now_us).into_iter().map(Due::Notify).collect();
        due.extend(self.wake(now_us));
        // Whoever must not hear of it now hears of it when that is over.
        let (open, dispatcher) = (&self.open, &self.dispatcher);
        let is_muted = |id: &str, at_us: i64| {
            open.get(id).is_some_and(|raised| dispatcher.is_held(&raised.alert, at_us))
        };
        let pages = self.escalations.due(now_us, &is_muted);
        due.extend(pages.into_iter().filter_map(|page| self.page(page)));
        if self.turned(now_us) {
            due.extend(self.hand_over(now_us));
        }
        due.append(&mut self.over);
        due
    }

    /// What was muted when its next level was due is told to its groups first, as soon as that is over.
    fn wake(&mut self, now_us: i64) -> Vec<Due> {
        let held = self.escalations.held().filter_map(|id| self.open.get(id)).map(|raised| &raised.alert);
        let loud = held.filter(|alert| !self.dispatcher.is_held(alert, now_us));
        let loud: Vec<Alert> = loud.cloned().collect();
        loud.iter().flat_map(|alert| self.dispatcher.wake(alert, now_us)).map(Due::Notify).collect()
    }

    fn page(&mut self, page: Page) -> Option<Due> {
        let raised = self.open.get_mut(&page.alert)?;
        raised.level = page.level + 1;
        raised.escalates_us = Some(page.began_us).filter(|began_us| *began_us != raised.alert.starts_us);
        self.changed.insert(page.alert.clone());
        let mut found = self.dispatcher.roster.find(&page.targets, page.at_us);
        // The routing told those at once whom a level without delay names too.
        if page.at_once {
            let told = self.dispatcher.reached(raised.labels(), page.at_us);
            found.receivers.retain(|name| !told.contains(name));
        }
        let whom = found.whom.join(", ");
        if found.receivers.is_empty() {
            // That the routing tells them is nothing to note; that nobody was on call is.
            if !page.at_once {
                raised.note(
                    page.at_us,
                    format!("nobody answered, and there is nobody to escalate to: {whom}"),
                    None,
                    None,
                );
            }
            return None;
        }
        let what = match page.at_once {
            true => format!("told {whom}"),
            false => format!("nobody answered: escalated to {whom}"),
        };
        raised.note(page.at_us, what, None, None);
        raised.paged.extend(found.receivers.clone());
        raised.paged.sort();
        raised.paged.dedup();
        let (alert, level, at_us) = (Box::new(raised.clone()), page.level, page.at_us);
        let (at_once, receivers) = (page.at_once, found.receivers);
        Some(Due::Page { alert, level, at_once, receivers, whom: found.whom, at_us })
    }

    /// Whether to look who came on call: when somebody else is, and each minute, for what was muted when that happened.
    fn turned(&mut self, now_us: i64) -> bool {
        let roster = &self.dispatcher.roster;
        let on_call = |name: &String| roster.on_call(name, now_us).map(str::to_string);
        let now: Vec<_> = roster.schedules().map(|schedule| on_call(&schedule.name)).collect();
        let turned = !now.is_empty() && (now != self.on_call || now_us >= self.looked_us + MINUTE_US);
        if turned {
            (self.on_call, self.looked_us) = (now, now_us);
        }
        turned
    }

    /// Whoever came on call is told of what was told before them and nobody answered: by the routing, and by the escalation.
    fn hand_over(&mut self, now_us: i64) -> Vec<Due> {
        let open = &self.open;
        let heard = |id: &str, receiver: &str| {
            open.get(id).is_some_and(|raised| raised.paged.iter().any(|paged| paged == receiver))
        };
        let mut out: Vec<Due> =
            self.dispatcher.hand_over(now_us, &heard).into_iter().map(Due::Notify).collect();
        let waiting: Vec<_> =
            self.escalations.unanswered(now_us).map(|(id, at, all)| (id.to_string(), at, all)).collect();
        for (id, level, targets) in waiting {
            let Some(raised) = self.open.get_mut(&id).filter(|raised| !raised.paged.is_empty()) else {
                continue;
            };
            if self.dispatcher.is_held(&raised.alert, now_us) {
                continue;
            }
            let mut found = self.dispatcher.roster.find(&targets, now_us);
            let told = self.dispatcher.reached(raised.labels(), now_us);
            found.receivers.retain(|name| !told.contains(name) && !raised.paged.contains(name));
            if found.receivers.is_empty() {
                continue;
            }
            raised.note(now_us, format!("handed over: {}", found.whom.join(", ")), None, None);
            raised.paged.extend(found.receivers.clone());
            raised.paged.sort();
            self.changed.insert(id);
            let (alert, receivers) = (Box::new(raised.clone()), found.receivers);
            out.push(Due::Page { alert, level, at_once: false, receivers, whom: found.whom, at_us: now_us });
        }
        out
    }

    /// What is to be told of alerts that are over: it is asked for where they end by hand, so that it is kept with that.
    pub fn take_over(&mut self) -> Vec<Due> {
        std::mem::take(&mut self.over)
    }

    /// When anything is due next.
    pub fn next_us(&self) -> Option<i64> {
        self.dispatcher.next_us().into_iter().chain(self.escalations.next_us()).min()
    }
}

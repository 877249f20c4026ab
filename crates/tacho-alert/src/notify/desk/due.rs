//! Whom the desk has to tell, when their time has come.

use super::{Desk, Due};
use crate::notify::{Page, Raised};

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
        // Whoever must not hear of it now hears of it when that is over.
        let (open, dispatcher) = (&self.open, &self.dispatcher);
        let is_muted = |id: &str, at_us: i64| {
            open.get(id).is_some_and(|raised| dispatcher.muted(&raised.alert, at_us).is_some())
        };
        let pages = self.escalations.due(now_us, &is_muted);
        due.extend(pages.into_iter().filter_map(|page| self.page(page)));
        due.append(&mut self.over);
        due
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

    /// What is to be told of alerts that are over: it is asked for where they end by hand, so that it is kept with that.
    pub fn take_over(&mut self) -> Vec<Due> {
        std::mem::take(&mut self.over)
    }

    /// When anything is due next.
    pub fn next_us(&self) -> Option<i64> {
        self.dispatcher.next_us().into_iter().chain(self.escalations.next_us()).min()
    }
}

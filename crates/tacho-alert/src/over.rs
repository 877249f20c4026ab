//! An alert that somebody ended by hand: what its rule remembers counts as told, and what comes later is new.
//!
//! Invariants
//! - It is ended at a moment, not at its place on the log: what is recorded between the two is new as well.
//! - The firing that follows begins after that moment, so that it has a name of its own.

use crate::alert::{Change, State};
use crate::group::Labels;
use crate::notify::{LabelSet, name_of};
use crate::rule::Every;
use crate::run::{Now, Run};
use crate::tick::no_data_labels;

/// That an alert is over, as somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// The alert's id.
    pub alert: String,
    pub rule: String,
    /// What names the group; there may be more in it.
    pub group: LabelSet,
    /// When it was said.
    pub at_us: i64,
}

impl Over {
    pub(crate) fn names(&self, rule: &str, group: &Labels, episode_us: i64) -> bool {
        name_of(rule, group, episode_us) == self.alert
    }

    pub(crate) fn is_about(&self, rule: &str, group: &Labels) -> bool {
        self.rule == rule && group.iter().all(|(name, value)| self.group.get(name) == Some(value))
    }
}

impl Run {
    /// Ends the alerts that fire and are meant; whether there was one.
    pub(crate) fn resolve(
        &mut self,
        over_us: i64,
        is_meant: &dyn Fn(&str, &Labels, i64) -> bool,
        now: &mut Now<'_>,
    ) -> bool {
        // Lent out, so that the rest of the rule can be read while alerts change.
        let mut groups = self.groups.lend();
        let mut chains = self.chains.lend();
        let (mut no_data, silent) = (self.no_data, no_data_labels());
        let of_groups = groups.iter_mut().map(|group| (&mut group.alert, &group.labels));
        let of_chains = chains.iter_mut().map(|chain| (&mut chain.alert, &chain.labels));
        let mut found = false;
        for (alert, labels) in of_groups.chain(of_chains).chain([(&mut no_data, &silent)]) {
            let fires = alert.state == State::Firing;
            if fires && is_meant(&self.rule.id, labels, alert.episode_us) && alert.resolve(over_us) {
                found = true;
                let window = (over_us - self.rule.window_us, over_us);
                self.tell(Change::Resolved, alert, labels, Vec::new(), window, Vec::new(), now);
            }
        }
        (self.groups, self.chains, self.no_data) = (groups, chains, no_data);
        // What came since it was said is raised at once by a rule that looks at each event.
        if found && self.rule.every == Every::Stream {
            self.tick(now.clock_us - self.rule.lag_us, now);
        }
        found
    }
}

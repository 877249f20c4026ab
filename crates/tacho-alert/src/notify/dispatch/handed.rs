//! Whoever comes on call while an alert goes on that nobody answered hears of it then, not with the next repetition.

use super::{Dispatcher, Group, Notice, Notification};
use crate::notify::{Alert, Roster};

impl Dispatcher {
    /// What is to be told to those who came on call, and did not hear of it otherwise: `heard` says of which alert, by its
    /// id, a receiver did. What is muted is left for later.
    pub(crate) fn hand_over(&mut self, at_us: i64, heard: &dyn Fn(&str, &str) -> bool) -> Vec<Notification> {
        let told = self
            .groups
            .iter()
            .filter(|(_, group)| !group.told.is_empty() && self.roster.is_of_schedule(&group.route.receiver));
        let told: Vec<String> = told.map(|(key, _)| key.clone()).collect();
        let mut out = Vec::new();
        for key in told {
            let Some(mut group) = self.groups.remove(&key) else { continue };
            if !self.is_quiet(&group.route, at_us) {
                let loud = group.alerts.values().filter(|alert| self.muted(alert, at_us).is_none());
                let firing: Vec<Alert> = loud.filter(|alert| alert.ends_us.is_none()).cloned().collect();
                let news = group.hand_over(&key, &self.roster, &firing, heard, at_us);
                if !news.is_empty() {
                    self.changed.insert(key.clone());
                    out.extend(news);
                }
            }
            self.groups.insert(key, group);
        }
        out
    }
}

impl Group {
    /// The repetition for those who are reached now and were not before, when it was told and nobody answered. When the
    /// others are told again stays as it is.
    fn hand_over(
        &mut self,
        key: &str,
        roster: &Roster,
        firing: &[Alert],
        heard: &dyn Fn(&str, &str) -> bool,
        at_us: i64,
    ) -> Vec<Notification> {
        let waits = |alert: &&Alert| {
            self.told.contains(&alert.key()) && alert.quiet_until_us.is_none_or(|until| until <= at_us)
        };
        let firing: Vec<Alert> = firing.iter().filter(waits).cloned().collect();
        // Of what was told long ago nobody may know who heard it.
        if firing.is_empty() || self.reached.is_empty() {
            return Vec::new();
        }
        let reached = roster.reach(&self.route.receiver, at_us).into_iter();
        let knows = |name: &String| firing.iter().all(|alert| heard(&alert.id, name));
        let new: Vec<String> = reached.filter(|name| !self.reached.contains(name) && !knows(name)).collect();
        self.reached.extend(new.iter().cloned());
        let told = |receiver: String| Notification {
            receiver,
            notice: Notice::Repeated,
            at_us,
            began_us: self.began_us.unwrap_or(at_us),
            group_key: key.to_string(),
            group_labels: self.labels.clone(),
            firing: firing.clone(),
            resolved: Vec::new(),
        };
        new.into_iter().map(told).collect()
    }
}

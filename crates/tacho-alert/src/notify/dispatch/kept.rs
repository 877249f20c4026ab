//! What routing keeps over a restart.

use super::Dispatcher;
use crate::notify::Alert;
use std::collections::BTreeSet;

/// What was told of a group: with the alerts that are open, all that has to be kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Told {
    /// The alerts that were told as firing, by their labels.
    firing: BTreeSet<String>,
    at_us: Option<i64>,
    began_us: Option<i64>,
    next_us: i64,
    /// Who was told.
    #[serde(default)]
    reached: BTreeSet<String>,
    /// Alerts that ended and were not told as resolved yet.
    owed: Vec<Alert>,
}

impl Dispatcher {
    /// What has to be kept of the groups that changed since this was asked last; nothing for those that are gone.
    pub fn take_changed(&mut self) -> Vec<(String, Option<Told>)> {
        let changed = std::mem::take(&mut self.changed);
        let kept = |key: String| {
            let told = self.groups.get(&key).map(|group| Told {
                firing: group.told.clone(),
                at_us: group.told_us,
                began_us: group.began_us,
                next_us: group.next_us,
                reached: group.reached.clone(),
                owed: group.alerts.values().filter(|alert| alert.ends_us.is_some()).cloned().collect(),
            });
            (key, told)
        };
        changed.into_iter().map(kept).collect()
    }

    /// Takes what was kept, after the alerts that are open. Groups of a routing that is no more are left out.
    pub fn recall(&mut self, kept: Vec<(String, Told)>) {
        for (key, told) in kept {
            for alert in &told.owed {
                // Only one that fires makes a group.
                self.alert(&Alert { ends_us: None, ..alert.clone() }, told.next_us);
                self.alert(alert, told.next_us);
            }
            if let Some(group) = self.groups.get_mut(&key) {
                (group.told, group.told_us, group.next_us) = (told.firing, told.at_us, told.next_us);
                (group.began_us, group.reached) = (told.began_us, told.reached);
            } else {
                self.changed.insert(key);
            }
        }
    }
}

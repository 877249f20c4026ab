//! What a group has to tell when its time has come.

use super::{Dispatcher, Group, Muted, Notice, Notification};
use crate::notify::route::Route;
use crate::notify::{Alert, Roster};
use std::collections::BTreeSet;

impl Dispatcher {
    /// What a group has to tell at a moment: one notification for each receiver that is reached.
    pub(super) fn flush(&mut self, key: &str, at_us: i64) -> Vec<Notification> {
        let Some(mut group) = self.groups.remove(key) else { return Vec::new() };
        self.changed.insert(key.to_string());
        group.next_us = at_us + group.route.group_interval_us;
        let quiet = self.is_quiet(&group.route, at_us);
        let mut told = BTreeSet::new();
        let (mut firing, mut resolved) = (Vec::new(), Vec::new());
        for (name, alert) in &group.alerts {
            let muted = self.muted(alert, at_us);
            let loud = !quiet && muted.is_none();
            match alert.ends_us {
                None if loud => {
                    told.insert(name.as_str());
                    firing.push((name.as_str(), alert));
                }
                // Told before, muted now: it is not news that it goes on.
                None if group.told.contains(name) => {
                    told.insert(name);
                }
                None => {}
                // That it is over is told during maintenance too.
                Some(_) if loud || (!quiet && matches!(muted, Some(Muted::Maintained(_)))) => {
                    resolved.extend(group.told.contains(name).then_some((name.as_str(), alert)));
                }
                Some(_) => {}
            }
        }
        let notice = group.notice(&firing, &resolved, at_us);
        // Most often there is none: a group of thousands is copied only when it is told of.
        let news = notice.map(|notice| {
            let owned = |alerts: &[(&str, &Alert)]| -> Vec<Alert> {
                alerts.iter().map(|(_, alert)| (*alert).clone()).collect()
            };
            let mut told: BTreeSet<String> = told.iter().map(|name| name.to_string()).collect();
            if quiet {
                let stays =
                    |name: &&String| group.alerts.get(*name).is_some_and(|a| Group::stays(a, true, quiet));
                told.extend(group.told.iter().filter(stays).cloned());
            }
            let reached = group.reach(&self.roster, !firing.is_empty(), !resolved.is_empty(), at_us);
            (notice, owned(&firing), owned(&resolved), told, reached)
        });
        self.held -= group.forget(quiet);
        let mut out = Vec::new();
        if let Some((notice, firing, resolved, told, reached)) = news {
            group.told = told;
            group.told_us = Some(at_us);
            let began_us = *group.began_us.get_or_insert(at_us);
            group.reached.extend(reached.iter().cloned());
            let told = |receiver: String| Notification {
                receiver,
                notice,
                at_us,
                began_us,
                group_key: key.to_string(),
                group_labels: group.labels.clone(),
                firing: firing.clone(),
                resolved: resolved.clone(),
            };
            out.extend(reached.into_iter().map(told));
        }
        if !group.alerts.is_empty() {
            self.groups.insert(key.to_string(), group);
        }
        out
    }

    /// Tells the groups of an alert that have waited for it longer than their `group_wait` and were not told of it.
    pub(crate) fn wake(&mut self, alert: &Alert, at_us: i64) -> Vec<Notification> {
        let name = alert.key();
        let waits = |group: &Group| {
            group.alerts.contains_key(&name)
                && !group.told.contains(&name)
                && at_us >= alert.starts_us.saturating_add(group.route.group_wait_us)
                && !self.is_quiet(&group.route, at_us)
        };
        let waiting = self.groups.iter().filter(|(_, group)| waits(group));
        let waiting: Vec<String> = waiting.map(|(key, _)| key.clone()).collect();
        waiting.iter().flat_map(|key| self.flush(key, at_us)).collect()
    }

    /// The time intervals because of which a place in the tree tells nobody at a moment.
    fn hours<'a>(&self, route: &'a Route, at_us: i64) -> impl Iterator<Item = &'a String> {
        let is_on = |name: &&String| {
            let mut intervals = self.tree.intervals.get(*name).into_iter().flatten();
            intervals.any(|interval| interval.contains(at_us))
        };
        let mute = route.mute.iter().filter(is_on).collect::<Vec<_>>();
        let idle = if route.active.iter().any(|name| is_on(&name)) { &[][..] } else { &route.active[..] };
        mute.into_iter().chain(idle)
    }

    pub(super) fn is_quiet(&self, route: &Route, at_us: i64) -> bool {
        self.hours(route, at_us).next().is_some()
    }

    /// The time intervals because of which somebody whom an alert concerns is not told at a moment.
    pub fn quiet(&self, alert: &Alert, at_us: i64) -> BTreeSet<String> {
        self.places(alert).into_iter().flat_map(|route| self.hours(route, at_us)).cloned().collect()
    }

    /// Whether nobody is told of an alert at a moment: it is muted, or each of its places in the tree has quiet hours.
    pub(crate) fn is_held(&self, alert: &Alert, at_us: i64) -> bool {
        let places = self.places(alert);
        let all_quiet = !places.is_empty() && places.iter().all(|route| self.is_quiet(route, at_us));
        all_quiet || self.muted(alert, at_us).is_some()
    }

    /// The places in the tree that tell of an alert.
    fn places(&self, alert: &Alert) -> Vec<&Route> {
        let mut routes = Vec::new();
        self.tree.root.find(&alert.labels, &mut routes);
        if !alert.actions.is_empty() {
            routes.push(&self.tree.root);
        }
        routes
    }
}

impl Group {
    /// Whether an alert stays in the group: what ended is told now, or never; a mute of the whole group keeps it until
    /// that is over.
    fn stays(alert: &Alert, was_told: bool, quiet: bool) -> bool {
        alert.ends_us.is_none() || (quiet && was_told)
    }

    /// Lets go of what does not stay, and says how many these were.
    fn forget(&mut self, quiet: bool) -> usize {
        let (before, told) = (self.alerts.len(), &self.told);
        self.alerts.retain(|name, alert| Group::stays(alert, told.contains(name), quiet));
        before - self.alerts.len()
    }

    /// The first moment of the group's intervals after `now_us`, which is not before `next_us`.
    pub(super) fn first_after(&self, now_us: i64) -> i64 {
        let step = self.route.group_interval_us.max(1);
        self.next_us.saturating_add(((now_us - self.next_us) / step + 1).saturating_mul(step))
    }

    /// The first moment of the group's intervals, from `next_us` on, at which time alone can bring something to tell.
    /// Where all was told and goes on that is the repetition; what is answered waits for the end of its rest.
    pub(super) fn wakes_us(&self) -> i64 {
        let goes_on = |(name, alert): (&String, &Alert)| alert.ends_us.is_none() && self.told.contains(name);
        let Some(told_us) = self.told_us.filter(|_| self.alerts.iter().all(goes_on)) else {
            return self.next_us;
        };
        let rests = self.alerts.values().map(|alert| alert.quiet_until_us.unwrap_or(i64::MIN)).min();
        let wakes = told_us.saturating_add(self.route.repeat_interval_us).max(rests.unwrap_or(i64::MIN));
        let (late, step) = (wakes.saturating_sub(self.next_us).max(0), self.route.group_interval_us.max(1));
        self.next_us.saturating_add((late / step + i64::from(late % step > 0)).saturating_mul(step))
    }

    /// Who is told: whoever is reached now of what fires, and everybody who was told before of what is over.
    fn reach(&self, roster: &Roster, fires: bool, ended: bool, at_us: i64) -> Vec<String> {
        let mut all = if fires { roster.reach(&self.route.receiver, at_us) } else { Vec::new() };
        if ended {
            let before = self.reached.iter().filter(|name| !all.contains(name));
            all.extend(before.cloned().collect::<Vec<_>>());
        }
        if all.is_empty() { roster.reach(&self.route.receiver, at_us) } else { all }
    }

    /// What kind of news it is, if it is any: alerts by name.
    fn notice(&self, firing: &[(&str, &Alert)], resolved: &[(&str, &Alert)], at_us: i64) -> Option<Notice> {
        let new = firing.iter().filter(|(name, _)| !self.told.contains(*name));
        let (mut new, mut ended) = (new.peekable(), resolved.iter().peekable());
        let Some(told_us) = self.told_us.filter(|_| !self.told.is_empty()) else {
            return new.peek().map(|_| Notice::First);
        };
        let unanswered = |alert: &Alert| alert.quiet_until_us.is_none_or(|until| until <= at_us);
        if at_us >= told_us + self.route.repeat_interval_us
            && firing.iter().any(|(_, alert)| unanswered(alert))
        {
            return Some(Notice::Repeated);
        }
        if new.any(|(_, alert)| !alert.flapping) {
            return Some(Notice::Changed);
        }
        if ended.peek().is_some() && (firing.is_empty() || ended.any(|(_, alert)| !alert.flapping)) {
            return Some(if firing.is_empty() { Notice::Resolved } else { Notice::Changed });
        }
        None
    }
}

//! What a group has to tell when its time has come.

use super::{Dispatcher, Group, Muted, Notice, Notification};
use crate::notify::route::Route;
use crate::notify::{Alert, Roster};
use std::collections::{BTreeMap, BTreeSet};

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
                    told.insert(name.clone());
                    firing.push(alert.clone());
                }
                // Told before, muted now: it is not news that it goes on.
                None if group.told.contains(name) => {
                    told.insert(name.clone());
                }
                None => {}
                // That it is over is told during maintenance too.
                Some(_) if loud || (!quiet && matches!(muted, Some(Muted::Maintained(_)))) => {
                    resolved.extend(group.told.contains(name).then(|| alert.clone()));
                }
                Some(_) => {}
            }
        }
        let notice = group.notice(&firing, &resolved, at_us);
        // What ended is told now, or never; a mute of the whole group keeps it until that is over.
        let owed =
            |name: &String, alert: &Alert| alert.ends_us.is_none() || (quiet && group.told.contains(name));
        let kept: BTreeMap<String, Alert> = group
            .alerts
            .iter()
            .filter(|(name, alert)| owed(name, alert))
            .map(|(n, a)| (n.clone(), a.clone()))
            .collect();
        if quiet {
            told.extend(group.told.iter().filter(|name| kept.contains_key(*name)).cloned());
        }
        let labels = group.labels.clone();
        let reached = group.reach(&self.roster, &firing, &resolved, at_us);
        self.held -= group.alerts.len() - kept.len();
        group.alerts = kept;
        if notice.is_some() {
            group.told = told;
            group.told_us = Some(at_us);
            group.began_us.get_or_insert(at_us);
            group.reached.extend(reached.iter().cloned());
        }
        let began_us = group.began_us.unwrap_or(at_us);
        if !group.alerts.is_empty() {
            self.groups.insert(key.to_string(), group);
        }
        let Some(notice) = notice else { return Vec::new() };
        let told = |receiver: String| Notification {
            receiver,
            notice,
            at_us,
            began_us,
            group_key: key.to_string(),
            group_labels: labels.clone(),
            firing: firing.clone(),
            resolved: resolved.clone(),
        };
        reached.into_iter().map(told).collect()
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
    /// Who is told: whoever is reached now of what fires, and everybody who was told before of what is over.
    fn reach(&self, roster: &Roster, firing: &[Alert], resolved: &[Alert], at_us: i64) -> Vec<String> {
        let mut all = if firing.is_empty() { Vec::new() } else { roster.reach(&self.route.receiver, at_us) };
        if !resolved.is_empty() {
            let before = self.reached.iter().filter(|name| !all.contains(name));
            all.extend(before.cloned().collect::<Vec<_>>());
        }
        if all.is_empty() { roster.reach(&self.route.receiver, at_us) } else { all }
    }

    fn notice(&self, firing: &[Alert], resolved: &[Alert], at_us: i64) -> Option<Notice> {
        let new = firing.iter().filter(|alert| !self.told.contains(&alert.key()));
        let (mut new, mut ended) = (new.peekable(), resolved.iter().peekable());
        let Some(told_us) = self.told_us.filter(|_| !self.told.is_empty()) else {
            return new.peek().map(|_| Notice::First);
        };
        let unanswered = |alert: &Alert| alert.quiet_until_us.is_none_or(|until| until <= at_us);
        if at_us >= told_us + self.route.repeat_interval_us && firing.iter().any(unanswered) {
            return Some(Notice::Repeated);
        }
        if new.any(|alert| !alert.flapping) {
            return Some(Notice::Changed);
        }
        if ended.peek().is_some() && (firing.is_empty() || ended.any(|alert| !alert.flapping)) {
            return Some(if firing.is_empty() { Notice::Resolved } else { Notice::Changed });
        }
        None
    }
}

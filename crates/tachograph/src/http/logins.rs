//! Failed logins on their way to the log: added up by address, so that a flood of them fills neither memory nor log.
//!
//! *Limits*: one event an address and [`EVERY`], [`ADDRESSES_MAX`] addresses at a time; what comes from more of them is
//! told together.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// An address is told of at most this often.
const EVERY: Duration = Duration::from_secs(60);
const ADDRESSES_MAX: usize = 64;

/// Why a request was refused before anything was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    NoKey,
    UnknownKey,
    /// The key's role does not allow it.
    Role,
    /// Without keys: a web page, or a name that was pointed at this machine.
    Elsewhere,
}

/// A refused request, as the answer carries it to whoever counts.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub why: Why,
    /// The name of the key, when it is known.
    pub key: Option<String>,
}

/// What one address failed with since it was last told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    pub count: u64,
    /// By [`Why`], in its order.
    pub by_reason: [u64; 4],
    /// Route and key of the last one.
    pub route: String,
    pub key: Option<String>,
}

impl Failures {
    fn add(&mut self, refusal: &Refusal, route: &str) {
        self.count += 1;
        self.by_reason[refusal.why as usize] += 1;
        self.route = route.to_string();
        self.key.clone_from(&refusal.key);
    }
}

#[derive(Debug, Default)]
struct Address {
    failures: Failures,
    told: Option<Instant>,
}

/// Failed logins that wait to be told. `None` stands for all addresses that found no place of their own.
#[derive(Debug, Default)]
pub(crate) struct Logins(Mutex<HashMap<Option<IpAddr>, Address>>);

impl Logins {
    pub(crate) fn note(&self, from: Option<IpAddr>, refusal: &Refusal, route: &str) {
        let mut all = self.0.lock();
        let known = all.contains_key(&from) || all.len() < ADDRESSES_MAX;
        all.entry(from.filter(|_| known)).or_default().failures.add(refusal, route);
    }

    /// Takes what is to be told now.
    pub(crate) fn due(&self, now: Instant) -> Vec<(Option<IpAddr>, Failures)> {
        self.take(now, |told| now.duration_since(told) >= EVERY)
    }

    /// Takes everything, as the server ends.
    pub(crate) fn rest(&self) -> Vec<(Option<IpAddr>, Failures)> {
        self.take(Instant::now(), |_| true)
    }

    fn take(&self, now: Instant, again: impl Fn(Instant) -> bool) -> Vec<(Option<IpAddr>, Failures)> {
        let mut all = self.0.lock();
        let mut due = Vec::new();
        all.retain(|from, address| {
            if address.told.is_some_and(|told| !again(told)) {
                return true;
            }
            let is_new = address.failures.count > 0;
            if is_new {
                due.push((*from, std::mem::take(&mut address.failures)));
                address.told = Some(now);
            }
            is_new
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown() -> Refusal {
        Refusal { why: Why::UnknownKey, key: None }
    }

    fn address(n: u32) -> Option<IpAddr> {
        Some(IpAddr::from(n.to_be_bytes()))
    }

    #[test]
    fn the_first_is_told_at_once_and_a_flood_once_a_minute() {
        let (logins, start) = (Logins::default(), Instant::now());
        logins.note(address(1), &unknown(), "/log");
        assert_eq!(logins.due(start)[0].1.count, 1);
        (0..1000).for_each(|_| logins.note(address(1), &unknown(), "/v1/sql"));
        assert!(logins.due(start + EVERY / 2).is_empty());
        let told = logins.due(start + EVERY);
        assert_eq!((told.len(), told[0].1.count, told[0].1.by_reason), (1, 1000, [0, 1000, 0, 0]));
        assert_eq!(told[0].1.route, "/v1/sql");
    }

    #[test]
    fn a_flood_from_many_addresses_is_told_in_few_events_and_none_is_lost() {
        let logins = Logins::default();
        (0..10_000).for_each(|n| logins.note(address(n), &unknown(), "/log"));
        let told = logins.due(Instant::now());
        assert_eq!(told.len(), ADDRESSES_MAX + 1);
        assert_eq!(told.iter().map(|(_, failures)| failures.count).sum::<u64>(), 10_000);
    }

    #[test]
    fn an_address_that_behaves_is_forgotten_and_what_waits_is_told_at_the_end() {
        let (logins, start) = (Logins::default(), Instant::now());
        logins.note(address(1), &unknown(), "/log");
        assert_eq!(logins.due(start).len(), 1);
        logins.note(address(2), &unknown(), "/log");
        assert!(logins.due(start + EVERY).iter().all(|(from, _)| *from == address(2)));
        assert_eq!(logins.0.lock().len(), 1);
        logins.note(address(2), &unknown(), "/log");
        assert_eq!(logins.rest().len(), 1);
    }
}

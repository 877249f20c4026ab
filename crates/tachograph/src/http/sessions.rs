//! Who is signed in at the page: a key is given once, and a cookie stands for it until it ends.
//!
//! *Invariants*
//! - A cookie counts only beside the header [`PAGE`]: a page of another address can make a browser send the cookie, the
//!   header it cannot, since we never allow it to.
//! - The server keeps the SHA-256 of a cookie, in memory only: a restart signs everybody out, and a copy of the folder opens
//!   nothing. What a session may do is looked up with its key each time, so a revoked key ends its sessions.
//!
//! *Limits*: [`IDLE`] and [`LONGEST`] of one session, [`SESSIONS_MAX`] at a time, [`OF_KEY_MAX`] of one key (the one that was
//! used longest ago gives way), [`TRIES_MAX`] failed sign-ins of one address within [`TRIES_TIME`].

use crate::clock::random;
use axum::http::{HeaderMap, header};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The header that our page sends with everything that it asks for.
pub(super) const PAGE: &str = "x-tachograph-page";
/// Ends after so long without a request.
pub(super) const IDLE: Duration = Duration::from_secs(3600);
/// Ends after so long in any case.
pub(super) const LONGEST: Duration = Duration::from_secs(12 * 3600);
const SESSIONS_MAX: usize = 1000;
const OF_KEY_MAX: usize = 50;
const TRIES_MAX: u32 = 10;
const TRIES_TIME: Duration = Duration::from_secs(60);
/// Addresses whose failed sign-ins are counted apart; more are counted together.
const ADDRESSES_MAX: usize = 1000;

/// The cookie's name, and the one where the browser must see that it came over TLS for the whole host.
const NAME: &str = "tachograph";
const NAME_SECURE: &str = "__Host-tachograph";

type Token = [u8; 32];

#[derive(Debug)]
struct Session {
    /// SHA-256 of the key.
    key: [u8; 32],
    began: Instant,
    used: Instant,
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.used) >= IDLE || now.duration_since(self.began) >= LONGEST
    }
}

/// Everybody who is signed in, and who failed to lately.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    all: Mutex<HashMap<Token, Session>>,
    tries: Mutex<HashMap<Option<IpAddr>, (u32, Instant)>>,
}

impl Sessions {
    /// Signs in; gives what the cookie holds.
    pub(super) fn begin(&self, key: [u8; 32], now: Instant) -> String {
        let mut secret = [0; 32];
        random(&mut secret);
        let text: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut all = self.all.lock();
        all.retain(|_, session| !session.is_over(now));
        let oldest = |all: &HashMap<Token, Session>, of: &dyn Fn(&Session) -> bool| {
            let of = all.iter().filter(|(_, session)| of(session));
            of.min_by_key(|(_, session)| session.used).map(|(token, _)| *token)
        };
        if all.values().filter(|session| session.key == key).count() >= OF_KEY_MAX
            && let Some(token) = oldest(&all, &|session| session.key == key)
        {
            all.remove(&token);
        }
        if all.len() >= SESSIONS_MAX
            && let Some(token) = oldest(&all, &|_| true)
        {
            all.remove(&token);
        }
        all.insert(hashed(&text), Session { key, began: now, used: now });
        text
    }

    /// The key that a request's cookie stands for.
    pub(super) fn key_of(&self, headers: &HeaderMap, now: Instant) -> Option<[u8; 32]> {
        if !headers.contains_key(PAGE) {
            return None;
        }
        let mut all = self.all.lock();
        let token = tokens(headers).map(hashed).find(|token| all.contains_key(token))?;
        let session = all.get_mut(&token)?;
        if session.is_over(now) {
            all.remove(&token);
            return None;
        }
        session.used = now;
        Some(session.key)
    }

    /// Signs out; gives the key that it was for.
    pub(super) fn end(&self, headers: &HeaderMap) -> Option<[u8; 32]> {
        let mut all = self.all.lock();
        let ended: Vec<_> = tokens(headers).map(hashed).filter_map(|token| all.remove(&token)).collect();
        ended.first().map(|session| session.key)
    }

    /// For how long an address must wait after too many failed sign-ins; nothing when it may try.
    pub(super) fn must_wait(&self, from: Option<IpAddr>, now: Instant) -> Option<Duration> {
        let tries = self.tries.lock();
        let (count, since) = tries.get(&from).or_else(|| tries.get(&None))?;
        let left = TRIES_TIME.checked_sub(now.duration_since(*since))?;
        (*count >= TRIES_MAX && !left.is_zero()).then_some(left)
    }

    /// Counts a failed sign-in.
    pub(super) fn failed(&self, from: Option<IpAddr>, now: Instant) {
        let mut tries = self.tries.lock();
        tries.retain(|_, (_, since)| now.duration_since(*since) < TRIES_TIME);
        let known = tries.contains_key(&from) || tries.len() < ADDRESSES_MAX;
        tries.entry(from.filter(|_| known)).or_insert((0, now)).0 += 1;
    }
}

fn hashed(text: impl AsRef<[u8]>) -> Token {
    Sha256::digest(text).into()
}

/// What our cookies of a request hold. There may be several: one from before TLS stood in front.
fn tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| [NAME, NAME_SECURE].contains(name)).map(|(_, value)| value).take(4)
}

/// Whether one of our cookies comes with a request.
pub(super) fn has_cookie(headers: &HeaderMap) -> bool {
    tokens(headers).next().is_some()
}

/// Whether the browser reached us over TLS, as the proxy in front says. Who lies about it harms their own cookie only.
fn is_secure(headers: &HeaderMap) -> bool {
    let says = |name: &str, what: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.to_ascii_lowercase().contains(what)
    };
    says("x-forwarded-proto", "https") || says("forwarded", "proto=https")
}

/// The header that hands a cookie out; without a text, those that take it back.
pub(super) fn cookies(headers: &HeaderMap, text: Option<&str>) -> Vec<String> {
    let one = |name: &str, text: &str, age: u64, more: &str| {
        format!("{name}={text}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{more}")
    };
    match text {
        Some(text) if is_secure(headers) => vec![one(NAME_SECURE, text, LONGEST.as_secs(), "; Secure")],
        Some(text) => vec![one(NAME, text, LONGEST.as_secs(), "")],
        None => vec![one(NAME, "", 0, ""), one(NAME_SECURE, "", 0, "; Secure")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn request(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap()));
        pairs.collect()
    }

    fn of_page(text: &str) -> HeaderMap {
        request(&[("cookie", &format!("a=b; tachograph={text}")), (PAGE, "1")])
    }

    #[test]
    fn a_cookie_stands_for_its_key_beside_the_header_of_the_page_only() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let text = sessions.begin([7; 32], now);
        assert_eq!(sessions.key_of(&of_page(&text), now), Some([7; 32]));
        let forged = request(&[("cookie", &format!("tachograph={text}"))]);
        assert_eq!(sessions.key_of(&forged, now), None);
        assert_eq!(sessions.key_of(&of_page("00"), now), None);
        assert_eq!(sessions.end(&of_page(&text)), Some([7; 32]));
        assert_eq!(sessions.key_of(&of_page(&text), now), None);
    }

    #[test]
    fn a_session_ends_when_it_rests_and_after_its_longest_time() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let text = sessions.begin([7; 32], start);
        let minute = Duration::from_secs(60);
        let mut now = start;
        while now + IDLE - minute < start + LONGEST {
            now += IDLE - minute;
            assert!(sessions.key_of(&of_page(&text), now).is_some());
        }
        assert_eq!(sessions.key_of(&of_page(&text), start + LONGEST), None, "however much it is used");
        let rests = sessions.begin([7; 32], start);
        assert_eq!(sessions.key_of(&of_page(&rests), start + IDLE), None);
    }

    #[test]
    fn sessions_of_a_key_and_of_all_are_bounded() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let first = sessions.begin([7; 32], start);
        for n in 0..OF_KEY_MAX {
            sessions.begin([7; 32], start + Duration::from_secs(1 + n as u64));
        }
        assert_eq!(sessions.key_of(&of_page(&first), start), None);
        assert_eq!(sessions.all.lock().len(), OF_KEY_MAX);
        for n in 0..2 * SESSIONS_MAX {
            sessions.begin([(n % 250) as u8; 32], start);
        }
        assert!(sessions.all.lock().len() <= SESSIONS_MAX);
    }

    #[test]
    fn who_fails_too_often_waits_and_others_do_not() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let address = |n: u32| Some(IpAddr::from(n.to_be_bytes()));
        for _ in 0..TRIES_MAX {
            assert_eq!(sessions.must_wait(address(1), start), None);
            sessions.failed(address(1), start);
        }
        assert!(sessions.must_wait(address(1), start).is_some());
        assert_eq!(sessions.must_wait(address(2), start), None);
        assert_eq!(sessions.must_wait(address(1), start + TRIES_TIME), None);
        (0..5000).for_each(|n| sessions.failed(address(n), start));
        assert!(sessions.tries.lock().len() <= ADDRESSES_MAX + 1);
    }

    #[test]
    fn over_tls_the_cookie_is_bound_to_it() {
        let plain = cookies(&HeaderMap::new(), Some("x"));
        assert!(plain[0].starts_with("tachograph=x; ") && !plain[0].contains("Secure"));
        let secure = cookies(&request(&[("x-forwarded-proto", "https")]), Some("x"));
        assert!(secure[0].starts_with("__Host-tachograph=x; ") && secure[0].ends_with("; Secure"));
        for cookie in plain.iter().chain(&secure) {
            assert!(
                cookie.contains("; HttpOnly")
                    && cookie.contains("; SameSite=Strict")
                    && cookie.contains("; Path=/")
            );
        }
        assert!(cookies(&HeaderMap::new(), None).iter().all(|cookie| cookie.contains("Max-Age=0")));
    }
}

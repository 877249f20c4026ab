//! Who asks: API keys with one of four roles, and how fast each may write.
//!
//! Invariants
//! - A key is 256 random bits; the server keeps its SHA-256 only, so a stolen catalog opens nothing.
//! - Without any key the server listens on loopback only, and every program there is an administrator; a web page
//!   in a browser there is not (Host and Origin must be loopback too).
//! - Where there ever was a key, or others can reach the address, a key is needed: revoking the last one closes the
//!   door, it does not open it.

use super::logins::Why;
use super::problem::Problem;
use axum::http::{HeaderMap, StatusCode, header};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

/// The writer's fingerprint of a sender without a key.
pub(crate) const LOCAL: [u8; 8] = *b"local---";
/// What every key begins with, so that scanners for leaked secrets can find it.
const PREFIX: &str = "tgk_";

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// Send events, all of them as an agent's own word: for what the agent itself can read.
    Agent,
    /// Send events, also as a witness: hooks and telemetry.
    Write,
    /// Query and verify.
    Read,
    /// Everything.
    Admin,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Role::Agent => "agent",
            Role::Write => "write",
            Role::Read => "read",
            Role::Admin => "admin",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Role> {
        [Role::Agent, Role::Write, Role::Read, Role::Admin].into_iter().find(|role| role.as_str() == word)
    }

    fn allows(self, wanted: Role) -> bool {
        self == wanted || self == Role::Admin || (self, wanted) == (Role::Write, Role::Agent)
    }
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub name: String,
    pub writer: [u8; 8],
    /// The agent that the key stands for.
    pub agent: Option<String>,
    role: Role,
    /// Events per second; `None` is unlimited.
    rate: Option<u32>,
}

impl Credential {
    /// Whether it may tell what was seen, and not only what an agent says of itself.
    pub(crate) fn is_witness(&self) -> bool {
        self.role.allows(Role::Write)
    }

    fn local() -> Credential {
        Credential { name: "local".into(), writer: LOCAL, agent: None, role: Role::Admin, rate: None }
    }
}

/// A new key's text and what is kept of it.
pub(crate) fn new_key(random: [u8; 32]) -> (String, [u8; 32]) {
    let text = random.iter().fold(PREFIX.to_string(), |text, byte| format!("{text}{byte:02x}"));
    let hash = hash(&text);
    (text, hash)
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The fingerprint that a key's events carry for ever; says nothing about the key.
pub(crate) fn writer(hash: &[u8; 32]) -> [u8; 8] {
    let digest = Sha256::new().chain_update(b"tacho/writer/v1\0").chain_update(hash).finalize();
    let mut out = [0; 8];
    out.copy_from_slice(&digest[..8]);
    out
}

/// The keys and their buckets.
pub(crate) struct Auth {
    keys: HashMap<[u8; 32], Credential>,
    required: bool,
    buckets: Mutex<HashMap<[u8; 8], Bucket>>,
}

/// A token bucket that is paid afterwards: a request passes while the bucket is not in debt.
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Auth {
    /// Takes the catalog's keys, the revoked ones too; `public` when others can reach the address.
    pub(crate) fn new(keys: &[tacho_store::catalog::ApiKey], public: bool) -> Auth {
        let required = public || !keys.is_empty();
        let active = keys.iter().filter(|key| key.revoked_us.is_none());
        let credential = |key: &tacho_store::catalog::ApiKey| Credential {
            name: key.name.clone(),
            writer: writer(&key.hash),
            agent: key.agent.clone(),
            // A role of a later version is taken for the one that may least.
            role: Role::parse(&key.role).unwrap_or(Role::Agent),
            rate: key.rate_per_second,
        };
        let keys = active.map(|key| (key.hash, credential(key))).collect();
        Auth { keys, required, buckets: Mutex::default() }
    }

    /// The same keys with the buckets of before: looking for new keys must not fill what a sender has emptied.
    pub(crate) fn after(self, before: &Auth) -> Auth {
        std::mem::swap(&mut *self.buckets.lock(), &mut *before.buckets.lock());
        self
    }

    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Finds out who asks and whether they may.
    pub(crate) fn check(&self, headers: &HeaderMap, wanted: Role) -> Result<Credential, Problem> {
        if !self.required {
            return local(headers);
        }
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = bearer.and_then(|value| value.split_once(' '));
        let key = key.and_then(|(scheme, key)| scheme.eq_ignore_ascii_case("bearer").then_some(key));
        let key = key.or_else(|| headers.get("x-api-key").and_then(|value| value.to_str().ok()));
        let refused = |why, detail| {
            let problem = Problem::new(StatusCode::UNAUTHORIZED, "An API key is needed", detail);
            Err(problem.refuse(why, None))
        };
        let Some(key) = key else {
            let how = "send \"Authorization: Bearer KEY\"; make a key with: tachograph key create NAME";
            return refused(Why::NoKey, how);
        };
        match self.keys.get(&hash(key.trim())) {
            None => refused(Why::UnknownKey, "this key is unknown or was revoked"),
            Some(found) if !found.role.allows(wanted) => {
                let detail = format!("the key \"{}\" has role {}", found.name, found.role.as_str());
                let needed = if wanted == Role::Agent { "agent or write" } else { wanted.as_str() };
                let detail = format!("{detail}, this needs {needed}");
                let problem = Problem::new(StatusCode::FORBIDDEN, "The key may not do this", detail);
                Err(problem.refuse(Why::Role, Some(&found.name)))
            }
            Some(found) => Ok(found.clone()),
        }
    }

    /// Whether a sender may write now.
    pub(crate) fn may_write(&self, credential: &Credential) -> Result<(), Problem> {
        let Some(rate) = credential.rate else { return Ok(()) };
        let mut buckets = self.buckets.lock();
        let bucket = buckets
            .entry(credential.writer)
            .or_insert(Bucket { tokens: f64::from(rate), at: Instant::now() });
        let now = Instant::now();
        let earned = now.duration_since(bucket.at).as_secs_f64() * f64::from(rate);
        (bucket.tokens, bucket.at) = ((bucket.tokens + earned).min(f64::from(rate)), now);
        if bucket.tokens > 0.0 {
            return Ok(());
        }
        let wait = (-bucket.tokens / f64::from(rate)).ceil().max(1.0) as u64;
        let detail = format!("the key \"{}\" may send {rate} events per second", credential.name);
        Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many events", detail).retry(wait))
    }

    /// Charges what was sent.
    pub(crate) fn charge(&self, credential: &Credential, events: u64) {
        if credential.rate.is_some()
            && let Some(bucket) = self.buckets.lock().get_mut(&credential.writer)
        {
            bucket.tokens -= events as f64;
        }
    }
}

/// A program on this machine. A browser sends Host and Origin of the page that asks: a foreign page may neither
/// write nor read, and a name that was pointed at loopback is foreign too.
fn local(headers: &HeaderMap) -> Result<Credential, Problem> {
    for name in [header::HOST, header::ORIGIN] {
        let Some(value) = headers.get(&name) else { continue };
        let text = value.to_str().unwrap_or_default();
        let host = text.split_once("://").map_or(text, |(_, host)| host);
        let host = host
            .rsplit_once(':')
            .map_or(host, |(host, port)| if port.bytes().all(|b| b.is_ascii_digit()) { host } else { text });
        let is_loopback = host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        if !is_loopback && host != "localhost" {
            let detail = format!(
                "{name} is \"{text}\": without keys only this machine itself may ask; make a key with: \
                                  tachograph key create NAME"
            );
            let problem = Problem::new(StatusCode::FORBIDDEN, "Asked from elsewhere", detail);
            return Err(problem.refuse(Why::Elsewhere, None));
        }
    }
    Ok(Credential::local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_key(role: Role, rate: Option<u32>) -> (Auth, HeaderMap) {
        let (text, hash) = new_key([5; 32]);
        let credential = Credential { name: "ci".into(), writer: writer(&hash), agent: None, role, rate };
        let keys = HashMap::from([(hash, credential)]);
        let auth = Auth { keys, required: true, buckets: Mutex::default() };
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {text}").parse().unwrap());
        (auth, headers)
    }

    #[test]
    fn a_key_may_do_what_its_role_says() {
        let (auth, headers) = with_key(Role::Write, None);
        assert_eq!(auth.check(&headers, Role::Write).unwrap().name, "ci");
        assert_eq!(auth.check(&headers, Role::Read).unwrap_err().status, 403);
        assert_eq!(auth.check(&HeaderMap::new(), Role::Write).unwrap_err().status, 401);
        let (auth, headers) = with_key(Role::Agent, None);
        assert!(!auth.check(&headers, Role::Agent).unwrap().is_witness());
        for wanted in [Role::Write, Role::Read, Role::Admin] {
            assert_eq!(auth.check(&headers, wanted).unwrap_err().status, 403);
        }
        let (auth, headers) = with_key(Role::Write, None);
        assert!(auth.check(&headers, Role::Agent).unwrap().is_witness());
        let (admin, headers) = with_key(Role::Admin, None);
        assert!(admin.check(&headers, Role::Read).is_ok());
    }

    #[test]
    fn without_keys_programs_of_this_machine_may_and_web_pages_may_not() {
        let auth = Auth::new(&[], false);
        let with = |name, value: &str| HeaderMap::from_iter([(name, value.parse().unwrap())]);
        for host in ["127.0.0.1:7420", "localhost:7420", "[::1]:7420", "localhost"] {
            assert!(auth.check(&with(header::HOST, host), Role::Admin).is_ok(), "{host}");
        }
        for host in ["evil.example", "evil.example:7420", "10.0.0.1", "localhost.evil.example"] {
            assert_eq!(auth.check(&with(header::HOST, host), Role::Read).unwrap_err().status, 403, "{host}");
        }
        assert_eq!(
            auth.check(&with(header::ORIGIN, "http://evil.example"), Role::Write).unwrap_err().status,
            403
        );
        assert!(auth.check(&with(header::ORIGIN, "http://localhost:3000"), Role::Write).is_ok());
    }

    #[test]
    fn a_sender_in_debt_is_told_when_to_come_back() {
        let (auth, headers) = with_key(Role::Write, Some(10));
        let credential = auth.check(&headers, Role::Write).unwrap();
        auth.may_write(&credential).unwrap();
        auth.charge(&credential, 100);
        let problem = auth.may_write(&credential).unwrap_err();
        assert_eq!(problem.status, 429);
        assert!(problem.retry_after.unwrap() >= 8, "{problem:?}");
    }
}

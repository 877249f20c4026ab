//! Who asks: API keys with one of six roles, or a cookie that stands for one, and how fast each may write.
//!
//! Invariants
//! - A key is 256 random bits; the server keeps its SHA-256 only, so a stolen catalog opens nothing.
//! - Without any key the server listens on loopback only, and every program there is an administrator; a web page
//!   in a browser there is not (Host and Origin must be loopback too).
//! - Where there ever was a key, or others can reach the address, a key is needed: revoking the last one closes the
//!   door, it does not open it.
//! - A key that is limited to somebody's own events passes only where the handler confines its answer
//!   ([`Auth::check_own`]); everywhere else it is refused.

use super::logins::Why;
use super::problem::Problem;
use super::sessions::{Sessions, has_cookie};
use crate::keys::Limits;
use axum::http::{HeaderMap, StatusCode, header};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
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
    /// Ask: query, verify, look at alerts and incidents.
    #[value(name = "viewer", alias = "read")]
    Read,
    /// The same, and take out evidence: reports, legal holds.
    Auditor,
    /// Ask and act: alerts, incidents, silences, saved dashboards and searches.
    Operator,
    /// Everything.
    Admin,
}

impl Role {
    pub(crate) const ALL: [Role; 6] =
        [Role::Agent, Role::Write, Role::Read, Role::Auditor, Role::Operator, Role::Admin];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Role::Agent => "agent",
            Role::Write => "write",
            Role::Read => "viewer",
            Role::Auditor => "auditor",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Role> {
        // Keys of before there were viewers.
        let word = if word == "read" { "viewer" } else { word };
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether it may what a role may.
    pub(crate) fn allows(self, wanted: Role) -> bool {
        let more = matches!(
            (self, wanted),
            (Role::Write, Role::Agent) | (Role::Auditor | Role::Operator, Role::Read) | (Role::Admin, _)
        );
        self == wanted || more
    }
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub name: String,
    pub writer: [u8; 8],
    /// The agent that the key stands for.
    pub agent: Option<String>,
    pub role: Role,
    /// Whose events it sees; `None` for everybody's.
    pub limits: Option<Limits>,
    /// Events per second; `None` is unlimited.
    rate: Option<u32>,
}

impl Credential {
    /// Whether it may tell what was seen, and not only what an agent says of itself.
    pub(crate) fn is_witness(&self) -> bool {
        self.role.allows(Role::Write)
    }

    /// Whom the record names: who is said to do it, with the key that signed where one did and it is not named yet.
    pub(crate) fn named(&self, by: Option<&str>) -> String {
        let (by, key) = (by.unwrap_or_default().trim(), format!(" (key {})", self.name));
        let key = if self.writer == LOCAL || by.ends_with(&key) { "" } else { &key };
        if by.is_empty() || by == self.name { self.name.clone() } else { format!("{by}{key}") }
    }

    fn local() -> Credential {
        let name = "local".into();
        Credential { name, writer: LOCAL, agent: None, role: Role::Admin, limits: None, rate: None }
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
    pub(super) sessions: Arc<Sessions>,
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
            limits: Limits::read(key.limits.as_deref()),
            rate: key.rate_per_second,
        };
        let keys = active.map(|key| (key.hash, credential(key))).collect();
        Auth { keys, required, buckets: Mutex::default(), sessions: Arc::default() }
    }

    /// The same keys with the buckets and sessions of before: looking for new keys must not fill what a sender has emptied,
    /// nor sign anybody out.
    pub(crate) fn after(mut self, before: &Auth) -> Auth {
        std::mem::swap(&mut *self.buckets.lock(), &mut *before.buckets.lock());
        self.sessions = Arc::clone(&before.sessions);
        self
    }

    /// What became of the keys; who had to have one before still must.
    pub(super) fn renewed(&self, keys: &[tacho_store::catalog::ApiKey]) -> Auth {
        Auth::new(keys, self.required)
    }

    /// Whether a key is needed at all.
    pub(super) fn is_required(&self) -> bool {
        self.required
    }

    /// The key of this text, with its hash.
    pub(super) fn find(&self, text: &str) -> Option<([u8; 32], &Credential)> {
        let hash = hash(text.trim());
        Some((hash, self.keys.get(&hash)?))
    }

    /// The key of this hash.
    pub(super) fn known(&self, hash: &[u8; 32]) -> Option<&Credential> {
        self.keys.get(hash)
    }

    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Finds out who asks and whether they may, where the answer is about everybody.
    pub(crate) fn check(&self, headers: &HeaderMap, wanted: Role) -> Result<Credential, Problem> {
        let found = self.check_own(headers, wanted)?;
        if found.limits.is_none() {
            return Ok(found);
        }
        let detail =
            format!("the key \"{}\" is limited to its own events, this is about everybody's", found.name);
        let problem = Problem::new(StatusCode::FORBIDDEN, "The key may not do this", detail);
        Err(problem.refuse(Why::Role, Some(&found.name)))
    }

    /// The same where the caller confines the answer to what the key sees.
    pub(super) fn check_own(&self, headers: &HeaderMap, wanted: Role) -> Result<Credential, Problem> {
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
        let hash = match key {
            Some(key) => hash(key.trim()),
            None => match self.sessions.key_of(headers, Instant::now()) {
                Some(hash) => hash,
                None if has_cookie(headers) => {
                    return refused(Why::NoKey, "the session has ended: sign in again");
                }
                None => {
                    let how =
                        "send \"Authorization: Bearer KEY\"; make a key with: tachograph key create NAME";
                    return refused(Why::NoKey, how);
                }
            },
        };
        match self.keys.get(&hash) {
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
#[path = "auth_tests.rs"]
mod tests;

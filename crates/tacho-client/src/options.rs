//! What a client is told: by the caller, else by the environment, else the default.

use crate::owner::digest;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Uri;

/// The server's own default address.
const URL_DEFAULT: &str = "http://127.0.0.1:7420";
/// So much of what can't be meant is told.
const FOUND_CHARS_MAX: usize = 100;
/// Names of the environment for what runs here, in the order in which they are believed.
const METADATA: [(&str, [&str; 3]); 3] = [
    ("environment", ["AUDIT_LOG_ENVIRONMENT", "DEPLOYMENT_ENVIRONMENT", "RUST_ENV"]),
    ("git_commit", ["GIT_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"]),
    ("branch", ["GIT_BRANCH", "GITHUB_REF_NAME", "CI_COMMIT_BRANCH"]),
];

/// Something went wrong that the caller may want to log; nothing is returned as an error for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The server did not take a request; the events are kept.
    Away { error: String, next_try: Duration },
    /// The disk did not take or give something; nothing is lost by that alone.
    Disk { error: String },
    /// There was room for the event neither in memory nor on disk.
    Lost { id: String, reason: String },
    /// The event can't be recorded.
    Rejected { id: String, reason: String },
    /// A setting can't be meant; its default is used.
    Settings { error: String },
}

/// Called with a [`Problem`], from whichever thread meets it, and never while a lock is held.
pub type OnProblem = Arc<dyn Fn(&Problem) + Send + Sync>;

/// The settings of one client. `Options::default()` reads the environment.
#[derive(Clone)]
pub struct Options {
    /// The server, or the whole address of its way in. `AUDIT_LOG_URL`, else `http://127.0.0.1:7420`; what can't be
    /// meant is told ([`Problem::Settings`]), and that default is used.
    pub url: String,
    /// The API key. `AUDIT_LOG_KEY`.
    pub key: Option<String>,
    /// The agent of events that name none. `AGENT_ID`.
    pub agent_id: Option<String>,
    /// The session of events that name none. `SESSION_ID`, else a new one.
    pub session_id: Option<String>,
    /// Where events wait while the server is away. `AUDIT_LOG_SPOOL`, else `~/.local/state/tachograph`.
    pub spool_dir: PathBuf,
    /// What may wait on disk. 64 MiB.
    pub spool_bytes: u64,
    /// A request has so many events (100), so many bytes (1 MiB), or what came in so long a time (5 s).
    pub batch_events: usize,
    pub batch_bytes: usize,
    pub batch_time: Duration,
    /// What may wait in memory, with the batch that is being sent: 10,000 events, 16 MiB.
    pub queue_events: usize,
    pub queue_bytes: usize,
    /// One request may take so long. 10 s.
    pub timeout: Duration,
    /// The first wait after a failure, and the longest. 500 ms, doubling up to 60 s.
    pub retry_min: Duration,
    pub retry_max: Duration,
    /// The longest that an end waits for the server. 5 s.
    pub close_time: Duration,
    /// Told of what went wrong. It may record that: a problem of what it records itself is counted, and not told.
    pub on_problem: Option<OnProblem>,
}

impl Default for Options {
    fn default() -> Options {
        Options::from_env(&|name| std::env::var(name).ok())
    }
}

impl Options {
    /// The defaults of an environment.
    pub fn from_env(env: &dyn Fn(&str) -> Option<String>) -> Options {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        Options {
            url: env("AUDIT_LOG_URL").unwrap_or_else(|| URL_DEFAULT.to_owned()),
            key: env("AUDIT_LOG_KEY"),
            agent_id: env("AGENT_ID"),
            session_id: env("SESSION_ID"),
            spool_dir: spool_dir(&env),
            spool_bytes: 64 << 20,
            batch_events: 100,
            batch_bytes: 1 << 20,
            batch_time: Duration::from_secs(5),
            queue_events: 10_000,
            queue_bytes: 16 << 20,
            timeout: Duration::from_secs(10),
            retry_min: Duration::from_millis(500),
            retry_max: Duration::from_secs(60),
            close_time: Duration::from_secs(5),
            on_problem: None,
        }
    }

    /// The options as they can be meant, and what can't be: without a server that events could be sent to they would
    /// wait for ever, below an address that nobody ever has again.
    pub(crate) fn meant(self, env: &dyn Fn(&str) -> Option<String>) -> (Options, Option<Problem>) {
        if is_address(&endpoint(&self.url)) {
            return (self, None);
        }
        let found = self.url.rsplit('@').next().unwrap_or_default(); // a password may be in the rest
        let found: String =
            found.split('?').next().unwrap_or_default().chars().take(FOUND_CHARS_MAX).collect();
        let error =
            format!("url: expected an address such as {URL_DEFAULT}, found {found:?}; the default is used");
        let url = Options::from_env(env).url;
        let url = if is_address(&endpoint(&url)) { url } else { URL_DEFAULT.to_owned() };
        (Options { url, ..self }, Some(Problem::Settings { error }))
    }

    pub(crate) fn endpoint(&self) -> String {
        endpoint(&self.url)
    }

    /// Each address has its own folder, so that what was meant for one server never reaches another.
    pub(crate) fn spool(&self) -> PathBuf {
        self.spool_dir.join("client").join(digest(&self.endpoint(), 16))
    }
}

/// Where events are posted to: an address with a path is taken as it stands.
fn endpoint(url: &str) -> String {
    let (scheme, rest) = url.trim().split_once("://").unwrap_or(("http", url.trim()));
    let rest = rest.trim_end_matches('/');
    let path = if rest.contains('/') { "" } else { "/v1/events" };
    format!("{}://{rest}{path}", scheme.to_ascii_lowercase())
}

/// Whether a request could be sent there.
fn is_address(endpoint: &str) -> bool {
    let Ok(uri) = endpoint.parse::<Uri>() else { return false };
    let (Some(authority), Some(host)) = (uri.authority(), uri.host()) else { return false };
    let port = authority.as_str().rsplit('@').next().and_then(|place| place.strip_prefix(host));
    let port_is_good = port.is_some_and(|port| matches!(port, "" | ":") || uri.port_u16().is_some());
    !host.is_empty() && port_is_good && matches!(uri.scheme_str(), Some("http" | "https"))
}

fn spool_dir(env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let state = || {
        let state = env("XDG_STATE_HOME").map(PathBuf::from);
        let home = || Some(PathBuf::from(env("HOME")?).join(".local/state"));
        state.or_else(home).unwrap_or_else(std::env::temp_dir).join("tachograph")
    };
    env("AUDIT_LOG_SPOOL").map_or_else(state, PathBuf::from)
}

/// `environment`, `git_commit` and `branch` of what runs here, where they are known.
pub(crate) fn metadata(env: &dyn Fn(&str) -> Option<String>) -> serde_json::Map<String, serde_json::Value> {
    let known = |names: &[&str]| names.iter().find_map(|name| env(name).filter(|value| !value.is_empty()));
    METADATA.iter().filter_map(|(name, names)| Some(((*name).to_owned(), known(names)?.into()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_what_the_caller_does_not() {
        let env = |name: &str| match name {
            "AUDIT_LOG_URL" => Some("log.example:1".to_owned()),
            "AGENT_ID" => Some("a/b".to_owned()),
            "AUDIT_LOG_KEY" => Some(String::new()),
            "HOME" => Some("/home/me".to_owned()),
            _ => None,
        };
        let options = Options::from_env(&env);
        assert_eq!(options.endpoint(), "http://log.example:1/v1/events");
        assert_eq!((options.agent_id.as_deref(), options.key), (Some("a/b"), None));
        assert_eq!(options.spool_dir, PathBuf::from("/home/me/.local/state/tachograph"));
        let with_path = Options { url: "https://h/log/".into(), ..Options::from_env(&|_| None) };
        assert_eq!(with_path.endpoint(), "https://h/log");
    }

    #[test]
    fn an_address_that_cannot_be_meant_is_told_and_the_default_is_used() {
        let bad = [
            "",
            "tcp://127.0.0.1:7420",
            "no address: at all",
            "http://",
            "http:///log",
            "http://h:70000",
            "http://h:port/log",
            "http://a b",
        ];
        let meant = |url: &str, env: Option<&str>| {
            let given = Options { url: url.to_owned(), ..Options::from_env(&|_| None) };
            let env = env.map(str::to_owned);
            let (options, problem) = given.meant(&|name| env.clone().filter(|_| name == "AUDIT_LOG_URL"));
            (options.url, problem)
        };
        for url in bad {
            let (used, problem) = meant(url, None);
            assert!(matches!(problem, Some(Problem::Settings { .. })), "{url}");
            assert_eq!(used, URL_DEFAULT);
            assert_eq!(meant(url, Some("tcp://h")).0, URL_DEFAULT);
            assert_eq!(meant(url, Some("log.example:1")).0, "log.example:1");
        }
        for url in
            ["h", "h:1", " HTTP://h/ ", "https://[::1]:7420", "http://me:secret@h:1/log?a=b", "http://h:"]
        {
            assert_eq!(meant(url, None), (url.to_owned(), None));
        }
        let Some(Problem::Settings { error }) = meant("tcp://me:secret@h:1/log?key=hidden", None).1 else {
            panic!()
        };
        assert!(
            error.contains("\"h:1/log\"") && !error.contains("secret") && !error.contains("hidden"),
            "{error}"
        );
    }
}

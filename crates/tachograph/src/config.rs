//! The configuration file: TOML, every field optional, unknown names refused. `docs/guide/configuration.md`
//! shows it whole.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::path::Path;
use tacho_ingest::classify::Classes;
use tacho_redact::Policy;
use tacho_redact::minimise::Minimisation;

/// What an operator may set.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where to listen.
    #[serde(deserialize_with = "listen")]
    pub listen: Option<SocketAddr>,
    pub http: HttpLimits,
    /// Whose context a request is, and which proxies are believed.
    pub request: crate::http::RequestContext,
    /// The log's origin: a host name and a path of your own. Set once, before the first start.
    pub origin: Option<String>,
    pub ingest: IngestLimits,
    /// Ports of OpenTelemetry.
    pub otlp: crate::http::Otlp,
    /// PostgreSQL's wire.
    pub postgres: crate::postgres::Config,
    pub seal: Sealing,
    pub store: StoreLimits,
    pub query: QueryLimits,
    /// Calls and what is told of them.
    pub actions: Actions,
    /// What must be audited, and how coverage is checked.
    pub coverage: tacho_coverage::Config,
    /// Rules that are followed live, and who is told.
    pub alerts: crate::alerting::Config,
    pub verify: Schedule,
    /// Reports: what health checks are compared with, and which are made by themselves.
    pub reports: crate::reports::Config,
    /// Named streams as files.
    pub logs: crate::logs::Config,
    /// How long what is kept.
    pub retention: crate::retention::Schedule,
    /// Classes of action.
    pub classes: Classes,
    /// Patterns, keys and detectors of redaction.
    pub redaction: Policy,
    /// What is kept of file contents, query results and command output.
    pub minimise: Minimisation,
}

/// An address to listen on: numbers and a port, or `localhost` and a port.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let local = port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    local.or_else(|| text.parse().ok()).ok_or_else(|| {
        format!(
            "\"{text}\" is no address to listen on: expected 127.0.0.1:7420, [::1]:7420 or localhost:7420"
        )
    })
}

pub(crate) fn listen<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = <String as serde::Deserialize>::deserialize(from)?;
    address(&text).map(Some).map_err(serde::de::Error::custom)
}

/// What senders may take of the server before anything is known of them.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HttpLimits {
    /// Connections at a time; more wait.
    pub connections: NonZeroU16,
    /// The head of a request must be there within this time; a connection that is silent so long is closed.
    pub head_seconds: NonZeroU16,
}

impl Default for HttpLimits {
    fn default() -> Self {
        let number = |n| NonZeroU16::new(n).expect("it is written here, and not zero");
        HttpLimits { connections: number(512), head_seconds: number(30) }
    }
}

/// What a credential may bring.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IngestLimits {
    /// Users that were never seen before, in a day (UTC); 0 is without limit. Each is a secret in the key ring.
    pub new_users_per_day: u32,
}

impl Default for IngestLimits {
    fn default() -> Self {
        IngestLimits { new_users_per_day: tacho_ingest::newcomers::A_DAY_MAX }
    }
}

/// How often a checkpoint is signed.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sealing {
    /// Time between two checkpoints, when there is something new.
    pub milliseconds: u64,
}

impl Default for Sealing {
    fn default() -> Self {
        Sealing { milliseconds: 1000 }
    }
}

/// When the newest events become a segment.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreLimits {
    /// Memory of the newest events above which a segment is cut; up to 2.5 times as much may be in use meanwhile.
    pub memory_mb: usize,
    /// Age at which the newest events are cut all the same.
    pub segment_minutes: u32,
}

impl Default for StoreLimits {
    fn default() -> Self {
        StoreLimits { memory_mb: 64, segment_minutes: 15 }
    }
}

/// Calls and what is told of them.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Actions {
    /// Age at which a call without an end counts as hung.
    pub hung_minutes: u32,
}

impl Default for Actions {
    fn default() -> Self {
        Actions { hung_minutes: (tacho_query::HUNG_US / 60_000_000) as u32 }
    }
}

/// What one query may take.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct QueryLimits {
    pub memory_mb: usize,
    /// Memory for what is asked again and again.
    pub cache_mb: usize,
    pub seconds: u64,
    pub rows: usize,
    /// Queries at a time.
    pub at_once: usize,
}

impl Default for QueryLimits {
    fn default() -> Self {
        QueryLimits { memory_mb: 512, cache_mb: 512, seconds: 30, rows: 1_000_000, at_once: 8 }
    }
}

/// How often the whole folder is verified.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Schedule {
    /// Hours between two verifications; 0 switches them off.
    pub every_hours: u64,
    /// Seconds from the start to the first one, so that a server that restarts often is verified all the same.
    pub first_after_seconds: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule { every_hours: 24, first_after_seconds: 60 }
    }
}

impl Config {
    /// Reads the file that was named, or `config.toml` in the data folder when it is there.
    pub(crate) fn read(named: Option<&Path>, data: &Path) -> Result<Config, Box<dyn Error>> {
        let usual = data.join("config.toml");
        let path = match named {
            Some(path) => path,
            None if usual.exists() => &usual,
            None => return Ok(Config::default()),
        };
        let text =
            std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        Config::parse(&text).map_err(|e| format!("{}: {e}", path.display()).into())
    }

    fn parse(text: &str) -> Result<Config, toml::de::Error> {
        let mut config: Config = toml::from_str(text)?;
        config.alerts.hung_minutes = config.actions.hung_minutes;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numbers_or_localhost() {
        for (text, want) in
            [("127.0.0.1:7420", "127.0.0.1:7420"), ("localhost:0", "127.0.0.1:0"), ("[::1]:80", "[::1]:80")]
        {
            assert_eq!(address(text).unwrap().to_string(), want);
        }
        for text in ["", "localhost", "localhost:", "localhost:99999", "example.com:80", "7420", "127.0.0.1"]
        {
            assert!(address(text).unwrap_err().contains("expected 127.0.0.1:7420"), "{text}");
        }
    }

    #[test]
    fn the_file_says_what_is_wrong_with_it() {
        let read = |text: &str| Config::parse(text).map_err(|error| error.to_string());
        let config = read("listen = \"localhost:80\"\n[http]\nhead_seconds = 5").unwrap();
        assert_eq!(config.listen.unwrap().to_string(), "127.0.0.1:80");
        assert_eq!((config.http.head_seconds.get(), config.http.connections.get()), (5, 512));
        assert!(read("listen = \"nowhere\"").unwrap_err().contains("is no address"));
        assert!(read("[http]\nconnections = 0").is_err(), "nobody could ever ask");
        assert!(read("[http]\nconections = 9").unwrap_err().contains("connections"));
        assert_eq!(read("[actions]\nhung_minutes = 45").unwrap().alerts.hung_minutes, 45);
        assert_eq!(Config::default().alerts.hung_minutes, Config::default().actions.hung_minutes);
    }
}

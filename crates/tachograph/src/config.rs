//! The configuration file: TOML, every field optional, unknown names refused. `docs/guide/configuration.md`
//! shows it whole.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use tacho_ingest::classify::Classes;
use tacho_redact::Policy;
use tacho_redact::minimise::Minimisation;

/// What an operator may set.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// The log's origin: a host name and a path of your own. Set once, before the first start.
    pub origin: Option<String>,
    pub seal: Sealing,
    pub store: StoreLimits,
    pub query: QueryLimits,
    pub verify: Schedule,
    /// Classes of action (R1.4).
    pub classes: Classes,
    /// Patterns, keys and detectors of redaction.
    pub redaction: Policy,
    /// What is kept of file contents, query results and command output.
    pub minimise: Minimisation,
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
        StoreLimits { memory_mb: 96, segment_minutes: 15 }
    }
}

/// What one query may take.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct QueryLimits {
    pub memory_mb: usize,
    pub seconds: u64,
    pub rows: usize,
    /// Queries at a time.
    pub at_once: usize,
}

impl Default for QueryLimits {
    fn default() -> Self {
        QueryLimits { memory_mb: 512, seconds: 30, rows: 1_000_000, at_once: 8 }
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
        toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()).into())
    }
}

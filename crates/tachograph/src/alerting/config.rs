//! `[alerts]` of the configuration file.

use super::{incidents, regular, responses};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `[alerts]` of the configuration.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Whether rules follow the log.
    pub enabled: bool,
    /// The folder of rule files. Default: `rules` in the data folder.
    pub rules: Option<PathBuf>,
    /// Who is told, in Alertmanager's format. Default: `routing.yaml` in the data folder, else the built-in one.
    pub routing: Option<PathBuf>,
    /// Where people reach this server: the beginning of links in messages.
    pub url: Option<String>,
    /// Newest entries that are read at the start, so that rules know what came before.
    pub look_back: u64,
    /// How long alerts that are over are kept.
    pub keep_days: u32,
    /// Hosts on private networks that channels may reach; `*` for all.
    pub allow_private: Vec<String>,
    /// What people's replies are verified with (docs/guide/channels.md).
    pub replies: serde_json::Map<String, serde_json::Value>,
    /// Who gets the daily digest and the weekly report.
    pub digests: regular::Digests,
    /// An address that is called while all is well: `url`, `every`.
    pub heartbeat: serde_json::Map<String, serde_json::Value>,
    /// Alerts that belong together.
    pub incidents: incidents::Config,
    /// What is done by itself, by name.
    pub responses: BTreeMap<String, responses::Config>,
    /// `[actions] hung_minutes`, for the rule that tells of such calls.
    #[serde(skip)]
    pub hung_minutes: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            enabled: true,
            rules: None,
            routing: None,
            url: None,
            look_back: 1_000_000,
            keep_days: 90,
            allow_private: Vec::new(),
            replies: serde_json::Map::new(),
            digests: regular::Digests::default(),
            heartbeat: serde_json::Map::new(),
            incidents: incidents::Config::default(),
            responses: BTreeMap::new(),
            hung_minutes: tacho_alert::builtin::HUNG_MINUTES,
        }
    }
}

//! An alert as it is shown.

use crate::alerting::Seen;
use crate::clock::now_us;
use std::collections::BTreeMap;
use tacho_alert::notify::{Muted, Raised, Standing};
use tacho_event::time::format;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Alert {
    pub id: String,
    pub rule: String,
    pub title: String,
    pub severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// `firing`, `acknowledged`, `snoozed` or `resolved`.
    pub state: &'static str,
    /// It comes and goes.
    pub flapping: bool,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// What the rule computed.
    #[schema(value_type = Object)]
    pub values: BTreeMap<String, serde_json::Value>,
    /// The same with units, as people read it: `6 USD`, `84 %`, `31m`.
    pub shown: BTreeMap<String, String>,
    /// What had to hold for it to fire, as its rule writes it: `cpu > 950000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    pub starts_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_by: Option<MutedBy>,
    pub receivers: Vec<String>,
    /// Events that it is about, the newest.
    pub evidence: Vec<Evidence>,
    pub window: Window,
    /// SHA-256 of what the rule means, and the size of the log that it saw: with the log, anybody computes it again.
    pub rule_hash: String,
    pub tree_size: u64,
    pub history: Vec<Happened>,
}

/// What mutes an alert; it fires all the same.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MutedBy {
    /// The silence's id.
    Silence(String),
    /// The labels of the alert that says more.
    InhibitedBy(BTreeMap<String, String>),
    /// The maintenance window: its name in the routing, or its id.
    Maintenance(String),
}

/// The document of the interface has one name for each; a finding of coverage has evidence too.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = AlertEvidence)]
pub(crate) struct Evidence {
    pub index: u64,
    pub id: String,
    pub at: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Window {
    pub from: String,
    pub to: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Happened {
    pub at: String,
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How an alert stands, in a word.
pub(super) fn standing(raised: &Raised) -> &'static str {
    match raised.standing(now_us()) {
        Standing::Firing => "firing",
        Standing::Acknowledged => "acknowledged",
        Standing::Snoozed => "snoozed",
        Standing::Resolved => "resolved",
    }
}

impl From<Seen> for Alert {
    fn from(seen: Seen) -> Alert {
        let Seen { raised, muted, receivers } = seen;
        let (state, shown) = (standing(&raised), raised.shown());
        let (by, at) = raised.acknowledged.clone().unzip();
        let evidence = raised.evidence.into_iter();
        let history = raised.history.into_iter();
        Alert {
            state,
            id: raised.alert.id,
            rule: raised.rule,
            title: raised.title,
            severity: raised.severity.as_str(),
            tier: raised.alert.labels.get("tier").cloned(),
            flapping: raised.alert.flapping,
            labels: raised.alert.labels,
            annotations: raised.alert.annotations,
            shown,
            values: raised.values,
            condition: raised.condition,
            starts_at: format(raised.alert.starts_us),
            ends_at: raised.alert.ends_us.map(format),
            acknowledged_by: by,
            acknowledged_at: at.map(format),
            snoozed_until: raised.snoozed_until_us.filter(|until| *until > now_us()).map(format),
            assigned_to: raised.assigned,
            muted_by: muted.map(|muted| match muted {
                Muted::Silenced(id) => MutedBy::Silence(id),
                Muted::Inhibited(labels) => MutedBy::InhibitedBy(labels),
                Muted::Maintained(window) => MutedBy::Maintenance(window),
            }),
            receivers,
            evidence: evidence
                .map(|seen| Evidence { index: seen.index, id: seen.id, at: format(seen.at_us) })
                .collect(),
            window: Window { from: format(raised.window.0), to: format(raised.window.1) },
            rule_hash: raised.rule_hash,
            tree_size: raised.tree_size,
            history: history
                .map(|entry| Happened {
                    at: format(entry.at_us),
                    what: entry.what,
                    by: entry.by,
                    note: entry.note,
                })
                .collect(),
        }
    }
}

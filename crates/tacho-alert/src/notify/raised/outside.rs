//! Alerts that somebody else's rule raised.

use super::{Entry, Raised};
use crate::notify::{Alert, LabelSet};
use crate::rule::Severity;
use sha2::{Digest, Sha256};

/// An alert as Prometheus and its like tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    pub labels: LabelSet,
    pub annotations: LabelSet,
    pub starts_us: i64,
    /// When it ended, or when it counts as over unless it is told again.
    pub expires_us: i64,
    /// Where its rule is looked at.
    pub url: Option<String>,
}

impl Raised {
    /// An alert that somebody else's rule raised.
    pub(in crate::notify) fn from_outside(outside: Outside, now_us: i64) -> Raised {
        let Outside { labels, annotations, starts_us, expires_us, url } = outside;
        let severity = match labels.get("severity").map(String::as_str) {
            Some("critical" | "page" | "error") => Severity::Critical,
            Some("info" | "none" | "debug") => Severity::Info,
            _ => Severity::Warning,
        };
        let name = labels.get("alertname").cloned().unwrap_or_else(|| "alert".into());
        let mut hash = Sha256::new();
        for text in labels.iter().flat_map(|(name, value)| [name, value]) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.update(starts_us.to_be_bytes());
        let group = labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let title = annotations.get("summary").unwrap_or(&name).clone();
        let values = url.map(|url| ("generator_url".to_string(), url.into())).into_iter().collect();
        let alert = Alert {
            id: hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
            labels,
            annotations,
            starts_us,
            ends_us: None,
            flapping: false,
            actions: Vec::new(),
            quiet_until_us: None,
            suppressed: None,
        };
        Raised {
            alert,
            rule: String::new(),
            rule_hash: String::new(),
            title,
            severity,
            group,
            values,
            units: Default::default(),
            condition: None,
            window: (starts_us, now_us),
            at_us: now_us,
            tree_size: 0,
            evidence: Vec::new(),
            acknowledged: None,
            snoozed_until_us: None,
            assigned: None,
            expires_us: Some(expires_us),
            level: 0,
            escalates_us: None,
            paged: Vec::new(),
            history: vec![Entry {
                at_us: now_us,
                what: "firing, told from outside".into(),
                by: None,
                note: None,
                event: None,
            }],
        }
    }
}

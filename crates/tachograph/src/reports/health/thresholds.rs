//! Thresholds of health checks: the usual ones, and those that an operator sets under `[reports.thresholds]`.

use std::collections::BTreeMap;

/// Name and usual value.
const USUAL: &[(&str, f64)] = &[
    ("availability_percent", 99.9),
    ("restarts", 3.0),
    ("silence_hours", 12.0),
    ("acknowledge_minutes", 5.0),
    ("resolve_minutes", 60.0),
    ("failure_percent", 5.0),
    ("external_ms", 5000.0),
    ("tool_ms", 30_000.0),
    ("query_ms", 10_000.0),
    ("completion_minutes", 30.0),
    ("disk_days", 30.0),
    ("disk_free_percent", 15.0),
    ("journal_percent", 50.0),
    ("queue_percent", 50.0),
    ("behind_events", 10_000.0),
    ("waiting_messages", 100.0),
    ("growth_percent", 100.0),
    ("trend_percent", 50.0),
    ("failed_logins", 20.0),
    ("key_changes", 10.0),
    ("workflow_failure_percent", 5.0),
    ("trade_success_percent", 95.0),
    ("rating_percent", 60.0),
    ("data_quality_percent", 85.0),
    ("sla_percent", 99.0),
    ("tool_calls", 20.0),
    ("rule_a_week", 20.0),
    ("silent_rules_percent", 95.0),
];

/// What figures are compared with.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(try_from = "BTreeMap<String, f64>")]
pub(crate) struct Thresholds(BTreeMap<String, f64>);

impl TryFrom<BTreeMap<String, f64>> for Thresholds {
    type Error = String;

    fn try_from(set: BTreeMap<String, f64>) -> Result<Thresholds, String> {
        for (name, value) in &set {
            if !Thresholds::names().any(|known| known == name) {
                let all: Vec<&str> = Thresholds::names().collect();
                return Err(format!("there is no threshold \"{name}\": expected one of {}", all.join(", ")));
            }
            if !value.is_finite() || *value < 0.0 {
                return Err(format!("the threshold {name} is {value}: expected a number, zero or more"));
            }
        }
        Ok(Thresholds(set))
    }
}

impl Thresholds {
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        USUAL.iter().map(|(name, _)| *name)
    }

    /// As it was set, else the usual one.
    pub(crate) fn get(&self, name: &str) -> f64 {
        let usual = || USUAL.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        self.0.get(name).copied().or_else(usual).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_counts_and_what_is_no_threshold_is_refused_by_name() {
        let read = |text: &str| toml::from_str::<Thresholds>(text).map_err(|error| error.to_string());
        let set = read("failure_percent = 1\ndisk_days = 7.5").unwrap();
        assert_eq!(
            (set.get("failure_percent"), set.get("disk_days"), set.get("tool_ms")),
            (1.0, 7.5, 30_000.0)
        );
        assert!(read("failures = 1").unwrap_err().contains("expected one of availability_percent"));
        for wrong in ["-1.0", "nan", "inf"] {
            assert!(read(&format!("tool_ms = {wrong}")).unwrap_err().contains("zero or more"), "{wrong}");
        }
    }
}

//! The daily digest and the weekly report: one message about all alerts of a time, for those who want no more.

use crate::message::{Links, Message, Notice, Told, digest};
use crate::outline::{second, span};
use std::collections::BTreeMap;
use tacho_alert::Severity;

/// Alerts that are listed, and rules that are counted by name.
const ALERTS_MAX: usize = 100;
const RULES_MAX: usize = 15;
const DAY_US: i64 = 86_400_000_000;

/// Which of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Daily,
    Weekly,
}

/// The message about the alerts of [from, to), whatever their order. An empty time is told as well: silence looks
/// like a digest that was not sent.
pub fn message(
    period: Period,
    receiver: &str,
    alerts: &[Told],
    from_us: i64,
    to_us: i64,
    links: Links,
) -> Message {
    let name = match period {
        Period::Daily => "Daily digest",
        Period::Weekly => "Weekly report",
    };
    let (listed, more) = listed(alerts);
    let id = digest(&format!("{name} {receiver} {from_us} {to_us}"));
    Message {
        thread: format!("digest-{}", &id[..24]),
        id,
        code: String::new(),
        notice: Notice::Digest,
        about: None,
        severity: alerts.iter().map(of).max().unwrap_or(Severity::Info),
        title: format!("{name}: {}", by_severity(alerts)),
        text: text(period, alerts, from_us, to_us),
        at_us: to_us,
        receiver: receiver.to_string(),
        group_labels: BTreeMap::new(),
        truncated: more,
        alerts: listed,
        links,
    }
}

pub(crate) fn of(told: &Told) -> Severity {
    match told.labels.get("severity").map(String::as_str) {
        Some("critical") => Severity::Critical,
        Some("warning") => Severity::Warning,
        _ => Severity::Info,
    }
}

fn text(period: Period, alerts: &[Told], from_us: i64, to_us: i64) -> String {
    let mut lines = vec![format!("From {} to {}.", second(from_us), second(to_us))];
    if alerts.is_empty() {
        lines.push("Nothing was raised.".into());
        return lines.join("\n");
    }
    let open = alerts.iter().filter(|told| told.ends_us.is_none()).count();
    let lasted: Vec<i64> = alerts.iter().filter_map(|told| Some(told.ends_us? - told.starts_us)).collect();
    let alerts_word = if alerts.len() == 1 { "alert" } else { "alerts" };
    let mut told = format!("{} {alerts_word}, {open} still firing.", alerts.len());
    if let Some(longest) = lasted.iter().max() {
        let mean = lasted.iter().sum::<i64>() / lasted.len() as i64;
        told.push_str(&format!(
            " Those that ended lasted {} on average, {} at most.",
            span(mean),
            span(*longest)
        ));
    }
    lines.push(told);
    lines.extend(by_rule(alerts));
    if period == Period::Weekly {
        lines.push("By day:".into());
        lines.extend(days(alerts, from_us, to_us));
    }
    lines.join("\n")
}

/// How many alerts each rule has, those with the most first.
pub(crate) fn by_rule(alerts: &[Told]) -> Vec<String> {
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for told in alerts {
        *rules.entry(told.labels.get("alertname").map_or("(no name)", String::as_str)).or_default() += 1;
    }
    let mut rules: Vec<(&str, u64)> = rules.into_iter().collect();
    rules.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let mut lines = vec!["By rule:".to_string()];
    lines.extend(rules.iter().take(RULES_MAX).map(|(name, count)| format!("  {count} {name}")));
    if rules.len() > RULES_MAX {
        lines.push(format!("  and {} more rules", rules.len() - RULES_MAX));
    }
    lines
}

/// The alerts that one message lists, the gravest and oldest first, and how many it does not.
pub(crate) fn listed(alerts: &[Told]) -> (Vec<Told>, u64) {
    let mut listed: Vec<&Told> = alerts.iter().collect();
    listed.sort_by_key(|told| (std::cmp::Reverse(of(told)), told.starts_us, told.fingerprint.clone()));
    let more = alerts.len().saturating_sub(ALERTS_MAX) as u64;
    (listed.into_iter().take(ALERTS_MAX).cloned().collect(), more)
}

/// `2 critical, 1 warning, 0 info`.
pub(crate) fn by_severity(alerts: &[Told]) -> String {
    let count = |severity| alerts.iter().filter(|told| of(told) == severity).count();
    let [critical, warning, info] = [Severity::Critical, Severity::Warning, Severity::Info].map(count);
    format!("{critical} critical, {warning} warning, {info} info")
}

/// How many began on each day from the beginning on.
fn days(alerts: &[Told], from_us: i64, to_us: i64) -> impl Iterator<Item = String> {
    let days = ((to_us - from_us).max(0) / DAY_US).clamp(1, 31);
    (0..days).map(move |day| {
        let begins = from_us + day * DAY_US;
        let count = alerts.iter().filter(|told| (begins..begins + DAY_US).contains(&told.starts_us)).count();
        format!("  {} {count}", &second(begins)[..10])
    })
}

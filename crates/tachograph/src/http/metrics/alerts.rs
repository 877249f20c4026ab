//! How alerting goes: alerts, rules, messages.

use super::{App, Page};
use std::collections::BTreeMap;
use tacho_store::alert_file::Sending;

pub(super) fn all(app: &App, page: &mut Page) {
    let Some(alerting) = app.alerting() else { return };
    let board = alerting.board();
    page.gauge("alert_rules_following", "Whether rules follow the log.", u64::from(board.running));
    page.gauge("alert_rules_faults", "What is wrong with alerting.", alerting.faults().len() as u64);
    page.gauge("alert_rules_position", "Entries that the rules have seen.", board.position);
    let (mut late, mut refused, mut skipped, mut learning) = (0, 0, 0, 0);
    for state in board.rules.values() {
        late += state.health.late;
        refused += state.health.refused;
        skipped += state.health.skipped;
        learning += u64::from(state.health.learning > 0);
    }
    page.gauge("alert_rules", "Rules that are followed.", board.rules.len() as u64);
    page.gauge("alert_rules_learning", "Rules with too little history to say what is usual.", learning);
    page.head("alert_events_uncounted_total", "counter", "What rules could not count.");
    for (why, count) in [("late", late), ("groups", refused), ("skipped", skipped)] {
        page.line("alert_events_uncounted_total", &[("why", why)], count);
    }
    let mut open: BTreeMap<(&str, bool), u64> = BTreeMap::new();
    for severity in ["critical", "warning", "info"] {
        open.extend([((severity, false), 0), ((severity, true), 0)]);
    }
    for seen in alerting.open_alerts() {
        let key = (seen.raised.severity.as_str(), seen.raised.acknowledged.is_some());
        *open.entry(key).or_default() += 1;
    }
    page.head("alerts_open", "gauge", "Alerts that are open.");
    for ((severity, acknowledged), count) in open {
        let acknowledged = if acknowledged { "yes" } else { "no" };
        page.line("alerts_open", &[("severity", severity), ("acknowledged", acknowledged)], count);
    }
    let incidents = alerting.incident_counts();
    page.head("incidents_open", "gauge", "Incidents that are not closed.");
    for severity in ["critical", "warning", "info"] {
        for (answered, word) in [(true, "yes"), (false, "no")] {
            let count = incidents.get(&(severity, answered)).copied().unwrap_or_default();
            page.line("incidents_open", &[("severity", severity), ("answered", word)], count);
        }
    }
    let (ended, open): (Vec<_>, Vec<_>) =
        alerting.response_counts().into_iter().partition(|(_, standing, _)| standing.is_over());
    page.head("alert_responses_total", "counter", "Runs of responses that ended, dry runs left out.");
    for (kind, outcome, count) in ended {
        let labels = [("kind", kind.as_str()), ("outcome", outcome.as_str())];
        page.line("alert_responses_total", &labels, count);
    }
    page.head("alert_responses_open", "gauge", "Runs of responses that are not over, dry runs left out.");
    for (kind, standing, count) in open {
        let labels = [("kind", kind.as_str()), ("standing", standing.as_str())];
        page.line("alert_responses_open", &labels, count);
    }
    // Without the file nothing is said; the fault is in `alert_rules_faults`.
    let mut messages = [Sending::Waiting, Sending::Sent, Sending::Failed].map(|state| (state, 0));
    for (_, found, count) in alerting.messages().unwrap_or_default() {
        messages.iter_mut().filter(|(state, _)| *state == found).for_each(|(_, all)| *all += count);
    }
    page.head("alert_messages", "gauge", "Messages to people, of those that are still kept.");
    for (state, count) in messages {
        page.line("alert_messages", &[("state", state.as_str())], count);
    }
}

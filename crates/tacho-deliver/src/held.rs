//! Messages that a channel could not be told as fast as they came, put together into one.

use crate::digest::{by_rule, by_severity, listed, of};
use crate::message::{Links, Message, Notice, Told, digest};
use std::collections::BTreeMap;
use tacho_alert::Severity;

/// One message in place of several, in the order in which they came; nothing of none. Each alert is in it once, as it was
/// told last.
pub fn together(messages: &[Message]) -> Option<Message> {
    let newest = messages.last()?;
    let mut alerts: BTreeMap<&str, &Told> = BTreeMap::new();
    for told in messages.iter().flat_map(|message| &message.alerts) {
        alerts.insert(&told.fingerprint, told);
    }
    let alerts: Vec<Told> = alerts.into_values().cloned().collect();
    // What they did not list either.
    let unlisted: u64 = messages.iter().map(|message| message.truncated).sum();
    let (listed, more) = listed(&alerts);
    let open = alerts.iter().filter(|told| told.ends_us.is_none()).count();
    let mut lines = vec![
        "They came faster than this channel is told.".to_string(),
        format!("{} alerts, {open} still firing.", alerts.len()),
    ];
    lines.extend(by_rule(&alerts));
    let ids: Vec<&str> = messages.iter().map(|message| message.id.as_str()).collect();
    let id = digest(&ids.join(" "));
    Some(Message {
        thread: format!("held-{}", &id[..24]),
        id: format!("held/{id}"),
        code: String::new(),
        notice: Notice::Digest,
        about: None,
        severity: alerts.iter().map(of).max().unwrap_or(Severity::Info),
        title: format!("{} messages in one: {}", messages.len(), by_severity(&alerts)),
        text: lines.join("\n"),
        at_us: newest.at_us,
        receiver: newest.receiver.clone(),
        group_labels: BTreeMap::new(),
        alerts: listed,
        truncated: more + unlisted,
        links: Links { acknowledge: None, ..newest.links.clone() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(n: usize, ends_us: Option<i64>) -> Message {
        let labels = [("alertname", format!("rule{}", n % 3)), ("severity", "critical".to_string())];
        let told = Told {
            fingerprint: format!("f{n}"),
            labels: labels.map(|(name, value)| (name.to_string(), value)).into(),
            ends_us,
            ..Told::default()
        };
        let test = Message::test("people", n as i64);
        Message { id: format!("m{n}-{ends_us:?}"), alerts: vec![told], truncated: 0, ..test }
    }

    #[test]
    fn each_alert_is_told_once_as_it_is_now_and_what_is_not_listed_is_counted() {
        let mut messages: Vec<Message> = (0..150).map(|n| message(n, None)).collect();
        messages.push(message(1, Some(9)));
        messages[3].truncated = 4;
        let one = together(&messages).unwrap();
        assert_eq!(one.title, "151 messages in one: 150 critical, 0 warning, 0 info");
        assert!(
            one.text.contains("150 alerts, 149 still firing.") && one.text.contains("  50 rule2"),
            "{}",
            one.text
        );
        assert_eq!((one.alerts.len() as u64 + one.truncated, one.notice), (154, Notice::Digest));
        assert_eq!(one.alerts.iter().find(|told| told.fingerprint == "f1").unwrap().ends_us, Some(9));
        assert_eq!(together(&messages), Some(one), "tried again it is the same");
        assert_eq!(together(&[]), None);
    }
}

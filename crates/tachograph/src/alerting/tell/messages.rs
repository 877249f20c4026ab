//! What people are told of alerts: messages, before they have a channel's form.

use super::digest;
use tacho_alert::incident::Member;
use tacho_alert::notify::{Desk, Due, Raised};
use tacho_deliver::{Links, Message, Notice, Told};

/// The messages of what is due, by receiver.
pub(in crate::alerting) fn messages(due: &Due, desk: &Desk, url: &str) -> Vec<(String, Message)> {
    match due {
        Due::Notify(notification) => {
            let thread = digest(&format!("{}@{}", notification.group_key, notification.began_us));
            let mut message = Message::of(notification, &thread, &thread[..CODE], links(None, url));
            let alerts = notification.firing.iter().chain(&notification.resolved);
            for (told, alert) in message.alerts.iter_mut().zip(alerts) {
                name(told, &alert.id, desk, url);
            }
            if let [only] = message.alerts.as_slice() {
                message.links = links(Some(&only.fingerprint), url);
            }
            vec![(notification.receiver.clone(), message)]
        }
        Due::Page { alert, level, at_once, receivers, at_us, .. } => {
            let text = if *at_once { "" } else { "Nobody has answered yet." };
            let page = |receiver: &String| {
                let message = about(alert, receiver, Notice::Escalated, *at_us, desk, url);
                let id = digest(&format!("{}/page/{level}/{at_us}/{receiver}", alert.id()));
                (receiver.clone(), Message { id, text: text.into(), ..message })
            };
            receivers.iter().map(page).collect()
        }
        Due::Over { alert, receivers, at_us } => {
            let over = |receiver: &String| {
                let message = about(alert, receiver, Notice::Resolved, *at_us, desk, url);
                let id = digest(&format!("{}/over/{at_us}/{receiver}", alert.id()));
                (receiver.clone(), Message { id, ..message })
            };
            receivers.iter().map(over).collect()
        }
    }
}

/// What the escalation tells a receiver of one alert.
fn about(alert: &Raised, receiver: &str, notice: Notice, at_us: i64, desk: &Desk, url: &str) -> Message {
    let mut told = Told::of(&alert.alert);
    name(&mut told, alert.id(), desk, url);
    let thread = digest(&format!("{}@{receiver}", alert.id()));
    let title = alert.alert.annotations.get("summary").unwrap_or(&alert.title);
    Message {
        id: String::new(),
        code: thread[..CODE].to_string(),
        thread,
        notice,
        about: None,
        severity: alert.severity,
        title: title.clone(),
        text: String::new(),
        at_us,
        receiver: receiver.to_string(),
        group_labels: alert.labels().clone(),
        alerts: vec![told],
        truncated: 0,
        links: links(Some(alert.id()), url),
    }
}

/// An alert of an incident, also when it is over.
pub(in crate::alerting) fn member(member: &Member, desk: &Desk, url: &str) -> Told {
    let rule = if member.rule.is_empty() { &member.title } else { &member.rule };
    let labels = [("alertname", rule.as_str()), ("severity", member.severity.as_str())];
    let mut told = match desk.get(&member.id) {
        Some(raised) => Told::of(&raised.alert),
        None => Told {
            labels: labels.map(|(name, value)| (name.to_string(), value.to_string())).into(),
            annotations: [("summary".to_string(), member.title.clone())].into(),
            starts_us: member.at_us,
            ends_us: member.ends_us,
            ..Told::default()
        },
    };
    name(&mut told, &member.id, desk, url);
    told
}

/// Characters of a code for replies.
pub(in crate::alerting) const CODE: usize = 12;

/// Gives an alert of a message its own name, its values and its link.
fn name(told: &mut Told, id: &str, desk: &Desk, url: &str) {
    told.fingerprint = id.to_string();
    told.url = links(Some(id), url).dashboard;
    if let Some(raised) = desk.get(id) {
        told.values = raised.shown();
        told.condition.clone_from(&raised.condition);
    }
}

fn links(alert: Option<&str>, url: &str) -> Links {
    let dashboard = alert.map_or_else(|| format!("{url}/alerts"), |id| format!("{url}/alerts/{id}"));
    Links { dashboard: Some(dashboard), ..Links::default() }
}

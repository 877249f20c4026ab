//! What people do about an incident.

use super::body::{Answer, Checked, Contained, FollowUp, Incident};
use super::incidents::Incidents;
use super::line::{Entry, Kind, Line};
use super::state::State;
use serde_json::{Value, json};

/// Characters of a name or text that somebody gives.
const TEXT_MAX: usize = 4096;
const ROLES_MAX: usize = 20;
const FOLLOW_UPS_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Move {
        to: State,
    },
    /// A note alone.
    Note,
    /// An event of the log belongs to it.
    Attach {
        entry: Entry,
        at_us: i64,
        text: String,
    },
    /// The event of this entry does not belong to it after all.
    DetachEvent {
        index: u64,
    },
    /// An alert does not belong to it after all.
    DetachAlert {
        alert: String,
    },
    /// Nobody when `who` is empty.
    Role {
        role: String,
        who: String,
    },
    FollowUp {
        text: String,
        owner: Option<String>,
        due: Option<String>,
    },
    Done {
        number: u32,
    },
    /// The note says what keeps it from going on.
    Contain,
    /// The note says how that was checked.
    Verify,
}

/// What a step makes of an incident: the name of its event, what the event holds, and the line.
pub(super) struct Made {
    pub(super) name: &'static str,
    pub(super) result: Value,
    pub(super) kind: Kind,
    pub(super) text: String,
    /// The event that the line is about, and when that was recorded.
    about: Option<(Entry, i64)>,
}

pub(super) fn made(name: &'static str, result: Value, kind: Kind, text: impl Into<String>) -> Made {
    Made { name, result, kind, text: text.into(), about: None }
}

impl Incidents {
    /// Takes what somebody does about an incident; nothing when none of that id is known. One that is closed has to be
    /// recalled before.
    ///
    /// # Errors
    /// When it can't be done, with the reason; nothing is changed then.
    pub fn step(
        &mut self,
        id: &str,
        step: &Step,
        by: &str,
        note: Option<&str>,
        now_us: i64,
    ) -> Result<Option<Incident>, String> {
        let note = note.map(str::trim).filter(|note| !note.is_empty());
        let Some(mut incident) = self.known(id).cloned() else { return Ok(None) };
        check(step, by, note)?;
        incident.stands_alone()?;
        let Made { name, mut result, kind, text, about } = take(&mut incident, step, by, note, now_us)?;
        incident.answer(by, now_us);
        result["by"] = by.into();
        result["note"] = note.into();
        let saying = incident.saying(name, now_us, result);
        let (entry, at_us) = about.unzip();
        incident.write(Line {
            by: Some(by.to_string()),
            note: note.map(str::to_string),
            event: Some(saying.event.clone()),
            entry,
            ..Line::new(at_us.unwrap_or(now_us), kind, text)
        });
        self.sayings.push(saying);
        self.replace(incident.clone());
        Ok(Some(incident))
    }

    /// Puts an incident in the place of what it was before a step.
    pub(super) fn replace(&mut self, incident: Incident) {
        if let Some(before) = self.open.remove(&incident.id) {
            self.leave(&before);
        }
        self.leaving.remove(&incident.id);
        self.put(incident);
    }
}

pub(super) fn check_texts<'a>(given: impl IntoIterator<Item = &'a str>, by: &'a str) -> Result<(), String> {
    if given.into_iter().chain([by]).any(|text| text.chars().count() > TEXT_MAX) {
        return Err(format!("a name or text has more than {TEXT_MAX} characters"));
    }
    if by.trim().is_empty() {
        return Err("say who you are: \"by\" is empty".into());
    }
    Ok(())
}

fn check(step: &Step, by: &str, note: Option<&str>) -> Result<(), String> {
    let given: Vec<&str> = match step {
        Step::Role { role, who } => vec![role, who],
        Step::FollowUp { text, owner, due } => {
            std::iter::once(text).chain(owner).chain(due).map(String::as_str).collect()
        }
        _ => Vec::new(),
    };
    check_texts(given.into_iter().chain(note), by)
}

fn take(
    incident: &mut Incident,
    step: &Step,
    by: &str,
    note: Option<&str>,
    now_us: i64,
) -> Result<Made, String> {
    let needed =
        |what: &str| note.map(str::to_string).ok_or_else(|| format!("the note is empty: say {what}"));
    let closed = incident.state == State::Closed;
    match step {
        Step::Move { to } => go(incident, *to, note, now_us),
        Step::Note => {
            needed("what is to be known")?;
            Ok(made("alert_incident_noted", json!({}), Kind::Note, "a note"))
        }
        _ if closed && !matches!(step, Step::FollowUp { .. } | Step::Done { .. }) => {
            Err("the incident is closed: move it to investigation again first".into())
        }
        Step::Attach { entry, at_us, text } => attach(incident, entry, *at_us, text),
        Step::DetachEvent { index } => super::hand::detach_event(incident, *index),
        Step::DetachAlert { alert } => super::hand::detach_alert(incident, alert),
        Step::Role { role, who } => play(incident, role.trim(), who.trim()),
        Step::FollowUp { text, owner, due } => add(incident, text.trim(), owner.clone(), due.clone()),
        Step::Done { number } => {
            let found = incident.follow_ups.iter_mut().find(|found| found.number == *number);
            let found = found.ok_or_else(|| format!("there is no follow-up {number}"))?;
            if found.done.is_some() {
                return Err(format!("follow-up {number} is done already"));
            }
            found.done = Some(Answer { by: by.to_string(), at_us: now_us });
            let text = format!("follow-up {number} is done: {}", found.text);
            Ok(made("alert_incident_follow_up", json!({"done": number}), Kind::FollowUp, text))
        }
        Step::Contain => {
            let note = needed("what keeps it from going on")?;
            incident.contained = Some(Contained { by: by.to_string(), at_us: now_us, note, verified: None });
            Ok(made("alert_incident_contained", json!({}), Kind::Contained, "contained"))
        }
        Step::Verify => {
            let note = needed("how it was checked that it does not go on")?;
            let contained = incident.contained.as_mut();
            let contained = contained.ok_or("nothing contains it yet: say first what does")?;
            contained.verified = Some(Checked { by: by.to_string(), at_us: now_us, note });
            Ok(made("alert_incident_verified", json!({}), Kind::Verified, "containment was verified"))
        }
    }
}

fn go(incident: &mut Incident, to: State, note: Option<&str>, now_us: i64) -> Result<Made, String> {
    let (from, next) = (incident.state, incident.next());
    let Some(found) = next.iter().find(|next| next.state == to) else {
        let can: Vec<&str> = next.iter().map(|next| next.state.as_str()).collect();
        return Err(format!(
            "from {} it can't go to {}: expected {}",
            from.as_str(),
            to.as_str(),
            can.join(" or ")
        ));
    };
    if found.needs_note && note.is_none() {
        return Err(match to {
            State::PostMortem => {
                "nobody has verified that it is contained: say so, or give a note that tells why not".into()
            }
            State::Closed => "it is closed without having been mended: give a note that tells why".into(),
            _ => format!("it goes back to {}: give a note that tells why", to.as_str()),
        });
    }
    incident.state = to;
    match to {
        State::PostMortem => incident.resolved_us = Some(now_us),
        State::Closed => {
            incident.resolved_us.get_or_insert(now_us);
            incident.closed_us = Some(now_us);
        }
        _ => (incident.resolved_us, incident.closed_us) = (None, None),
    }
    let result = json!({"from": from.as_str(), "to": to.as_str()});
    let text = format!("{} → {}", from.as_str().replace('_', "-"), to.as_str().replace('_', "-"));
    Ok(made("alert_incident_state", result, Kind::State, text))
}

fn attach(incident: &mut Incident, entry: &Entry, at_us: i64, text: &str) -> Result<Made, String> {
    let lines = incident.timeline.iter().filter(|line| matches!(line.kind, Kind::Event | Kind::Change));
    if lines.filter_map(|line| line.entry.as_ref()).any(|known| known.index == entry.index) {
        return Err(format!("entry {} is in the timeline already", entry.index));
    }
    let result = json!({"index": entry.index, "id": entry.id});
    let about = Some((entry.clone(), at_us));
    Ok(Made { about, ..made("alert_incident_event", result, Kind::Event, text) })
}

fn play(incident: &mut Incident, role: &str, who: &str) -> Result<Made, String> {
    if role.is_empty() {
        return Err("say which role, such as commander".into());
    }
    let result = json!({"role": role, "who": who});
    if who.is_empty() {
        let before = incident.roles.remove(role).ok_or_else(|| format!("nobody is {role}"))?;
        let text = format!("{before} is no longer {role}");
        return Ok(made("alert_incident_role", result, Kind::Role, text));
    }
    if incident.roles.len() >= ROLES_MAX && !incident.roles.contains_key(role) {
        return Err(format!("an incident has at most {ROLES_MAX} roles"));
    }
    incident.roles.insert(role.to_string(), who.to_string());
    Ok(made("alert_incident_role", result, Kind::Role, format!("{who} is {role}")))
}

fn add(
    incident: &mut Incident,
    text: &str,
    owner: Option<String>,
    due: Option<String>,
) -> Result<Made, String> {
    if text.is_empty() {
        return Err("the text of the follow-up is empty".into());
    }
    if incident.follow_ups.len() >= FOLLOW_UPS_MAX {
        return Err(format!("an incident has at most {FOLLOW_UPS_MAX} follow-ups"));
    }
    let number = incident.follow_ups.len() as u32 + 1;
    let result = json!({"number": number, "text": text, "owner": owner, "due": due});
    let line = format!("follow-up {number}: {text}");
    incident.follow_ups.push(FollowUp { number, text: text.to_string(), owner, due, done: None });
    Ok(made("alert_incident_follow_up", result, Kind::FollowUp, line))
}

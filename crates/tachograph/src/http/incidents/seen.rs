//! How an incident is shown.

use std::collections::BTreeMap;
use tacho_alert::incident;
use tacho_event::time::format;

/// An incident in a list.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Summary {
    pub id: String,
    pub title: String,
    pub severity: &'static str,
    /// `reception`, `investigation`, `remediation`, `post_mortem` or `closed`.
    pub state: &'static str,
    pub opened_at: String,
    /// Until when somebody has to answer.
    pub answer_due_at: String,
    /// Nobody had answered by then.
    pub late: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contained_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    /// Alerts that belong to it, and how many of those that are listed are not over.
    pub alerts: u64,
    pub firing: u64,
    pub agents: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commander: Option<String>,
    /// What is suggested as its cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The incident that it was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
}

/// A place on the log: `tachograph prove INDEX` gives its proof.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Entry {
    pub index: u64,
    pub id: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Next {
    pub state: &'static str,
    /// Whether a note has to say why.
    pub needs_note: bool,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Listed {
    pub id: String,
    pub rule: String,
    pub title: String,
    pub severity: &'static str,
    pub starts_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Common {
    /// `agent`, `session`, `workflow`, `call` or `address`.
    pub kind: &'static str,
    pub value: String,
    /// Different alerts that have it.
    pub causes: u32,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Change {
    pub at: String,
    /// `deployment`, `configuration`, `prompt`, `model` or `version`.
    pub kind: &'static str,
    pub agent: String,
    pub text: String,
    /// Whether the agent is one of the incident.
    pub same_agent: bool,
    pub entry: Entry,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Cause {
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Line {
    pub at: String,
    pub kind: &'static str,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where the log has it; missing in the moment before it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct FollowUp {
    pub number: u32,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_by: Option<String>,
}

/// Who said it, when, and what.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Word {
    pub note: String,
    pub by: String,
    pub at: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Containment {
    #[serde(flatten)]
    pub word: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Word>,
}

/// An incident with everything that is known of it.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Incident {
    #[serde(flatten)]
    pub summary: Summary,
    /// Where it can go from here.
    pub next: Vec<Next>,
    pub alerts_listed: Vec<Listed>,
    /// Alerts beyond those that are listed.
    pub alerts_more: u64,
    pub entities: Vec<Common>,
    pub changes: Vec<Change>,
    /// Whether changes have been looked for.
    pub changes_known: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested_cause: Option<Cause>,
    pub timeline: Vec<Line>,
    pub roles: BTreeMap<String, String>,
    pub follow_ups: Vec<FollowUp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containment: Option<Containment>,
    pub related: Vec<String>,
}

impl From<incident::Entry> for Entry {
    fn from(entry: incident::Entry) -> Entry {
        Entry { index: entry.index, id: entry.id }
    }
}

impl From<&incident::Incident> for Summary {
    fn from(incident: &incident::Incident) -> Summary {
        let answer = incident.answered.as_ref();
        Summary {
            id: incident.id.clone(),
            title: incident.title.clone(),
            severity: incident.severity.as_str(),
            state: incident.state.as_str(),
            opened_at: format(incident.opened_us),
            answer_due_at: format(incident.due_us),
            late: incident.late_us.is_some(),
            answered_at: answer.map(|answer| format(answer.at_us)),
            answered_by: answer.map(|answer| answer.by.clone()),
            contained_at: incident.contained.as_ref().map(|contained| format(contained.at_us)),
            resolved_at: incident.resolved_us.map(format),
            closed_at: incident.closed_us.map(format),
            alerts: incident.alerts.len() as u64 + incident.more,
            firing: incident.firing() as u64,
            agents: incident.agents().into_iter().collect(),
            commander: incident.roles.get("commander").cloned(),
            cause: incident.cause.as_ref().map(|cause| cause.text.clone()),
            merged_into: incident.merged_into.clone(),
        }
    }
}

impl From<incident::Incident> for Incident {
    fn from(found: incident::Incident) -> Incident {
        let timeline = found.lines().into_iter().map(|line| Line {
            at: format(line.at_us),
            kind: line.kind.as_str(),
            text: line.text.clone(),
            by: line.by.clone(),
            note: line.note.clone(),
            entry: line.entry.clone().map(Entry::from),
        });
        let next = found.next().into_iter();
        Incident {
            summary: Summary::from(&found),
            timeline: timeline.collect(),
            next: next.map(|next| Next { state: next.state.as_str(), needs_note: next.needs_note }).collect(),
            alerts_listed: found.alerts.into_iter().map(listed).collect(),
            alerts_more: found.more,
            entities: found
                .links
                .into_iter()
                .map(|link| Common { kind: link.kind.as_str(), value: link.value, causes: link.causes })
                .collect(),
            changes: found.changes.into_iter().map(change).collect(),
            changes_known: found.looked.is_some(),
            suggested_cause: found.cause.map(|cause| Cause {
                text: cause.text,
                entry: cause.entry.map(Entry::from),
                alert: cause.alert,
            }),
            roles: found.roles,
            follow_ups: found.follow_ups.into_iter().map(follow_up).collect(),
            containment: found.contained.map(|contained| Containment {
                word: Word { note: contained.note, by: contained.by, at: format(contained.at_us) },
                verified: contained.verified.map(|checked| Word {
                    note: checked.note,
                    by: checked.by,
                    at: format(checked.at_us),
                }),
            }),
            related: found.related.into_iter().collect(),
        }
    }
}

fn listed(member: incident::Member) -> Listed {
    Listed {
        id: member.id,
        rule: member.rule,
        title: member.title,
        severity: member.severity.as_str(),
        starts_at: format(member.at_us),
        ends_at: member.ends_us.map(format),
    }
}

fn change(change: incident::Change) -> Change {
    Change {
        at: format(change.at_us),
        kind: change.kind.as_str(),
        agent: change.agent,
        text: change.text,
        same_agent: change.same_agent,
        entry: change.entry.into(),
    }
}

fn follow_up(follow_up: incident::FollowUp) -> FollowUp {
    let (by, at) = follow_up.done.map(|done| (done.by, format(done.at_us))).unzip();
    FollowUp {
        number: follow_up.number,
        text: follow_up.text,
        owner: follow_up.owner,
        due: follow_up.due,
        done_at: at,
        done_by: by,
    }
}

//! The post-mortem of an incident: what is known of it, each line with its place on the log.

use super::body::Incident;
use super::document::Document;
use super::state::State;
use tacho_event::time::format;

/// What proves a post-mortem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// When it was made.
    pub at_us: i64,
    /// The newest checkpoint then, where there was one.
    pub checkpoint: Option<String>,
}

/// Writes the post-mortem.
pub fn post_mortem(incident: &Incident, proof: &Proof) -> Document {
    let mut page = Document::new(format!("Post-mortem: {}", incident.title));
    summary(&mut page, incident);
    cause(&mut page, incident);
    contained(&mut page, incident);
    timeline(&mut page, incident);
    alerts(&mut page, incident);
    follow_ups(&mut page, incident);
    proofs(&mut page, proof);
    page
}

fn moment(us: i64) -> String {
    format(us)
}

fn lasted(us: i64) -> String {
    let seconds = us / 1_000_000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn summary(page: &mut Document, incident: &Incident) {
    let mut rows = vec![
        vec!["Incident".into(), incident.id.clone()],
        vec!["Severity".into(), incident.severity.as_str().into()],
        vec!["State".into(), incident.state.as_str().replace('_', "-")],
        vec!["Opened".into(), moment(incident.opened_us)],
    ];
    let mut row = |name: &str, text: String| rows.push(vec![name.into(), text]);
    match incident.first_answer() {
        Some(answer) => {
            let took = lasted(answer.at_us - incident.opened_us);
            row("First answer", format!("{} by {}, after {took}", moment(answer.at_us), answer.by));
        }
        None => row("First answer", "none".into()),
    }
    let late = if incident.was_late() { "missed" } else { "not missed" };
    row("Answer due", format!("{}, {late}", moment(incident.due_us)));
    if let Some(at_us) = incident.resolved_us {
        row("Over", format!("{}, after {}", moment(at_us), lasted(at_us - incident.opened_us)));
    }
    if let Some(at_us) = incident.closed_us.filter(|_| incident.state == State::Closed) {
        row("Closed", moment(at_us));
    }
    if let Some(other) = &incident.merged_into {
        row("Merged into", other.clone());
    }
    let common: Vec<String> =
        incident.links.iter().map(|link| format!("{} {}", link.kind.as_str(), link.value)).collect();
    row("About", common.join(", "));
    let more = if incident.more > 0 { format!(" and {} more", incident.more) } else { String::new() };
    row("Alerts", format!("{}{more}", incident.alerts.len()));
    for (role, who) in &incident.roles {
        row(&format!("Role: {role}"), who.clone());
    }
    page.table(&["", ""], rows);
}

fn cause(page: &mut Document, incident: &Incident) {
    page.heading("Suggested cause");
    match &incident.cause {
        None => page.text("What changed before has not been looked for."),
        Some(cause) => {
            let at = cause.entry.as_ref().map_or(String::new(), |entry| format!(" (entry {})", entry.index));
            page.text(format!("{}{at}", cause.text));
        }
    }
    page.text(
        "The rule behind it: the newest change of an agent of the incident before its first alert, else the earliest alert. \
         A change that came before need not be the cause.",
    );
    if incident.changes.is_empty() {
        return;
    }
    page.heading("What changed before");
    let rows = incident.changes.iter().map(|change| {
        let own = if change.same_agent { "" } else { " (another agent)" };
        vec![
            moment(change.at_us),
            change.kind.as_str().into(),
            format!("{}{own}", change.agent),
            change.text.clone(),
            change.entry.index.to_string(),
            change.entry.id.clone(),
        ]
    });
    page.table(&["when", "what", "agent", "change", "entry", "event"], rows.collect());
}

fn contained(page: &mut Document, incident: &Incident) {
    page.heading("Containment");
    let Some(contained) = &incident.contained else { return page.text("None was noted.") };
    let mut items =
        vec![(None, format!("{} by {}: {}", moment(contained.at_us), contained.by, contained.note))];
    match &contained.verified {
        Some(checked) => items
            .push((None, format!("Verified {} by {}: {}", moment(checked.at_us), checked.by, checked.note))),
        None => items.push((None, "Nobody verified it.".into())),
    }
    page.list(items);
}

fn timeline(page: &mut Document, incident: &Incident) {
    page.heading("Timeline");
    let rows = incident.lines().into_iter().map(|line| {
        let (index, id) = match &line.entry {
            Some(entry) => (entry.index.to_string(), entry.id.clone()),
            None => ("not on the log yet".into(), String::new()),
        };
        let note = line.note.as_ref().map_or(String::new(), |note| format!(": {note}"));
        let by = line.by.clone().unwrap_or_default();
        vec![moment(line.at_us), format!("{}{note}", line.text), by, index, id]
    });
    page.table(&["when", "what", "by", "entry", "event"], rows.collect());
}

fn alerts(page: &mut Document, incident: &Incident) {
    page.heading("Alerts");
    let rows = incident.alerts.iter().map(|member| {
        vec![
            moment(member.at_us),
            member.ends_us.map_or_else(|| "not over".into(), moment),
            member.severity.as_str().into(),
            member.rule.clone(),
            member.title.clone(),
            member.evidence.as_ref().map_or_else(String::new, |entry| entry.index.to_string()),
        ]
    });
    page.table(&["from", "to", "severity", "rule", "what", "newest event, entry"], rows.collect());
}

fn follow_ups(page: &mut Document, incident: &Incident) {
    page.heading("Follow-ups");
    if incident.follow_ups.is_empty() {
        return page.text("None was noted.");
    }
    let item = |follow_up: &super::body::FollowUp| {
        let owner = follow_up.owner.as_ref().map_or(String::new(), |owner| format!(" ({owner})"));
        let due = follow_up.due.as_ref().map_or(String::new(), |due| format!(", due {due}"));
        (Some(follow_up.done.is_some()), format!("{}{owner}{due}", follow_up.text))
    };
    page.list(incident.follow_ups.iter().map(item).collect());
}

fn proofs(page: &mut Document, proof: &Proof) {
    page.heading("How to check it");
    page.text(
        "Each line names the entry of the log that it is from. The first command gives the entry's proof of inclusion, the \
         second checks a proof against keys that were pinned elsewhere, the third checks the whole log:",
    );
    page.code(
        "tachograph prove INDEX > line.proof\ntachograph verify --proof line.proof --pin KEY\ntachograph verify --pin KEY",
    );
    page.text(format!("Made {}.", moment(proof.at_us)));
    if let Some(checkpoint) = &proof.checkpoint {
        page.text("The signed head of the log then:");
        page.code(checkpoint.as_str());
    }
}

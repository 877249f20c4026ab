//! Automatic responses, live: rules and people ask for them, `carry` does them, and each step is on the log and in the
//! timeline of the incident.
//!
//! Invariants
//! - That a run begins is kept, and synced, before anything is done: after a crash it is not begun again.
//! - What is done is named in the configuration; what asks for it only names the response.

mod ask;
mod carry;
mod command;
mod config;

pub(crate) use carry::respond;
pub(crate) use config::Config;

use super::{Inner, tell};
use crate::clock::now_us;
use config::Configured;
use std::collections::BTreeMap;
use tacho_alert::incident::{Line, LineKind};
use tacho_alert::notify::{Entry, Raised};
use tacho_alert::respond::{About, Kind, Run, Runs, Saying, Standing, Wish, id_of};

/// The kind of notes that keep runs.
pub(super) const RESPONSE: &str = "response";
/// An alert that is older is not responded to by itself: what was right then may be wrong now.
const LATE_US: i64 = 600_000_000;
/// Responses of a configuration.
const CONFIGURED_MAX: usize = 100;

/// What can be done, and what is being done.
#[derive(Debug, Default)]
pub(super) struct Responses {
    configured: BTreeMap<String, std::sync::Arc<Configured>>,
    pub(super) runs: Runs,
    /// Alerts that were over when something was written into their history.
    late: BTreeMap<String, Raised>,
}

/// A response as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub name: String,
    pub kind: &'static str,
    pub to: String,
    pub approve: bool,
    pub dry_run: bool,
    pub per_hour: u32,
    /// Rules that ask for it.
    pub rules: Vec<String>,
}

/// What a person asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asking {
    pub about: About,
    pub by: String,
    pub reason: Option<String>,
    pub dry_run: bool,
}

impl super::Alerting {
    /// How many runs of responses are so far, and how many ended so since this began.
    pub(crate) fn response_counts(&self) -> Vec<(Kind, Standing, u64)> {
        let runs = &self.inner.lock().responses.runs;
        let of = |kind: Kind| Standing::ALL.map(|standing| (kind, standing, runs.count(kind, standing)));
        Kind::ALL.into_iter().flat_map(of).collect()
    }
}

impl Responses {
    /// # Errors
    /// What is wrong with the configuration.
    pub(super) fn read(config: &BTreeMap<String, Config>) -> Result<Responses, String> {
        if config.len() > CONFIGURED_MAX {
            return Err(format!("[alerts.responses] has more than {CONFIGURED_MAX} responses"));
        }
        let mut configured = BTreeMap::new();
        for (name, config) in config {
            let wrong = |why: String| format!("[alerts.responses.{name}] {why}");
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
            if name.is_empty() || name.len() > 100 || !name.chars().all(plain) {
                return Err(wrong("a name has letters, digits, \"_\", \"-\" and \".\", at most 100".into()));
            }
            configured.insert(name.clone(), Configured::read(config).map_err(wrong)?.into());
        }
        let settings = configured
            .iter()
            .map(|(name, one): (_, &std::sync::Arc<Configured>)| (name.clone(), one.settings.clone()));
        let runs = Runs::new(settings.collect());
        Ok(Responses { configured, runs, late: BTreeMap::new() })
    }

    /// Rules that name a response that is not configured, in words.
    pub(super) fn unknown(&self, rules: &[tacho_alert::Rule]) -> Vec<String> {
        let named = rules.iter().flat_map(|rule| rule.responses.iter().map(move |name| (rule, name)));
        let absent = named.filter(|(_, name)| !self.configured.contains_key(*name));
        absent
            .map(|(rule, name)| {
                format!("rule {} names response \"{name}\", which [alerts.responses] does not have", rule.id)
            })
            .collect()
    }
}

impl Inner {
    /// Takes the runs that the file keeps.
    pub(super) fn recall_responses(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let kept = self.file.notes(RESPONSE)?;
        let kept = kept.iter().filter_map(|(_, body)| serde_json::from_str::<Run>(body).ok());
        self.responses.runs.recall(kept.collect(), now_us());
        Ok(())
    }

    /// Takes the runs again as they are: a person's name was masked in them, and those that run go on.
    pub(super) fn retake_responses(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let kept = self.file.notes(RESPONSE)?;
        let kept = kept.iter().filter_map(|(_, body)| serde_json::from_str::<Run>(body).ok());
        self.responses.runs.replace(kept.collect());
        Ok(())
    }

    fn kept_run(&self, id: &str) -> Option<Run> {
        let body = self.file.note(RESPONSE, id).ok()??;
        serde_json::from_str(&body).ok()
    }

    /// Asks for the responses that an alert's rule names, and those that name the rule.
    pub(super) fn respond_to(&mut self, raised: &Raised) {
        let own = self.desk.responses(raised).iter().cloned();
        let theirs = self.responses.configured.iter().filter(|(_, one)| one.rules.contains(&raised.rule));
        let mut names: Vec<String> = own.chain(theirs.map(|(name, _)| name.clone())).collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            return;
        }
        let now = now_us();
        let label = |name: &str| raised.labels().get(name).filter(|value| !value.is_empty()).cloned();
        let muted = self.desk.muted(raised, now).map(|_| "the alert is muted".to_string());
        let late = now - raised.at_us > LATE_US;
        let doubt = late.then(|| format!("the alert is {} min old", (now - raised.at_us) / 60_000_000));
        for response in names {
            let about = About {
                alert: Some(raised.id().to_string()),
                incident: None,
                agent: label("agent_id"),
                session: label("session_id"),
            };
            let id = id_of(&response, &about, false, 0);
            let known = self.kept_run(&id);
            let wish = Wish {
                id,
                response,
                about,
                rule: Some(raised.rule.clone()),
                by: None,
                reason: None,
                dry_run: false,
                doubt: doubt.clone(),
                refused: muted.clone(),
            };
            if let Err(why) = self.responses.runs.ask(wish, known, now) {
                tracing::error!(rule = %raised.rule, "a response can't be asked for: {why}");
            }
        }
    }

    /// Puts what changed of responses to the rest that is to be saved: the runs, the log, the timelines.
    pub(super) fn see_responses(&mut self) {
        let (runs, sayings) = self.responses.runs.take_changed();
        for run in runs {
            let body = serde_json::to_string(&run).unwrap_or_default();
            self.pending.notes.push((RESPONSE, run.id, Some(body)));
        }
        for saying in sayings {
            let (at_us, by) = (saying.at_us, saying.by.clone());
            let (what, event) = (saying.text.clone(), Some(saying.event.clone()));
            if let Some(alert) = &saying.run.about.alert {
                self.remark(
                    alert,
                    Entry { at_us, what: what.clone(), by: by.clone(), note: None, event: event.clone() },
                );
            }
            if let (Some(id), Some(incidents)) = (&saying.run.about.incident, &mut self.cases.incidents) {
                incidents.remark(
                    id,
                    Line { at_us, kind: LineKind::Response, text: what, by, note: None, event, entry: None },
                );
            }
            self.pending.sayings.push(said(&saying));
        }
    }

    /// Writes into the history of an alert, also of one that is over.
    pub(super) fn remark(&mut self, alert: &str, entry: Entry) {
        if self.desk.remark(alert, entry.clone()) {
            return;
        }
        if !self.responses.late.contains_key(alert)
            && let Ok(Some(body)) = self.file.alert(alert)
            && let Ok(raised) = serde_json::from_str::<Raised>(&body)
        {
            self.responses.late.insert(alert.to_string(), raised);
        }
        if let Some(raised) = self.responses.late.get_mut(alert) {
            raised.remark(entry);
        }
    }

    /// The alerts that were over when something was written into their history.
    pub(super) fn take_late(&mut self) -> Vec<Raised> {
        std::mem::take(&mut self.responses.late).into_values().collect()
    }
}

/// What is said of a response, as an event.
fn said(saying: &Saying) -> tell::Saying {
    let run = &saying.run;
    let mut result = saying.result.clone();
    for (name, value) in [
        ("response", serde_json::json!(run.response)),
        ("kind", serde_json::json!(run.kind)),
        ("run", serde_json::json!(run.id)),
        ("standing", serde_json::json!(run.standing)),
        ("dry_run", serde_json::json!(run.dry_run)),
        ("about", serde_json::json!(run.about)),
        ("rule", serde_json::json!(run.rule)),
        ("asked_by", serde_json::json!(run.by)),
        ("reason", serde_json::json!(run.reason)),
    ] {
        result[name] = value;
    }
    let failed = saying.name == "response_failed";
    let mut outcome =
        serde_json::json!({"status": if failed { "failure" } else { "success" }, "result": result});
    if failed {
        let message =
            format!("response {} of kind {} did not do what it should", run.response, run.kind.as_str());
        outcome["error"] = serde_json::json!({"type": run.standing, "message": message});
    }
    let level = match saying.name {
        "response_failed" => "ERROR",
        "alert_response_asked" | "alert_response_tried" => "INFO",
        _ => "WARNING",
    };
    let call = run.about.incident.as_ref().or(run.about.alert.as_ref()).unwrap_or(&run.id);
    let more = serde_json::json!({"call_id": call, "outcome": outcome});
    tell::event(saying.event.clone(), saying.name, level, saying.at_us, more)
}

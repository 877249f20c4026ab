//! What people ask of responses: what there is, what was run, run this, yes and no.

use super::super::{Alerting, Refused};
use super::config::Configured;
use super::{Asking, Named, RESPONSE};
use crate::clock::now_us;
use tacho_alert::respond::{Answer, Run, Standing, Wish, id_of};

/// How often a person may ask for the same.
const ASKED_MAX: u32 = 1_000;

impl Alerting {
    /// The responses that are configured, with the rules that ask for them.
    pub(crate) fn named_responses(&self) -> Vec<Named> {
        let inner = self.inner.lock();
        let asks = |name: &String, one: &Configured| {
            let rules = inner.book.rules.iter();
            let rules = rules.filter(|rule| rule.responses.contains(name) || one.rules.contains(&rule.id));
            rules.map(|rule| rule.id.clone()).collect()
        };
        let all = inner.responses.configured.iter().map(|(name, one)| Named {
            name: name.clone(),
            kind: one.settings.kind.as_str(),
            to: one.to(),
            approve: one.settings.approve,
            dry_run: one.settings.dry_run,
            per_hour: one.settings.per_hour,
            rules: asks(name, one),
        });
        all.collect()
    }

    /// Runs, newest first.
    pub(crate) fn runs(&self) -> Result<Vec<Run>, Refused> {
        let kept =
            self.inner.lock().file.notes(RESPONSE).map_err(|error| Refused::Failed(error.to_string()))?;
        let mut runs: Vec<Run> =
            kept.iter().filter_map(|(_, body)| serde_json::from_str(body).ok()).collect();
        runs.sort_by(|one, other| (other.asked_us, &other.id).cmp(&(one.asked_us, &one.id)));
        Ok(runs)
    }

    /// One run, over or not.
    pub(crate) fn run_of(&self, id: &str) -> Result<Run, Refused> {
        let found = self.inner.lock().kept_run(id);
        found.ok_or_else(|| Refused::Unknown(format!("there is no run \"{id}\" of a response")))
    }

    /// Asks for a response by hand. The same once more is the run that there is, unless that did not do what it should.
    pub(crate) fn ask_response(&self, response: &str, asking: Asking) -> Result<Run, Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        let Asking { mut about, by, reason, dry_run } = asking;
        if let Some(id) = &about.incident {
            let known = Alerting::on(&mut inner)?.known(id).is_some();
            let kept = known || inner.file.incident(id).ok().flatten().is_some();
            kept.then_some(()).ok_or_else(|| Refused::Unknown(format!("there is no incident \"{id}\"")))?;
        }
        if let Some(id) = about.alert.clone() {
            let raised = match inner.desk.get(&id).cloned() {
                Some(raised) => Some(raised),
                None => {
                    inner.file.alert(&id).ok().flatten().and_then(|body| serde_json::from_str(&body).ok())
                }
            };
            let raised = raised.ok_or_else(|| Refused::Unknown(format!("there is no alert \"{id}\"")))?;
            let label = |name: &str| raised.labels().get(name).filter(|value| !value.is_empty()).cloned();
            about.agent = about.agent.or_else(|| label("agent_id"));
            about.session = about.session.or_else(|| label("session_id"));
        }
        let mut number = 0;
        let (id, known) = loop {
            let id = id_of(response, &about, dry_run, number);
            match inner.kept_run(&id) {
                Some(run) if (run.standing.is_over() && !is_good(&run) || dry_run) && number < ASKED_MAX => {
                    number += 1
                }
                known => break (id, known),
            }
        };
        let wish = Wish {
            id,
            response: response.to_string(),
            about,
            rule: None,
            by: Some(by),
            reason,
            dry_run,
            doubt: None,
            refused: None,
        };
        let run = inner.responses.runs.ask(wish, known, now).map_err(Refused::Wrong)?;
        inner.save(None).map_err(|error| Refused::Failed(error.to_string()))?;
        drop(inner);
        self.posted.notify_all();
        Ok(run)
    }

    /// A person agrees, or does not, to a run that waits.
    pub(crate) fn answer_response(
        &self,
        id: &str,
        answer: Answer,
        by: &str,
        note: Option<&str>,
    ) -> Result<Run, Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        let done = inner.responses.runs.answer(id, answer, by, note, now).map_err(Refused::Wrong)?;
        let run = match done {
            Some(run) => run,
            None => {
                let known = inner.kept_run(id);
                let why = |run: Run| {
                    Refused::Wrong(format!(
                        "the run does not wait for anybody: it is {}",
                        run.standing.as_str()
                    ))
                };
                return Err(known.map_or_else(
                    || Refused::Unknown(format!("there is no run \"{id}\" of a response")),
                    why,
                ));
            }
        };
        inner.save(None).map_err(|error| Refused::Failed(error.to_string()))?;
        drop(inner);
        self.posted.notify_all();
        Ok(run)
    }
}

fn is_good(run: &Run) -> bool {
    run.standing == Standing::Succeeded
}

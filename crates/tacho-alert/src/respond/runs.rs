//! The runs that are not over: who is asked, what is due, what came of it.
//!
//! Limits: [`OPEN_MAX`] runs that are not over, [`Settings::per_hour`] of each response, [`WAIT_US`] for a person.

use super::run::{About, Agreed, Answer, Kind, Outcome, Run, Saying, Settings, Standing, Wish};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, VecDeque};
use tacho_event::time::format;

/// Runs that are not over; more are refused.
const OPEN_MAX: usize = 1_000;
/// How long is waited for a person.
const WAIT_US: i64 = 24 * HOUR_US;
const HOUR_US: i64 = 3_600_000_000;
/// Characters of what a person gives, and of what is kept of an outcome.
const TEXT_MAX: usize = 4_096;

#[derive(Debug, Default)]
pub struct Runs {
    settings: BTreeMap<String, Settings>,
    open: BTreeMap<String, Run>,
    /// Ids of those that are due, oldest first.
    due: VecDeque<String>,
    /// When each response was asked for within the last hour, dry runs and refusals left out.
    asked: HashMap<String, VecDeque<i64>>,
    changed: BTreeMap<String, Run>,
    sayings: Vec<Saying>,
    /// Runs that ended since this began, dry runs left out.
    ended: BTreeMap<(Kind, Standing), u64>,
}

impl Runs {
    pub fn new(settings: BTreeMap<String, Settings>) -> Runs {
        Runs { settings, ..Runs::default() }
    }

    pub fn settings(&self) -> &BTreeMap<String, Settings> {
        &self.settings
    }

    /// Takes runs that were kept. What had begun is over: nobody knows how far it came.
    pub fn recall(&mut self, mut kept: Vec<Run>, now_us: i64) {
        kept.sort_by(|one, other| (one.asked_us, &one.id).cmp(&(other.asked_us, &other.id)));
        for mut run in kept {
            let counts = !run.dry_run && run.standing != Standing::Refused;
            if counts && run.asked_us > now_us - HOUR_US {
                self.asked.entry(run.response.clone()).or_default().push_back(run.asked_us);
            }
            match run.standing {
                Standing::Waiting => drop(self.open.insert(run.id.clone(), run)),
                Standing::Due => {
                    self.due.push_back(run.id.clone());
                    self.open.insert(run.id.clone(), run);
                }
                Standing::Running => {
                    let what = "the server went away while it ran: it is not begun again, look what it did";
                    let outcome =
                        Outcome { standing: Standing::Unknown, what: what.into(), result: json!({}) };
                    self.close(&mut run, outcome, None, now_us);
                }
                _ => {}
            }
        }
    }

    /// Takes runs whose texts are others now, and changes nothing else.
    pub fn replace(&mut self, kept: Vec<Run>) {
        for run in kept {
            if let Some(open) = self.open.get_mut(&run.id) {
                *open = run;
            }
        }
    }

    /// Asks for a run. `known` is one of this id that is kept; it is given back, and nothing is begun.
    ///
    /// # Errors
    /// When there is no such response, or a text is too long.
    pub fn ask(&mut self, wish: Wish, known: Option<Run>, now_us: i64) -> Result<Run, String> {
        let settings = self.settings.get(&wish.response).ok_or_else(|| self.unknown(&wish.response))?.clone();
        let texts = [&wish.by, &wish.reason, &wish.about.agent, &wish.about.session];
        if texts.into_iter().flatten().any(|text| text.chars().count() > TEXT_MAX) {
            return Err(format!("a name or text has more than {TEXT_MAX} characters"));
        }
        if let Some(run) = self.open.get(&wish.id).cloned().or(known) {
            return Ok(run);
        }
        let dry_run = wish.dry_run || settings.dry_run;
        let mut run = Run {
            id: wish.id,
            response: wish.response,
            kind: settings.kind,
            about: wish.about,
            rule: wish.rule,
            by: wish.by,
            reason: wish.reason,
            dry_run,
            standing: Standing::Due,
            asked_us: now_us,
            agreed: None,
            began_us: None,
            ended_us: None,
            what: None,
            said: 0,
        };
        let refused = wish.refused.or_else(|| self.over_limit(&run, &settings, now_us));
        let doubt = wish.doubt.or_else(|| settings.approve.then(|| "a person has to agree".to_string()));
        // A person stands beside the line.
        let rule = run.rule.as_ref().filter(|_| run.by.is_none());
        let text = rule.map_or_else(|| "asked for".to_string(), |rule| format!("asked for by rule {rule}"));
        let by = run.by.clone();
        let said = run.saying("alert_response_asked", now_us, text, by.as_deref(), json!({"waits": doubt}));
        self.sayings.push(said);
        if let Some(why) = refused {
            self.close(
                &mut run,
                Outcome { standing: Standing::Refused, what: why, result: json!({}) },
                None,
                now_us,
            );
            return Ok(run);
        }
        if !dry_run {
            self.asked.entry(run.response.clone()).or_default().push_back(now_us);
        }
        match doubt.filter(|_| !dry_run) {
            Some(why) => (run.standing, run.what) = (Standing::Waiting, Some(why)),
            None => self.due.push_back(run.id.clone()),
        }
        self.keep(&run);
        self.open.insert(run.id.clone(), run.clone());
        Ok(run)
    }

    fn unknown(&self, name: &str) -> String {
        let known: Vec<&str> = self.settings.keys().map(String::as_str).collect();
        match known.as_slice() {
            [] => "no response is configured: name one under [alerts.responses]".to_string(),
            known => format!("there is no response \"{name}\", expected one of {}", known.join(", ")),
        }
    }

    fn over_limit(&mut self, run: &Run, settings: &Settings, now_us: i64) -> Option<String> {
        let asked = self.asked.entry(run.response.clone()).or_default();
        while asked.front().is_some_and(|at_us| *at_us <= now_us - HOUR_US) {
            asked.pop_front();
        }
        if !run.dry_run && asked.len() >= settings.per_hour as usize {
            return Some(format!(
                "it was run {} times within an hour, which is its limit",
                settings.per_hour
            ));
        }
        (self.open.len() >= OPEN_MAX).then(|| format!("{OPEN_MAX} responses wait already"))
    }

    /// A person agrees, or does not, to a run that waits; nothing when none of this id does.
    ///
    /// # Errors
    /// When nobody is named.
    pub fn answer(
        &mut self,
        id: &str,
        agrees: Answer,
        by: &str,
        note: Option<&str>,
        now_us: i64,
    ) -> Result<Option<Run>, String> {
        if by.trim().is_empty() {
            return Err("say who you are: \"by\" is empty".into());
        }
        if [Some(by), note].into_iter().flatten().any(|text| text.chars().count() > TEXT_MAX) {
            return Err(format!("a name or note has more than {TEXT_MAX} characters"));
        }
        let waits = self.open.get(id).is_some_and(|run| run.standing == Standing::Waiting);
        let Some(mut run) = self.open.get(id).filter(|_| waits).cloned() else { return Ok(None) };
        let note = note.map(str::to_string);
        run.agreed = Some(Agreed { by: by.to_string(), at_us: now_us, note: note.clone() });
        match agrees {
            Answer::Yes => {
                (run.standing, run.what) = (Standing::Due, None);
                let result = json!({"by": by, "note": note});
                let said = run.saying("alert_response_approved", now_us, "approved".into(), Some(by), result);
                self.sayings.push(said);
                self.due.push_back(run.id.clone());
                self.keep(&run);
                self.open.insert(run.id.clone(), run.clone());
            }
            Answer::No => {
                let what = note.clone().unwrap_or_default();
                let result = json!({"by": by, "note": note});
                self.close(
                    &mut run,
                    Outcome { standing: Standing::Declined, what, result },
                    Some(by),
                    now_us,
                );
            }
        }
        Ok(Some(run))
    }

    /// The next run that is due; it is running from now on.
    pub fn begin(&mut self, now_us: i64) -> Option<Run> {
        let id = self.due.pop_front()?;
        let mut run = self.open.get(&id)?.clone();
        (run.standing, run.began_us) = (Standing::Running, Some(now_us));
        let said = run.saying("alert_response_started", now_us, "started".into(), None, json!({}));
        self.sayings.push(said);
        self.keep(&run);
        self.open.insert(id, run.clone());
        Some(run)
    }

    /// One of several tries came to nothing.
    pub fn tried(&mut self, id: &str, why: &str, now_us: i64) {
        let Some(run) = self.open.get_mut(id) else { return };
        let text = format!("tried, {why}");
        let said = run.saying("alert_response_tried", now_us, text, None, json!({"error": why}));
        let run = run.clone();
        self.sayings.push(said);
        self.keep(&run);
    }

    /// Whom it concerns was found out.
    pub fn concern(&mut self, id: &str, about: &About) {
        if let Some(run) = self.open.get_mut(id) {
            run.about = about.clone();
        }
    }

    /// What came of a run.
    pub fn end(&mut self, id: &str, outcome: Outcome, now_us: i64) -> Option<Run> {
        let mut run = self.open.get(id)?.clone();
        self.close(&mut run, outcome, None, now_us);
        Some(run)
    }

    /// Lets the time pass: what nobody agreed to is not done.
    pub fn pass(&mut self, now_us: i64) {
        let late = |run: &&Run| run.standing == Standing::Waiting && now_us >= run.asked_us + WAIT_US;
        for mut run in self.open.values().filter(late).cloned().collect::<Vec<_>>() {
            let what = format!("nobody agreed until {}", format(run.asked_us + WAIT_US));
            let outcome = Outcome { standing: Standing::Declined, what, result: json!({}) };
            self.close(&mut run, outcome, None, now_us);
        }
    }

    fn close(&mut self, run: &mut Run, outcome: Outcome, by: Option<&str>, now_us: i64) {
        let Outcome { standing, what, mut result } = outcome;
        let what: String = what.chars().take(TEXT_MAX).collect();
        (run.standing, run.ended_us, run.what) = (standing, Some(now_us), Some(what.clone()));
        *self.ended.entry((run.kind, standing)).or_default() += u64::from(!run.dry_run);
        // Rules see what went wrong, and nothing else of responses.
        let name = match standing {
            standing if standing.has_failed() => "response_failed",
            Standing::Refused => "alert_response_refused",
            Standing::Declined => "alert_response_declined",
            _ => "alert_response_succeeded",
        };
        result["what"] = what.as_str().into();
        let text = match what.is_empty() {
            true => standing.as_str().replace('_', " "),
            false => format!("{}, {what}", standing.as_str().replace('_', " ")),
        };
        let said = run.saying(name, now_us, text, by, result);
        self.sayings.push(said);
        self.open.remove(&run.id);
        self.due.retain(|id| *id != run.id);
        self.keep(run);
    }

    fn keep(&mut self, run: &Run) {
        self.changed.insert(run.id.clone(), run.clone());
    }

    /// What has to be kept since this was asked last, and what has to be said on the log.
    pub fn take_changed(&mut self) -> (Vec<Run>, Vec<Saying>) {
        let changed = std::mem::take(&mut self.changed).into_values().collect();
        (changed, std::mem::take(&mut self.sayings))
    }

    /// Whether something can begin.
    pub fn is_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// How many runs of a kind are so far; of those that are over, how many ended so since this began. Dry runs are
    /// left out.
    pub fn count(&self, kind: Kind, standing: Standing) -> u64 {
        let so = |run: &&Run| run.kind == kind && run.standing == standing && !run.dry_run;
        let ended = self.ended.get(&(kind, standing)).copied().unwrap_or_default();
        ended + self.open.values().filter(so).count() as u64
    }

    /// A run that is not over.
    pub fn open(&self, id: &str) -> Option<&Run> {
        self.open.get(id)
    }
}

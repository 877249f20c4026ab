//! Silences: what is not told for a while, who wants that, and why.
//!
//! Invariant: what would mute a critical built-in rule counts only when a second person has agreed, where there is one.

use super::{Alerting, Inner, Refused, tell};
use crate::clock::{now_us, random};
use tacho_alert::Rule;
use tacho_alert::notify::{LabelSet, Matcher, Muted, Raised, Silence, Strategy, parse_matchers};

/// Kinds of notes in the file: silences that count, and those that wait for a second person.
pub(super) const SILENCE: &str = "silence";
const ASKED: &str = "silence asked";
/// Silences that wait.
const ASKED_MAX: usize = 1000;

/// A silence that somebody wants.
#[derive(Debug, Clone)]
pub(crate) struct NewSilence {
    /// Of the silence that it replaces.
    pub id: Option<String>,
    pub matchers: Vec<String>,
    pub starts_us: Option<i64>,
    pub ends_us: i64,
    pub by: String,
    pub comment: String,
    /// It is a maintenance window, and what becomes of what fires within it.
    pub maintenance: Option<Strategy>,
    /// The credential of whoever asks, and whether there is another one that may agree.
    pub credential: String,
    pub others: bool,
}

/// A silence, and whether it counts.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Asked {
    pub silence: Silence,
    /// Who asked: somebody else has to agree. Nothing for a silence that counts.
    pub credential: Option<String>,
}

impl Alerting {
    /// Silences what the matchers name, or keeps the wish until a second person agrees.
    pub(crate) fn silence(&self, wanted: NewSilence) -> Result<Asked, Refused> {
        let now = now_us();
        let mut matchers = Vec::new();
        for text in &wanted.matchers {
            matchers.extend(parse_matchers(text).map_err(Refused::Wrong)?);
        }
        let silence = Silence {
            id: wanted.id.unwrap_or_else(fresh),
            matchers,
            starts_us: wanted.starts_us.unwrap_or(now).max(now),
            ends_us: wanted.ends_us,
            created_by: wanted.by,
            comment: wanted.comment,
            approved_by: None,
            maintenance: wanted.maintenance,
        };
        silence.check().map_err(Refused::Wrong)?;
        let mut inner = self.inner.lock();
        if wanted.others && inner.is_guarded(&silence.matchers) {
            let asked = Asked { silence, credential: Some(wanted.credential) };
            if inner.asked()?.len() >= ASKED_MAX {
                return Err(Refused::Wrong(format!("{ASKED_MAX} silences wait for a second person already")));
            }
            inner.pending.notes.push((ASKED, asked.silence.id.clone(), Some(written(&asked)?)));
            inner.pending.sayings.push(tell::silence_asked(&asked.silence, now));
            inner.keep()?;
            return Ok(asked);
        }
        inner.silence(silence, now)
    }

    /// A second person agrees with a silence that waits.
    pub(crate) fn approve(&self, id: &str, by: &str, credential: &str) -> Result<Asked, Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        let asked = inner.asked()?.into_iter().find(|asked| asked.silence.id == id);
        let unknown = || Refused::Unknown(format!("no silence \"{id}\" waits for a second person"));
        let Asked { mut silence, credential: first } = asked.ok_or_else(unknown)?;
        if first.as_deref() == Some(credential) {
            let what =
                "whoever asked for a silence can't agree with it: somebody else has to, with another key";
            return Err(Refused::Wrong(what.into()));
        }
        silence.approved_by = Some(by.to_string());
        silence.starts_us = silence.starts_us.max(now);
        inner.pending.notes.push((ASKED, id.to_string(), None));
        inner.silence(silence, now)
    }

    /// Ends a silence now, or takes back the wish for one.
    pub(crate) fn unsilence(&self, id: &str, by: &str) -> Result<(), Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        let asked = inner.asked()?.into_iter().map(|asked| asked.silence).find(|asked| asked.id == id);
        let was_asked = asked.is_some();
        let known =
            asked.or_else(|| inner.desk.silences().all().iter().find(|known| known.id == id).cloned());
        let is_work = known.is_some_and(|known| known.maintenance.is_some());
        if !inner.desk.silences().expire(id, now) && !was_asked {
            return Err(Refused::Unknown(format!("there is no silence \"{id}\" that has not ended")));
        }
        inner.pending.notes.push((SILENCE, id.to_string(), None));
        inner.pending.notes.push((ASKED, id.to_string(), None));
        inner.pending.sayings.push(tell::unsilenced(id, by, is_work, now));
        inner.keep()
    }

    /// Silences that have not ended, those that wait for a second person, and how many open alerts each mutes.
    pub(crate) fn silences(&self) -> Result<Vec<(Asked, usize)>, Refused> {
        let now = now_us();
        let mut inner = self.inner.lock();
        inner.desk.silences().forget(now);
        let all = inner.desk.silences().all().to_vec();
        let muted = |silence: &Silence| {
            let by_it = |raised: &&Raised| match inner.desk.muted(raised, now) {
                Some(Muted::Silenced(id) | Muted::Maintained(id)) => id == silence.id,
                _ => false,
            };
            inner.desk.open().filter(by_it).count()
        };
        let counting = all.into_iter().map(|silence| (muted(&silence), silence));
        let counting = counting.map(|(mutes, silence)| (Asked { silence, credential: None }, mutes));
        let waiting = inner.asked()?.into_iter().filter(|asked| asked.silence.ends_us > now);
        Ok(counting.chain(waiting.map(|asked| (asked, 0))).collect())
    }
}

impl Inner {
    fn silence(&mut self, silence: Silence, now_us: i64) -> Result<Asked, Refused> {
        let matching = self.desk.open().filter(|raised| matches(&silence.matchers, raised.labels()));
        let muted: Vec<String> = matching.map(|raised| raised.id().to_string()).collect();
        self.desk.silences().set(silence.clone()).map_err(Refused::Wrong)?;
        let body = serde_json::to_string(&silence).map_err(|error| Refused::Failed(error.to_string()))?;
        self.pending.notes.push((SILENCE, silence.id.clone(), Some(body)));
        self.pending.sayings.push(tell::silenced(&silence, &muted, now_us));
        self.keep()?;
        Ok(Asked { silence, credential: None })
    }

    fn asked(&self) -> Result<Vec<Asked>, Refused> {
        let notes = self.file.notes(ASKED).map_err(|error| Refused::Failed(error.to_string()))?;
        let read = |(_, body): &(String, String)| serde_json::from_str(body);
        notes.iter().map(read).collect::<Result<_, _>>().map_err(|error| Refused::Failed(error.to_string()))
    }

    /// Whether matchers may mute a rule that nobody mutes alone: a critical built-in one, and what stands in its place, since
    /// it may be back before the silence ends. Labels that are not known before it fires may match.
    fn is_guarded(&self, matchers: &[Matcher]) -> bool {
        let fits = |rule: &Rule| {
            let mut known: LabelSet = rule.labels.clone();
            known.insert("alertname".into(), rule.id.clone());
            known.insert("severity".into(), rule.severity.as_str().into());
            matchers.iter().all(|matcher| !known.contains_key(matcher.name()) || matcher.matches(&known))
        };
        let critical = &self.book.critical;
        let stands_for = |rule: &&Rule| critical.iter().any(|built_in| built_in.id == rule.id);
        critical.iter().chain(self.book.rules.iter().filter(stands_for)).any(fits)
    }

    pub(super) fn keep(&mut self) -> Result<(), Refused> {
        self.save(None).map_err(|error| Refused::Failed(error.to_string()))
    }
}

fn matches(matchers: &[Matcher], labels: &LabelSet) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels))
}

fn written(asked: &Asked) -> Result<String, Refused> {
    serde_json::to_string(asked).map_err(|error| Refused::Failed(error.to_string()))
}

pub(super) fn fresh() -> String {
    let mut bytes = [0; 16];
    random(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

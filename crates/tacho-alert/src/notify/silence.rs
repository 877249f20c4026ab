//! Silences: alerts that somebody does not want to be told of for a while, and why.

use crate::notify::{LabelSet, Matcher, Strategy};

/// Silences at a time.
const SILENCES_MAX: usize = 10_000;

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Silence {
    pub id: String,
    pub matchers: Vec<Matcher>,
    pub starts_us: i64,
    pub ends_us: i64,
    pub created_by: String,
    pub comment: String,
    /// A second person who agreed: needed where a critical built-in rule is muted and there is one.
    pub approved_by: Option<String>,
    /// It is a maintenance window, and what becomes of what fires within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Strategy>,
}

impl Silence {
    /// Whether it makes sense.
    ///
    /// # Errors
    /// When it matches everything, ends before it begins, or says no author or reason.
    pub fn check(&self) -> Result<(), String> {
        let what = if self.maintenance.is_some() { "the maintenance" } else { "the silence" };
        if self.matchers.iter().all(|matcher| matcher.matches(&LabelSet::new())) {
            return Err(format!(
                "{what} would match every alert: at least one matcher must not match the empty text"
            ));
        }
        if self.ends_us <= self.starts_us {
            return Err(format!("{what} ends before it begins"));
        }
        if self.comment.trim().is_empty() || self.created_by.trim().is_empty() {
            return Err(format!("{what} needs its author and a reason"));
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Default)]
pub struct Silences {
    all: Vec<Silence>,
}

impl Silences {
    /// Takes a silence; one of the same id is replaced.
    ///
    /// # Errors
    /// When it matches everything, ends before it begins, says no reason, or there are too many.
    pub fn set(&mut self, silence: Silence) -> Result<(), String> {
        silence.check()?;
        self.all.retain(|other| other.id != silence.id);
        if self.all.len() >= SILENCES_MAX {
            return Err(format!("there are {SILENCES_MAX} silences already"));
        }
        self.all.push(silence);
        Ok(())
    }

    /// Ends a silence now; whether there was one that had not ended.
    pub fn expire(&mut self, id: &str, now_us: i64) -> bool {
        let found = self.all.iter_mut().find(|silence| silence.id == id && silence.ends_us > now_us);
        found.map(|silence| silence.ends_us = now_us).is_some()
    }

    /// The first silence that mutes an alert now.
    pub fn muting(&self, labels: &LabelSet, now_us: i64) -> Option<&Silence> {
        let active = self.all.iter().filter(|silence| (silence.starts_us..silence.ends_us).contains(&now_us));
        active.into_iter().find(|silence| silence.matchers.iter().all(|matcher| matcher.matches(labels)))
    }

    /// The first maintenance window of a strategy that concerns an alert now.
    pub(crate) fn working(&self, labels: &LabelSet, now_us: i64, strategy: Strategy) -> Option<&Silence> {
        let windows = self.all.iter().filter(|silence| silence.maintenance == Some(strategy));
        let mut on = windows.filter(|silence| (silence.starts_us..silence.ends_us).contains(&now_us));
        on.find(|silence| silence.matchers.iter().all(|matcher| matcher.matches(labels)))
    }

    /// Forgets what ended before a moment.
    pub fn forget(&mut self, before_us: i64) {
        self.all.retain(|silence| silence.ends_us >= before_us);
    }

    pub fn all(&self) -> &[Silence] {
        &self.all
    }
}

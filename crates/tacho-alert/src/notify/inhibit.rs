//! Inhibition: an alert that says more mutes those that say less about the same thing.

use crate::notify::{LabelSet, Matcher};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Inhibition {
    pub(crate) source: Vec<Matcher>,
    pub(crate) target: Vec<Matcher>,
    pub(crate) equal: Vec<String>,
}

impl Inhibition {
    /// Whether an alert of these labels may mute others.
    pub(crate) fn is_source(&self, labels: &LabelSet) -> bool {
        self.source.iter().all(|matcher| matcher.matches(labels))
    }

    /// Whether a firing alert mutes another. One that is both source and target does not mute its like.
    pub(crate) fn mutes(&self, source: &LabelSet, target: &LabelSet) -> bool {
        let all =
            |matchers: &[Matcher], labels: &LabelSet| matchers.iter().all(|matcher| matcher.matches(labels));
        let same =
            |name: &String| source.get(name).map_or("", String::as_str) == target.get(name).map_or("", |v| v);
        let both = all(&self.target, source) && all(&self.source, target);
        all(&self.source, source) && all(&self.target, target) && self.equal.iter().all(same) && !both
    }
}

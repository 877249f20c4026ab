//! What a pass of redaction found: a count per detector, never the values.

use crate::detectors::Class;

/// Counts of what was redacted, by detector name. Holds no allocation while empty.
#[derive(Default, Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    counts: Vec<(&'static str, u32)>,
    secret: bool,
}

impl Findings {
    /// Nothing was redacted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The number of places redacted.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.counts.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Detector names with their counts, in the order of first sight.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        self.counts.iter().copied()
    }

    /// A credential was among them, not only personal data.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.secret
    }

    pub(crate) fn add(&mut self, name: &'static str, class: Class) {
        self.secret |= class == Class::Credential;
        match self.counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.counts.push((name, 1)),
        }
    }
}

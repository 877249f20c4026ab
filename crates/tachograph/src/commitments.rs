//! Commitments of sections by the secrets of a key ring: for checking what is there, and for what is left of it.
//!
//! The user whose secret a section needs stands in section `who`. When that has gone before the others, or the secret has
//! another name because the user is being erased, the entry's tag tells which of the ring's subjects it was.

use std::borrow::Cow;
use std::collections::HashMap;
use tacho_event::entry::Header;
use tacho_event::id::Id;
use tacho_event::section::{Section, Who};
use tacho_event::time::Day;
use tacho_event::words::Class;
use tacho_merkle::commit::{SaltKey, TagKey};
use tacho_record::keyring::Secrets;

/// Salt keys, and owners of sessions, that are kept at a time.
const KEPT_MAX: usize = 100_000;

/// Names of a data subject's secret: as it is used, and while the subject is erased or made anonymous.
const SUBJECT: &str = "subject ";
const ERASING: &str = "erasing ";
const ANONYMISING: &str = "anonymising ";

/// Hexadecimal digits of an erasure's id.
pub(crate) const ID_DIGITS: usize = 32;

/// What becomes of a data subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// All that belongs to the person goes.
    Erase,
    /// Who it was goes; what was said and done stays.
    Anonymise,
}

impl Mode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Mode::Erase => "erase",
            Mode::Anonymise => "anonymise",
        }
    }
}

/// The name of a data subject's secret.
pub(crate) fn subject(user: &str) -> String {
    format!("{SUBJECT}{user}")
}

/// The name that the secret has from when the erasure was asked for until it is done.
pub(crate) fn leaving(mode: Mode, id: &str, user: &str) -> String {
    debug_assert_eq!(id.len(), ID_DIGITS, "the user stands behind it");
    match mode {
        Mode::Erase => format!("{ERASING}{id} {user}"),
        Mode::Anonymise => format!("{ANONYMISING}{id} {user}"),
    }
}

/// What [`leaving`] made the name of: mode, id, user.
pub(crate) fn parse_leaving(name: &str) -> Option<(Mode, &str, &str)> {
    let rest = |prefix, mode| name.strip_prefix(prefix).map(|rest: &str| (mode, rest));
    let (mode, rest) = rest(ERASING, Mode::Erase).or_else(|| rest(ANONYMISING, Mode::Anonymise))?;
    let (id, user) = rest.split_at_checked(ID_DIGITS)?;
    if !id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    Some((mode, id, user.strip_prefix(' ')?))
}

/// The user of a subject's secret, whichever name it has.
fn user_of(name: &str) -> Option<&str> {
    name.strip_prefix(SUBJECT).or_else(|| Some(parse_leaving(name)?.2))
}

/// Computes commitments with the secrets of a ring.
pub(crate) struct Commitments<'r> {
    ring: &'r Secrets,
    /// By the name of a subject's secret, day, and class where it is the secret of a month: each section of each entry asks, and to
    /// write a secret's name costs as much as the commitment.
    salts: HashMap<String, HashMap<(Day, Option<Class>), SaltKey>>,
    kept: usize,
    /// Tag keys of the ring's subjects, by the secret's name; made when they are needed.
    tags: Vec<(String, TagKey)>,
    /// Whether a subject is being erased: then a user may have two secrets.
    is_leaving: bool,
    /// The subject that a session's last entry without `who` belonged to: most likely the next one's, too.
    owners: HashMap<Id, String>,
}

impl<'r> Commitments<'r> {
    pub(crate) fn new(ring: &'r Secrets) -> Commitments<'r> {
        let is_leaving = ring.names().any(|name| parse_leaving(name).is_some());
        Commitments {
            ring,
            salts: HashMap::new(),
            kept: 0,
            tags: Vec::new(),
            is_leaving,
            owners: HashMap::new(),
        }
    }

    /// # Errors
    /// What to call the secret that the ring lacks; a person is not named.
    pub(crate) fn of(
        &mut self,
        header: &Header<'_>,
        who: &Who<'_>,
        section: Section,
        bytes: &[u8],
    ) -> Result<[u8; 32], String> {
        let by_tag = |all: &mut Self, tag: &[u8; 16]| all.owner(header, tag).ok_or("of its user");
        let owner: Cow<'_, str> = match (section.has_subject(), header.subject, who.user) {
            (true, Some(tag), None) => by_tag(self, &tag)?.into(),
            (true, Some(tag), Some(_)) if self.is_leaving => by_tag(self, &tag)?.into(),
            (true, _, Some(user)) => subject(user).into(),
            _ => "subject".into(),
        };
        let period = (header.period, (!section.is_personal()).then_some(header.retention));
        let made = self.salts.get(&*owner).and_then(|keys| keys.get(&period));
        let key = match made {
            Some(key) => key,
            None => self.salt_key(owner, period)?,
        };
        Ok(key.commitment(&header.id.0, section.name(), bytes))
    }

    /// Makes the key and keeps it.
    fn salt_key(&mut self, owner: Cow<'_, str>, period: (Day, Option<Class>)) -> Result<&SaltKey, String> {
        let lacks_owner = if owner == "subject" { "\"subject\"" } else { "of its user" };
        let secret = self.ring.find(&owner).ok_or(lacks_owner)?;
        let clock = match period {
            (day, None) => format!("period personal {}", day.text()),
            (day, Some(class)) => format!("period {class} {}", day.month_text()),
        };
        let clock = self.ring.find(&clock).ok_or_else(|| format!("\"{clock}\""))?;
        if self.kept >= KEPT_MAX {
            (self.salts, self.kept) = (HashMap::new(), 0);
        }
        self.kept += 1;
        let keys = self.salts.entry(owner.into_owned()).or_default();
        Ok(keys.entry(period).or_insert(SaltKey::new(&secret, &clock)))
    }

    /// Whether section `who` names a user that the ring lacks while the secret of another one gives the tag.
    pub(crate) fn is_of_another(&mut self, header: &Header<'_>, who: &Who<'_>) -> bool {
        let (Some(tag), Some(user)) = (header.subject, who.user) else { return false };
        if self.ring.find(&subject(user)).is_some() {
            return false;
        }
        self.owner(header, &tag).is_some_and(|name| user_of(&name) != Some(user))
    }

    /// The secret's name of the subject whose tag an entry has.
    fn owner(&mut self, header: &Header<'_>, tag: &[u8; 16]) -> Option<String> {
        if self.tags.is_empty() {
            let subjects = self.ring.names().filter(|name| user_of(name).is_some());
            let keys =
                subjects.filter_map(|name| Some((name.to_string(), TagKey::new(&self.ring.find(name)?))));
            self.tags = keys.collect();
            self.tags.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        }
        let is_its = |key: &TagKey| key.tag(&header.id.0) == *tag;
        let likely = header.session.and_then(|session| self.owners.get(&session));
        let at = likely.and_then(|name| self.tags.binary_search_by(|(other, _)| other.cmp(name)).ok());
        let found = at.map(|at| &self.tags[at]).filter(|(_, key)| is_its(key));
        let (name, _) = found.or_else(|| self.tags.iter().find(|(_, key)| is_its(key)))?;
        if let Some(session) = header.session {
            if self.owners.len() >= KEPT_MAX {
                self.owners.clear();
            }
            self.owners.insert(session, name.clone());
        }
        Some(name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_secret_tells_whose_it_is() {
        let id = "0123456789abcdef0123456789abcdef";
        for mode in [Mode::Erase, Mode::Anonymise] {
            let name = leaving(mode, id, "alice b");
            assert_eq!(parse_leaving(&name), Some((mode, id, "alice b")));
            assert_eq!(user_of(&name), Some("alice b"));
        }
        assert_eq!(user_of("subject erasing x"), Some("erasing x"));
        for other in
            ["subject", "period personal 2026-11-21", "erasing x", "log id", "erasing éééééééééééééééé x"]
        {
            assert_eq!(user_of(other), None, "{other}");
        }
    }
}

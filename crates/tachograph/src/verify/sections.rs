//! Sections against the commitments that the entry's `body` holds.
//!
//! The user whose secret a section needs stands in section `who`. When that has gone before the others, the entry's
//! tag tells which of the ring's subjects it was.

use std::collections::{BTreeMap, HashMap};
use tacho_event::entry::Header;
use tacho_event::id::Id;
use tacho_event::section::{Section, Who};
use tacho_merkle::commit::{SaltKey, TagKey, body};
use tacho_record::keyring::Secrets;
use tacho_store::StoreError;
use tacho_store::row::Part;

/// Salt keys, and owners of sessions, that are kept at a time.
const KEPT_MAX: usize = 100_000;

/// How many sections are in which state.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    /// There, and as committed.
    pub open: u64,
    /// Removed on request, the commitment left.
    pub erased: u64,
    /// Removed by age, the commitment left.
    pub expired: u64,
    /// There, but a secret that the entry's sections need is gone: nobody can check them.
    pub sealed: u64,
}

/// Checks sections with the secrets of a key ring.
pub(crate) struct Sections<'r> {
    /// `None` when it cannot be read: then no section that is there can be checked.
    ring: Option<&'r Secrets>,
    salts: HashMap<String, SaltKey>,
    /// Tag keys of the ring's subjects, by the secret's name; made when they are needed.
    tags: Vec<(String, TagKey)>,
    /// The subject that a session's last entry without `who` belonged to: most likely the next one's, too.
    owners: HashMap<Id, String>,
    pub counts: Counts,
    /// Secrets that a section needs and the ring lacks: the first entry that needs it, and how many do.
    pub missing: BTreeMap<String, (u64, u64)>,
}

/// What is left of one event's sections.
pub(crate) type Parts<'p> = &'p mut dyn FnMut(Section, &mut dyn FnMut(Part<'_>)) -> Result<(), StoreError>;

impl<'r> Sections<'r> {
    pub(crate) fn new(ring: Option<&'r Secrets>) -> Sections<'r> {
        let (salts, tags, owners, counts, missing) = Default::default();
        Sections { ring, salts, tags, owners, counts, missing }
    }

    /// Says whether the sections are what `body` commits to; `None` when nobody can tell.
    pub(crate) fn check(
        &mut self,
        index: u64,
        header: &Header<'_>,
        who: &Who<'_>,
        parts: Parts<'_>,
    ) -> Result<Option<bool>, StoreError> {
        let mut listed = Vec::with_capacity(Section::ALL.len());
        let (mut open, mut lacking) = (0, None);
        for section in Section::ALL {
            parts(section, &mut |part| match part {
                Part::Absent => {}
                Part::Gone { commitment, length, why } => {
                    let count =
                        if why == "erased" { &mut self.counts.erased } else { &mut self.counts.expired };
                    *count += 1;
                    listed.push((section.name(), length, commitment));
                }
                Part::Open(bytes) => {
                    open += 1;
                    if self.ring.is_none() {
                        return;
                    }
                    match self.commitment(header, who, section, bytes) {
                        Ok(commitment) => listed.push((section.name(), bytes.len() as u64, commitment)),
                        Err(secret) => lacking = Some(secret),
                    }
                }
            })?;
        }
        if self.ring.is_none() && open > 0 {
            self.counts.sealed += open;
            return Ok(None);
        }
        if let Some(secret) = lacking {
            if self.is_of_another(header, who) {
                return Ok(Some(false));
            }
            self.counts.sealed += open;
            self.missing.entry(secret).or_insert((index, 0)).1 += 1;
            return Ok(None);
        }
        let found = body(&listed).expect("section names are between 1 and 255 bytes");
        let good = *found.as_bytes() == header.body;
        self.counts.open += if good { open } else { 0 };
        Ok(Some(good))
    }

    /// # Errors
    /// What to call the secret that the ring lacks; a person is not named.
    fn commitment(
        &mut self,
        header: &Header<'_>,
        who: &Who<'_>,
        section: Section,
        bytes: &[u8],
    ) -> Result<[u8; 32], String> {
        let ring = self.ring.ok_or("of the ring")?;
        let owner = match (section.has_subject(), header.subject, who.user) {
            (true, Some(tag), None) => self.owner(ring, header, &tag).ok_or("of its user")?,
            (true, _, Some(user)) => format!("subject {user}"),
            _ => "subject".to_string(),
        };
        let clock = if section.is_personal() {
            format!("period personal {}", header.period.text())
        } else {
            format!("period {} {}", header.retention, header.period.month_text())
        };
        let name = format!("{owner}\0{clock}");
        if !self.salts.contains_key(&name) {
            let lacks_owner = if owner == "subject" { "\"subject\"" } else { "of its user" };
            let owner = ring.find(&owner).ok_or(lacks_owner)?;
            let key = SaltKey::new(&owner, &ring.find(&clock).ok_or_else(|| format!("\"{clock}\""))?);
            if self.salts.len() >= KEPT_MAX {
                self.salts.clear();
            }
            self.salts.insert(name.clone(), key);
        }
        Ok(self.salts[&name].commitment(&header.id.0, section.name(), bytes))
    }

    /// Whether section `who` names a user that the ring lacks while the secret of another one gives the tag.
    fn is_of_another(&mut self, header: &Header<'_>, who: &Who<'_>) -> bool {
        let (Some(ring), Some(tag), Some(user)) = (self.ring, header.subject, who.user) else { return false };
        ring.find(&format!("subject {user}")).is_none() && self.owner(ring, header, &tag).is_some()
    }

    /// The secret's name of the subject whose tag an entry has.
    fn owner(&mut self, ring: &Secrets, header: &Header<'_>, tag: &[u8; 16]) -> Option<String> {
        if self.tags.is_empty() {
            let subjects = ring.names().filter(|name| name.starts_with("subject "));
            let keys = subjects.filter_map(|name| Some((name.to_string(), TagKey::new(&ring.find(name)?))));
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

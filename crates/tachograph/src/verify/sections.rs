//! Sections against the commitments that the entry's `body` holds.

use std::collections::HashMap;
use tacho_event::entry::Header;
use tacho_event::section::{Section, Who};
use tacho_merkle::commit::{SaltKey, body};
use tacho_record::keyring::Secrets;
use tacho_store::StoreError;
use tacho_store::row::Part;

/// Salt keys that are kept at a time.
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
    /// There, but the secret is gone or its owner unknown: nobody can check it.
    pub sealed: u64,
}

/// Checks sections with the secrets of a key ring.
pub(crate) struct Sections<'r> {
    ring: Option<&'r Secrets>,
    salts: HashMap<String, SaltKey>,
    pub counts: Counts,
}

/// What is left of one event's sections.
pub(crate) type Parts<'p> = &'p mut dyn FnMut(Section, &mut dyn FnMut(Part<'_>)) -> Result<(), StoreError>;

impl<'r> Sections<'r> {
    /// Without a ring every section that is there counts as sealed.
    pub(crate) fn new(ring: Option<&'r Secrets>) -> Sections<'r> {
        Sections { ring, salts: HashMap::new(), counts: Counts::default() }
    }

    /// Says whether the sections are what `body` commits to; `None` when nobody can tell.
    pub(crate) fn check(
        &mut self,
        header: &Header<'_>,
        who: &Who<'_>,
        parts: Parts<'_>,
    ) -> Result<Option<bool>, StoreError> {
        let mut listed = Vec::with_capacity(Section::ALL.len());
        let mut whole = true;
        for section in Section::ALL {
            parts(section, &mut |part| match part {
                Part::Absent => {}
                Part::Gone { commitment, length, why } => {
                    let count =
                        if why == "erased" { &mut self.counts.erased } else { &mut self.counts.expired };
                    *count += 1;
                    listed.push((section.name(), length, commitment));
                }
                Part::Open(bytes) => match self.commitment(header, who, section, bytes) {
                    Some(commitment) => {
                        self.counts.open += 1;
                        listed.push((section.name(), bytes.len() as u64, commitment));
                    }
                    None => {
                        self.counts.sealed += 1;
                        whole = false;
                    }
                },
            })?;
        }
        if !whole {
            return Ok(None);
        }
        let found = body(&listed).expect("section names are between 1 and 255 bytes");
        Ok(Some(*found.as_bytes() == header.body))
    }

    fn commitment(
        &mut self,
        header: &Header<'_>,
        who: &Who<'_>,
        section: Section,
        bytes: &[u8],
    ) -> Option<[u8; 32]> {
        let ring = self.ring?;
        let owner = match (section.has_subject(), header.subject, who.user) {
            (true, Some(_), None) => return None, // the owner's name went with section `who`
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
            let key = SaltKey::new(&ring.find(&owner)?, &ring.find(&clock)?);
            if self.salts.len() >= KEPT_MAX {
                self.salts.clear();
            }
            self.salts.insert(name.clone(), key);
        }
        Some(self.salts.get(&name)?.commitment(&header.id.0, section.name(), bytes))
    }
}

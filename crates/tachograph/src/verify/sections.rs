//! Sections against the commitments that the entry's `body` holds.

use crate::commitments::Commitments;
use std::collections::BTreeMap;
use tacho_event::entry::Header;
use tacho_event::section::{Section, Who};
use tacho_merkle::commit::body;
use tacho_record::keyring::Secrets;
use tacho_store::StoreError;
use tacho_store::row::Part;

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
    commitments: Option<Commitments<'r>>,
    pub counts: Counts,
    /// Secrets that a section needs and the ring lacks: the first entry that needs it, and how many do.
    pub missing: BTreeMap<String, (u64, u64)>,
}

/// What is left of one event's sections.
pub(crate) type Parts<'p> = &'p mut dyn FnMut(Section, &mut dyn FnMut(Part<'_>)) -> Result<(), StoreError>;

impl<'r> Sections<'r> {
    pub(crate) fn new(ring: Option<&'r Secrets>) -> Sections<'r> {
        let (counts, missing) = Default::default();
        Sections { commitments: ring.map(Commitments::new), counts, missing }
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
                    let Some(commitments) = &mut self.commitments else { return };
                    match commitments.of(header, who, section, bytes) {
                        Ok(commitment) => listed.push((section.name(), bytes.len() as u64, commitment)),
                        Err(secret) => lacking = Some(secret),
                    }
                }
            })?;
        }
        if self.commitments.is_none() && open > 0 {
            self.counts.sealed += open;
            return Ok(None);
        }
        if let Some(secret) = lacking {
            if self.commitments.as_mut().is_some_and(|all| all.is_of_another(header, who)) {
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
}

//! Sections out of segments, when they expire or are erased.
//!
//! Invariants
//! - A file is written anew only when its bytes are those that the catalog lists: damage is never laundered.
//! - Entries never change: every row of a new file gives the leaf that the tree holds.
//! - What remains of a section gives the entry's `body` again, or the section is not taken out.

mod rest;

use crate::encoding::Purpose;
use crate::error::StoreError;
use crate::groups::Source;
use crate::read::{Open, Wanted};
use crate::row::{Row, Rows, conform};
use crate::schema::{COLUMNS, COMMITMENTS_AT, EVERY, GONE_AT, LENGTHS_AT};
use crate::segment::{Leaf, SegmentWriter, check_digest};
use crate::snapshot::SegmentFile;
use crate::store::Store;
use crate::valued::Valued;
use rest::{columns_of, without};
use std::ops::RangeInclusive;
use std::sync::Arc;
use tacho_event::entry::Header;
use tacho_event::section::{Section, Who};
use tacho_event::time::Day;

/// Why sections are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Erased,
    Expired,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Erased => "erased",
            Why::Expired => "expired",
        }
    }
}

/// What is taken out.
pub struct Removal<'a> {
    pub why: Why,
    /// Whether rows recorded on these days may be selected: files of other days are not looked through.
    pub days: Days<'a>,
    /// The sections of a row that go. Sees header, section `who` and the retention that the sender asked for.
    pub select: &'a dyn Fn(&Row<'_>) -> Vec<Section>,
    /// Asked for every open section of a row of which something goes; what it says must give the row's `body`.
    pub commit: Commit<'a>,
}

/// Whether some of these days are meant, both ends included.
pub type Days<'a> = &'a dyn Fn(RangeInclusive<Day>) -> bool;

/// The commitment to a section's bytes, from its entry and the key ring; `None` when its secret is gone.
pub type Commit<'a> = &'a dyn Fn(&Header<'_>, &Who<'_>, Section, &[u8]) -> Option<[u8; 32]>;

/// Sections of which something goes out of a row group.
type Touched = [bool; Section::ALL.len()];

impl Store {
    /// Takes sections out of every row for which the removal selects some, and leaves their commitments, one segment after
    /// the other. Returns how many rows changed. What is not in segments is cut first, when it stood in the journal
    /// below `turned`. What comes later is cut and merged meanwhile: under load this takes minutes.
    ///
    /// The old files go with the last snapshot that shows them; destroy the secrets only after this has returned.
    ///
    /// The journal holds the same text: it must have turned over before. `turned` is the first record of its new
    /// file; everything below it can be released when this has returned, and must be.
    ///
    /// # Errors
    /// [`StoreError::Behind`] when records below `turned` are not in segments, and so could not be released;
    /// [`StoreError::Row`] when the commitments do not give the body, or a secret of a selected section is gone
    /// already; [`StoreError::Changed`] when a file is not the one listed; [`StoreError::Stopped`] when `stopped` says
    /// so. Segments before that one are changed then, each whole: call it again.
    pub fn take_out(
        &self,
        removal: &Removal<'_>,
        leaf: Leaf<'_>,
        turned: u64,
        stopped: &dyn Fn() -> bool,
    ) -> Result<u64, StoreError> {
        let _erasing = self.erasing.lock();
        if self.position().next_record < turned {
            self.cut(leaf)?;
        }
        let held = self.position().next_record;
        if held < turned {
            return Err(StoreError::Behind { held, turned });
        }
        let (apart, mut changed) = (Apart::new(self), 0);
        for segment in self.segments().into_iter().filter(|segment| segment.first < apart.end) {
            if stopped() {
                return Err(StoreError::Stopped);
            }
            let touched = touched(&segment, removal)?;
            if !touched.as_flattened().contains(&true) {
                continue;
            }
            let (new, count) = self.rewrite(&segment, &touched, removal, leaf, stopped)?;
            if count > 0 {
                self.replace(&[segment], &new)?;
            }
            changed += count;
        }
        Ok(changed)
    }

    /// Writes a segment anew without what goes, and says how many rows changed. Columns of which nothing goes are not encoded again.
    fn rewrite(
        &self,
        segment: &Arc<SegmentFile>,
        touched: &[Touched],
        removal: &Removal<'_>,
        leaf: Leaf<'_>,
        stopped: &dyn Fn() -> bool,
    ) -> Result<(Vec<Arc<SegmentFile>>, u64), StoreError> {
        check_digest(segment)?;
        let valued = Valued::in_files(std::iter::once(segment.as_ref()))?;
        let (open, mut changed) = (Open::new(&segment.path)?, 0);
        let source = Source::new(&segment.path, &open)?;
        let writer = SegmentWriter::new(&self.site, &segment.class, segment.first, Purpose::Kept, &valued)?;
        let mut writer = writer.replacing(segment);
        for (group, touched) in touched.iter().enumerate() {
            let differs = columns_changed(touched);
            writer.take_over(&source, group, |column| !differs[column])?;
            for batch in open.batches(vec![group], &EVERY)? {
                if stopped() {
                    return Err(StoreError::Stopped);
                }
                let before = conform(&batch?)?;
                let (after, count) = without(&before, touched, removal)?;
                let stays = |at: usize| differs[at] || Arc::ptr_eq(before.column(at), after.column(at));
                assert!((0..COLUMNS).all(stays), "a column that is taken over must be as it was");
                writer.push(&after)?;
                changed += count;
            }
        }
        Ok((writer.finish(leaf)?.map(Arc::new).into_iter().collect(), changed))
    }
}

/// Segments that an erasure has for itself: a merge would bring back what was taken out of one of them.
struct Apart<'s> {
    store: &'s Store,
    /// Those that begin below.
    end: u64,
}

impl Apart<'_> {
    /// Waits until the merge that runs has ended.
    fn new(store: &Store) -> Apart<'_> {
        let end = store.position().next_index;
        *store.merged_from.lock() = end;
        Apart { store, end }
    }
}

impl Drop for Apart<'_> {
    fn drop(&mut self) {
        *self.store.merged_from.lock() = 0;
    }
}

/// Of which sections of each row group something goes.
fn touched(segment: &SegmentFile, removal: &Removal<'_>) -> Result<Vec<Touched>, StoreError> {
    let open = Open::new(&segment.path)?;
    (0..open.row_groups()).map(|group| group_touched(&open, group, removal)).collect()
}

fn group_touched(open: &Open, group: usize, removal: &Removal<'_>) -> Result<Touched, StoreError> {
    let mut touched = [false; Section::ALL.len()];
    if open.days(group).is_some_and(|days| !(removal.days)(days)) {
        return Ok(touched);
    }
    for batch in open.batches(vec![group], &Wanted::Subject.columns())? {
        for row in Rows::new(&batch?)?.iter() {
            let mut selected = (removal.select)(&row);
            // Of the sections it alone was read. Most events have none.
            selected.retain(|section| *section != Section::Who || has_who(&row));
            if !is_done(&row, &selected, removal.why) {
                selected.iter().for_each(|section| touched[*section as usize] = true);
            }
        }
    }
    Ok(touched)
}

fn has_who(row: &Row<'_>) -> bool {
    let mut bytes = Vec::new();
    row.who().render(&mut bytes);
    !bytes.is_empty()
}

/// The columns that differ when something of these sections goes.
fn columns_changed(touched: &Touched) -> [bool; COLUMNS] {
    let mut changed = [false; COLUMNS];
    for section in Section::ALL.into_iter().filter(|section| touched[*section as usize]) {
        changed[columns_of(section)].fill(true);
        changed[COMMITMENTS_AT + section as usize] = true;
        changed[LENGTHS_AT + section as usize] = true;
        changed[GONE_AT] = true;
    }
    changed
}

/// Whether the selected sections are gone, as far as the row's list tells: which of them the event never had it does
/// not, but those of one clock go together.
fn is_done(row: &Row<'_>, selected: &[Section], why: Why) -> bool {
    let listed = row.gone_text().unwrap_or_default();
    let gone = |section: &Section, why: Option<&str>| {
        let mut parts = listed.split(' ').filter_map(|part| part.split_once('='));
        parts.any(|(name, found)| name == section.name() && why.is_none_or(|why| why == found))
    };
    [true, false].into_iter().all(|is_personal| {
        let of_clock = || selected.iter().filter(move |section| section.is_personal() == is_personal);
        of_clock().any(|section| gone(section, Some(why.as_str())))
            || of_clock().all(|section| gone(section, None))
    })
}

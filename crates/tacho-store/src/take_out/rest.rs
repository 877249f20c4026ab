//! Rows without some of their sections: the columns, and what is left in them for the entry's `body`.

use super::{Commit, Removal, Touched, Why};
use crate::error::StoreError;
use crate::row::{Part, Row, Rows, text_column};
use crate::schema::{COMMITMENTS_AT, GONE_AT, INT_FACTS_AT, LENGTHS_AT, TEXTS_AT, WHO_AT, schema};
use arrow::array::{
    ArrayRef, BooleanArray, FixedSizeBinaryBuilder, Int64Builder, RecordBatch, StringViewBuilder,
};
use arrow::compute::nullif;
use std::ops::Range;
use std::sync::Arc;
use tacho_event::section::Section;
use tacho_merkle::commit::body;

/// What is left of a section that is taken out.
struct Rest {
    section: Section,
    commitment: [u8; 32],
    length: u64,
}

/// A batch without what goes of the sections that are touched, and how many rows changed.
pub(super) fn without(
    batch: &RecordBatch,
    touched: &Touched,
    removal: &Removal<'_>,
) -> Result<(RecordBatch, u64), StoreError> {
    if !touched.contains(&true) {
        return Ok((batch.clone(), 0));
    }
    let (rows, mut scratch) = (Rows::new(batch)?, Vec::new());
    let mut rests = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let mut selected = (removal.select)(&row);
        selected.retain(|section| touched[*section as usize]);
        let mut is_there = false;
        for section in &selected {
            is_there = is_there || matches!(row.section(*section, &mut scratch)?, Part::Open(_));
        }
        rests.push(if is_there { rest_of(&row, &selected, removal.commit)? } else { Vec::new() });
    }
    let changed = rests.iter().filter(|rest| !rest.is_empty()).count() as u64;
    if changed == 0 {
        return Ok((batch.clone(), 0));
    }
    let mut columns = batch.columns().to_vec();
    for section in Section::ALL {
        let taken: BooleanArray =
            rests.iter().map(|rest| Some(rest.iter().any(|rest| rest.section == section))).collect();
        if taken.true_count() > 0 {
            for at in columns_of(section) {
                columns[at] = nullif(&columns[at], &taken)?;
            }
            put_rests(section, &rows, &rests, &mut columns)?;
        }
    }
    columns[GONE_AT] = gone_column(&rows, &rests, removal.why);
    Ok((RecordBatch::try_new(schema(), columns)?, changed))
}

/// Commitments and lengths of the selected sections that are there, checked against the row's body.
fn rest_of(row: &Row<'_>, selected: &[Section], commit: Commit<'_>) -> Result<Vec<Rest>, StoreError> {
    let damaged = |what: String| StoreError::Row { index: row.index(), what };
    let (header, who) = (row.header()?, row.who());
    let (mut rests, mut listed, mut scratch, mut complete) = (Vec::new(), Vec::new(), Vec::new(), true);
    for section in Section::ALL {
        let is_selected = selected.contains(&section);
        match row.section(section, &mut scratch)? {
            Part::Absent => {}
            Part::Gone { commitment, length, .. } => listed.push((section.name(), length, commitment)),
            Part::Open(bytes) => match commit(&header, &who, section, bytes) {
                Some(commitment) => {
                    let length = bytes.len() as u64;
                    listed.push((section.name(), length, commitment));
                    if is_selected {
                        rests.push(Rest { section, commitment, length });
                    }
                }
                None if is_selected => {
                    let what = format!("the secret of section {} is gone already", section.name());
                    return Err(damaged(what));
                }
                None => complete = false,
            },
        }
    }
    let found = body(&listed).expect("section names are between 1 and 255 bytes");
    if complete && *found.as_bytes() != header.body {
        return Err(damaged("the commitments of its sections do not give its body".to_string()));
    }
    Ok(rests)
}

/// The columns that hold a section's content.
pub(super) fn columns_of(section: Section) -> Range<usize> {
    match section {
        Section::Who => WHO_AT..INT_FACTS_AT,
        Section::Facts => INT_FACTS_AT..TEXTS_AT,
        text => text_column(text)..text_column(text) + 1,
    }
}

fn put_rests(
    section: Section,
    rows: &Rows,
    rests: &[Vec<Rest>],
    columns: &mut [ArrayRef],
) -> Result<(), StoreError> {
    let mut commitments = FixedSizeBinaryBuilder::with_capacity(rows.len(), 32);
    let mut lengths = Int64Builder::with_capacity(rows.len());
    for (row, rests) in rows.iter().zip(rests) {
        let new =
            rests.iter().find(|rest| rest.section == section).map(|rest| (rest.commitment, rest.length));
        let kept = || match row.section(section, &mut Vec::new()) {
            Ok(Part::Gone { commitment, length, .. }) => Some((commitment, length)),
            _ => None,
        };
        match new.or_else(kept) {
            Some((commitment, length)) => {
                commitments.append_value(commitment)?;
                lengths.append_value(length as i64);
            }
            None => {
                commitments.append_null();
                lengths.append_null();
            }
        }
    }
    columns[COMMITMENTS_AT + section as usize] = Arc::new(commitments.finish());
    columns[LENGTHS_AT + section as usize] = Arc::new(lengths.finish());
    Ok(())
}

fn gone_column(rows: &Rows, rests: &[Vec<Rest>], why: Why) -> ArrayRef {
    let (mut gone, mut listed) = (StringViewBuilder::with_capacity(rows.len()), String::new());
    for (row, rests) in rows.iter().zip(rests) {
        listed.clear();
        listed.push_str(row.gone_text().unwrap_or_default());
        for rest in rests {
            let space = if listed.is_empty() { "" } else { " " };
            listed.extend([space, rest.section.name(), "=", why.as_str()]);
        }
        gone.append_option((!listed.is_empty()).then_some(&listed));
    }
    Arc::new(gone.finish())
}

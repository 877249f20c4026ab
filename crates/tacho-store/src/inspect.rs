//! Reads a folder at rest for those who judge it: every row that can still be read, and every fault on the way.
//!
//! Changes nothing, and never stops at the first fault.

use crate::catalog::{Position, Registered, name_of};
use crate::check;
use crate::error::StoreError;
use crate::row::Row;
use crate::segment::verify_file;
use crate::snapshot::SegmentFile;
use std::path::Path;

/// What is wrong with catalog and files, and up to where the store holds the log as far as that can be told.
#[derive(Debug)]
pub struct Inspection {
    pub faults: Vec<StoreError>,
    pub position: Position,
    pub listed: Vec<Listed>,
    /// What people registered; `None` when there is no catalog, or one of a version that kept no edits.
    pub registered: Option<Registered>,
}

/// What the catalog lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    /// First index in the file.
    pub first: u64,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

impl Listed {
    pub fn of(segment: &SegmentFile) -> Listed {
        Listed { name: name_of(segment), first: segment.first, digest: segment.digest }
    }
}

/// Checks catalog and files, and hands every row of every listed segment to `each`. A folder without a catalog has
/// no segments yet.
pub fn inspect(folder: &Path, each: &mut dyn FnMut(&Row<'_>)) -> Inspection {
    let (path, segments_folder) = (folder.join("catalog.sqlite"), folder.join("segments"));
    let mut inspection = Inspection {
        faults: Vec::new(),
        position: Position::default(),
        listed: Vec::new(),
        registered: None,
    };
    let has_segments = std::fs::read_dir(&segments_folder).is_ok_and(|mut files| files.next().is_some());
    if !path.exists() && !has_segments {
        return inspection;
    }
    inspection.faults = check::check(folder);
    // Whatever is wrong with the catalog itself was found by the check.
    let Ok(catalog) = check::open(folder) else { return inspection };
    inspection.position = catalog.position().unwrap_or_default();
    match catalog.registered() {
        Ok(registered) => inspection.registered = registered,
        Err(fault) => inspection.faults.push(fault),
    }
    let Ok((segments, _)) = catalog.segments(&segments_folder) else { return inspection };
    // Of a row that is damaged the file is judged as it is: the row was found by the check.
    let segments: Vec<SegmentFile> =
        segments.into_iter().chain(check::doubtful(&catalog, &segments_folder)).collect();
    inspection.listed = segments.iter().map(Listed::of).collect();
    for segment in &segments {
        let found = verify_file(segment, &mut |row| {
            each(row);
            Ok(())
        });
        // The check has found a changed digest already.
        inspection
            .faults
            .extend(found.into_iter().filter(|fault| !matches!(fault, StoreError::Changed { .. })));
    }
    inspection
}

//! Reads a folder at rest for those who judge it: every row that can still be read, and every fault on the way.
//!
//! Changes nothing, and never stops at the first fault.

use crate::catalog::{Position, name_of};
use crate::check;
use crate::error::StoreError;
use crate::row::Row;
use crate::segment::verify_file;
use std::path::Path;

/// What is wrong with catalog and files, and up to where the store holds the log as far as that can be told.
#[derive(Debug)]
pub struct Inspection {
    pub faults: Vec<StoreError>,
    pub position: Position,
    /// Name and SHA-256 of each file that the catalog lists.
    pub digests: Vec<(String, [u8; 32])>,
}

/// Checks catalog and files, and hands every row of every listed segment to `each`. A folder without a catalog has
/// no segments yet.
pub fn inspect(folder: &Path, each: &mut dyn FnMut(&Row<'_>)) -> Inspection {
    let (path, segments_folder) = (folder.join("catalog.sqlite"), folder.join("segments"));
    let mut inspection =
        Inspection { faults: Vec::new(), position: Position::default(), digests: Vec::new() };
    let has_segments = std::fs::read_dir(&segments_folder).is_ok_and(|mut files| files.next().is_some());
    if !path.exists() && !has_segments {
        return inspection;
    }
    inspection.faults = check::check(folder);
    // Whatever is wrong with the catalog itself was found by the check.
    let Ok(catalog) = check::open(folder) else { return inspection };
    inspection.position = catalog.position().unwrap_or_default();
    let Ok((segments, _)) = catalog.segments(&segments_folder) else { return inspection };
    inspection.digests = segments.iter().map(|segment| (name_of(segment), segment.digest)).collect();
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

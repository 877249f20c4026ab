//! Reads a folder at rest for those who judge it: every row that can still be read, and every fault on the way.
//!
//! Changes nothing, and never stops at the first fault. A folder that is being written is judged by a copy of its catalog
//! ([`copy_catalog`]) and the files that were there with it ([`same_books`]).

use crate::account;
use crate::catalog::{Catalog, Position, Registered, name_of};
use crate::check;
use crate::error::StoreError;
use crate::row::Row;
use crate::segment::verify_file;
use crate::snapshot::SegmentFile;
use crate::store::{check_present, files};
use rusqlite::{Connection, OpenFlags};
use std::io::ErrorKind;
use std::path::Path;

/// How often what is being changed is read again before it is taken as it is.
const TRIES: usize = 20;

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

/// What the catalog alone tells.
#[derive(Debug, Default)]
pub struct Glance {
    pub faults: Vec<StoreError>,
    /// First index that only the journal holds.
    pub position: u64,
}

/// Looks at the catalog without reading any file: rows that are not what was written, listed files that are not there,
/// entries that nobody accounts for. Also on a folder that is being written.
pub fn glance(folder: &Path) -> Glance {
    let segments_folder = folder.join("segments");
    let has_segments = std::fs::read_dir(&segments_folder).is_ok_and(|mut files| files.next().is_some());
    let mut glance = Glance::default();
    if !folder.join("catalog.sqlite").exists() && !has_segments {
        return glance;
    }
    for _ in 0..TRIES {
        let before = books(folder);
        glance = look(folder).unwrap_or_else(|fault| Glance { faults: vec![fault], position: 0 });
        if glance.faults.is_empty() || is_same(&before, &books(folder)) {
            break;
        }
    }
    glance
}

fn look(folder: &Path) -> Result<Glance, StoreError> {
    let segments_folder = folder.join("segments");
    let catalog = check::open(folder)?;
    let (segments, mut faults) = catalog.segments(&segments_folder)?;
    let position = catalog.position()?.next_index;
    faults.extend(segments.iter().filter_map(|segment| check_present(&catalog, segment).err()));
    let unlisted = files(&segments_folder)?.unlisted(&segments);
    let unaccounted = account::faults(&segments, position, &unlisted);
    faults.extend(unaccounted.into_iter().map(|what| catalog.damaged(what)));
    Ok(Glance { faults, position })
}

/// What people registered, at this moment; `None` as in [`Inspection`].
///
/// # Errors
/// [`StoreError::Catalog`] and [`StoreError::CatalogDamaged`].
pub fn registered(folder: &Path) -> Result<Option<Registered>, StoreError> {
    check::open(folder)?.registered()
}

/// Copies the catalog of a folder as it is at one moment, also while it is written: damage is copied with it.
///
/// # Errors
/// [`StoreError::Io`] when a file cannot be copied. There may be none yet.
pub fn copy_catalog(folder: &Path, to: &Path) -> Result<(), StoreError> {
    let path = folder.join("catalog.sqlite");
    if !path.exists() {
        return Ok(());
    }
    // Whoever reads keeps SQLite from writing anything into the file that is not in its log as well, and from starting
    // that log anew: copied in this order, both give this moment or a later one. What refuses to be read is copied all
    // the same, so that the check can say what is wrong with it.
    let reader = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let _held = reader.inspect(|reader| {
        drop(reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema"));
    });
    for name in ["catalog.sqlite", "catalog.sqlite-wal"] {
        let path = folder.join(name);
        match std::fs::copy(&path, to.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(StoreError::io("cannot copy", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the catalogs of two folders list the same files up to the same position, or neither can be read.
pub fn same_books(one: &Path, other: &Path) -> bool {
    is_same(&books(one), &books(other))
}

type Books = (Position, Vec<Listed>);

fn books(folder: &Path) -> Result<Books, StoreError> {
    let catalog: Catalog = check::open(folder)?;
    let (segments, _) = catalog.rows(&folder.join("segments"))?;
    Ok((catalog.position()?, segments.iter().map(Listed::of).collect()))
}

fn is_same(one: &Result<Books, StoreError>, other: &Result<Books, StoreError>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), Err(_)) => true,
        _ => false,
    }
}

//! `verify` of a data folder: journal, segments, sections, sessions, tiles, checkpoints, catalog.
//!
//! A folder at rest is read where it lies, one that is in use as [`super::live`] holds it; the server itself checks what it
//! has in memory.

use super::live::Moment;
use super::means::Means;
use super::walk::Walk;
use super::{Check, Findings, archive, checkpoint, tiles};
use crate::folder::Keys;
use crate::node::Node;
use std::error::Error;
use std::path::Path;
use tacho_merkle::VerifierKey;
use tacho_record::log::{self, Lock};
use tacho_record::sealer::TileFolder;
use tacho_store::inspect::Listed;

/// Checks a folder that no server has open. Changes nothing, and needs no right to. Keeps the text of `shown` findings.
pub(crate) fn at_rest(
    data: &Path,
    pins: &[VerifierKey],
    since: Option<&Path>,
    shown: usize,
) -> Result<Check, Box<dyn Error>> {
    if !data.join("wal").exists() {
        return Err(format!("{} is no data folder: it has no wal/", data.display()).into());
    }
    // Without a right to read nothing can be said about the folder: that is no damage.
    if let Err(error) = std::fs::read_dir(data.join("wal")) {
        return Err(format!("cannot list {}: {error}", data.join("wal").display()).into());
    }
    let lock = Lock::share(data)?;
    if lock.is_none() {
        eprintln!("{} cannot be locked: what writes there meanwhile may look like damage", data.display());
    }
    judge(data, data, None, pins, since, shown)
}

/// Checks a folder by its files: keys and tiles in `data`, everything else in `held`. That is the same folder, or a moment
/// of one that is in use.
pub(super) fn judge(
    data: &Path,
    held: &Path,
    moment: Option<&Moment>,
    pins: &[VerifierKey],
    since: Option<&Path>,
    shown: usize,
) -> Result<Check, Box<dyn Error>> {
    let mut findings = Findings::keeping(shown);
    let Means { ring, verifiers } = Means::find(data, pins, &mut findings);
    let before = findings.count;
    let checkpoint = checkpoint::read(held, &verifiers, &mut findings);
    let is_new = checkpoint.is_none() && findings.count == before;
    let archived = archive::read(held, &verifiers, &mut findings);
    let mut walk = Walk::new(ring.as_ref(), checkpoint.as_ref().map(|checkpoint| checkpoint.size), findings);
    walk.archived = archived;
    let (released, stored, registered) = walk.stored(held);
    if is_new && stored > 0 {
        let what =
            format!("is missing, and with it all tiles; segments hold {stored} entries that were sealed");
        walk.findings.completeness("log/checkpoint", what);
    }
    let read = log::read(held, released, |batch| {
        walk.batch(batch);
        Ok(())
    });
    if let Err(error) = read {
        walk.findings.integrity("wal", error.to_string());
    }
    if let Some(path) = since {
        checkpoint::since(path, &verifiers, held, checkpoint.as_ref(), &mut walk.findings)?;
    }
    let again = moment.and_then(|moment| moment.again.as_ref());
    std::mem::take(&mut walk.registry).compare(registered.as_ref(), again, &mut walk.findings);
    let log = data.join("log");
    let names = moment.map_or_else(|| tiles::files(&log), |moment| moment.tiles.clone());
    if moment.is_none() {
        // While the folder is in use, an erasure may be under way: its secrets go before its text.
        walk.missing_secrets();
    }
    if let Some(checkpoint) = &checkpoint {
        tiles::check(&log, &names, checkpoint.size, &walk.leaves, &mut walk.findings);
    }
    Ok(walk.finish(checkpoint.as_ref(), &TileFolder(log)))
}

/// Checks what a running node holds, up to this moment: segments and newest events against its own tiles.
pub(crate) fn of_node(node: &Node) -> Result<Check, Box<dyn Error>> {
    let mut findings = Findings::default();
    // Before the checkpoint, which covers at least as much; and before the events, which tell of every edit in it.
    let archived = archive::read(node.data(), node.verifiers(), &mut findings);
    let registered = node.store().catalog().registered()?;
    let checkpoint = checkpoint::read(node.data(), node.verifiers(), &mut findings);
    // The snapshot is taken after the checkpoint, so that it holds everything that is signed.
    let wanted = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let snapshot = node.snapshot_blocking(wanted);
    let ring = Keys::read(node.data())?.read_ring(node.data())?;
    let mut walk = Walk::new(Some(&ring), Some(snapshot.size), findings);
    walk.archived = archived;
    for segment in &snapshot.segments {
        walk.listed.push(Listed::of(segment));
        let found = tacho_store::segment::verify_file(segment, &mut |row| {
            walk.row(row);
            Ok(())
        });
        for fault in found {
            walk.findings.integrity("segments", fault.to_string());
        }
    }
    for batch in &snapshot.hot {
        tacho_store::row::Rows::new(batch)?.iter().for_each(|row| walk.row(&row));
    }
    let again = node.store().catalog().registered()?;
    std::mem::take(&mut walk.registry).compare(registered.as_ref(), again.as_ref(), &mut walk.findings);
    Ok(walk.finish(checkpoint.as_ref(), &node.tiles()))
}

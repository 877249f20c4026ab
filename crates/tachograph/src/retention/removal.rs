//! Sections out of segments and journal: the steps that erasure and expiry share, each repeatable after a crash.

use super::holds::Holds;
use crate::commitments::Commitments;
use crate::edits::OWN;
use crate::follow::with_leaves;
use crate::node::Node;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tacho_event::entry::Header;
use tacho_event::section::{Section, Who};
use tacho_ingest::Options;
use tacho_store::row::Row;
use tacho_store::take_out::Days;
use tacho_store::{Removal, StoreError, Why};

/// How long to wait before looking again whether others have come as far.
const WAIT: Duration = Duration::from_millis(20);

/// How long to wait for those who read a file that was replaced. A query may take half a minute.
const READERS: Duration = Duration::from_secs(60);

/// What sections of a row go.
pub(super) type Select<'s> = &'s dyn Fn(&Row<'_>) -> Vec<Section>;

/// Of a person something may have been recorded on any day.
pub(super) const ANY_DAY: Days<'static> = &|_| true;

/// What was taken out.
pub(super) struct Taken {
    /// Entries that changed.
    pub entries: u64,
    /// The first entry that was not looked at.
    pub end: u64,
    /// The first record of the journal that does not hold what was taken out.
    turned: u64,
    /// Files that others took the place of. A query or an export that reads one keeps it until it ends.
    files: Vec<PathBuf>,
}

/// Takes the selected sections out of all that was recorded on these days before the call.
///
/// # Errors
/// What the store or the recorder cannot do; segments that are done stay done.
pub(super) fn take_out(
    node: &Node,
    why: Why,
    days: Days<'_>,
    select: Select<'_>,
) -> Result<Taken, Box<dyn Error>> {
    let turned = turn_over(node)?;
    store_below(node, turned)?;
    let (end, before) = (node.store().position().next_index, files(node));
    let secrets = node.ring().secrets();
    let commitments = RefCell::new(Commitments::new(&secrets));
    let commit = |header: &Header<'_>, who: &Who<'_>, section: Section, bytes: &[u8]| {
        commitments.borrow_mut().of(header, who, section, bytes).ok()
    };
    let stopped = || node.removals().is_stopped();
    let entries = with_leaves(
        node.tiles(),
        || node.status().sealed(),
        |leaf| {
            let removal = Removal { why, days, select, commit: &commit };
            node.store().take_out(&removal, leaf, turned, &stopped)
        },
    )?;
    let after = files(node);
    Ok(Taken { entries, end, turned, files: before.difference(&after).cloned().collect() })
}

/// The files that are listed now.
fn files(node: &Node) -> BTreeSet<PathBuf> {
    node.store().snapshot().segments.iter().map(|segment| segment.path.clone()).collect()
}

/// Closes the journal's file; gives the first record of the next one.
fn turn_over(node: &Node) -> Result<u64, Box<dyn Error>> {
    loop {
        let (answer, answered) = std::sync::mpsc::channel();
        if node.recorder().turn_over(Box::new(move |done| drop(answer.send(done.map(drop))))).is_ok() {
            answered.recv()??;
            return Ok(node.status().closed().end);
        }
        wait(node)?;
    }
}

/// Waits until segments hold every record below `turned`.
fn store_below(node: &Node, turned: u64) -> Result<(), Box<dyn Error>> {
    let store = node.store();
    while store.position().next_record < turned {
        let Some(cut) = store.freeze() else {
            wait(node)?;
            continue;
        };
        let end = cut.range().end;
        node.status().want_synced(end);
        // A recovery starts from the tiles of what segments hold.
        while node.status().synced() < end {
            wait(node)?;
        }
        with_leaves(node.tiles(), || node.status().sealed(), |leaf| store.commit(cut.write(leaf)?))?;
    }
    Ok(())
}

/// Waits until neither the journal nor a replaced file holds what was taken out.
///
/// # Errors
/// When a reader keeps a file for too long: it goes when that ends.
pub(super) fn release(node: &Node, taken: &Taken) -> Result<(), Box<dyn Error>> {
    loop {
        let closed = node.status().closed();
        if closed.is_empty() || closed.start >= taken.turned {
            break;
        }
        node.status().want_synced(node.status().size());
        // The recorder looks at the followers' positions with each group, also one of nothing.
        let _full_is_tried_again = node.recorder().submit(Vec::new(), Box::new(drop));
        wait(node)?;
    }
    let since = Instant::now();
    while let Some(file) = taken.files.iter().find(|file| file.exists()) {
        if since.elapsed() > READERS {
            let what =
                "is still read by a query or an export: what was taken out goes with it when that ends";
            return Err(format!("{} {what}", file.display()).into());
        }
        wait(node)?;
    }
    Ok(())
}

/// Waits until the catalog's write-ahead log holds no name that was taken out of the catalog, such as a released hold's.
///
/// # Errors
/// When another program reads the catalog for too long: the next run does it.
pub(super) fn forget_names(node: &Node) -> Result<(), Box<dyn Error>> {
    let since = Instant::now();
    while !node.store().catalog().truncate_wal()? {
        if since.elapsed() > READERS {
            let what = "is still read by another program and may hold the name of a released hold";
            return Err(format!("catalog.sqlite-wal {what}: the next run of retention cuts it").into());
        }
        wait(node)?;
    }
    Ok(())
}

fn wait(node: &Node) -> Result<(), Box<dyn Error>> {
    if node.removals().is_stopped() {
        return Err(StoreError::Stopped.into());
    }
    if let Some(why) = node.status().stopped() {
        return Err(why.into());
    }
    std::thread::sleep(WAIT);
    Ok(())
}

/// Puts an event of ours on the log; it is durable when this returns.
pub(super) fn tell(node: &Node, event: &serde_json::Value) -> Result<(), Box<dyn Error>> {
    let (tally, batches) = node.ingest(event.to_string().as_bytes(), &OWN, &Options::default());
    if let Some(refused) = tally.refused.first() {
        return Err(format!("an event of a removal was refused: {}", refused.reason).into());
    }
    node.record(batches)?;
    Ok(())
}

/// The event's members that all of them have.
pub(super) fn event(
    id: &str,
    name: &str,
    level: &str,
    status: &str,
    result: serde_json::Value,
) -> serde_json::Value {
    serde_json::json!({
        "id": id,
        "agent": {"id": "tachograph"},
        "action": {"type": "audit", "name": name},
        // Kept longest: while an entry is there, the log must tell why its sections are not.
        "class": "critical",
        "level": level,
        "outcome": {"status": status, "result": result},
    })
}

/// What is under a legal hold now.
pub(super) fn holds(node: &Node) -> Result<Holds, Box<dyn Error>> {
    let holds = node.store().catalog().holds()?;
    Ok(Holds::new(&holds, &node.ring().secrets(), node.id_key()))
}

//! A recorder for the crash tests, the fault tests and the judges.
//!
//! `recorder FOLDER FROM TO [STEP COUNT]` appends events FROM..TO in groups of two, sealing after each group. For
//! each event it prints `acked N` with the receipt, `known N` when it was recorded before, `refused N` when
//! nothing of the group is on the log (it tries once more), `poisoned N` when the log refuses for good. It ends
//! with 0 when all are recorded. With STEP, the process kills itself (SIGKILL) when that step is done for the
//! COUNT-th time.
//!
//! `recorder FOLDER check COUNT` recomputes the root and demands each of the events 0..COUNT exactly once.
//! `recorder FOLDER publish OUT` writes `OUT/log`, `OUT/vkeys` and `OUT/proofs` for the judges of `verifiers/`.

#[path = "../tests/it/fleet.rs"]
mod fleet;

use std::error::Error;
use std::fs::File;
use std::io::{IoSlice, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use tacho_merkle::{Checkpoint, Frontier, VerifierKey, leaf_hash};
use tacho_record::{Options, RecordError, Step};

/// Journal files of a few records each, so that they turn over.
const FILE_BYTES: u64 = 4096;
const GROUP: u64 = 2;

static STEP: AtomicUsize = AtomicUsize::new(usize::MAX);
static LEFT: AtomicU32 = AtomicU32::new(0);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [folder, "publish", out] => publish(Path::new(folder), Path::new(out)),
        [folder, "check", count] => check(Path::new(folder), count.parse()?),
        [folder, from, to] => record(Path::new(folder), from.parse()?, to.parse()?),
        [folder, from, to, step, count] => {
            let at = Step::ALL.iter().position(|s| format!("{s:?}") == *step);
            STEP.store(at.ok_or("no such step")?, Ordering::Relaxed);
            LEFT.store(count.parse()?, Ordering::Relaxed);
            record(Path::new(folder), from.parse()?, to.parse()?)
        }
        _ => Err("usage: recorder FOLDER (FROM TO [STEP COUNT] | check COUNT | publish OUT)".into()),
    }
}

fn options() -> Options {
    Options { observer: observe, file_bytes: FILE_BYTES, ..Options::new(fleet::counted) }
}

fn record(folder: &Path, from: u64, to: u64) -> Result<(), Box<dyn Error>> {
    let mut log = fleet::open_with(folder, options())?;
    let mut fault = None;
    for first in (from..to).step_by(GROUP as usize) {
        let group = first..to.min(first + GROUP);
        let now_us = fleet::START_US + first as i64 * 1_000_000;
        for _ in 0..2 {
            let batches = group.clone().map(|n| fleet::batch(n, n)).collect();
            let told = match log.append(now_us, batches) {
                Ok(receipts) => {
                    for (n, receipt) in group.clone().zip(receipts) {
                        say(if receipt.accepted == 1 { "acked" } else { "known" }, n)?;
                    }
                    break;
                }
                Err(error @ RecordError::Poisoned { .. }) => ("poisoned", error),
                Err(error) => ("refused", error),
            };
            group.clone().try_for_each(|n| say(told.0, n))?;
            fault = Some(told);
        }
        if let Err(error) = log.seal() {
            let poisoned = matches!(error, RecordError::Poisoned { .. });
            fault = Some((if poisoned { "poisoned" } else { "not sealed" }, error));
        }
    }
    // Once more, as the recorder does at its next tick.
    if fault.as_ref().is_some_and(|(told, _)| *told != "poisoned") {
        log.seal()?;
    }
    // A fault that was overcome is none: everything is recorded and sealed at the end.
    match fault {
        Some((told, error)) if told == "poisoned" || log.sizes() != (to, to) => Err(error.into()),
        // Nothing to delete, but the tiles are synced before that is known.
        _ => Ok(log.release(0)?),
    }
}

/// Prints a line by `writev`, so that faults put into `write` hit the log's files alone.
fn say(word: &str, n: u64) -> std::io::Result<()> {
    let line = format!("{word} {n}\n");
    let mut out = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    out.write_vectored(&[IoSlice::new(line.as_bytes())]).map(drop)
}

fn observe(step: Step) {
    if STEP.load(Ordering::Relaxed) == step as usize && LEFT.fetch_sub(1, Ordering::Relaxed) == 1 {
        // The real thing: no destructor runs, no buffer is flushed.
        let pid = std::process::id().to_string();
        let killed = std::process::Command::new("kill").args(["-9", &pid]).status();
        panic!("still alive after kill -9: {killed:?}");
    }
}

/// Every event once, and the root as recomputed from the entries, apart from tiles and sealer.
fn check(folder: &Path, count: u64) -> Result<(), Box<dyn Error>> {
    let log = fleet::open(folder)?;
    let (size, sealed) = log.sizes();
    let note = log.checkpoint()?.to_string();
    drop(log);
    let keys: Vec<VerifierKey> = fleet::signers().iter().map(|key| key.verifier().clone()).collect();
    let signed = Checkpoint::open_all(&note, &keys)?.0;
    let (mut tree, mut seen) = (Frontier::new(), Vec::new());
    tacho_record::log::replay(folder, |_, bytes| {
        tree.push(leaf_hash(bytes));
        let text = String::from_utf8_lossy(bytes);
        let number = text.split("\"producer_seq\":").nth(1).and_then(|rest| rest.split([',', '}']).next());
        seen.extend(number.and_then(|number| number.parse::<u64>().ok()));
    })?;
    seen.sort_unstable();
    if !seen.iter().copied().eq(0..count) {
        return Err(format!("events were lost or doubled: {seen:?}").into());
    }
    if (size, sealed, signed.root) != (count, count, tree.root()) {
        return Err(format!("{size} entries, {sealed} sealed, root {}", signed.root).into());
    }
    Ok(())
}

fn publish(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut entries = Vec::new();
    tacho_record::log::replay(folder, |_, bytes| entries.push(bytes.to_vec()))?;
    let log = fleet::open(folder)?;
    let proofs = out.join("proofs");
    std::fs::create_dir_all(&proofs)?;
    for (index, entry) in entries.iter().enumerate().take(log.sizes().1 as usize) {
        std::fs::write(proofs.join(format!("{index}.entry")), entry)?;
        std::fs::write(proofs.join(format!("{index}.tlog-proof")), log.prove(index as u64)?.to_string())?;
    }
    let keys: Vec<String> = fleet::signers().iter().map(|key| format!("{}\n", key.verifier())).collect();
    std::fs::write(out.join("vkeys"), keys.concat())?;
    println!("{} entries, {} sealed", entries.len(), log.sizes().1);
    Ok(())
}

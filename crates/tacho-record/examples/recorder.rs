//! A recorder for the crash tests and the judges: `recorder FOLDER FROM TO [STEP COUNT]`.
//!
//! Appends events FROM..TO one by one, sealing after each, and prints `acked N` after each receipt. With STEP,
//! the process kills itself (SIGKILL) when that step is done for the COUNT-th time.
//! `recorder FOLDER publish OUT` writes `OUT/log`, `OUT/vkeys` and `OUT/proofs` for the judges of `verifiers/`.

#[path = "../tests/it/fleet.rs"]
mod fleet;

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use tacho_record::{Log, Step};

static STEP: AtomicUsize = AtomicUsize::new(usize::MAX);
static LEFT: AtomicU32 = AtomicU32::new(0);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [folder, "publish", out] => publish(Path::new(folder), Path::new(out)),
        [folder, from, to] => record(Path::new(folder), from.parse()?, to.parse()?),
        [folder, from, to, step, count] => {
            let at = Step::ALL.iter().position(|s| format!("{s:?}") == *step);
            STEP.store(at.ok_or("no such step")?, Ordering::Relaxed);
            LEFT.store(count.parse()?, Ordering::Relaxed);
            record(Path::new(folder), from.parse()?, to.parse()?)
        }
        _ => Err("usage: recorder FOLDER FROM TO [STEP COUNT] | recorder FOLDER publish OUT".into()),
    }
}

fn record(folder: &Path, from: u64, to: u64) -> Result<(), Box<dyn Error>> {
    let mut log = Log::open(folder, fleet::ORIGIN, fleet::signers(), observe)?;
    for n in from..to {
        let now_us = fleet::START_US + n as i64 * 1_000_000;
        log.append(now_us, vec![fleet::batch(n, n)])?;
        println!("acked {n}");
        log.seal()?;
    }
    Ok(())
}

fn observe(step: Step) {
    if STEP.load(Ordering::Relaxed) == step as usize && LEFT.fetch_sub(1, Ordering::Relaxed) == 1 {
        // The real thing: no destructor runs, no buffer is flushed.
        let pid = std::process::id().to_string();
        let killed = std::process::Command::new("kill").args(["-9", &pid]).status();
        panic!("still alive after kill -9: {killed:?}");
    }
}

fn publish(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut entries = Vec::new();
    tacho_record::log::replay(folder, |_, bytes| entries.push(bytes.to_vec()))?;
    let log = Log::open(folder, fleet::ORIGIN, fleet::signers(), |_| {})?;
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

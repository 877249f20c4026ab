//! Writes a small synthetic log for the judges in `verifiers/`: `mklog OUT [ENTRIES]`.
//!
//! `OUT/log` holds `checkpoint` and `tile/…` as C2SP publishes them, `OUT/vkeys` the two verifier keys,
//! `OUT/proofs` some entries with their proofs, `OUT/old-checkpoint` the log when it was smaller.
//! Everything is deterministic: the seeds of its keys stand below, so sign nothing real with them.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use tacho_merkle::tile::{
    BundlePath, TileError, TilePath, TileReader, TileSource, TileWriter, encode_bundle,
};
use tacho_merkle::{Algorithm, Checkpoint, Frontier, Note, SignerKey, TlogProof, leaf_hash};

const ORIGIN: &str = "log.example/synthetic";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let entries = arguments.get(1).map_or(Ok(70_000), |count| count.parse());
    let (Some(out), Ok(entries @ 1..)) = (arguments.first(), entries) else {
        eprintln!("usage: mklog OUT [ENTRIES, at least 1]");
        return ExitCode::from(2);
    };
    match write_log(Path::new(out), entries) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mklog: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_log(out: &Path, entries: u64) -> Result<(), Box<dyn Error>> {
    let log = out.join("log");
    let old_size = entries.div_ceil(5);
    let (mut writer, mut frontier, mut old_root) = (TileWriter::new(), Frontier::new(), None);
    let mut bundle = Vec::with_capacity(256);
    for n in 0..entries {
        bundle.push(entry(n));
        let leaf = leaf_hash(&entry(n));
        frontier.push(leaf);
        for tile in writer.extend([leaf]) {
            write(&log.join(tile.path.path()), &tile.bytes)?;
        }
        if n + 1 == old_size {
            old_root = Some(frontier.root());
        }
        if bundle.len() == 256 || n + 1 == entries {
            let path = BundlePath { index: n / 256, width: u16::try_from(bundle.len())? };
            write(&log.join(path.path()), &encode_bundle(&bundle)?)?;
            bundle.clear();
        }
    }
    for tile in writer.partials() {
        write(&log.join(tile.path.path()), &tile.bytes)?;
    }
    let keys = [
        SignerKey::from_seed(ORIGIN, Algorithm::Ed25519, &[1; 32])?,
        SignerKey::from_seed(ORIGIN, Algorithm::MlDsa44, &[2; 32])?,
    ];
    let vkeys: Vec<String> = keys.iter().map(|key| format!("{}\n", key.verifier())).collect();
    write(&out.join("vkeys"), vkeys.concat().as_bytes())?;
    let checkpoint = Checkpoint::new(ORIGIN, entries, writer.root()).sign(&keys)?;
    write(&log.join("checkpoint"), checkpoint.as_bytes())?;
    let old_root = old_root.ok_or("the old size is not below the new one")?;
    let old = Checkpoint::new(ORIGIN, old_size, old_root).sign(&keys)?;
    write(&out.join("old-checkpoint"), old.as_bytes())?;
    write_proofs(out, entries, &Note::parse(&checkpoint)?)?;
    println!("{} entries, root {}, in {}", entries, writer.root(), out.display());
    Ok(())
}

fn write_proofs(out: &Path, entries: u64, checkpoint: &Note) -> Result<(), Box<dyn Error>> {
    let proofs = out.join("proofs");
    let mut reader = TileReader::new(Files(out.join("log")), entries)?;
    for index in [0, 1, 255, 256, entries / 2, entries.saturating_sub(2), entries - 1] {
        if index >= entries {
            continue;
        }
        let hashes = reader.inclusion(index)?;
        let proof = TlogProof { index, extra: None, hashes, checkpoint: checkpoint.clone() };
        write(&proofs.join(format!("{index}.entry")), &entry(index))?;
        write(&proofs.join(format!("{index}.tlog-proof")), proof.to_string().as_bytes())?;
    }
    Ok(())
}

struct Files(std::path::PathBuf);

impl TileSource for Files {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        fs::read(self.0.join(path.path())).map_err(|_| TileError::Missing(*path))
    }
}

fn entry(n: u64) -> Vec<u8> {
    format!("{{\"agent\":\"agent-{}\",\"index\":{n},\"v\":1}}", n % 7).into_bytes()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, bytes).map_err(|error| format!("{} not written: {error}", path.display()).into())
}

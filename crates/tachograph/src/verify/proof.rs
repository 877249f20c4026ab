//! `verify --proof FILE --key KEY`: a downloaded proof, checked with nothing but pinned keys.

use super::{Check, Findings};
use std::error::Error;
use std::io::Write;
use std::path::Path;
use tacho_merkle::{Checkpoint, TlogProof, VerifierKey, leaf_hash};

/// Checks a proof. The entry is the proof's extra data, or a file of its own.
pub(crate) fn run(proof: &Path, entry: Option<&Path>, keys: &[VerifierKey]) -> Result<Check, Box<dyn Error>> {
    if keys.is_empty() {
        return Err(
            "a proof is checked against pinned keys: give --pin KEY, as `tachograph keys` prints them".into(),
        );
    }
    let text = std::fs::read_to_string(proof).map_err(|e| format!("cannot read {}: {e}", proof.display()))?;
    let mut findings = Findings::default();
    let place = proof.display().to_string();
    let mut what = format!("{place} is not proved");
    match TlogProof::parse(&text) {
        Err(error) => findings.integrity(place, error.to_string()),
        Ok(proof) => {
            let bytes = match entry {
                Some(path) => {
                    std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?
                }
                None => proof.extra.clone().ok_or("the proof carries no entry: give it with --entry FILE")?,
            };
            match proof.verify(leaf_hash(&bytes), keys) {
                Err(error) => findings.integrity(place, error.to_string()),
                Ok(_) => {
                    let (checkpoint, signed) = Checkpoint::open_note(&proof.checkpoint, keys)?;
                    let (index, size, origin) = (proof.index, checkpoint.size, &checkpoint.origin);
                    let signers = signed.len();
                    // The verdict is the same when nobody reads it.
                    drop(writeln!(std::io::stdout(), "{}", String::from_utf8_lossy(&bytes)));
                    what = format!(
                        "entry {index} of {origin} is under the checkpoint of size {size}, {signers} signatures"
                    );
                }
            }
        }
    }
    Ok(Check::new(findings, 1, what))
}

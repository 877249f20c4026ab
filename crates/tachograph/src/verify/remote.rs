//! `verify --server`: the public log of a running server, recomputed from its entry bundles with pinned keys.

use super::leaves::Leaves;
use super::{Check, Findings, progress};
use crate::client::Client;
use std::error::Error;
use std::path::Path;
use tacho_merkle::tile::{BundlePath, TILE_WIDTH, TileError, TilePath, TileSource, decode_bundle};
use tacho_merkle::{Checkpoint, Frontier, VerifierKey, leaf_hash};

/// What a server does not show.
const UNCHECKED: &str = "over HTTP the public log alone was checked: its entries, tiles and checkpoint; catalog, sections, \
                         journal and archive are checked by tachograph --data FOLDER verify where the folder lies";

/// Checks everything below the published checkpoint, and that history before `since` was only appended to.
pub(crate) fn run(
    client: &Client,
    keys: &[VerifierKey],
    since: Option<&Path>,
    shown: usize,
) -> Result<Check, Box<dyn Error>> {
    if keys.is_empty() {
        return Err(
            "a server is checked against pinned keys: give --pin KEY, as `tachograph keys` prints them \
                    on the server's machine"
                .into(),
        );
    }
    let mut findings = Findings::keeping(shown);
    let note = String::from_utf8(client.get("/tlog/checkpoint", "text/plain")?.good()?)?;
    let checkpoint = match Checkpoint::open(&note, keys) {
        Ok((checkpoint, _)) => checkpoint,
        Err(error) => {
            findings.integrity("/tlog/checkpoint", error.to_string());
            return Ok(Check::new(findings, 0, "the checkpoint is not signed by the pinned keys".into()));
        }
    };
    let old = since.map(|path| old_checkpoint(path, keys)).transpose()?;
    let (mut leaves, mut tree) = (Leaves::default(), Frontier::new());
    let bar = progress(checkpoint.size, "entries");
    for first in (0..checkpoint.size).step_by(usize::from(TILE_WIDTH)) {
        let width = u64::from(TILE_WIDTH).min(checkpoint.size - first) as u16;
        let path = BundlePath { index: first / u64::from(TILE_WIDTH), width };
        let place = format!("/tlog/{}", path.path());
        let bytes = match client.get(&place, "*/*")?.good() {
            Ok(bytes) => bytes,
            Err(error) => {
                findings.completeness(place, error.to_string());
                continue;
            }
        };
        match decode_bundle(&bytes, width) {
            Err(error) => findings.integrity(place, error.to_string()),
            Ok(entries) => {
                for (entry, index) in entries.iter().zip(first..) {
                    leaves.put(index, leaf_hash(entry), &mut findings);
                    tree.push(leaf_hash(entry));
                    check_old(old.as_ref(), &tree, &mut findings);
                }
            }
        }
        bar.inc(u64::from(width));
    }
    bar.finish_and_clear();
    leaves.check(&checkpoint, &Remote(client), &mut findings);
    if let Some(old) = old.filter(|old| old.size > checkpoint.size) {
        let what = format!("covers {} entries, an older checkpoint covers {}", checkpoint.size, old.size);
        findings.completeness("/tlog/checkpoint", what);
    }
    let what = format!(
        "{} entries of {}, root {}; {UNCHECKED}",
        checkpoint.size, checkpoint.origin, checkpoint.root
    );
    Ok(Check::new(findings, checkpoint.size, what))
}

fn old_checkpoint(path: &Path, keys: &[VerifierKey]) -> Result<Checkpoint, Box<dyn Error>> {
    let note = std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let opened = Checkpoint::open(&note, keys);
    Ok(opened.map_err(|error| format!("{} is no checkpoint of these keys: {error}", path.display()))?.0)
}

/// The tree must have had the old checkpoint's root when it had its size.
fn check_old(old: Option<&Checkpoint>, tree: &Frontier, findings: &mut Findings) {
    if let Some(old) = old.filter(|old| old.size == tree.size() && old.root != tree.root()) {
        let what = format!(
            "history was rewritten: at size {} the root was {}, now {}",
            old.size,
            old.root,
            tree.root()
        );
        findings.integrity("/tlog", what);
    }
}

struct Remote<'a>(&'a Client);

impl TileSource for Remote<'_> {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        let got =
            self.0.get(&format!("/tlog/{}", path.path()), "*/*").and_then(super::super::client::Answer::good);
        got.map_err(|_| TileError::Missing(*path))
    }
}

//! Tools that prove: one entry, or a range of them. The log gives bytes; the checking is done here.
//!
//! *Invariants*
//! - A proof counts only against the root of a checkpoint, and the checkpoint only if a key signed it. Without pinned
//!   keys the answer says that nobody's signature was checked.
//! - Every leaf of a range is hashed from its entry and compared with its tile, and every tile is proved under the root
//!   through its first leaf: the other leaves of the tile are hashed into that proof.

use crate::ask::OfEntry;
use crate::handler::AuditServer;
use crate::limits::RANGE_MAX;
use crate::log::{Caller, Fault, Log, bounded};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::RangeInclusive;
use std::sync::Arc;
use tacho_merkle::tile::{
    BundlePath, TILE_WIDTH, TileError, TilePath, TileReader, TileSource, decode_bundle,
};
use tacho_merkle::{Checkpoint, Hash, Note, TlogProof, VerifierKey, leaf_hash, verify_inclusion};

/// Keys that checkpoints must be signed by, and where they are from.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    pub keys: Vec<VerifierKey>,
    /// The server checks with its own keys: good against damage, no proof against the server itself.
    pub own: bool,
}

/// Who vouches for the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Signed {
    /// Signed by a key that was pinned outside the server.
    ByPinnedKeys,
    /// Signed by the server's own keys, checked by the server itself.
    ByTheServer,
    /// No keys are pinned: the signature was not checked.
    Unchecked,
}

/// The answer of `verify_entry`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EntryVerdict {
    /// The entry is on the log, under a checkpoint that is signed as `signed` says.
    verified: bool,
    signed: Signed,
    /// What was wrong; null when nothing was.
    problem: Option<String>,
    index: Option<u64>,
    /// SHA-256 of the entry as a leaf, hexadecimal.
    leaf_hash: Option<String>,
    /// Size of the log that the checkpoint covers.
    tree_size: Option<u64>,
    root: Option<String>,
    /// The log's name.
    origin: Option<String>,
    /// The entry as it stands on the log for ever.
    entry: Option<Value>,
}

/// Arguments of `verify_range`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// Index of the first entry.
    from: u64,
    /// Index of the last entry, itself included; at most 10,000 entries.
    to: u64,
}

/// The answer of `verify_range`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RangeVerdict {
    /// Every entry of the range is what the signed tree says.
    verified: bool,
    signed: Signed,
    /// Entries that were hashed and compared.
    checked: u64,
    /// What was wrong, at most 20 of them.
    problems: Vec<String>,
    tree_size: u64,
    root: String,
    origin: String,
}

/// A root and who vouches for it.
pub(crate) struct Head {
    pub checkpoint: Checkpoint,
    pub signed: Signed,
    /// The signed note itself.
    pub note: String,
}

/// Findings that are named.
const PROBLEMS_MAX: usize = 20;

impl AuditServer {
    pub(crate) async fn verify_entry(&self, caller: &Caller, asked: OfEntry) -> Result<EntryVerdict, Fault> {
        bounded("id", &asked.id)?;
        let text = self.log().proof(caller, &asked.id).await?;
        Ok(judge(&text, self.pins()).unwrap_or_else(EntryVerdict::refused))
    }

    pub(crate) async fn verify_range(&self, caller: &Caller, asked: Range) -> Result<RangeVerdict, Fault> {
        let Range { from, to } = asked;
        if to < from || to - from >= RANGE_MAX {
            return Err(Fault::refused(format!(
                "{from} to {to}: expected 1 to {RANGE_MAX} entries, the first first"
            )));
        }
        let head = self.head(caller).await?;
        let (size, root) = (head.checkpoint.size, head.checkpoint.root);
        if to >= size {
            return Err(Fault::absent(format!(
                "the newest checkpoint covers {size} entries, {to} is not among them; what was just recorded is a second \
                 later"
            )));
        }
        let mut problems = Vec::new();
        let mut checked = 0;
        let width = u64::from(TILE_WIDTH);
        for tile in from / width..=to / width {
            let (first, end) = (tile * width, ((tile + 1) * width).min(size));
            let bytes = self.bundle(caller, tile, end - first).await?;
            let tiles = self.tiles(caller, size)?;
            let wanted = from.max(first)..=to.min(end - 1);
            let tile = Bundle { bytes, first, end };
            let judged = off_thread(move || tile.check(wanted, tiles, size, root)).await?;
            checked += judged.checked;
            problems.extend(judged.problems);
        }
        let verified = problems.is_empty();
        problems.truncate(PROBLEMS_MAX);
        let Head { checkpoint, signed, .. } = head;
        let (tree_size, root, origin) = (checkpoint.size, checkpoint.root.to_string(), checkpoint.origin);
        Ok(RangeVerdict { verified, signed, checked, problems, tree_size, root, origin })
    }

    /// The newest checkpoint.
    pub(crate) async fn head(&self, caller: &Caller) -> Result<Head, Fault> {
        let bytes = self.log().published(caller, "checkpoint").await?;
        let note = String::from_utf8(bytes).map_err(|_| Fault::failed("the checkpoint is no text"))?;
        self.opened(note)
    }

    /// A checkpoint and who signed it.
    pub(crate) fn opened(&self, note: String) -> Result<Head, Fault> {
        let opened = open(&note, self.pins());
        let (checkpoint, signed) =
            opened.map_err(|why| Fault::failed(format!("the log's checkpoint is refused: {why}")))?;
        Ok(Head { checkpoint, signed, note })
    }

    /// The bundle of entries that belongs to a tile.
    async fn bundle(&self, caller: &Caller, index: u64, width: u64) -> Result<Vec<u8>, Fault> {
        let path = BundlePath { index, width: width as u16 };
        self.log().published(caller, &path.path()).await
    }

    /// The tree's tiles, for code that reads them on a thread that may wait.
    fn tiles(&self, caller: &Caller, size: u64) -> Result<TileReader<Tiles>, Fault> {
        let runtime = tokio::runtime::Handle::current();
        let tiles = Tiles { log: Arc::clone(self.log()), caller: caller.clone(), runtime };
        TileReader::new(tiles, size).map_err(|error| Fault::failed(error.to_string()))
    }
}

/// Runs what reads tiles.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Fault::failed(error.to_string()))?
}

/// Tiles that are asked of the log one by one.
struct Tiles {
    log: Arc<dyn Log>,
    caller: Caller,
    runtime: tokio::runtime::Handle,
}

impl TileSource for Tiles {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        let got = self.runtime.block_on(self.log.published(&self.caller, &path.path()));
        got.map_err(|fault| match fault.kind {
            crate::log::Kind::Absent => TileError::Missing(*path),
            _ => TileError::Source { path: *path, reason: fault.why },
        })
    }
}

struct Judged {
    checked: u64,
    problems: Vec<String>,
}

/// The entries that belong to one tile.
struct Bundle {
    bytes: Vec<u8>,
    first: u64,
    /// Behind the last.
    end: u64,
}

impl Bundle {
    /// Compares the wanted entries with the tree of this size and root.
    fn check<S: TileSource>(
        &self,
        wanted: RangeInclusive<u64>,
        mut tiles: TileReader<S>,
        size: u64,
        root: Hash,
    ) -> Result<Judged, Fault> {
        let failed = |error: TileError| Fault::failed(error.to_string());
        let (first, last) = (self.first, self.end - 1);
        let mut judged = Judged { checked: 0, problems: Vec::new() };
        let entries = match decode_bundle(&self.bytes, (self.end - first) as u16) {
            Ok(entries) => entries,
            Err(error) => {
                judged.problems.push(format!("entries {first} to {last}: {error}"));
                return Ok(judged);
            }
        };
        let proof = tiles.inclusion(first).map_err(failed)?;
        let leaf = tiles.leaf(first).map_err(failed)?;
        if let Err(error) = verify_inclusion(leaf, first, size, &proof, root) {
            judged.problems.push(format!("the tile of entries {first} to {last}: {error}"));
        }
        for index in wanted {
            let found = leaf_hash(entries[(index - first) as usize]);
            let expected = tiles.leaf(index).map_err(failed)?;
            judged.checked += 1;
            if found != expected {
                judged
                    .problems
                    .push(format!("entry {index} has the leaf hash {found}, the tree has {expected}"));
            }
        }
        Ok(judged)
    }
}

/// Opens a checkpoint with the pinned keys, or reads it when there are none.
fn open(note: &str, pins: &Pins) -> Result<(Checkpoint, Signed), String> {
    if pins.keys.is_empty() {
        let note = Note::parse(note).map_err(|error| error.to_string())?;
        let checkpoint = Checkpoint::parse_text(note.text()).map_err(|error| error.to_string())?;
        return Ok((checkpoint, Signed::Unchecked));
    }
    let (checkpoint, _) = Checkpoint::open(note, &pins.keys).map_err(|error| error.to_string())?;
    Ok((checkpoint, if pins.own { Signed::ByTheServer } else { Signed::ByPinnedKeys }))
}

/// Judges a tlog-proof that holds its entry.
fn judge(text: &str, pins: &Pins) -> Result<EntryVerdict, String> {
    let proof = TlogProof::parse(text).map_err(|error| error.to_string())?;
    let entry = proof.extra.as_deref().ok_or("the proof holds no entry")?;
    let (checkpoint, signed) = open(&proof.checkpoint.to_string(), pins)?;
    let leaf = leaf_hash(entry);
    let proved = verify_inclusion(leaf, proof.index, checkpoint.size, &proof.hashes, checkpoint.root);
    Ok(EntryVerdict {
        verified: proved.is_ok(),
        signed,
        problem: proved.err().map(|error| error.to_string()),
        index: Some(proof.index),
        leaf_hash: Some(leaf.to_string()),
        tree_size: Some(checkpoint.size),
        root: Some(checkpoint.root.to_string()),
        origin: Some(checkpoint.origin),
        entry: serde_json::from_slice(entry).ok(),
    })
}

impl EntryVerdict {
    fn refused(problem: String) -> EntryVerdict {
        EntryVerdict {
            verified: false,
            signed: Signed::Unchecked,
            problem: Some(problem),
            index: None,
            leaf_hash: None,
            tree_size: None,
            root: None,
            origin: None,
            entry: None,
        }
    }
}

#[cfg(test)]
#[path = "prove_tests.rs"]
mod tests;

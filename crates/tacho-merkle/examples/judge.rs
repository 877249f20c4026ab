//! Judges a log with software that we did not write: `judge LOG VKEYS PROOFS [OLD_CHECKPOINT]`.
//!
//! Uses only `signed_note` and `tlog_tiles`, nothing of this crate. Ed25519 only: they know no ML-DSA-44.
//!
//! Not their `TileHashReader`, made for this: as of 0.2 it starts to authenticate at tile `stx.len()`, a number
//! of hashes, where it means the number of their tiles, and so returns hashes of tiles it has not checked.
//! Here their code builds the tree from all leaf tiles and says what every other tile has to be.
//!
//! Exit code 0: everything verifies; 1: something does not (said on stdout); 2: usage.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::checkpoint::Checkpoint;
use tlog_tiles::tile::Tile;
use tlog_tiles::tlog::{self, Hash, HashReader};

type Verdict<T> = Result<T, String>;

const WIDTH: u64 = 256;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let (log, vkeys, proofs, old) = match arguments.as_slice() {
        [log, vkeys, proofs] => (log, vkeys, proofs, None),
        [log, vkeys, proofs, old] => (log, vkeys, proofs, Some(old)),
        _ => {
            eprintln!("usage: judge LOG VKEYS PROOFS [OLD_CHECKPOINT]");
            return ExitCode::from(2);
        }
    };
    match judge(log, vkeys, proofs, old.map(PathBuf::as_path)) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(refused) => {
            println!("{refused}");
            ExitCode::FAILURE
        }
    }
}

fn judge(log: &Path, vkeys: &Path, proofs: &Path, old: Option<&Path>) -> Verdict<String> {
    let keys = read_text(vkeys)?;
    let key = keys.lines().next().ok_or("no key")?;
    let head = open(&read_text(&log.join("checkpoint"))?, key)?;
    let tree = read_tree(log, &head)?;
    let proved = check_proofs(proofs, key)?;
    if let Some(old) = old {
        let old = open(&read_text(old)?, key)?;
        if old.size() < head.size() {
            let proof = tlog::prove_tree(head.size(), old.size(), &tree).map_err(|e| e.to_string())?;
            tlog::check_tree(&proof, head.size(), *head.hash(), old.size(), *old.hash())
                .map_err(|error| format!("size {} is not consistent: {error}", old.size()))?;
        } else if old.size() > head.size() || old.hash() != head.hash() {
            return Err(format!("log of size {} rolled back or forked", old.size()));
        }
    }
    Ok(format!("{} leaves, {proved} proofs", head.size()))
}

fn open(note: &str, key: &str) -> Verdict<Checkpoint> {
    let verifier = StandardVerifier::new(key).map_err(|error| error.to_string())?;
    let note = Note::from_bytes(note.as_bytes()).map_err(|error| format!("checkpoint: {error}"))?;
    let known = VerifierList::new(vec![Box::new(verifier)]);
    note.verify(&known).map_err(|error| format!("checkpoint: {error}"))?;
    Checkpoint::from_bytes(note.text()).map_err(|error| error.to_string())
}

/// The tree of all leaf tiles, checked, with every other tile, and the bundles where there are any.
fn read_tree(log: &Path, head: &Checkpoint) -> Verdict<Hashes> {
    let bundles = log.join("tile/entries").exists();
    let mut tree = Hashes(Vec::new());
    for start in (0..head.size()).step_by(256) {
        let width = u32::try_from(WIDTH.min(head.size() - start)).unwrap_or(0);
        let leaves = read_tile(log, &Tile::new(8, 0, start / WIDTH, width, false))?;
        if bundles {
            let tile = Tile::new(8, 0, start / WIDTH, width, true);
            let path = tile.path().replacen("tile/8/data/", "tile/entries/", 1);
            let bytes = fs::read(log.join(&path)).map_err(|error| format!("{path}: {error}"))?;
            let found = bundle_hashes(&bytes).ok_or_else(|| format!("{path}: broken bundle"))?;
            if found != leaves {
                return Err(format!("{path}: entries are not the leaves"));
            }
        }
        for (n, leaf) in (start..).zip(leaves) {
            let stored = tlog::stored_hashes_for_record_hash(n, leaf, &tree);
            tree.0.extend(stored.map_err(|error| error.to_string())?);
        }
    }
    let root = tlog::tree_hash(head.size(), &tree).map_err(|error| error.to_string())?;
    if root != *head.hash() {
        return Err(format!("leaf tiles have root {root}, signed is {}", head.hash()));
    }
    for tile in Tile::new_tiles(8, 0, head.size()) {
        let expected = tile.read_data(&tree).map_err(|error| error.to_string())?;
        if fs::read(tile_path(log, &tile)).ok() != Some(expected) {
            return Err(format!("{} is not that of the leaves", tile_path(Path::new(""), &tile).display()));
        }
    }
    Ok(tree)
}

fn read_tile(log: &Path, tile: &Tile) -> Verdict<Vec<Hash>> {
    let path = tile_path(log, tile);
    let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || hashes.len() != tile.width() as usize {
        return Err(format!("{} has {} bytes", path.display(), bytes.len()));
    }
    Ok(hashes.iter().map(|hash| Hash(*hash)).collect())
}

/// Their path names the height of tiles, which C2SP fixes at 8.
fn tile_path(log: &Path, tile: &Tile) -> PathBuf {
    log.join(tile.path().replacen("tile/8/", "tile/", 1))
}

fn bundle_hashes(bundle: &[u8]) -> Option<Vec<Hash>> {
    let (mut rest, mut hashes) = (bundle, Vec::new());
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        hashes.push(tlog::record_hash(entry));
        rest = after;
    }
    Some(hashes)
}

fn check_proofs(proofs: &Path, key: &str) -> Verdict<usize> {
    let mut count = 0;
    for file in fs::read_dir(proofs).map_err(|error| format!("{}: {error}", proofs.display()))? {
        let path = file.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "tlog-proof") {
            let entry = fs::read(path.with_extension("entry")).map_err(|error| error.to_string())?;
            check_proof(&read_text(&path)?, &entry, key)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            count += 1;
        }
    }
    if count == 0 {
        return Err("no proofs to judge".to_owned());
    }
    Ok(count)
}

fn check_proof(text: &str, entry: &[u8], key: &str) -> Verdict<()> {
    let (head, note) = text.split_once("\n\n").ok_or("no checkpoint in the proof")?;
    let mut lines = head.lines().filter(|line| !line.starts_with("extra "));
    if lines.next() != Some("c2sp.org/tlog-proof@v1") {
        return Err("not a tlog-proof".to_owned());
    }
    let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or("no index")?;
    let index: u64 = index.parse().map_err(|_| "index is no number")?;
    let hashes: Result<Vec<Hash>, _> = lines.map(Hash::parse_hash).collect();
    let hashes = hashes.map_err(|error| error.to_string())?;
    let head = open(note, key)?;
    tlog::check_record(&hashes, head.size(), *head.hash(), index, tlog::record_hash(entry))
        .map_err(|error| format!("entry is not proved: {error}"))
}

fn read_text(path: &Path) -> Verdict<String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// A whole tree in memory, in the order of `stored_hash_index`.
struct Hashes(Vec<Hash>);

impl HashReader for Hashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
        let read = |index: &u64| usize::try_from(*index).ok().and_then(|at| self.0.get(at)).copied();
        indexes.iter().map(|index| read(index).ok_or(tlog::Error::IndexesNotInTree)).collect()
    }
}

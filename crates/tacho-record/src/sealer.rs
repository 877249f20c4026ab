//! The sealer: leaf hashes into tiles, tiles into signed checkpoints, as C2SP tlog-tiles publishes them.
//!
//! On disk: `log/tile/…`, `log/checkpoint`. Tiles need no sync of their own while the journal holds the
//! entries: recovery makes every one again from the journal and writes it anew. [`Sealer::sync`] comes before
//! the journal may be released.

use crate::durable::{create_folder, publish, write_synced};
use crate::error::RecordError;
use crate::sequence::Sequenced;
use crate::{Observer, Step};
use std::path::{Path, PathBuf};
use tacho_event::entry;
use tacho_event::time::{Micros, SECOND_US};
use tacho_merkle::tile::{Tile, TileError, TilePath, TileSource, TileWriter};
use tacho_merkle::{Checkpoint, Hash, Note, SignerKey, VerifierKey, leaf_hash};

/// Bytes of a hash in a tile.
const HASH_BYTES: usize = 32;

/// Writes the public log of one origin.
#[derive(Debug)]
pub struct Sealer {
    folder: PathBuf,
    origin: String,
    signers: Vec<SignerKey>,
    tiles: TileWriter,
    full: Vec<Tile>,
    /// Full tiles that were written since the last sync.
    unsynced: Vec<TilePath>,
    synced_size: u64,
    /// Held open, because the kernel reports a failed write-back only to handles that were open before it.
    handle: std::fs::File,
    /// Scratch for the entry that is being hashed.
    entry: Vec<u8>,
    observer: Observer,
    /// What was signed last: recovery must arrive at the same root at this size.
    signed: Option<Checkpoint>,
}

impl Sealer {
    /// Starts from the tree of the first `size` entries, whose tiles are on disk and were synced; the
    /// journal's replay pushes every leaf behind them.
    ///
    /// # Errors
    /// [`RecordError::Corrupt`] when the published checkpoint is not ours, or the tiles are not what it signs.
    pub fn open(
        folder: &Path,
        origin: &str,
        signers: Vec<SignerKey>,
        size: u64,
        observer: Observer,
    ) -> Result<Sealer, RecordError> {
        create_folder(folder)?;
        let path = folder.join("checkpoint");
        let signed = match std::fs::read_to_string(&path) {
            Ok(note) => {
                let keys: Vec<VerifierKey> = signers.iter().map(|key| key.verifier().clone()).collect();
                let opened = Checkpoint::open_all(&note, &keys);
                Some(opened.map_err(|error| RecordError::corrupt(&path, 0, error.to_string()))?.0)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(RecordError::io("cannot read", &path)(error)),
        };
        let mut sealer = Sealer {
            folder: folder.to_path_buf(),
            origin: origin.to_string(),
            signers,
            tiles: TileWriter::new(),
            full: Vec::new(),
            unsynced: Vec::new(),
            synced_size: size,
            handle: std::fs::File::open(folder).map_err(RecordError::io("cannot open", folder))?,
            entry: Vec::with_capacity(512),
            observer,
            signed,
        };
        sealer.tiles = TileWriter::restore(size, &sealer)
            .map_err(|error| RecordError::corrupt(&sealer.folder.join("tile"), size, error.to_string()))?;
        sealer.check_signed()?;
        Ok(sealer)
    }

    /// Adds the entries of a batch.
    ///
    /// # Errors
    /// See [`Sealer::push`].
    pub fn follow(&mut self, sequenced: &Sequenced) -> Result<(), RecordError> {
        for (index, place, event) in sequenced.entries() {
            debug_assert_eq!(index, self.tiles.size(), "followers read the log in order, without gaps");
            self.entry.clear();
            entry::render(&event.header, &place, &mut self.entry);
            self.push(leaf_hash(&self.entry))?;
        }
        Ok(())
    }

    /// Adds the next entry's leaf.
    ///
    /// # Errors
    /// [`RecordError::Corrupt`] when the tree at the size that was signed has another root: history changed.
    pub fn push(&mut self, leaf: Hash) -> Result<(), RecordError> {
        self.tiles.push(leaf, &mut self.full);
        self.check_signed()
    }

    /// The tree must have the signed root when it has the signed size.
    fn check_signed(&self) -> Result<(), RecordError> {
        match &self.signed {
            Some(signed) if signed.size == self.tiles.size() && signed.root != self.tiles.root() => {
                let what = format!(
                    "it signs root {} at size {}, the journal gives {}",
                    signed.root,
                    signed.size,
                    self.tiles.root()
                );
                Err(RecordError::corrupt(&self.folder.join("checkpoint"), 0, what))
            }
            _ => Ok(()),
        }
    }

    /// Checks, after the replay, that nothing that was signed is missing.
    ///
    /// # Errors
    /// [`RecordError::Corrupt`] when the checkpoint covers more entries than the journal gave.
    pub fn check_recovered(&self) -> Result<(), RecordError> {
        match &self.signed {
            Some(signed) if signed.size > self.tiles.size() => {
                let what = format!(
                    "it covers {} entries, the journal gives {}: entries are missing",
                    signed.size,
                    self.tiles.size()
                );
                Err(RecordError::corrupt(&self.folder.join("checkpoint"), 0, what))
            }
            _ => Ok(()),
        }
    }

    /// Writes the tiles and publishes a checkpoint over everything pushed so far, when there is something new.
    ///
    /// `time_us` goes into the post-quantum line: the server time of the newest entry, so that every replica
    /// signs the same bytes.
    ///
    /// # Errors
    /// [`RecordError::Io`]; the checkpoint before it stays published. [`RecordError::Poisoned`] when a sync
    /// failed.
    pub fn seal(&mut self, time_us: Micros) -> Result<(), RecordError> {
        if self.sealed_size() == self.tiles.size() {
            return Ok(());
        }
        for tile in self.full.iter().chain(&self.tiles.partials()) {
            self.write_tile(tile)?;
        }
        self.unsynced.extend(self.full.drain(..).map(|tile| tile.path));
        (self.observer)(Step::TilesWritten);
        let checkpoint = Checkpoint::new(&self.origin, self.tiles.size(), self.tiles.root());
        let path = self.folder.join("checkpoint");
        let seconds = (time_us / SECOND_US) as u64;
        let note = checkpoint
            .sign_at(&self.signers, seconds)
            .map_err(|error| RecordError::corrupt(&path, 0, error.to_string()))?;
        let temporary = write_synced(&path, note.as_bytes())?;
        (self.observer)(Step::CheckpointSynced);
        publish(&temporary, &path)?;
        self.signed = Some(checkpoint);
        (self.observer)(Step::CheckpointPublished);
        Ok(())
    }

    /// Makes every tile that was written durable. Partial tiles that a full one has replaced are deleted after it.
    ///
    /// # Errors
    /// [`RecordError::Poisoned`]: after a failed sync nobody knows what the disk holds.
    pub fn sync(&mut self) -> Result<(), RecordError> {
        rustix::fs::syncfs(&self.handle).map_err(RecordError::unsynced(&self.folder))?;
        self.synced_size = self.sealed_size();
        for full in self.unsynced.drain(..) {
            // Partial tiles are a convenience of readers: one that stays behind does no harm.
            drop(std::fs::remove_dir_all(self.folder.join(format!("{}.p", full.path()))));
        }
        Ok(())
    }

    /// How many entries have durable tiles.
    pub fn synced_size(&self) -> u64 {
        self.synced_size
    }

    /// How many entries are in the tree.
    pub fn size(&self) -> u64 {
        self.tiles.size()
    }

    /// Size of the tree that the published checkpoint covers.
    pub fn sealed_size(&self) -> u64 {
        self.signed.as_ref().map_or(0, |checkpoint| checkpoint.size)
    }

    /// The published checkpoint.
    ///
    /// # Errors
    /// [`RecordError`] when nothing is published or the file is not a note.
    pub fn checkpoint(&self) -> Result<Note, RecordError> {
        let path = self.folder.join("checkpoint");
        let text = std::fs::read_to_string(&path).map_err(RecordError::io("cannot read", &path))?;
        Note::parse(&text).map_err(|error| RecordError::corrupt(&path, 0, error.to_string()))
    }

    fn write_tile(&self, tile: &Tile) -> Result<(), RecordError> {
        let path = self.folder.join(tile.path.path());
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(RecordError::io("cannot create", folder))?;
        // A reader never sees half a tile: the name appears with its bytes.
        let temporary = folder.join(format!(".{}.tmp", tile.path.width));
        if let Err(error) = std::fs::write(&temporary, &tile.bytes) {
            drop(std::fs::remove_file(&temporary));
            return Err(RecordError::io("cannot write", &temporary)(error));
        }
        std::fs::rename(&temporary, &path).map_err(RecordError::io("cannot rename", &path))
    }
}

impl TileSource for Sealer {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        read_tile(&self.folder, path)
    }
}

/// The published tiles of a log folder, read from disk.
#[derive(Debug, Clone)]
pub struct TileFolder(pub PathBuf);

impl TileSource for TileFolder {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        read_tile(&self.0, path)
    }
}

/// Reads a tile. A partial tile that was not published is cut from the narrowest wider one.
fn read_tile(folder: &Path, path: &TilePath) -> Result<Vec<u8>, TileError> {
    if let Some(bytes) = read_whole(folder, path) {
        return Ok(bytes);
    }
    let missing = || TileError::Missing(*path);
    if path.is_full() {
        return Err(missing());
    }
    let partials = folder.join(path.path());
    let listed = std::fs::read_dir(partials.parent().ok_or_else(missing)?).map_err(|_| missing())?;
    let widths = listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u16>().ok());
    let mut wider: Vec<u16> = widths.filter(|width| *width > path.width).collect();
    wider.sort_unstable();
    let mut bytes = wider
        .into_iter()
        .find_map(|width| read_whole(folder, &TilePath { width, ..*path }))
        .ok_or_else(missing)?;
    bytes.truncate(usize::from(path.width) * HASH_BYTES);
    Ok(bytes)
}

/// Reads a tile's file. Tiles are not synced one by one: what power loss left short or zero is no tile.
fn read_whole(folder: &Path, path: &TilePath) -> Option<Vec<u8>> {
    let bytes = std::fs::read(folder.join(path.path())).ok()?;
    let whole = bytes.len() == usize::from(path.width) * HASH_BYTES
        && bytes.chunks(HASH_BYTES).all(|hash| hash.iter().any(|byte| *byte != 0));
    whole.then_some(bytes)
}

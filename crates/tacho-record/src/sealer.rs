//! The sealer: leaf hashes into tiles, tiles into signed checkpoints, as C2SP tlog-tiles publishes them.
//!
//! On disk: `log/tile/…`, `log/checkpoint`, `log/archive/…`. Tiles need no sync of their own while the journal holds the
//! entries: recovery makes every one again from the journal and writes it anew. [`Sealer::sync`] comes before
//! the journal may be released. What it made durable is not written again: power loss could leave nothing of it.

use crate::archive::Archive;
use crate::durable::{create_folder, publish, replace, write_synced};
use crate::error::RecordError;
use crate::sequence::Sequenced;
use crate::{Observer, Step};
use std::path::{Path, PathBuf};
use tacho_event::entry;
use tacho_event::time::{Micros, SECOND_US};
use tacho_merkle::tile::{TILE_WIDTH, Tile, TileError, TilePath, TileSource, TileWriter};
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
    /// The edge of the tree that a recovery starts from.
    base: Vec<TilePath>,
    /// Partial tiles of the tree's edge that stand on disk as they must.
    standing: Vec<TilePath>,
    /// Whether partial tiles of before the crash may be torn.
    unmended: bool,
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
    archive: Archive,
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
            base: Vec::new(),
            standing: Vec::new(),
            unmended: true,
            unsynced: Vec::new(),
            synced_size: size,
            handle: std::fs::File::open(folder).map_err(RecordError::io("cannot open", folder))?,
            entry: Vec::with_capacity(512),
            observer,
            signed,
            archive: Archive::open(folder)?,
        };
        sealer.tiles = TileWriter::restore(size, &sealer)
            .map_err(|error| RecordError::corrupt(&sealer.folder.join("tile"), size, error.to_string()))?;
        sealer.check_signed()?;
        sealer.base = sealer.tiles.partials().into_iter().map(|tile| tile.path).collect();
        let standing = sealer.base.iter().filter(|path| read_whole(folder, path).is_some());
        sealer.standing = standing.copied().collect();
        Ok(sealer)
    }

    /// Adds the entries of a batch.
    ///
    /// # Errors
    /// See [`Sealer::push`].
    pub fn follow(&mut self, sequenced: &Sequenced) -> Result<(), RecordError> {
        for (index, place, head) in sequenced.heads() {
            debug_assert_eq!(index, self.tiles.size(), "followers read the log in order, without gaps");
            self.entry.clear();
            entry::render(&head.header, &place, &mut self.entry);
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

    /// Writes the tiles and publishes a checkpoint over everything pushed so far, when there is something new. The
    /// first of each ten minutes goes to the archive, too.
    ///
    /// `time_us` goes into the post-quantum line: the server time of the newest entry, so that every replica
    /// signs the same bytes.
    ///
    /// # Errors
    /// [`RecordError::Io`]: what could not be written is tried again by the next call, and [`Sealer::sealed_size`]
    /// tells which checkpoint is published. [`RecordError::Poisoned`] when a sync failed.
    pub fn seal(&mut self, time_us: Micros) -> Result<(), RecordError> {
        if self.unmended {
            self.mend()?;
            self.unmended = false;
        }
        if self.sealed_size() < self.tiles.size() {
            self.publish(time_us)?;
        }
        self.archive.write()
    }

    /// Writes anew the partial tiles of before the crash that are not what the journal gives: checkpoints over them
    /// were published, so readers may ask for them.
    fn mend(&self) -> Result<(), RecordError> {
        for tile in self.full.iter().chain(&self.tiles.partials()) {
            for width in widths(&self.folder, &tile.path) {
                let path = TilePath { width, ..tile.path };
                let Some(bytes) = tile.bytes.get(..usize::from(width) * HASH_BYTES) else { continue };
                if read_whole(&self.folder, &path).as_deref() != Some(bytes) {
                    self.write_tile(&Tile { path, bytes: bytes.to_vec() })?;
                }
            }
        }
        Ok(())
    }

    fn publish(&mut self, time_us: Micros) -> Result<(), RecordError> {
        let partials = self.tiles.partials();
        for tile in self.full.iter().chain(partials.iter().filter(|tile| !self.standing.contains(&tile.path)))
        {
            self.write_tile(tile)?;
        }
        self.standing = partials.into_iter().map(|tile| tile.path).collect();
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
        self.archive.offer(time_us, &note);
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
        let is_of_base = |base: &TilePath| (base.level, base.index) == (tile.path.level, tile.path.index);
        if tile.path.is_full() && self.base.iter().any(is_of_base) {
            // It may be the only tile that still holds this part of the edge: until the new one is durable, it stays.
            return replace(&path, &tile.bytes);
        }
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

/// Reads a tile. A partial tile that was not published, or went when the full one was durable, is cut from the narrowest
/// wider one.
fn read_tile(folder: &Path, path: &TilePath) -> Result<Vec<u8>, TileError> {
    if let Some(bytes) = read_whole(folder, path) {
        return Ok(bytes);
    }
    let wider = widths(folder, path).into_iter().chain([TILE_WIDTH]).filter(|width| *width > path.width);
    let found = wider.map(|width| TilePath { width, ..*path }).find_map(|wider| read_whole(folder, &wider));
    let mut bytes = found.ok_or_else(|| fault(folder, path))?;
    bytes.truncate(usize::from(path.width) * HASH_BYTES);
    Ok(bytes)
}

/// Why there is no such tile: what was cut short is not called missing.
fn fault(folder: &Path, path: &TilePath) -> TileError {
    let (path, expected) = (*path, usize::from(path.width) * HASH_BYTES);
    match std::fs::read(folder.join(path.path())) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => TileError::Missing(path),
        Err(error) => TileError::Source { path, reason: error.to_string() },
        Ok(bytes) if bytes.len() != expected => TileError::Length { path, found: bytes.len(), expected },
        Ok(_) => TileError::Source { path, reason: "it holds zeros in the place of a hash".to_string() },
    }
}

/// The widths of a tile's partial files, ascending.
fn widths(folder: &Path, of: &TilePath) -> Vec<u16> {
    let partial = folder.join(TilePath { width: 1, ..*of }.path());
    let listed = partial.parent().and_then(|partials| std::fs::read_dir(partials).ok());
    let names = listed.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut widths: Vec<u16> = names.filter_map(|name| name.parse().ok()).collect();
    widths.sort_unstable();
    widths
}

/// Reads a tile's file. Tiles are not synced one by one: what power loss left short or zero is no tile.
fn read_whole(folder: &Path, path: &TilePath) -> Option<Vec<u8>> {
    let bytes = std::fs::read(folder.join(path.path())).ok()?;
    let whole = bytes.len() == usize::from(path.width) * HASH_BYTES
        && bytes.chunks(HASH_BYTES).all(|hash| hash.iter().any(|byte| *byte != 0));
    whole.then_some(bytes)
}

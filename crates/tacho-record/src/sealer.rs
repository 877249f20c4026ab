//! The sealer: leaf hashes into tiles, tiles into signed checkpoints, as C2SP tlog-tiles publishes them.
//!
//! On disk: `log/tile/…`, `log/checkpoint`. Tiles need no sync of their own while the journal holds the
//! entries: recovery makes every one again from the journal and writes it anew.

use crate::error::RecordError;
use crate::journal::{publish, write_synced};
use crate::{Observer, Step};
use std::path::{Path, PathBuf};
use tacho_event::time::{Micros, SECOND_US};
use tacho_merkle::tile::{Tile, TileError, TilePath, TileSource, TileWriter};
use tacho_merkle::{Checkpoint, Hash, Note, SignerKey, VerifierKey};

/// Writes the public log of one origin.
#[derive(Debug)]
pub struct Sealer {
    folder: PathBuf,
    origin: String,
    signers: Vec<SignerKey>,
    tiles: TileWriter,
    full: Vec<Tile>,
    observer: Observer,
    /// What was signed last: recovery must arrive at the same root at this size.
    signed: Option<Checkpoint>,
}

impl Sealer {
    /// Starts from an empty tree; the journal's replay pushes every leaf.
    ///
    /// # Errors
    /// [`RecordError::Corrupt`] when the published checkpoint is not ours.
    pub fn open(
        folder: &Path,
        origin: &str,
        signers: Vec<SignerKey>,
        observer: Observer,
    ) -> Result<Sealer, RecordError> {
        std::fs::create_dir_all(folder).map_err(RecordError::io("cannot create", folder))?;
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
        let tiles = TileWriter::new();
        Ok(Sealer {
            folder: folder.to_path_buf(),
            origin: origin.to_string(),
            signers,
            tiles,
            full: Vec::new(),
            observer,
            signed,
        })
    }

    /// Adds the next entry's leaf.
    ///
    /// # Errors
    /// [`RecordError::Corrupt`] when the tree at the size that was signed has another root: history changed.
    pub fn push(&mut self, leaf: Hash) -> Result<(), RecordError> {
        self.tiles.push(leaf, &mut self.full);
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

    /// Writes the tiles and publishes a checkpoint over everything pushed so far.
    ///
    /// `time_us` goes into the post-quantum line: the server time of the newest entry, so that every replica
    /// signs the same bytes.
    ///
    /// # Errors
    /// [`RecordError::Io`]; the checkpoint before it stays published.
    pub fn seal(&mut self, time_us: Micros) -> Result<(), RecordError> {
        for tile in self.full.iter().chain(&self.tiles.partials()) {
            self.write_tile(tile)?;
        }
        self.full.clear();
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
        std::fs::write(&temporary, &tile.bytes).map_err(RecordError::io("cannot write", &temporary))?;
        std::fs::rename(&temporary, &path).map_err(RecordError::io("cannot rename", &path))
    }
}

impl TileSource for Sealer {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        std::fs::read(self.folder.join(path.path())).map_err(|_| TileError::Missing(*path))
    }
}

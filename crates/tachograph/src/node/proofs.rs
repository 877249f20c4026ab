//! What others check the log with: checkpoint, proofs, entry bundles.

use super::Node;
use std::error::Error;
use tacho_merkle::tile::{BundlePath, TILE_WIDTH, TileReader};
use tacho_merkle::{Checkpoint, Note, TlogProof};
use tokio::time::{Duration, sleep, timeout};

/// How long who asks for the proof of a new entry waits for the seal, which comes each second unless it is set otherwise, and
/// how often is looked.
const SEAL: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

impl Node {
    /// The published checkpoint's text.
    pub(crate) fn checkpoint(&self) -> Result<String, Box<dyn Error>> {
        let path = self.data.join("log/checkpoint");
        std::fs::read_to_string(&path)
            .map_err(|e| format!("nothing is sealed yet: {}: {e}", path.display()).into())
    }

    /// Waits until the checkpoint covers an entry, not for ever.
    pub(crate) async fn sealed_past(&self, index: u64) {
        let sealed = async {
            while self.status().sealed() <= index && self.status().stopped().is_none() {
                sleep(LOOK).await;
            }
        };
        drop(timeout(SEAL, sealed).await);
    }

    /// The proof of an entry, the entry itself as its extra data, so that the file can be checked alone.
    pub(crate) fn prove(&self, index: u64) -> Result<TlogProof, Box<dyn Error>> {
        let text = self.checkpoint()?;
        let (checkpoint, _) = Checkpoint::open_all(&text, &self.verifiers)?;
        if index >= checkpoint.size {
            let sealed = checkpoint.size;
            return Err(
                format!("entry {index} is not sealed yet: the checkpoint covers {sealed} entries; ask again in a second").into()
            );
        }
        let hashes = TileReader::new(self.tiles(), checkpoint.size)?.inclusion(index)?;
        let mut entry = Vec::new();
        self.store.entries(index..index + 1, &mut |_, bytes| entry.extend_from_slice(bytes))?;
        Ok(TlogProof { index, extra: Some(entry), hashes, checkpoint: Note::parse(&text)? })
    }

    /// The entries of a bundle, as C2SP tlog-tiles writes them.
    pub(crate) fn bundle(&self, path: &BundlePath) -> Result<Vec<u8>, Box<dyn Error>> {
        let first = path.index * u64::from(TILE_WIDTH);
        let end = first + u64::from(path.width);
        if end > self.status().sealed() {
            return Err(format!("the tree does not reach entry {} yet", end - 1).into());
        }
        let mut out = Vec::new();
        self.store.entries(first..end, &mut |_, bytes| {
            out.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
            out.extend_from_slice(bytes);
        })?;
        Ok(out)
    }
}

//! `export_evidence`: chosen entries with their proofs, as one document that is checked without the server.
//!
//! All entries are proved under one checkpoint, which the document holds once. `proof_head`, an empty line and
//! `checkpoint` are together a C2SP tlog-proof, so that any program that reads those checks each entry.
//! `docs/formats/evidence.md` describes the document.

use crate::handler::AuditServer;
use crate::limits::EVIDENCE_MAX;
use crate::log::{Caller, Fault, bounded};
use crate::prove::{Head, Signed, off_thread};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tacho_merkle::tile::{TILE_WIDTH, decode_bundle};
use tacho_merkle::{Checkpoint, Note, TlogProof, leaf_hash, verify_inclusion};

/// What the document begins with.
const FORMAT: &str = "tachograph-evidence/v1";
const CHECK: &str = "for each entry: jq -rj '.entries[0].proof_head + \"\\n\\n\" + .checkpoint' EVIDENCE > PROOF; \
                     tachograph verify --proof PROOF --pin KEYS, with keys that were kept outside the server";

/// Arguments of `export_evidence`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Export {
    /// Ids or indexes of the entries, at most 100.
    ids: Vec<String>,
    /// Leave out the readable copies of the events: the proofs alone are smaller.
    #[serde(default)]
    proofs_only: bool,
}

/// Entries with their proofs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Evidence {
    format: &'static str,
    /// The log's name.
    origin: String,
    tree_size: u64,
    /// The signed head of the tree, a C2SP checkpoint.
    checkpoint: String,
    /// Who vouched for it when this was written.
    signed: Signed,
    entries: Vec<Exhibit>,
    /// How to check it without the server.
    how_to_check: &'static str,
}

/// One entry.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Exhibit {
    id: String,
    index: u64,
    /// The tlog-proof up to its checkpoint: the entry in base64, its index, the hashes.
    proof_head: String,
    /// The event as people read it. It is not proved by itself: the entry holds the digest of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Value>,
}

impl AuditServer {
    pub(crate) async fn export_evidence(&self, caller: &Caller, asked: Export) -> Result<Evidence, Fault> {
        let found = asked.ids.len();
        if found == 0 || found > EVIDENCE_MAX {
            return Err(Fault::refused(format!(
                "{found} entries are asked for, expected 1 to {EVIDENCE_MAX}"
            )));
        }
        let mut events = Vec::with_capacity(found);
        for id in asked.ids {
            bounded("id", &id)?;
            let event = self.log().entry(caller, &id).await?;
            let Some(index) = event["header"]["index"].as_u64() else {
                // A log that numbers nothing proves nothing, and says so itself.
                self.head(caller).await?;
                return Err(Fault::failed(format!("the entry {id} came without its index")));
            };
            events.push((id, index, event));
        }
        let head = self.head_over(caller, &events).await?;
        let mut entries = Vec::with_capacity(found);
        for (id, index, event) in events {
            let proof_head = self.proof_head(caller, &id, index, &head).await?;
            entries.push(Exhibit { id, index, proof_head, event: (!asked.proofs_only).then_some(event) });
        }
        let Head { checkpoint, signed, note } = head;
        let Checkpoint { origin, size: tree_size, .. } = checkpoint;
        Ok(Evidence {
            format: FORMAT,
            origin,
            tree_size,
            checkpoint: note,
            signed,
            entries,
            how_to_check: CHECK,
        })
    }

    /// A checkpoint over all of the events. The newest may have none yet: its proof is asked for first, which waits.
    async fn head_over(&self, caller: &Caller, events: &[(String, u64, Value)]) -> Result<Head, Fault> {
        if let Some((id, ..)) = events.iter().max_by_key(|(_, index, _)| index) {
            self.log().proof(caller, id).await?;
        }
        self.head(caller).await
    }

    /// The proof of one entry under the given head, without the checkpoint; checked before it is handed out.
    async fn proof_head(&self, caller: &Caller, id: &str, index: u64, head: &Head) -> Result<String, Fault> {
        let Checkpoint { size, root, .. } = head.checkpoint;
        if index >= size {
            return Err(Fault::failed(format!("the entry {id} is not sealed yet: ask again in a second")));
        }
        let entry = self.entry_bytes(caller, index, size).await?;
        let mut tiles = self.tiles(caller, size)?;
        let hashes = move || tiles.inclusion(index).map_err(|error| Fault::failed(error.to_string()));
        let hashes = off_thread(hashes).await?;
        verify_inclusion(leaf_hash(&entry), index, size, &hashes, root)
            .map_err(|error| Fault::failed(format!("the entry {id} is not proved: {error}")))?;
        let checkpoint = Note::parse(&head.note).map_err(|error| Fault::failed(error.to_string()))?;
        let proof = TlogProof { index, extra: Some(entry), hashes, checkpoint }.to_string();
        Ok(proof.split_once("\n\n").map(|(head, _)| head.to_string()).unwrap_or_default())
    }

    /// The entry as it stands on the log.
    async fn entry_bytes(&self, caller: &Caller, index: u64, size: u64) -> Result<Vec<u8>, Fault> {
        let width = u64::from(TILE_WIDTH);
        let first = index / width * width;
        let wide = width.min(size - first);
        let bundle = self.bundle(caller, index / width, wide).await?;
        let entries = decode_bundle(&bundle, wide as u16)
            .map_err(|error| Fault::failed(format!("entries {first} to {}: {error}", first + wide - 1)))?;
        Ok(entries[(index - first) as usize].to_vec())
    }
}

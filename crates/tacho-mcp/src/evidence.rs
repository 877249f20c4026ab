//! `export_evidence`: chosen entries with their proofs, as one document that is checked without the server.
//!
//! All entries are proved under one checkpoint, which the document holds once. `proof_head`, an empty line and
//! `checkpoint` are together a C2SP tlog-proof, so that any program that reads those checks each entry.
//! `docs/formats/evidence.md` describes the document.

use crate::handler::AuditServer;
use crate::limits::EVIDENCE_MAX;
use crate::log::{Caller, Fault, bounded};
use crate::prove::{Head, Signed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tacho_merkle::{Checkpoint, TlogProof, leaf_hash, verify_inclusion};

/// What the document begins with.
const FORMAT: &str = "tachograph-evidence/v1";
const CHECK: &str = "for each entry: jq -rj '.entries[0].proof_head + \"\\n\\n\" + .checkpoint' EVIDENCE > PROOF; \
                     tachograph verify --proof PROOF --pin KEYS, with keys that were kept outside the server";

/// Rounds in which proofs under an older checkpoint are asked for again.
const ROUNDS_MAX: usize = 5;

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
        let indexes: Vec<u64> = events.iter().map(|(_, index, _)| *index).collect();
        let (head, proofs) = self.proofs(caller, &indexes).await?;
        let mut entries = Vec::with_capacity(found);
        for ((id, index, event), proof) in events.into_iter().zip(proofs) {
            let proof_head = proof_head(&proof, index, &head.checkpoint)
                .map_err(|why| Fault::failed(format!("the entry {id} is not proved: {why}")))?;
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

    /// Proofs of all of the entries under one checkpoint: the log seals while they are asked for, so those that are
    /// under an older one are asked for again. The newest entry is first, as its checkpoint is waited for.
    async fn proofs(&self, caller: &Caller, indexes: &[u64]) -> Result<(Head, Vec<TlogProof>), Fault> {
        let mut newest_first: Vec<usize> = (0..indexes.len()).collect();
        newest_first.sort_by_key(|&place| std::cmp::Reverse(indexes[place]));
        let mut proofs: Vec<Option<TlogProof>> = vec![None; indexes.len()];
        let mut note = String::new();
        for _ in 0..ROUNDS_MAX {
            for &place in &newest_first {
                let old = proofs[place].as_ref().is_none_or(|proof| proof.checkpoint.to_string() != note);
                if old {
                    let text = self.log().proof(caller, &indexes[place].to_string()).await?;
                    let proof = TlogProof::parse(&text).map_err(|error| Fault::failed(error.to_string()))?;
                    note = proof.checkpoint.to_string();
                    proofs[place] = Some(proof);
                }
            }
            let of_one = |proof: &TlogProof| proof.checkpoint.to_string() == note;
            if proofs.iter().flatten().all(of_one) {
                return Ok((self.opened(note)?, proofs.into_iter().flatten().collect()));
            }
        }
        Err(Fault::failed(format!(
            "the log published a new checkpoint during each of {ROUNDS_MAX} rounds: ask for fewer entries at once"
        )))
    }
}

/// The proof of one entry without its checkpoint; checked before it is handed out.
fn proof_head(proof: &TlogProof, index: u64, head: &Checkpoint) -> Result<String, String> {
    let entry = proof.extra.as_deref().ok_or("the proof holds no entry")?;
    if proof.index != index {
        return Err(format!("the proof is of entry {}, expected {index}", proof.index));
    }
    verify_inclusion(leaf_hash(entry), index, head.size, &proof.hashes, head.root)
        .map_err(|error| error.to_string())?;
    let text = proof.to_string();
    let (head, _) = text.split_once("\n\n").ok_or("the proof has no checkpoint")?;
    Ok(head.to_string())
}

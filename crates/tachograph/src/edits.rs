//! What people edit in the catalog (agents of the registry, API keys), put on the log: who may write and read, and
//! who is who, is part of the record. `verify` compares the catalog with these events.
//!
//! Invariant: an edit waits in the catalog until its event is durable. After a crash in between it is told once more,
//! and is a duplicate.

use crate::keys::Limits;
use crate::node::Node;
use std::error::Error;
use tacho_event::words::Known;
use tacho_ingest::Options;
use tacho_ingest::accept::Sender;
use tacho_merkle::Hash;
use tacho_store::catalog::{ApiKey, Edit, Table, row_name};

/// Edits that are told together.
const AT_ONCE: u32 = 1000;

/// The sender of what tachograph does itself. No credential can have this writer: theirs are digests.
pub(crate) const OWN: Sender<'static> = Sender {
    writer: *b"internal",
    source: "internal",
    known: Known::Observed,
    sees_hooks: false,
    agent: None,
};

/// Puts the edits that wait on the log.
pub(crate) fn record(node: &Node) -> Result<(), Box<dyn Error>> {
    let catalog = node.store().catalog();
    loop {
        let edits = catalog.edits(AT_ONCE)?;
        let Some(last) = edits.last() else { return Ok(()) };
        let keys = catalog.keys()?;
        let lines: String = edits.iter().map(|edit| event(edit, &keys).to_string() + "\n").collect();
        let (tally, batches) = node.ingest(lines.as_bytes(), &OWN, &Options::default());
        if let Some(refused) = tally.refused.first() {
            return Err(format!("an edit of the catalog was refused: {}", refused.reason).into());
        }
        node.record(batches)?;
        catalog.forget_edits(last.seq)?;
    }
}

/// Nothing of it may change when it is told once more.
fn event(edit: &Edit, keys: &[ApiKey]) -> serde_json::Value {
    let Edit { seq, at_us, action, id, digest } = edit;
    let table = action.table();
    let digest = digest.map(|digest| Hash::new(digest).to_string());
    let mut result = serde_json::json!({
        "table": table.as_str(), "id": id, "row": Hash::new(row_name(table, id)).to_string(), "sha256": digest,
    });
    let key = keys.iter().find(|key| table == Table::ApiKeys && key.id == *id);
    if let Some(key) = key {
        result["name"] = key.name.as_str().into();
        result["role"] = key.role.as_str().into();
        if let Some(limits) = Limits::read(key.limits.as_deref()) {
            result["limited_to"] = limits.kind().into();
        }
    }
    let level = if table == Table::Agents { "INFO" } else { "WARNING" };
    let mut event = serde_json::json!({
        "id": format!("edit/{seq}/{}", digest.as_deref().unwrap_or("removed")),
        "agent": {"id": "tachograph"},
        "action": {"type": "settings", "name": action.as_str()},
        // Kept longest: while the row is there, the log must tell what it is.
        "class": "critical",
        "level": level,
        "outcome": {"status": "success", "result": result},
    });
    if *at_us > 0 {
        event["timestamp"] = tacho_event::time::format(*at_us).into();
    }
    event
}

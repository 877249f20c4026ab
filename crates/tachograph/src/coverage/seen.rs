//! Which actions were ever seen: kept up to a size of the log, so that only what came behind it is read again.
//!
//! Invariants
//! - An entry stays as it is, but for sections that are removed: after a removal nothing of before counts, nor after an edit
//!   of the registry, which says whose an action is.
//! - Kept is what a query gave, never a part of it: rows above the limit are not kept.

use super::Rows;
use crate::node::Node;
use crate::retention::Counts;
use crate::rows::Unmade;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tacho_coverage::{SeenRow, ask, seen_together};
use tacho_query::AgentEdit;

/// What was seen up to a size of the log.
#[derive(Debug, Default)]
pub(super) struct Seen {
    kept: Mutex<Option<Arc<Kept>>>,
}

/// How often something was removed.
pub(super) type Removed = [u64; 5];

#[derive(Debug)]
struct Kept {
    size: u64,
    agents: Vec<AgentEdit>,
    removed: Removed,
    rows: Vec<SeenRow>,
}

pub(super) fn removed(node: &Node) -> Removed {
    let Counts { runs, periods, expired_entries, subjects, erased_entries, .. } = &node.removals().counts;
    [runs, periods, expired_entries, subjects, erased_entries].map(|count| count.load(Ordering::Acquire))
}

impl Seen {
    /// The actions of the whole log, as the rows' moment shows it. `removed` was counted before that moment.
    ///
    /// # Errors
    /// A query reached a limit, or the store failed.
    pub(super) async fn all(&self, rows: &Rows<'_>, removed: Removed) -> Result<Vec<SeenRow>, Unmade> {
        let size = rows.moment.snapshot.size;
        let fits =
            |kept: &&Arc<Kept>| kept.size <= size && kept.removed == removed && kept.agents == rows.agents;
        let known = self.kept.lock().as_ref().filter(fits).map(Arc::clone);
        let behind = rows.all(&ask::actions_since(known.as_ref().map_or(0, |kept| kept.size))).await?;
        // Which of too many are the newest depends on all of the log.
        if behind.len() > ask::ACTIONS_MAX {
            return rows.all(&ask::actions_since(0)).await;
        }
        let all = seen_together(known.as_ref().map_or(&[], |kept| &kept.rows), behind);
        if all.len() <= ask::ACTIONS_MAX {
            let kept = Kept { size, agents: rows.agents.to_vec(), removed, rows: all.clone() };
            *self.kept.lock() = Some(Arc::new(kept));
        }
        Ok(all)
    }
}

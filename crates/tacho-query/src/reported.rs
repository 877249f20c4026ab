//! What agents' reports say came of calls that only they tell of: texts of other rows than the one that is shown.
//!
//! `output_now(output, index)` is the row's own text, or that of the report which the overlay names. A function reads nothing
//! but memory, so the reports are read before a query that asks for them, and only where there are any.
//!
//! Limits: the newest [`REPORTS_MAX`] reports and [`BYTES_MAX`] of their texts; a row whose report is older has none. The view
//! `actions`, which joins them, has all.

use crate::actions::Told;
use crate::rows::RowRef;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::prelude::DataFrame;
use futures::StreamExt;
use std::collections::HashMap;

/// Most reports that are read.
const REPORTS_MAX: usize = 50_000;
/// Most bytes of their texts.
const BYTES_MAX: usize = 32 << 20;

/// What a report says, by its index: output and error.
#[derive(Debug, Default)]
pub(crate) struct Reported(HashMap<u64, [Option<String>; 2]>);

impl Reported {
    /// What a report says came of the call; the second is the error.
    pub(crate) fn text(&self, index: u64, at: usize) -> Option<&str> {
        self.0.get(&index)?[at].as_deref()
    }
}

/// Whether an answer needs what reports say, once nothing is left in the plan that nobody asked for.
///
/// # Errors
/// As planning.
pub(crate) fn is_asked(state: &SessionState, plan: &LogicalPlan) -> Result<bool> {
    let mut is_asked = false;
    state.optimize(plan)?.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Expr::ScalarFunction(call) = part {
                    is_asked |=
                        [Told::Output, Told::Error].iter().any(|told| told.name() == call.func.name());
                }
                Ok(if is_asked { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    })?;
    Ok(is_asked)
}

/// Reads the reports, the newest first.
///
/// # Errors
/// As running a query.
pub(crate) async fn read(state: &SessionState) -> Result<Reported> {
    let query = format!(
        "SELECT index, output, error FROM events WHERE source = 'mcp' AND action_type = 'workflow' \
         AND phase = 'result' AND NOT is_shown(index) AND (output IS NOT NULL OR error IS NOT NULL) \
         ORDER BY index DESC LIMIT {REPORTS_MAX}"
    );
    let plan = state.create_logical_plan(&query).await?;
    let mut batches = DataFrame::new(state.clone(), plan).execute_stream().await?;
    let (mut reported, mut bytes) = (Reported::default(), 0);
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        for row in RowRef::all(std::slice::from_ref(&batch)) {
            let texts = ["output", "error"].map(|name| row.text(name).map(str::to_string));
            bytes += texts.iter().flatten().map(String::len).sum::<usize>();
            if bytes > BYTES_MAX {
                return Ok(reported);
            }
            if let Some(index) = row.int("index") {
                reported.0.insert(index as u64, texts);
            }
        }
    }
    Ok(reported)
}

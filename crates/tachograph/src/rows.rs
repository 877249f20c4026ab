//! Rows of tachograph's own queries, over one moment of the log.

use crate::node::Node;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tacho_query::{AgentEdit, Encoder, Format, Moment, QueryError};

/// Asks in SQL, and reads each row as what it is meant to be.
///
/// # Errors
/// The query reached a limit, the store failed, or a row is something else.
pub(crate) async fn rows<T: DeserializeOwned>(
    node: &Node,
    moment: impl Into<Moment>,
    agents: &[AgentEdit],
    query: &str,
) -> Result<Vec<T>, Unmade> {
    let mut answer = node.engine().sql(moment, agents, query).await?;
    let mut encoder = Encoder::new(Format::Ndjson, Arc::clone(&answer.schema), answer.log_size)?;
    let mut rows = Vec::new();
    while let Some(batch) = answer.next().await? {
        let mut lines = Vec::new();
        encoder.batch(&batch, &mut lines)?;
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            rows.push(serde_json::from_slice(line).map_err(|error| Unmade::Row(error.to_string()))?);
        }
    }
    Ok(rows)
}

/// Why there are no rows.
#[derive(Debug)]
pub(crate) enum Unmade {
    Query(QueryError),
    /// A row is not what was asked for.
    Row(String),
}

impl From<QueryError> for Unmade {
    fn from(error: QueryError) -> Unmade {
        Unmade::Query(error)
    }
}

impl std::fmt::Display for Unmade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unmade::Query(error) => error.fmt(f),
            Unmade::Row(why) => write!(f, "a row of an own query is not understood: {why}"),
        }
    }
}

//! Whose events somebody sees, what the registry says of agents, and what is wrong with a query, for all that asks.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use axum::http::{HeaderMap, StatusCode};
use tacho_query::{AgentEdit, Kind, QueryError, Sight};

/// Whose events somebody sees who may read.
pub(super) fn reader(app: &App, headers: &HeaderMap) -> Result<Sight, Problem> {
    match app.auth().check_own(headers, Role::Read)?.limits {
        None => Ok(Sight::All),
        Some(limits) => Ok(limits.sight(&registry(app)?)),
    }
}

/// What people wrote into the registry of agents.
pub(crate) fn registry(app: &App) -> Result<Vec<AgentEdit>, Problem> {
    let agents = app.node.store().catalog().agents().map_err(|error| Problem::internal(error.to_string()))?;
    let edit = |agent: tacho_store::catalog::Agent| AgentEdit {
        agent_id: agent.id,
        alias_of: agent.alias_of,
        name: agent.name,
        version: agent.version,
        team: agent.team,
        expected: agent.expected,
        note: agent.note,
    };
    Ok(agents.into_iter().map(edit).collect())
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Problem {
        let detail = error.to_string();
        match error.kind {
            Kind::Syntax | Kind::Unknown | Kind::Value => Problem::bad_request(detail),
            // No key changes that, so it is no 403.
            Kind::ReadOnly => Problem::new(StatusCode::BAD_REQUEST, "Queries only read", detail),
            Kind::TooMuchMemory | Kind::Timeout | Kind::RowsLimit => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "The query asks for too much", detail)
            }
            Kind::Busy => Problem::busy(detail),
            Kind::Internal => Problem::internal(detail),
        }
    }
}

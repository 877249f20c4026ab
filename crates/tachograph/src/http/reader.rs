//! Whose events somebody sees, what the registry says of agents, and what is wrong with a query, for all that asks.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tacho_query::{AgentEdit, Kind, QueryError, Sight};

/// Whose events somebody sees who may read.
pub(crate) fn reader(app: &App, headers: &HeaderMap) -> Result<Sight, Problem> {
    match app.auth().check_own(headers, Role::Read)?.limits {
        None => Ok(Sight::All),
        Some(limits) => Ok(limits.sight(&registry(app)?)),
    }
}

/// Whether somebody needs a key to read.
pub(crate) fn needs_key(app: &App) -> bool {
    app.auth().is_required()
}

/// Lets somebody in who comes by another way than HTTP: gives the key as a request would carry it. Who is turned away is
/// told to those who watch the doors, and who tries too often must wait.
pub(crate) fn admit(app: &App, key: Option<&str>, from: IpAddr) -> Result<HeaderMap, Problem> {
    let (auth, now) = (app.auth(), Instant::now());
    if let Some(wait) = auth.sessions.must_wait(Some(from), now) {
        let detail = format!("too many failed tries: wait {} seconds", wait.as_secs() + 1);
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many tries", detail));
    }
    let mut headers = HeaderMap::new();
    // What no header can carry is no key of ours.
    let key = key.map(|key| HeaderValue::from_str(key).unwrap_or(HeaderValue::from_static("?")));
    key.map(|key| headers.insert("x-api-key", key));
    match reader(app, &headers) {
        Ok(_) => Ok(headers),
        Err(problem) => {
            auth.sessions.failed(Some(from), now);
            app.metrics.failed_logins.fetch_add(1, Ordering::Relaxed);
            if let Some(refusal) = problem.refusal() {
                app.logins.note(Some(from), refusal, "postgres");
            }
            Err(problem)
        }
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

//! What should have been seen and was not, over HTTP.

use super::App;
use super::auth::Role;
use super::problem::Problem;
use super::read::{moment, registry};
use crate::clock::now_us;
use crate::coverage::{Asked, Unmade, report};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tacho_coverage::Report;

/// The range of a report, in the time that senders say.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Asking {
    /// How far back: 15m, 24h, 7d. As the configuration says (24h) when no time is given.
    last: Option<String>,
    /// At or after this time (RFC 3339).
    from: Option<String>,
    /// Before this time; now when it is not given.
    to: Option<String>,
    /// Only this agent; points are left out then.
    agent: Option<String>,
}

impl Asking {
    fn of(self, usual_us: i64, now_us: i64) -> Result<Asked, Problem> {
        let to_us = moment("to", self.to)?.unwrap_or(now_us);
        let from_us = match (moment("from", self.from)?, self.last) {
            (Some(_), Some(_)) => return Err(Problem::bad_request("expected from or last, not both")),
            (Some(from), None) => from,
            (None, last) => to_us.saturating_sub(last.map_or(Ok(usual_us), |text| length(&text))?),
        };
        if from_us >= to_us {
            return Err(Problem::bad_request("from is not before to"));
        }
        Ok(Asked { from_us, to_us, agent: self.agent })
    }
}

fn length(text: &str) -> Result<i64, Problem> {
    tacho_pipe::parse_us(text).filter(|us| *us > 0).ok_or_else(|| {
        Problem::bad_request(format!(
            "last \"{text}\" is no length of time: expected 15m, 24h, 7d or the like"
        ))
    })
}

/// Which calls, sessions, numbers and declared actions should have been seen and were not; figures by agent and source.
#[utoipa::path(get, path = "/v1/coverage", tag = "ask", params(Asking), responses(
    (status = 200, description = "Figures with what they are made of, and findings", body = Report),
    (status = 400, description = "The range is not understood", body = Problem),
    (status = 422, description = "There is too much to read: expected a shorter range", body = Problem)))]
pub(crate) async fn coverage(
    State(app): State<Arc<App>>,
    asking: Result<Query<Asking>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Report>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let Query(asking) = asking.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    app.metrics.queries.fetch_add(1, Ordering::Relaxed);
    let now_us = now_us();
    let asked = asking.of(app.coverage().look_back_us, now_us)?;
    Ok(Json(report(&app, &registry(&app)?, app.coverage(), asked, now_us).await?))
}

impl From<Unmade> for Problem {
    fn from(unmade: Unmade) -> Problem {
        match unmade {
            Unmade::Query(error) => error.into(),
            Unmade::Row(_) => Problem::internal(unmade.to_string()),
        }
    }
}

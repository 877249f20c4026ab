//! Alerts computed once more from the log.

use super::super::App;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::super::read::moment;
use super::alerting;
use crate::alerting::{Recomputed, recompute, versions};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use std::sync::Arc;

/// What to compute once more.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Asking {
    /// Only this rule; all that are followed when not given.
    rule: Option<String>,
    /// How far back: 1h, 7d; 24h when no time is given.
    last: Option<String>,
    /// At or after this time, as the server recorded (RFC 3339).
    from: Option<String>,
    /// Before this time.
    to: Option<String>,
}

/// Was each alert due that was raised, and was each raised that was due? Computed from the log and the rules alone.
#[utoipa::path(get, path = "/v1/alerts/recompute", tag = "alerts", params(Asking), responses(
    (status = 200, description = "What agrees and what does not", body = Recomputed),
    (status = 404, description = "There is no such rule", body = Problem)))]
pub(crate) async fn recomputed(
    State(app): State<Arc<App>>,
    asking: Result<Query<Asking>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Recomputed>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let Query(asking) = asking.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let alerting = alerting(&app)?;
    // The newest instants may not have been looked at yet.
    let to = moment("to", asking.to)?.unwrap_or_else(|| app.node.now_us() - 10_000_000);
    let from = match (moment("from", asking.from)?, asking.last) {
        (Some(_), Some(_)) => return Err(Problem::bad_request("expected from or last, not both")),
        (Some(from), None) => from,
        (None, last) => {
            let last = last.unwrap_or_else(|| "24h".into());
            let length = tacho_pipe::parse_us(&last).filter(|us| *us > 0);
            let what = || format!("last \"{last}\" is no length of time: expected 15m, 24h, 7d or the like");
            to - length.ok_or_else(|| Problem::bad_request(what()))?
        }
    };
    if from >= to {
        return Err(Problem::bad_request("from is not before to"));
    }
    let only = asking.rule;
    let mut all = versions(&app, alerting, from, to).await.map_err(Problem::internal)?;
    all.retain(|version| only.as_ref().is_none_or(|id| *id == version.rule.id));
    let is_now = |id: &String| alerting.book().rules.iter().any(|rule| rule.id == *id);
    if let Some(id) = only.as_ref().filter(|id| all.is_empty() && !is_now(id)) {
        return Err(Problem::not_found(format!("there is no rule \"{id}\", and was none in that time")));
    }
    let done = tokio::task::spawn_blocking(move || recompute(&app.node, (&all, only.as_deref()), from, to));
    let done = done.await.map_err(|error| Problem::internal(error.to_string()))?;
    done.map(Json).map_err(Problem::bad_request)
}

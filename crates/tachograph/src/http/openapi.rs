//! The OpenAPI document, from the handlers themselves.

use super::{
    EVENTS, OTHER_NAMES, alerts, capacity, coverage, incidents, keys, metrics, ops, otlp, problem, query,
    read, redaction, replies, reports, responses, retention, shelf, signin, stopped, subjects, tail, tlog,
    write,
};
use utoipa::OpenApi;

/// The interface, from the handlers themselves.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(
        info(title = "tachograph", description = "Tamper-evident flight recorder for fleets of AI agents."),
        paths(
            write::events,
            otlp::logs,
            otlp::traces,
            otlp::metrics,
            otlp::openai_agents,
            read::sql_get,
            read::sql_post,
            query::query,
            read::search,
            coverage::coverage,
            read::event,
            read::proof,
            read::session,
            read::queries,
            retention::show,
            retention::run,
            retention::holds,
            retention::set,
            retention::release,
            subjects::erase,
            subjects::export,
            signin::sign_in,
            signin::who,
            signin::sign_out,
            keys::list,
            keys::create,
            keys::revoke,
            redaction::attempt,
            shelf::dashboards,
            shelf::put_dashboard,
            shelf::remove_dashboard,
            shelf::searches,
            shelf::put_search,
            shelf::remove_search,
            tail::tail,
            tail::socket::tail_ws,
            tlog::checkpoint,
            tlog::tile,
            ops::health,
            ops::ready,
            metrics::metrics,
            ops::openapi
        ),
        components(schemas(
            problem::Problem,
            problem::Place,
            crate::pipe::Whose,
            crate::retention::export::Form,
            crate::streams::Stream,
            write::Recorded,
            write::RejectedLine,
            ops::Health
        ))
    )]
    struct Interface;
    let mut document = Interface::openapi();
    for more in [alerts::openapi(), incidents::openapi(), responses::openapi(), stopped::openapi()] {
        document.merge(more);
    }
    document.merge(replies::openapi());
    document.merge(capacity::openapi());
    document.merge(reports::openapi());
    name_others(&mut document);
    document
}

/// The other paths of the handler that records.
fn name_others(document: &mut utoipa::openapi::OpenApi) {
    let events = document.paths.paths.get(EVENTS).cloned().unwrap_or_default();
    for (path, id, summary) in OTHER_NAMES {
        let mut same = events.clone();
        if let Some(operation) = &mut same.post {
            operation.operation_id = Some(id.to_string());
            operation.summary = Some(summary.to_string());
        }
        document.paths.paths.insert(path.to_string(), same);
    }
}

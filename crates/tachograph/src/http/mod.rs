//! The HTTP faces: one router, one state, one OpenAPI document made from the same list of handlers.

mod alertmanager;
mod alerts;
mod auth;
mod capacity;
mod connections;
mod context;
mod coverage;
mod doors;
mod grpc;
mod incidents;
mod keys;
mod logins;
mod mcp;
mod metrics;
mod observe;
mod openapi;
mod ops;
mod otlp;
mod problem;
mod query;
mod read;
mod reader;
mod recording;
mod redaction;
mod replies;
mod reports;
mod responses;
mod retention;
mod sessions;
mod shelf;
mod signin;
mod slowest;
mod stopped;
mod subjects;
mod tail;
mod tlog;
mod turns;
mod ui;
mod write;

pub(crate) use auth::{Auth, Role, new_key};
pub(crate) use connections::{Places, serve};
pub(crate) use context::Config as RequestContext;
pub(crate) use doors::{Doors, Otlp};
pub(crate) use logins::{Failures, Logins};
pub(crate) use metrics::Metrics;
pub(crate) use openapi::openapi;
pub(crate) use reader::{admit, needs_key, reader, registry};

use crate::alerting::Alerting;
use crate::coverage::Covered;
use crate::node::Node;
use crate::shelf::Shelf;
use axum::Router;
use axum::extract::OriginalUri;
use axum::http::Method;
use axum::routing::{get, post, put};
use parking_lot::{Mutex, RwLock};
use problem::Problem;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Kilobytes of request bodies that may be in memory together.
const BODIES_KB: usize = 256 << 10;

/// What every handler sees.
pub(crate) struct App {
    pub node: Node,
    pub metrics: Metrics,
    /// When this process opened the folder.
    pub started: std::time::Instant,
    auth: RwLock<Arc<Auth>>,
    /// What the last request that was to be recorded failed with.
    failing: Mutex<Option<String>>,
    /// One permit for each kilobyte of a body that is being read.
    bodies: Semaphore,
    /// Who decodes one.
    turns: turns::Turns,
    slowest: slowest::Slowest,
    logs: crate::logs::Progress,
    /// Failed logins that are still to be told to the log.
    pub logins: Logins,
    /// Which events get a request's address and user agent.
    context: RequestContext,
    /// Rules and alerts; nothing where they are switched off.
    alerting: Option<Arc<Alerting>>,
    /// What must be audited.
    coverage: tacho_coverage::Config,
    /// What is known of coverage from before.
    covered: Covered,
    /// What health checks are compared with, and which reports are made by themselves.
    reports: crate::reports::Config,
    /// What people keep and share.
    shelf: Shelf,
    /// Places of connections; none where nobody listens.
    places: Option<Arc<Places>>,
    watchers: tail::socket::Watchers,
    /// True once the server is stopping: ends what would go on for ever.
    stopping: watch::Sender<bool>,
}

impl App {
    pub(crate) fn new(node: Node, auth: Auth) -> App {
        App {
            shelf: Shelf::new(node.data()),
            node,
            metrics: Metrics::default(),
            started: std::time::Instant::now(),
            auth: RwLock::new(Arc::new(auth)),
            failing: Mutex::default(),
            bodies: Semaphore::new(BODIES_KB),
            turns: turns::Turns::new(std::thread::available_parallelism().map_or(2, usize::from)),
            slowest: slowest::Slowest::default(),
            logs: crate::logs::Progress::default(),
            logins: Logins::default(),
            context: RequestContext::default(),
            alerting: None,
            coverage: tacho_coverage::Config::default(),
            covered: Covered::default(),
            reports: crate::reports::Config::default(),
            places: None,
            watchers: tail::socket::Watchers::default(),
            stopping: watch::channel(false).0,
        }
    }

    /// Lets those who look see how many connections there are.
    pub(crate) fn listening(mut self, places: Arc<Places>) -> App {
        self.places = Some(places);
        self
    }

    /// Says which events get a request's address and user agent.
    pub(crate) fn believing(mut self, context: RequestContext) -> App {
        self.context = context;
        self
    }

    /// Takes what must be audited.
    pub(crate) fn covering(mut self, coverage: tacho_coverage::Config) -> App {
        self.coverage = coverage;
        self
    }

    /// Takes what follows the rules.
    pub(crate) fn alerting_with(mut self, alerting: Option<Arc<Alerting>>) -> App {
        self.alerting = alerting;
        self
    }

    pub(crate) fn alerting(&self) -> Option<&Arc<Alerting>> {
        self.alerting.as_ref()
    }

    pub(crate) fn coverage(&self) -> &tacho_coverage::Config {
        &self.coverage
    }

    pub(crate) fn covered(&self) -> &Covered {
        &self.covered
    }

    fn places(&self) -> Option<&Places> {
        self.places.as_deref()
    }

    /// How far the files of named streams are.
    pub(crate) fn logs(&self) -> &crate::logs::Progress {
        &self.logs
    }

    /// Bytes set aside for bodies that are being read, and how many may be.
    fn bodies(&self) -> (u64, u64) {
        let taken = BODIES_KB - self.bodies.available_permits();
        ((taken << 10) as u64, (BODIES_KB << 10) as u64)
    }

    /// Ends the streams that have no end of their own.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
        self.node.removals().stop();
    }

    /// Told when the server stops; also whoever begins to listen when that was said already.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        let mut stopping = self.stopping.subscribe();
        if *stopping.borrow() {
            stopping.mark_changed();
        }
        stopping
    }

    fn auth(&self) -> Arc<Auth> {
        Arc::clone(&self.auth.read())
    }

    /// Takes keys that were created or revoked meanwhile.
    pub(crate) fn set_auth(&self, auth: Auth) {
        let mut current = self.auth.write();
        *current = Arc::new(auth.after(&current));
    }
}

/// Where events are recorded, and the other paths of the same handler, each with what the document says of it.
const EVENTS: &str = "/v1/events";
const OTHER_NAMES: [(&str, &str, &str); 2] = [
    ("/log", "log", "Records events of any format: the same as /v1/events."),
    ("/insert/jsonline", "jsonline", "Records events as VictoriaLogs takes them: the same as /v1/events."),
];

/// Every path and its handler.
pub(crate) fn router(app: Arc<App>) -> Router {
    let interface = interface(Arc::clone(&app));
    let mcp = mcp::routes(&app, interface.clone());
    interface.merge(mcp)
}

/// Every path but `/mcp`, whose tools ask these.
fn interface(app: Arc<App>) -> Router {
    let events = std::iter::once(EVENTS).chain(OTHER_NAMES.map(|(path, ..)| path));
    events
        .fold(Router::new(), |router, path| router.route(path, post(write::events)))
        .nest("/v1/otlp", otlp::signals())
        .nest("/v1/replies", replies::routes())
        .nest("/api/v2", alertmanager::routes())
        .route("/v1/traces/ingest", post(otlp::openai_agents))
        .route("/v1/sql", get(read::sql_get).post(read::sql_post))
        .route("/v1/query", post(query::query))
        .route("/v1/search", get(read::search))
        .route("/v1/coverage", get(coverage::coverage))
        .route("/v1/capacity", get(capacity::capacity))
        .route("/v1/events/{id}", get(read::event))
        .route("/v1/events/{id}/proof", get(read::proof))
        .route("/v1/sessions/{id}", get(read::session))
        .route("/v1/queries", get(read::queries))
        .route("/v1/retention", get(retention::show))
        .route("/v1/retention/run", post(retention::run))
        .route("/v1/holds", get(retention::holds).post(retention::set))
        .route("/v1/holds/{id}/release", post(retention::release))
        .route("/v1/subjects/{user}/erase", post(subjects::erase))
        .route("/v1/subjects/{user}/export", get(subjects::export))
        .merge(alerts::routes())
        .merge(incidents::routes())
        .merge(responses::routes())
        .merge(stopped::routes())
        .route("/v1/session", get(signin::who).post(signin::sign_in).delete(signin::sign_out))
        .route("/v1/keys", get(keys::list).post(keys::create))
        .route("/v1/keys/{id}/revoke", post(keys::revoke))
        .route("/v1/redaction/try", post(redaction::attempt))
        .route("/v1/reports", get(reports::list).post(reports::make))
        .route("/v1/reports/kept/{file}", get(reports::kept))
        .route("/v1/dashboards", get(shelf::dashboards))
        .route("/v1/dashboards/{name}", put(shelf::put_dashboard).delete(shelf::remove_dashboard))
        .route("/v1/searches", get(shelf::searches))
        .route("/v1/searches/{name}", put(shelf::put_search).delete(shelf::remove_search))
        .merge(tail::routes())
        .route("/tlog/checkpoint", get(tlog::checkpoint))
        .route("/tlog/tile/{*path}", get(tlog::tile))
        .route("/health", get(ops::health))
        .route("/ready", get(ops::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/v1/openapi.json", get(ops::openapi))
        .fallback(ui::serve)
        .method_not_allowed_fallback(async |method: Method, OriginalUri(uri): OriginalUri| {
            Problem::wrong_method(&method, uri.path())
        })
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&app), observe::observe))
        .with_state(app)
}

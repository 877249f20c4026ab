//! `serve`: opens the folder, listens, and keeps watch over itself until it is told to stop.

use crate::alerting::Alerting;
use crate::config::{Config, Schedule};
use crate::edits;
use crate::http::{App, Auth, Doors, Failures, Places, router};
use crate::node::Node;
use crate::postgres::Wire;
use crate::target::AddressFile;
use crate::verify;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

const USUAL: &str = "127.0.0.1:7420";
/// How often keys that were created or revoked meanwhile are looked for.
const KEYS_EVERY: Duration = Duration::from_secs(2);
/// How often failed logins are looked for.
const LOGINS_EVERY: Duration = Duration::from_secs(1);
/// How often new segments are looked for.
const SEGMENTS_EVERY: Duration = Duration::from_secs(5);

/// A server that listens.
pub(crate) struct Server {
    pub app: Arc<App>,
    places: Arc<Places>,
    doors: Doors,
    postgres: Option<Wire>,
    listener: TcpListener,
    config: Config,
    /// Whether others can reach the address.
    public: bool,
    _address: AddressFile,
}

impl Server {
    /// Opens folder and port. Refuses an address that others can reach when there are no keys.
    pub(crate) async fn open(
        data: &Path,
        config: Config,
        listen: Option<SocketAddr>,
    ) -> Result<Server, Box<dyn Error>> {
        let address = match listen.or(config.listen) {
            Some(address) => address,
            None => USUAL.parse()?,
        };
        let node = {
            let (data, config) = (data.to_path_buf(), config.clone());
            tokio::task::spawn_blocking(move || Node::open(&data, &config).map_err(|e| e.to_string()))
                .await??
        };
        let public = !address.ip().is_loopback();
        let auth = Auth::new(&node.store().catalog().keys()?, public);
        if public && !auth.has_keys() {
            return Err(format!(
                "refuses to listen on {address} without keys: anyone there could write and read. \
                 Make a key with: tachograph --data {} key create NAME --role admin",
                data.display()
            )
            .into());
        }
        let listener = TcpListener::bind(address).await.map_err(|e| {
            format!("cannot listen on {address}: {e}; another server? choose one with --listen")
        })?;
        let connections = config.http.connections.get().into();
        let doors = Doors::open(&config.otlp, public, auth.has_keys(), connections).await?;
        let postgres = Wire::open(&config.postgres, auth.has_keys()).await?;
        let _address = AddressFile::write(data, listener.local_addr()?)?;
        let places = Arc::new(Places::new(connections));
        let app = App::new(node, auth).listening(Arc::clone(&places)).covering(config.coverage.clone());
        let app = app.believing(config.request.clone()).reporting(config.reports.clone());
        let url = format!("http://{}", listener.local_addr()?);
        let alerting = alerting(data, &config, &app.node, url)?;
        let app = app.alerting_with(alerting);
        let app = Arc::new(app);
        Ok(Server { app, places, doors, postgres, listener, config, public, _address })
    }

    pub(crate) fn address(&self) -> Result<SocketAddr, Box<dyn Error>> {
        Ok(self.listener.local_addr()?)
    }

    /// Where OpenTelemetry's exporters may send to.
    pub(crate) fn doors(&self) -> Vec<String> {
        self.doors.addresses()
    }

    /// Where PostgreSQL's clients may ask.
    pub(crate) fn postgres(&self) -> Option<String> {
        self.postgres.as_ref().and_then(Wire::address)
    }

    /// Serves until `stop` is notified; then finishes what is under way.
    pub(crate) async fn run(self, stop: Arc<Notify>) -> Result<(), Box<dyn Error>> {
        let alive = crate::alive::begin(&self.app).await;
        let keys = tokio::spawn(watch_keys(Arc::clone(&self.app), self.public));
        let logins = tokio::spawn(record_logins(Arc::clone(&self.app)));
        let segments = tokio::spawn(record_segments(Arc::clone(&self.app)));
        let checks = tokio::spawn(check_on_schedule(Arc::clone(&self.app), self.config.verify));
        let coverage = tokio::spawn(crate::coverage::watch(Arc::clone(&self.app)));
        let logs = tokio::spawn(crate::logs::watch(Arc::clone(&self.app), self.config.logs.clone()));
        let retention = self.config.retention;
        let retention = tokio::spawn(crate::retention::schedule::watch(Arc::clone(&self.app), retention));
        let reports = crate::reports::schedule::begin(&self.app, self.config.retention);
        let rules = self.app.alerting().map(|alerting| {
            let following = crate::alerting::follow(Arc::clone(&self.app), Arc::clone(alerting));
            tokio::spawn(crate::alerting::investigate(Arc::clone(&self.app), Arc::clone(alerting)));
            let (app, responding) = (Arc::clone(&self.app), Arc::clone(alerting));
            let runtime = tokio::runtime::Handle::current();
            let responding =
                tokio::task::spawn_blocking(move || crate::alerting::respond(&app, &responding, &runtime));
            let alerting = Arc::clone(alerting);
            let sending = tokio::task::spawn_blocking(move || crate::alerting::deliver(&alerting));
            (tokio::spawn(following), sending, responding)
        });
        let router = router(Arc::clone(&self.app));
        let app = Arc::clone(&self.app);
        let stopped = async move {
            stop.notified().await;
            app.stop();
        };
        let head_time = Duration::from_secs(self.config.http.head_seconds.get().into());
        let doors = tokio::spawn(self.doors.serve(Arc::clone(&self.app), head_time));
        let postgres = tokio::spawn(crate::postgres::serve(self.postgres, Arc::clone(&self.app)));
        crate::http::serve(self.listener, router, &self.places, head_time, stopped).await;
        doors.await?;
        postgres.await?;
        if let (Some((following, sending, responding)), Some(alerting)) = (rules, self.app.alerting()) {
            following.await?;
            alerting.close();
            sending.await?;
            responding.await?;
        }
        logins.abort();
        tell_logins(&self.app, self.app.logins.rest());
        alive.end(&self.app);
        keys.abort();
        segments.abort();
        checks.abort();
        retention.abort();
        logs.abort();
        coverage.abort();
        reports.await?;
        Ok(())
    }
}

/// What follows the rules, unless it is switched off.
pub(crate) fn alerting(
    data: &Path,
    config: &Config,
    node: &Node,
    url: String,
) -> Result<Option<Arc<Alerting>>, Box<dyn Error>> {
    let open = || Alerting::open(data, &config.alerts, node.store().origin(), url);
    config.alerts.enabled.then(open).transpose().map(|alerting| alerting.map(Arc::new))
}

/// Takes over what a command edited in the catalog: the keys here, the edits on the log.
async fn watch_keys(app: Arc<App>, public: bool) {
    let mut every = tokio::time::interval(KEYS_EVERY);
    loop {
        every.tick().await;
        match app.node.store().catalog().keys() {
            Err(error) => tracing::error!(%error, "cannot read the keys"),
            Ok(keys) => app.set_auth(Auth::new(&keys, public)),
        }
        let edited = Arc::clone(&app);
        let told = move || edits::record(&edited.node).map_err(|error| error.to_string());
        if let Ok(Err(error)) = tokio::task::spawn_blocking(told).await {
            tracing::error!(%error, "edits of the catalog could not be put on the log");
        }
    }
}

/// Puts failed logins on the log: who tries doors is part of the record.
async fn record_logins(app: Arc<App>) {
    let mut every = tokio::time::interval(LOGINS_EVERY);
    loop {
        every.tick().await;
        tell_logins(&app, app.logins.due(Instant::now()));
    }
}

fn tell_logins(app: &App, due: Vec<(Option<IpAddr>, Failures)>) {
    for (from, failures) in due {
        record(app, login_event(from, &failures));
    }
}

fn login_event(from: Option<IpAddr>, failures: &Failures) -> serde_json::Value {
    let [no_key, unknown_key, role, elsewhere] = failures.by_reason;
    serde_json::json!({
        "agent": {"id": "tachograph"},
        "action": {"type": "auth", "name": "failed_login"},
        "level": "WARNING",
        "ip": from.map(|from| from.to_canonical().to_string()),
        "outcome": {"status": "failure", "result": {
            "count": failures.count, "without_key": no_key, "unknown_key": unknown_key, "wrong_role": role,
            "from_elsewhere": elsewhere, "last_route": failures.route, "last_key_name": failures.key,
        }},
    })
}

/// Verifies the folder now and then, and records the result as an event.
async fn check_on_schedule(app: Arc<App>, schedule: Schedule) {
    if schedule.every_hours == 0 {
        return;
    }
    let mut wait = Duration::from_secs(schedule.first_after_seconds);
    loop {
        tokio::time::sleep(wait).await;
        wait = Duration::from_secs(schedule.every_hours.saturating_mul(3600));
        let checked = Arc::clone(&app);
        let check = tokio::task::spawn_blocking(move || {
            verify::folder::of_node(&checked.node).map_err(|error| error.to_string())
        });
        match check.await {
            Ok(Ok(check)) => {
                tracing::info!(good = check.good, entries = check.entries, "{}", check.summary);
                record(&app, check_event(&check));
                app.node.set_check(check);
            }
            Ok(Err(error)) => tracing::error!(%error, "the scheduled verification could not run"),
            Err(error) => tracing::error!(%error, "the scheduled verification ended early"),
        }
    }
}

/// Puts the digest of each new segment on the log.
async fn record_segments(app: Arc<App>) {
    let mut every = tokio::time::interval(SEGMENTS_EVERY);
    loop {
        every.tick().await;
        let told = Arc::clone(&app);
        let telling = tokio::task::spawn_blocking(move || told.node.tell_segments());
        if let Ok(Err(error)) = telling.await {
            tracing::error!(%error, "new segments could not be put on the log; it is tried again");
        }
    }
}

fn check_event(check: &verify::Check) -> serde_json::Value {
    let (level, status) = if check.good { ("INFO", "success") } else { ("CRITICAL", "failure") };
    let findings: Vec<String> = check.findings.iter().take(20).map(ToString::to_string).collect();
    serde_json::json!({
        "agent": {"id": "tachograph"},
        "action": {"type": "audit", "name": "integrity_check"},
        "level": level,
        "outcome": {"status": status, "result": {"summary": check.summary, "findings": findings}},
    })
}

/// What tachograph does itself is on the record too.
pub(crate) fn record(app: &App, event: serde_json::Value) {
    let body = event.to_string();
    let (_, batches) = app.node.ingest(body.as_bytes(), &edits::OWN, &tacho_ingest::Options::default());
    let done = |recorded: Result<_, Arc<tacho_record::RecordError>>| {
        if let Err(error) = recorded {
            tracing::error!(%error, "what tachograph did itself could not be recorded");
        }
    };
    if let Err(full) = app.node.submit(batches, Box::new(done)) {
        tracing::error!(%full, "what tachograph did itself could not be recorded");
    }
}

/// Completes when the process is asked to stop (Ctrl-C, SIGTERM). Asking counts from this call on, not only from when
/// somebody waits.
pub(crate) fn asked_to_stop() -> impl Future<Output = ()> {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async {
        // Without a handler the signal ends the process, which loses nothing that was acknowledged.
        let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// Structured logs of the server itself, to standard error.
pub(crate) fn start_logs(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // The log may lie on the disk that is full: a line that can't be written must not end a request.
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    let started = if json { logs.json().try_init() } else { logs.try_init() };
    drop(started); // an embedding test has started its own
}

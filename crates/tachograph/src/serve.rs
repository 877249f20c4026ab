//! `serve`: opens the folder, listens, and keeps watch over itself until it is told to stop.

use crate::config::{Config, Schedule};
use crate::http::{App, Auth, router};
use crate::node::Node;
use crate::target::AddressFile;
use crate::verify;
use std::collections::HashSet;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tacho_merkle::Hash;
use tacho_store::SegmentFile;
use tacho_store::catalog::ApiKey;
use tokio::net::TcpListener;
use tokio::sync::Notify;

const USUAL: &str = "127.0.0.1:7420";
/// How often keys that were created or revoked meanwhile are looked for.
const KEYS_EVERY: Duration = Duration::from_secs(2);
/// How often new segments are looked for.
const SEGMENTS_EVERY: Duration = Duration::from_secs(5);

/// A server that listens.
pub(crate) struct Server {
    pub app: Arc<App>,
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
        let _address = AddressFile::write(data, listener.local_addr()?)?;
        Ok(Server { app: Arc::new(App::new(node, auth)), listener, config, public, _address })
    }

    pub(crate) fn address(&self) -> Result<SocketAddr, Box<dyn Error>> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until `stop` is notified; then finishes what is under way.
    pub(crate) async fn run(self, stop: Arc<Notify>) -> Result<(), Box<dyn Error>> {
        let keys = tokio::spawn(watch_keys(Arc::clone(&self.app), self.public));
        let segments = tokio::spawn(record_segments(Arc::clone(&self.app)));
        let checks = tokio::spawn(check_on_schedule(Arc::clone(&self.app), self.config.verify));
        let router = router(Arc::clone(&self.app));
        let app = Arc::clone(&self.app);
        let stopped = async move {
            stop.notified().await;
            app.stop();
        };
        axum::serve(self.listener, router).with_graceful_shutdown(stopped).await?;
        keys.abort();
        segments.abort();
        checks.abort();
        Ok(())
    }
}

/// Takes over changes of the keys that a command made in the catalog.
async fn watch_keys(app: Arc<App>, public: bool) {
    let mut every = tokio::time::interval(KEYS_EVERY);
    let mut known: Option<Vec<ApiKey>> = None;
    loop {
        every.tick().await;
        match app.node.store().catalog().keys() {
            Err(error) => tracing::error!(%error, "cannot read the keys"),
            Ok(keys) => {
                // Who may write and read is part of the record: changes since the last look.
                for key in keys.iter().filter(|key| known.as_ref().is_some_and(|known| !known.contains(key)))
                {
                    record(&app, key_event(key));
                }
                app.set_auth(Auth::new(&keys, public));
                known = Some(keys);
            }
        }
    }
}

fn key_event(key: &ApiKey) -> serde_json::Value {
    let name = if key.revoked_us.is_some() { "api_key_revoked" } else { "api_key_created" };
    serde_json::json!({
        "agent": {"id": "tachograph"},
        "action": {"type": "settings", "name": name},
        "level": "WARNING",
        "outcome": {"status": "success", "result": {"key_id": key.id, "name": key.name, "role": key.role}},
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

/// Puts the digest of each new segment on the log: whoever changes the file later must change the log too.
async fn record_segments(app: Arc<App>) {
    let mut every = tokio::time::interval(SEGMENTS_EVERY);
    let mut known = HashSet::new();
    loop {
        every.tick().await;
        let snapshot = app.node.store().snapshot();
        for segment in &snapshot.segments {
            // After a restart each is sent once more; the same id and content is a duplicate and adds nothing.
            if known.insert(segment.digest) {
                record(&app, segment_event(segment));
            }
        }
    }
}

fn segment_event(segment: &SegmentFile) -> serde_json::Value {
    let digest = Hash::new(segment.digest).to_string();
    let file = segment.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    serde_json::json!({
        "id": format!("segment/{digest}"),
        "agent": {"id": "tachograph"},
        "action": {"type": "audit", "name": "segment_written"},
        "outcome": {"status": "success", "result": {
            "file": file, "sha256": digest, "bytes": segment.bytes,
            "rows": segment.rows, "first_index": segment.first, "last_index": segment.last,
        }},
    })
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
fn record(app: &App, event: serde_json::Value) {
    let sender = tacho_ingest::accept::Sender {
        writer: *b"internal",
        source: "internal",
        known: tacho_event::words::Known::Observed,
        agent: None,
    };
    let body = event.to_string();
    let (_, batches) = app.node.ingest(body.as_bytes(), &sender, &tacho_ingest::Options::default());
    let done = |recorded: Result<_, Arc<tacho_record::RecordError>>| {
        if let Err(error) = recorded {
            tracing::error!(%error, "what tachograph did itself could not be recorded");
        }
    };
    if let Err(full) = app.node.submit(batches, Box::new(done)) {
        tracing::error!(%full, "what tachograph did itself could not be recorded");
    }
}

/// Completes when the process is asked to stop (Ctrl-C, SIGTERM).
pub(crate) async fn asked_to_stop() {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    let Ok(mut terminate) = terminate else {
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Structured logs of the server itself, to standard error.
pub(crate) fn start_logs(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json { logs.json().try_init() } else { logs.try_init() };
    drop(started); // an embedding test has started its own
}

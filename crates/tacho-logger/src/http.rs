//! Requests over HTTP, with limits on time, size and number.

use futures::future::BoxFuture;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tacho_mcp::limits::REPLY_BYTES_MAX;
use tacho_mcp::{Caller, Fault, Reply, Request, Transport};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

const CONNECT_TIME: Duration = Duration::from_secs(5);
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// How often a request is sent again when there was no answer: events carry an id, so none is recorded twice.
const AGAIN: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// A client of one server.
#[derive(Clone)]
pub(crate) struct Http {
    inner: Arc<Inner>,
}

struct Inner {
    agent: ureq::Agent,
    base: String,
    key: Option<String>,
}

impl Http {
    /// # Errors
    /// The file of certificates can't be read.
    pub(crate) fn new(base: String, key: Option<String>, ca_file: Option<&Path>) -> Result<Http, String> {
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIME))
            .timeout_global(Some(ANSWER_TIME));
        if let Some(path) = ca_file {
            config = config.tls_config(TlsConfig::builder().root_certs(trusted(path)?).build());
        }
        Ok(Http { inner: Arc::new(Inner { agent: config.build().into(), base, key }) })
    }

    /// Sends and waits; a body makes it a POST.
    pub(crate) fn send(&self, target: &str, body: Option<&[u8]>) -> Result<Reply, Fault> {
        let mut pauses = AGAIN.iter();
        loop {
            let error = match self.once(target, body) {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let Some(pause) = pauses.next() else {
                let base = &self.inner.base;
                let why =
                    format!("no answer from {base}: {error}; is it running, and is AUDIT_LOG_URL right?");
                return Err(Fault::failed(why));
            };
            std::thread::sleep(*pause);
        }
    }

    fn once(&self, target: &str, body: Option<&[u8]>) -> Result<Reply, ureq::Error> {
        let Inner { agent, base, key } = &*self.inner;
        let url = format!("{base}{target}");
        let key = key.as_ref().map(|key| format!("Bearer {key}"));
        let mut response = match body {
            Some(body) => {
                let request = agent.post(url).header("accept", "application/json");
                let request = request.header("content-type", "text/plain; charset=utf-8");
                match key {
                    Some(key) => request.header("authorization", key).send(body)?,
                    None => request.send(body)?,
                }
            }
            None => {
                let request = agent.get(url).header("accept", "application/json");
                match key {
                    Some(key) => request.header("authorization", key).call()?,
                    None => request.call()?,
                }
            }
        };
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(REPLY_BYTES_MAX as u64 + 1).read_to_vec()?;
        Ok(Reply { status, body })
    }
}

impl Transport for Http {
    fn send(&self, _: &Caller, request: Request) -> BoxFuture<'static, Result<Reply, Fault>> {
        let http = self.clone();
        let sent = tokio::task::spawn_blocking(move || http.send(&request.target, request.body.as_deref()));
        Box::pin(async { sent.await.map_err(|error| Fault::failed(error.to_string()))? })
    }
}

/// The certificates of a PEM file.
fn trusted(path: &Path) -> Result<RootCerts, String> {
    let place = path.display();
    let pem = std::fs::read(path).map_err(|error| format!("AUDIT_LOG_CA_FILE {place}: {error}"))?;
    let items: Result<Vec<_>, _> = parse_pem(&pem).collect();
    let items = items.map_err(|error| format!("AUDIT_LOG_CA_FILE {place}: {error}"))?;
    let found: Vec<_> = items
        .into_iter()
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return Err(format!("AUDIT_LOG_CA_FILE {place} holds no certificate"));
    }
    Ok(RootCerts::new_with_certs(&found))
}

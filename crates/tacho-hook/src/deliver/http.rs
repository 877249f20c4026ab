//! The sender's HTTP: one POST at a time over a connection that is kept.

use super::answer::Answer;
use crate::settings::Settings;
use std::time::Duration;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// Answers are read up to this size, bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// The server has a minute for a body; its answer comes after a sync.
const REQUEST_TIME: Duration = Duration::from_secs(60);

pub struct Client {
    agent: ureq::Agent,
    url: String,
    key: Option<String>,
    time: Duration,
}

impl Client {
    /// # Errors
    /// When the file of trusted certificates can't be read.
    pub fn new(settings: &Settings) -> Result<Client, String> {
        Client::within(settings, REQUEST_TIME)
    }

    /// One whose requests take no longer than that: for somebody who waits.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn within(settings: &Settings, time: Duration) -> Result<Client, String> {
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIME.min(time)))
            .timeout_global(Some(time))
            .user_agent(concat!("agent-audit-log/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&settings.url) {
            config = config.proxy(None);
        }
        if let Some(path) = &settings.ca_file {
            config = config.tls_config(TlsConfig::builder().root_certs(trusted(path)?).build());
        }
        let (url, key) = (settings.url.clone(), settings.key.clone());
        Ok(Client { agent: config.build().into(), url, key, time })
    }

    /// Sends events, one a line.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn post(&self, body: &[u8]) -> Result<Answer, String> {
        let mut request = self.agent.post(&self.url).header("content-type", "application/x-ndjson");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        self.answer(request.send(body))
    }

    /// Whether anything answers at the address's `/health`, and what.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn health(&self) -> Result<Answer, String> {
        let rest = self.url.find("://").map_or(0, |at| at + 3);
        let host_end = self.url[rest..].find('/').map_or(self.url.len(), |at| rest + at);
        self.answer(self.agent.get(format!("{}/health", &self.url[..host_end])).call())
    }

    fn answer(&self, sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, String> {
        let mut response = sent.map_err(|error| match error {
            ureq::Error::Timeout(ureq::Timeout::Global) => {
                format!("no answer from {} within {:?}", self.url, self.time)
            }
            error => format!("no answer from {}: {error}", self.url),
        })?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| format!("the answer of {} broke off: {error}", self.url))?;
        Ok(Answer { status, retry_after, body })
    }
}

/// Asks a server once, within a time: for a hook whose agent waits.
///
/// # Errors
/// When there is no answer within the time.
pub fn ask(settings: &Settings, url: &str, time: Duration) -> Result<Answer, String> {
    let mut client = Client::within(settings, time)?;
    client.url = url.to_owned();
    let mut request = client.agent.get(url);
    if let Some(key) = &client.key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    client.answer(request.call())
}

fn trusted(path: &std::path::Path) -> Result<RootCerts, String> {
    let told = |error: String| format!("AUDIT_LOG_CA_FILE {}: {error}", path.display());
    let text = std::fs::read(path).map_err(|error| told(error.to_string()))?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| told(error.to_string()))? {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        Err(told("no certificate in it".to_owned()))
    } else {
        Ok(RootCerts::new_with_certs(&found))
    }
}

/// A proxy does not know this machine's own addresses.
fn is_loopback(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start))
}

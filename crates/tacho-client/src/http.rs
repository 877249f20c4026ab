//! One POST at a time over a connection that is kept.

use crate::answer::Answer;
use crate::options::Options;

/// Answers are read up to this size, bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

pub(crate) struct Wire {
    agent: ureq::Agent,
    url: String,
    key: Option<String>,
}

impl Wire {
    pub(crate) fn new(options: &Options) -> Wire {
        let url = options.endpoint();
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(options.timeout))
            .user_agent(concat!("tacho-client/", env!("CARGO_PKG_VERSION")));
        // A proxy does not know this machine's own addresses.
        let host = url.split_once("://").map_or("", |(_, rest)| rest);
        if ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start)) {
            config = config.proxy(None);
        }
        Wire { agent: config.build().into(), url, key: options.key.clone() }
    }

    /// Sends events, one a line.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) fn post(&self, body: &[u8]) -> Result<Answer, String> {
        let mut request = self.agent.post(&self.url).header("content-type", "application/x-ndjson");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let sent = request.send(body);
        let mut response = sent.map_err(|error| format!("no answer from {}: {error}", self.url))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| format!("the answer of {} broke off: {error}", self.url))?;
        Ok(Answer { status, retry_after, body })
    }
}

//! A client of a running server, for the commands that take `--server`.

use crate::exit::Ended;
use std::error::Error;
use std::io::Read;
use std::time::Duration;

/// Answers are read up to this size, bytes.
const ANSWER_MAX: u64 = 1 << 30;

pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    key: Option<String>,
}

/// An answer's status and body.
pub(crate) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Client {
    /// `server` as people write it: `host:port` or a URL.
    pub(crate) fn new(server: &str, key: Option<String>) -> Client {
        let base = if server.contains("://") { server.to_string() } else { format!("http://{server}") };
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .build();
        Client { agent: config.into(), base: base.trim_end_matches('/').to_string(), key }
    }

    /// GET with the wanted content type.
    pub(crate) fn get(&self, path: &str, accept: &str) -> Result<Answer, Box<dyn Error>> {
        let mut request = self.agent.get(format!("{}{path}", self.base)).header("accept", accept);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        self.answer(request.call())
    }

    pub(crate) fn post(&self, path: &str, accept: &str, body: &[u8]) -> Result<Answer, Box<dyn Error>> {
        let url = format!("{}{path}", self.base);
        let mut request = self.agent.post(url).header("accept", accept).header("content-type", "text/plain");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        self.answer(request.send(body))
    }

    /// GET whose body is read as it comes.
    pub(crate) fn stream(&self, path: &str) -> Result<impl Read, Box<dyn Error>> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let response = request.call().map_err(|error| self.unreachable(&error))?;
        if response.status() != 200 {
            return Err(match self.answer(Ok(response))?.good() {
                Err(error) => error,
                Ok(_) => format!("{} did not answer with a stream", self.base).into(),
            });
        }
        Ok(response.into_body().into_reader())
    }

    fn answer(
        &self,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Answer, Box<dyn Error>> {
        let mut response = sent.map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_MAX).read_to_vec()?;
        Ok(Answer { status, body })
    }

    fn unreachable(&self, error: &ureq::Error) -> String {
        format!("no answer from {}: {error}; is the server running? (tachograph serve)", self.base)
    }
}

impl Answer {
    /// The body of a good answer; a problem's title and detail as an error, with the exit code that it stands for.
    pub(crate) fn good(self) -> Result<Vec<u8>, Box<dyn Error>> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let field = |name: &str| problem[name].as_str().unwrap_or_default().to_string();
        let why = format!("{} ({}): {}", field("title"), self.status, field("detail"));
        Err(match self.status {
            400 | 405 | 413 | 415 => Ended::usage(why),
            404 => Box::new(Ended::Absent(why)),
            _ => why.into(),
        })
    }
}

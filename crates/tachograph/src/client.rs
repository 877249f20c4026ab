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

/// An answer's status, media type and body.
pub(crate) struct Answer {
    pub status: u16,
    pub kind: String,
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

    pub(crate) fn delete(&self, path: &str) -> Result<Answer, Box<dyn Error>> {
        let mut request = self.agent.delete(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        self.answer(request.call())
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
        let kind = response.body().mime_type().unwrap_or_default().to_string();
        let body = response.body_mut().with_config().limit(ANSWER_MAX).read_to_vec()?;
        Ok(Answer { status, kind, body })
    }

    fn unreachable(&self, error: &ureq::Error) -> String {
        format!("no answer from {}: {error}; is the server running? (tachograph serve)", self.base)
    }
}

impl Answer {
    /// The body of a good answer; a problem's title and detail as an error, with the exit code that it stands for.
    /// An answer that began well and is not whole is no good one.
    pub(crate) fn good(self) -> Result<Vec<u8>, Box<dyn Error>> {
        let problem = if (200..300).contains(&self.status) {
            match self.broken_off() {
                None => return Ok(self.body),
                Some(problem) => problem,
            }
        } else {
            Told { status: self.status, ..serde_json::from_slice(&self.body).unwrap_or_default() }
        };
        let why = format!("{} ({}): {}", problem.title, problem.status, problem.detail);
        Err(match problem.status {
            400 | 405 | 413 | 415 => Ended::usage(why),
            404 => Box::new(Ended::Absent(why)),
            _ => why.into(),
        })
    }

    /// Why the answer ended before its end: a member behind the rows of JSON, the last line of NDJSON and CSV.
    fn broken_off(&self) -> Option<Told> {
        #[derive(serde::Deserialize)]
        struct Document {
            error: Option<Told>,
        }
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Line {
            error: Told,
        }
        match self.kind.as_str() {
            "application/json" => serde_json::from_slice::<Document>(&self.body).ok()?.error,
            "application/x-ndjson" | "text/csv" => {
                let last = self.body.trim_ascii_end().rsplit(|byte| *byte == b'\n').next()?;
                Some(serde_json::from_slice::<Line>(last).ok()?.error)
            }
            _ => None,
        }
    }
}

/// What a problem says.
#[derive(Default, serde::Deserialize)]
struct Told {
    status: u16,
    title: String,
    detail: String,
}

//! Sends batches over HTTP. A thread of its own waits for the server, so that who sends can stop at any time.

use serde_json::Value;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How long one request may take.
const REQUEST_MAX: Duration = Duration::from_secs(20);
/// How long a batch is tried while the server is busy or away.
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How often a wait looks whether it should end.
const LOOK: Duration = Duration::from_millis(25);
/// What is left to an answer that is under way when the end comes.
const LAST_WORD: Duration = Duration::from_millis(100);

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub accepted: u64,
    pub duplicates: u64,
    pub rejected: u64,
    /// Why the first of the rejected was.
    pub reason: Option<String>,
}

/// A server's answer, as far as sending goes on from it.
#[derive(Debug, PartialEq)]
enum Answer {
    Counted(Counts),
    /// Too busy, too fast or not there: again after this time.
    Later(Duration, String),
    /// Trying again would end the same.
    Refused(String),
}

/// Posts to one server.
pub(super) struct Poster {
    bodies: Sender<String>,
    answers: Receiver<Answer>,
}

impl Poster {
    pub(super) fn new(address: SocketAddr, key: Option<&str>) -> Result<Poster, Box<dyn Error>> {
        let (bodies, inbox) = channel::<String>();
        let (outbox, answers) = channel();
        let url = format!("http://{address}/v1/events");
        let bearer = key.map(|key| format!("Bearer {key}"));
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(REQUEST_MAX))
            .http_status_as_error(false)
            // A proxy of the environment has no business with a server beside us.
            .proxy(None)
            .build();
        let agent = ureq::Agent::new_with_config(config);
        std::thread::Builder::new().name("demo-post".into()).spawn(move || {
            for body in inbox {
                if outbox.send(post(&agent, &url, bearer.as_deref(), body)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Poster { bodies, answers })
    }

    /// Sends a batch until the server has it; `None` when the end came first.
    ///
    /// # Errors
    /// When the server refuses, or stays busy or away for a minute.
    pub(super) fn send(&self, body: &str, stop: &AtomicBool) -> Result<Option<Counts>, Box<dyn Error>> {
        let begun = Instant::now();
        loop {
            self.bodies.send(body.to_string()).map_err(|_| "the thread that sends has ended")?;
            let (wait, reason) = match self.answer(stop)? {
                None => return Ok(None),
                Some(Answer::Refused(reason)) => return Err(reason.into()),
                Some(Answer::Later(wait, reason)) => (wait, reason),
                Some(Answer::Counted(counts)) => return Ok(Some(counts)),
            };
            if begun.elapsed() + wait > RETRY_MAX {
                return Err(format!("the server did not take events for a minute: {reason}").into());
            }
            if !sleep(wait, stop) {
                return Ok(None);
            }
        }
    }

    fn answer(&self, stop: &AtomicBool) -> Result<Option<Answer>, Box<dyn Error>> {
        let mut stopped: Option<Instant> = None;
        loop {
            match self.answers.recv_timeout(LOOK) {
                Ok(answer) => return Ok(Some(answer)),
                Err(RecvTimeoutError::Disconnected) => return Err("the thread that sends has ended".into()),
                Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => {
                    if stopped.get_or_insert_with(Instant::now).elapsed() > LAST_WORD {
                        return Ok(None);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// Waits; false when the end came first.
pub(super) fn sleep(wait: Duration, stop: &AtomicBool) -> bool {
    let end = Instant::now() + wait;
    while !stop.load(Ordering::Relaxed) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(LOOK));
    }
    false
}

fn post(agent: &ureq::Agent, url: &str, bearer: Option<&str>, body: String) -> Answer {
    let mut request = agent.post(url).header("content-type", "application/x-ndjson");
    if let Some(bearer) = bearer {
        request = request.header("authorization", bearer);
    }
    match request.send(body) {
        Ok(mut response) => {
            let after =
                response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            let status = response.status().as_u16();
            let text = response.body_mut().read_to_string().unwrap_or_default();
            understand(status, after, &text)
        }
        // Every event has an id: what was recorded before the connection broke is a duplicate then.
        Err(error) => Answer::Later(Duration::from_millis(500), error.to_string()),
    }
}

fn understand(status: u16, retry_after: Option<u64>, text: &str) -> Answer {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let count = |name: &str| answer[name].as_u64().unwrap_or(0);
    let detail = answer["detail"].as_str().unwrap_or(text);
    match status {
        200..=299 | 422 if answer["accepted"].is_u64() => {
            let named = &answer["rejected"];
            let rejected = answer["rejected_count"].as_u64();
            let rejected = rejected.unwrap_or_else(|| named.as_array().map_or(0, |lines| lines.len() as u64));
            let reason = named[0]["reason"].as_str().map(shorten);
            let (accepted, duplicates) = (count("accepted"), count("duplicates"));
            Answer::Counted(Counts { accepted, duplicates, rejected, reason })
        }
        429 | 503 => {
            let wait = Duration::from_secs(retry_after.unwrap_or(1).clamp(1, 30));
            Answer::Later(wait, format!("{status}: {detail}"))
        }
        200..=299 => Answer::Refused(format!("whatever answers there is no tachograph: {}", shorten(text))),
        401 | 403 => Answer::Refused(format!("the server wants a key that may write: {}", shorten(detail))),
        _ => Answer::Refused(format!("the server answered {status}: {}", shorten(detail))),
    }
}

fn shorten(text: &str) -> String {
    text.trim().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_to_go_on() {
        let counts = Counts { accepted: 3, duplicates: 1, ..Counts::default() };
        let text = r#"{"accepted":3,"duplicates":1,"rejected":[],"rejected_count":0}"#;
        assert_eq!(understand(200, None, text), Answer::Counted(counts));
        let text =
            r#"{"accepted":0,"duplicates":0,"rejected":[{"line":1,"reason":"no JSON"}],"rejected_count":1}"#;
        let counts = Counts { rejected: 1, reason: Some("no JSON".into()), ..Counts::default() };
        assert_eq!(understand(422, None, text), Answer::Counted(counts));
        let busy = understand(429, Some(7), r#"{"detail":"slower"}"#);
        assert_eq!(busy, Answer::Later(Duration::from_secs(7), "429: slower".into()));
        assert!(matches!(understand(503, None, ""), Answer::Later(wait, _) if wait.as_secs() == 1));
        for (status, text) in [(401, r#"{"detail":"no key"}"#), (200, "<html>"), (507, "full"), (404, "")] {
            assert!(matches!(understand(status, None, text), Answer::Refused(_)), "{status}");
        }
    }

    #[test]
    fn a_wait_ends_when_it_should() {
        let stop = AtomicBool::new(true);
        assert!(!sleep(Duration::from_secs(3600), &stop));
        stop.store(false, Ordering::Relaxed);
        assert!(sleep(Duration::ZERO, &stop));
    }
}

//! Starts the real binary and talks to it over real sockets.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// Runs a command to its end.
pub(crate) fn tachograph(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tachograph"))
        .args(["--data", data.to_str().unwrap()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may have ended already.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A running server; killed when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    pub address: String,
    /// What it says about the ports of OpenTelemetry.
    pub doors: String,
    /// Where it speaks PostgreSQL's wire; nothing where it does not.
    pub postgres: String,
    agent: ureq::Agent,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: String,
    pub retry_after: Option<String>,
    pub kind: String,
    pub allow: Option<String>,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Server {
    /// Starts on a free port and waits until it says its address.
    pub(crate) fn start(data: &Path) -> Server {
        Server::start_with(data, |_| {})
    }

    pub(crate) fn start_with(data: &Path, change: impl FnOnce(&mut Command)) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tachograph"));
        command.args(["--data", data.to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"]);
        change(&mut command);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said =
            lines.find_map(|line| line.unwrap().split_once("http://").map(|(_, rest)| rest.to_string()));
        let Some(address) = said else { panic!("no server: {:?}", child.wait_with_output()) };
        let doors = lines.by_ref().map_while(Result::ok).find(|line| line.trim_start().starts_with("otlp"));
        let doors = doors.unwrap_or_default();
        let next = lines.next().and_then(Result::ok).unwrap_or_default();
        let postgres = next.split_once("postgres://").map(|(_, at)| at.to_string()).unwrap_or_default();
        // The rest is for people: read on, so that the server never waits for a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let errors = child.stderr.take().unwrap();
        std::thread::spawn(move || BufReader::new(errors).lines().for_each(drop));
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Server { child, address, doors, postgres, agent: config.into() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_as(path, "application/json")
    }

    pub(crate) fn get_as(&self, path: &str, accept: &str) -> Answer {
        answer(
            self.agent.get(format!("http://{}{path}", self.address)).header("accept", accept).call().unwrap(),
        )
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.post_with(path, body.as_bytes(), &[]).unwrap()
    }

    /// `None` when the server went away.
    pub(crate) fn post_with(&self, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Option<Answer> {
        let mut request = self.agent.post(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send(body).ok().map(answer)
    }

    /// Rows of an SQL answer.
    pub(crate) fn sql(&self, query: &str) -> Vec<serde_json::Value> {
        let headers = [("accept", "application/x-ndjson"), ("content-type", "text/plain")];
        let answer = self.post_with("/v1/sql", query.as_bytes(), &headers).unwrap();
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// SIGKILL: no destructor runs, no buffer is flushed.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until something else has ended it.
    pub(crate) fn ended(mut self) {
        self.child.wait().unwrap();
    }

    /// SIGTERM, and waits until it has stopped by itself.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn answer(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_string());
    let (retry_after, allow) = (header("retry-after"), header("allow"));
    let kind = header("content-type").unwrap_or_default();
    let body = response.body_mut().with_config().limit(1 << 30).read_to_string().unwrap();
    Answer { status: response.status().as_u16(), body, retry_after, kind, allow }
}

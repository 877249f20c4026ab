//! Somebody on loopback who is told of alerts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);

/// Somebody who takes web hooks and says yes.
pub(crate) struct Hook {
    pub address: String,
    said: Receiver<(Vec<String>, String)>,
}

impl Hook {
    pub(crate) fn start() -> Hook {
        Hook::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn on(listener: TcpListener) -> Hook {
        let (sender, heard) = channel();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // Who was killed while it spoke has said nothing.
                let Some(whole) = said(stream.unwrap()) else { continue };
                drop(sender.send(whole));
            }
        });
        Hook { address, said: heard }
    }

    /// The next message as it was sent.
    pub(crate) fn body(&self) -> serde_json::Value {
        serde_json::from_str(&self.whole().1).unwrap()
    }

    /// The next request: the lines of its head, names in lower case, and its body.
    pub(crate) fn whole(&self) -> (Vec<String>, String) {
        self.said.recv_timeout(PATIENCE).expect("a message within the time")
    }

    /// The next message: its status, and the `alertname` and `agent_id` of each of its alerts.
    pub(crate) fn next(&self) -> (String, Vec<String>) {
        let body = self.body();
        let name = |alert: &serde_json::Value| {
            let label = |name: &str| alert["labels"][name].as_str().unwrap_or("-").to_string();
            format!("{} {} {}", label("alertname"), label("agent_id"), alert["status"].as_str().unwrap())
        };
        let alerts = body["alerts"].as_array().unwrap().iter().map(name).collect();
        (body["status"].as_str().unwrap().to_string(), alerts)
    }
}

/// Reads a request, says yes to it, and gives what it said.
fn said(stream: TcpStream) -> Option<(Vec<String>, String)> {
    let mut stream = BufReader::new(stream);
    let (mut length, mut line, mut head) = (0, String::new(), Vec::new());
    while stream.read_line(&mut line).ok()? > 2 {
        // A signature is not in lower case.
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let name = name.to_ascii_lowercase();
        if name == "content-length" {
            length = value.trim().parse().ok()?;
        }
        head.push(format!("{name}:{value}"));
        line.clear();
    }
    // Cut off within its head: every message has a body.
    if length == 0 {
        return None;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let good = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    // Whoever is killed now sends the message again.
    drop(stream.get_mut().write_all(good.as_bytes()));
    Some((head, String::from_utf8(body).ok()?))
}

/// Looks until there is something.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}");
        std::thread::yield_now();
    }
}

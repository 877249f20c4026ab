//! A server that takes everything and keeps it.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tacho_client::{Client, Options};

/// Longer than anything takes: reached only when a test fails.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// The address, and each request's events.
pub(crate) fn start() -> (String, Receiver<Vec<Value>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                while let Some(events) = request(&mut reader) {
                    let count = events.len();
                    drop(sender.send(events));
                    answer(reader.get_mut(), count);
                }
            });
        }
    });
    (url, receiver)
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<Vec<Value>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

fn answer(stream: &mut TcpStream, events: usize) {
    let body = json!({"accepted": events, "duplicates": 0, "rejected": [], "rejected_count": 0}).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    drop(stream.write_all(format!("{head}{body}").as_bytes()));
}

/// A client of that server, with a spool of its own.
pub(crate) fn client(url: &str, spool: &std::path::Path) -> Client {
    let options = Options::from_env(&|_| None);
    Client::new(Options {
        url: url.to_owned(),
        agent_id: Some("tests/agent".into()),
        session_id: Some("session-1".into()),
        spool_dir: spool.to_owned(),
        batch_time: LONG,
        retry_min: Duration::from_millis(1),
        retry_max: Duration::from_millis(5),
        ..options
    })
}

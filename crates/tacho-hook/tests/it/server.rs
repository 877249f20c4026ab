//! A server whose every answer the test gives: requests come out of a channel, with their connection.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Receiver<Request>,
}

pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) events: Vec<Value>,
    connection: TcpStream,
}

impl Server {
    pub(crate) fn start() -> Server {
        Server::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn on(listener: TcpListener) -> Server {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let sender = sender.clone();
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(connection.try_clone().unwrap());
                    while let Some((head, body)) = read(&mut reader) {
                        let events = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                        let connection = connection.try_clone().unwrap();
                        if sender.send(Request { head, events, connection }).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Server { url, requests }
    }

    /// Waits for the next request.
    pub(crate) fn next(&self) -> Request {
        self.requests.recv().unwrap()
    }

    /// Takes requests until so many events have come that were not in `seen` by id; all go there, in order.
    pub(crate) fn take(&self, seen: &mut Vec<Value>, count: usize) {
        let end = seen.len() + count;
        while seen.len() < end {
            let request = self.next();
            request.take(seen);
        }
    }

    /// Answers what has come meanwhile.
    pub(crate) fn take_again(&self, seen: &mut Vec<Value>) {
        self.requests.try_iter().for_each(|request| request.take(seen));
    }
}

impl Request {
    /// Answers as a recorder does that knows `seen`.
    pub(crate) fn take(self, seen: &mut Vec<Value>) {
        let (mut accepted, mut duplicates) = (0, 0);
        for event in &self.events {
            if seen.iter().any(|earlier| earlier["event_id"] == event["event_id"]) {
                duplicates += 1;
            } else {
                accepted += 1;
                seen.push(event.clone());
            }
        }
        let body =
            json!({"accepted": accepted, "duplicates": duplicates, "rejected": [], "rejected_count": 0});
        self.answer("200 OK", "", &body.to_string());
    }

    pub(crate) fn answer(mut self, status: &str, header: &str, body: &str) {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{header}\r\n", body.len());
        // The sender may have died.
        drop(self.connection.write_all(format!("{head}{body}").as_bytes()));
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.to_ascii_lowercase();
    let length = length
        .split("content-length: ")
        .nth(1)
        .map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

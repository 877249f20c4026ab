//! Where an import goes: into a folder at rest, or through a server. Both give the same events the same ids.

use super::Arguments;
use crate::client::Client;
use crate::commands::read::segment;
use crate::config::Config;
use crate::node::{Begun, Node};
use std::error::Error;
use std::time::Duration;
use tacho_event::words::Known;
use tacho_ingest::accept::Sender;
use tacho_ingest::formats::Format;
use tacho_ingest::{Options, Place};

const WRITER: [u8; 8] = *b"local---";
/// So often a server that is busy is asked again, once a second.
const TRIES_MAX: u32 = 60;

pub(super) enum Sink {
    Folder(Box<Node>),
    Server(Client),
}

/// What became of a piece.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) accepted: u64,
    pub(super) duplicates: u64,
    pub(super) refused: u64,
    /// The first of them, by line.
    pub(super) reasons: Vec<(u64, String)>,
}

/// A piece on its way to the disk.
pub(super) struct Sent {
    answer: Answer,
    begun: Option<Begun>,
}

impl Sent {
    /// Waits until it is durable.
    pub(super) fn answer(self) -> Result<Answer, String> {
        let mut answer = self.answer;
        if let Some(begun) = self.begun {
            for receipt in begun.wait().map_err(|error| error.to_string())? {
                answer.accepted += u64::from(receipt.accepted);
                answer.duplicates += u64::from(receipt.duplicates);
            }
        }
        Ok(answer)
    }
}

impl Sink {
    /// The server that was named, else the one that has the folder open, else the folder.
    pub(super) fn open(arguments: &Arguments) -> Result<Sink, Box<dyn Error>> {
        let (server, key) = (arguments.server.as_deref(), arguments.key.as_deref());
        Ok(match crate::target::running(server, key, &arguments.data)? {
            Some(client) => Sink::Server(client),
            None => {
                Sink::Folder(Box::new(Node::open(&arguments.data, &Config::read(None, &arguments.data)?)?))
            }
        })
    }

    /// Hands a piece over. Says where in the file the next one begins.
    pub(super) fn send(
        &self,
        piece: &[u8],
        format: Option<Format>,
        file: &str,
        place: &Place,
    ) -> Result<(Sent, Place), String> {
        match self {
            Sink::Folder(node) => record(node, piece, format, file, place),
            Sink::Server(client) => {
                post(client, piece, format, file, place).map_err(|error| error.to_string())
            }
        }
    }

    /// Ends the import. Returns how many entries the log has, and how many of them are sealed, if the server is there
    /// to say so.
    pub(super) fn close(self, accepted: u64) -> Result<Option<(u64, u64)>, Box<dyn Error>> {
        let node = match self {
            Sink::Folder(node) => node,
            Sink::Server(client) => {
                // What was accepted is on its disk, wherever it is now.
                let Ok(health) = client.get("/health", "application/json") else { return Ok(None) };
                let health: serde_json::Value = serde_json::from_slice(&health.body)?;
                let number = |name: &str| health[name].as_u64().unwrap_or_default();
                return Ok(Some((number("size"), number("sealed"))));
            }
        };
        let status = std::sync::Arc::clone(node.status());
        drop(node);
        // Closing signs and syncs what is left; a disk that fails there must not look like success.
        if let Some(why) = status.stopped() {
            let what = format!("{accepted} events are in the journal, but the folder was not closed well");
            return Err(format!("{what}: {why}").into());
        }
        Ok(Some((status.size(), status.sealed())))
    }
}

fn record(
    node: &Node,
    piece: &[u8],
    format: Option<Format>,
    file: &str,
    place: &Place,
) -> Result<(Sent, Place), String> {
    let sender =
        Sender { writer: WRITER, source: "import", known: Known::Imported, sees_hooks: false, agent: None };
    let options = Options { format, replay: true, file, place: Some(place), ..Options::default() };
    let (tally, batches) = node.ingest(piece, &sender, &options);
    let reasons = tally.refused.into_iter().map(|refused| (refused.line, refused.reason.to_string()));
    let answer = Answer { refused: tally.refused_lines, reasons: reasons.collect(), ..Answer::default() };
    let begun = (!batches.is_empty()).then(|| node.begin(batches)).transpose();
    let begun = begun.map_err(|error| error.to_string())?;
    Ok((Sent { answer, begun }, tally.place))
}

/// Records a piece through a server. What is sent twice is recorded once.
fn post(
    client: &Client,
    piece: &[u8],
    format: Option<Format>,
    file: &str,
    place: &Place,
) -> Result<(Sent, Place), Box<dyn Error>> {
    let format = format.map_or_else(String::new, |format| format!("&format={}", format.name()));
    let (file, place) = (segment(file), segment(&serde_json::to_string(place)?));
    let path = format!("/v1/events?import={file}&place={place}{format}");
    let mut tries = 0;
    let answer = loop {
        let answer = client.post(&path, "application/json", piece)?;
        tries += 1;
        if !matches!(answer.status, 429 | 503) || tries == TRIES_MAX {
            break answer;
        }
        std::thread::sleep(Duration::from_secs(1));
    };
    // When every line is refused the answer has the same members.
    let body = if answer.status == 422 { answer.body } else { answer.good()? };
    let recorded: serde_json::Value = serde_json::from_slice(&body)?;
    let number = |name: &str| recorded[name].as_u64().unwrap_or_default();
    let reason = |rejected: &serde_json::Value| {
        let reason = rejected["reason"].as_str().unwrap_or_default().to_string();
        (rejected["line"].as_u64().unwrap_or_default(), reason)
    };
    let answer = Answer {
        accepted: number("accepted"),
        duplicates: number("duplicates"),
        refused: number("rejected_count"),
        reasons: recorded["rejected"].as_array().into_iter().flatten().map(reason).collect(),
    };
    let place = serde_json::from_str(recorded["place"].as_str().unwrap_or_default())
        .map_err(|error| format!("the server's answer names no place in the file: {error}"))?;
    Ok((Sent { answer, begun: None }, place))
}

//! `import`: records a file of events of any format, in a folder at rest or through the server that has it open. One bad
//! line is reported and its neighbours are recorded.

use super::Arguments;
use super::read::segment;
use crate::client::Client;
use crate::config::Config;
use crate::exit::Ended;
use crate::node::Node;
use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;
use tacho_event::words::Known;
use tacho_ingest::Options;
use tacho_ingest::accept::Sender;
use tacho_ingest::formats::Format;

/// A file is read in pieces of about this size that end with a line, bytes. One event never spans two pieces of a
/// file with one event a line.
const PIECE_BYTES: usize = 4 << 20;
/// A document that is one JSON value over many lines is read whole, up to this size, bytes.
const DOCUMENT_BYTES_MAX: u64 = 64 << 20;
const WRITER: [u8; 8] = *b"local---";
/// So often a server that is busy is asked again.
const TRIES_MAX: u32 = 60;

#[derive(Default)]
struct Totals {
    accepted: u64,
    duplicates: u64,
    refused: u64,
}

/// Records a file. Returns whether all of it was recorded.
pub(super) fn run(arguments: &Arguments, file: &Path, format: Option<&str>) -> Result<bool, Box<dyn Error>> {
    let format = match format {
        Some(name) => Some(Format::by_name(name).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            Ended::usage(format!("format \"{name}\" is unknown: expected one of {}", known.join(", ")))
        })?),
        None => None,
    };
    let (input, size): (Box<dyn Read>, Option<u64>) = match file.to_str() {
        Some("-") => (Box::new(std::io::stdin()), None),
        _ => {
            let open = std::fs::File::open(file);
            let open = open.map_err(|e| format!("cannot open {}: {e}", file.display()))?;
            let found = open.metadata()?;
            if found.is_dir() {
                return Err(format!("{} is a folder: name a file", file.display()).into());
            }
            (unpacked(open)?, Some(found.len()))
        }
    };
    let (server, key) = (arguments.server.as_deref(), arguments.key.as_deref());
    let into = match crate::target::running(server, key, &arguments.data)? {
        Some(client) => Into::Server(client),
        None => Into::Folder(Box::new(Node::open(&arguments.data, &Config::read(None, &arguments.data)?)?)),
    };
    let bar = progress(size);
    let mut input = BufReader::with_capacity(1 << 20, input);
    let mut totals = Totals::default();
    let mut piece = Vec::new();
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let mut options = Options { format, replay: true, file: &name, ..Options::default() };
    loop {
        let more = read_piece(&mut input, &mut piece, options.lines_before == 0)?;
        bar.inc(piece.len() as u64);
        match &into {
            Into::Folder(node) => record(node, &piece, &options, &mut totals, &bar)?,
            Into::Server(client) => send(client, &piece, &options, &mut totals, &bar)?,
        }
        options.lines_before += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        piece.clear();
        if !more {
            break;
        }
    }
    bar.finish_and_clear();
    let (size, sealed) = into.close(&totals)?;
    let Totals { accepted, duplicates, refused } = totals;
    println!(
        "accepted {accepted}, duplicates {duplicates}, refused {refused}; the log has {size} entries, {sealed} sealed"
    );
    Ok(refused == 0)
}

/// Where the events go.
enum Into {
    Folder(Box<Node>),
    Server(Client),
}

impl Into {
    /// Ends the import. Returns how many entries the log has, and how many of them are sealed.
    fn close(self, totals: &Totals) -> Result<(u64, u64), Box<dyn Error>> {
        let node = match self {
            Into::Folder(node) => node,
            Into::Server(client) => {
                let health = client.get("/health", "application/json")?;
                let health: serde_json::Value = serde_json::from_slice(&health.body)?;
                let number = |name: &str| health[name].as_u64().unwrap_or_default();
                return Ok((number("size"), number("sealed")));
            }
        };
        let status = std::sync::Arc::clone(node.status());
        drop(node);
        // Closing signs and syncs what is left; a disk that fails there must not look like success.
        if let Some(why) = status.stopped() {
            let accepted = totals.accepted;
            let what = format!("{accepted} events are in the journal, but the folder was not closed well");
            return Err(format!("{what}: {why}").into());
        }
        Ok((status.size(), status.sealed()))
    }
}

/// The text of a file: gzip and zstd are told by their first bytes.
fn unpacked(mut file: std::fs::File) -> Result<Box<dyn Read>, Box<dyn Error>> {
    let mut magic = [0; 4];
    let length = file.read(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(match &magic[..length] {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(file)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(file)?),
        _ => Box::new(file),
    })
}

/// Reads whole lines up to a piece's size; a document over many lines whole. Says whether there is more.
fn read_piece(input: &mut impl BufRead, piece: &mut Vec<u8>, first: bool) -> Result<bool, Box<dyn Error>> {
    if first && input.read_until(b'\n', piece)? > 0 {
        // An array, or an object whose first line is not the whole of it, is a document over many lines.
        let start = piece.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(start, Some(b'{' | b'[')) && !tacho_ingest::body::is_by_line(piece, None) {
            input.take(DOCUMENT_BYTES_MAX).read_to_end(piece)?;
            if piece.len() as u64 > DOCUMENT_BYTES_MAX {
                return Err(
                    "one JSON value over many lines: expected at most 64 MiB; write one event a line".into(),
                );
            }
            return Ok(false);
        }
    }
    while piece.len() < PIECE_BYTES {
        let bound = PIECE_BYTES as u64;
        if input.by_ref().take(bound).read_until(b'\n', piece)? == 0 {
            return Ok(false);
        }
    }
    if !piece.ends_with(b"\n") {
        input.by_ref().take(PIECE_BYTES as u64).read_until(b'\n', piece)?;
    }
    Ok(true)
}

fn record(
    node: &Node,
    piece: &[u8],
    options: &Options<'_>,
    totals: &mut Totals,
    bar: &ProgressBar,
) -> Result<(), Box<dyn Error>> {
    let sender = Sender { writer: WRITER, source: "import", known: Known::Imported, agent: None };
    let (tally, batches) = node.ingest(piece, &sender, options);
    totals.refused += tally.refused_lines;
    for rejected in tally.refused {
        say_refused(rejected.line, &rejected.reason, bar);
    }
    if !batches.is_empty() {
        for receipt in node.record(batches)? {
            totals.accepted += u64::from(receipt.accepted);
            totals.duplicates += u64::from(receipt.duplicates);
        }
    }
    Ok(())
}

fn say_refused(line: u64, reason: &dyn std::fmt::Display, bar: &ProgressBar) {
    // Nobody may be reading any more (`2>&1 | head`): the import goes on.
    drop(bar.suspend(|| writeln!(std::io::stderr(), "line {line} refused: {reason}")));
}

/// Records a piece through a server. What is sent twice is recorded once.
fn send(
    client: &Client,
    piece: &[u8],
    options: &Options<'_>,
    totals: &mut Totals,
    bar: &ProgressBar,
) -> Result<(), Box<dyn Error>> {
    if piece.is_empty() {
        return Ok(());
    }
    let format = options.format.map_or_else(String::new, |format| format!("&format={}", format.name()));
    let (file, before) = (segment(options.file), options.lines_before);
    let path = format!("/v1/events?import={file}&lines_before={before}{format}");
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
    totals.accepted += number("accepted");
    totals.duplicates += number("duplicates");
    totals.refused += number("rejected_count");
    for rejected in recorded["rejected"].as_array().into_iter().flatten() {
        let reason = rejected["reason"].as_str().unwrap_or_default();
        say_refused(rejected["line"].as_u64().unwrap_or_default(), &reason, bar);
    }
    Ok(())
}

fn progress(size: Option<u64>) -> ProgressBar {
    let bar = size.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let style = ProgressStyle::with_template("import {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

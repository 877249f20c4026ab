//! A file in pieces that end with a line, so that a large one takes little memory. A document of one JSON value over
//! many lines is one piece.
//!
//! Limits: [`LINE_BYTES_MAX`] for a line or a document.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// A piece is about this large, bytes.
const PIECE_BYTES: usize = 4 << 20;
/// One line, or one document over many lines, bytes. A server takes as much in one request.
pub(super) const LINE_BYTES_MAX: usize = 60 << 20;

pub(super) struct Pieces {
    input: BufReader<Box<dyn Read + Send>>,
    is_start: bool,
    is_packed: bool,
    /// Lines that were longer than a line may be, in the piece that was read last: their number in it, from 1.
    pub(super) too_long: Vec<u64>,
    /// Bytes of those lines that are not in the piece.
    pub(super) passed_over: u64,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Whole lines.
    Lines,
    /// All that is left: the last line may lack its end.
    Last,
    /// A document.
    Document,
}

impl Pieces {
    /// The text of a file from a place in it on; gzip and zstd are told by their first bytes, and read from the start.
    pub(super) fn open(mut file: File, at: u64) -> io::Result<Pieces> {
        let mut magic = [0; 4];
        let length = file.read(&mut magic)?;
        file.seek(SeekFrom::Start(0))?;
        let (input, is_packed): (Box<dyn Read + Send>, bool) = match &magic[..length] {
            [0x1f, 0x8b, ..] => (Box::new(flate2::read::MultiGzDecoder::new(file)), true),
            [0x28, 0xb5, 0x2f, 0xfd] => (Box::new(zstd::stream::read::Decoder::new(file)?), true),
            _ => {
                file.seek(SeekFrom::Start(at))?;
                (Box::new(file), false)
            }
        };
        let input = BufReader::with_capacity(256 << 10, input);
        Ok(Pieces { input, is_start: at == 0 || is_packed, is_packed, too_long: Vec::new(), passed_over: 0 })
    }

    pub(super) fn of(input: Box<dyn Read + Send>) -> Pieces {
        Pieces {
            input: BufReader::new(input),
            is_start: true,
            is_packed: false,
            too_long: Vec::new(),
            passed_over: 0,
        }
    }

    /// Whether the file is compressed: its bytes are not those of its text.
    pub(super) fn is_packed(&self) -> bool {
        self.is_packed
    }

    /// Reads the next piece; an empty one is the end.
    pub(super) fn next(&mut self, piece: &mut Vec<u8>) -> Result<Piece, Box<dyn Error>> {
        piece.clear();
        self.too_long.clear();
        self.passed_over = 0;
        let mut lines = 0;
        if std::mem::take(&mut self.is_start) {
            let ended = self.line(piece, &mut lines)?;
            // An array, or an object whose first line is not the whole of it, is a document over many lines.
            let start = piece.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
            if matches!(start, Some(b'{' | b'[')) && ended && self.is_document(piece)? {
                (&mut self.input).take((LINE_BYTES_MAX - piece.len() + 1) as u64).read_to_end(piece)?;
                if piece.len() > LINE_BYTES_MAX {
                    let limit = LINE_BYTES_MAX >> 20;
                    return Err(format!(
                        "it is one JSON value over many lines: expected at most {limit} MiB; write one event a line"
                    )
                    .into());
                }
                return Ok(Piece::Document);
            }
            if !ended {
                let is_document = start == Some(b'[');
                return Ok(if is_document { Piece::Document } else { Piece::Last });
            }
        }
        while piece.len() < PIECE_BYTES {
            if !self.line(piece, &mut lines)? {
                return Ok(Piece::Last);
            }
        }
        Ok(Piece::Lines)
    }

    /// Whether the lines that begin so belong together. The first two tell.
    fn is_document(&mut self, piece: &mut Vec<u8>) -> Result<bool, Box<dyn Error>> {
        let is_by_line = |piece: &[u8]| tacho_ingest::body::is_by_line(piece, None);
        if !is_by_line(piece) {
            self.line(piece, &mut 0)?;
        }
        Ok(!is_by_line(piece))
    }

    /// Reads one line. Says whether it has its end. One that is too long is passed over and leaves an empty line.
    fn line(&mut self, piece: &mut Vec<u8>, lines: &mut u64) -> io::Result<bool> {
        let start = piece.len();
        (&mut self.input).take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', piece)?;
        *lines += 1;
        if piece.len() - start <= LINE_BYTES_MAX {
            return Ok(piece.len() > start && piece.ends_with(b"\n"));
        }
        self.passed_over += (piece.len() - start) as u64;
        piece.truncate(start);
        self.too_long.push(*lines);
        loop {
            let buffer = self.input.fill_buf()?;
            let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            let is_end = buffer.is_empty();
            self.input.consume(used);
            self.passed_over += used as u64;
            if ended {
                // But for the end of line that is left of it.
                self.passed_over -= 1;
                piece.push(b'\n');
                return Ok(!is_end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &[u8]) -> Vec<(Piece, Vec<u8>)> {
        let mut pieces = Pieces::of(Box::new(std::io::Cursor::new(text.to_vec())));
        let (mut all, mut piece) = (Vec::new(), Vec::new());
        loop {
            let read = pieces.next(&mut piece).unwrap();
            all.push((read, piece.clone()));
            if read != Piece::Lines {
                return all;
            }
        }
    }

    #[test]
    fn a_file_is_its_pieces_and_each_ends_with_a_line() {
        let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(100_000));
        let text = line.repeat(100) + "{\"half\":";
        let all = pieces(text.as_bytes());
        assert!(all.len() > 2 && all[..all.len() - 1].iter().all(|(_, piece)| piece.ends_with(b"}\n")));
        assert_eq!(all.iter().flat_map(|(_, piece)| piece.clone()).collect::<Vec<_>>(), text.as_bytes());
        assert_eq!(all.last().unwrap().0, Piece::Last);
    }

    #[test]
    fn a_document_over_many_lines_is_one_piece() {
        for text in ["[\n{},\n{}\n]\n", "{\n \"a\": 1\n}\n", "[{}]"] {
            assert_eq!(pieces(text.as_bytes()), [(Piece::Document, text.as_bytes().to_vec())], "{text}");
        }
        for text in ["{}\n{}\n", "", "{\"broken\n{}\n", "plain\n"] {
            assert_eq!(pieces(text.as_bytes()), [(Piece::Last, text.as_bytes().to_vec())], "{text}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_counted() {
        let text = ["{}\n", &"x".repeat(LINE_BYTES_MAX + 1), "\n{}\n"].concat();
        let mut pieces = Pieces::of(Box::new(std::io::Cursor::new(text.into_bytes())));
        let mut piece = Vec::new();
        assert_eq!(pieces.next(&mut piece).unwrap(), Piece::Last);
        assert_eq!((piece.as_slice(), pieces.too_long.as_slice()), (&b"{}\n\n{}\n"[..], &[2][..]));
        assert_eq!(piece.len() as u64 + pieces.passed_over, LINE_BYTES_MAX as u64 + 8);
    }
}

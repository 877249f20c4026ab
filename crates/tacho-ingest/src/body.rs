//! A request body, already decompressed, as the texts of single events.
//!
//! How it is cut is told by its first bytes:
//! - `[`: an array; its items, also more arrays or objects behind it. What is broken in it is one line, to its end.
//! - `{`, complete at the end of the first line, or with another `{` at the start of the second: NDJSON, one text a
//!   line. Otherwise objects printed over many lines, one behind the other.
//! - a date, or a source that says it is Python's logging: text lines, each with the lines that belong to it.
//! - anything else: single lines, so that each is refused on its own.
//!
//! Invariants
//! - No byte is looked at twice to find the cuts, and NDJSON is only searched for line ends.
//! - What can't be cut is handed on as it is: the decoder says what is wrong with it.

use crate::fields::{Refused, string_end};
use crate::formats::{Format, python_logging};

/// One event's text and where it stands: the line (from 1) it starts in, or the item of an array (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    pub number: u64,
    pub text: Result<&'a str, Refused>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Lines,
    /// JSON values over many lines.
    Values,
    /// The same inside of an array.
    Items,
    Records,
}

/// Iterator over a body. Blank lines are skipped, and counted.
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    body: &'a [u8],
    at: usize,
    /// The line that `at` is in, or the number of the last item.
    number: u64,
    cut: Cut,
    /// Inside of an array, and whether an item may come: behind its bracket or a comma.
    open: bool,
    free: bool,
}

/// Cuts a body; `hint` is the format that its source names.
pub fn lines(body: &[u8], hint: Option<Format>) -> Lines<'_> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut lines = Lines { body, at: 0, number: 1, cut: Cut::Lines, open: false, free: false };
    lines.skip_blank();
    lines.cut = match body.get(lines.at) {
        Some(b'{') if spans_lines(&body[lines.at..]) => Cut::Values,
        Some(b'{') => Cut::Lines,
        Some(b'[') if !is_bracketed_word(&body[lines.at..]) => {
            lines.number = 0;
            Cut::Items
        }
        _ if hint == Some(Format::PythonLogging) || starts_record(line_at(body, lines.at)) => Cut::Records,
        _ => Cut::Lines,
    };
    lines
}

/// Whether a body may be cut into pieces at line ends, so that a large file can be read in parts.
pub fn is_by_line(start: &[u8], hint: Option<Format>) -> bool {
    lines(start, hint).cut == Cut::Lines
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        match self.cut {
            Cut::Lines => self.next_line(),
            Cut::Records => self.next_record(),
            Cut::Values => self.next_value(),
            Cut::Items => self.next_item(),
        }
    }
}

impl<'a> Lines<'a> {
    fn next_line(&mut self) -> Option<Line<'a>> {
        self.skip_blank();
        let line = line_at(self.body, self.at);
        if line.is_empty() {
            return None;
        }
        let number = self.number;
        self.at += line.len();
        Some(Line { number, text: utf8(line.trim_ascii()) })
    }

    /// A line that starts with a date, and those behind it that do not.
    fn next_record(&mut self) -> Option<Line<'a>> {
        self.skip_blank();
        let (start, number) = (self.at, self.number);
        let mut line = line_at(self.body, self.at);
        if line.is_empty() {
            return None;
        }
        loop {
            self.at += line.len();
            self.number += u64::from(line == b"\n");
            line = line_at(self.body, self.at);
            if line.is_empty() || starts_record(line) || line.starts_with(b"{") {
                break;
            }
        }
        Some(Line { number, text: utf8(self.body[start..self.at].trim_ascii()) })
    }

    fn next_value(&mut self) -> Option<Line<'a>> {
        while let Some(byte) = self.body.get(self.at).filter(|byte| b", \t\r\n".contains(byte)) {
            self.number += u64::from(*byte == b'\n');
            self.at += 1;
        }
        let start = self.at;
        let end = value_end(self.body, start).unwrap_or(self.body.len());
        if end == start {
            return None;
        }
        let value = &self.body[start..end];
        let number = self.number;
        (self.at, self.number) = (end, number + newlines(value));
        Some(Line { number, text: utf8(value.trim_ascii()) })
    }

    fn next_item(&mut self) -> Option<Line<'a>> {
        while let Some(byte) = self.body.get(self.at) {
            match byte {
                b'[' if !self.open => (self.open, self.free) = (true, true),
                b']' if self.open => self.open = false,
                b',' => self.free = true,
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b']' | b'}' if !self.open => return Some(self.broken("a bracket closes what was not open")),
                _ if self.open && !self.free => {
                    return Some(
                        self.broken("the items of an array are not separated: expected \",\" or \"]\""),
                    );
                }
                _ => return Some(self.item()),
            }
            self.at += 1;
        }
        self.open.then(|| self.broken("the array is cut off: expected \"]\""))
    }

    fn item(&mut self) -> Line<'a> {
        let start = self.at;
        let end = value_end(self.body, start);
        // An item that goes on to the end of the body tells itself that it is cut off.
        self.open &= end.is_some();
        self.at = end.unwrap_or(self.body.len());
        self.number += 1;
        self.free = false;
        Line { number: self.number, text: utf8(self.body[start..self.at].trim_ascii()) }
    }

    /// Nothing behind a broken place can be told apart any more.
    fn broken(&mut self, reason: &str) -> Line<'a> {
        (self.at, self.open) = (self.body.len(), false);
        self.number += 1;
        Line { number: self.number, text: Err(Refused::Json(reason.to_owned())) }
    }

    /// Moves to the next line that holds anything.
    fn skip_blank(&mut self) {
        while let Some(byte) = self.body.get(self.at).filter(|byte| byte.is_ascii_whitespace()) {
            self.number += u64::from(*byte == b'\n');
            self.at += 1;
        }
    }
}

/// The line at `at` without its end, which stands for itself; empty at the end of the body.
fn line_at(body: &[u8], at: usize) -> &[u8] {
    let rest = &body[at.min(body.len())..];
    match memchr::memchr(b'\n', rest) {
        Some(end) => &rest[..end.max(1)],
        None => rest,
    }
}

/// Whether the object that starts here goes on behind its first line.
fn spans_lines(body: &[u8]) -> bool {
    let first = line_at(body, 0);
    if container_end(first, 0).is_some() {
        return false;
    }
    // An object at the start of the second line is the next event, and the first one broken; unless the first
    // ends where an object may follow.
    let next_object = body[first.len()..].strip_prefix(b"\n").is_some_and(|second| second.starts_with(b"{"));
    !next_object || first.trim_ascii_end().ends_with(b"[") || first.trim_ascii_end().ends_with(b":")
}

/// Where the object or array that starts at `at` ends, behind its closing bracket.
fn container_end(body: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    while let Some(byte) = body.get(at) {
        at += 1;
        match byte {
            b'"' => at = string_end(body, at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Where the value that starts at `at` ends, if it does; a bare word at the next comma, bracket or line end.
fn value_end(body: &[u8], at: usize) -> Option<usize> {
    match body.get(at)? {
        b'{' | b'[' => container_end(body, at),
        b'"' => Some(string_end(body, at + 1)),
        _ => body[at + 1..].iter().position(|byte| b",]}\n".contains(byte)).map(|len| at + 1 + len),
    }
}

fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}

/// `[INFO] …` is a log line and no array.
fn is_bracketed_word(body: &[u8]) -> bool {
    body.get(1).is_some_and(u8::is_ascii_uppercase)
}

fn starts_record(line: &[u8]) -> bool {
    std::str::from_utf8(&line[..line.len().min(32)]).is_ok_and(python_logging::starts_record)
}

fn utf8(bytes: &[u8]) -> Result<&str, Refused> {
    std::str::from_utf8(bytes).map_err(|error| Refused::Utf8(error.valid_up_to()))
}

//! What clients say around their queries: `SET`, `SHOW`, `BEGIN` and the like. None of it can change what is read; it is
//! answered so that clients which say it by habit work.

use crate::failure::{Failure, code};
use crate::reply::State;
use crate::split::bare;
use std::collections::BTreeMap;
use std::time::Duration;

/// Settings of one session that a client made; names and values together, bytes.
const SETTINGS_BYTES_MAX: usize = 16 << 10;

/// What a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// To be asked of the log.
    Query,
    /// No statement at all.
    Nothing,
    /// Nothing to do but to say that it is done, by this tag.
    Done(&'static str),
    Begin,
    /// Ends a transaction; the tag says how.
    End(&'static str),
    Set {
        name: String,
        /// Nothing for what it was at the start.
        value: Option<String>,
    },
    ResetAll,
    Show(String),
    /// Prepared statements shall go: one, or all.
    Deallocate(Option<String>),
    /// Everything of the session shall go.
    Discard,
}

/// Finds out what a statement is.
pub fn said(statement: &str) -> Said {
    let statement = bare(statement).trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    let words: Vec<&str> = statement.split_whitespace().take(6).collect();
    let word = |at: usize| words.get(at).map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    match word(0).as_str() {
        "begin" => Said::Begin,
        "start" if word(1) == "transaction" => Said::Begin,
        "commit" | "end" => Said::End("COMMIT"),
        // To a savepoint: the transaction goes on.
        "rollback" if word(1) == "to" || word(2) == "to" => Said::Done("ROLLBACK"),
        "rollback" | "abort" => Said::End("ROLLBACK"),
        "savepoint" => Said::Done("SAVEPOINT"),
        "release" => Said::Done("RELEASE"),
        "listen" => Said::Done("LISTEN"),
        "unlisten" => Said::Done("UNLISTEN"),
        "close" => Said::Done("CLOSE CURSOR"),
        "discard" if word(1) == "all" => Said::Discard,
        "discard" => Said::Done("DISCARD"),
        "deallocate" => {
            let name = if word(1) == "prepare" { words.get(2) } else { words.get(1) };
            let name = name.filter(|name| !name.eq_ignore_ascii_case("all"));
            Said::Deallocate(name.map(|name| name.trim_matches('"').to_string()))
        }
        "reset" if word(1) == "all" => Said::ResetAll,
        "reset" => Said::Set { name: word(1), value: None },
        "set" => set(statement),
        "show" if !is_catalog(&word(1), words.len()) => {
            let name = statement.get(4..).unwrap_or_default().trim().to_ascii_lowercase();
            let name = name
                .strip_prefix("transaction isolation level")
                .map_or(name.as_str(), |_| "transaction_isolation");
            Said::Show(if name == "time zone" { "timezone".into() } else { name.trim_matches('"').into() })
        }
        _ => Said::Query,
    }
}

/// `SHOW TABLES` and `SHOW COLUMNS FROM …` are queries.
fn is_catalog(word: &str, words: usize) -> bool {
    word == "tables" || (word == "columns" && words > 2) || word == "functions"
}

fn set(statement: &str) -> Said {
    let rest = statement[3..].trim_start();
    let lower = rest.to_ascii_lowercase();
    let rest = ["session characteristics", "transaction", "constraints", "role", "session authorization"]
        .iter()
        .find(|other| lower.starts_with(**other))
        .map_or(Some(rest), |_| None);
    let Some(rest) = rest else { return Said::Done("SET") };
    let rest = match lower.split_whitespace().next() {
        Some(scope @ ("session" | "local")) => rest[scope.len()..].trim_start(),
        _ => rest,
    };
    let lower = rest.to_ascii_lowercase();
    let (name, value) = if lower.starts_with("time zone") {
        ("timezone", &rest[9..])
    } else if let Some((name, value)) = rest.split_once('=') {
        (name, value)
    } else {
        let cut = lower.find(" to ").map(|at| (&rest[..at], &rest[at + 4..]));
        cut.unwrap_or(rest.split_once(char::is_whitespace).unwrap_or((rest, "")))
    };
    let value = value.trim().trim_matches(['\'', '"']);
    let value = (!value.is_empty() && !value.eq_ignore_ascii_case("default")).then(|| value.to_string());
    Said::Set { name: name.trim().trim_matches('"').to_ascii_lowercase(), value }
}

/// Of a session: what was set, and whether a transaction is open.
#[derive(Debug, Default)]
pub struct Settings {
    set: BTreeMap<String, String>,
    pub state: State,
}

/// What a session has that nobody set; the first ones are told at its start.
const GIVEN: [(&str, &str); 21] = [
    ("server_version", SERVER_VERSION),
    ("server_encoding", "UTF8"),
    ("client_encoding", "UTF8"),
    ("datestyle", "ISO, MDY"),
    ("intervalstyle", "postgres"),
    ("timezone", "UTC"),
    ("integer_datetimes", "on"),
    ("standard_conforming_strings", "on"),
    ("is_superuser", "off"),
    ("default_transaction_read_only", "on"),
    ("in_hot_standby", "off"),
    ("server_version_num", "150000"),
    ("transaction_isolation", "repeatable read"),
    ("default_transaction_isolation", "repeatable read"),
    ("transaction_read_only", "on"),
    ("search_path", "public"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("max_identifier_length", "63"),
    ("lc_collate", "C"),
    ("statement_timeout", "0"),
];

/// How many of [`GIVEN`] are told at the start.
const TOLD: usize = 11;

/// Clients choose by it what they ask; what they ask of PostgreSQL 15 is answered.
const SERVER_VERSION: &str = "15.0 (tachograph)";

/// PostgreSQL's spelling of names that it reports with capitals.
fn spelled(name: &str) -> &str {
    match name {
        "datestyle" => "DateStyle",
        "intervalstyle" => "IntervalStyle",
        "timezone" => "TimeZone",
        other => other,
    }
}

impl Settings {
    /// What a client is told when it comes.
    pub fn told(&self) -> impl Iterator<Item = (&str, &str)> {
        let given = GIVEN.iter().take(TOLD).map(|(name, value)| (spelled(name), *value));
        let named = self.set.get("application_name").map(|value| ("application_name", value.as_str()));
        given.chain(named)
    }

    /// What every session has that nobody set.
    pub fn given() -> impl Iterator<Item = (&'static str, &'static str)> {
        GIVEN.iter().copied()
    }

    /// # Errors
    /// A setting that nobody made and that is not there.
    pub fn show(&self, name: &str) -> Result<&str, Failure> {
        let given = || GIVEN.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        self.set.get(name).map(String::as_str).or_else(given).ok_or_else(|| {
            Failure::new(
                code::UNKNOWN_SETTING,
                format!("there is no setting \"{}\"", crate::list::shown(name)),
            )
        })
    }

    /// Keeps a setting. What would change how values are written keeps its value, so that nobody is told one thing and
    /// sent another.
    ///
    /// # Errors
    /// A value that is none, or too many of them.
    pub fn set(&mut self, name: String, value: Option<String>) -> Result<(), Failure> {
        let Some(value) = value else {
            self.set.remove(&name);
            return Ok(());
        };
        if name == "statement_timeout" && timeout(&value).is_none() {
            let message = format!("\"{}\" is no time: expected 5000, 5s or 1min", crate::list::shown(&value));
            return Err(Failure::new(code::VALUE, message));
        }
        if name == "client_encoding"
            && !matches!(value.to_ascii_lowercase().as_str(), "utf8" | "utf-8" | "unicode")
        {
            let message = format!("only UTF8 is written, not \"{}\"", crate::list::shown(&value));
            return Err(Failure::new(code::UNSUPPORTED, message));
        }
        let fixed =
            ["timezone", "datestyle", "intervalstyle", "bytea_output", "server_version", "client_encoding"];
        if fixed.contains(&name.as_str()) {
            return Ok(());
        }
        let bytes: usize = self.set.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes + name.len() + value.len() > SETTINGS_BYTES_MAX {
            return Err(Failure::new(code::LIMIT, "the settings of the session are too long"));
        }
        self.set.insert(name, value);
        Ok(())
    }

    /// A statement failed, and with it the transaction, if there is one.
    pub fn fail(&mut self) {
        if self.state == State::Transaction {
            self.state = State::Failed;
        }
    }

    pub fn reset(&mut self) {
        self.set.clear();
    }

    /// How long a statement may take by the client's own wish.
    pub fn timeout(&self) -> Option<Duration> {
        let wanted = self.set.get("statement_timeout").and_then(|value| timeout(value));
        wanted.filter(|wanted| !wanted.is_zero())
    }
}

/// A time as PostgreSQL's settings write it: a number of milliseconds, or with a unit.
fn timeout(text: &str) -> Option<Duration> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.parse::<u64>().ok()?.saturating_mul(factor)))
}

#[cfg(test)]
#[path = "setting_tests.rs"]
mod tests;

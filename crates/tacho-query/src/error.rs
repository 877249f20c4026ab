//! What can go wrong with a query, in words for the one who wrote it.

use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;
use std::fmt;

/// The sort of failure: what a caller turns into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The text is not one SQL query, or a search that makes no sense.
    Syntax,
    /// No table, column or function of that name.
    Unknown,
    /// A statement that would change something.
    ReadOnly,
    /// A value or type that the query cannot work with, such as a division by zero.
    Value,
    /// The queries of this moment need more memory than they may have.
    TooMuchMemory,
    /// The query took longer than it may.
    Timeout,
    /// The answer has more rows than it may.
    RowsLimit,
    /// Too many queries ran at once for too long.
    Busy,
    /// A fault of ours, such as a segment that cannot be read.
    Internal,
}

/// Where in the query, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Position {
    pub line: u64,
    pub column: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    pub kind: Kind,
    /// One sentence without a full stop.
    pub message: String,
    pub position: Option<Position>,
    /// What to try instead.
    pub hint: Option<String>,
}

impl QueryError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> QueryError {
        QueryError { kind, message: message.into(), position: None, hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> QueryError {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(at) = self.position {
            write!(f, " (line {}, column {})", at.line, at.column)?;
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

impl std::error::Error for QueryError {}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> QueryError {
        let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
        let position = span.map(|span| Position { line: span.start.line, column: span.start.column });
        let mut found = translate(error.find_root());
        found.position = found.position.or(position.filter(|position| position.line > 0));
        found
    }
}

fn translate(root: &DataFusionError) -> QueryError {
    match root {
        DataFusionError::SQL(error, _) => {
            let text = match error.as_ref() {
                ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
                ParserError::RecursionLimitExceeded => {
                    return QueryError::new(Kind::Syntax, "the query is nested too deeply");
                }
            };
            let (message, position) = split_position(&text);
            QueryError { position, ..QueryError::new(Kind::Syntax, message) }
        }
        DataFusionError::SchemaError(error, _) => schema(error),
        DataFusionError::ResourcesExhausted(_) => {
            QueryError::new(Kind::TooMuchMemory, "the query needs more memory than queries may use")
                .hint("ask for a shorter time, fewer columns or fewer groups, or add LIMIT")
        }
        DataFusionError::Plan(text) | DataFusionError::Configuration(text) => planning(text),
        DataFusionError::NotImplemented(text) => unsupported(text),
        DataFusionError::Execution(text) => QueryError::new(Kind::Value, first_line(text)),
        DataFusionError::ArrowError(error, _) => match error.to_string() {
            text if text.contains("CompiledTooBig") => pattern_too_large(),
            text => QueryError::new(Kind::Value, first_line(&text)),
        },
        DataFusionError::External(error) => match error.downcast_ref::<QueryError>() {
            Some(error) => error.clone(),
            None => external(&error.to_string()),
        },
        // A task of the query panicked, which the log of the process tells.
        DataFusionError::ExecutionJoin(_) => fault(),
        // Filters of a scan hide what they say in the text of an error of Parquet.
        other => match other.strip_backtrace() {
            text if text.contains("CompiledTooBig") => pattern_too_large(),
            text => QueryError::new(Kind::Internal, first_line(&text)),
        },
    }
}

fn unsupported(text: &str) -> QueryError {
    let message = first_line(text);
    if message.starts_with("Physical plan does not support logical expression") {
        return QueryError::new(Kind::Syntax, "a query inside stands where it cannot be joined")
            .hint("join it in FROM, or make it a column of an inner query");
    }
    QueryError::new(Kind::Syntax, message)
}

/// A fault of ours, of which the one who asked need not know more.
pub(crate) fn fault() -> QueryError {
    QueryError::new(Kind::Internal, "the query failed by a fault of the server")
        .hint("the log of the server says more")
}

/// DataFusion hands on the mistakes of a pattern as it gets them.
fn external(text: &str) -> QueryError {
    if text.starts_with("regex parse error") {
        let why = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or("not a pattern");
        return QueryError::new(Kind::Value, format!("the regular expression cannot be read: {why}"));
    }
    if text.starts_with("Compiled regex exceeds") {
        return pattern_too_large();
    }
    QueryError::new(Kind::Internal, first_line(text))
}

fn pattern_too_large() -> QueryError {
    QueryError::new(Kind::Value, "the regular expression is too large")
}

fn schema(error: &SchemaError) -> QueryError {
    let text = error.to_string();
    let message = first_line(&text);
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let near = message.split("Did you mean ").nth(1).map(|near| near.trim_end_matches(['?', '.']));
            let hint = match near {
                Some(near) => format!("did you mean {near}?"),
                None if valid_fields.is_empty() => "the query names no table to take it from".into(),
                None => "DESCRIBE and the name of the table lists the columns".into(),
            };
            QueryError::new(Kind::Unknown, format!("there is no column {}", field.quoted_flat_name()))
                .hint(hint)
        }
        _ => QueryError::new(Kind::Syntax, message),
    }
}

fn planning(text: &str) -> QueryError {
    let message = first_line(text);
    if let Some(table) = message.strip_prefix("table '").and_then(|rest| rest.strip_suffix("' not found")) {
        let name = table.rsplit('.').next().unwrap_or(table);
        return QueryError::new(Kind::Unknown, format!("there is no table {name}"))
            .hint("SHOW TABLES lists them");
    }
    if message.starts_with("DDL not supported") || message.starts_with("DML not supported") {
        return read_only();
    }
    let unknown = message.starts_with("Invalid function") || message.contains("table function");
    QueryError::new(if unknown { Kind::Unknown } else { Kind::Syntax }, message)
}

pub(crate) fn read_only() -> QueryError {
    QueryError::new(Kind::ReadOnly, "queries only read: the log takes events by its own door")
        .hint("use SELECT, WITH, EXPLAIN, SHOW TABLES or DESCRIBE")
}

/// `Expected: …, found: x at Line: 1, Column: 8` in its two parts.
fn split_position(text: &str) -> (String, Option<Position>) {
    let Some((message, at)) = text.rsplit_once(" at Line: ") else { return (first_line(text), None) };
    let mut numbers = at.split(", Column: ").map(|number| number.trim().parse().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(line), Some(column)) => (first_line(message), Some(Position { line, column })),
        _ => (first_line(text), None),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("").trim().trim_end_matches('.').to_string()
}

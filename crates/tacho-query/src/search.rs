//! Search: newest first, page by page, without SQL.
//!
//! Invariants
//! - Conditions become comparisons with values; no text of the search is ever parsed as SQL.
//! - Pages follow (timestamp, index), both descending: every row comes once, whatever arrives in between.
//! - Time is searched in windows that grow, newest first: a full page ends the search.

use crate::catalog;
use crate::engine::{Answer, Ask, Engine};
use crate::error::{Kind, QueryError};
use crate::grammar::{self, Compare, Term, What};
use crate::holding::holding;
use crate::moment::Moment;
use crate::rows::RowRef;
use crate::table::{text, time_literal};
use crate::views::OBSERVATIONS;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col, ident, lit};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Class, Level, Outcome};
use tacho_store::Snapshot;

/// What to search for; everything given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Words, "phrases", field:value, each with `-` before it for "not".
    pub q: String,
    /// Earliest time, microseconds.
    pub from: Option<Micros>,
    /// The time before which events lie, microseconds.
    pub to: Option<Micros>,
    pub agent: Option<String>,
    pub session: Option<String>,
    /// Type or name of the action.
    pub action: Option<String>,
    pub status: Option<String>,
    pub user: Option<String>,
    /// Rows of a page; [`LIMIT_DEFAULT`] when not given.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

pub const LIMIT_DEFAULT: usize = 100;
pub const LIMIT_MAX: usize = 10_000;
/// Sessions of one search that are also looked for by their UUID.
const SESSIONS_MAX: usize = 10;

/// A page of events, columns as in `agent_audit_log`.
#[derive(Debug)]
pub struct Page {
    pub answer: Answer,
    /// For the next page; nothing when this is the last one.
    pub cursor: Option<String>,
}

/// Columns that free text is looked for in.
const TEXTS: [&str; 8] = [
    "action_details",
    "outcome_result",
    "outcome_error",
    "decision",
    "extra",
    "action_name",
    "agent_id",
    "resources_accessed",
];

/// Names that senders use for the kind of an action, beside those on the log.
const KINDS: [(&str, ActionType); 10] = [
    ("trade_execution", ActionType::Trade),
    ("trade_executed", ActionType::Trade),
    ("tool_call", ActionType::Tool),
    ("tool_use", ActionType::Tool),
    ("skill_invocation", ActionType::Skill),
    ("external_call", ActionType::External),
    ("api_call", ActionType::External),
    ("ai_decision", ActionType::ModelDecision),
    ("agent_communication", ActionType::Communication),
    ("message", ActionType::Communication),
];

impl Engine {
    /// One page of the events that match, newest first.
    ///
    /// # Errors
    /// [`Kind::Syntax`] and [`Kind::Unknown`] for the search itself; the others as [`Engine::sql`].
    pub async fn search(&self, moment: impl Into<Moment>, search: &Search) -> Result<Page, QueryError> {
        let moment = moment.into();
        let snapshot = &moment.snapshot;
        let limit = search.limit.unwrap_or(LIMIT_DEFAULT);
        if limit == 0 || limit > LIMIT_MAX {
            return Err(QueryError::new(Kind::Syntax, format!("limit must be from 1 to {LIMIT_MAX}")));
        }
        // Words may stand in any of the events that tell of one action.
        let terms = grammar::parse(&search.q)?;
        let has_text = terms.iter().any(|term| matches!(term.what, What::Text(_)));
        let sessions = self.sessions(&moment, search, &terms).await?;
        let log = catalog::scan(self.base(), if has_text { OBSERVATIONS } else { "agent_audit_log" })?;
        let mut conditions = conditions(search, terms, &sessions, log.schema().inner())?;
        let mut until = search.to;
        if let Some(cursor) = &search.cursor {
            let (time, index) = read_cursor(cursor)?;
            until = Some(until.map_or(time + 1, |until| until.min(time + 1)));
            let same = col("timestamp").eq(time_literal(time)).and(col("index").lt(lit(index)));
            conditions.push(col("timestamp").lt(time_literal(time)).or(same));
        }
        let schema = Arc::clone(log.schema().inner());
        let mut batches: Vec<RecordBatch> = Vec::new();
        let mut missing = limit + 1; // one more tells whether there is another page
        for (window, from) in windows(snapshot, search.from, until) {
            let plan = page(log.clone(), &conditions, from, until, missing)?;
            let found = self.ask(moment.of(window), &[], Ask::Plan(plan)).await?.collect().await?;
            missing -= found.iter().map(RecordBatch::num_rows).sum::<usize>().min(missing);
            batches.extend(found);
            if missing == 0 {
                break;
            }
            until = from;
        }
        let cursor = if missing == 0 { cut(&mut batches, limit) } else { None };
        Ok(Page { answer: Answer::ready(schema, &moment, batches), cursor })
    }

    /// The sessions that are asked for, with their UUIDs on the log: rows that inherit one say no name of their own.
    async fn sessions(
        &self,
        moment: &Moment,
        search: &Search,
        terms: &[Term],
    ) -> Result<HashMap<String, String>, QueryError> {
        let named = terms.iter().filter_map(|term| match &term.what {
            What::Field { name, value, .. } if matches!(name.as_str(), "session" | "session_id") => {
                Some(value)
            }
            _ => None,
        });
        let mut found = HashMap::new();
        for name in search.session.iter().chain(named).filter(|name| !name.contains('*')).take(SESSIONS_MAX) {
            found.insert(name.clone(), self.session_on_log(moment, name).await?);
        }
        Ok(found)
    }
}

/// Parts of the snapshot, each with the time from which it is complete: first the newest, then ever larger ones.
fn windows(
    snapshot: &Snapshot,
    from: Option<Micros>,
    until: Option<Micros>,
) -> Vec<(Arc<Snapshot>, Option<Micros>)> {
    let mut segments: Vec<_> = snapshot
        .segments
        .iter()
        .filter(|segment| until.is_none_or(|until| segment.time_min < until))
        .filter(|segment| from.is_none_or(|from| segment.time_max >= from))
        .collect();
    segments.sort_by_key(|segment| Reverse(segment.time_max));
    let (mut windows, mut taken, mut step) = (Vec::new(), 0, 2);
    loop {
        taken = (taken + step).min(segments.len());
        step *= 2;
        // Later than everything in the segments that are left.
        let complete_from = segments.get(taken).map(|next| next.time_max + 1);
        let part = Snapshot {
            segments: segments[..taken].iter().copied().map(Arc::clone).collect(),
            hot: snapshot.hot.clone(),
            size: snapshot.size,
        };
        let lower = complete_from.max(from);
        windows.push((Arc::new(part), lower));
        if complete_from.is_none() {
            return windows;
        }
    }
}

fn page(
    log: LogicalPlan,
    conditions: &[Expr],
    from: Option<Micros>,
    until: Option<Micros>,
    rows: usize,
) -> Result<LogicalPlan, QueryError> {
    let from = from.map(|from| col("timestamp").gt_eq(time_literal(from)));
    let until = until.map(|until| col("timestamp").lt(time_literal(until)));
    let all = conditions.iter().cloned().chain(from).chain(until).reduce(Expr::and);
    let mut plan = LogicalPlanBuilder::from(log);
    if let Some(all) = all {
        plan = plan.filter(all)?;
    }
    let newest = vec![col("timestamp").sort(false, false), col("index").sort(false, false)];
    Ok(plan.sort_with_limit(newest, Some(rows))?.build()?)
}

/// Shortens the rows to a page and returns the cursor of its last row.
fn cut(batches: &mut Vec<RecordBatch>, limit: usize) -> Option<String> {
    let mut left = limit;
    for batch in batches.iter_mut() {
        *batch = batch.slice(0, batch.num_rows().min(left));
        left -= batch.num_rows();
    }
    batches.retain(|batch| batch.num_rows() > 0);
    let last = batches.last()?;
    let row = RowRef { batch: last, row: last.num_rows() - 1 };
    Some(format!("{:x}-{:x}", row.time("timestamp")?, row.int("index")?))
}

fn read_cursor(cursor: &str) -> Result<(Micros, i64), QueryError> {
    let part = |hex: &str| i64::from_str_radix(hex, 16).ok().filter(|n| *n >= 0 && *n < i64::MAX);
    cursor
        .split_once('-')
        .and_then(|(time, index)| part(time).zip(part(index)))
        .ok_or_else(|| QueryError::new(Kind::Syntax, "the cursor is not one that an answer gave"))
}

fn conditions(
    search: &Search,
    terms: Vec<Term>,
    sessions: &HashMap<String, String>,
    schema: &SchemaRef,
) -> Result<Vec<Expr>, QueryError> {
    let field = |name: &str, compare, value: &str| {
        let condition = field(name, compare, value, schema)?;
        let of = sessions.get(value).filter(|_| matches!(name, "session" | "session_id"));
        Ok::<_, QueryError>(match of {
            Some(id) => condition.or(col("session_uuid").eq(text(id))),
            None => condition,
        })
    };
    let given = [
        ("agent", &search.agent),
        ("session", &search.session),
        ("type", &search.action),
        ("status", &search.status),
        ("user", &search.user),
    ];
    let mut conditions = Vec::new();
    for (name, value) in given {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            conditions.push(field(name, Compare::Equal, value)?);
        }
    }
    for Term { negated, what } in terms {
        let condition = match what {
            What::Text(text) => anywhere(&text),
            What::Field { name, compare, value } => field(&name, compare, &value)?,
        };
        // An event without the field does not have the value: "not" takes it in.
        conditions.push(if negated { condition.is_not_true() } else { condition });
    }
    Ok(conditions)
}

fn anywhere(words: &str) -> Expr {
    // Sections are JSON text: there a quote or line break stands as its escape.
    let json = serde_json::to_string(words).expect("text has a JSON form");
    let json = &json[1..json.len() - 1];
    let like = |column: &str, words: &str| {
        if words.is_ascii() {
            return holding(col(column), words);
        }
        col(column).ilike(text(&format!("%{}%", escaped(words))))
    };
    let has = |column: &str| {
        let found = like(column, words);
        if json == words { found } else { found.or(like(column, json)) }
    };
    TEXTS.into_iter().map(has).reduce(Expr::or).expect("there are columns")
}

/// The text as a LIKE pattern that matches it alone.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn field(name: &str, compare: Compare, value: &str, schema: &SchemaRef) -> Result<Expr, QueryError> {
    let word = || value.to_string();
    let unknown = |expected: Vec<&str>| {
        QueryError::new(Kind::Syntax, format!("{name} is never \"{value}\""))
            .hint(format!("it is one of {}", expected.join(", ")))
    };
    Ok(match name {
        "status" | "outcome" | "outcome_status" => {
            let known = Outcome::understand(value);
            let known =
                known.ok_or_else(|| unknown(Outcome::ALL.iter().map(|word| word.as_str()).collect()))?;
            col("outcome_status").eq(text(known.as_str()))
        }
        "level" => {
            let known = Level::understand(value);
            let known =
                known.ok_or_else(|| unknown(Level::ALL.iter().map(|word| word.as_str()).collect()))?;
            col("level").eq(text(known.as_str()))
        }
        "class" => {
            let known = Class::parse(&value.to_ascii_lowercase());
            let known =
                known.ok_or_else(|| unknown(Class::ALL.iter().map(|word| word.as_str()).collect()))?;
            col("class").eq(text(known.as_str()))
        }
        "type" | "action" | "action_type" => kind(value),
        "name" | "tool" | "action_name" => same(col("action_name"), value),
        "agent" | "agent_id" => equal(col("agent_id"), value).or(same(col("agent_name"), value)),
        "session" | "session_id" => equal(col("session_id"), value).or(equal(col("session_uuid"), value)),
        "user" | "user_id" => equal(col("user_id"), value),
        "id" => equal(col("id"), value).or(equal(col("event_id"), value)),
        "text" => anywhere(value),
        _ => {
            let column = schema.field_with_name(name).map_err(|_| {
                QueryError::new(Kind::Unknown, format!("there is no field {name}"))
                    .hint(format!("put quotes around \"{name}:{value}\" to search for the text"))
            })?;
            by_type(column.data_type(), name, compare, word())?
        }
    })
}

/// An action's kind, name, or what it counts as: `trade` and `trade_execution` both find trades,
/// `production_deployment` finds the shell commands that deploy, too.
fn kind(value: &str) -> Expr {
    let lower = value.to_ascii_lowercase().replace([' ', '-'], "_");
    let alias = KINDS.iter().find(|(name, _)| *name == lower).map(|(_, kind)| *kind);
    let named = same(col("action_name"), value).or(same(col("mapped_action"), value));
    match ActionType::parse(&lower).or(alias) {
        Some(kind) => col("action_type").eq(text(kind.as_str())).or(named),
        None => named,
    }
}

/// Exactly the value; `*` stands for any text.
fn equal(column: Expr, value: &str) -> Expr {
    if value.contains('*') { same(column, value) } else { column.eq(text(value)) }
}

/// The value in upper or lower case; `*` stands for any text.
fn same(column: Expr, value: &str) -> Expr {
    column.ilike(text(&escaped(value).replace('*', "%")))
}

fn by_type(data_type: &DataType, name: &str, compare: Compare, value: String) -> Result<Expr, QueryError> {
    let wrong = |expected: &str| {
        QueryError::new(Kind::Syntax, format!("\"{value}\" is no value of {name}"))
            .hint(format!("expected {expected}"))
    };
    let literal = match data_type {
        DataType::Utf8View if compare == Compare::Equal => return Ok(equal(ident(name), &value)),
        DataType::Utf8View => text(&value),
        DataType::Boolean => lit(value.parse::<bool>().map_err(|_| wrong("true or false"))?),
        DataType::Int64 | DataType::Int32 => {
            lit(value.parse::<i64>().map_err(|_| wrong("a whole number"))?)
        }
        DataType::Decimal128(..) => lit(value.parse::<f64>().map_err(|_| wrong("a number"))?),
        DataType::Timestamp(..) => {
            time_literal(tacho_event::time::parse(&value).map_err(|error| wrong(&error.to_string()))?)
        }
        _ => return Err(wrong("a field of text, numbers or times")),
    };
    let column = ident(name);
    Ok(match compare {
        Compare::Equal => column.eq(literal),
        Compare::Less => column.lt(literal),
        Compare::LessOrEqual => column.lt_eq(literal),
        Compare::Greater => column.gt(literal),
        Compare::GreaterOrEqual => column.gt_eq(literal),
    })
}

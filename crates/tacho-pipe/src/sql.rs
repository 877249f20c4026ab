//! A plan as SQL text, in the PostgreSQL dialect that tachograph's SQL face reads.
//!
//! Invariants
//! - Literals are escaped, names are quoted, and both time bounds are always there.
//! - What SQL can't say is refused by name ([`NoSql`]); nothing is translated to something similar.

use crate::ast::{Function, Order};
use crate::catalog::Kind;
use crate::plan::{Call, Input, Key, Op, Out, Plan, Stage, Term};
use crate::sql_baseline;
use crate::sql_source;
use crate::sql_term::{Names, literal, quote};

pub use crate::sql_source::{Clock, Range, condition, timestamp};
pub use crate::sql_term::{Cidr, cidr};

/// Why a plan has no SQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoSql(pub String);

/// Translates a plan over a range of time. It has no limit of its own: an answer that is too long is refused by those
/// who run it, never cut.
///
/// # Errors
/// [`NoSql`] when a stage can only be evaluated as events come.
pub fn translate(plan: &Plan, range: &Range) -> Result<String, NoSql> {
    Ok(Builder { range, next: &std::cell::Cell::new(0) }.plan(plan)?.render())
}

const ORDER: &str = " ORDER BY ";
const LIMIT: &str = " LIMIT ";

/// One SELECT under construction.
pub(crate) struct Level {
    pub(crate) select: String,
    pub(crate) from: String,
    pub(crate) conditions: Vec<String>,
    pub(crate) group: String,
    pub(crate) tail: String,
    pub(crate) names: Names,
}

impl Level {
    pub(crate) fn over(from: String, names: Names) -> Level {
        let (conditions, group, tail) = (Vec::new(), String::new(), String::new());
        Level { select: "*".into(), from, conditions, group, tail, names }
    }

    pub(crate) fn render(&self) -> String {
        let mut out = format!("SELECT {} FROM {}", self.select, self.from);
        if !self.conditions.is_empty() {
            out.push_str(&format!(" WHERE {}", self.conditions.join(" AND ")));
        }
        out + &self.group + &self.tail
    }

    /// Whether a condition may still be added here.
    fn is_plain(&self) -> bool {
        self.is_all() && self.tail.is_empty()
    }

    /// Whether its rows are those that it reads, perhaps in order or cut.
    fn is_all(&self) -> bool {
        self.select == "*" && self.group.is_empty()
    }

    /// The order of its rows, when it is not cut: the order of a table inside of another is lost in SQL.
    fn order(&self) -> Option<&str> {
        self.tail.strip_prefix(ORDER).filter(|order| self.is_all() && !order.contains(LIMIT))
    }
}

pub(crate) struct Builder<'a> {
    pub(crate) range: &'a Range,
    pub(crate) next: &'a std::cell::Cell<u32>,
}

impl Builder<'_> {
    pub(crate) fn alias(&self) -> String {
        self.next.set(self.next.get() + 1);
        format!("s{}", self.next.get())
    }

    /// The level as a table of the next one.
    pub(crate) fn wrap(&self, level: Level) -> Level {
        let from = format!("({}) AS {}", level.render(), self.alias());
        Level::over(from, level.names)
    }

    pub(crate) fn plan(&self, plan: &Plan) -> Result<Level, NoSql> {
        self.upto(plan, plan.stages.len())
    }

    /// The first stages of a plan.
    pub(crate) fn upto(&self, plan: &Plan, stages: usize) -> Result<Level, NoSql> {
        let mut level = sql_source::input(self, &plan.input, plan.stages.first())?;
        for at in 0..stages {
            level = self.stage(plan, at, level)?;
        }
        Ok(level)
    }

    fn stage(&self, plan: &Plan, at: usize, level: Level) -> Result<Level, NoSql> {
        let Stage { op, columns } = &plan.stages[at];
        match op {
            Op::Filter(term) => {
                let here = level.is_plain() || level.order().is_some();
                let mut level = if here { level } else { self.wrap(level) };
                level.conditions.push(level.names.condition(term)?);
                Ok(level)
            }
            Op::Aggregate { calls, by } => {
                let level = self.aggregate(calls, by, columns, level)?;
                sql_baseline::join(self, plan, at, level)
            }
            Op::Eval(terms) => {
                let mut level = self.wrap(level);
                for term in terms {
                    let out = &columns[level.names.len()];
                    let value = level.names.term(term)?;
                    level.select.push_str(&format!(", {value} AS {}", quote(&out.name)));
                    // A later assignment may use an earlier one: it is a table of its own then.
                    level.names.push(quote(&out.name), out.kind);
                    level = self.wrap(level);
                }
                Ok(level)
            }
            Op::Project(picked) => {
                let mut level = if level.is_all() { level } else { self.wrap(level) };
                let names: Vec<String> = picked.iter().map(|at| level.names.column(*at)).collect();
                level.select = listed(&names, columns);
                level.names = Names::of(columns);
                Ok(level)
            }
            Op::Sort(keys) => {
                let mut level = self.wrap(level);
                let key = |(at, order): &(usize, Order)| {
                    let direction = if *order == Order::Descending { " DESC" } else { "" };
                    format!("{}{direction} NULLS LAST", level.names.column(*at))
                };
                level.tail = format!("{ORDER}{}", keys.iter().map(key).collect::<Vec<_>>().join(", "));
                Ok(level)
            }
            Op::Limit(count) => {
                let mut level = if level.tail.contains(LIMIT) { self.wrap(level) } else { level };
                level.tail.push_str(&format!("{LIMIT}{count}"));
                Ok(level)
            }
            Op::Top { count, by } => {
                let mut level = self.wrap(level);
                let by = level.names.term(by)?;
                level.tail = format!("{ORDER}{by} DESC NULLS LAST{LIMIT}{count}");
                Ok(level)
            }
            Op::Dedup(by) => Ok(self.dedup(by, columns, level)),
            Op::Join { left, with, on } => self.join(*left, with, on, columns, level),
            Op::Absent { by, expect } => sql_source::absent(self, plan, at, by, expect.as_deref(), columns),
            Op::Sequence { .. } => Err(NoSql(
                "a sequence has no SQL: it is evaluated as events come, and by `rules replay`".into(),
            )),
        }
    }

    /// Keeps the first row of each: first in the order that was asked for, else in that of the log.
    fn dedup(&self, by: &[usize], columns: &[Out], level: Level) -> Level {
        let sorted = level.order().map(str::to_string);
        let mut level = if sorted.is_some() { level } else { self.wrap(level) };
        let keys: Vec<String> = by.iter().map(|at| level.names.column(*at)).collect();
        let log = columns.iter().any(|out| out.name == "index").then(|| quote("index"));
        let order: Vec<String> = keys.iter().cloned().chain(sorted.clone().or(log)).collect();
        level.select = format!("DISTINCT ON ({}) *", keys.join(", "));
        level.tail = format!("{ORDER}{}", order.join(", "));
        let Some(sorted) = sorted else { return level };
        let mut level = self.wrap(level);
        level.tail = format!("{ORDER}{sorted}");
        level
    }

    fn join(
        &self,
        left: bool,
        with: &Plan,
        on: &[(usize, usize)],
        columns: &[Out],
        level: Level,
    ) -> Result<Level, NoSql> {
        let other = self.plan(with)?;
        let (a, b) = (self.alias(), self.alias());
        let theirs = with.columns();
        let mine: Vec<String> = (0..level.names.len()).map(|at| level.names.column(at)).collect();
        let pairs = on.iter().map(|(x, y)| format!("{a}.{} = {b}.{}", mine[*x], other.names.column(*y)));
        let from = format!(
            "({}) AS {a} {} JOIN ({}) AS {b} ON {}",
            level.render(),
            if left { "LEFT" } else { "INNER" },
            other.render(),
            pairs.collect::<Vec<_>>().join(" AND ")
        );
        let taken = columns.iter().enumerate().map(|(at, out)| {
            if at < mine.len() {
                return format!("{a}.{}", mine[at]);
            }
            let from = theirs.iter().position(|column| column.name == out.name).unwrap_or_default();
            format!("{b}.{}", other.names.column(from))
        });
        let taken: Vec<String> = taken.collect();
        let mut joined = Level::over(from, Names::of(columns));
        joined.select = listed(&taken, columns);
        Ok(joined)
    }

    pub(crate) fn aggregate(
        &self,
        calls: &[Call],
        by: &[Key],
        columns: &[Out],
        level: Level,
    ) -> Result<Level, NoSql> {
        let mut level = if level.is_plain() { level } else { self.wrap(level) };
        let mut values = Vec::new();
        for key in by {
            values.push(match key {
                Key::Term(term) => level.names.term(term)?,
                Key::Bucket { width_us } => sql_source::bucket(self.range.clock, *width_us),
            });
        }
        let keys: Vec<String> = (1..=by.len()).map(|at| at.to_string()).collect();
        for call in calls {
            values.push(self.call(call, &level.names)?);
        }
        level.select = listed(&values, columns);
        if !keys.is_empty() {
            level.group = format!(" GROUP BY {}", keys.join(", "));
        }
        level.names = Names::of(columns);
        Ok(level)
    }

    fn call(&self, call: &Call, names: &Names) -> Result<String, NoSql> {
        let arguments = call.arguments.iter().map(|term| names.term(term)).collect::<Result<Vec<_>, _>>()?;
        let x = arguments.first().map_or("*", String::as_str);
        let only = call.only_if.as_ref().map(|term| names.condition(term)).transpose()?;
        let filter = |extra: Option<String>| {
            let all: Vec<String> = only.iter().cloned().chain(extra).collect();
            if all.is_empty() { String::new() } else { format!(" FILTER (WHERE {})", all.join(" AND ")) }
        };
        let share = |part: &str, term: &Term| match names.kind(term) {
            Some(Kind::Bool) => format!("count(*){}", filter(Some(part.to_string()))),
            _ => format!("coalesce(sum({part}){}, 0)", filter(None)),
        };
        let percentile = |p: f64| format!("percentile_cont({p}) WITHIN GROUP (ORDER BY {x}){}", filter(None));
        Ok(match call.function {
            Function::Count => format!("count({x}){}", filter(None)),
            Function::Distinct => format!("count(DISTINCT {x}){}", filter(None)),
            Function::Sum => format!("coalesce(sum({x}){}, 0)", filter(None)),
            Function::Avg => format!("avg({x}){}", filter(None)),
            Function::Min => format!("min({x}){}", filter(None)),
            Function::Max => format!("max({x}){}", filter(None)),
            Function::Stddev => format!("stddev({x}){}", filter(None)),
            Function::Median => percentile(0.5),
            Function::Percentile(p) => percentile(Function::share(p)),
            Function::First => {
                format!("first_value({x} ORDER BY index){}", filter(Some(format!("{x} IS NOT NULL"))))
            }
            Function::Last => {
                format!("last_value({x} ORDER BY index){}", filter(Some(format!("{x} IS NOT NULL"))))
            }
            Function::Rate => {
                let seconds = self.range.seconds()?;
                let all = match call.arguments.first() {
                    None => format!("count(*){}", filter(None)),
                    Some(_) => format!("coalesce(sum({x}){}, 0)", filter(None)),
                };
                format!("CAST({all} AS DOUBLE PRECISION) / {}", literal(seconds))
            }
            Function::Ratio => {
                let (a, b) = (share(x, &call.arguments[0]), share(&arguments[1], &call.arguments[1]));
                format!("CAST({a} AS DOUBLE PRECISION) / NULLIF({b}, 0)")
            }
            Function::Mad => return Err(NoSql("mad has no SQL: it is evaluated as events come".into())),
        })
    }
}

/// Values under the names of their columns.
pub(crate) fn listed(values: &[String], columns: &[Out]) -> String {
    let named = values.iter().zip(columns).map(|(value, out)| format!("{value} AS {}", quote(&out.name)));
    named.collect::<Vec<_>>().join(", ")
}

/// Whether the plan reads events directly.
pub(crate) fn reads_events(plan: &Plan) -> bool {
    matches!(plan.input, Input::Table { .. })
}

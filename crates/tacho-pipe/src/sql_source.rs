//! Sources as SQL: time bounds, buckets, what is absent.

use crate::catalog::Kind;
use crate::plan::{Input, Op, Out, Plan, Stage};
use crate::sql::{Builder, Level, NoSql, listed, reads_events};
use crate::sql_term::{Names, quote};

/// The clock that a query's times are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// When the recorder wrote it down.
    Recorded,
    /// What the sender says.
    Claimed,
}

/// Which events a query is about: from (included) to (excluded), microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from_us: i64,
    pub to_us: i64,
    pub clock: Clock,
    /// How far back a baseline looks when the query does not say, and how many windows it needs.
    pub history_us: i64,
    pub windows_min: u32,
}

impl Range {
    /// Before the first event of any log.
    pub const BEGINNING_US: i64 = 0;

    pub(crate) fn seconds(&self) -> Result<f64, NoSql> {
        let us = self.to_us - self.from_us;
        if us > 0 { Ok(us as f64 / 1e6) } else { Err(NoSql("the range of time is empty".into())) }
    }

    pub(crate) fn column(&self) -> &'static str {
        match self.clock {
            Clock::Recorded => "recorded_at",
            Clock::Claimed => "\"timestamp\"",
        }
    }

    fn bounds(&self, from_us: i64) -> String {
        let column = self.column();
        format!("{column} >= {} AND {column} < {}", timestamp(from_us), timestamp(self.to_us))
    }
}

/// A moment as SQL writes it.
pub fn timestamp(us: i64) -> String {
    let (days, rest) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000));
    // Days since 1970 to a date of the proleptic Gregorian calendar; years begin in March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let part = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * part + 2) / 5 + 1, if part < 10 { part + 3 } else { part - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("TIMESTAMPTZ '{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z'")
}

pub(crate) fn bucket(clock: Clock, width_us: i64) -> String {
    let column = match clock {
        Clock::Recorded => "recorded_at",
        Clock::Claimed => "\"timestamp\"",
    };
    format!("date_bin(INTERVAL '{width_us} microseconds', {column}, TIMESTAMPTZ '1970-01-01T00:00:00Z')")
}

/// The rows that a plan starts from.
pub(crate) fn input(builder: &Builder<'_>, input: &Input, _: Option<&Stage>) -> Result<Level, NoSql> {
    let now = timestamp(builder.range.to_us);
    match input {
        Input::Plan(plan) => Ok(builder.wrap(builder.plan(plan)?)),
        Input::Open(table) => {
            let from = format!("({}) AS {}", table.sql.replace("{now}", &now), builder.alias());
            Ok(Level::over(from, Names::of_table(&table.columns, &now)))
        }
        Input::Table { table, window_us } => {
            let from_us = window_us.map_or(builder.range.from_us, |window| builder.range.to_us - window);
            let mut level = Level::over(table.sql.clone(), Names::of_table(&table.columns, &now));
            level.conditions.push(builder.range.bounds(from_us));
            level.conditions.extend(table.condition.clone());
            Ok(level)
        }
    }
}

/// The condition of a query that does nothing but keep events of `agent_audit_log`, for other queries over it, without the
/// bounds of time; nothing for any other query.
pub fn condition(plan: &Plan, range: &Range) -> Option<String> {
    let Input::Table { table, window_us: None } = &plan.input else { return None };
    let names = Names::of_table(&table.columns, &timestamp(range.to_us));
    let own = table.condition.iter().cloned().map(Some);
    let kept = plan.stages.iter().map(|stage| match &stage.op {
        Op::Filter(term) => names.condition(term).ok(),
        _ => None,
    });
    let all = own.chain(kept).collect::<Option<Vec<_>>>()?;
    let over_actions = table.sql == "agent_audit_log" && !all.is_empty();
    over_actions.then(|| all.join(" AND "))
}

/// Who was there within the history and is silent since the beginning of the range.
pub(crate) fn absent(
    builder: &Builder<'_>,
    plan: &Plan,
    at: usize,
    by: &[usize],
    expect: Option<&str>,
    columns: &[Out],
) -> Result<Level, NoSql> {
    let (range, now) = (builder.range, timestamp(builder.range.to_us));
    let from = timestamp(range.from_us);
    let silent = |last: &str| {
        format!(
            "(CAST(extract(epoch FROM {now}) - extract(epoch FROM {last}) AS DOUBLE PRECISION) * 1000000)"
        )
    };
    if let Some(set) = expect {
        let agents = set == "fleet.active" && by.len() == 1 && at == 0 && columns[0].kind == Kind::Text;
        if !agents || columns[0].name != "agent_id" {
            return Err(NoSql(format!(
                "\"absent … expect {set}\" has SQL only for agent_id and fleet.active"
            )));
        }
        let mut level = Level::over("agents".into(), Names::of(columns));
        level.select = listed(&["id".into(), "last_seen".into(), silent("last_seen")], columns);
        level.conditions.push(format!("expected AND (last_seen IS NULL OR last_seen < {from})"));
        return Ok(level);
    }
    if !reads_events(plan) {
        return Err(NoSql("absent has SQL only over events".into()));
    }
    let long = crate::sql::Range { from_us: range.to_us - range.history_us, ..*range };
    let level = Builder { range: &long, next: builder.next }.upto(plan, at)?;
    let keys: Vec<String> = by.iter().map(|at| level.names.column(*at)).collect();
    let mut level = if level.select == "*" && level.group.is_empty() && level.tail.is_empty() {
        level
    } else {
        builder.wrap(level)
    };
    let last = format!("max({})", range.column());
    let mut values = keys.clone();
    values.extend([last.clone(), silent(&last)]);
    level.select = listed(&values, columns);
    level.group = format!(" GROUP BY {} HAVING {last} < {from}", keys.join(", "));
    level.names = Names::of(columns);
    Ok(level)
}

/// The names of the key columns, quoted.
pub(crate) fn key_names(columns: &[Out], count: usize) -> Vec<String> {
    columns[..count].iter().map(|out| quote(&out.name)).collect()
}

/// How many keys the stage groups by.
pub(crate) fn keys(op: &Op) -> usize {
    match op {
        Op::Aggregate { by, .. } => by.len(),
        _ => 0,
    }
}

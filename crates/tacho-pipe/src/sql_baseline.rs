//! Baselines as SQL: the values of earlier windows of the same key, or of the other keys of now.
//!
//! Windows of history begin at multiples of their length since 1970; the last one ends no later than the current
//! window begins. A window in which a key did nothing counts as zero, from the first window in which it did anything.

use crate::ast::{Function, Over};
use crate::plan::{Op, Origin, Plan, Term};
use crate::sql::{Builder, Level, NoSql, Range};
use crate::sql_source::{key_names, keys};
use crate::sql_term::{literal, quote};

/// Adds a column for each baseline that the stages behind the aggregate at `at` ask for.
pub(crate) fn join(builder: &Builder<'_>, plan: &Plan, at: usize, level: Level) -> Result<Level, NoSql> {
    let wanted = wanted(plan, at);
    if wanted.is_empty() {
        return Ok(level);
    }
    let mut level = builder.wrap(level);
    let mut baselines = Vec::new();
    for (i, term) in wanted.iter().enumerate() {
        let Term::Baseline { function, column, over } = term else { continue };
        let name = quote(&format!("baseline {}", i + 1));
        if *over == Over::Peers {
            level.select.push_str(&format!(", {} AS {name}", peers(&level, *function, *column)?));
        } else {
            let past = history(builder, plan, at, *function, *column, *over)?;
            let (alias, count) = (builder.alias(), keys(&plan.stages[at].op));
            let current = level.from.rsplit(" AS ").next().unwrap_or_default().to_string();
            let on = key_names(&plan.stages[at].columns, count);
            let same = on.iter().map(|key| format!("{current}.{key} IS NOT DISTINCT FROM {alias}.{key}"));
            let same: Vec<String> = same.collect();
            let on = if same.is_empty() { "true".to_string() } else { same.join(" AND ") };
            let names: Vec<String> =
                (0..level.names.len()).map(|at| format!("{current}.{}", level.names.column(at))).collect();
            let kept: Vec<String> = baselines.iter().map(|(_, name): &(Term, String)| name.clone()).collect();
            let mut all = names;
            all.extend(kept);
            let from = format!("{} LEFT JOIN ({past}) AS {alias} ON {on}", level.from);
            let mut joined = Level::over(from, level.names);
            joined.select = format!("{}, {alias}.value AS {name}", all.join(", "));
            level = builder.wrap(joined);
        }
        if *over == Over::Peers {
            level = builder.wrap(level);
        }
        baselines.push((term.clone(), name));
    }
    level.names.baselines = baselines;
    Ok(level)
}

/// The baselines of the stages that still see the aggregate's columns.
fn wanted(plan: &Plan, at: usize) -> Vec<Term> {
    let mut found: Vec<Term> = Vec::new();
    for stage in &plan.stages[at + 1..] {
        let mut collect = |term: &Term| {
            if matches!(term, Term::Baseline { .. }) && !found.contains(term) {
                found.push(term.clone());
            }
        };
        match &stage.op {
            Op::Filter(term) => term.each(&mut collect),
            _ => break,
        }
    }
    found
}

fn peers(level: &Level, function: Function, column: usize) -> Result<String, NoSql> {
    let x = level.names.column(column);
    match function {
        Function::Avg => Ok(format!(
            "(CAST(sum({x}) OVER () - {x} AS DOUBLE PRECISION) / NULLIF(count({x}) OVER () - 1, 0))"
        )),
        _ => Err(NoSql(format!("{} over peers has no SQL: only avg has", function.name()))),
    }
}

fn history(
    builder: &Builder<'_>,
    plan: &Plan,
    at: usize,
    function: Function,
    column: usize,
    over: Over,
) -> Result<String, NoSql> {
    let range = builder.range;
    let window = range.to_us - range.from_us;
    if window % 1_000_000 != 0 || window <= 0 {
        return Err(NoSql("a baseline needs a window of whole seconds".into()));
    }
    let length = match over {
        Over::History(Some(us)) | Over::SameHour(us) => us,
        _ => range.history_us,
    };
    let last = range.from_us.div_euclid(window) - 1;
    let first = last + 1 - (length / window).max(1);
    let long = Range { from_us: first * window, to_us: (last + 1) * window, ..*range };
    let inner = Builder { range: &long, next: builder.next };
    let Op::Aggregate { calls, by } = &plan.stages[at].op else {
        return Err(NoSql("a baseline has SQL only directly behind an aggregate".into()));
    };
    let columns = &plan.stages[at].columns;
    if columns[column].of == Origin::Computed {
        return Err(NoSql("a baseline has SQL only over an aggregate's own column".into()));
    }
    let mut per = inner.aggregate(calls, by, columns, inner.upto(plan, at)?)?;
    let seconds = window / 1_000_000;
    let number = format!("CAST(floor(extract(epoch FROM {}) / {seconds}) AS BIGINT)", range.column());
    per.select = format!("{number} AS window_number, {}", per.select);
    let positions: Vec<String> = (1..=by.len() + 1).map(|at| at.to_string()).collect();
    per.group = format!(" GROUP BY {}", positions.join(", "));
    let (per, value) = (per.render(), quote(&columns[column].name));
    let names = key_names(columns, by.len());
    let each = |prefix: &str| names.iter().map(|key| format!("{prefix}{key}, ")).collect::<String>();
    let same: String = names.iter().map(|key| format!(" AND p.{key} IS NOT DISTINCT FROM k.{key}")).collect();
    let filled = match columns[column].of {
        Origin::Count => format!("coalesce(p.{value}, 0)"),
        _ => format!("p.{value}"),
    };
    let group = |names: &[String]| {
        if names.is_empty() { String::new() } else { format!(" GROUP BY {}", names.join(", ")) }
    };
    let (season, enough) = match over {
        // Hours of the week; 1970 began on a Thursday, which is the same for both sides.
        Over::SameHour(_) => {
            let hour = range.from_us.div_euclid(3_600_000_000).rem_euclid(168);
            (format!(" AND CAST(floor(w.value * {seconds} / 3600.0) AS BIGINT) % 168 = {hour}"), 3)
        }
        _ => (String::new(), range.windows_min.max(1)),
    };
    let value = aggregate(function, "v")?;
    Ok(format!(
        "SELECT {keys}{value} AS value FROM (SELECT {of_k}{filled} AS v FROM \
         (SELECT {keys}min(window_number) AS first_window FROM ({per}) AS per1{grouped}) AS k \
         CROSS JOIN generate_series({first}, {last}) AS w(value) \
         LEFT JOIN ({per}) AS p ON p.window_number = w.value{same} \
         WHERE w.value >= k.first_window{season}) AS filled{grouped} HAVING count(*) >= {enough}",
        keys = each(""),
        of_k = each("k."),
        grouped = group(&names),
    ))
}

fn aggregate(function: Function, x: &str) -> Result<String, NoSql> {
    let percentile = |p: f64| format!("percentile_cont({}) WITHIN GROUP (ORDER BY {x})", literal(p));
    Ok(match function {
        Function::Avg => format!("avg({x})"),
        Function::Min => format!("min({x})"),
        Function::Max => format!("max({x})"),
        Function::Stddev => format!("stddev({x})"),
        Function::Median => percentile(0.5),
        Function::Percentile(p) => percentile(Function::share(p)),
        other => return Err(NoSql(format!("{} over history has no SQL", other.name()))),
    })
}

//! From rule to what runs: conditions on events, groups and their aggregates, conditions on groups.

use crate::cell::Cell;
use crate::field::{self, Field};
use crate::rule::{Every, Rule};
use crate::term::{Baseline, Source, Term};
use crate::value::Value;
use std::sync::Arc;
use tacho_pipe::plan::{Call, Input, Key, Op, Origin, Out, Stage};
use tacho_pipe::{Function, Kind, Over};

/// A rule, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    /// Conditions on events and columns computed from them, in order.
    pub(crate) before: Vec<Step>,
    /// How many columns an event has; computed ones follow.
    pub(crate) base: usize,
    /// Shared, so that it can be read while the groups of a rule change.
    pub(crate) shape: Arc<Shape>,
    pub(crate) after: After,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Filter(Term),
    Eval(Vec<Term>),
}

#[derive(Debug, Clone)]
pub(crate) enum Shape {
    /// Events, added up by group.
    Events(Adding),
    /// Open things of a kind, added up by group at each tick.
    Open(&'static str, Adding),
    Absent {
        by: Vec<usize>,
        expect: Option<String>,
    },
    Sequence {
        by: Vec<usize>,
        within_us: i64,
        steps: Vec<(Term, u32, Option<u32>)>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Adding {
    pub(crate) keys: Vec<Term>,
    pub(crate) functions: Vec<Function>,
    pub(crate) calls: Vec<(Vec<Term>, Option<Term>)>,
}

impl Adding {
    pub(crate) fn fresh(&self) -> Vec<Cell> {
        self.functions.iter().map(|function| Cell::new(*function)).collect()
    }

    /// Adds an event to one of the aggregates: its cell, and the cell of all where there is one.
    pub(crate) fn add(&self, at: usize, cells: [Option<&mut Cell>; 2], index: u64, source: &dyn Source) {
        let (arguments, only_if) = &self.calls[at];
        if only_if.as_ref().is_some_and(|condition| !condition.holds(source)) {
            return;
        }
        let add = |values: &[Value<'_>]| cells.into_iter().flatten().for_each(|cell| cell.add(index, values));
        match arguments.as_slice() {
            [] => add(&[]),
            [one] => add(&[one.value(source)]),
            [one, two, ..] => add(&[one.value(source), two.value(source)]),
        }
    }
}

/// What is asked of a group.
#[derive(Debug, Clone, Default)]
pub(crate) struct After {
    pub(crate) steps: Vec<Step>,
    /// Names of the group's columns: keys, aggregates, computed ones.
    pub(crate) names: Vec<String>,
    pub(crate) keys: usize,
    pub(crate) baselines: Vec<Baseline>,
    /// Whether nothing counts as zero, by column.
    pub(crate) zero: Vec<bool>,
}

/// Compiles a rule.
///
/// # Errors
/// When a stage can't be evaluated as events come, or a pattern is broken.
pub(crate) fn compile(rule: &Rule) -> Result<Compiled, String> {
    let stages = &rule.plan.stages;
    let split = stages.iter().position(|stage| {
        matches!(stage.op, Op::Aggregate { .. } | Op::Absent { .. } | Op::Sequence { .. } | Op::Project(_))
    });
    let (mut before, columns) = (Vec::new(), rule.plan.input.columns());
    let mut none = Vec::new();
    if let Input::Table { table, .. } = &rule.plan.input
        && table.condition.is_some()
    {
        let at = columns.iter().position(|out| out.name == "action_type").unwrap_or_default();
        let metric = Term::Constant(Value::Text("metric".into()));
        let is = Term::Compare(tacho_pipe::Comparison::Equal, Box::new(Term::Column(at)), Box::new(metric));
        before.push(Step::Filter(is));
    }
    for stage in &stages[..split.unwrap_or(stages.len())] {
        before.push(step(stage, &mut none)?);
    }
    let middle = split.map(|at| &stages[at]);
    let (shape, mut after) = shape(rule, middle, &columns)?;
    for stage in split.map_or(&[][..], |at| &stages[at + 1..]) {
        after.steps.push(step(stage, &mut after.baselines)?);
        after.names.extend(stage.columns.iter().skip(after.names.len()).map(|out| out.name.clone()));
        after.zero.resize(after.names.len(), false);
    }
    let peers = after.baselines.iter().any(|baseline| baseline.over == Over::Peers);
    if peers && rule.every == Every::Stream {
        return Err("a baseline over peers needs all groups at once: give `every` a duration".into());
    }
    if !after.baselines.is_empty() && !matches!(shape, Shape::Events(_)) {
        return Err("a baseline needs events that are added up".into());
    }
    Ok(Compiled { before, base: columns.len(), shape: Arc::new(shape), after })
}

fn step(stage: &Stage, baselines: &mut Vec<Baseline>) -> Result<Step, String> {
    match &stage.op {
        Op::Filter(term) => Ok(Step::Filter(Term::compile(term, baselines)?)),
        Op::Eval(terms) => Ok(Step::Eval(Term::compile_all(terms, baselines)?)),
        Op::Sort(_) | Op::Limit(_) | Op::Top { .. } => {
            Err("a rule has no order: sort, limit and top are for queries".into())
        }
        Op::Dedup(_) | Op::Join { .. } => Err("dedup and join are for queries, not for rules".into()),
        Op::Project(_) => {
            Err("in a rule, fields is the last stage, and says what an alert is named by".into())
        }
        Op::Aggregate { .. } | Op::Absent { .. } | Op::Sequence { .. } => {
            Err("a rule adds up once: it has one stage of count …, absent or sequence".into())
        }
    }
}

fn shape(rule: &Rule, middle: Option<&Stage>, columns: &[Out]) -> Result<(Shape, After), String> {
    let open = match &rule.plan.input {
        Input::Plan(_) => return Err("a query in brackets is for queries, not for rules".into()),
        Input::Open(table) => {
            crate::catalog::OPEN.iter().map(|kind| kind.name).find(|name| *name == table.name)
        }
        Input::Table { .. } => None,
    };
    let of = |adding| match open {
        Some(kind) => Shape::Open(kind, adding),
        None => Shape::Events(adding),
    };
    match middle.map(|stage| (&stage.op, stage)) {
        Some((Op::Aggregate { calls, by }, stage)) => {
            let after = after(stage, by.len());
            Ok((of(adding(calls, by)?), after))
        }
        Some((Op::Absent { by, expect }, stage)) => {
            if open.is_some() || (expect.is_some() && by.len() != 1) {
                return Err("absent is about events, and `expect` about one column".into());
            }
            Ok((Shape::Absent { by: by.clone(), expect: expect.clone() }, after(stage, by.len())))
        }
        Some((Op::Sequence { by, within_us, steps }, stage)) => {
            let mut none = Vec::new();
            let compiled =
                steps.iter().map(|step| Ok((Term::compile(&step.condition, &mut none)?, step.min, step.max)));
            let steps = compiled.collect::<Result<Vec<_>, String>>()?;
            let shape = Shape::Sequence { by: by.clone(), within_us: *within_us, steps };
            Ok((shape, after(stage, by.len())))
        }
        // Each event by itself (or each open thing): an alert for each of what it is named by.
        picked => {
            let keys = match picked {
                Some((Op::Project(picked), _)) => picked.clone(),
                _ => named_by(open, columns),
            };
            let age = columns.iter().position(|out| open.is_some() && out.name == "age");
            let (function, arguments, name) = match age {
                Some(at) => (Function::Max, vec![Term::Column(at)], "age"),
                None => (Function::Count, Vec::new(), "count"),
            };
            let mut names: Vec<String> = keys.iter().map(|at| columns[*at].name.clone()).collect();
            names.push(name.into());
            let adding = Adding {
                keys: keys.iter().map(|at| Term::Column(*at)).collect(),
                functions: vec![function],
                calls: vec![(arguments, None)],
            };
            let zero = vec![false; names.len()];
            Ok((of(adding), After { names, keys: keys.len(), zero, ..After::default() }))
        }
    }
}

/// What an alert is named by when the rule does not say: the agent, or all that names the open thing.
fn named_by(open: Option<&str>, columns: &[Out]) -> Vec<usize> {
    match open {
        Some(_) => {
            columns.iter().enumerate().filter(|(_, out)| out.kind == Kind::Text).map(|(at, _)| at).collect()
        }
        None => columns.iter().position(|out| out.name == "agent_id").into_iter().collect(),
    }
}

fn adding(calls: &[Call], by: &[Key]) -> Result<Adding, String> {
    let mut none = Vec::new();
    let keys = by.iter().map(|key| match key {
        Key::Term(term) => Term::compile(term, &mut none),
        Key::Bucket { .. } => Err("bucket() is for queries: a rule has its window".into()),
    });
    let keys = keys.collect::<Result<Vec<_>, String>>()?;
    let compiled = calls.iter().map(|call| {
        let only_if = call.only_if.as_ref().map(|term| Term::compile(term, &mut none)).transpose()?;
        Ok((Term::compile_all(&call.arguments, &mut none)?, only_if))
    });
    let compiled = compiled.collect::<Result<Vec<_>, String>>()?;
    Ok(Adding { keys, functions: calls.iter().map(|call| call.function).collect(), calls: compiled })
}

fn after(stage: &Stage, keys: usize) -> After {
    After {
        names: stage.columns.iter().map(|out| out.name.clone()).collect(),
        zero: stage.columns.iter().map(|out| out.of == Origin::Count).collect(),
        keys,
        ..After::default()
    }
}

/// The field of a column of `agent_audit_log`, which stand in a fixed order.
pub(crate) fn field_of(column: usize) -> Field {
    field::all()[column].field
}

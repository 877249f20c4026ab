//! The plan: a query whose names are looked up and whose types fit, ready for any evaluator.
//!
//! Invariants
//! - A [`Term::Column`] is a position in the columns of the stage before, or of the source.
//! - Durations are numbers in the unit of the column that they are compared with.
//! - A comparison has two sides of one kind; one with a value that is absent is false.

use crate::ast::{Arithmetic, Comparison, Function, Matching, Order, Over};
use crate::catalog::{Catalog, Kind, Table};
use crate::error::PipeError;

/// What a query means.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub input: Input,
    pub stages: Vec<Stage>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Table { table: Table, window_us: Option<i64> },
    Open(Table),
    Plan(Box<Plan>),
}

/// A step of the plan and the columns that it leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    pub op: Op,
    pub columns: Vec<Out>,
}

/// A column of rows under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Out {
    pub name: String,
    pub kind: Kind,
    pub of: Origin,
}

/// Where a column comes from: baselines are for aggregates only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Source,
    Key,
    /// An aggregate whose value is zero where nothing happened.
    Count,
    /// An aggregate that has no value where nothing happened.
    Measure,
    Computed,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    Filter(Term),
    Aggregate { calls: Vec<Call>, by: Vec<Key> },
    Eval(Vec<Term>),
    Project(Vec<usize>),
    Sort(Vec<(usize, Order)>),
    Limit(u64),
    Top { count: u64, by: Term },
    Dedup(Vec<usize>),
    Join { left: bool, with: Box<Plan>, on: Vec<(usize, usize)> },
    Sequence { by: Vec<usize>, within_us: i64, steps: Vec<Step> },
    Absent { by: Vec<usize>, expect: Option<String> },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub function: Function,
    pub arguments: Vec<Term>,
    pub only_if: Option<Term>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Term(Term),
    Bucket { width_us: i64 },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub name: String,
    pub condition: Term,
    pub min: u32,
    pub max: Option<u32>,
}

/// A JSON member is read as what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    Text,
    Number,
    Bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    Text(String),
    Number(f64),
    Bool(bool),
    /// A time as the query wrote it.
    Time(String),
    Column(usize),
    /// A member of a JSON column; of several, the first that has it.
    Member {
        columns: Vec<usize>,
        path: Vec<String>,
        want: Want,
    },
    Not(Box<Term>),
    Negate(Box<Term>),
    And(Vec<Term>),
    Or(Vec<Term>),
    Compare(Comparison, Box<Term>, Box<Term>),
    Math(Arithmetic, Box<Term>, Box<Term>),
    In {
        value: Box<Term>,
        list: Vec<Term>,
        negated: bool,
    },
    Match {
        value: Box<Term>,
        how: Matching,
        pattern: String,
    },
    Exists(Box<Term>),
    Scalar(String, Vec<Term>),
    Baseline {
        function: Function,
        column: usize,
        over: Over,
    },
}

impl Plan {
    /// The columns that the whole query gives.
    pub fn columns(&self) -> Vec<Out> {
        self.stages.last().map_or_else(|| self.input.columns(), |stage| stage.columns.clone())
    }

    /// What of the query means nothing without a length of time, if anything: rates, silence, what is usual.
    pub fn needs_length(&self) -> Option<&'static str> {
        let mut found = None;
        self.each_term(&mut |term| {
            if matches!(term, Term::Baseline { over, .. } if *over != Over::Peers) {
                found = Some("what is usual");
            }
        });
        for stage in &self.stages {
            found = found.or(match &stage.op {
                Op::Aggregate { calls, .. } if calls.iter().any(|call| call.function == Function::Rate) => {
                    Some("rate")
                }
                Op::Absent { .. } => Some("absent"),
                Op::Join { with, .. } => with.needs_length(),
                _ => None,
            });
        }
        match &self.input {
            Input::Plan(plan) => found.or_else(|| plan.needs_length()),
            _ => found,
        }
    }

    /// Visits every term of the plan's own stages.
    pub fn each_term(&self, visit: &mut dyn FnMut(&Term)) {
        for stage in &self.stages {
            match &stage.op {
                Op::Filter(term) | Op::Top { by: term, .. } => term.each(visit),
                Op::Eval(terms) => terms.iter().for_each(|term| term.each(visit)),
                Op::Aggregate { calls, by } => {
                    for call in calls {
                        call.arguments.iter().chain(&call.only_if).for_each(|term| term.each(visit));
                    }
                    for key in by {
                        if let Key::Term(term) = key {
                            term.each(visit);
                        }
                    }
                }
                Op::Sequence { steps, .. } => steps.iter().for_each(|step| step.condition.each(visit)),
                _ => {}
            }
        }
    }
}

impl Input {
    pub fn columns(&self) -> Vec<Out> {
        match self {
            Input::Plan(plan) => plan.columns(),
            Input::Table { table, .. } | Input::Open(table) => {
                let out = |column: &crate::Column| Out {
                    name: column.name.clone(),
                    kind: column.kind,
                    of: Origin::Source,
                };
                table.columns.iter().map(out).collect()
            }
        }
    }
}

impl Term {
    /// Visits this term and all inside of it.
    pub fn each(&self, visit: &mut dyn FnMut(&Term)) {
        visit(self);
        match self {
            Term::Not(a) | Term::Negate(a) | Term::Exists(a) => a.each(visit),
            Term::In { value, .. } | Term::Match { value, .. } => value.each(visit),
            Term::And(terms) | Term::Or(terms) | Term::Scalar(_, terms) => {
                terms.iter().for_each(|term| term.each(visit));
            }
            Term::Compare(_, a, b) | Term::Math(_, a, b) => {
                a.each(visit);
                b.each(visit);
            }
            _ => {}
        }
    }
}

/// Looks up a query's names and checks its types.
///
/// # Errors
/// At the first name that is unknown (with the nearest one) or the first value of the wrong kind.
pub fn resolve(text: &str, query: &crate::Query, catalog: &Catalog) -> Result<Plan, PipeError> {
    crate::resolve::Resolver { text, catalog }.query(query)
}

//! The columns that rules read: those who fetch events from a store need no others.

use crate::compile::field_of;
use crate::field::{self, Field, Named};
use crate::open;
use crate::rule::Rule;
use std::collections::HashSet;
use tacho_pipe::plan::{Input, Op, Term};

/// Every column that one of the rules may look at, in the order of [`field::all`].
pub fn needs<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Vec<Named> {
    // The agent names alerts of rules that do not say what names them.
    let mut fields = HashSet::from([Field::Agent]);
    for rule in rules {
        match &rule.plan.input {
            // The columns of an open thing are no columns of events.
            Input::Open(table) => fields.extend(open::reads(&table.name)),
            _ => events(rule, &mut fields),
        }
    }
    field::all().iter().filter(|column| fields.contains(&column.field)).copied().collect()
}

/// Columns behind an aggregate are taken for columns of events too: at worst some are fetched that nobody reads.
fn events(rule: &Rule, fields: &mut HashSet<Field>) {
    let base = field::all().len();
    let mut take = |at: usize| {
        if at < base {
            fields.insert(field_of(at));
        }
    };
    rule.plan.each_term(&mut |term| match term {
        Term::Column(at) => take(*at),
        Term::Member { columns, .. } => columns.iter().for_each(|at| take(*at)),
        _ => {}
    });
    for stage in &rule.plan.stages {
        if let Op::Project(columns) | Op::Absent { by: columns, .. } | Op::Sequence { by: columns, .. } =
            &stage.op
        {
            columns.iter().for_each(|at| take(*at));
        }
    }
    if matches!(&rule.plan.input, Input::Table { table, .. } if table.condition.is_some()) {
        fields.insert(Field::ActionType);
    }
}

//! How much a query of WITH reads when all that it names is written out, counted on its text.
//!
//! A part that uses the one before it twice doubles the plan, and thirty of them would be planned for ever: nothing
//! that comes after the text could stop it. So every WITH is counted, wherever it stands, before anything is planned.

use crate::error::{Kind, QueryError};
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, Query, Statement, Visit, Visitor};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Most tables that a query reads, those of the queries that it names written out.
const USES_MAX: usize = 1000;

/// Refuses a statement that reads too much when it is written out.
///
/// # Errors
/// [`Kind::Syntax`].
pub(crate) fn check(statement: &Statement) -> Result<(), QueryError> {
    match statement.visit(&mut Count::default()) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => {
            let message = format!("the query reads more than {USES_MAX} tables when WITH is written out");
            Err(QueryError::new(Kind::Syntax, message).hint("use what WITH names fewer times"))
        }
    }
}

/// The queries around the place that is looked at, the innermost last.
#[derive(Default)]
struct Count {
    open: Vec<Open>,
}

#[derive(Default)]
struct Open {
    /// Tables read so far.
    uses: usize,
    /// What its WITH defines, by address: the walk does not tell where a query stands.
    defines: HashMap<*const Query, String>,
    /// What has been defined, with its uses.
    known: HashMap<String, usize>,
}

impl Visitor for Count {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let parts = query.with.iter().flat_map(|with| &with.cte_tables);
        let defines =
            parts.map(|part| (std::ptr::from_ref(part.query.as_ref()), normal(&part.alias.name))).collect();
        self.open.push(Open { defines, ..Open::default() });
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let name = relation.0.last().and_then(|part| part.as_ident()).map(normal);
        let uses = name.and_then(|name| self.open.iter().rev().find_map(|open| open.known.get(&name)));
        let uses = uses.copied().unwrap_or(1);
        self.add(uses)
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let uses = self.open.pop().map_or(0, |open| open.uses).max(1);
        match self.open.last_mut() {
            None => ControlFlow::Continue(()),
            Some(around) => match around.defines.remove(&std::ptr::from_ref(query)) {
                Some(name) => {
                    around.known.insert(name, uses);
                    ControlFlow::Continue(())
                }
                None => self.add(uses),
            },
        }
    }
}

impl Count {
    fn add(&mut self, uses: usize) -> ControlFlow<()> {
        let Some(open) = self.open.last_mut() else { return ControlFlow::Continue(()) };
        open.uses = open.uses.saturating_add(uses);
        if open.uses > USES_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// A name as the planner compares it.
fn normal(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

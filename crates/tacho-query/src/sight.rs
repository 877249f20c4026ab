//! What somebody may see of the events: all of them, those of one user, those of some agents.
//!
//! A limited query reads [`OwnEvents`] in the place of `events`, under every view. Its scan drops what is not the reader's
//! before anything that the reader wrote is worked out: a condition that fails on a value must never meet a value of
//! somebody else, or the error would tell it.
//!
//! Invariants
//! - Nothing above the scan sees a row that is not the reader's. What knows `events` by its type (sums of segments, rows by
//!   index) does not know this table, and so leaves it alone.
//! - Filters of the query choose files by their statistics, and go no further.
//! - An event without a name is nobody's: it is no user's own.

use crate::sieve::Sieve;
use crate::table::{EventsTable, ScanFuture, scope};
use crate::views::AgentEdit;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::{
    Expr, LogicalPlan, Operator, TableProviderFilterPushDown, TableScan, TableType,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, binary, in_list, lit};
use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;
use tacho_store::schema;

/// Whose events a query sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sight {
    #[default]
    All,
    /// Those that name this user.
    User(String),
    /// Those of these agents, by the ids that senders gave.
    Agents(BTreeSet<String>),
}

impl Sight {
    /// Whether nothing is hidden.
    pub fn is_all(&self) -> bool {
        *self == Sight::All
    }

    /// Whether an event of this agent and user is seen.
    pub fn sees(&self, agent: &str, user: Option<&str>) -> bool {
        match self {
            Sight::All => true,
            Sight::User(own) => user == Some(own),
            Sight::Agents(own) => own.contains(agent),
        }
    }

    /// What the registry says of those that are seen. Of a user it is not known with whom they work.
    pub(crate) fn registered(&self, agents: &[AgentEdit]) -> Vec<AgentEdit> {
        match self {
            Sight::All => agents.to_vec(),
            Sight::User(_) => Vec::new(),
            Sight::Agents(own) => {
                agents.iter().filter(|agent| own.contains(&agent.agent_id)).cloned().collect()
            }
        }
    }

    /// The condition on a row of `events`, whose columns are in the schema's order.
    fn condition(&self) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let schema = schema::schema();
        let column = |name: &str| -> Result<Arc<dyn PhysicalExpr>> {
            Ok(Arc::new(Column::new(name, schema.index_of(name)?)))
        };
        let text = |value: &str| lit(ScalarValue::Utf8View(Some(value.to_string())));
        Ok(Some(match self {
            Sight::All => return Ok(None),
            Sight::User(user) => binary(column("who_user")?, Operator::Eq, text(user), &schema)?,
            Sight::Agents(agents) => {
                let own = agents.iter().map(|agent| text(agent)).collect();
                in_list(column("agent_id")?, own, &false, &schema)?
            }
        }))
    }
}

impl ConfigExtension for Sight {
    const PREFIX: &'static str = "sight";
}

impl ExtensionOptions for Sight {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _value: &str) -> Result<()> {
        plan_err!("there is no setting sight.{key}")
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}

/// Puts [`OwnEvents`] in the place of `events`, wherever a limited query names it.
#[derive(Debug)]
pub(crate) struct OwnOnly;

impl AnalyzerRule for OwnOnly {
    fn name(&self) -> &str {
        "own_only"
    }

    fn analyze(&self, plan: LogicalPlan, config: &ConfigOptions) -> Result<LogicalPlan> {
        let sight = config.extensions.get::<Sight>().cloned().unwrap_or_default();
        if sight.is_all() {
            return Ok(plan);
        }
        let own = plan.transform_up_with_subqueries(|node| {
            let LogicalPlan::TableScan(scan) = node else { return Ok(Transformed::no(node)) };
            let provider = source_as_provider(&scan.source)?;
            if !(provider.as_ref() as &dyn Any).is::<EventsTable>() {
                return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
            }
            let own = OwnEvents { events: provider, sight: sight.clone() };
            let source = provider_as_source(Arc::new(own));
            Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan })))
        })?;
        Ok(own.data)
    }
}

/// The rows of `events` that somebody may see.
#[derive(Debug)]
struct OwnEvents {
    events: Arc<dyn TableProvider>,
    sight: Sight,
}

impl TableProvider for OwnEvents {
    fn schema(&self) -> SchemaRef {
        schema::schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn scan<'s, 'a, 'b, 'c, 'f>(
        &'s self,
        state: &'a dyn Session,
        projection: Option<&'b Vec<usize>>,
        filters: &'c [Expr],
        _limit: Option<usize>,
    ) -> ScanFuture<'f>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let internal = || datafusion::common::DataFusionError::Internal("not the table of events".into());
            let events = (self.events.as_ref() as &dyn Any).downcast_ref::<EventsTable>();
            let events = events.ok_or_else(internal)?;
            let condition = self.sight.condition()?.ok_or_else(internal)?;
            let whole = schema::schema();
            let wanted: Vec<usize> =
                projection.cloned().unwrap_or_else(|| (0..whole.fields().len()).collect());
            // The columns that are asked for, and behind them what tells whose a row is.
            let mut read = wanted.clone();
            for column in datafusion::physical_expr::utils::collect_columns(&condition) {
                if !read.contains(&column.index()) {
                    read.push(column.index());
                }
            }
            let snapshot = &scope(state)?.snapshot;
            let rows = events.plan(state, snapshot, Some(&read), filters, None).await?;
            let condition =
                datafusion::physical_expr::utils::reassign_expr_columns(condition, rows.schema().as_ref())?;
            Ok(Arc::new(Sieve::new(rows, condition, wanted.len())?) as _)
        })
    }
}

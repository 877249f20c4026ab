//! The session that every query starts from: tables, views, functions and settings, made once.
//!
//! Invariants
//! - The object store that segments are read through is the only one: `file://` and the network are not there.
//! - Nothing spills to disk, and the catalog is never changed after it was made: statements that could are refused.

use crate::actions::PlainEvents;
use crate::caches::Shares;
use crate::confine::{CheckConstants, Confine};
use crate::deadline;
use crate::engine::Limits;
use crate::fair::GiveWay;
use crate::functions::{self, Types};
use crate::guard::WatchCopies;
use crate::heirs::SplitHeirs;
use crate::late::LateRows;
use crate::lift::Lift;
use crate::names::SplitNames;
use crate::remember::Remember;
use crate::rewrite::SplitEither;
use crate::rollups::RollUps;
use crate::sight::OwnOnly;
use crate::table::EventsTable;
use crate::views::{self, RegistryTable};
use crate::windows::WatchWindows;
use datafusion::catalog::CatalogProvider;
use datafusion::catalog::{MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider};
use datafusion::common::config::{ConfigNonZeroUsize, Dialect};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::ViewTable;
use datafusion::execution::SessionState;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::object_store::ObjectStore;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::prelude::SessionConfig;
use futures::FutureExt;
use std::sync::Arc;

/// How deeply a query may be nested.
const NESTING_MAX: usize = 40;
pub(crate) const CATALOG: &str = "tachograph";
pub(crate) const SCHEMA: &str = "public";

/// Builds the session, and the table that its queries read.
///
/// # Errors
/// When DataFusion refuses a function, a setting or a view: a fault of ours that every test would show.
pub(crate) fn build(limits: &Limits, partitions: usize) -> Result<(SessionState, Arc<EventsTable>)> {
    let shares = Shares::of(limits.cache_bytes);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory_bytes)))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .with_metadata_cache_limit(shares.footers)
        .build_arc()?;
    let url = ObjectStoreUrl::parse("segments://local")?;
    let store: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new());
    runtime.register_object_store(url.as_ref(), Arc::clone(&store));
    runtime.deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref())?;
    let footers = runtime.cache_manager.get_file_metadata_cache();
    let events = Arc::new(EventsTable::new(url, store, footers, &shares));

    let catalog = Arc::new(MemoryCatalogProvider::new());
    let tables = Arc::new(MemorySchemaProvider::new());
    catalog.register_schema(SCHEMA, Arc::clone(&tables) as _)?;
    tables.register_table("events".into(), Arc::clone(&events) as _)?;
    tables.register_table("agent_registry".into(), Arc::new(RegistryTable))?;

    let mut state = SessionStateBuilder::new()
        .with_config(config(partitions))
        .with_runtime_env(runtime)
        .with_default_features()
        .with_type_planner(Arc::new(Types))
        .with_analyzer_rule(Arc::new(OwnOnly))
        .with_analyzer_rule(Arc::new(PlainEvents))
        .with_analyzer_rule(Arc::new(Confine))
        .with_analyzer_rule(Arc::new(Lift))
        .with_optimizer_rules(deadline::watched(rules(), limits.time))
        .with_physical_optimizer_rule(Arc::new(WatchCopies))
        .with_physical_optimizer_rule(Arc::new(WatchWindows))
        .with_physical_optimizer_rule(Arc::new(GiveWay))
        .build();
    functions::register(&mut state)?;
    state.catalog_list().register_catalog(CATALOG.into(), catalog);
    for (name, sql) in views::all() {
        let plan = at_once(state.create_logical_plan(&sql))?;
        tables.register_table(name.into(), Arc::new(ViewTable::new(plan, Some(sql))))?;
    }
    Ok((state, events))
}

/// DataFusion's rules with ours before the one that gives repeated calls a name, after which no filter could be
/// pushed through them.
fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    // They would move parts of JSON below the views, where a column and what an action says in its place have one name.
    rules.retain(|rule| !["extract_leaf_expressions", "push_down_leaf_projections"].contains(&rule.name()));
    let at = rules.iter().position(|rule| rule.name() == "common_sub_expression_eliminate");
    let at = at.unwrap_or(rules.len());
    let ours = [Arc::new(SplitEither) as _, Arc::new(SplitNames) as _, Arc::new(SplitHeirs::new()) as _];
    rules.splice(at..at, ours);
    rules.push(Arc::new(CheckConstants));
    rules.push(Arc::new(LateRows));
    rules.push(Arc::new(RollUps));
    rules.push(Arc::new(Remember));
    rules
}

fn config(partitions: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_information_schema(true)
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        // Cutting files into ranges would undo their order, newest first.
        .with_repartition_file_scans(false);
    let options = config.options_mut();
    options.sql_parser.dialect = Dialect::PostgreSQL;
    options.sql_parser.collect_spans = true;
    options.sql_parser.recursion_limit =
        ConfigNonZeroUsize::try_new(NESTING_MAX).expect("a constant above zero");
    // As a join it is watched like any other: a value from a query inside would be written for each row.
    options.optimizer.enable_physical_uncorrelated_scalar_subquery = false;
    options.execution.time_zone = Some("UTC".into());
    config
}

/// A plan that reads a table or view as it is.
///
/// # Errors
/// When there is no such table.
pub(crate) fn scan(state: &SessionState, table: &str) -> Result<LogicalPlan> {
    let missing = || DataFusionError::Internal(format!("table {table} is missing"));
    let schema = state.catalog_list().catalog(CATALOG).and_then(|catalog| catalog.schema(SCHEMA));
    let provider = at_once(schema.ok_or_else(missing)?.table(table))?.ok_or_else(missing)?;
    let source = datafusion::datasource::provider_as_source(provider);
    LogicalPlanBuilder::scan(table, source, None)?.build()
}

/// What a future gives that waits for nothing, as the catalog is in memory. To block would not do: the caller may
/// be a task.
pub(crate) fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    future.now_or_never().unwrap_or_else(|| Err(DataFusionError::Internal("the catalog made us wait".into())))
}

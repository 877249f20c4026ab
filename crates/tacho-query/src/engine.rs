//! The engine: runs queries over snapshots within limits, on threads of its own.
//!
//! Invariants
//! - Queries cannot change anything: see [`crate::statement`], and the plan is checked once more before it runs.
//! - A query that hangs, panics or asks for too much ends with an error; it never blocks the caller's threads.
//! - An answer that is dropped stops its query. An answer that ends without an error is whole.

use crate::caches::Cache;
use crate::error::{Kind, QueryError};
use crate::moment::Moment;
use crate::names::Names;
use crate::sight::Sight;
use crate::star::{self, Laid, Stars};
use crate::statement;
use crate::table::{EventsTable, Scope};
use crate::views::{AgentEdit, registry_rows};
use crate::{actions, catalog, complexity, deadline, growth, late, wire};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// What queries may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Memory of all running queries for sorting, grouping and joining, bytes.
    pub memory_bytes: usize,
    /// Memory for what is read of segments and asked again and again, bytes.
    pub cache_bytes: usize,
    /// Time of one query, from asking to its last row.
    pub time: Duration,
    /// Rows of one answer.
    pub rows_max: u64,
    /// Queries that run at once, and beside them as many lookups; others wait their turn.
    pub concurrency: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes: 512 << 20,
            cache_bytes: 512 << 20,
            time: Duration::from_secs(30),
            rows_max: 1_000_000,
            concurrency: 8,
        }
    }
}

/// Stack of a query thread, bytes: planning recurses, and the longest query must fit. Only touched pages cost memory.
const STACK_BYTES: usize = 64 << 20;
/// Batches that wait for the caller.
const QUEUE: usize = 2;

/// Runs queries. Cheap to share behind an `Arc`; one for each process is enough.
pub struct Engine {
    core: Arc<Core>,
    /// Both are there until drop. Time is watched on a thread of its own, or queries that do not yield could
    /// keep all threads that would notice.
    runtimes: Option<Runtimes>,
}

struct Runtimes {
    queries: Runtime,
    watch: Runtime,
}

struct Core {
    base: SessionState,
    events: Arc<EventsTable>,
    stars: Stars,
    /// What queries of PostgreSQL's clients begin from.
    wire: SessionState,
    limits: Limits,
    /// Places of queries that somebody wrote.
    permits: Arc<Semaphore>,
    /// As many places of their own for lookups, which are short: slow queries must not hold them up.
    lookups: Arc<Semaphore>,
}

/// What is asked.
pub(crate) enum Ask {
    Sql(String),
    Plan(LogicalPlan),
    /// A statement of PostgreSQL's clients.
    Wire(wire::Statement, wire::Deed),
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("limits", &self.core.limits).finish_non_exhaustive()
    }
}

/// What queries take of the engine now.
#[derive(Debug, Clone)]
pub struct Load {
    pub memory_bytes: usize,
    pub memory_bytes_max: usize,
    /// Queries that run.
    pub running: usize,
    pub running_max: usize,
    /// Footers of segments that are kept in memory.
    pub footers: usize,
    /// How often one of them was there when it was asked for.
    pub footers_hits: usize,
    pub caches: Vec<Cache>,
}

impl Engine {
    /// What queries take now.
    pub fn load(&self) -> Load {
        let (core, runtime) = (&self.core, self.core.base.runtime_env());
        let footers = runtime.cache_manager.get_file_metadata_cache();
        let kept = footers.list_entries();
        Load {
            memory_bytes: runtime.memory_pool.reserved(),
            memory_bytes_max: core.limits.memory_bytes,
            running: core.limits.concurrency.saturating_sub(core.permits.available_permits()),
            running_max: core.limits.concurrency,
            footers: kept.len(),
            footers_hits: kept.values().map(|kept| kept.hits).sum(),
            caches: core.events.caches(),
        }
    }

    /// Starts the engine's threads, as many as there are cores.
    ///
    /// # Errors
    /// [`Kind::Internal`] when threads cannot be started.
    pub fn new(limits: Limits) -> Result<Engine, QueryError> {
        let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get());
        let threads = |name: &str, count: usize| {
            let mut builder = Builder::new_multi_thread();
            builder
                .worker_threads(count)
                .thread_stack_size(STACK_BYTES)
                .thread_name(name)
                .enable_time()
                .build()
        };
        let failed = |error| QueryError::new(Kind::Internal, format!("cannot start query threads: {error}"));
        let queries = threads("query", cores.max(2)).map_err(failed)?;
        let runtimes = Runtimes { queries, watch: threads("query-watch", 1).map_err(failed)? };
        let (base, events) = catalog::build(&limits, cores)?;
        let places = || Arc::new(Semaphore::new(limits.concurrency));
        let wire = wire::build(&base)?;
        let stars = Stars::new(&base)?;
        let core = Core { base, events, stars, wire, limits, permits: places(), lookups: places() };
        Ok(Engine { core: Arc::new(core), runtimes: Some(runtimes) })
    }

    /// Answers one SQL query over the snapshot. `docs/guide/sql.md` says which tables and functions there are.
    ///
    /// # Errors
    /// Every [`Kind`]; after the first batch those of running come from [`Answer::next`].
    pub async fn sql(
        &self,
        moment: impl Into<Moment>,
        agents: &[AgentEdit],
        query: &str,
    ) -> Result<Answer, QueryError> {
        self.ask(moment.into(), agents, Ask::Sql(query.to_string())).await
    }

    pub(crate) fn base(&self) -> &SessionState {
        &self.core.base
    }

    pub(crate) async fn ask(
        &self,
        moment: Moment,
        agents: &[AgentEdit],
        ask: Ask,
    ) -> Result<Answer, QueryError> {
        let (log_size, unjoined) = (moment.snapshot.size, moment.unjoined());
        let mut running = self.start(moment, agents, ask);
        match running.next().await? {
            Some(Message::Head(schema)) => {
                Ok(Answer { schema, log_size, unjoined, source: Source::Running(running) })
            }
            _ => Err(ended_early()),
        }
    }

    pub(crate) async fn shape(
        &self,
        moment: Moment,
        agents: &[AgentEdit],
        ask: Ask,
    ) -> Result<wire::Shape, QueryError> {
        match self.start(moment, agents, ask).next().await? {
            Some(Message::Shape(shape)) => Ok(shape),
            _ => Err(ended_early()),
        }
    }

    fn start(&self, moment: Moment, agents: &[AgentEdit], ask: Ask) -> Running {
        let concluded = moment.concluded();
        let Moment { snapshot, sight, .. } = moment;
        let (agents, names) = (registry_rows(&sight.registered(agents)), Names::new(agents));
        let scope = Arc::new(Scope { snapshot, agents, names, concluded, sight });
        let (sender, messages) = mpsc::channel(QUEUE);
        let (end_sender, end) = oneshot::channel();
        let runtimes = self.runtimes.as_ref().expect("the runtimes are there until drop");
        let queries = runtimes.queries.handle().clone();
        let watched = supervise(Arc::clone(&self.core), queries, Question { scope, ask, sender }, end_sender);
        let task = Task(runtimes.watch.spawn(watched));
        Running { messages, end, complete: false, _task: task }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(Runtimes { queries, watch }) = self.runtimes.take() {
            // Dropping them would wait, which an async caller must not.
            watch.shutdown_background();
            queries.shutdown_background();
        }
    }
}

fn ended_early() -> QueryError {
    QueryError::new(Kind::Internal, "the query ended without an answer")
}

enum Message {
    Shape(wire::Shape),
    Head(SchemaRef),
    Rows(RecordBatch),
}

/// A query with what it reads and where its rows go.
struct Question {
    scope: Arc<Scope>,
    ask: Ask,
    sender: mpsc::Sender<Message>,
}

/// How a query ended; closed without a word means that the engine is gone.
type End = Result<(), QueryError>;

/// Stops its task when it is dropped.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a query and tells how it ended, even when it panics or does not yield.
async fn supervise(core: Arc<Core>, queries: Handle, question: Question, end: oneshot::Sender<End>) {
    let limit = core.limits.time;
    let deadline = Instant::now() + limit;
    let places = match question.ask {
        Ask::Sql(_) | Ask::Wire(..) => &core.permits,
        Ask::Plan(_) => &core.lookups,
    };
    let outcome = match timeout_at(deadline, Arc::clone(places).acquire_owned()).await {
        Ok(Ok(permit)) => {
            let mut task = Task(queries.spawn(async move {
                // The place is free only when the query has really stopped.
                let _permit = permit;
                run(&core, question).await
            }));
            match timeout_at(deadline, &mut task.0).await {
                Ok(Ok(outcome)) => outcome,
                // What it said is for the log of the process, where the panic has written it.
                Ok(Err(_)) => Err(crate::error::fault()),
                Err(_) => Err(deadline::out_of_time(limit)),
            }
        }
        Ok(Err(_)) | Err(_) => {
            Err(QueryError::new(Kind::Busy, format!("other queries kept this one waiting for {limit:?}")))
        }
    };
    // Nobody may be listening any more.
    let _ = end.send(outcome);
}

async fn run(core: &Core, Question { scope, ask, sender }: Question) -> End {
    // A merged file is removed with the last snapshot that shows it. The streams of a plan do not hold the session.
    let _shown = Arc::clone(&scope.snapshot);
    let from = if matches!(ask, Ask::Wire(..)) { &core.wire } else { &core.base };
    let mut state = from.clone();
    state.config_mut().options_mut().extensions.insert(scope.names.clone());
    state.config_mut().options_mut().extensions.insert(scope.concluded.clone());
    state.config_mut().options_mut().extensions.insert(scope.sight.clone());
    if !scope.sight.is_all() {
        actions::take_out(&mut state)?;
    }
    let sight = scope.sight.clone();
    state.config_mut().set_extension(scope);
    state.mark_start_execution();
    let (plan, laid) = match ask {
        Ask::Sql(text) => planned(core, &mut state, &sight, &text).await?,
        Ask::Wire(statement, deed) => {
            let (plan, parameters) = wire::plan(&state, &statement).await?;
            match deed {
                wire::Deed::Describe => {
                    let plan = checked(wire::emptied(plan, &parameters)?, &sight, &mut state)?;
                    let schema = wire::schema(&state, plan)?;
                    drop(sender.send(Message::Shape(wire::Shape { parameters, schema })).await);
                    return Ok(());
                }
                wire::Deed::Run(values) => {
                    (checked(wire::filled(plan, &parameters, &values)?, &sight, &mut state)?, None)
                }
            }
        }
        Ask::Plan(plan) => match laid_over(core, &sight, &plan, false)? {
            Some(laid) => (laid.plan.clone(), Some(laid)),
            None => (plan, None),
        },
    };
    let reading = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    reading.verify_plan(&plan)?;
    if laid.as_ref().is_some_and(|laid| laid.is_computed) {
        late::unguessed(&mut state);
    }
    let mut physical = state.create_physical_plan(&plan).await?;
    if let Some(laid) = laid {
        physical = laid.over(physical, &state)?;
    }
    let mut rows = execute_stream(physical, state.task_ctx())?;
    let mut count = 0;
    // A closed channel means that the answer was dropped: nothing left to do.
    if sender.send(Message::Head(rows.schema())).await.is_err() {
        return Ok(());
    }
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        count += batch.num_rows() as u64;
        if count > core.limits.rows_max {
            let message = format!("the answer has more than {} rows", core.limits.rows_max);
            return Err(
                QueryError::new(Kind::RowsLimit, message).hint("add LIMIT, or ask for a shorter time")
            );
        }
        if batch.num_rows() > 0 && sender.send(Message::Rows(batch)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// What a text asks: a plan, and the columns that stand above it.
async fn planned(
    core: &Core,
    state: &mut SessionState,
    sight: &Sight,
    text: &str,
) -> Result<(LogicalPlan, Option<Laid>), QueryError> {
    let statement = statement::parse(state, text)?;
    if let Some(starless) = star::starless(&statement)
        && let Ok(plan) = state.statement_to_plan(starless).await
        && let Some(laid) = laid_over(core, sight, &plan, true)?
    {
        return Ok((checked(laid.plan.clone(), sight, state)?, Some(laid)));
    }
    let plan = state.statement_to_plan(statement).await?;
    Ok((checked(plan, sight, state)?, None))
}

/// The plan without the columns of the log, when these are all that it computes. What somebody sees of it is decided by
/// rules for whole plans.
fn laid_over(
    core: &Core,
    sight: &Sight,
    plan: &LogicalPlan,
    stars: bool,
) -> Result<Option<Laid>, QueryError> {
    if !sight.is_all() {
        return Ok(None);
    }
    Ok(core.stars.lift_off(plan, stars)?)
}

/// What everybody's queries are held to before they run.
fn checked(plan: LogicalPlan, sight: &Sight, state: &mut SessionState) -> Result<LogicalPlan, QueryError> {
    complexity::check(&plan)?;
    check_sight(sight, &plan)?;
    if growth::makes_texts(&plan)? {
        *state.config_mut() = state.config().clone().with_batch_size(growth::BATCH_ROWS);
    }
    Ok(plan)
}

/// How a query is worked out tells of files and numbers of all events.
fn check_sight(sight: &Sight, plan: &LogicalPlan) -> Result<(), QueryError> {
    if !sight.is_all() && matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_)) {
        return Err(QueryError::new(Kind::Syntax, "EXPLAIN is not for a limited key"));
    }
    Ok(())
}

/// A query that runs: its rows, and how it ended.
struct Running {
    messages: mpsc::Receiver<Message>,
    end: oneshot::Receiver<End>,
    /// The end was good; what was sent before it may still be waiting.
    complete: bool,
    _task: Task<()>,
}

impl Running {
    async fn next(&mut self) -> Result<Option<Message>, QueryError> {
        if !self.complete {
            let ended = tokio::select! {
                biased;
                Some(message) = self.messages.recv() => return Ok(Some(message)),
                ended = &mut self.end => ended,
            };
            ended.map_err(|_| QueryError::new(Kind::Internal, "the query engine was stopped"))??;
            self.complete = true;
        }
        Ok(self.messages.recv().await)
    }
}

/// The rows of a query as they come.
pub struct Answer {
    pub schema: SchemaRef,
    /// Size of the log that the answer is about.
    pub log_size: u64,
    /// As [`Moment::unjoined`].
    pub unjoined: u64,
    source: Source,
}

enum Source {
    Running(Running),
    Ready(std::vec::IntoIter<RecordBatch>),
    Ended,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("log_size", &self.log_size).finish_non_exhaustive()
    }
}

impl Answer {
    pub(crate) fn ready(schema: SchemaRef, of: &Moment, batches: Vec<RecordBatch>) -> Answer {
        let (log_size, unjoined) = (of.snapshot.size, of.unjoined());
        Answer { schema, log_size, unjoined, source: Source::Ready(batches.into_iter()) }
    }

    /// The next rows; nothing after the last ones or an error.
    ///
    /// # Errors
    /// As [`Engine::sql`].
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        let found = match &mut self.source {
            Source::Running(running) => match running.next().await {
                Ok(Some(Message::Rows(batch))) => Ok(Some(batch)),
                Ok(_) => Ok(None),
                Err(error) => Err(error),
            },
            Source::Ready(batches) => return Ok(batches.next()),
            Source::Ended => return Ok(None),
        };
        if !matches!(found, Ok(Some(_))) {
            self.source = Source::Ended;
        }
        found
    }

    /// All rows at once.
    ///
    /// # Errors
    /// As [`Engine::sql`].
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>, QueryError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// The rows as a stream, for bodies of HTTP answers.
    pub fn into_stream(self) -> BoxStream<'static, Result<RecordBatch, QueryError>> {
        futures::stream::unfold(self, |mut answer| async move {
            answer.next().await.transpose().map(|item| (item, answer))
        })
        .boxed()
    }
}

//! What is concluded of events, for queries: functions over `index` that read the overlay of the query's moment.
//!
//! `X_now(x, index)` is the value of the whole action where the event says another one or none. A filter by it does not
//! reach the statistics of segments, so [`crate::heirs`] gives it what does.
//!
//! Invariants
//! - A function without an effect is not there when a query is planned ([`PlainEvents`]): events that nobody tells of
//!   twice are read as fast as ever.
//! - No function reads anything but the overlay in memory.

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringViewArray, StringViewBuilder,
    TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::{cast, max, min};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    lit,
};
use datafusion::optimizer::AnalyzerRule;
use std::any::Any;
use std::sync::{Arc, LazyLock};
use tacho_action::{Changes, Closure, Cursor, Entry, Figure, Observer, Overlay, Record};
use tacho_event::id::Id;
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Outcome, Phase};

/// The overlay of a query's moment, and when an open call counts as hung. Comes with the query's settings.
#[derive(Debug, Clone)]
pub(crate) struct Concluded {
    pub(crate) overlay: Arc<Overlay>,
    pub(crate) hung_us: Micros,
}

impl Default for Concluded {
    fn default() -> Concluded {
        Concluded { overlay: Arc::default(), hung_us: crate::moment::HUNG_US }
    }
}

impl ConfigExtension for Concluded {
    const PREFIX: &'static str = "actions";
}

impl ExtensionOptions for Concluded {
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
        plan_err!("there is no setting actions.{key}")
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}

/// What a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Told {
    /// `is_shown(index)`: whether the event stands for its action.
    Shown,
    /// `session_now(session_uuid, index)`, and under a name that is not looked at for filters again.
    Session,
    SessionSure,
    Agent,
    AgentSure,
    Name,
    Call,
    Outcome,
    /// Of a fact, by its place in [`Figure::ALL`].
    Figure(usize),
    /// `action_of(index)`: the index of the action's first observation.
    Action,
    /// `observations(index)`.
    Observations,
    /// `observers(index, source, known, hook_event, span_id, call_id)`.
    Observers,
    /// `closure(index, phase, outcome_status, action_type)`.
    Closure,
    /// `action_state(index, phase, outcome_status, action_type, timestamp, now())`: open, hung or closed.
    State,
    /// `phase_at(index, phase, timestamp, 'asked')`.
    PhaseAt,
    /// `witnesses_differ(index)`.
    Differ,
}

impl Told {
    fn all() -> impl Iterator<Item = Told> {
        use Told::{
            Action, Agent, AgentSure, Call, Closure, Differ, Name, Observations, Observers, Outcome, PhaseAt,
            Session, SessionSure, Shown, State,
        };
        let others = [
            Shown,
            Session,
            SessionSure,
            Agent,
            AgentSure,
            Name,
            Call,
            Outcome,
            Action,
            Observations,
            Observers,
            Closure,
            State,
            PhaseAt,
            Differ,
        ];
        others.into_iter().chain((0..Figure::ALL.len()).map(Told::Figure))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Told::Shown => "is_shown",
            Told::Session => "session_now",
            Told::SessionSure => "session_told",
            Told::Agent => "agent_now",
            Told::AgentSure => "agent_told",
            Told::Name => "name_now",
            Told::Call => "call_now",
            Told::Outcome => "outcome_now",
            Told::Figure(at) => FIGURES[at],
            Told::Action => "action_of",
            Told::Observations => "observations",
            Told::Observers => "observers",
            Told::Closure => "closure",
            Told::State => "action_state",
            Told::PhaseAt => "phase_at",
            Told::Differ => "witnesses_differ",
        }
    }

    fn returns(self) -> DataType {
        match self {
            Told::Shown | Told::Differ => DataType::Boolean,
            Told::Figure(_) | Told::Action | Told::Observations => DataType::Int64,
            Told::PhaseAt => MICROS.clone(),
            _ => DataType::Utf8View,
        }
    }

    fn signature(self) -> Signature {
        let (text, int) = (DataType::Utf8View, DataType::Int64);
        let types = match self {
            Told::Shown | Told::Action | Told::Observations | Told::Differ => vec![int],
            Told::Figure(_) => vec![int.clone(), int],
            Told::Observers => [vec![int], vec![text; 5]].concat(),
            Told::Closure => [vec![int], vec![text; 3]].concat(),
            Told::State => return Signature::any(6, Volatility::Stable),
            Told::PhaseAt => return Signature::any(4, Volatility::Stable),
            _ => vec![text, int],
        };
        Signature::exact(types, Volatility::Stable)
    }

    /// Whether the value is the event's own wherever one looks.
    fn is_plain(self, changes: &Changes) -> bool {
        match self {
            Told::Shown => changes.hidden == 0,
            Told::Session | Told::SessionSure => changes.sessions == 0,
            Told::Agent | Told::AgentSure => changes.agents == 0,
            Told::Name => changes.names == 0,
            Told::Call => changes.calls == 0,
            Told::Outcome => changes.outcomes == 0,
            Told::Figure(at) => changes.figures[at] == 0,
            _ => false,
        }
    }
}

/// Names of functions for the figures, as they stand in [`Figure::ALL`].
const FIGURES: [&str; Figure::ALL.len()] = [
    "tokens_input_now",
    "tokens_output_now",
    "tokens_cache_read_now",
    "tokens_cache_write_now",
    "cost_micros_now",
    "duration_us_now",
];

/// The functions, for the registry.
pub(crate) fn functions() -> impl Iterator<Item = ScalarUDF> {
    Told::all().map(function)
}

pub(crate) fn function(told: Told) -> ScalarUDF {
    ScalarUDF::from(Function { told, signature: told.signature() })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    told: Told,
    signature: Signature,
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.told.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(self.told.returns())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let concluded = args.config_options.extensions.get::<Concluded>().cloned().unwrap_or_default();
        let args = ColumnarValue::values_to_arrays(&args.args)?;
        Ok(ColumnarValue::Array(value(self.told, &args, &concluded)?))
    }
}

fn value(told: Told, args: &[ArrayRef], concluded: &Concluded) -> Result<ArrayRef> {
    let own = |at: usize| Look::new(&args[at], &concluded.overlay);
    Ok(match told {
        Told::Shown => shown(own(0)),
        Told::Session | Told::SessionSure => {
            texts(&args[0], own(1), |record| record.session.map(|id| Id(id).text()))
        }
        Told::Agent | Told::AgentSure => texts(&args[0], own(1), |record| record.agent.clone()),
        Told::Name => texts(&args[0], own(1), |record| record.name.clone()),
        Told::Call => texts(&args[0], own(1), |record| record.call.clone()),
        Told::Outcome => texts(&args[0], own(1), |record| Some(record.outcome()?.as_str().to_string())),
        Told::Figure(at) => figures(&args[0], own(1), at),
        Told::Action => {
            let mut look = own(0);
            let indexes = look.indexes;
            let action = |index: i64| match look.entry(index) {
                Some(Entry::Hidden { action }) => *action as i64,
                Some(Entry::Shown(record)) => record.action as i64,
                None => index,
            };
            ints(indexes, action)
        }
        Told::Observations => {
            let mut look = own(0);
            let indexes = look.indexes;
            let count = |index| look.record(index).map_or(1, |record| i64::from(record.observations));
            ints(indexes, count)
        }
        Told::Differ => {
            let mut look = own(0);
            let indexes = look.indexes.values();
            let differs = |row| look.record(indexes[row]).is_some_and(|record| record.differ);
            Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(indexes.len(), differs), None))
        }
        Told::Observers => observers(args, own(0)),
        Told::Closure => closures(args, own(0)),
        Told::State => states(args, own(0), concluded.hung_us)?,
        Told::PhaseAt => times(args, own(0))?,
    })
}

/// The indexes of a batch with what is known of them.
struct Look<'a> {
    indexes: &'a Int64Array,
    /// Nothing where no index of the batch has an entry.
    cursor: Option<Cursor<'a>>,
}

impl<'a> Look<'a> {
    fn new(indexes: &'a ArrayRef, overlay: &'a Overlay) -> Look<'a> {
        let indexes = indexes.as_primitive::<Int64Type>();
        let ends = min(indexes).zip(max(indexes));
        let touched = ends.is_some_and(|(first, last)| overlay.touches(first as u64, last as u64));
        Look { indexes, cursor: touched.then(|| overlay.cursor()) }
    }

    fn entry(&mut self, index: i64) -> Option<&'a Entry> {
        self.cursor.as_mut()?.entry(index as u64)
    }

    fn record(&mut self, index: i64) -> Option<&'a Record> {
        self.cursor.as_mut()?.record(index as u64)
    }
}

fn ints(indexes: &Int64Array, of: impl FnMut(i64) -> i64) -> ArrayRef {
    Arc::new(indexes.values().iter().copied().map(of).collect::<Int64Array>())
}

fn shown(look: Look<'_>) -> ArrayRef {
    let rows = look.indexes.len();
    let shown = match look.cursor {
        None => BooleanBuffer::new_set(rows),
        Some(mut cursor) => {
            BooleanBuffer::collect_bool(rows, |row| !cursor.is_hidden(look.indexes.value(row) as u64))
        }
    };
    Arc::new(BooleanArray::new(shown, None))
}

/// The own values, and those of the action where it has others.
fn texts(own: &ArrayRef, mut look: Look<'_>, of: fn(&Record) -> Option<String>) -> ArrayRef {
    if look.cursor.is_none() {
        return Arc::clone(own);
    }
    let mut out = StringViewBuilder::with_capacity(own.len()).with_deduplicate_strings();
    for (row, own) in own.as_string_view().iter().enumerate() {
        match look.record(look.indexes.value(row)).and_then(of) {
            Some(other) => out.append_value(other),
            None => out.append_option(own),
        }
    }
    Arc::new(out.finish())
}

fn figures(own: &ArrayRef, mut look: Look<'_>, at: usize) -> ArrayRef {
    if look.cursor.is_none() {
        return Arc::clone(own);
    }
    let of = |(row, own): (usize, Option<i64>)| {
        own.or_else(|| look.record(look.indexes.value(row)).and_then(|record| record.figures[at]))
    };
    Arc::new(own.as_primitive::<Int64Type>().iter().enumerate().map(of).collect::<Int64Array>())
}

fn observers(args: &[ArrayRef], mut look: Look<'_>) -> ArrayRef {
    let [source, known, hook, span, call] = [1, 2, 3, 4, 5].map(|at| args[at].as_string_view());
    let mut out = StringViewBuilder::with_capacity(source.len()).with_deduplicate_strings();
    for (row, index) in look.indexes.values().iter().enumerate() {
        match look.record(*index).filter(|record| record.observers != 0) {
            Some(record) => out.append_value(record.observers()),
            None => {
                let is_span =
                    text(span, row).is_some() || text(call, row).is_some_and(tacho_action::is_span_id);
                let observer = Observer::of(source.value(row), known.value(row), text(hook, row), is_span);
                out.append_value(observer.as_str());
            }
        }
    }
    Arc::new(out.finish())
}

fn text(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// How the call of a row ended: columns index, phase, outcome and kind. Nothing for what is no call.
fn closure(args: &[ArrayRef], look: &mut Look<'_>, row: usize) -> Option<Closure> {
    let [phase, outcome, kind] = [1, 2, 3].map(|at| args[at].as_string_view());
    let kind = ActionType::parse(kind.value(row))?;
    let told = look.record(look.indexes.value(row)).and_then(|record| record.closure);
    if told.is_some() || !is_call(kind) {
        return told;
    }
    let phase = text(phase, row).and_then(Phase::parse);
    Some(Closure::told(Outcome::parse(outcome.value(row))?, phase))
}

/// Kinds of events that are calls, which can be open.
fn is_call(kind: ActionType) -> bool {
    matches!(kind, ActionType::Tool | ActionType::Skill | ActionType::External)
}

fn closures(args: &[ArrayRef], mut look: Look<'_>) -> ArrayRef {
    let of = |row| closure(args, &mut look, row).and_then(Closure::as_str);
    Arc::new((0..args[0].len()).map(of).collect::<StringViewArray>())
}

fn states(args: &[ArrayRef], mut look: Look<'_>, hung_us: Micros) -> Result<ArrayRef> {
    let (times, now) = (micros(&args[4])?, micros(&args[5])?);
    let (times, now) =
        (times.as_primitive::<TimestampMicrosecondType>(), now.as_primitive::<TimestampMicrosecondType>());
    let texts: Vec<ArrayRef> = args[..4].to_vec();
    let of = |row: usize| {
        Some(match closure(&texts, &mut look, row)? {
            Closure::Open | Closure::Asynchronous if now.value(row) - times.value(row) > hung_us => "hung",
            Closure::Open | Closure::Asynchronous => "open",
            _ => "closed",
        })
    };
    Ok(Arc::new((0..args[0].len()).map(of).collect::<StringViewArray>()))
}

fn micros(times: &ArrayRef) -> Result<ArrayRef> {
    Ok(cast(times, &MICROS)?)
}

static MICROS: LazyLock<DataType> =
    LazyLock::new(|| DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));

/// The phases whose times are remembered, in the order of [`Record::times`].
const PHASES: [&str; 5] = ["proposed", "asked", "decided", "executed", "result"];

fn times(args: &[ArrayRef], mut look: Look<'_>) -> Result<ArrayRef> {
    let own = args[1].as_string_view();
    let times = micros(&args[2])?;
    let times = times.as_primitive::<TimestampMicrosecondType>();
    let wanted = cast(&args[3], &DataType::Utf8View)?;
    let wanted = wanted.as_string_view();
    let of = |row: usize| {
        let wanted = wanted.value(row);
        let place = PHASES.iter().position(|phase| *phase == wanted)?;
        match look.record(look.indexes.value(row)).filter(|record| record.observers != 0) {
            Some(record) => record.times[place],
            None => (own.is_valid(row) && own.value(row) == wanted).then(|| times.value(row)),
        }
    };
    let found: TimestampMicrosecondArray = (0..args[0].len()).map(of).collect();
    Ok(Arc::new(found.with_timezone("UTC")))
}

/// Takes out the functions that have no effect, before a query is planned.
#[derive(Debug)]
pub(crate) struct PlainEvents;

impl AnalyzerRule for PlainEvents {
    fn name(&self) -> &str {
        "plain_events"
    }

    fn analyze(&self, plan: LogicalPlan, config: &ConfigOptions) -> Result<LogicalPlan> {
        let changes = config.extensions.get::<Concluded>().map(|told| *told.overlay.changes());
        let changes = changes.unwrap_or_default();
        let plain = plan.transform_up_with_subqueries(|node| {
            let names = NamePreserver::new(&node);
            node.map_expressions(|expr| {
                let name = names.save(&expr);
                Ok(expr
                    .transform_up(|expr| Ok(plain(expr, &changes)))?
                    .update_data(|expr| name.restore(expr)))
            })
        })?;
        Ok(plain.data)
    }
}

fn plain(expr: Expr, changes: &Changes) -> Transformed<Expr> {
    let Expr::ScalarFunction(call) = &expr else { return Transformed::no(expr) };
    let told = Told::all().find(|told| told.name() == call.func.name());
    match (told.filter(|told| told.is_plain(changes)), call.args.first()) {
        (Some(Told::Shown), _) => Transformed::yes(lit(true)),
        (Some(_), Some(own)) => Transformed::yes(own.clone()),
        _ => Transformed::no(expr),
    }
}

//! What is concluded of events, for queries: functions over `index` that read the overlay of the query's moment.
//!
//! `X_now(x, index)` is the value of the whole action where the event says another one or none. A filter by it does not
//! reach the statistics of segments, so [`crate::heirs`] gives it what does.
//!
//! Invariants
//! - A function without an effect is not there when a query is planned ([`PlainEvents`]): events that nobody tells of
//!   twice are read as fast as ever.
//! - No function reads anything but the overlay in memory.

use crate::names::{Names, unnamed};
use crate::told::{MICROS, value};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, plan_err};
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    lit,
};
use datafusion::optimizer::AnalyzerRule;
use std::any::Any;
use std::sync::Arc;
use tacho_action::{Changes, Figure, Overlay};
use tacho_event::time::Micros;

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
    /// `action_state(index, phase, outcome_status, action_type, recorded_at, now())`: open, hung or closed.
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

/// Takes the functions out of a session: by an index that somebody makes up they would tell of anybody's events. Views were
/// planned with them and keep them.
///
/// # Errors
/// None of its own.
pub(crate) fn take_out(state: &mut SessionState) -> Result<()> {
    Told::all().try_for_each(|told| state.deregister_udf(told.name()).map(drop))
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
        let is_named = config.extensions.get::<Names>().is_some_and(|names| !names.is_empty());
        let without_effect = |expr| {
            let plain = plain(expr, &changes);
            if is_named { Ok(plain) } else { plain.transform_data(|expr| Ok(unnamed(expr))) }
        };
        let plain = plan.transform_up_with_subqueries(|node| {
            let names = NamePreserver::new(&node);
            node.map_expressions(|expr| {
                let name = names.save(&expr);
                Ok(expr.transform_up(without_effect)?.update_data(|expr| name.restore(expr)))
            })
        })?;
        Ok(plain.data)
    }
}

/// The expression without a function that has no effect beside these changes.
pub(crate) fn plain(expr: Expr, changes: &Changes) -> Transformed<Expr> {
    let Expr::ScalarFunction(call) = &expr else { return Transformed::no(expr) };
    let told = Told::all().find(|told| told.name() == call.func.name());
    match (told.filter(|told| told.is_plain(changes)), call.args.first()) {
        (Some(Told::Shown), _) => Transformed::yes(lit(true)),
        (Some(_), Some(own)) => Transformed::yes(own.clone()),
        _ => Transformed::no(expr),
    }
}

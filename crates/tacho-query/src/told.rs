//! The values of the functions in [`crate::actions`]: each row's own, and what is concluded of it.

use crate::actions::{Concluded, Told};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringViewArray, StringViewBuilder,
    TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::{cast, max, min};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::Result;
use std::sync::{Arc, LazyLock};
use tacho_action::{Closure, Cursor, Entry, Observer, Overlay, Record};
use tacho_event::id::Id;
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Outcome, Phase};

pub(crate) fn value(told: Told, args: &[ArrayRef], concluded: &Concluded) -> Result<ArrayRef> {
    let own = |at: usize| Look::new(&args[at], &concluded.overlay);
    Ok(match told {
        Told::Shown => shown(own(0)),
        Told::Session | Told::SessionSure => {
            entries(&args[0], own(1), |entry| entry.session().map(|id| Id(id).text()))
        }
        Told::Agent | Told::AgentSure => entries(&args[0], own(1), |entry| entry.agent().map(str::to_string)),
        Told::Name => texts(&args[0], own(1), |record| record.name.clone()),
        Told::Call => texts(&args[0], own(1), |record| record.call.clone()),
        Told::Outcome => texts(&args[0], own(1), |record| Some(record.outcome()?.as_str().to_string())),
        Told::Figure(at) => figures(&args[0], own(1), at),
        Told::Action => {
            let mut look = own(0);
            let indexes = look.indexes;
            let action = |index: i64| match look.entry(index) {
                Some(Entry::Hidden { action, .. }) => *action as i64,
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
fn texts(own: &ArrayRef, look: Look<'_>, of: fn(&Record) -> Option<String>) -> ArrayRef {
    entries(own, look, |entry| match entry {
        Entry::Shown(record) => of(record),
        Entry::Hidden { .. } => None,
    })
}

fn entries(own: &ArrayRef, mut look: Look<'_>, of: impl Fn(&Entry) -> Option<String>) -> ArrayRef {
    if look.cursor.is_none() {
        return Arc::clone(own);
    }
    let mut out = StringViewBuilder::with_capacity(own.len()).with_deduplicate_strings();
    for (row, own) in own.as_string_view().iter().enumerate() {
        match look.entry(look.indexes.value(row)).and_then(&of) {
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
        let mut told = || look.record(look.indexes.value(row)).and_then(|record| record.figures[at]);
        // What stands there is known better: how long what was launched took is not how long the launch did, another may
        // know what a request cost, and of two libraries the inner one its tokens.
        told().or(own)
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
            Closure::Open if now.value(row) - times.value(row) > hung_us => "hung",
            // What goes on in the background may do so for days.
            Closure::Open | Closure::Asynchronous => "open",
            _ => "closed",
        })
    };
    Ok(Arc::new((0..args[0].len()).map(of).collect::<StringViewArray>()))
}

fn micros(times: &ArrayRef) -> Result<ArrayRef> {
    Ok(cast(times, &MICROS)?)
}

pub(crate) static MICROS: LazyLock<DataType> =
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

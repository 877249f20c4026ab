//! A layer for `tracing`: spans and events become events of the record.
//!
//! A span becomes one event when it closes, with its duration and whether something in it failed; an event becomes a log
//! line. Both carry what the spans around them say about agent, session, call and user. Fields that tachograph has a
//! column for go there, all others under `attributes`.

mod fields;
mod names;

use crate::client::Client;
use crate::event::Event;
use crate::within;
use fields::Fields;
use names::INHERITED;
use serde_json::Value;
use std::time::{Instant, SystemTime};
use tacho_event::time;
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// Records spans and events of `tracing` with a client. Filter it as any layer: `.with_filter(LevelFilter::INFO)`.
pub struct TachoLayer {
    client: Client,
}

impl TachoLayer {
    pub fn new(client: Client) -> TachoLayer {
        TachoLayer { client }
    }
}

/// What is kept with an open span.
struct Open {
    fields: Fields,
    began: Instant,
    began_us: i64,
    /// The call of this span, for what happens in it.
    call: String,
    /// An event of level ERROR was seen in it.
    failed: bool,
    /// What the last of them said.
    error: Option<Value>,
    /// The thread was panicking when it was entered: what is done then did not panic itself.
    entered_in_panic: bool,
    panicked: bool,
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for TachoLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        within::once(|| {
            let Some(span) = context.span(id) else { return };
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            let call = fields.text("call_id").map_or_else(crate::owner::random, str::to_owned);
            let open = Open {
                fields,
                began: Instant::now(),
                began_us: now_us(),
                call,
                failed: false,
                error: None,
                entered_in_panic: false,
                panicked: false,
            };
            span.extensions_mut().insert(open);
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        within::once(|| {
            let Some(span) = context.span(id) else { return };
            if let Some(open) = span.extensions_mut().get_mut::<Open>() {
                values.record(&mut open.fields);
                if let Some(call) = open.fields.text("call_id").map(str::to_owned) {
                    open.call = call;
                }
            }
        });
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        within::once(|| {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let metadata = event.metadata();
            let span = context.event_span(event);
            if let Some(span) = &span
                && *metadata.level() == Level::ERROR
                && let Some(open) = span.extensions_mut().get_mut::<Open>()
            {
                open.failed = true;
                open.error = fields.error().cloned().or(open.error.take());
            }
            self.record(fields, metadata, "log", metadata.target(), span, None);
        });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let entered_in_panic = std::thread::panicking();
        change(id, &context, |open| open.entered_in_panic = entered_in_panic);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if std::thread::panicking() {
            change(id, &context, |open| open.panicked |= !open.entered_in_panic);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        within::once(|| {
            let Some(span) = context.span(&id) else { return };
            let Some(mut open) = span.extensions_mut().remove::<Open>() else { return };
            let metadata = span.metadata();
            if open.panicked {
                open.fields.or_set("outcome_error", "panicked".into());
            }
            let failed = open.panicked || open.fields.failed().unwrap_or(open.failed);
            open.fields.or_set("outcome_status", if failed { "failure" } else { "success" }.into());
            // What succeeded after all has no error, though it may have logged one.
            if let Some(error) = open.error
                && !open.fields.succeeded()
            {
                open.fields.or_set("outcome_error", error);
            }
            open.fields.or_set("call_id", open.call.into());
            let elapsed = open.began.elapsed();
            open.fields.or_set("duration_ms", (elapsed.as_micros() as f64 / 1000.0).into());
            let kind = if open.fields.columns.contains_key("tool") { "tool" } else { "lifecycle" };
            self.record(open.fields, metadata, kind, metadata.name(), span.parent(), Some(open.began_us));
        });
    }
}

fn change<S: for<'l> LookupSpan<'l> + Subscriber>(
    id: &Id,
    context: &Context<'_, S>,
    change: impl FnOnce(&mut Open),
) {
    within::once(|| {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<Open>()
        {
            change(open);
        }
    });
}

impl TachoLayer {
    /// Makes the event out of its fields and of what the spans around say, and records it.
    fn record<S: for<'l> LookupSpan<'l>>(
        &self,
        fields: Fields,
        metadata: &Metadata<'_>,
        kind: &str,
        name: &str,
        around: Option<SpanRef<'_, S>>,
        began_us: Option<i64>,
    ) {
        let Fields { mut columns, mut attributes, left_out } = fields;
        let tool = columns.remove("tool");
        columns.entry("action_type").or_insert_with(|| kind.into());
        columns.entry("action_name").or_insert_with(|| tool.unwrap_or_else(|| name.into()));
        columns.entry("level").or_insert_with(|| level(*metadata.level()).into());
        columns.entry("logger").or_insert_with(|| metadata.target().into());
        for (at, span) in around.iter().flat_map(SpanRef::scope).enumerate() {
            let extensions = span.extensions();
            let Some(open) = extensions.get::<Open>() else { continue };
            if at == 0 {
                columns.entry("parent_id").or_insert_with(|| open.call.clone().into());
            }
            for name in INHERITED {
                if let Some(value) = open.fields.columns.get(name) {
                    columns.entry(name).or_insert_with(|| value.clone());
                }
            }
        }
        if left_out > 0 {
            attributes.insert("fields_left_out".into(), left_out.into());
        }
        if !attributes.is_empty() {
            columns.insert("attributes".into(), attributes.into());
        }
        let event = Event::raw(columns);
        self.client.record(match began_us {
            Some(began_us) => event.timestamp(&time::format(began_us)),
            None => event,
        });
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        _ => "DEBUG",
    }
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

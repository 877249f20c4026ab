//! A point of a metric as one event of type `metric`: the metric's name is the action, value and aggregation are the
//! output, in the names of OTLP.
//!
//! A point is stored as it was sent. A cumulative one says `"temporality":"cumulative"` and when its series began:
//! what happened between two points is their difference, and only the last one of a series counts. Tokens and cost
//! in metrics are therefore never added to those of events.

use super::Malformed;
use super::attributes::{is_section, of_point};
use super::group::Group;
use super::points::{
    Buckets, Data, Exemplar, ExponentialPoint, HistogramPoint, Metric, NumberPoint, SummaryPoint,
};
use super::value::{Members, id_text, moment, object, push_double};
use super::walk::Raw;
use super::wire::KeyValue;
use crate::fields::{Refused, quote};
use crate::lift::lift;
use prost::Message;
use std::fmt::Write;
use tacho_event::event::Event;
use tacho_event::words::ActionType;

/// The kinds of data: field and name in a metric.
pub(super) const KINDS: [(u32, &str); 5] =
    [(5, "gauge"), (7, "sum"), (9, "histogram"), (10, "exponentialHistogram"), (11, "summary")];

/// A flag of points that tell that there is no value.
const NO_VALUE: u32 = 1;

/// A metric without its points.
pub(super) struct Head {
    pub(super) metric: Metric,
    pub(super) data: Data,
    pub(super) kind: &'static str,
    /// What tells its points from those of another metric.
    pub(super) bytes: Vec<u8>,
}

impl Head {
    pub(super) fn new(metric: Metric, data: Data, kind: &'static str) -> Head {
        let mut bytes = metric.encode_length_delimited_to_vec();
        bytes.extend_from_slice(kind.as_bytes());
        bytes.extend(data.encode_to_vec());
        Head { metric, data, kind, bytes }
    }
}

/// A point's texts, from which its event borrows.
pub(super) struct Texts {
    pub(super) members: Members,
    pub(super) bytes: Vec<u8>,
    claimed_us: Option<i64>,
    output: String,
}

impl Texts {
    pub(super) fn new(head: &Head, point: Raw<'_>) -> Result<Texts, Malformed> {
        Ok(match head.kind {
            "gauge" | "sum" => Texts::of(head, &point.decode::<NumberPoint>()?),
            "histogram" => Texts::of(head, &point.decode::<HistogramPoint>()?),
            "exponentialHistogram" => Texts::of(head, &point.decode::<ExponentialPoint>()?),
            _ => Texts::of(head, &point.decode::<SummaryPoint>()?),
        })
    }

    fn of<P: Point>(head: &Head, point: &P) -> Texts {
        let mut members = Members::default();
        let (start, time, flags) = point.times_and_flags();
        let claimed_us = moment(time, "time_unix_nano", &mut members);
        members.attributes(point.attributes(), is_section);
        members.first("user.email");
        members.add_count("flags", flags);
        members.add_text("description", &head.metric.description);
        let mut values = 0;
        if !head.metric.metadata.is_empty() {
            members.add("metadata", object(&head.metric.metadata, &mut values));
        }
        let mut out = Output { text: String::from("{") };
        point.values(&mut out, &mut values);
        out.text("unit", &head.metric.unit);
        out.text("kind", head.kind);
        match head.data.aggregation_temporality {
            1 => out.text("temporality", "delta"),
            2 => out.text("temporality", "cumulative"),
            0 => {}
            other => out.raw("temporality", &other.to_string()),
        }
        if head.kind == "sum" {
            out.raw("monotonic", if head.data.is_monotonic { "true" } else { "false" });
        }
        if start != 0 {
            out.raw("start_time_unix_nano", &start.to_string());
        }
        members.add_values(values);
        out.text.push('}');
        members.weigh(&out.text);
        Texts { members, bytes: point.encode_to_vec(), claimed_us, output: out.text }
    }

    pub(super) fn event<'a>(&'a self, head: &'a Head, group: &'a Group) -> Result<Event<'a>, Refused> {
        let mut event = Event {
            claimed_us: self.claimed_us,
            action_type: Some(ActionType::Metric),
            action_name: (!head.metric.name.is_empty()).then(|| head.metric.name.as_str().into()),
            output: Some(self.output.as_str().into()),
            ..Event::default()
        };
        lift(self.members.fields(), of_point, &mut event)?;
        group.apply(&mut event)?;
        Ok(event)
    }
}

/// One of the four kinds of points.
trait Point: Message {
    fn attributes(&self) -> &[KeyValue];
    fn times_and_flags(&self) -> (u64, u64, u32);
    fn values(&self, out: &mut Output, count: &mut usize);
}

impl Point for NumberPoint {
    fn attributes(&self) -> &[KeyValue] {
        &self.attributes
    }

    fn times_and_flags(&self) -> (u64, u64, u32) {
        (self.start_time_unix_nano, self.time_unix_nano, self.flags)
    }

    fn values(&self, out: &mut Output, count: &mut usize) {
        match (self.as_int, self.as_double) {
            _ if self.flags & NO_VALUE != 0 => out.raw("value", "null"),
            (Some(number), _) => out.raw("value", &number.to_string()),
            (None, Some(number)) => out.double("value", number),
            (None, None) => out.raw("value", "null"),
        }
        out.exemplars(&self.exemplars, count);
    }
}

impl Point for HistogramPoint {
    fn attributes(&self) -> &[KeyValue] {
        &self.attributes
    }

    fn times_and_flags(&self) -> (u64, u64, u32) {
        (self.start_time_unix_nano, self.time_unix_nano, self.flags)
    }

    fn values(&self, out: &mut Output, count: &mut usize) {
        out.raw("count", &self.count.to_string());
        out.some_double("sum", self.sum);
        out.some_double("min", self.min);
        out.some_double("max", self.max);
        out.list("bucket_counts", self.bucket_counts.iter(), |number, text| push_number(*number, text));
        out.list("explicit_bounds", self.explicit_bounds.iter(), |number, text| push_double(*number, text));
        *count += self.bucket_counts.len() + self.explicit_bounds.len();
        out.exemplars(&self.exemplars, count);
    }
}

impl Point for ExponentialPoint {
    fn attributes(&self) -> &[KeyValue] {
        &self.attributes
    }

    fn times_and_flags(&self) -> (u64, u64, u32) {
        (self.start_time_unix_nano, self.time_unix_nano, self.flags)
    }

    fn values(&self, out: &mut Output, count: &mut usize) {
        out.raw("count", &self.count.to_string());
        out.some_double("sum", self.sum);
        out.some_double("min", self.min);
        out.some_double("max", self.max);
        out.raw("scale", &self.scale.to_string());
        out.raw("zero_count", &self.zero_count.to_string());
        if self.zero_threshold != 0.0 {
            out.double("zero_threshold", self.zero_threshold);
        }
        out.buckets("positive", self.positive.as_ref(), count);
        out.buckets("negative", self.negative.as_ref(), count);
        out.exemplars(&self.exemplars, count);
    }
}

impl Point for SummaryPoint {
    fn attributes(&self) -> &[KeyValue] {
        &self.attributes
    }

    fn times_and_flags(&self) -> (u64, u64, u32) {
        (self.start_time_unix_nano, self.time_unix_nano, self.flags)
    }

    fn values(&self, out: &mut Output, count: &mut usize) {
        out.raw("count", &self.count.to_string());
        out.double("sum", self.sum);
        out.list("quantiles", self.quantile_values.iter(), |quantile, text| {
            text.push_str("{\"quantile\":");
            push_double(quantile.quantile, text);
            text.push_str(",\"value\":");
            push_double(quantile.value, text);
            text.push('}');
        });
        *count += self.quantile_values.len();
    }
}

/// The object of values while it is written.
struct Output {
    text: String,
}

impl Output {
    fn key(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        write!(self.text, "\"{name}\":").expect("a String takes text");
    }

    fn raw(&mut self, name: &str, json: &str) {
        self.key(name);
        self.text.push_str(json);
    }

    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.raw(name, &quote(text));
        }
    }

    fn double(&mut self, name: &str, number: f64) {
        self.key(name);
        push_double(number, &mut self.text);
    }

    fn some_double(&mut self, name: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.double(name, number);
        }
    }

    fn list<T>(&mut self, name: &str, items: impl Iterator<Item = T>, push: impl Fn(T, &mut String)) {
        self.key(name);
        let mut separator = '[';
        for item in items {
            self.text.push(separator);
            push(item, &mut self.text);
            separator = ',';
        }
        self.text.push_str(if separator == '[' { "[]" } else { "]" });
    }

    fn buckets(&mut self, name: &str, buckets: Option<&Buckets>, count: &mut usize) {
        let Some(buckets) = buckets else { return };
        self.raw(name, &format!("{{\"offset\":{}", buckets.offset));
        self.list("bucket_counts", buckets.bucket_counts.iter(), |number, text| push_number(*number, text));
        self.text.push('}');
        *count += buckets.bucket_counts.len();
    }

    fn exemplars(&mut self, exemplars: &[Exemplar], count: &mut usize) {
        if exemplars.is_empty() {
            return;
        }
        let list: Vec<String> = exemplars.iter().map(|exemplar| self::exemplar(exemplar, count)).collect();
        self.raw("exemplars", &format!("[{}]", list.join(",")));
    }
}

fn push_number(number: u64, text: &mut String) {
    write!(text, "{number}").expect("a String takes text");
}

fn exemplar(exemplar: &Exemplar, count: &mut usize) -> String {
    let mut out = Output { text: String::from("{") };
    match (exemplar.as_int, exemplar.as_double) {
        (Some(number), _) => out.raw("value", &number.to_string()),
        (None, number) => out.some_double("value", number),
    }
    out.raw("time_unix_nano", &exemplar.time_unix_nano.to_string());
    out.text("trace_id", &id_text(&exemplar.trace_id));
    out.text("span_id", &id_text(&exemplar.span_id));
    if !exemplar.filtered_attributes.is_empty() {
        out.raw("attributes", &object(&exemplar.filtered_attributes, count));
    }
    out.text.push('}');
    out.text
}

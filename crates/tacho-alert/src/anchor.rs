//! Which rules an event can concern: rules are found by what their conditions compare with constants.
//!
//! Invariant: a rule that is not found could not have passed its event conditions.

use crate::compile::{Compiled, Shape, Step, field_of};
use crate::field::Field;
use crate::row::Row;
use crate::term::Term;
use crate::value::Value;
use std::collections::HashMap;
use tacho_event::fact::TextFact;
use tacho_pipe::Comparison;

/// What an event must have for a rule to look at it.
#[derive(Debug, Clone, PartialEq)]
enum Anchor {
    Equals(Field, Vec<Box<str>>),
    /// The same without regard to case: the texts are in small letters.
    Folded(Field, Vec<Box<str>>),
    Above(Field, f64),
    Present(Field),
    Any,
}

/// Rules by a text that they compare with.
type ByText = HashMap<Box<str>, Vec<u32>, foldhash::fast::RandomState>;

/// Rules by what they are anchored to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    equals: Vec<(Field, ByText)>,
    folded: Vec<(Field, ByText)>,
    /// By bound, least first.
    above: Vec<(Field, Vec<(f64, u32)>)>,
    present: Vec<(Field, Vec<u32>)>,
    any: Vec<u32>,
}

impl Index {
    pub(crate) fn build<'a>(rules: impl Iterator<Item = &'a Compiled>) -> Index {
        let mut index = Index::default();
        for (at, rule) in rules.enumerate() {
            for anchor in anchors(rule) {
                index.add(at as u32, anchor);
            }
        }
        for (_, bounds) in &mut index.above {
            bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        index
    }

    fn add(&mut self, rule: u32, anchor: Anchor) {
        match anchor {
            Anchor::Any => self.any.push(rule),
            Anchor::Equals(field, values) => {
                let map = entry(&mut self.equals, field);
                values.into_iter().for_each(|value| map.entry(value).or_default().push(rule));
            }
            Anchor::Folded(field, values) => {
                let map = entry(&mut self.folded, field);
                values.into_iter().for_each(|value| map.entry(value).or_default().push(rule));
            }
            Anchor::Above(field, bound) => entry(&mut self.above, field).push((bound, rule)),
            Anchor::Present(field) => entry(&mut self.present, field).push(rule),
        }
    }

    /// Calls for each rule that an event can concern; a rule may be called for twice.
    pub(crate) fn each(&self, row: &dyn Row, mut call: impl FnMut(u32)) {
        self.any.iter().for_each(|rule| call(*rule));
        for (field, map) in &self.equals {
            let value = row.value(*field);
            let rules = match &value {
                Value::Text(text) => map.get(text.as_ref()),
                Value::Bool(true) => map.get("true"),
                Value::Bool(false) => map.get("false"),
                _ => None,
            };
            rules.into_iter().flatten().for_each(|rule| call(*rule));
        }
        for (field, map) in &self.folded {
            let value = row.value(*field);
            let rules = value.as_text().and_then(|text| map.get(text.to_lowercase().as_str()));
            rules.into_iter().flatten().for_each(|rule| call(*rule));
        }
        for (field, bounds) in &self.above {
            if let Some(value) = row.value(*field).as_number() {
                bounds.iter().take_while(|(bound, _)| *bound <= value).for_each(|(_, rule)| call(*rule));
            }
        }
        for (field, rules) in &self.present {
            if !row.value(*field).is_null() {
                rules.iter().for_each(|rule| call(*rule));
            }
        }
    }
}

fn entry<T: Default>(list: &mut Vec<(Field, T)>, field: Field) -> &mut T {
    let at = list.iter().position(|(have, _)| *have == field).unwrap_or_else(|| {
        list.push((field, T::default()));
        list.len() - 1
    });
    &mut list[at].1
}

/// The anchors of a rule: one of them has to hold.
fn anchors(rule: &Compiled) -> Vec<Anchor> {
    if matches!(*rule.shape, Shape::Open(..)) {
        // Anything can begin or end something.
        return vec![Anchor::Any];
    }
    let filters =
        rule.before.iter().filter_map(|step| if let Step::Filter(term) = step { Some(term) } else { None });
    let all = filters.map(|term| of(term, rule.base));
    let mut best = all.min_by_key(|anchors| weight(anchors)).unwrap_or_else(|| vec![Anchor::Any]);
    if let Shape::Sequence { steps, .. } = &*rule.shape {
        let steps: Vec<Anchor> = steps.iter().flat_map(|(term, ..)| of(term, rule.base)).collect();
        if weight(&steps) < weight(&best) {
            best = steps;
        }
    }
    best
}

fn of(term: &Term, base: usize) -> Vec<Anchor> {
    let field = |term: &Term| match term {
        Term::Column(at) if *at < base => Some(field_of(*at)),
        _ => None,
    };
    let lowered = |term: &Term| match term {
        Term::Scalar(name, arguments) if name == "lower" => arguments.first().and_then(field),
        _ => None,
    };
    // What has no value makes nothing true: where a condition reads, something has to be there.
    let read = |term: &Term| field(term).or_else(|| lowered(term)).map(Anchor::Present);
    let constant = |term: &Term| match term {
        Term::Constant(value) => Some(value.clone()),
        _ => None,
    };
    let found = match term {
        Term::And(terms) => {
            return terms.iter().map(|term| of(term, base)).min_by_key(|a| weight(a)).unwrap_or_default();
        }
        Term::Or(terms) => return terms.iter().flat_map(|term| of(term, base)).collect(),
        Term::Compare(how, a, b) => match (field(a), constant(b), how) {
            (Some(field), Some(value), Comparison::Equal) => equals(field, &[value]),
            (Some(field), Some(Value::Number(n)), Comparison::Greater | Comparison::GreaterOrEqual) => {
                Some(Anchor::Above(field, n))
            }
            (None, Some(value), Comparison::Equal) if lowered(a).is_some() => folded(lowered(a), &[value]),
            _ => read(a),
        },
        Term::In { value, list, negated: false } => match lowered(value) {
            None => field(value).and_then(|field| equals(field, list)),
            lowered => folded(lowered, list),
        },
        Term::Exists(a)
        | Term::Contains(a, _)
        | Term::StartsWith(a, _)
        | Term::EndsWith(a, _)
        | Term::Regex(a, _)
        | Term::Cidr(a, _) => {
            if let Some(columns) = members(a).filter(|columns| columns.iter().all(|at| *at < base)) {
                return columns.iter().map(|at| Anchor::Present(field_of(*at))).collect();
            }
            read(a)
        }
        Term::Column(_) => field(term).map(|field| Anchor::Equals(field, vec!["true".into()])),
        _ => None,
    };
    vec![found.unwrap_or(Anchor::Any)]
}

/// The columns in which a member of JSON is looked for, also in small letters.
fn members(term: &Term) -> Option<&[usize]> {
    match term {
        Term::Member { columns, .. } => Some(columns),
        Term::Scalar(name, arguments) if name == "lower" => arguments.first().and_then(members),
        _ => None,
    }
}

fn folded(field: Option<Field>, values: &[Value<'static>]) -> Option<Anchor> {
    let texts = values.iter().map(|value| value.as_text().map(Box::from));
    match (field, texts.collect::<Option<Vec<Box<str>>>>()) {
        (Some(field), Some(texts)) => Some(Anchor::Folded(field, texts)),
        (field, _) => field.map(Anchor::Present),
    }
}

fn equals(field: Field, values: &[Value<'static>]) -> Option<Anchor> {
    let texts = values.iter().map(|value| match value {
        Value::Text(text) => Some(text.as_ref().into()),
        Value::Bool(value) => Some(value.to_string().into()),
        _ => None,
    });
    match texts.collect::<Option<Vec<Box<str>>>>() {
        Some(texts) => Some(Anchor::Equals(field, texts)),
        None => Some(Anchor::Present(field)),
    }
}

/// How many events an anchor lets through, roughly: the least is the best.
fn weight(anchors: &[Anchor]) -> u32 {
    let one = |anchor: &Anchor| match anchor {
        Anchor::Equals(field, values) | Anchor::Folded(field, values) => {
            let each = match field {
                Field::Agent | Field::Session | Field::Call | Field::User | Field::Ip => 1,
                Field::ActionName | Field::Text(TextFact::MappedAction) => 2,
                Field::Text(_) | Field::Sensitive => 3,
                Field::Class | Field::Level | Field::ActionType => 20,
                _ => 60,
            };
            each + values.len() as u32 / 8
        }
        Anchor::Above(..) => 30,
        Anchor::Present(Field::Text(_) | Field::Int(_)) => 50,
        Anchor::Present(_) => 150,
        Anchor::Any => 1_000,
    };
    // Nothing to anchor to at all must not look like a good one.
    if anchors.is_empty() { 1_000 } else { anchors.iter().map(one).sum() }
}

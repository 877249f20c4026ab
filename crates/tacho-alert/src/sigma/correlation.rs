//! Correlations: what many events have to be together, as the stages of a query.

use crate::sigma::build::{all, any, column, compare, exists, literal, name, path};
use crate::sigma::detection;
use crate::sigma::item::Wrong;
use crate::sigma::rule::{Head, Single};
use crate::sigma::taxonomy::{self, Place};
use crate::sigma::{measure, offer};
use crate::yaml::{Node, What};
use std::collections::BTreeMap;
use tacho_pipe::{Aggregate, ByKey, Call, Comparison, Expr, Function, Literal, Sequence, Span, Stage, Step};

const MEMBERS: [&str; 7] = ["type", "rules", "aliases", "group-by", "timespan", "condition", "generate"];
const TYPES: [&str; 8] = [
    "event_count",
    "value_count",
    "value_sum",
    "value_avg",
    "value_median",
    "value_percentile",
    "temporal",
    "temporal_ordered",
];
/// Steps of one sequence, and conditions of one aggregate.
const RULES_MAX: usize = 16;

#[derive(Debug, Clone)]
pub(super) struct Correlation {
    pub(super) head: Head,
    kind: String,
    pub(super) rules: Vec<(usize, String)>,
    by: Vec<(usize, String)>,
    aliases: BTreeMap<String, Vec<(String, String)>>,
    /// As rules write it: `5m`.
    pub(super) timespan: String,
    condition: Option<Node>,
    /// Whether the rules that it is made of are wanted as well.
    pub(super) generate: bool,
}

/// The stages behind the source, and whether only time can make them true.
pub(super) struct Stages {
    pub(super) stages: Vec<Stage>,
    pub(super) each_event: bool,
}

impl Correlation {
    pub(super) fn read(document: &Node) -> Result<Correlation, Wrong> {
        let head = Head::read(document)?;
        let node =
            document.get("correlation").ok_or((document.line, "the correlation is empty".to_string()))?;
        if let Some((key, _)) = node.members().iter().find(|(key, _)| !MEMBERS.contains(&key.text.as_str())) {
            let near = offer(&key.text, MEMBERS);
            return Err((key.line, format!("unknown member \"{}\" of correlation{near}", key.text)));
        }
        let need = |name: &str| node.get(name).ok_or((node.line, format!("the correlation has no {name}")));
        let kind_node = need("type")?;
        let kind = kind_node.text().unwrap_or_default();
        if !TYPES.contains(&kind.as_str()) {
            let near = offer(&kind, TYPES);
            return Err((kind_node.line, format!("type is \"{kind}\", expected {}{near}", TYPES.join(", "))));
        }
        let texts = |node: &Node| -> Vec<(usize, String)> {
            node.items().iter().filter_map(|item| item.text().map(|text| (item.line, text))).collect()
        };
        let rules = texts(need("rules")?);
        if rules.is_empty() || rules.len() > RULES_MAX {
            return Err((
                node.line,
                format!("the correlation names {} rules, expected 1 to {RULES_MAX}", rules.len()),
            ));
        }
        let span = need("timespan")?;
        let timespan = timespan(&span.text().unwrap_or_default()).map_err(|why| (span.line, why))?;
        let aliases = node.get("aliases").map_or(&[][..], Node::members).iter().map(|(alias, of)| {
            let each =
                of.members().iter().filter_map(|(rule, field)| Some((rule.text.clone(), field.text()?)));
            (alias.text.clone(), each.collect())
        });
        let yes = |node: &Node| node.what == What::Bool(true);
        Ok(Correlation {
            head,
            kind,
            rules,
            by: node.get("group-by").map_or(Vec::new(), texts),
            aliases: aliases.collect(),
            timespan,
            condition: node.get("condition").cloned(),
            generate: [document, node].iter().any(|from| from.get("generate").is_some_and(yes)),
        })
    }

    /// The stages over the rules that it names, in the order in which it names them.
    pub(super) fn stages(&self, rules: &[&Single]) -> Result<Stages, Wrong> {
        let places = self.by.iter().map(|(line, field)| self.group(field).map_err(|why| (*line, why)));
        let places = places.collect::<Result<Vec<_>, Wrong>>()?;
        let there = places.iter().map(|place| exists(&place.parts()));
        let one_of = any(rules.iter().map(|rule| rule.condition.clone()).collect());
        match self.kind.as_str() {
            "temporal_ordered" => self.ordered(rules, &places, there.collect()),
            "temporal" => self.together(rules, &places, all(there.chain([one_of]).collect())),
            kind => {
                let none = || (self.head.line, format!("{kind}: it has no condition"));
                let asked = self.condition.as_ref().ok_or_else(none)?;
                measure::stages(kind, asked, &places, all(there.chain([one_of]).collect()))
            }
        }
    }

    /// A field to group by. An alias has to mean the same column for every rule.
    fn group(&self, field: &str) -> Result<Place, String> {
        let Some(of) = self.aliases.get(field) else { return taxonomy::place(field) };
        let places =
            of.iter().map(|(_, field)| taxonomy::place(field)).collect::<Result<Vec<_>, String>>()?;
        match places.split_first() {
            Some((first, rest)) if rest.iter().all(|place| place == first) => Ok(first.clone()),
            Some(_) => Err(format!(
                "the alias \"{field}\" stands for different fields: groups here are of one column"
            )),
            None => Err(format!("the alias \"{field}\" stands for no field")),
        }
    }

    fn line(&self) -> usize {
        self.condition.as_ref().map_or(self.head.line, |condition| condition.line)
    }

    /// Each of the rules within the time, in any order: `count() if (…) as a, … | a > 0 and …`.
    fn together(&self, rules: &[&Single], places: &[Place], condition: Expr) -> Result<Stages, Wrong> {
        let names: Vec<String> = (1..=rules.len()).map(|n| format!("rule_{n}")).collect();
        let calls = rules.iter().zip(&names).map(|(rule, alias)| Call {
            function: Function::Count,
            arguments: Vec::new(),
            only_if: Some(rule.condition.clone()),
            alias: Some(name(alias)),
            span: Span::default(),
        });
        let seen = |alias: &String| {
            compare(Comparison::Greater, column(std::slice::from_ref(alias)), literal(Literal::Number(0.0)))
        };
        let all_seen = || all(names.iter().map(seen).collect());
        let asked = match &self.condition {
            None => all_seen(),
            Some(node) => match &node.what {
                What::Text(text) => {
                    let known =
                        self.rules.iter().zip(&names).map(|((_, rule), alias)| (rule.clone(), seen(alias)));
                    let known: Vec<(String, Expr)> = known.collect();
                    detection::parse(text, &known).map_err(|why| (node.line, format!("condition: {why}")))?
                }
                _ => match at_least(node) {
                    Some(least) if least == rules.len() as f64 => all_seen(),
                    Some(1.0) => any(names.iter().map(seen).collect()),
                    _ => {
                        let message = format!(
                            "temporal: expected gte: {} (all of its rules), gte: 1, or such as \"a and not b\"",
                            rules.len()
                        );
                        return Err((node.line, message));
                    }
                },
            },
        };
        let counted = counted(calls.collect(), places);
        Ok(Stages { stages: vec![Stage::Filter(condition), counted, Stage::Filter(asked)], each_event: true })
    }

    /// One of the rules after the other.
    fn ordered(&self, rules: &[&Single], places: &[Place], there: Vec<Expr>) -> Result<Stages, Wrong> {
        if let Some(node) = &self.condition
            && at_least(node) != Some(rules.len() as f64)
        {
            let message =
                format!("temporal_ordered: expected gte: {}, all of its rules, or no condition", rules.len());
            return Err((node.line, message));
        }
        if let Some(place) = places.iter().find(|place| place.is_member()) {
            let path = place.parts().join(".");
            return Err((
                self.line(),
                format!("temporal_ordered: \"{path}\" is a member of JSON, a sequence is by columns"),
            ));
        }
        let steps = rules.iter().enumerate().map(|(at, rule)| Step {
            name: name(&format!("rule_{}", at + 1)),
            condition: rule.condition.clone(),
            min: 1,
            max: None,
        });
        let sequence = Sequence {
            by: places.iter().map(|place| name(place.column)).collect(),
            within_us: tacho_pipe::parse_us(&self.timespan).unwrap_or_default(),
            steps: steps.collect(),
            span: Span::default(),
        };
        let mut stages = Vec::new();
        if !there.is_empty() {
            stages.push(Stage::Filter(all(there)));
        }
        stages.push(Stage::Sequence(sequence));
        Ok(Stages { stages, each_event: true })
    }
}

pub(super) fn counted(calls: Vec<Call>, places: &[Place]) -> Stage {
    let by = places.iter().map(|place| ByKey::Path(path(&place.parts()))).collect();
    Stage::Aggregate(Aggregate { calls, by, span: Span::default() })
}

/// The number of a condition that is `gte: N` and nothing else.
fn at_least(node: &Node) -> Option<f64> {
    match node.members() {
        [(key, Node { what: What::Number(number), .. })] if key.text == "gte" => Some(*number),
        [(key, Node { what: What::Number(number), .. })] if key.text == "gt" => Some(*number + 1.0),
        _ => None,
    }
}

/// `15m`, `90s`, `1h`, `7d`, as rules write it. A month is 30 days.
fn timespan(text: &str) -> Result<String, String> {
    let wrong = || format!("timespan is \"{text}\", expected such as 90s, 15m, 1h or 7d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    match unit {
        "s" | "m" | "h" | "d" | "w" => Ok(format!("{number}{unit}")),
        "M" => Ok(format!("{}d", u64::from(number) * 30)),
        _ => Err(wrong()),
    }
}

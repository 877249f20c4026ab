//! Conditions of ours in Sigma's words: selections, and the condition that joins them.

use crate::sigma::item::WORDS;
use crate::sigma::taxonomy::{self, Place};
use crate::yaml::quoted;
use std::fmt::Write;
use tacho_pipe::{Comparison, Expr, Kind, Literal, Matching, Node, Path};

/// Why something can't be said.
pub(super) type Why = String;

/// One line of a selection: a field with its modifiers, and the values.
#[derive(Debug, Clone, PartialEq)]
struct Item {
    key: String,
    values: Vec<String>,
}

/// The selections so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    selections: Vec<Vec<Item>>,
}

impl Said {
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for (at, items) in self.selections.iter().enumerate() {
            // Writing to a text can't fail.
            let _ = writeln!(out, "  selection_{}:", at + 1);
            for item in items {
                match item.values.as_slice() {
                    [value] => {
                        let _ = writeln!(out, "    {}: {value}", item.key);
                    }
                    values => {
                        let _ = writeln!(out, "    {}:", item.key);
                        for value in values {
                            let _ = writeln!(out, "      - {value}");
                        }
                    }
                }
            }
        }
        out
    }

    fn select(&mut self, items: Vec<Item>) -> String {
        let at = self.selections.iter().position(|have| *have == items).unwrap_or_else(|| {
            self.selections.push(items);
            self.selections.len() - 1
        });
        format!("selection_{}", at + 1)
    }

    /// Conditions that all hold: those that only compare share a selection.
    pub(super) fn all(&mut self, conditions: &[Expr]) -> Result<String, Why> {
        let flat = conditions.iter().flat_map(|condition| match &condition.node {
            Node::And(terms) => terms.as_slice(),
            _ => std::slice::from_ref(condition),
        });
        let (mut together, mut parts): (Vec<Item>, Vec<String>) = (Vec::new(), Vec::new());
        for term in flat {
            match plain(term)? {
                Some(item) if together.iter().all(|have| have.key != item.key) => together.push(item),
                _ => {
                    let part = self.condition(term)?;
                    parts.push(if matches!(term.node, Node::Or(_)) && part.contains(" or ") {
                        format!("({part})")
                    } else {
                        part
                    });
                }
            }
        }
        if together.is_empty() && parts.is_empty() {
            // Every event has a place on the log.
            together.push(Item { key: "index|exists".into(), values: vec!["true".into()] });
        }
        if !together.is_empty() {
            parts.insert(0, self.select(together));
        }
        Ok(parts.join(" and "))
    }

    fn condition(&mut self, expr: &Expr) -> Result<String, Why> {
        if let Some(item) = plain(expr)? {
            return Ok(self.select(vec![item]));
        }
        match &expr.node {
            Node::And(terms) => self.all(terms),
            Node::Or(terms) => self.either(terms),
            Node::Not(inner) => Ok(format!("not {}", self.bracketed(inner)?)),
            // What is absent is unequal to nothing here, and not selected there.
            Node::Compare(Comparison::NotEqual, left, right) => {
                let equal = Expr {
                    node: Node::Compare(Comparison::Equal, left.clone(), right.clone()),
                    span: expr.span,
                };
                self.there_but_not(left, &equal)
            }
            Node::In { value, list, negated: true } => {
                let node = Node::In { value: value.clone(), list: list.clone(), negated: false };
                self.there_but_not(value, &Expr { node, span: expr.span })
            }
            _ => Err("it compares with something computed, or with what is usual".into()),
        }
    }

    fn bracketed(&mut self, expr: &Expr) -> Result<String, Why> {
        let inner = self.condition(expr)?;
        Ok(if inner.contains(' ') { format!("({inner})") } else { inner })
    }

    fn there_but_not(&mut self, value: &Expr, equal: &Expr) -> Result<String, Why> {
        let (place, _) = subject(value)?;
        let there = Item { key: format!("{}|exists", place.parts().join(".")), values: vec!["true".into()] };
        let there = self.select(vec![there]);
        let equal = self.bracketed(equal)?;
        Ok(format!("({there} and not {equal})"))
    }

    /// One of several: values of one field become a list.
    fn either(&mut self, terms: &[Expr]) -> Result<String, Why> {
        let (mut lists, mut parts): (Vec<Item>, Vec<String>) = (Vec::new(), Vec::new());
        for term in terms {
            match plain(term)? {
                Some(item) => match lists.iter_mut().find(|have| have.key == item.key) {
                    Some(have) => have.values.extend(item.values),
                    None => lists.push(item),
                },
                None => {
                    let part = self.condition(term)?;
                    parts.push(if part.contains(" and ") && !part.starts_with('(') {
                        format!("({part})")
                    } else {
                        part
                    });
                }
            }
        }
        let selected: Vec<String> = lists.into_iter().map(|item| self.select(vec![item])).collect();
        Ok(selected.into_iter().chain(parts).collect::<Vec<_>>().join(" or "))
    }
}

/// A comparison that one item says; nothing for what needs a condition.
fn plain(expr: &Expr) -> Result<Option<Item>, Why> {
    let one = |key: String, value: String| Ok(Some(Item { key, values: vec![value] }));
    match &expr.node {
        Node::Path(path) => one(place(path)?.parts().join("."), "true".into()),
        Node::Exists(path) => one(format!("{}|exists", place(path)?.parts().join(".")), "true".into()),
        Node::Compare(Comparison::NotEqual, ..) | Node::In { negated: true, .. } => Ok(None),
        Node::Compare(how, left, right) => compared(*how, left, right).map(Some),
        Node::In { value, list, .. } => {
            let each = list.iter().map(|literal| {
                let right = Expr { node: Node::Literal(literal.clone()), span: expr.span };
                compared(Comparison::Equal, value, &right)
            });
            let each = each.collect::<Result<Vec<_>, Why>>()?;
            // One key for all: what is written with regard to case in one value is in all.
            let key =
                each.iter().map(|item| &item.key).max_by_key(|key| key.len()).cloned().unwrap_or_default();
            Ok(Some(Item { key, values: each.into_iter().flat_map(|item| item.values).collect() }))
        }
        Node::Match { value, how, pattern } => matched(value, *how, pattern).map(Some),
        _ => Ok(None),
    }
}

fn place(path: &Path) -> Result<Place, Why> {
    let name = path.parts.join(".");
    taxonomy::own(&name).ok_or_else(|| format!("\"{name}\" is no column of agent_audit_log"))
}

/// What is compared, and whether without regard to case.
fn subject(expr: &Expr) -> Result<(Place, bool), Why> {
    match &expr.node {
        Node::Path(path) => Ok((place(path)?, false)),
        Node::Scalar(name, arguments) if name == "lower" => match arguments.as_slice() {
            [Expr { node: Node::Path(path), .. }] => Ok((place(path)?, true)),
            _ => Err("it compares something computed".into()),
        },
        _ => Err("it compares something computed".into()),
    }
}

/// Wildcards of Sigma are plain signs here.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "*?\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    quoted(&out)
}

/// A text, and the key that compares it as we do.
fn text(place: &Place, folded: bool, how: &str, text: &str) -> Result<Item, Why> {
    let name = place.parts().join(".");
    let lower = text.to_lowercase() == text;
    if folded && !lower {
        return Err(format!("lower({name}) never has capitals"));
    }
    let has_case = text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    let any_case = folded || !has_case || (WORDS.contains(&place.column) && lower);
    let cased = if any_case { "" } else { "|cased" };
    Ok(Item { key: format!("{name}{how}{cased}"), values: vec![escaped(text)] })
}

fn matched(value: &Expr, how: Matching, pattern: &str) -> Result<Item, Why> {
    let (place, folded) = subject(value)?;
    let name = place.parts().join(".");
    match how {
        Matching::Contains => text(&place, folded, "|contains", pattern),
        Matching::StartsWith => text(&place, folded, "|startswith", pattern),
        Matching::EndsWith => text(&place, folded, "|endswith", pattern),
        _ if folded => Err(format!("it looks for a pattern in lower({name})")),
        Matching::Cidr => Ok(Item { key: format!("{name}|cidr"), values: vec![quoted(pattern)] }),
        Matching::Regex => {
            let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
            let flags = flags.filter(|(flags, _)| flags.chars().all(|flag| "ims".contains(flag)));
            let (flags, pattern) = flags.unwrap_or(("", pattern));
            let flags: String = flags.chars().map(|flag| format!("|{flag}")).collect();
            Ok(Item { key: format!("{name}|re{flags}"), values: vec![quoted(pattern)] })
        }
    }
}

fn compared(how: Comparison, left: &Expr, right: &Expr) -> Result<Item, Why> {
    let (place, folded) = subject(left)?;
    let name = place.parts().join(".");
    if let Node::Path(_) | Node::Scalar(..) = &right.node {
        let (other, other_folded) = subject(right)?;
        let numbers =
            [&place, &other].iter().all(|place| matches!(place.kind, Kind::Number | Kind::Duration { .. }));
        if how == Comparison::Equal && (folded && other_folded || numbers && place.kind == other.kind) {
            return Ok(Item { key: format!("{name}|fieldref"), values: vec![other.parts().join(".")] });
        }
        return Err(
            "it compares two fields, which Sigma does only for equality without regard to case".into()
        );
    }
    let Node::Literal(literal) = &right.node else {
        return Err("it compares with something computed".into());
    };
    let suffix = match how {
        Comparison::Greater => "|gt",
        Comparison::GreaterOrEqual => "|gte",
        Comparison::Less => "|lt",
        Comparison::LessOrEqual => "|lte",
        _ => "",
    };
    let number = |number: f64| Ok(Item { key: format!("{name}{suffix}"), values: vec![number.to_string()] });
    match (literal, place.kind) {
        (Literal::Text(_), Kind::Time) => Err("it compares times".into()),
        (Literal::Text(value), _) if suffix.is_empty() => text(&place, folded, "", value),
        (Literal::Text(_), _) => Err("it asks for the order of texts".into()),
        (Literal::Bool(value), _) => Ok(Item { key: name, values: vec![value.to_string()] }),
        (Literal::Number(value), _) => number(*value),
        (Literal::DurationUs(us), Kind::Duration { unit_us }) => number(*us as f64 / unit_us as f64),
        _ => Err("it compares a duration with something else".into()),
    }
}

//! The detection of a Sigma rule: named selections, and the condition that joins them.

use crate::sigma::build::{all, any, not};
use crate::sigma::item::{self, Wrong};
use crate::sigma::offer;
use crate::yaml::{Node, What};
use tacho_pipe::Expr;

/// Brackets within one another.
const DEPTH_MAX: usize = 32;

/// Reads `detection:` of a rule, or `filter:` of a filter: selections and their condition.
pub(super) fn expression(node: &Node) -> Result<Expr, Wrong> {
    if !matches!(node.what, What::Map(_)) {
        return Err((
            node.line,
            format!("detection is {}, expected a map of selections and a condition", node.named()),
        ));
    }
    let mut selections = Vec::new();
    for (key, value) in node.members() {
        match key.text.as_str() {
            "condition" | "rules" => {}
            "timeframe" => {
                let message = "timeframe is of older rules: a correlation rule has a timespan".to_string();
                return Err((key.line, message));
            }
            name => selections.push((name.to_string(), selection(value)?)),
        }
    }
    let condition = node.get("condition").ok_or((node.line, "the detection has no condition".to_string()))?;
    let each = condition.items().iter().map(|item| {
        let text =
            item.text().ok_or((item.line, format!("the condition is {}, expected a text", item.named())))?;
        parse(&text, &selections).map_err(|why| (item.line, format!("condition: {why}")))
    });
    Ok(any(each.collect::<Result<Vec<_>, Wrong>>()?))
}

/// A map of items that all hold, a list of maps or of texts of which one holds.
fn selection(node: &Node) -> Result<Expr, Wrong> {
    match &node.what {
        What::Map(members) if members.is_empty() => Err((node.line, "the selection is empty".into())),
        What::Map(members) => {
            let each = members.iter().map(|(key, value)| item::condition(&key.text, key.line, value));
            Ok(all(each.collect::<Result<Vec<_>, Wrong>>()?))
        }
        What::List(items) if items.is_empty() => Err((node.line, "the selection is empty".into())),
        What::List(items) => {
            let each = items.iter().map(|item| match item.what {
                What::List(_) => {
                    Err((item.line, "found a list in a list, expected a map or a text".to_string()))
                }
                _ => selection(item),
            });
            Ok(any(each.collect::<Result<Vec<_>, Wrong>>()?))
        }
        What::Null => Err((node.line, "the selection is empty".into())),
        _ => item::condition("", node.line, node),
    }
}

/// Reads a condition over named expressions.
pub(super) fn parse(text: &str, selections: &[(String, Expr)]) -> Result<Expr, String> {
    if text.contains(" | ") || text.trim_end().ends_with('|') {
        return Err("adding up behind a pipe is of older rules: write a correlation rule".into());
    }
    let mut parser = Parser { tokens: tokens(text), at: 0, depth: 0, selections };
    let out = parser.either()?;
    match parser.tokens.get(parser.at) {
        None => Ok(out),
        Some(token) => Err(format!("found \"{token}\", expected \"and\", \"or\" or the end")),
    }
}

fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        while let Some(at) = rest.find(['(', ')']) {
            if at > 0 {
                out.push(rest[..at].to_string());
            }
            out.push(rest[at..=at].to_string());
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            out.push(rest.to_string());
        }
    }
    out
}

struct Parser<'a> {
    tokens: Vec<String>,
    at: usize,
    depth: usize,
    selections: &'a [(String, Expr)],
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Expr, String> {
        let mut terms = vec![self.both()?];
        while self.take("or") {
            terms.push(self.both()?);
        }
        Ok(any(terms))
    }

    fn both(&mut self) -> Result<Expr, String> {
        let mut terms = vec![self.negated()?];
        while self.take("and") {
            terms.push(self.negated()?);
        }
        Ok(all(terms))
    }

    fn negated(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} brackets and \"not\" within one another"));
        }
        let out = if self.take("not") {
            not(self.negated()?)
        } else if self.take("(") {
            let inner = self.either()?;
            if !self.take(")") {
                return Err("a bracket is not closed".into());
            }
            inner
        } else {
            self.named()?
        };
        self.depth -= 1;
        Ok(out)
    }

    fn named(&mut self) -> Result<Expr, String> {
        let Some(word) = self.tokens.get(self.at).cloned() else {
            return Err("it ends where a selection was expected".into());
        };
        self.at += 1;
        let join: fn(Vec<Expr>) -> Expr = match word.to_ascii_lowercase().as_str() {
            "1" | "any" if self.take("of") => any,
            "all" if self.take("of") => all,
            number if number.parse::<u32>().is_ok() && self.take("of") => {
                return Err(format!("\"{number} of\" is not in Sigma: 1 of, any of, all of"));
            }
            _ => {
                let found = self.selections.iter().find(|(name, _)| *name == word);
                return found.map(|(_, expr)| expr.clone()).ok_or_else(|| self.unknown(&word));
            }
        };
        let Some(pattern) = self.tokens.get(self.at).cloned() else {
            return Err("it ends where a name such as selection_* was expected".into());
        };
        self.at += 1;
        let matches = |name: &str| match pattern.as_str() {
            // Names with a low line in front are no selections of their own.
            "them" => !name.starts_with('_'),
            pattern => wild(pattern, name),
        };
        let found = self.selections.iter().filter(|(name, _)| matches(name)).map(|(_, expr)| expr.clone());
        let found: Vec<Expr> = found.collect();
        if found.is_empty() { Err(self.unknown(&pattern)) } else { Ok(join(found)) }
    }

    fn unknown(&self, word: &str) -> String {
        let names = || self.selections.iter().map(|(name, _)| name.as_str());
        let near = offer(word, names());
        format!(
            "there is no selection \"{word}\"{near} (there are {})",
            names().collect::<Vec<_>>().join(", ")
        )
    }
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn wild(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let (between, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in between.split('*') {
        let Some(at) = name.find(part) else { return false };
        name = &name[at + part.len()..];
    }
    name.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_pipe::{Literal, parse as pipe};

    fn read(condition: &str) -> Result<String, String> {
        let flag = |name: &str| {
            let value = crate::sigma::build::literal(Literal::Text(name.into()));
            let column = crate::sigma::build::column(&[name.to_string()]);
            (name.to_string(), crate::sigma::build::compare(tacho_pipe::Comparison::Equal, column, value))
        };
        let selections = ["sel_a", "sel_b", "filter_main", "_hidden"].map(flag);
        let expr = parse(condition, &selections)?;
        let text = format!("t | {expr}");
        assert_eq!(pipe(&text).unwrap().to_string().replace('\n', " "), text);
        Ok(expr.to_string())
    }

    #[test]
    fn conditions_bind_as_in_sigma() {
        for (text, expected) in [
            ("sel_a", "sel_a = 'sel_a'"),
            (
                "sel_a and sel_b or filter_main",
                "sel_a = 'sel_a' and sel_b = 'sel_b' or filter_main = 'filter_main'",
            ),
            (
                "sel_a and (sel_b or filter_main)",
                "sel_a = 'sel_a' and (sel_b = 'sel_b' or filter_main = 'filter_main')",
            ),
            (
                "1 of sel_* and not filter_main",
                "(sel_a = 'sel_a' or sel_b = 'sel_b') and not filter_main = 'filter_main'",
            ),
            ("ALL OF sel*", "sel_a = 'sel_a' and sel_b = 'sel_b'"),
            ("any of *_main", "filter_main = 'filter_main'"),
            ("not (not sel_a)", "sel_a = 'sel_a'"),
            ("1 of them", "sel_a = 'sel_a' or sel_b = 'sel_b' or filter_main = 'filter_main'"),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        for (text, part) in [
            ("sel_c", "did you mean \"sel_a\"?"),
            ("sel_a and", "it ends where"),
            ("(sel_a", "not closed"),
            ("sel_a sel_b", "expected \"and\""),
            ("3 of sel_*", "is not in Sigma"),
            ("sel_a | count() > 3", "correlation rule"),
            ("1 of nothing*", "there is no selection \"nothing*\""),
        ] {
            assert!(read(text).unwrap_err().contains(part), "{text}: {:?}", read(text));
        }
        assert!(read(&"(".repeat(100)).unwrap_err().contains("within one another"));
    }
}

//! The formatter: a query in its one spelling. What it writes parses to the same query.

use crate::ast::{
    Aggregate, Arithmetic, ByKey, Call, Expr, Literal, Name, Node, Order, Over, Path, Query, Source, Stage,
    Step,
};
use crate::duration::format_us;
use crate::parse::RESERVED;
use std::fmt::{self, Display, Formatter};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        for stage in &self.stages {
            write!(f, "\n| {stage}")?;
        }
        Ok(())
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Source::Table { name, window_us: Some(us) } => write!(f, "{name}[{}]", format_us(*us)),
            Source::Table { name, window_us: None } => write!(f, "{name}"),
            Source::Open(name) => write!(f, "open({name})"),
            Source::Query(query) => write!(f, "({query})"),
        }
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_name(&self.text, f)
    }
}

/// A name, in quotes where it could be read as something else.
fn write_name(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let mut chars = text.chars();
    let plain = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
        && !RESERVED.contains(&text)
        && text != "bucket"
        && text != "asc"
        && text != "desc";
    if plain { f.write_str(text) } else { write!(f, "\"{}\"", text.replace('"', "\"\"")) }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, part) in self.parts.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            write_name(part, f)?;
        }
        Ok(())
    }
}

fn list<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

fn by<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    f.write_str(" by ")?;
    list(f, items)
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Filter(condition) => write!(f, "{condition}"),
            Stage::Aggregate(aggregate) => write!(f, "{aggregate}"),
            Stage::Eval(assigns) => {
                f.write_str("eval ")?;
                for (i, assign) in assigns.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    write!(f, "{comma}{} = {}", assign.name, assign.value)?;
                }
                Ok(())
            }
            Stage::Fields(names) => {
                f.write_str("fields ")?;
                list(f, names)
            }
            Stage::Sort(keys) => {
                f.write_str("sort ")?;
                for (i, key) in keys.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    let order = if key.order == Order::Descending { " desc" } else { "" };
                    write!(f, "{comma}{}{order}", key.name)?;
                }
                Ok(())
            }
            Stage::Limit(count) => write!(f, "limit {count}"),
            Stage::Top { count, by } => write!(f, "top {count} by {by}"),
            Stage::Dedup(names) => {
                f.write_str("dedup")?;
                by(f, names)
            }
            Stage::Join(join) => {
                write!(f, "join {}{} on ", if join.left { "left " } else { "" }, join.source)?;
                list(f, &join.on)
            }
            Stage::Sequence(sequence) => {
                f.write_str("sequence")?;
                by(f, &sequence.by)?;
                write!(f, " within {} [ ", format_us(sequence.within_us))?;
                for (i, step) in sequence.steps.iter().enumerate() {
                    write!(f, "{}{step}", if i > 0 { " -> " } else { "" })?;
                }
                f.write_str(" ]")
            }
            Stage::Absent { by: names, expect, .. } => {
                f.write_str("absent")?;
                by(f, names)?;
                expect.as_ref().map_or(Ok(()), |set| write!(f, " expect {set}"))
            }
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.condition)?;
        match (self.min, self.max) {
            (1, None) => Ok(()),
            (min, None) => write!(f, "{{{min},}}"),
            (min, Some(max)) if min == max => write!(f, "{{{min}}}"),
            (min, Some(max)) => write!(f, "{{{min},{max}}}"),
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        list(f, &self.calls)?;
        by(f, &self.by)
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.function.name())?;
        list(f, &self.arguments)?;
        f.write_str(")")?;
        if let Some(condition) = &self.only_if {
            write!(f, " if ({condition})")?;
        }
        self.alias.as_ref().map_or(Ok(()), |alias| write!(f, " as {alias}"))
    }
}

impl Display for ByKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            ByKey::Path(path) => write!(f, "{path}"),
            ByKey::Bucket { width_us, .. } => write!(f, "bucket({})", format_us(*width_us)),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Literal::Number(number) => write!(f, "{number}"),
            Literal::DurationUs(us) => f.write_str(&format_us(*us)),
            Literal::Bool(value) => write!(f, "{value}"),
            Literal::Null => f.write_str("null"),
        }
    }
}

/// How tightly an expression binds.
fn strength(expr: &Expr) -> u8 {
    match &expr.node {
        Node::Or(_) => 1,
        Node::And(_) => 2,
        Node::Not(_) => 3,
        Node::Compare(..) | Node::In { .. } | Node::Match { .. } => 4,
        Node::Math(Arithmetic::Add | Arithmetic::Subtract, ..) => 5,
        Node::Math(..) => 6,
        Node::Negate(_) => 7,
        _ => 8,
    }
}

/// Writes a part, in brackets when it binds less than its place needs.
struct Part<'a>(&'a Expr, u8);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if strength(self.0) < self.1 { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut Formatter<'_>, terms: &[Expr], word: &str, strength: u8| {
            for (i, term) in terms.iter().enumerate() {
                write!(f, "{}{}", if i > 0 { word } else { "" }, Part(term, strength))?;
            }
            Ok(())
        };
        match &self.node {
            Node::Literal(literal) => write!(f, "{literal}"),
            Node::Path(path) => write!(f, "{path}"),
            Node::Or(terms) => joined(f, terms, " or ", 2),
            Node::And(terms) => joined(f, terms, " and ", 3),
            Node::Not(inner) => write!(f, "not {}", Part(inner, 3)),
            Node::Negate(inner) => write!(f, "-{}", Part(inner, 7)),
            Node::Compare(how, a, b) => write!(f, "{} {} {}", Part(a, 5), how.symbol(), Part(b, 5)),
            Node::Math(how, a, b) => {
                let own = strength(self);
                write!(f, "{} {} {}", Part(a, own), how.symbol(), Part(b, own + 1))
            }
            Node::In { value, list: values, negated } => {
                write!(f, "{}{} in (", Part(value, 5), if *negated { " not" } else { "" })?;
                list(f, values)?;
                f.write_str(")")
            }
            Node::Match { value, how, pattern } => {
                write!(f, "{} {} '{}'", Part(value, 5), how.word(), pattern.replace('\'', "''"))
            }
            Node::Exists(path) => write!(f, "exists({path})"),
            Node::Scalar(name, arguments) => {
                write!(f, "{name}(")?;
                list(f, arguments)?;
                f.write_str(")")
            }
            Node::Baseline(baseline) => {
                write!(f, "{}({})", baseline.function.name(), baseline.column)?;
                match baseline.over {
                    Over::Implied => Ok(()),
                    Over::History(None) => f.write_str(" over history"),
                    Over::History(Some(us)) => write!(f, " over history {}", format_us(us)),
                    Over::Peers => f.write_str(" over peers"),
                    Over::SameHour(us) => write!(f, " over same_hour {}", format_us(us)),
                }
            }
        }
    }
}

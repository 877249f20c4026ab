//! From expressions to terms: names, kinds, units.

use crate::ast::{Comparison, Expr, Function, Literal, Matching, Name, Node, Path, Span};
use crate::catalog::{Kind, Table};
use crate::error::PipeError;
use crate::kinds::{Type, Typed, as_kind, as_wanted, describe, group, in_unit, named, time, typed_literal};
use crate::nearest::nearest;
use crate::plan::{Origin, Out, Term, Want};

/// The rows that an expression is about.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) text: &'a str,
    pub(crate) columns: &'a [Out],
    /// The table, while rows still are its events.
    pub(crate) table: Option<&'a Table>,
}

impl Scope<'_> {
    pub(crate) fn error(&self, span: Span, message: impl Into<String>) -> PipeError {
        PipeError::new(self.text, span, message)
    }

    /// The position of a named column.
    pub(crate) fn named(&self, name: &Name) -> Result<usize, PipeError> {
        self.find(&name.text).ok_or_else(|| self.unknown(&name.text, name.span))
    }

    fn find(&self, name: &str) -> Option<usize> {
        let own = self.columns.iter().position(|column| column.name == name);
        own.or_else(|| self.table.and_then(|table| table.find(name)))
    }

    fn unknown(&self, name: &str, span: Span) -> PipeError {
        let names = self.columns.iter().map(|column| column.name.as_str());
        let near = nearest(name, names).or_else(|| self.table.and_then(|table| table.nearest(name)));
        let all = || {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).take(12).collect();
            format!(" (there are {}{})", names.join(", "), if self.columns.len() > 12 { ", …" } else { "" })
        };
        // The usual slip of those who come from elsewhere: double quotes are for names.
        let quoted = self.text.get(span.start..).is_some_and(|text| text.starts_with('"'));
        let rest = match near {
            Some(_) => PipeError::offer(near),
            None if quoted => format!("; a text stands in single quotes: '{}'", name.replace('\'', "''")),
            None => all(),
        };
        self.error(span, format!("there is no column \"{name}\"{rest}")).near(near)
    }

    /// A column, or a member of one. `want` says what a member is read as, when that is known.
    pub(crate) fn path(&self, path: &Path, want: Option<Want>) -> Result<Typed, PipeError> {
        if let Some(at) = self.find(&path.parts.join(".")) {
            return Ok((Term::Column(at), Type::Kind(self.columns[at].kind)));
        }
        let member = |columns: Vec<usize>, parts: &[String]| {
            let term = Term::Member { columns, path: parts.to_vec(), want: want.unwrap_or(Want::Text) };
            Ok((term, Type::Member))
        };
        if let Some(at) = self.find(&path.parts[0]) {
            if self.columns[at].kind != Kind::Json {
                let message =
                    format!("\"{}\" has no members: it is {}", path.parts[0], named(self.columns[at].kind));
                return Err(self.error(path.span, message));
            }
            return member(vec![at], &path.parts[1..]);
        }
        let open: Vec<usize> = self
            .table
            .map(|table| table.open.iter().filter_map(|name| table.find(name)).collect())
            .unwrap_or_default();
        if open.is_empty() { Err(self.unknown(&path.parts[0], path.span)) } else { member(open, &path.parts) }
    }

    /// Something that is true or false.
    pub(crate) fn condition(&self, expr: &Expr) -> Result<Term, PipeError> {
        match self.typed(expr)? {
            (term, Type::Kind(Kind::Bool)) => Ok(term),
            (term, Type::Member) => Ok(as_wanted(term, Want::Bool)),
            (_, found) => {
                Err(self.error(expr.span, format!("expected a condition, found {}", describe(found))))
            }
        }
    }

    /// A number of any unit, with its kind.
    pub(crate) fn number(&self, expr: &Expr) -> Result<(Term, Kind), PipeError> {
        match self.typed(expr)? {
            (term, Type::Kind(kind @ (Kind::Number | Kind::Duration { .. }))) => Ok((term, kind)),
            (term, Type::Member) => Ok((as_wanted(term, Want::Number), Kind::Number)),
            (_, found) => Err(self.error(expr.span, format!("expected a number, found {}", describe(found)))),
        }
    }

    /// A number or a time.
    pub(crate) fn ordered(&self, expr: &Expr) -> Result<(Term, Kind), PipeError> {
        match self.typed(expr)? {
            (term, Type::Kind(Kind::Time)) => Ok((term, Kind::Time)),
            _ => self.number(expr),
        }
    }

    /// A number, or a condition that counts as one where it holds.
    pub(crate) fn share(&self, expr: &Expr) -> Result<(Term, Kind), PipeError> {
        match self.typed(expr)? {
            (term, Type::Kind(Kind::Bool)) => Ok((term, Kind::Bool)),
            _ => self.number(expr),
        }
    }

    /// A value of any kind.
    pub(crate) fn any(&self, expr: &Expr) -> Result<(Term, Kind), PipeError> {
        match self.typed(expr)? {
            (term, Type::Kind(kind)) => Ok((term, kind)),
            (term, Type::Member) => Ok((term, Kind::Text)),
            (_, Type::Written(us)) => Ok((Term::Number(us as f64), Kind::Duration { unit_us: 1 })),
            (_, Type::Null) => Err(self.error(expr.span, "null has no kind")),
        }
    }

    /// A value of any kind; the members of an open table are samples, and those are numbers.
    pub(crate) fn sample(&self, expr: &Expr) -> Result<(Term, Kind), PipeError> {
        let open = self.table.is_some_and(|table| !table.open.is_empty());
        match self.typed(expr)? {
            (_, Type::Member) if open => self.number(expr),
            _ => self.any(expr),
        }
    }

    pub(crate) fn typed(&self, expr: &Expr) -> Result<Typed, PipeError> {
        let boolean = |term| Ok((term, Type::Kind(Kind::Bool)));
        match &expr.node {
            Node::Literal(literal) => Ok(typed_literal(literal)),
            Node::Path(path) => self.path(path, None),
            Node::Not(inner) => boolean(Term::Not(Box::new(self.condition(inner)?))),
            Node::Negate(inner) => {
                let (term, kind) = self.number(inner)?;
                Ok((Term::Negate(Box::new(term)), Type::Kind(kind)))
            }
            Node::And(terms) => boolean(Term::And(self.conditions(terms)?)),
            Node::Or(terms) => boolean(Term::Or(self.conditions(terms)?)),
            Node::Compare(how, a, b) => {
                let (a, b, kind) = self.sides(a, b, expr.span)?;
                if kind == Kind::Bool && !matches!(how, Comparison::Equal | Comparison::NotEqual) {
                    return Err(
                        self.error(expr.span, "true and false have no order: compare them with = or !=")
                    );
                }
                boolean(Term::Compare(*how, Box::new(a), Box::new(b)))
            }
            Node::Math(how, a, b) => self.math(*how, a, b, expr.span),
            Node::In { value, list, negated } => boolean(self.in_list(value, list, *negated, expr.span)?),
            Node::Match { value, how, pattern } => {
                let term = self.text_of(value)?;
                self.check_pattern(*how, pattern, expr.span)?;
                boolean(Term::Match { value: Box::new(term), how: *how, pattern: pattern.clone() })
            }
            Node::Exists(path) => boolean(Term::Exists(Box::new(self.path(path, None)?.0))),
            Node::Scalar(name, arguments) => self.scalar(name, arguments),
            Node::Baseline(baseline) => {
                let at = self.named(&baseline.column)?;
                self.check_baseline(baseline.function, at, expr.span)?;
                let term = Term::Baseline { function: baseline.function, column: at, over: baseline.over };
                Ok((term, Type::Kind(self.columns[at].kind)))
            }
        }
    }

    fn conditions(&self, terms: &[Expr]) -> Result<Vec<Term>, PipeError> {
        terms.iter().map(|term| self.condition(term)).collect()
    }

    pub(crate) fn text_of(&self, expr: &Expr) -> Result<Term, PipeError> {
        match self.typed(expr)? {
            (term, Type::Kind(Kind::Text | Kind::Json) | Type::Member) => Ok(term),
            (_, found) => Err(self.error(expr.span, format!("expected a text, found {}", describe(found)))),
        }
    }

    fn check_pattern(&self, how: Matching, pattern: &str, span: Span) -> Result<(), PipeError> {
        if how == Matching::Cidr && crate::sql::cidr(pattern).is_none() {
            let message = format!("'{pattern}' is no range of addresses: expected such as '10.0.0.0/8'");
            return Err(self.error(span, message));
        }
        let Some((fault, why)) = (how == Matching::Regex).then(|| crate::pattern::fault(pattern)).flatten()
        else {
            return Ok(());
        };
        // The pattern ends the comparison, in quotes; a quote within it is written twice.
        let written = |part: &str| part.len() + part.matches('\'').count();
        let start = span.end.saturating_sub(written(pattern) + 1);
        let at = |offset: usize| start + pattern.get(..offset).map_or(0, written);
        let place = Span { start: at(fault.start), end: at(fault.end) };
        Err(self.error(place, format!("'{pattern}' is no regular expression: {why}")))
    }

    fn check_baseline(&self, function: Function, at: usize, span: Span) -> Result<(), PipeError> {
        let column = &self.columns[at];
        if !matches!(column.of, Origin::Count | Origin::Measure | Origin::Computed) || self.table.is_some() {
            let message = format!(
                "{0}({1}) compares with what is usual, so \"{1}\" has to be a column that a stage before computed, such \
                 as count() by agent_id",
                function.name(),
                column.name
            );
            return Err(self.error(span, message));
        }
        let fits = matches!(
            function,
            Function::Avg
                | Function::Median
                | Function::Mad
                | Function::Stddev
                | Function::Min
                | Function::Max
                | Function::Percentile(_)
        );
        if !fits {
            let message = format!(
                "{} says nothing of what is usual: expected avg, median, mad, stddev, min, max, p95 …",
                function.name()
            );
            return Err(self.error(span, message));
        }
        Ok(())
    }

    /// Both sides of a comparison, brought to one kind and unit.
    fn sides(&self, a: &Expr, b: &Expr, span: Span) -> Result<(Term, Term, Kind), PipeError> {
        let ((left, of_left), (right, of_right)) = (self.typed(a)?, self.typed(b)?);
        let kind = |kind| Kind::Duration { unit_us: kind };
        Ok(match (of_left, of_right) {
            (Type::Null, _) | (_, Type::Null) => {
                return Err(self
                    .error(span, "a comparison with null is never true: write exists(x) or not exists(x)"));
            }
            (Type::Member, Type::Member) => (left, right, Kind::Text),
            (Type::Member, Type::Kind(k)) => (as_kind(left, k), right, k),
            (Type::Kind(k), Type::Member) => (left, as_kind(right, k), k),
            (Type::Written(x), Type::Written(y)) => (Term::Number(x as f64), Term::Number(y as f64), kind(1)),
            (Type::Kind(Kind::Duration { unit_us }), Type::Written(us)) => {
                (left, Term::Number(us as f64 / unit_us as f64), kind(unit_us))
            }
            (Type::Written(us), Type::Kind(Kind::Duration { unit_us })) => {
                (Term::Number(us as f64 / unit_us as f64), right, kind(unit_us))
            }
            (Type::Kind(Kind::Time), Type::Kind(Kind::Text)) => (left, time(right), Kind::Time),
            (Type::Kind(Kind::Text), Type::Kind(Kind::Time)) => (time(left), right, Kind::Time),
            (Type::Kind(Kind::Duration { unit_us: x }), Type::Kind(Kind::Duration { unit_us: y })) => {
                (left, in_unit(right, y, x), kind(x))
            }
            (Type::Kind(x), Type::Kind(y)) if group(x) == group(y) => (left, right, x),
            (x, y) => {
                let message = format!("{} can't be compared with {}", describe(x), describe(y));
                return Err(self.error(span, message));
            }
        })
    }

    fn in_list(&self, value: &Expr, list: &[Literal], negated: bool, span: Span) -> Result<Term, PipeError> {
        let (mut term, of) = self.typed(value)?;
        let mut values = Vec::new();
        for literal in list {
            let (item, of_item) = typed_literal(literal);
            let item = match (of, of_item) {
                (Type::Kind(Kind::Duration { unit_us }), Type::Written(us)) => {
                    Term::Number(us as f64 / unit_us as f64)
                }
                (Type::Member, Type::Kind(kind)) => {
                    term = as_kind(term, kind);
                    item
                }
                (Type::Kind(x), Type::Kind(y)) if group(x) == group(y) => item,
                (x, y) => {
                    let message = format!("{} can't be compared with {}", describe(x), describe(y));
                    return Err(self.error(span, message));
                }
            };
            values.push(item);
        }
        let mixed = values.windows(2).any(|w| std::mem::discriminant(&w[0]) != std::mem::discriminant(&w[1]));
        if mixed {
            return Err(self.error(span, "the values of a list have to be of one kind"));
        }
        Ok(Term::In { value: Box::new(term), list: values, negated })
    }
}

//! Expressions of the pipe language, put together: what is written is checked by reading it again.

use tacho_pipe::{Comparison, Expr, Literal, Matching, Name, Node, Path, Span};

pub(super) fn expr(node: Node) -> Expr {
    Expr { node, span: Span::default() }
}

pub(super) fn path(parts: &[String]) -> Path {
    Path { parts: parts.to_vec(), span: Span::default() }
}

pub(super) fn name(text: &str) -> Name {
    Name { text: text.to_string(), span: Span::default() }
}

pub(super) fn column(parts: &[String]) -> Expr {
    expr(Node::Path(path(parts)))
}

pub(super) fn exists(parts: &[String]) -> Expr {
    expr(Node::Exists(path(parts)))
}

pub(super) fn compare(how: Comparison, left: Expr, right: Expr) -> Expr {
    expr(Node::Compare(how, Box::new(left), Box::new(right)))
}

pub(super) fn literal(literal: Literal) -> Expr {
    expr(Node::Literal(literal))
}

pub(super) fn matches(value: Expr, how: Matching, pattern: String) -> Expr {
    expr(Node::Match { value: Box::new(value), how, pattern })
}

pub(super) fn lower(value: Expr) -> Expr {
    expr(Node::Scalar("lower".into(), vec![value]))
}

pub(super) fn not(inner: Expr) -> Expr {
    match inner.node {
        Node::Not(inner) => *inner,
        node => expr(Node::Not(Box::new(expr(node)))),
    }
}

/// All of a list in one level, as the parser has it.
pub(super) fn all(terms: Vec<Expr>) -> Expr {
    let mut flat: Vec<Expr> = Vec::new();
    let each = terms.into_iter().flat_map(|term| match term.node {
        Node::And(inner) => inner,
        node => vec![expr(node)],
    });
    for term in each {
        if !flat.contains(&term) {
            flat.push(term);
        }
    }
    joined(flat, Node::And)
}

/// One of a list; equalities of one thing become one list of values.
pub(super) fn any(terms: Vec<Expr>) -> Expr {
    let mut flat: Vec<Expr> = Vec::new();
    for term in terms {
        match term.node {
            Node::Or(inner) => flat.extend(inner),
            node => flat.push(expr(node)),
        }
    }
    let mut out: Vec<Expr> = Vec::new();
    for term in flat {
        match equality(&term) {
            Some((value, literal)) => match out.iter_mut().find_map(|other| listed(other, value, literal)) {
                Some(list) => {
                    if !list.contains(literal) {
                        list.push(literal.clone());
                    }
                }
                None => {
                    let (value, list) = (Box::new(value.clone()), vec![literal.clone()]);
                    out.push(expr(Node::In { value, list, negated: false }));
                }
            },
            None if out.contains(&term) => {}
            None => out.push(term),
        }
    }
    joined(out.into_iter().map(single).collect(), Node::Or)
}

fn joined(mut terms: Vec<Expr>, join: fn(Vec<Expr>) -> Node) -> Expr {
    if terms.len() == 1 { terms.remove(0) } else { expr(join(terms)) }
}

fn equality(term: &Expr) -> Option<(&Expr, &Literal)> {
    match &term.node {
        Node::Compare(Comparison::Equal, value, to) => match &to.node {
            Node::Literal(literal @ (Literal::Text(_) | Literal::Number(_))) => Some((value, literal)),
            _ => None,
        },
        _ => None,
    }
}

/// The list of values that a term compares a thing with, when they are of the kind of another one.
fn listed<'a>(term: &'a mut Expr, with: &Expr, like: &Literal) -> Option<&'a mut Vec<Literal>> {
    match &mut term.node {
        Node::In { value, list, negated: false } if **value == *with => {
            let same = list.iter().all(|have| std::mem::discriminant(have) == std::mem::discriminant(like));
            same.then_some(list)
        }
        _ => None,
    }
}

/// A list of one is an equality.
fn single(term: Expr) -> Expr {
    match term.node {
        Node::In { value, mut list, negated: false } if list.len() == 1 => {
            compare(Comparison::Equal, *value, literal(list.remove(0)))
        }
        node => expr(node),
    }
}

//! The parser's expressions, loosest binding first.

use crate::TERMS_MAX;
use crate::ast::{Arithmetic, Comparison, Expr, Literal, Matching, Node, Path};
use crate::error::PipeError;
use crate::parse::Parser;
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn expression(&mut self) -> Result<Expr, PipeError> {
        self.nested(Parser::either)
    }

    fn either(&mut self) -> Result<Expr, PipeError> {
        let start = self.peek().span.start;
        let mut terms = vec![self.both()?];
        while self.take_word("or") {
            terms.push(self.both()?);
        }
        self.joined(start, terms, Node::Or)
    }

    fn both(&mut self) -> Result<Expr, PipeError> {
        let start = self.peek().span.start;
        let mut terms = vec![self.negated()?];
        while self.take_word("and") {
            terms.push(self.negated()?);
        }
        self.joined(start, terms, Node::And)
    }

    /// One list of all that `and` (or `or`) joins, however it was bracketed.
    fn joined(
        &self,
        start: usize,
        mut terms: Vec<Expr>,
        join: fn(Vec<Expr>) -> Node,
    ) -> Result<Expr, PipeError> {
        if terms.len() == 1 {
            return Ok(terms.remove(0));
        }
        let is_and = matches!(join(Vec::new()), Node::And(_));
        let mut flat = Vec::new();
        for term in terms {
            match term.node {
                Node::And(inner) if is_and => flat.extend(inner),
                Node::Or(inner) if !is_and => flat.extend(inner),
                node => flat.push(Expr { node, span: term.span }),
            }
        }
        if flat.len() > TERMS_MAX {
            return Err(self.error(self.since(start), format!("more than {TERMS_MAX} conditions")));
        }
        Ok(Expr { node: join(flat), span: self.since(start) })
    }

    fn negated(&mut self) -> Result<Expr, PipeError> {
        let start = self.peek().span.start;
        if self.take_word("not") {
            let inner = self.nested(Parser::negated)?;
            return Ok(Expr { node: Node::Not(Box::new(inner)), span: self.since(start) });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, PipeError> {
        let left = self.sum()?;
        self.compared(left)
    }

    /// What a value is compared with.
    pub(crate) fn compared(&mut self, left: Expr) -> Result<Expr, PipeError> {
        let start = left.span.start;
        let token = self.peek().clone();
        let node = match &token.kind {
            Kind::Symbol("=~") => self.matching(left, Matching::Regex)?,
            Kind::Symbol(symbol) => match comparison(symbol) {
                Some(how) => {
                    self.advance();
                    Node::Compare(how, Box::new(left), Box::new(self.sum()?))
                }
                None => return Ok(left),
            },
            Kind::Word(word) => match word.as_str() {
                "in" => self.list(left, false)?,
                "not" => {
                    self.advance();
                    if !self.is_word("in") {
                        return Err(self.unexpected("\"in\""));
                    }
                    self.list(left, true)?
                }
                "contains" => self.matching(left, Matching::Contains)?,
                "startswith" => self.matching(left, Matching::StartsWith)?,
                "endswith" => self.matching(left, Matching::EndsWith)?,
                "cidr" => self.matching(left, Matching::Cidr)?,
                _ => return Ok(left),
            },
            _ => return Ok(left),
        };
        if matches!(self.peek().kind, Kind::Symbol(symbol) if comparison(symbol).is_some()) {
            return Err(self.unexpected("\"and\", \"or\", \"|\" or the end: comparisons can't be chained"));
        }
        Ok(Expr { node, span: self.since(start) })
    }

    fn matching(&mut self, value: Expr, how: Matching) -> Result<Node, PipeError> {
        self.advance();
        match self.peek().kind.clone() {
            Kind::Text(pattern) => {
                self.advance();
                Ok(Node::Match { value: Box::new(value), how, pattern })
            }
            _ => Err(self.unexpected("a text in single quotes")),
        }
    }

    fn list(&mut self, value: Expr, negated: bool) -> Result<Node, PipeError> {
        self.advance();
        self.symbol("(")?;
        let mut list = vec![self.literal()?];
        while self.take_symbol(",") {
            list.push(self.literal()?);
            if list.len() > TERMS_MAX {
                return Err(self.error(self.peek().span, format!("more than {TERMS_MAX} values")));
            }
        }
        self.symbol(")")?;
        Ok(Node::In { value: Box::new(value), list, negated })
    }

    fn literal(&mut self) -> Result<Literal, PipeError> {
        let sign = self.take_symbol("-");
        let token = self.advance();
        match token.kind {
            Kind::Number(number) => Ok(Literal::Number(if sign { -number } else { number })),
            Kind::DurationUs(us) if !sign => Ok(Literal::DurationUs(us)),
            Kind::Text(text) if !sign => Ok(Literal::Text(text)),
            Kind::Word(word) if !sign && word == "true" => Ok(Literal::Bool(true)),
            Kind::Word(word) if !sign && word == "false" => Ok(Literal::Bool(false)),
            _ => Err(self.error(
                token.span,
                format!(
                    "found {}, expected a value: a text in single quotes, a number, true or false",
                    token.describe()
                ),
            )),
        }
    }

    fn sum(&mut self) -> Result<Expr, PipeError> {
        let start = self.peek().span.start;
        let mut left = self.product()?;
        loop {
            let how = if self.is_symbol("+") {
                Arithmetic::Add
            } else if self.is_symbol("-") {
                Arithmetic::Subtract
            } else {
                return Ok(left);
            };
            self.advance();
            let right = self.product()?;
            left = self.math(start, how, left, right)?;
        }
    }

    fn product(&mut self) -> Result<Expr, PipeError> {
        let start = self.peek().span.start;
        let mut left = self.signed()?;
        loop {
            let how = match self.peek().kind {
                Kind::Symbol("*") => Arithmetic::Multiply,
                Kind::Symbol("/") => Arithmetic::Divide,
                Kind::Symbol("%") => Arithmetic::Remainder,
                _ => return Ok(left),
            };
            self.advance();
            let right = self.signed()?;
            left = self.math(start, how, left, right)?;
        }
    }

    fn math(&self, start: usize, how: Arithmetic, left: Expr, right: Expr) -> Result<Expr, PipeError> {
        // A chain nests to the left without brackets: its depth has to be counted here.
        let mut depth = 0;
        let mut inner = &left;
        while let Node::Math(_, next, _) = &inner.node {
            depth += 1;
            inner = next;
        }
        if depth > crate::DEPTH_MAX {
            return Err(
                self.error(self.since(start), format!("more than {} operators in a row", crate::DEPTH_MAX))
            );
        }
        Ok(Expr { node: Node::Math(how, Box::new(left), Box::new(right)), span: self.since(start) })
    }

    fn signed(&mut self) -> Result<Expr, PipeError> {
        let start = self.peek().span.start;
        if !self.take_symbol("-") {
            return self.primary();
        }
        let inner = self.nested(Parser::signed)?;
        let node = match inner.node {
            Node::Literal(Literal::Number(number)) => Node::Literal(Literal::Number(-number)),
            node => Node::Negate(Box::new(Expr { node, span: inner.span })),
        };
        Ok(Expr { node, span: self.since(start) })
    }

    fn primary(&mut self) -> Result<Expr, PipeError> {
        let token = self.peek().clone();
        let start = token.span.start;
        let literal = match token.kind {
            Kind::Text(text) => Literal::Text(text),
            Kind::Number(number) => Literal::Number(number),
            Kind::DurationUs(us) => Literal::DurationUs(us),
            Kind::Symbol("(") => {
                self.advance();
                let inner = self.expression()?;
                self.symbol(")")?;
                return Ok(inner);
            }
            Kind::Word(word) => match word.as_str() {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "null" => Literal::Null,
                "exists" => return self.exists(),
                _ if self.peek_at(1).kind == Kind::Symbol("(") => return self.function(&word),
                _ => return self.column(),
            },
            Kind::Quoted(_) => return self.column(),
            _ => return Err(self.unexpected("a condition: a column, a text in single quotes, a number")),
        };
        self.advance();
        Ok(Expr { node: Node::Literal(literal), span: self.since(start) })
    }

    fn column(&mut self) -> Result<Expr, PipeError> {
        let path = self.path("a column")?;
        let span = path.span;
        Ok(Expr { node: Node::Path(path), span })
    }

    fn exists(&mut self) -> Result<Expr, PipeError> {
        let start = self.advance().span.start;
        self.symbol("(")?;
        let path: Path = self.path("a column")?;
        self.symbol(")")?;
        Ok(Expr { node: Node::Exists(path), span: self.since(start) })
    }
}

fn comparison(symbol: &str) -> Option<Comparison> {
    Some(match symbol {
        "=" | "==" => Comparison::Equal,
        "!=" | "<>" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

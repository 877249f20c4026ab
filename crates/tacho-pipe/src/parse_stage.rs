//! The parser's stages: each is one production of the grammar.

use crate::ast::{
    Aggregate, Assign, ByKey, Call, Expr, Function, Join, Node, Order, Path, Sequence, SortKey, Stage, Step,
};
use crate::error::PipeError;
use crate::nearest::nearest;
use crate::parse::Parser;
use crate::token::Kind;

const STEPS_MAX: usize = 16;

impl Parser<'_> {
    pub(crate) fn stage(&mut self) -> Result<Stage, PipeError> {
        let Kind::Word(word) = self.peek().kind.clone() else {
            return self.expression().map(Stage::Filter);
        };
        let start = self.peek().span.start;
        let keyword =
            ["where", "stats", "eval", "fields", "sort", "limit", "top", "dedup", "sequence", "absent"]
                .contains(&word.as_str())
                || word == "join";
        if !keyword {
            return if self.begins_aggregate() { self.aggregate() } else { self.filter(&word) };
        }
        self.advance();
        match word.as_str() {
            "where" => self.expression().map(Stage::Filter),
            "stats" => self.aggregate(),
            "eval" => self.assigns(),
            "fields" => Ok(Stage::Fields(self.names("a column")?)),
            "sort" => self.sort(),
            "limit" => Ok(Stage::Limit(self.integer("a number of rows")?)),
            "top" => self.top(),
            "dedup" => {
                self.word("by")?;
                Ok(Stage::Dedup(self.names("a column")?))
            }
            "join" => self.join(),
            "sequence" => self.sequence(start),
            _ => self.absent(start),
        }
    }

    /// A filter; a first word that looks like a misspelled stage is told.
    fn filter(&mut self, word: &str) -> Result<Stage, PipeError> {
        let stages = [
            "where", "stats", "eval", "fields", "sort", "limit", "top", "dedup", "join", "sequence", "absent",
        ];
        let follows_name = matches!(self.peek_at(1).kind, Kind::Word(ref next) if !["in", "not", "and", "or", "contains",
                "startswith", "endswith", "cidr", "over"].contains(&next.as_str()));
        if follows_name && self.peek_at(0).span.end < self.peek_at(1).span.start {
            let near = nearest(word, stages);
            if near.is_some() {
                let message = format!("\"{word}\" is no stage{}", PipeError::offer(near));
                return Err(self.error(self.peek().span, message).near(near));
            }
        }
        self.expression().map(Stage::Filter)
    }

    /// `count() > 0` in one stage is short for `count() | count > 0`.
    pub(crate) fn begins_count_comparison(&self) -> bool {
        let is = |ahead: usize, symbol: &str| matches!(self.peek_at(ahead).kind, Kind::Symbol(found) if found == symbol);
        let compares = ["=", "==", "!=", "<>", "<", "<=", ">", ">="];
        let compares = compares.iter().any(|symbol| is(3, symbol));
        self.is_word("count") && is(1, "(") && is(2, ")") && compares
    }

    pub(crate) fn count_comparison(&mut self, stages: &mut Vec<Stage>) -> Result<(), PipeError> {
        let call = self.call()?;
        let span = call.span;
        let count = Node::Path(Path { parts: vec!["count".into()], span });
        stages.push(Stage::Aggregate(Aggregate { calls: vec![call], by: Vec::new(), span }));
        stages.push(Stage::Filter(self.compared(Expr { node: count, span })?));
        Ok(())
    }

    /// Whether an aggregate function stands here, and what follows its brackets can only follow an aggregate.
    fn begins_aggregate(&self) -> bool {
        let Kind::Word(word) = &self.peek().kind else { return false };
        if Function::parse(word).is_none() || self.peek_at(1).kind != Kind::Symbol("(") {
            return false;
        }
        let (mut depth, mut ahead) = (0_usize, 1);
        loop {
            match &self.peek_at(ahead).kind {
                Kind::Symbol("(") => depth += 1,
                Kind::Symbol(")") => depth -= 1,
                Kind::End => return true,
                _ => {}
            }
            ahead += 1;
            if depth == 0 {
                break;
            }
        }
        match &self.peek_at(ahead).kind {
            Kind::Word(word) => ["by", "as", "if"].contains(&word.as_str()),
            Kind::Symbol(symbol) => [",", "|", ")"].contains(symbol),
            Kind::End => true,
            _ => false,
        }
    }

    fn aggregate(&mut self) -> Result<Stage, PipeError> {
        let start = self.peek().span.start;
        let mut calls = vec![self.call()?];
        while self.take_symbol(",") {
            calls.push(self.call()?);
        }
        let mut by = Vec::new();
        if self.take_word("by") {
            by.push(self.by_key()?);
            while self.take_symbol(",") {
                by.push(self.by_key()?);
            }
        }
        Ok(Stage::Aggregate(Aggregate { calls, by, span: self.since(start) }))
    }

    fn call(&mut self) -> Result<Call, PipeError> {
        let token = self.peek().clone();
        let Kind::Word(word) = &token.kind else {
            return Err(self.unexpected("an aggregate function, such as count()"));
        };
        let Some(function) = Function::parse(word) else {
            let near = nearest(word, Function::NAMES);
            let message = format!("\"{word}\" is no aggregate function{}", PipeError::offer(near));
            return Err(self.error(token.span, message).near(near));
        };
        self.advance();
        self.symbol("(")?;
        let mut arguments = Vec::new();
        if !self.is_symbol(")") {
            arguments.push(self.expression()?);
            while self.take_symbol(",") {
                arguments.push(self.expression()?);
            }
        }
        self.symbol(")")?;
        let only_if = if self.take_word("if") {
            self.symbol("(")?;
            let condition = self.expression()?;
            self.symbol(")")?;
            Some(condition)
        } else {
            None
        };
        let alias = if self.take_word("as") { Some(self.name("a name for the column")?) } else { None };
        Ok(Call { function, arguments, only_if, alias, span: self.since(token.span.start) })
    }

    fn by_key(&mut self) -> Result<ByKey, PipeError> {
        let start = self.peek().span.start;
        if self.is_word("bucket") && self.peek_at(1).kind == Kind::Symbol("(") {
            self.advance();
            self.advance();
            let width_us = self.duration("the width of a bucket, such as 5m")?;
            self.symbol(")")?;
            return Ok(ByKey::Bucket { width_us, span: self.since(start) });
        }
        self.path("a column to group by").map(ByKey::Path)
    }

    fn assigns(&mut self) -> Result<Stage, PipeError> {
        let mut out = Vec::new();
        loop {
            let name = self.name("a name for the column")?;
            self.symbol("=")?;
            out.push(Assign { name, value: self.expression()? });
            if !self.take_symbol(",") {
                return Ok(Stage::Eval(out));
            }
        }
    }

    fn sort(&mut self) -> Result<Stage, PipeError> {
        let mut keys = Vec::new();
        loop {
            let name = self.name("a column to sort by")?;
            let order = if self.take_word("desc") {
                Order::Descending
            } else {
                self.take_word("asc");
                Order::Ascending
            };
            keys.push(SortKey { name, order });
            if !self.take_symbol(",") {
                return Ok(Stage::Sort(keys));
            }
        }
    }

    fn top(&mut self) -> Result<Stage, PipeError> {
        let count = self.integer("how many rows")?;
        self.word("by")?;
        Ok(Stage::Top { count, by: self.expression()? })
    }

    fn join(&mut self) -> Result<Stage, PipeError> {
        let left = self.take_word("left");
        let source = self.source()?;
        self.word("on")?;
        Ok(Stage::Join(Join { left, source, on: self.names("a column that both have")? }))
    }

    fn sequence(&mut self, start: usize) -> Result<Stage, PipeError> {
        let by = if self.take_word("by") { self.names("a column")? } else { Vec::new() };
        self.word("within")?;
        let within_us = self.duration("a duration, such as 10m")?;
        self.symbol("[")?;
        let mut steps = vec![self.step()?];
        while self.take_symbol("->") {
            if steps.len() == STEPS_MAX {
                return Err(self.error(self.peek().span, format!("more than {STEPS_MAX} steps")));
            }
            steps.push(self.step()?);
        }
        self.symbol("]")?;
        Ok(Stage::Sequence(Sequence { by, within_us, steps, span: self.since(start) }))
    }

    fn step(&mut self) -> Result<Step, PipeError> {
        let name = self.name("the name of a step, as in `a: action = 'login'`")?;
        self.symbol(":")?;
        let condition = self.expression()?;
        let (mut min, mut max) = (1, None);
        if self.is_symbol("{") {
            let place = self.advance().span;
            min = self.integer("how often at least")?;
            max = Some(min);
            if self.take_symbol(",") {
                max = if self.is_symbol("}") { None } else { Some(self.integer("how often at most")?) };
            }
            self.symbol("}")?;
            if min == 0 || max.is_some_and(|max| max < min) {
                return Err(self.error(place, "a step happens at least once, and at most as often as it may"));
            }
        }
        // One event and no bound said: more of them do no harm.
        Ok(Step { name, condition, min: min as u32, max: max.map(|max| max as u32) })
    }

    fn absent(&mut self, start: usize) -> Result<Stage, PipeError> {
        self.word("by")?;
        let by = self.names("a column")?;
        let expect =
            if self.take_word("expect") { Some(self.path("a set, such as fleet.active")?) } else { None };
        Ok(Stage::Absent { by, expect, span: self.since(start) })
    }
}

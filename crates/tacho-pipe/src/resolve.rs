//! From query to plan: sources and stages.

use crate::ast::{self, ByKey, Function, Name, Query, Source, Span};
use crate::catalog::{Catalog, Column, Kind, Table};
use crate::error::PipeError;
use crate::kinds::Type;
use crate::nearest::nearest;
use crate::plan::{Call, Input, Key, Op, Origin, Out, Plan, Stage, Step};
use crate::resolve_expr::Scope;

pub(crate) struct Resolver<'a> {
    pub(crate) text: &'a str,
    pub(crate) catalog: &'a Catalog,
}

impl<'a> Resolver<'a> {
    pub(crate) fn query(&self, query: &Query) -> Result<Plan, PipeError> {
        let input = self.source(&query.source)?;
        let mut columns = input.columns();
        let mut table = match &input {
            Input::Table { table, .. } | Input::Open(table) => Some(table.clone()),
            Input::Plan(_) => None,
        };
        let mut stages: Vec<Stage> = Vec::new();
        for stage in &query.stages {
            let scope = Scope { text: self.text, columns: &columns, table: table.as_ref() };
            let (op, after) = self.stage(stage, &scope)?;
            if !matches!(
                op,
                Op::Filter(_) | Op::Eval(_) | Op::Sort(_) | Op::Limit(_) | Op::Top { .. } | Op::Dedup(_)
            ) {
                table = None;
            }
            columns = after.clone();
            stages.push(Stage { op, columns: after });
        }
        Ok(Plan { input, stages })
    }

    fn source(&self, source: &Source) -> Result<Input, PipeError> {
        match source {
            Source::Table { name, window_us } => {
                let table = self.find(&self.catalog.tables, name, "source")?;
                Ok(Input::Table { table, window_us: *window_us })
            }
            Source::Open(name) => {
                Ok(Input::Open(self.find(&self.catalog.open, name, "thing that can be open")?))
            }
            Source::Query(query) => Ok(Input::Plan(Box::new(self.query(query)?))),
        }
    }

    fn find(&self, tables: &[Table], name: &Name, what: &str) -> Result<Table, PipeError> {
        let found = tables.iter().find(|table| table.name == name.text).cloned();
        found.ok_or_else(|| self.unknown(what, name, tables.iter().map(|table| table.name.as_str())))
    }

    fn unknown<'n>(&self, what: &str, name: &Name, known: impl Iterator<Item = &'n str>) -> PipeError {
        let known: Vec<&str> = known.collect();
        let near = nearest(&name.text, known.iter().copied());
        let offer = PipeError::offer(near);
        let message = format!("there is no {what} \"{}\"{offer} (there are {})", name.text, known.join(", "));
        self.error(name.span, message).near(near)
    }

    fn error(&self, span: Span, message: impl Into<String>) -> PipeError {
        PipeError::new(self.text, span, message)
    }

    fn stage(&self, stage: &ast::Stage, scope: &Scope<'_>) -> Result<(Op, Vec<Out>), PipeError> {
        let same = || scope.columns.to_vec();
        Ok(match stage {
            ast::Stage::Filter(condition) => (Op::Filter(scope.condition(condition)?), same()),
            ast::Stage::Aggregate(aggregate) => self.aggregate(aggregate, scope)?,
            ast::Stage::Eval(assigns) => self.eval(assigns, scope)?,
            ast::Stage::Fields(names) => {
                let picked = self.all(names, scope)?;
                let columns = picked.iter().map(|at| scope.columns[*at].clone()).collect();
                (Op::Project(picked), columns)
            }
            ast::Stage::Sort(keys) => {
                let sorted = keys.iter().map(|key| Ok((scope.named(&key.name)?, key.order)));
                (Op::Sort(sorted.collect::<Result<_, PipeError>>()?), same())
            }
            ast::Stage::Limit(count) => (Op::Limit(*count), same()),
            ast::Stage::Top { count, by } => (Op::Top { count: *count, by: scope.number(by)?.0 }, same()),
            ast::Stage::Dedup(names) => (Op::Dedup(self.all(names, scope)?), same()),
            ast::Stage::Join(join) => self.join(join, scope)?,
            ast::Stage::Sequence(sequence) => self.sequence(sequence, scope)?,
            ast::Stage::Absent { by, expect, span } => {
                let keys = self.all(by, scope)?;
                self.only_events(scope, *span, "absent")?;
                let mut columns = self.keys(&keys, scope);
                columns.push(out("last_seen", Kind::Time, Origin::Computed));
                columns.push(out("silent", Kind::Duration { unit_us: 1 }, Origin::Computed));
                let expect = expect.as_ref().map(|path| self.set(path)).transpose()?;
                (Op::Absent { by: keys, expect }, columns)
            }
        })
    }

    /// A set of what is expected: one that nobody fills would never be missed.
    fn set(&self, path: &ast::Path) -> Result<String, PipeError> {
        let text = path.parts.join(".");
        if self.catalog.sets.contains(&text) {
            return Ok(text);
        }
        let name = Name { text, span: path.span };
        Err(self.unknown("set", &name, self.catalog.sets.iter().map(String::as_str)))
    }

    fn all(&self, names: &[Name], scope: &Scope<'_>) -> Result<Vec<usize>, PipeError> {
        names.iter().map(|name| scope.named(name)).collect()
    }

    fn keys(&self, picked: &[usize], scope: &Scope<'_>) -> Vec<Out> {
        picked.iter().map(|at| Out { of: Origin::Key, ..scope.columns[*at].clone() }).collect()
    }

    fn only_events(&self, scope: &Scope<'_>, span: Span, what: &str) -> Result<(), PipeError> {
        match scope.table {
            Some(_) => Ok(()),
            None => {
                Err(self
                    .error(span, format!("{what} needs events: it stands before anything that adds them up")))
            }
        }
    }

    fn aggregate(&self, aggregate: &ast::Aggregate, scope: &Scope<'_>) -> Result<(Op, Vec<Out>), PipeError> {
        let (mut calls, mut by, mut columns) = (Vec::new(), Vec::new(), Vec::new());
        for key in &aggregate.by {
            match key {
                ByKey::Path(path) => {
                    let (term, kind) = scope.path(path, None)?;
                    let kind = if let Type::Kind(kind) = kind { kind } else { Kind::Text };
                    // The name under which the column was asked for stays usable behind the stage.
                    columns.push(out(&path.parts.join("."), kind, Origin::Key));
                    by.push(Key::Term(term));
                }
                ByKey::Bucket { width_us, span } => {
                    let has_time = scope.table.is_some_and(|table| table.find("timestamp").is_some());
                    if !has_time {
                        return Err(self.error(*span, "bucket() needs events with a timestamp"));
                    }
                    columns.push(out("bucket", Kind::Time, Origin::Key));
                    by.push(Key::Bucket { width_us: *width_us });
                }
            }
        }
        for call in &aggregate.calls {
            let (resolved, column) = self.call(call, scope)?;
            columns.push(column);
            calls.push(resolved);
        }
        self.distinct_names(&columns, aggregate.span)?;
        Ok((Op::Aggregate { calls, by }, columns))
    }

    fn distinct_names(&self, columns: &[Out], span: Span) -> Result<(), PipeError> {
        for (i, column) in columns.iter().enumerate() {
            if columns[..i].iter().any(|other| other.name == column.name) {
                let message =
                    format!("two columns are named \"{}\": give one another name with `as`", column.name);
                return Err(self.error(span, message));
            }
        }
        Ok(())
    }

    fn call(&self, call: &ast::Call, scope: &Scope<'_>) -> Result<(Call, Out), PipeError> {
        let (least, most) = match call.function {
            Function::Count | Function::Rate => (0, 1),
            Function::Ratio => (2, 2),
            _ => (1, 1),
        };
        let found = call.arguments.len();
        let name = call.function.name();
        if found < least || found > most {
            let wanted = if least == most { least.to_string() } else { format!("{least} or {most}") };
            return Err(self.error(call.span, format!("{name} takes {wanted} argument(s), found {found}")));
        }
        let (mut arguments, mut kind) = (Vec::new(), Kind::Number);
        for argument in &call.arguments {
            let (term, of) = match call.function {
                Function::First | Function::Last => scope.sample(argument)?,
                Function::Count | Function::Distinct => scope.any(argument)?,
                Function::Min | Function::Max => scope.ordered(argument)?,
                Function::Ratio => scope.share(argument)?,
                _ => scope.number(argument)?,
            };
            if !matches!(
                call.function,
                Function::Count | Function::Distinct | Function::Rate | Function::Ratio
            ) {
                kind = of;
            }
            arguments.push(term);
        }
        let only_if = call.only_if.as_ref().map(|condition| scope.condition(condition)).transpose()?;
        let of = match call.function {
            Function::Count | Function::Distinct | Function::Sum | Function::Rate => Origin::Count,
            _ => Origin::Measure,
        };
        let default = match call.arguments.first().map(|argument| &argument.node) {
            Some(ast::Node::Path(path)) if call.function != Function::Ratio => {
                format!("{name}_{}", path.parts.join("_"))
            }
            _ => name,
        };
        let name = call.alias.as_ref().map_or(default, |alias| alias.text.clone());
        Ok((Call { function: call.function, arguments, only_if }, out(&name, kind, of)))
    }

    fn eval(&self, assigns: &[ast::Assign], scope: &Scope<'_>) -> Result<(Op, Vec<Out>), PipeError> {
        let (mut terms, mut columns) = (Vec::new(), scope.columns.to_vec());
        for assign in assigns {
            let inner = Scope { columns: &columns, ..*scope };
            if columns.iter().any(|column| column.name == assign.name.text) {
                let message =
                    format!("there is a column \"{}\" already: choose another name", assign.name.text);
                return Err(self.error(assign.name.span, message));
            }
            let (term, kind) = inner.any(&assign.value)?;
            columns.push(out(&assign.name.text, kind, Origin::Computed));
            terms.push(term);
        }
        Ok((Op::Eval(terms), columns))
    }

    fn join(&self, join: &ast::Join, scope: &Scope<'_>) -> Result<(Op, Vec<Out>), PipeError> {
        let with = Plan { input: self.source(&join.source)?, stages: Vec::new() };
        let with = match with.input {
            Input::Plan(plan) => *plan,
            _ => with,
        };
        let other = with.columns();
        let inner = Scope { text: self.text, columns: &other, table: None };
        let mut on = Vec::new();
        for name in &join.on {
            let pair = (scope.named(name)?, inner.named(name)?);
            let same = std::mem::discriminant(&scope.columns[pair.0].kind)
                == std::mem::discriminant(&other[pair.1].kind);
            if !same {
                return Err(
                    self.error(name.span, format!("\"{}\" is not of one kind on both sides", name.text))
                );
            }
            on.push(pair);
        }
        let mut columns = scope.columns.to_vec();
        for column in other {
            // What both have is there once, from the left.
            if !columns.iter().any(|have| have.name == column.name) {
                columns.push(column);
            }
        }
        Ok((Op::Join { left: join.left, with: Box::new(with), on }, columns))
    }

    fn sequence(&self, sequence: &ast::Sequence, scope: &Scope<'_>) -> Result<(Op, Vec<Out>), PipeError> {
        self.only_events(scope, sequence.span, "sequence")?;
        let by = self.all(&sequence.by, scope)?;
        let mut steps: Vec<Step> = Vec::new();
        for step in &sequence.steps {
            if steps.iter().any(|other| other.name == step.name.text) {
                return Err(self.error(step.name.span, format!("two steps are named \"{}\"", step.name.text)));
            }
            let condition = scope.condition(&step.condition)?;
            steps.push(Step { name: step.name.text.clone(), condition, min: step.min, max: step.max });
        }
        let mut columns = self.keys(&by, scope);
        columns.push(out("started", Kind::Time, Origin::Computed));
        columns.push(out("ended", Kind::Time, Origin::Computed));
        Ok((Op::Sequence { by, within_us: sequence.within_us, steps }, columns))
    }
}

fn out(name: &str, kind: Kind, of: Origin) -> Out {
    Out { name: name.to_string(), kind, of }
}

impl From<&Out> for Column {
    fn from(out: &Out) -> Column {
        Column::new(&out.name, out.kind)
    }
}

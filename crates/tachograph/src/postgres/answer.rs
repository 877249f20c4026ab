//! Queries of one session: begun, counted, sent row by row, and ended when the client wishes.

use super::session::Session;
use super::wire::{Gone, OUT_BYTES};
use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Schema};
use arrow::record_batch::RecordBatch;
use futures::FutureExt;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tacho_postgres::{Column, Failure, Format, Kind, Rows, Scalar, code};
use tacho_query::{Answer, QueryError, Shape, Statement};
use tokio::time::Instant;

/// What can go wrong with a statement: something to tell the client, or it is gone.
pub(super) enum Trouble {
    Failed(Failure),
    Gone(Gone),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Trouble {
        Trouble::Failed(failure)
    }
}

impl From<Gone> for Trouble {
    fn from(gone: Gone) -> Trouble {
        Trouble::Gone(gone)
    }
}

/// A query that runs, with what was fetched and not yet sent.
pub(super) struct Running {
    answer: Answer,
    kinds: Vec<(Kind, Format)>,
    rows: Option<(Rows, usize)>,
    pub(super) sent: u64,
    deadline: Option<Instant>,
    text: String,
    began: std::time::Instant,
}

/// The columns of an answer, in the formats that a client asked for.
pub(super) fn columns(schema: &Schema, formats: &[i16]) -> Result<Vec<Column>, Failure> {
    let column = |(at, field): (usize, &std::sync::Arc<arrow::datatypes::Field>)| {
        let format = Format::of(formats, at).map_err(|why| Failure::new(code::PROTOCOL, why))?;
        Ok(Column { name: field.name().clone(), kind: Kind::of(field.data_type()), format })
    };
    schema.fields().iter().enumerate().map(column).collect()
}

impl Running {
    /// The columns that its rows have.
    pub(super) fn columns(&self, formats: &[i16]) -> Result<Vec<Column>, Failure> {
        columns(&self.answer.schema, formats)
    }
}

impl Session {
    /// Begins a query. What it may see is asked anew.
    pub(super) async fn begin(
        &mut self,
        statement: &Statement,
        values: Vec<ArrayRef>,
        formats: &[i16],
        announced: Option<&Shape>,
    ) -> Result<Running, Trouble> {
        let began = std::time::Instant::now();
        self.forget_end();
        let deadline = self.settings.timeout().map(|limit| Instant::now() + limit);
        let app = std::sync::Arc::clone(&self.app);
        app.metrics.postgres_statements.fetch_add(1, Ordering::Relaxed);
        let (sight, agents) = self.sees()?;
        let asked = async {
            let moment = app.node.moment().await.seen_by(sight);
            app.node.engine().run(moment, &agents, statement, values).await
        };
        let answer = self.unless_ended(deadline, asked).await?.map_err(|e| failure(&e, &statement.text))?;
        let schema = announced.map_or(&answer.schema, |shape| &shape.schema);
        let columns = columns(schema, formats)?;
        let kinds = columns.iter().map(|column| (column.kind, column.format)).collect();
        let text = statement.text.clone();
        Ok(Running { answer, kinds, rows: None, sent: 0, deadline, text, began })
    }

    /// Finds out what a statement takes and gives.
    pub(super) async fn shape(&mut self, statement: &Statement) -> Result<Shape, Trouble> {
        self.forget_end();
        let app = std::sync::Arc::clone(&self.app);
        let deadline = self.settings.timeout().map(|limit| Instant::now() + limit);
        let (sight, agents) = self.sees()?;
        let asked = async {
            let moment = app.node.moment().await.seen_by(sight);
            app.node.engine().describe(moment, &agents, statement).await
        };
        Ok(self.unless_ended(deadline, asked).await?.map_err(|error| failure(&error, &statement.text))?)
    }

    /// Sends rows, `rows_max` at most or all for zero; says whether that was all.
    pub(super) async fn send(&mut self, running: &mut Running, rows_max: u32) -> Result<bool, Trouble> {
        let mut left = if rows_max == 0 { u64::MAX } else { rows_max.into() };
        loop {
            if let Some((rows, at)) = &mut running.rows {
                while *at < rows.count() {
                    if left == 0 {
                        return Ok(false);
                    }
                    rows.put(*at, &mut self.connection.out);
                    (*at, left, running.sent) = (*at + 1, left - 1, running.sent + 1);
                    if self.connection.out.len() >= OUT_BYTES {
                        self.send_unless_ended(running.deadline).await?;
                    }
                }
            }
            let next = self.unless_ended(running.deadline, running.answer.next()).await?;
            let Some(batch) = next.map_err(|error| failure(&error, &running.text))? else {
                self.app.asked(&running.text, running.began.elapsed());
                return Ok(true);
            };
            running.rows = Some((written(&batch, &running.kinds)?, 0));
        }
    }

    /// Who wanted to end what is over by now does not mean what begins.
    fn forget_end(&self) {
        let _ = self.ended.notified().now_or_never();
    }

    /// Waits for something, unless the client ends it, leaves, or its time is over.
    async fn unless_ended<T>(
        &mut self,
        deadline: Option<Instant>,
        what: impl Future<Output = T>,
    ) -> Result<T, Trouble> {
        let ended = std::sync::Arc::clone(&self.ended);
        let late = Instant::now() + Duration::from_secs(86_400);
        tokio::select! {
            biased;
            () = ended.notified() => Err(self.canceled("the client ended it").into()),
            () = tokio::time::sleep_until(deadline.unwrap_or(late)) => {
                Err(self.canceled("statement_timeout is over").into())
            }
            done = what => Ok(done),
            gone = self.connection.left() => Err(gone.into()),
        }
    }

    async fn send_unless_ended(&mut self, deadline: Option<Instant>) -> Result<(), Trouble> {
        let ended = std::sync::Arc::clone(&self.ended);
        let late = Instant::now() + Duration::from_secs(86_400);
        let why = tokio::select! {
            biased;
            () = ended.notified() => "the client ended it",
            () = tokio::time::sleep_until(deadline.unwrap_or(late)) => "statement_timeout is over",
            sent = self.connection.flush() => return Ok(sent?),
        };
        Err(self.canceled(why).into())
    }

    fn canceled(&self, why: &str) -> Failure {
        self.app.metrics.postgres_canceled.fetch_add(1, Ordering::Relaxed);
        Failure::new(code::CANCELED, format!("the statement was canceled: {why}"))
    }
}

/// A batch in the types that were announced.
fn written(batch: &RecordBatch, kinds: &[(Kind, Format)]) -> Result<Rows, Failure> {
    let column = |(column, (kind, _)): (&ArrayRef, &(Kind, Format))| {
        let has_none = kind.scalar == Scalar::Json && !kind.is_list && column.data_type().is_nested();
        if has_none { tacho_query::json_texts(column) } else { Ok(column.clone()) }
    };
    let columns: Result<Vec<_>, QueryError> = batch.columns().iter().zip(kinds).map(column).collect();
    let columns = columns.map_err(|error| failure(&error, ""))?;
    let rows = Rows::new(&columns, kinds);
    rows.map_err(|error| Failure::new(code::INTERNAL, format!("the rows cannot be written: {error}")))
}

/// The type of a parameter as a client is told it; one that has none there is text.
pub(super) fn parameter(data_type: &DataType) -> Kind {
    match Kind::of(data_type) {
        Kind { scalar: Scalar::Json, is_list } => Kind { scalar: Scalar::Text, is_list },
        kind => kind,
    }
}

/// What is wrong with a query in PostgreSQL's words.
pub(super) fn failure(error: &QueryError, text: &str) -> Failure {
    use tacho_query::Kind as Error;
    let code = match error.kind {
        Error::Syntax => code::SYNTAX,
        Error::Unknown => code::UNDEFINED,
        Error::ReadOnly => code::READ_ONLY,
        Error::Value => code::VALUE,
        Error::TooMuchMemory => code::MEMORY,
        Error::Timeout => code::CANCELED,
        Error::RowsLimit => code::LIMIT,
        Error::Busy => code::BUSY,
        Error::Internal => code::INTERNAL,
    };
    let position = error.position.and_then(|at| {
        let before: usize =
            text.split('\n').take(at.line as usize - 1).map(|line| line.chars().count() + 1).sum();
        (at.line > 0).then_some(before + at.column as usize)
    });
    Failure { code, message: error.message.clone(), hint: error.hint.clone(), position }
}

//! Statements of one session, in both of PostgreSQL's ways: a text at once, or prepared, bound and executed.

use super::answer::{Trouble, columns, parameter};
use super::session::{PREPARED_BYTES_MAX, PREPARED_MAX, Portal, Prepared, Session};
use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use std::sync::Arc;
use tacho_postgres::{
    Failure, Format, Kind, Reply, Rows, Said, State, Target, code, decode, said, statements,
};
use tacho_query::Statement;

/// The one column of what `SHOW` says.
fn shown(name: &str) -> Schema {
    Schema::new(vec![Field::new(name, DataType::Utf8, false)])
}

fn tag(text: &str, rows: u64) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.eq_ignore_ascii_case("explain") { "EXPLAIN".into() } else { format!("SELECT {rows}") }
}

impl Session {
    /// A text with one statement or several, answered at once.
    pub(super) async fn query(&mut self, text: &str) -> Result<(), Trouble> {
        let all = statements(text);
        if all.is_empty() {
            self.connection.put(&Reply::Empty);
        }
        for one in all {
            let said = said(one);
            self.check(&said)?;
            if said != Said::Query {
                let columns = self.columns(&said, None, &[])?;
                if let Some(columns) = columns {
                    self.connection.put(&Reply::Columns(&columns));
                }
                self.carry_out(&said, &[])?;
                continue;
            }
            let statement = Statement { text: one.to_string(), types: Vec::new() };
            let mut running = self.begin(&statement, Vec::new(), &[], None).await?;
            self.connection.put(&Reply::Columns(&running.columns(&[])?));
            self.send(&mut running, 0).await?;
            self.connection.put(&Reply::Done(&tag(one, running.sent)));
        }
        Ok(())
    }

    pub(super) async fn parse(&mut self, name: String, text: String, types: &[u32]) -> Result<(), Trouble> {
        let all = statements(&text);
        if all.len() > 1 {
            return Err(Failure::new(code::SYNTAX, "a prepared statement is one statement").into());
        }
        let text = all.first().copied().unwrap_or_default();
        let said = if text.is_empty() { Said::Nothing } else { said(text) };
        self.check(&said)?;
        if !name.is_empty() && self.prepared.contains_key(&name) {
            return Err(
                Failure::new("42P05", format!("there is a prepared statement \"{name}\" already")).into()
            );
        }
        let bytes: usize = self.prepared.values().map(|prepared| prepared.statement.text.len()).sum();
        if (self.prepared.len() >= PREPARED_MAX && !name.is_empty())
            || bytes + text.len() > PREPARED_BYTES_MAX
        {
            let message = format!("the session has {} prepared statements already", self.prepared.len());
            return Err(Failure::new(code::LIMIT, message).hint("close those that are not used").into());
        }
        let types = types.iter().map(|oid| Kind::by_oid(*oid).map(Kind::sql)).collect();
        let statement = Statement { text: text.to_string(), types };
        let shape = if said == Said::Query { Some(self.shape(&statement).await?) } else { None };
        self.prepared.insert(name, Arc::new(Prepared { statement, said, shape }));
        self.connection.put(&Reply::Parsed);
        Ok(())
    }

    pub(super) fn bind(
        &mut self,
        portal: String,
        statement: &str,
        formats: &[i16],
        values: Vec<Option<Bytes>>,
        results: Vec<i16>,
    ) -> Result<(), Trouble> {
        let prepared = Arc::clone(self.prepared(statement)?);
        let wanted = prepared.shape.as_ref().map_or(&[][..], |shape| &shape.parameters);
        if wanted.len() != values.len() {
            let message =
                format!("the statement has {} parameters, {} were given", wanted.len(), values.len());
            return Err(Failure::new(code::PROTOCOL, message).into());
        }
        let read = |(at, (wanted, value)): (usize, (&DataType, Option<Bytes>))| {
            let format = Format::of(formats, at).map_err(|why| Failure::new(code::PROTOCOL, why))?;
            let value = decode(parameter(wanted), format, value);
            value.map_err(|why| Failure::new("22P02", format!("${}: {why}", at + 1)))
        };
        let values = wanted.iter().zip(values).enumerate().map(read).collect::<Result<Vec<ArrayRef>, _>>()?;
        if self.portals.len() >= PREPARED_MAX && !self.portals.contains_key(&portal) {
            return Err(
                Failure::new(code::LIMIT, format!("the session has {PREPARED_MAX} portals already")).into()
            );
        }
        self.portals.insert(portal, Portal { prepared, values, formats: results, running: None });
        self.connection.put(&Reply::Bound);
        Ok(())
    }

    pub(super) fn describe(&mut self, target: Target, name: &str) -> Result<(), Trouble> {
        let (prepared, formats) = match target {
            Target::Statement => {
                let prepared = Arc::clone(self.prepared(name)?);
                let parameters = prepared.shape.as_ref().map_or(&[][..], |shape| &shape.parameters);
                let oids: Vec<u32> = parameters.iter().map(|wanted| parameter(wanted).oid()).collect();
                self.connection.put(&Reply::Parameters(&oids));
                (prepared, Vec::new())
            }
            Target::Portal => {
                let portal = self.portals.get(name).ok_or_else(|| no_portal(name))?;
                (Arc::clone(&portal.prepared), portal.formats.clone())
            }
        };
        let columns = self.columns(&prepared.said, Some(&prepared), &formats)?;
        self.connection.put(&columns.as_ref().map_or(Reply::NoData, |columns| Reply::Columns(columns)));
        Ok(())
    }

    pub(super) async fn execute(&mut self, name: &str, rows_max: u32) -> Result<(), Trouble> {
        let mut portal = self.portals.remove(name).ok_or_else(|| no_portal(name))?;
        let prepared = Arc::clone(&portal.prepared);
        self.check(&prepared.said)?;
        if prepared.said != Said::Query {
            self.carry_out(&prepared.said, &portal.formats)?;
            self.portals.insert(name.to_string(), portal);
            return Ok(());
        }
        let mut running = match portal.running.take() {
            Some(running) => running,
            None => {
                let values = portal.values.clone();
                self.begin(&prepared.statement, values, &portal.formats, prepared.shape.as_ref()).await?
            }
        };
        let sent_before = running.sent;
        if self.send(&mut running, rows_max).await? {
            let sent = running.sent - sent_before;
            self.connection.put(&Reply::Done(&tag(&prepared.statement.text, sent)));
        } else {
            self.connection.put(&Reply::Suspended);
        }
        portal.running = Some(running);
        self.portals.insert(name.to_string(), portal);
        Ok(())
    }

    pub(super) fn close(&mut self, target: Target, name: &str) {
        match target {
            Target::Statement => drop(self.prepared.remove(name)),
            Target::Portal => drop(self.portals.remove(name)),
        }
        self.connection.put(&Reply::Closed);
    }

    fn prepared(&self, name: &str) -> Result<&Arc<Prepared>, Failure> {
        self.prepared.get(name).ok_or_else(|| {
            Failure::new(code::NO_STATEMENT, format!("there is no prepared statement \"{name}\""))
        })
    }

    /// After a failure a transaction takes nothing but its end.
    fn check(&self, said: &Said) -> Result<(), Failure> {
        if self.settings.state == State::Failed && !matches!(said, Said::End(_)) {
            let message = "the transaction failed: nothing is taken until it ends";
            return Err(Failure::new(code::FAILED_TRANSACTION, message).hint("say ROLLBACK"));
        }
        Ok(())
    }

    /// The columns of what a statement gives, if it gives rows.
    fn columns(
        &self,
        said: &Said,
        prepared: Option<&Prepared>,
        formats: &[i16],
    ) -> Result<Option<Vec<tacho_postgres::Column>>, Failure> {
        match said {
            Said::Show(name) => columns(&shown(name), formats).map(Some),
            Said::Query => {
                let shape = prepared.and_then(|prepared| prepared.shape.as_ref());
                shape.map(|shape| columns(&shape.schema, formats)).transpose()
            }
            _ => Ok(None),
        }
    }

    /// Does what is no query.
    fn carry_out(&mut self, said: &Said, formats: &[i16]) -> Result<(), Failure> {
        let tag = match said {
            Said::Query | Said::Nothing => {
                self.connection.put(&Reply::Empty);
                return Ok(());
            }
            Said::Done(tag) => tag,
            Said::Begin => {
                self.settings.state = State::Transaction;
                "BEGIN"
            }
            Said::End(tag) => {
                let failed = self.settings.state == State::Failed;
                self.settings.state = State::Idle;
                if failed { "ROLLBACK" } else { tag }
            }
            Said::Set { name, value } => {
                self.settings.set(name.clone(), value.clone())?;
                if name == "application_name" {
                    self.connection.put(&Reply::Parameter(name, value.as_deref().unwrap_or_default()));
                }
                if value.is_some() { "SET" } else { "RESET" }
            }
            Said::ResetAll => {
                self.settings.reset();
                "RESET"
            }
            Said::Show(name) => {
                let value = self.settings.show(name)?.to_string();
                let format = Format::of(formats, 0).map_err(|why| Failure::new(code::PROTOCOL, why))?;
                let column: ArrayRef = Arc::new(StringArray::from(vec![value]));
                let rows = Rows::new(&[column], &[(Kind::of(&DataType::Utf8), format)]);
                rows.map_err(|error| Failure::new(code::INTERNAL, error.to_string()))?
                    .put(0, &mut self.connection.out);
                "SHOW"
            }
            Said::Deallocate(Some(name)) => {
                self.prepared(name)?;
                self.prepared.remove(name);
                "DEALLOCATE"
            }
            Said::Deallocate(None) => {
                self.prepared.clear();
                "DEALLOCATE ALL"
            }
            Said::Discard => {
                self.settings.reset();
                self.prepared.clear();
                "DISCARD ALL"
            }
        };
        self.connection.put(&Reply::Done(tag));
        Ok(())
    }
}

fn no_portal(name: &str) -> Failure {
    Failure::new(code::NO_PORTAL, format!("there is no portal \"{name}\""))
}

//! The pipe language: one grammar for alert rules, queries, the search bar and reports.
//!
//! `docs/guide/pipes.md` is the specification. Text becomes a [`Query`] ([`parse`]), a query over known columns a
//! typed [`plan::Plan`] ([`plan::resolve`]), and the plan has several readers: SQL text ([`sql`]), the words of
//! [`explain`], and the streaming evaluator in `tacho-alert`.
//!
//! Invariants
//! - Pure: no I/O, no clock. The same text gives the same plan everywhere.
//! - What [`Query`]'s `Display` writes parses to the same query again.
//! - No text of a query reaches SQL but as an escaped literal; identifiers come from the catalog or are quoted.

mod ast;
mod catalog;
mod duration;
mod error;
mod explain;
mod format;
mod function;
mod kinds;
mod nearest;
mod parse;
mod parse_call;
mod parse_expr;
mod parse_stage;
mod pattern;
pub mod plan;
mod resolve;
mod resolve_expr;
mod resolve_math;
pub mod sql;
mod sql_baseline;
mod sql_source;
mod sql_term;
mod token;

pub use ast::*;
pub use catalog::{Catalog, Column, Kind, Table};
pub use duration::{format_us, parse_us};
pub use error::PipeError;
pub use explain::explain;
pub use nearest::nearest;
pub use parse::parse;
pub use pattern::PATTERN_BYTES_MAX;

/// A query's text, bytes.
pub const QUERY_BYTES_MAX: usize = 64 << 10;
/// Nesting of brackets and queries.
pub const DEPTH_MAX: usize = 48;
/// Stages of one query, over all levels.
pub const STAGES_MAX: usize = 100;
/// Values of one list, terms of one condition.
pub const TERMS_MAX: usize = 1_000;

//! Tests of queries.

mod data;
mod nine;
mod sql;

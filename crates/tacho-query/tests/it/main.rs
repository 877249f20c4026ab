//! Tests of queries.

mod data;
mod encode;
mod hostile;
mod nine;
mod search;
mod sql;

//! Tests of queries.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod data;
mod encode;
mod growth;
mod hostile;
mod nine;
mod search;
mod sql;

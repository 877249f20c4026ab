//! Tests of queries.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod bombs;
mod data;
mod encode;
mod growth;
mod hostile;
mod known;
mod nine;
mod ordinary;
mod remembered;
mod rewrites;
mod rollups;
mod search;
mod sight;
mod sparse;
mod sql;
mod star;

//! The pipe language as its users meet it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod catalog;
mod errors;
mod explain;
mod roundtrip;
mod sql;

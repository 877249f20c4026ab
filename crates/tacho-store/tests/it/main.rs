//! Tests of the store.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod cut;
mod damage;
mod maintain;
mod people;
mod round_trip;
mod support;

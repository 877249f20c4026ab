//! Tests of the store.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod compact;
mod cut;
mod damage;
mod people;
mod round_trip;
mod support;
mod take_out;

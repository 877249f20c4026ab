//! Rules over streams of events, in virtual time.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod alertmanager;
mod builtin;
mod files;
mod naive;
mod ladder;
mod notify;
mod sigma;
mod tools;

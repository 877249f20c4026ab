//! Rules over streams of events, in virtual time.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod alertmanager;
mod builtin;
mod files;
mod incident;
mod incident_course;
mod ladder;
mod naive;
mod notify;
mod sigma;
mod tools;

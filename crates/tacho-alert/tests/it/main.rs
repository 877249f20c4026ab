//! Rules over streams of events, in virtual time.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod alertmanager;
mod builtin;
mod escalation;
mod files;
mod hung;
mod imports;
mod incident;
mod incident_course;
mod incident_hand;
mod ladder;
mod maintenance;
mod naive;
mod notify;
mod oncall;
mod places;
mod resolved;
mod respond;
mod rule_tests;
mod sequences;
mod sigma;
mod slept;
mod tools;

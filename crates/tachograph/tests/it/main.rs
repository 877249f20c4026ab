//! The binary as people and programs use it: real processes, real sockets, real files.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod actions;
mod agree;
mod alerts;
mod answers;
mod channels;
mod check;
mod cli;
mod coverage;
mod door;
mod erase;
mod forged;
mod hook;
mod http;
mod import;
mod incident_course;
mod incidents;
mod kill;
mod live;
mod mcp;
mod mutate;
mod otlp;
mod pipes;
mod registry;
mod replies;
mod rules;
mod server;
mod silences;
mod witnesses;

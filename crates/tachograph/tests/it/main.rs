//! The binary as people and programs use it: real processes, real sockets, real files.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod access;
mod actions;
mod agree;
mod alerts;
mod answers;
mod capacity;
mod channels;
mod check;
mod cli;
mod coverage;
mod door;
mod erase;
mod erase_alerts;
mod flood;
mod forged;
mod grafana;
mod hook;
mod http;
mod import;
mod incident_course;
mod incident_hand;
mod incidents;
mod kill;
mod limited;
mod live;
mod maintenance;
mod mcp;
mod mutate;
mod oncall;
mod otlp;
mod pipes;
mod postgres;
mod registry;
mod replies;
mod reports;
mod responses;
mod rules;
mod server;
mod signin;
mod silences;
mod socket;
mod stopped;
mod upgrade;
mod witnesses;

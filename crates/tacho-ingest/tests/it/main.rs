//! From a sender's bytes to accepted events: nothing lost, nothing secret kept, retries recognised.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod accepting;
mod bodies;
mod classes;
mod claude;
mod claude_ends;
mod codex;
mod common;
mod duplicates;
mod history;
mod hooks;
mod jsonline;
mod lossless;
mod newcomers;
mod otlp;
mod properties;
mod replayed;
mod rows;
mod samples;
mod spans;
mod trajectories;

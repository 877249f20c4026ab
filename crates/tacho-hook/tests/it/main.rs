//! The program as agents run it, against a scripted server on loopback.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod crowd;
mod died;
mod hook;
mod places;
mod program;
mod server;
mod settings;

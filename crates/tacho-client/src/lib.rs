//! The client library of tachograph for Rust programs.
//!
#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
mod at_exit;
mod backlog;
mod bounded;
mod client;
mod event;
mod fit;
mod http;
#[cfg(feature = "tracing")]
mod layer;
mod options;
mod owner;
mod receipts;
mod send;
mod shared;
mod spool;
mod waiting;
mod whose;
mod within;

pub use client::Client;
pub use event::Event;
#[cfg(feature = "tracing")]
pub use layer::TachoLayer;
pub use options::{OnProblem, Options, Problem};
pub use receipts::{Receipt, Status};
pub use shared::Stats;

//! The recorder as a server of the Model Context Protocol: tools to write and to ask, resources, prompts.
//!
//! ```text
//! client ─> rmcp (both eras of the protocol) ─> AuditServer ─> Log ─┬─> ServerLog ─> Transport ─> the HTTP interface
//!                                                                   └─> destinations of mcp-audit-logger
//! ```
//!
//! *Invariants*
//! - There is no tool that changes or deletes: [`Log`] can only add and read.
//! - What an agent writes is self-reported: the log says so by the way in, whatever the arguments say.
//! - Who may do what is decided by the log for every single call, with the caller's own credential.
//! - Proofs are checked here, from bytes that the log gives, not believed.
//!
//! *Limits*: see [`limits`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
mod ask;
mod evidence;
mod handler;
pub mod limits;
mod log;
pub mod message;
mod prompts;
mod prove;
mod resources;
mod server;
mod tools;
mod write;

pub use handler::{AuditServer, Defaults, Fresh};
pub use log::{Answer, Caller, CostBy, Costs, Fault, Filter, Kind, Log, Page, Recorded};
pub use prove::Pins;
pub use server::{Reply, Request, ServerLog, Transport};

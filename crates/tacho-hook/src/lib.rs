//! `agent-audit-log`: what an agent's hook command does, and what carries its events to the server.
//!
//! ```text
//! hook: stdin ─> redact ─> bound ─> stamp (id, time, number) ─> spool (written, synced) ─> exit 0
//! sender, detached, one at a time:   spool ─> batches in order ─> POST /v1/events ─> position ─> delete
//! ```
//!
//! The hook never waits for the network and never fails towards its agent; the sender never reorders and never
//! drops what a server has not answered for. An event has its id before it is on disk, so a batch that is sent
//! twice is recorded once.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod debug;
pub mod deliver;
pub mod enforce;
pub mod hook;
pub mod install;
pub mod payload;
pub mod session_file;
pub mod settings;
pub mod spool;
pub mod stamp;
pub mod status;

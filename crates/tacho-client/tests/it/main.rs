//! The client and its layer against a small server of the tests' own.

#![allow(clippy::unwrap_used)]

mod ends;
mod layer;
mod outcome;
mod readme;
mod server;
mod spool;

//! Tests of redaction from outside: a corpus with measured recall, and properties over arbitrary input.

#![allow(clippy::unwrap_used)]

mod clients;
mod corpus;
mod properties;

//! The write path as its users see it: crashes, damage, retries, clocks.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod crash;
mod damage;
mod fleet;
mod holes;
mod keys;
mod many;
mod order;
mod release;

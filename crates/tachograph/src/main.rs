//! The flight recorder: command line and wiring.
//!
//! Exit codes: 0 good, 1 a finding (refused lines, tampering, nothing by that id), 2 usage, 3 could not run.

mod alerting;
mod alive;
mod capacity;
mod client;
mod clock;
mod code;
mod commands;
mod commitments;
mod concluded;
mod config;
mod coverage;
mod dashboards;
mod deliver;
mod demo;
mod edits;
mod exit;
mod folder;
mod follow;
mod http;
mod keys;
mod live;
mod logs;
mod node;
mod pipe;
mod postgres;
mod reports;
mod retention;
mod rows;
mod serve;
mod shelf;
mod streams;
mod target;
mod told;
mod verify;
mod work;

use clap::Parser;
use commands::Arguments;
use std::process::ExitCode;

/// Bodies, batches and columns come and go in bursts on many threads; this one gives the pages back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What the allocator reads when it starts. One arena a processor, not four: what lies free in one is of no use in another.
/// Free pages are given back after 200 ms by a thread of its own. `MALLOC_CONF` in the environment goes before it.
#[expect(unsafe_code, reason = "a C name with a C string behind it, which ends with a zero")]
#[unsafe(export_name = "malloc_conf")]
pub static MALLOC_CONF: &[u8; 79] =
    b"percpu_arena:percpu,background_thread:true,dirty_decay_ms:200,muzzy_decay_ms:0\0";

fn main() -> ExitCode {
    // Journal, segments and key ring hold what agents did: nobody but the owner reads files that we make.
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o077));
    let arguments = Arguments::parse();
    match commands::run(&arguments) {
        Ok(good) => ExitCode::from(u8::from(!good)),
        // Whoever read our output has seen enough: `tachograph … | head`.
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tachograph: {error}");
            exit::code(error.as_ref())
        }
    }
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

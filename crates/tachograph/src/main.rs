//! The flight recorder: command line and wiring.
//!
//! Exit codes: 0 good, 1 a finding (refused lines, tampering, nothing by that id), 2 usage, 3 could not run.

mod alerting;
mod alive;
mod capacity;
mod client;
mod clock;
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

/// Bodies, batches and columns come and go in bursts on many threads; this one gives the pages back. Built without huge pages
/// (`no_thp`): they are cleared and kept 2 MB at a time, which took a tenth more processor time and three times the memory when idle.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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

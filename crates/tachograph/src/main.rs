//! The flight recorder: command line and wiring.
//!
//! Exit codes: 0 good, 1 a finding (refused lines, tampering), 2 usage, 3 could not run.

mod client;
mod clock;
mod commands;
mod config;
mod demo;
mod folder;
mod follow;
mod http;
mod node;
mod serve;
mod target;
mod verify;

use clap::Parser;
use commands::Arguments;
use std::process::ExitCode;

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
            ExitCode::from(3)
        }
    }
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

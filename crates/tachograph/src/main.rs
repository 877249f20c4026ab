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
    let arguments = Arguments::parse();
    match commands::run(&arguments) {
        Ok(good) => ExitCode::from(u8::from(!good)),
        Err(error) => {
            eprintln!("tachograph: {error}");
            ExitCode::from(3)
        }
    }
}

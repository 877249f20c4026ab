//! The flight recorder: command line and wiring.
//!
//! Exit codes: 0 good, 1 a finding (refused lines, tampering), 2 usage, 3 could not run.

mod folder;
mod import;
mod verify;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// Tamper-evident flight recorder for AI agents.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    /// The data folder: one folder is one log.
    #[arg(long, default_value = "tachograph-data", global = true)]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Records a file of events in the native format, one JSON object a line; `-` reads standard input.
    Import { file: PathBuf },
    /// Prints the C2SP tlog-proof of an entry.
    Prove { index: u64 },
    /// Prints the entries of the log, one a line.
    Entries,
    /// Prints the verifier keys of the log: pin them outside this machine.
    Keys,
    /// Checks journal, tiles and checkpoint; names every damaged entry.
    Verify,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(good) => ExitCode::from(u8::from(!good)),
        Err(error) => {
            eprintln!("tachograph: {error}");
            ExitCode::from(3)
        }
    }
}

/// Says whether all was well; `false` is a finding.
fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let data = arguments.data.as_path();
    match &arguments.command {
        Command::Import { file } => import::run(data, file),
        Command::Prove { index } => {
            print!("{}", folder::open(data)?.prove(*index)?);
            Ok(true)
        }
        Command::Entries => {
            tacho_record::log::replay(data, |_, bytes| println!("{}", String::from_utf8_lossy(bytes)))?;
            Ok(true)
        }
        Command::Keys => {
            for key in folder::signers(data)? {
                println!("{}", key.verifier());
            }
            Ok(true)
        }
        Command::Verify => verify::run(data),
    }
}

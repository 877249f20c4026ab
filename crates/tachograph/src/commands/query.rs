//! `query`: asks in the pipe language, of a server or a folder at rest.

use super::{Arguments, Output, read};
use crate::clock::now_us;
use crate::exit::Ended;
use crate::pipe::{Asking, Whose};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;

/// A pipe query as it is typed.
#[derive(clap::Args)]
pub(super) struct Asks {
    /// The query: a source, then stages, as in docs/guide/pipes.md.
    #[arg(value_name = "PIPE", allow_hyphen_values = true, value_parser = super::asked)]
    query: String,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments, asks: &Asks) -> Result<bool, Box<dyn Error>> {
    let Asks { query, asking, output } = asks;
    if asking.explain {
        // Needs no events, so no server and no folder either.
        write!(std::io::stdout(), "{}", asking.of(query, now_us()).map_err(Ended::usage)?.explain())?;
        return Ok(true);
    }
    let mut path = "/v1/query?".to_string();
    let time = asking.time.map(Whose::as_str);
    let (last, from, to) = (asking.last.as_deref(), asking.from.as_deref(), asking.to.as_deref());
    for (name, value) in [("last", last), ("from", from), ("to", to), ("time", time)] {
        if let Some(value) = value {
            write!(path, "{name}={}&", read::segment(value))?;
        }
    }
    let answer = arguments.target()?.post(
        path.trim_end_matches(['&', '?']),
        output.format.accept(),
        query.as_bytes(),
    )?;
    read::print(answer, output.format)
}

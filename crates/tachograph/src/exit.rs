//! Which error ends the program with which code. Most have none of their own: the command could not run.

use std::error::Error;
use std::fmt::{Display, Formatter};
use std::process::ExitCode;

/// An error with an exit code of its own.
#[derive(Debug)]
pub(crate) enum Ended {
    /// What was typed is not understood: a flag, a query, a search.
    Usage(String),
    /// Everything worked, and what was asked for is not there.
    Absent(String),
}

impl Ended {
    /// What was typed is not understood, for this reason.
    pub(crate) fn usage(why: impl Display) -> Box<dyn Error> {
        Box::new(Ended::Usage(why.to_string()))
    }
}

impl Display for Ended {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (Ended::Usage(why) | Ended::Absent(why)) = self;
        f.write_str(why)
    }
}

impl Error for Ended {}

/// The exit code of an error.
pub(crate) fn code(error: &(dyn Error + 'static)) -> ExitCode {
    ExitCode::from(match error.downcast_ref() {
        Some(Ended::Absent(_)) => 1,
        Some(Ended::Usage(_)) => 2,
        None => 3,
    })
}

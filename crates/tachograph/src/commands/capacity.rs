//! `capacity`: how the log grows, and what the disk and the recorder still take.

use super::Arguments;
use serde_json::Value;
use std::error::Error;
use std::io::Write as _;

pub(super) fn run(arguments: &Arguments, json: bool) -> Result<bool, Box<dyn Error>> {
    let answer = arguments.target()?.get("/v1/capacity", "application/json")?.good()?;
    let found: Value = serde_json::from_slice(&answer)?;
    let mut out = std::io::stdout().lock();
    match json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&found)?)?,
        false => writeln!(out, "{}", serde_json::from_value::<crate::capacity::Capacity>(found)?.words())?,
    }
    Ok(true)
}

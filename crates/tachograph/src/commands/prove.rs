//! `prove`, `verify`, `keys`, `entries`: everything that is about proofs.

use super::Arguments;
use super::read::segment;
use crate::client::Client;
use crate::exit::Ended;
use crate::folder::Keys;
use crate::verify::{self, pinned};
use std::error::Error;
use std::io::Write;
use std::path::Path;
use tacho_merkle::tile::{BundlePath, TILE_WIDTH, decode_bundle};
use tacho_merkle::{Checkpoint, VerifierKey};
use tacho_record::RecordError;

pub(super) fn prove(arguments: &Arguments, id: &str) -> Result<bool, Box<dyn Error>> {
    let path = format!("/v1/events/{}/proof", segment(id));
    let proof = arguments.target()?.get(&path, "text/plain")?.good()?;
    std::io::stdout().write_all(&proof)?;
    Ok(true)
}

pub(super) fn verify(
    arguments: &Arguments,
    pins: &[String],
    proof: Option<&Path>,
    entry: Option<&Path>,
    since: Option<&Path>,
    shown: usize,
) -> Result<bool, Box<dyn Error>> {
    let pins = pinned(pins).map_err(Ended::usage)?;
    let check = match (&arguments.server, proof) {
        (_, Some(proof)) => verify::proof::run(proof, entry, &pins)?,
        (Some(server), None) => {
            let client = Client::new(server, arguments.key.clone());
            verify::remote::run(&client, &own_keys(&arguments.data, pins), since, shown)?
        }
        (None, None) => match verify::folder::at_rest(&arguments.data, &pins, since, shown) {
            Err(error) if is_in_use(error.as_ref()) => {
                verify::live::run(&arguments.data, &pins, since, shown)?
            }
            checked => checked?,
        },
    };
    Ok(check.print())
}

/// Whether another process has the folder: a server, mostly. Its files are checked all the same.
fn is_in_use(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(RecordError::InUse { .. }))
}

/// Without pinned keys, those of the data folder on this machine, when it is here.
fn own_keys(data: &Path, pins: Vec<VerifierKey>) -> Vec<VerifierKey> {
    if !pins.is_empty() {
        return pins;
    }
    Keys::read(data).and_then(|keys| keys.verifiers()).unwrap_or_default()
}

pub(super) fn keys(data: &Path) -> Result<bool, Box<dyn Error>> {
    for key in Keys::read(data)?.verifiers()? {
        writeln!(std::io::stdout(), "{key}")?;
    }
    Ok(true)
}

pub(super) fn entries(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let target = arguments.target()?;
    let note = String::from_utf8(target.get("/tlog/checkpoint", "text/plain")?.good()?)?;
    let text = note.split("\n\n").next().unwrap_or_default();
    let size = Checkpoint::parse_text(&format!("{text}\n"))?.size;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for first in (0..size).step_by(usize::from(TILE_WIDTH)) {
        let width = u64::from(TILE_WIDTH).min(size - first) as u16;
        let path = BundlePath { index: first / u64::from(TILE_WIDTH), width };
        let bundle = target.get(&format!("/tlog/{}", path.path()), "*/*")?.good()?;
        for entry in decode_bundle(&bundle, width)? {
            out.write_all(entry)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(true)
}

//! What a folder gives to check it with: key ring, origin and keys, as far as they are still there.

use super::{Findings, checkpoint};
use crate::folder::{Lost, read_origin, read_secrets, verifiers};
use std::path::Path;
use tacho_merkle::VerifierKey;
use tacho_record::keyring::Secrets;

/// What there is to check a folder with.
pub(super) struct Means {
    pub ring: Option<Secrets>,
    /// Empty when there are neither pins nor keys of the folder's own.
    pub verifiers: Vec<VerifierKey>,
}

impl Means {
    /// Whatever is lost is a finding, and keeps nothing else from being checked.
    pub(super) fn find(data: &Path, pins: &[VerifierKey], findings: &mut Findings) -> Means {
        let mut lose = |place: &str, lost: Lost, then: &str| match lost {
            Lost::Missing(what) => findings.completeness(place, format!("{what}{then}")),
            Lost::Damaged(what) => findings.integrity(place, format!("{what}{then}")),
        };
        let signed = checkpoint::origin(data);
        let origin = match read_origin(data) {
            Ok(origin) => Some(origin),
            Err(lost) => {
                lose("origin", lost, "");
                None
            }
        };
        let ring = match read_secrets(data) {
            Ok(ring) => Some(ring),
            Err(lost) => {
                lose("keyring", lost, ": sections cannot be opened, everything else is checked");
                None
            }
        };
        // The checkpoint's own name first: what the file `origin` says must not hide who signed.
        let name = signed.as_ref().or(origin.as_ref());
        let own = match name.zip(ring.as_ref()).map(|(name, ring)| verifiers(name, ring)) {
            Some(Ok(keys)) => keys,
            // A name that is none is found when the checkpoint is read.
            Some(Err(lost @ Lost::Missing(_))) => {
                lose("keyring/ring", lost, "");
                Vec::new()
            }
            Some(Err(Lost::Damaged(_))) | None => Vec::new(),
        };
        if let Some((origin, signed)) = origin.zip(signed).filter(|(origin, signed)| origin != signed) {
            let what = format!("says {origin:?}, log/checkpoint is of {signed:?}");
            findings.integrity("origin", what);
        }
        Means { ring, verifiers: if pins.is_empty() { own } else { pins.to_vec() } }
    }
}

//! The salts and tags of the events of one body, each secret fetched from the key ring once.
//!
//! Invariant: nothing here outlives a body. A secret that was destroyed in between must not be used again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use tacho_event::section::Section;
use tacho_event::time::Day;
use tacho_event::words::Class;
use tacho_merkle::commit::{SaltKey, TagKey};
use tacho_record::keyring::KeyRing;

/// Subjects whose keys are kept at a time.
const SUBJECTS_MAX: usize = 4096;

/// The name of a data subject's secret in the key ring.
pub(crate) fn secret_name(user: &str) -> String {
    format!("subject {user}")
}

/// Keys derived so far. The ring is locked only to fetch a secret, never while hashing.
pub(crate) struct Salts<'k> {
    ring: &'k Mutex<KeyRing>,
    period: Day,
    personal: Option<[u8; 32]>,
    classes: [Option<[u8; 32]>; Class::ALL.len()],
    nobody: Owner,
    subjects: HashMap<String, Owner>,
}

/// One data subject, or nobody.
#[derive(Default)]
struct Owner {
    secret: Option<[u8; 32]>,
    tag: Option<TagKey>,
    personal: Option<SaltKey>,
    classes: [Option<SaltKey>; Class::ALL.len()],
}

impl<'k> Salts<'k> {
    pub(crate) fn new(ring: &'k Mutex<KeyRing>, period: Day) -> Salts<'k> {
        Salts {
            ring,
            period,
            personal: None,
            classes: [None; Class::ALL.len()],
            nobody: Owner::default(),
            subjects: HashMap::new(),
        }
    }

    /// The commitment to a section of an event.
    pub(crate) fn commitment(
        &mut self,
        subject: Option<&str>,
        retention: Class,
        id: &[u8; 16],
        section: Section,
        bytes: &[u8],
    ) -> [u8; 32] {
        let clock = if section.is_personal() { self.personal() } else { self.class(retention) };
        let ring = self.ring;
        let (owner, name) = self.owner(subject.filter(|_| section.has_subject()));
        let secret = *owner.secret.get_or_insert_with(|| secret(ring, &name_of(name)));
        let slot =
            if section.is_personal() { &mut owner.personal } else { &mut owner.classes[slot(retention)] };
        slot.get_or_insert_with(|| SaltKey::new(&secret, &clock)).commitment(id, section.name(), bytes)
    }

    /// The tag of a subject's event.
    pub(crate) fn tag(&mut self, subject: &str, id: &[u8; 16]) -> [u8; 16] {
        let ring = self.ring;
        let (owner, name) = self.owner(Some(subject));
        let secret = *owner.secret.get_or_insert_with(|| secret(ring, &name_of(name)));
        owner.tag.get_or_insert_with(|| TagKey::new(&secret)).tag(id)
    }

    fn personal(&mut self) -> [u8; 32] {
        let (ring, period) = (self.ring, self.period);
        *self.personal.get_or_insert_with(|| secret(ring, &format!("period personal {}", period.text())))
    }

    fn class(&mut self, retention: Class) -> [u8; 32] {
        let (ring, period) = (self.ring, self.period);
        *self.classes[slot(retention)]
            .get_or_insert_with(|| secret(ring, &format!("period {retention} {}", period.month_text())))
    }

    fn owner<'s>(&mut self, subject: Option<&'s str>) -> (&mut Owner, Option<&'s str>) {
        let Some(name) = subject else { return (&mut self.nobody, None) };
        if self.subjects.len() >= SUBJECTS_MAX {
            self.subjects.clear();
        }
        if !self.subjects.contains_key(name) {
            self.subjects.insert(name.to_string(), Owner::default());
        }
        (self.subjects.get_mut(name).expect("it was put there"), subject)
    }
}

fn name_of(subject: Option<&str>) -> String {
    subject.map_or_else(|| "subject".to_string(), secret_name)
}

fn slot(class: Class) -> usize {
    usize::from(class.code()) - 1
}

fn secret(ring: &Mutex<KeyRing>, name: &str) -> [u8; 32] {
    lock(ring).secret(name)
}

fn lock(ring: &Mutex<KeyRing>) -> MutexGuard<'_, KeyRing> {
    ring.lock().expect("nothing panics while it holds the key ring")
}

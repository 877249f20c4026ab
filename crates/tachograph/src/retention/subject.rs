//! One person's data: erased or made anonymous on request, and found for an export, also where section `who` is gone.

use super::removal::{ANY_DAY, event, forget_names, holds, release, take_out, tell};
use crate::clock::random;
use crate::commitments::{Mode, leaving, parse_leaving, subject};
use crate::node::Node;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::{Display, Formatter};
use std::sync::atomic::Ordering;
use tacho_event::section::Section;
use tacho_merkle::commit::TagKey;
use tacho_store::Why;
use tacho_store::read::Wanted;
use tacho_store::row::Row;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Erased {
    /// The id that the events on the log have it under.
    pub erasure: String,
    /// `erase` or `anonymise`.
    pub mode: &'static str,
    /// The subject's tag of this erasure: names the person only to who has the destroyed secret.
    pub subject: String,
    /// Entries without the person's sections now.
    pub entries: u64,
    /// Entries that a legal hold keeps; the erasure goes on when it is released.
    pub held: u64,
}

/// Nobody has that name, or everything of that person was erased.
#[derive(Debug)]
pub(crate) struct Unknown;

impl Display for Unknown {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("no event belongs to that user: nobody was recorded by that name, or was erased since")
    }
}

impl Error for Unknown {}

/// Erases a person, or makes them anonymous. When this returns, no file holds what went.
///
/// # Errors
/// [`Unknown`]; else what could not be done: it is tried again with the next run, and after a start.
pub(crate) fn erase(
    node: &Node,
    user: &str,
    mode: Mode,
    by: &str,
    reason: Option<&str>,
) -> Result<Erased, Box<dyn Error>> {
    let _one = node.removals().one.lock();
    let waiting =
        leaving_secrets(node).into_iter().find(|name| parse_leaving(name).is_some_and(|l| l.2 == user));
    let Some(secret) = node.ring().find(&subject(user)) else {
        return finish(node, &waiting.ok_or(Unknown)?);
    };
    let mut id = [0; 16];
    random(&mut id);
    let tag = hex(&TagKey::new(&secret).tag(&id));
    let id = hex(&id);
    let result = serde_json::json!({
        "erasure": id, "mode": mode.as_str(), "subject": tag, "by": by, "reason": reason,
    });
    tell(
        node,
        &event(&format!("erasure/{id}/requested"), "erasure_requested", "WARNING", "running", result),
    )?;
    let name = leaving(mode, &id, user);
    node.removals().watch(&secret, || node.ring().rename(&subject(user), &name))?;
    finish(node, &name)
}

/// What names a person: for those who keep texts of their own and have to take them out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    /// The name that events have, and the addresses that they came from.
    pub words: BTreeSet<String>,
    /// The person's entries.
    pub entries: BTreeSet<u64>,
}

/// Looks for everything that names a person, while that is still known.
///
/// # Errors
/// The store's.
pub(crate) fn person(node: &Node, user: &str) -> Result<Person, Box<dyn Error>> {
    let keys = keys_of(node, user);
    let mut person = Person { words: BTreeSet::from([user.to_string()]), entries: BTreeSet::new() };
    node.store().snapshot().rows(0..u64::MAX, Wanted::Subject, &mut |row| {
        if keys.iter().any(|key| is_of(row, key)) {
            person.words.extend(row.who().ip.filter(|ip| !ip.is_empty()).map(str::to_string));
            person.entries.insert(row.index());
        }
        Ok(())
    })?;
    Ok(person)
}

/// Puts on the log that somebody took a person's data out.
///
/// # Errors
/// What the recorder cannot do; nothing is to be given then.
pub(crate) fn tell_export(node: &Node, user: &str, by: &str, entries: usize) -> Result<(), Box<dyn Error>> {
    let mut id = [0; 16];
    random(&mut id);
    let tag = keys_of(node, user).last().map(|key| hex(&key.tag(&id)));
    let result = serde_json::json!({"export": hex(&id), "subject": tag, "by": by, "entries": entries});
    tell(node, &event(&format!("export/{}", hex(&id)), "user_data_exported", "WARNING", "success", result))
}

/// Goes on with what a crash or a legal hold left. Gives how many could be ended.
///
/// # Errors
/// As [`erase`].
pub(super) fn resume(node: &Node) -> Result<u64, Box<dyn Error>> {
    let mut ended = 0;
    for name in leaving_secrets(node) {
        ended += u64::from(finish(node, &name)?.held == 0);
    }
    Ok(ended)
}

/// Names of the secrets of people who are being erased.
pub(crate) fn leaving_secrets(node: &Node) -> Vec<String> {
    let ring = node.ring();
    let mut names: Vec<String> =
        ring.names().filter(|name| parse_leaving(name).is_some()).map(str::to_string).collect();
    names.sort_unstable();
    names
}

fn finish(node: &Node, name: &str) -> Result<Erased, Box<dyn Error>> {
    let (mode, id, _) = parse_leaving(name).ok_or("it is the name of no erasure")?;
    let secret = node.ring().find(name).ok_or(Unknown)?;
    let (key, holds) = (TagKey::new(&secret), holds(node)?);
    let sections = |row: &Row<'_>| -> Vec<Section> {
        if !is_of(row, &key) || holds.cover(row) {
            return Vec::new();
        }
        let theirs = |section: &Section| match mode {
            Mode::Erase => section.has_subject(),
            Mode::Anonymise => section.is_personal(),
        };
        Section::ALL.into_iter().filter(theirs).collect()
    };
    // Entries that were on their way with the old secret are on the log by the second time.
    let (taken, found) = loop {
        let taken = take_out(node, Why::Erased, ANY_DAY, &sections)?;
        let found = look(node, taken.end, &key, &sections)?;
        if !found.is_open {
            break (taken, found);
        }
    };
    crate::reports::forget_people(node.data())?;
    let mut bytes = [0; 16];
    (0..16).for_each(|at| bytes[at] = u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap_or_default());
    let erased = Erased {
        erasure: id.to_string(),
        mode: mode.as_str(),
        subject: hex(&key.tag(&bytes)),
        entries: found.entries - found.held,
        held: found.held,
    };
    let status = if erased.held == 0 { "success" } else { "partial" };
    let told = event(
        &format!("erasure/{id}/{}", erased.held),
        if mode == Mode::Erase { "user_data_erased" } else { "user_data_anonymised" },
        "WARNING",
        status,
        serde_json::json!({
            "erasure": id, "mode": erased.mode, "subject": erased.subject, "entries": erased.entries,
            "held": erased.held,
        }),
    );
    tell(node, &told)?;
    if erased.held == 0 {
        match mode {
            Mode::Erase => drop(node.ring().destroy(&[name])?),
            Mode::Anonymise => drop(node.ring().rename(name, &subject(&format!("anonymous/{id}")))?),
        }
        node.removals().counts.subjects.fetch_add(1, Ordering::Relaxed);
    }
    node.removals().counts.erased_entries.fetch_add(erased.entries, Ordering::Relaxed);
    forget_names(node)?;
    release(node, &taken)?;
    Ok(erased)
}

/// Whether an entry belongs to the subject of a tag key.
pub(super) fn is_of(row: &Row<'_>, key: &TagKey) -> bool {
    row.subject().is_some_and(|(id, tag)| key.tag(&id.0) == tag)
}

#[derive(Default)]
struct Found {
    /// Of the subject.
    entries: u64,
    /// Of these, by a hold.
    held: u64,
    /// Whether one of these came after the others were taken out.
    is_open: bool,
}

/// Looks at what there is of a subject now; entries below `end` were taken out.
fn look(
    node: &Node,
    end: u64,
    key: &TagKey,
    sections: &dyn Fn(&Row<'_>) -> Vec<Section>,
) -> Result<Found, Box<dyn Error>> {
    let mut found = Found::default();
    node.store().snapshot().rows(0..u64::MAX, Wanted::Subject, &mut |row| {
        if is_of(row, key) {
            let is_held = sections(row).is_empty();
            found.entries += 1;
            found.held += u64::from(is_held);
            found.is_open |= !is_held && row.index() >= end;
        }
        Ok(())
    })?;
    Ok(found)
}

/// The keys that find a person's entries: one, and those of erasures that a hold keeps from their end.
pub(super) fn keys_of(node: &Node, user: &str) -> Vec<TagKey> {
    let waiting = leaving_secrets(node);
    let waiting = waiting.iter().filter(|name| parse_leaving(name).is_some_and(|leaving| leaving.2 == user));
    let names: Vec<String> = waiting.cloned().chain([subject(user)]).collect();
    let ring = node.ring();
    names.iter().filter_map(|name| ring.find(name)).map(|secret| TagKey::new(&secret)).collect()
}

fn hex(bytes: &[u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! The members of objects, as one list for an object and all objects in it.

use crate::fields::{Fields, Refused};
use std::borrow::Cow;
use std::collections::HashSet;

/// Up to so many members, looking at every pair is cheaper than hashing names.
const PAIRS_MAX: usize = 24;

/// A member of an object. Members of the object that its value is come right behind it, and theirs behind them.
#[derive(Debug, Clone)]
pub(crate) struct Member<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) raw: &'a str,
    /// So many members behind this one stand inside of it; none where the object was not read ([`crate::scan`]).
    pub(crate) inside: usize,
}

/// The members of one object, each with those inside of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'f, 'a>(pub(crate) &'f [Member<'a>]);

impl<'f> Members<'f, '_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'f str> {
        self.map(|(member, _)| member.name.as_ref())
    }

    /// Whether each name stands once.
    ///
    /// # Errors
    /// [`Refused::Twice`] names the first that does not.
    pub(crate) fn once(self) -> Result<(), Refused> {
        match self.twice() {
            Some(name) => Err(Refused::Twice(name.chars().take(60).collect())),
            None => Ok(()),
        }
    }

    fn twice(self) -> Option<&'f str> {
        let mut seen = 0_u64;
        let mut is_new = |name: &str| {
            let bit = 1 << (trait_of(name) % 64);
            let is_new = seen & bit == 0;
            seen |= bit;
            is_new
        };
        if self.names().all(&mut is_new) {
            return None;
        }
        if self.count() > PAIRS_MAX {
            let mut seen = HashSet::new();
            return self.names().find(|name| !seen.insert(*name));
        }
        let is_earlier = |number, name| self.names().take(number).any(|earlier| earlier == name);
        self.names().enumerate().find(|(number, name)| is_earlier(*number, *name)).map(|(_, name)| name)
    }
}

/// What most names of one object differ in, at little cost: length, first and last letter.
fn trait_of(name: &str) -> usize {
    let letter = |letter: Option<&u8>| usize::from(letter.copied().unwrap_or(0));
    let bytes = name.as_bytes();
    bytes.len() + 7 * letter(bytes.first()) + 19 * letter(bytes.last())
}

/// A member, and those inside of it.
pub(crate) type Found<'f, 'a> = (&'f Member<'a>, Members<'f, 'a>);

impl<'f, 'a> Iterator for Members<'f, 'a> {
    type Item = Found<'f, 'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (member, rest) = self.0.split_first()?;
        let (inside, rest) = rest.split_at(member.inside);
        self.0 = rest;
        Some((member, Members(inside)))
    }
}

/// The members of the object that a member is: as they were read with what is around it, else read now. Any other value
/// has none.
///
/// # Errors
/// As [`Fields::object`].
pub(crate) fn opened<'f, 'a>((member, inside): Found<'f, 'a>) -> Result<Cow<'f, [Member<'a>]>, Refused> {
    if inside.is_empty() && member.raw.trim_ascii_start().starts_with('{') {
        return Fields::object(member.raw).map(|fields| Cow::Owned(fields.0));
    }
    inside.once()?;
    Ok(Cow::Borrowed(inside.0))
}

/// The members of one object, taken out of their list.
pub struct IntoMembers<'a>(pub(crate) std::vec::IntoIter<Member<'a>>);

impl<'a> Iterator for IntoMembers<'a> {
    type Item = (Cow<'a, str>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.0.next()?;
        self.0.by_ref().take(member.inside).for_each(drop);
        Some((member.name, member.raw))
    }
}

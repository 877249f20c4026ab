//! Which entries a legal hold covers.

use crate::commitments::{parse_leaving, subject};
use tacho_event::id::{Id, IdKey};
use tacho_event::time::Micros;
use tacho_merkle::commit::TagKey;
use tacho_record::keyring::Secrets;
use tacho_store::catalog::Hold;
use tacho_store::row::Row;

/// The holds of one moment.
pub(crate) struct Holds(Vec<Scope>);

/// What one of them names.
struct Scope {
    agent: Option<String>,
    session: Option<Id>,
    /// Of the user: one secret, and more when an erasure waits for a hold.
    keys: Option<Vec<TagKey>>,
    class: Option<String>,
    from_us: Micros,
    to_us: Micros,
}

impl Holds {
    /// Users are found by the secrets of the ring, sessions by the key of ids where their names are no UUIDs.
    pub(crate) fn new(holds: &[Hold], secrets: &Secrets, id_key: &IdKey) -> Holds {
        let keys = |user: &String| {
            let own = subject(user);
            let is_theirs =
                |name: &&str| **name == *own || parse_leaving(name).is_some_and(|leaving| leaving.2 == user);
            let found = secrets.names().filter(is_theirs).filter_map(|name| secrets.find(name));
            found.map(|secret| TagKey::new(&secret)).collect()
        };
        let session =
            |text: &String| Id::parse(text).unwrap_or_else(|| Id::keyed(id_key, &[b"session"], text));
        let scope = |hold: &Hold| Scope {
            agent: hold.agent.clone(),
            session: hold.session.as_ref().map(session),
            keys: hold.user.as_ref().map(keys),
            class: hold.class.clone(),
            from_us: hold.from_us.unwrap_or(Micros::MIN),
            to_us: hold.to_us.unwrap_or(Micros::MAX),
        };
        Holds(holds.iter().map(scope).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them covers the entry. One that cannot be read is covered when there is any.
    pub(crate) fn cover(&self, row: &Row<'_>) -> bool {
        if self.is_empty() {
            return false;
        }
        let (Ok(header), Ok(place)) = (row.header(), row.place()) else { return true };
        self.0.iter().any(|scope| {
            let theirs = |keys: &Vec<TagKey>| {
                header.subject.is_some_and(|tag| keys.iter().any(|key| key.tag(&header.id.0) == tag))
            };
            scope.agent.as_ref().is_none_or(|agent| agent == header.agent)
                && scope.session.is_none_or(|session| Some(session) == header.session)
                && scope.class.as_ref().is_none_or(|class| class == header.retention.as_str())
                && (scope.from_us..scope.to_us).contains(&place.time_us)
                && scope.keys.as_ref().is_none_or(theirs)
        })
    }
}

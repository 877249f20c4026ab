//! API keys as people make them: what a key may do, whose events it sees, and how one is made. For HTTP and the command
//! line alike.

use crate::clock::random;
use crate::http::{Role, new_key};
use std::collections::BTreeSet;
use tacho_event::time::Micros;
use tacho_query::{AgentEdit, Sight};
use tacho_store::catalog::{ApiKey, Stamp};

/// Characters of a name, of a user, of an agent's id.
const TEXT_MAX: usize = 256;
/// Agents and teams of one key.
const NAMES_MAX: usize = 200;
/// Events a second that a key may send when nothing is said.
pub(crate) const RATE_USUAL: u32 = 50_000;

/// Whose events a key sees; nothing named is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = KeyLimits)]
pub(crate) struct Limits {
    /// Only events that name this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Only events of these agents, and of ids that are other names of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<String>,
    /// Only events of agents that the registry has in these teams.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
}

impl Limits {
    pub(crate) fn is_none(&self) -> bool {
        *self == Limits::default()
    }

    /// What a catalog says. Limits that this version does not understand let nothing be seen.
    pub(crate) fn read(text: Option<&str>) -> Option<Limits> {
        text.map(|text| serde_json::from_str(text).unwrap_or_default())
    }

    /// In a word, for the log: the user is not named there.
    pub(crate) fn kind(&self) -> &'static str {
        if self.user.is_some() { "user" } else { "agents" }
    }

    /// What is seen, by the registry as it is now.
    pub(crate) fn sight(&self, registry: &[AgentEdit]) -> Sight {
        if let Some(user) = &self.user {
            return Sight::User(user.clone());
        }
        let in_team = |agent: &&AgentEdit| agent.team.as_ref().is_some_and(|team| self.teams.contains(team));
        let named = registry.iter().filter(in_team).map(|agent| agent.agent_id.clone());
        let mut seen: BTreeSet<String> = self.agents.iter().cloned().chain(named).collect();
        // A name of a name counts, too; each turn adds one or is the last.
        while let Some(alias) = registry.iter().find(|agent| {
            let of = agent.alias_of.as_ref();
            !seen.contains(&agent.agent_id) && of.is_some_and(|of| seen.contains(of))
        }) {
            seen.insert(alias.agent_id.clone());
        }
        Sight::Agents(seen)
    }
}

/// A key that somebody wants.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub name: String,
    pub role: Role,
    /// The agent that events without one belong to.
    pub agent: Option<String>,
    /// Events a second; 0 is without limit.
    pub rate: u32,
    pub limits: Limits,
}

/// A new key: its text, which nobody keeps, and its row.
pub(crate) struct Made {
    pub text: String,
    pub row: ApiKey,
}

/// The randomness of an edit that is made now.
pub(crate) fn stamp(now_us: Micros) -> Stamp {
    let mut salt = [0; 32];
    random(&mut salt);
    Stamp { at_us: now_us, salt }
}

/// Makes a key.
///
/// # Errors
/// What is wrong with the wish, for who made it.
pub(crate) fn make(wish: Wish, now_us: Micros) -> Result<Made, String> {
    let Wish { name, role, agent, rate, limits } = wish;
    if name.trim().is_empty() {
        return Err("a key needs a name: who or what will use it?".into());
    }
    let texts = [Some(&name), agent.as_ref(), limits.user.as_ref()].into_iter().flatten();
    let listed = limits.agents.iter().chain(&limits.teams);
    if let Some(long) = texts.chain(listed.clone()).find(|text| text.chars().count() > TEXT_MAX) {
        let start: String = long.chars().take(40).collect();
        return Err(format!("\"{start}…\" has over {TEXT_MAX} characters"));
    }
    if listed.clone().count() > NAMES_MAX
        || listed.clone().chain(&limits.user).any(|text| text.trim().is_empty())
    {
        return Err(format!(
            "a key is limited to a user, or to at most {NAMES_MAX} agents and teams, none of them empty"
        ));
    }
    if limits.user.is_some() && listed.count() > 0 {
        return Err("a key is limited to a user, or to agents and teams, not to both".into());
    }
    if !limits.is_none() && role != Role::Read {
        let what = match role {
            Role::Agent | Role::Write => "it only sends, and sees nothing",
            _ => "alerts, incidents, silences and reports are about everybody's events",
        };
        return Err(format!(
            "only a key of role viewer can be limited, not one of role {}: {what}",
            role.as_str()
        ));
    }
    let (mut secret, mut id) = ([0; 32], [0; 4]);
    random(&mut secret);
    random(&mut id);
    let (text, hash) = new_key(secret);
    let limits = (!limits.is_none()).then(|| serde_json::to_string(&limits)).transpose();
    let row = ApiKey {
        id: format!("{:08x}", u32::from_be_bytes(id)),
        name,
        role: role.as_str().to_string(),
        agent,
        hash,
        rate_per_second: Some(rate).filter(|rate| *rate > 0),
        created_us: now_us,
        last_used_us: None,
        revoked_us: None,
        limits: limits.map_err(|error| error.to_string())?,
    };
    Ok(Made { text, row })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(role: Role, limits: Limits) -> Wish {
        Wish { name: "ann".into(), role, agent: None, rate: 0, limits }
    }

    #[test]
    fn a_limit_is_for_viewers_and_of_one_kind() {
        let user = || Limits { user: Some("ann".into()), ..Limits::default() };
        let made = make(wish(Role::Read, user()), 7).unwrap();
        assert_eq!(made.row.limits.as_deref(), Some(r#"{"user":"ann"}"#));
        assert!(make(wish(Role::Read, Limits::default()), 7).unwrap().row.limits.is_none());
        for role in [Role::Agent, Role::Write, Role::Auditor, Role::Operator, Role::Admin] {
            assert!(make(wish(role, user()), 7).is_err(), "{role:?}");
        }
        let both = Limits { agents: vec!["a".into()], ..user() };
        assert!(make(wish(Role::Read, both), 7).is_err());
        assert!(make(wish(Role::Read, Limits { teams: vec![" ".into()], ..Limits::default() }), 7).is_err());
        assert!(make(Wish { name: " ".into(), ..wish(Role::Admin, Limits::default()) }, 7).is_err());
    }

    #[test]
    fn agents_are_seen_with_their_other_names_and_those_of_a_team() {
        let agent = |id: &str, alias_of: Option<&str>, team: Option<&str>| AgentEdit {
            agent_id: id.into(),
            alias_of: alias_of.map(Into::into),
            team: team.map(Into::into),
            ..AgentEdit::default()
        };
        let registry = [
            agent("c", Some("b"), None),
            agent("b", Some("a"), None),
            agent("ring-1", Some("ring-2"), None),
            agent("ring-2", Some("ring-1"), None),
            agent("x", None, Some("red")),
            agent("y", None, Some("blue")),
        ];
        let seen = |agents: &[&str], teams: &[&str]| {
            let texts = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect::<Vec<_>>();
            let limits = Limits { user: None, agents: texts(agents), teams: texts(teams) };
            match limits.sight(&registry) {
                Sight::Agents(seen) => seen.into_iter().collect::<Vec<_>>().join(" "),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(seen(&["a"], &[]), "a b c");
        assert_eq!(seen(&["b"], &["red"]), "b c x");
        assert_eq!(seen(&["ring-1"], &[]), "ring-1 ring-2");
        assert_eq!(seen(&[], &["none"]), "");
    }

    #[test]
    fn limits_of_a_later_version_let_nothing_be_seen() {
        let limits = Limits::read(Some(r#"{"countries":["se"]}"#)).unwrap();
        assert_eq!(limits.sight(&[]), Sight::Agents(BTreeSet::new()));
        assert_eq!(Limits::read(None), None);
    }
}

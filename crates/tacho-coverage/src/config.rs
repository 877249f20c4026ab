//! What the operator sets: what must be audited, which sources must tell of an agent, and how long may be silence.

use crate::groups::{GROUPS, names};
use crate::pattern::{Action, glob};
use crate::witness::{ANY, is_witness};
use serde::Deserialize;
use serde::de::Error;

/// Points that may be declared, those of groups counted one by one.
const POINTS_MAX: usize = 1000;

/// Everything under `[coverage]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Config {
    /// Time between two checks of the server; 0 switches them off.
    pub every_us: i64,
    /// How far back a check looks, and a report that is asked without a time.
    pub look_back_us: i64,
    /// How long a source may be behind another before a call counts as not seen by it.
    pub grace_us: i64,
    /// After so much silence a session that did not end is a finding.
    pub session_silence_us: i64,
    /// After so much silence an agent that is expected (registry) is a finding.
    pub agent_silence_us: i64,
    /// What must be audited.
    pub points: Vec<Point>,
    /// Which sources must tell of each session of an agent.
    pub sources: Vec<Sources>,
}

/// An action that must be audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub name: String,
    pub(crate) actions: Vec<Action>,
    pub(crate) agent: Option<String>,
    pub(crate) source: Option<String>,
    /// The longest silence; without it the action has to be seen once.
    pub silence_us: Option<i64>,
}

/// Sources that must tell of every session of the agents that fit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    pub agent: String,
    pub of: Vec<String>,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    #[serde(deserialize_with = "length_or_zero")]
    every: i64,
    look_back: Length,
    grace: Length,
    session_silence: Length,
    agent_silence: Length,
    /// Groups by name.
    audit: Vec<String>,
    /// The longest silence of the groups' points.
    audit_silence: Option<Length>,
    points: Vec<WrittenPoint>,
    sources: Vec<Sources>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPoint {
    name: String,
    actions: Vec<String>,
    agent: Option<String>,
    source: Option<String>,
    silence: Option<Length>,
}

/// A length of time as people write it: `24h`.
#[derive(Clone, Copy)]
struct Length(i64);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read_length::<D>(from, 1).map(Length)
    }
}

fn read_length<'de, D: serde::Deserializer<'de>>(from: D, least_us: i64) -> Result<i64, D::Error> {
    let text = String::deserialize(from)?;
    tacho_pipe::parse_us(&text).filter(|us| *us >= least_us).ok_or_else(|| {
        D::Error::custom(format!("\"{text}\" is no length of time: expected 30s, 15m, 24h, 7d or the like"))
    })
}

fn length_or_zero<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    read_length::<D>(from, 0)
}

impl Default for Written {
    fn default() -> Self {
        const MINUTE_US: i64 = 60_000_000;
        Written {
            every: 5 * MINUTE_US,
            look_back: Length(24 * 60 * MINUTE_US),
            grace: Length(2 * MINUTE_US),
            session_silence: Length(60 * MINUTE_US),
            agent_silence: Length(24 * 60 * MINUTE_US),
            audit: Vec::new(),
            audit_silence: None,
            points: Vec::new(),
            sources: Vec::new(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config::try_from(Written::default()).expect("nothing is declared that could be wrong")
    }
}

impl TryFrom<Written> for Config {
    type Error = String;

    fn try_from(written: Written) -> Result<Config, String> {
        let mut points = Vec::new();
        for group in &written.audit {
            let (_, of) = GROUPS.iter().find(|(name, _)| name == group).ok_or_else(|| {
                format!("coverage.audit: there is no group \"{group}\": expected one of {}", names())
            })?;
            for (name, actions) in *of {
                let actions = actions.iter().filter_map(|action| Action::read(action)).collect();
                let silence_us = written.audit_silence.map(|length| length.0);
                let name = format!("{group}.{name}");
                points.push(Point { name, actions, agent: None, source: None, silence_us });
            }
        }
        for point in written.points {
            points.push(point.read()?);
        }
        if points.len() > POINTS_MAX {
            return Err(format!("coverage: {} audit points, expected at most {POINTS_MAX}", points.len()));
        }
        for (at, point) in points.iter().enumerate() {
            if points[..at].iter().any(|other| other.name == point.name) {
                return Err(format!("coverage: two audit points have the name \"{}\"", point.name));
            }
        }
        Ok(Config {
            every_us: written.every,
            look_back_us: written.look_back.0,
            grace_us: written.grace.0,
            session_silence_us: written.session_silence.0,
            agent_silence_us: written.agent_silence.0,
            points,
            sources: written.sources,
        })
    }
}

impl WrittenPoint {
    fn read(self) -> Result<Point, String> {
        let name = self.name;
        if name.trim().is_empty() || self.actions.is_empty() {
            return Err(format!("coverage.points \"{name}\": expected a name and at least one action"));
        }
        let mut actions = Vec::new();
        for text in &self.actions {
            actions.push(Action::read(text).ok_or_else(|| {
                format!("coverage.points \"{name}\": \"{text}\" is no action: expected a name or type/name, * for any text")
            })?);
        }
        let silence_us = self.silence.map(|length| length.0);
        Ok(Point { name, actions, agent: self.agent, source: self.source, silence_us })
    }
}

impl Point {
    /// Whether an action of an agent, told by a source, is this one.
    pub(crate) fn fits(&self, agent: &str, source: &str, kind: &str, name: &str) -> bool {
        self.agent.as_deref().is_none_or(|pattern| glob(pattern, agent))
            && self
                .source
                .as_deref()
                .is_none_or(|wanted| wanted == source || (wanted == ANY && is_witness(source)))
            && self.actions.iter().any(|action| action.fits(kind, name))
    }
}

impl Config {
    /// The sources that must tell of an agent's sessions.
    pub(crate) fn wanted(&self, agent: &str) -> impl Iterator<Item = &str> {
        let fitting = self.sources.iter().filter(move |sources| glob(&sources.agent, agent));
        fitting.flat_map(|sources| sources.of.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn groups_and_points_are_declared_by_name() {
        let config = read(
            "audit = [\"agent_lifecycle\", \"authentication\"]\naudit_silence = \"7d\"\n\
             [[points]]\nname = \"shop logins\"\nactions = [\"auth/login*\"]\nagent = \"shop/*\"\nsource = \"http\"\nsilence = \"24h\"\n\
             [[sources]]\nagent = \"claude-*\"\nof = [\"hook\"]",
        );
        let config = config.unwrap();
        assert_eq!(config.points.len(), 15);
        assert_eq!(config.points[0].silence_us, Some(7 * 86_400_000_000));
        let shop = &config.points[14];
        assert!(
            shop.fits("shop/web", "http", "auth", "LOGIN") && !shop.fits("shop/web", "otlp", "auth", "login")
        );
        assert!(!shop.fits("bank", "http", "auth", "login"));
        assert_eq!(config.wanted("claude-code").collect::<Vec<_>>(), ["hook"]);
        assert_eq!(config.wanted("codex").count(), 0);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, says) in [
            ("audit = [\"logins\"]", "expected one of agent_lifecycle"),
            ("grace = \"5\"", "is no length of time"),
            ("grace = \"0s\"", "is no length of time"),
            ("[[points]]\nname = \"x\"\nactions = []", "at least one action"),
            ("[[points]]\nname = \"x\"\nactions = [\"/\"]", "is no action"),
            (
                "[[points]]\nname = \"x\"\nactions = [\"a\"]\n[[points]]\nname = \"x\"\nactions = [\"b\"]",
                "two audit",
            ),
            ("every = \"x\"", "is no length of time"),
            ("evry = \"5m\"", "expected one of `every`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn all_groups_can_be_named_together_and_each_pattern_is_read() {
        let all: Vec<String> = GROUPS.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let config = read(&format!("audit = [{}]", all.join(","))).unwrap();
        let written: Vec<usize> =
            GROUPS.iter().flat_map(|(_, points)| points.iter().map(|(_, actions)| actions.len())).collect();
        let got: Vec<usize> = config.points.iter().map(|point| point.actions.len()).collect();
        assert_eq!(got, written);
    }
}

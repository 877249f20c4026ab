//! The cast: who is in the fleet, with which model, and what each does all day.

/// A language model and its price.
#[derive(Debug)]
pub(crate) struct Model {
    pub name: &'static str,
    /// Millionths of a dollar for one token, which is dollars for a million.
    pub input: i64,
    pub output: i64,
}

const LARGE: Model = Model { name: "claude-opus-5-5", input: 4, output: 20 };
const MIDDLE: Model = Model { name: "claude-sonnet-5-5", input: 2, output: 10 };
const SMALL: Model = Model { name: "claude-haiku-4-5", input: 1, output: 5 };

/// What an agent does when no story calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Release,
    Watch,
    Coder,
    Tester,
    Reviewer,
    Auditor,
    Etl,
    Analyst,
    Trader,
    Risk,
    Support,
}

/// One agent.
#[derive(Debug)]
pub(crate) struct Agent {
    pub id: &'static str,
    pub name: &'static str,
    pub version: &'static str,
    pub model: &'static Model,
    pub role: Role,
    /// Whether its coding assistant reports through hooks, too.
    pub hooks: bool,
}

impl Agent {
    const fn new(
        id: &'static str,
        name: &'static str,
        version: &'static str,
        model: &'static Model,
        role: Role,
    ) -> Agent {
        Agent { id, name, version, model, role, hooks: matches!(role, Role::Coder | Role::Tester) }
    }

    /// The part of the id before the slash.
    pub(crate) fn team(&self) -> &'static str {
        self.id.split('/').next().unwrap_or(self.id)
    }
}

pub(crate) static RELEASE: Agent =
    Agent::new("ops/release-manager", "Release Manager", "2.3.0", &MIDDLE, Role::Release);
pub(crate) static ONCALL: Agent = Agent::new("ops/sre-oncall", "SRE On-Call", "1.9.2", &MIDDLE, Role::Watch);
pub(crate) static ADVISOR: Agent =
    Agent::new("ops/rollback-advisor", "Rollback Advisor", "1.1.0", &LARGE, Role::Watch);
pub(crate) static BACKEND: Agent =
    Agent::new("eng/backend-coder", "Backend Coder", "4.0.1", &MIDDLE, Role::Coder);
pub(crate) static FRONTEND: Agent =
    Agent::new("eng/frontend-coder", "Frontend Coder", "4.0.1", &MIDDLE, Role::Coder);
pub(crate) static TESTER: Agent = Agent::new("eng/test-runner", "Test Runner", "0.8.4", &SMALL, Role::Tester);
pub(crate) static REVIEWER: Agent =
    Agent::new("eng/code-reviewer", "Code Reviewer", "3.2.0", &LARGE, Role::Reviewer);
pub(crate) static AUDITOR: Agent =
    Agent::new("sec/auditor", "Security Auditor", "1.2.0", &LARGE, Role::Auditor);
pub(crate) static ETL: Agent = Agent::new("data/etl-runner", "ETL Runner", "2.0.7", &SMALL, Role::Etl);
pub(crate) static ANALYST: Agent =
    Agent::new("data/insight-analyst", "Insight Analyst", "1.4.3", &MIDDLE, Role::Analyst);
pub(crate) static MAKER: Agent =
    Agent::new("trade/market-maker", "Market Maker", "5.1.2", &SMALL, Role::Trader);
pub(crate) static RISK: Agent =
    Agent::new("trade/risk-officer", "Risk Officer", "2.2.0", &MIDDLE, Role::Risk);
pub(crate) static TRIAGE: Agent =
    Agent::new("support/triage", "Support Triage", "3.5.1", &SMALL, Role::Support);

/// Everybody who works in the background.
pub(crate) static FLEET: [&Agent; 13] = [
    &RELEASE, &ONCALL, &ADVISOR, &BACKEND, &FRONTEND, &TESTER, &REVIEWER, &AUDITOR, &ETL, &ANALYST, &MAKER,
    &RISK, &TRIAGE,
];

/// The application whose audit trail tells about people, not agents.
pub(crate) const CONSOLE: &str = "app/console";
/// People who use the fleet, by the id that the application knows them by.
pub(crate) const USERS: [&str; 8] = [
    "user_anna",
    "user_bruno",
    "user_chandra",
    "user_dilek",
    "user_emeka",
    "user_fatima",
    "user_goran",
    "user_hana",
];

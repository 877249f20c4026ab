//! Coverage of what is recorded: asks for the rows, hands them to `tacho-coverage`, which makes the report. All queries
//! of one report see the same moment of the log.

mod seen;
mod watch;

pub(crate) use crate::rows::Unmade;
pub(crate) use watch::{Standing, watch};

use crate::http::App;
use parking_lot::Mutex;
use seen::Seen;
use serde::de::DeserializeOwned;
use tacho_coverage::{
    Config, Input, NumberRow, NumberedRow, Report, ask, judge, suspicious, suspicious_producers,
};
use tacho_event::time::Micros;
use tacho_query::{AgentEdit, Moment};

/// What is known from before.
#[derive(Debug, Default)]
pub(crate) struct Covered {
    /// What the last check found.
    pub standing: Mutex<Option<Standing>>,
    seen: Seen,
}

/// What a report is asked about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub from_us: Micros,
    pub to_us: Micros,
    pub agent: Option<String>,
}

/// Makes a report.
///
/// # Errors
/// A query reached a limit, or the store failed.
pub(crate) async fn report(
    app: &App,
    agents: &[AgentEdit],
    config: &Config,
    asked: Asked,
    now_us: Micros,
) -> Result<Report, Unmade> {
    let removed = seen::removed(&app.node);
    let rows = Rows { app, agents, moment: app.node.moment().await };
    // The observations of one call lie a little apart: those at the edges are read and not counted.
    let (from, to) =
        (asked.from_us.saturating_sub(config.grace_us), asked.to_us.saturating_add(config.grace_us));
    let numbered: Vec<NumberedRow> = rows.all(&ask::numbered(from, to)).await?;
    let mut close = suspicious(&numbered);
    let numbers_cut = close.len() > ask::NUMBERED_MAX;
    close.truncate(ask::NUMBERED_MAX);
    let mut producers = suspicious_producers(&numbered);
    let numbers_cut = numbers_cut || producers.len() > ask::NUMBERED_MAX;
    producers.truncate(ask::NUMBERED_MAX);
    let mut numbers: Vec<NumberRow> = Vec::new();
    if !close.is_empty() {
        numbers = rows.all(&ask::numbers(&close)).await?;
    }
    if !producers.is_empty() {
        numbers.extend(rows.all::<NumberRow>(&ask::produced(&producers, from, to)).await?);
    }
    // Nothing is recorded later than now: then the end cuts nothing off.
    let seen = match asked.to_us >= now_us {
        true => app.covered().seen.all(&rows, removed).await?,
        false => rows.all(&ask::actions(to)).await?,
    };
    let input = Input {
        from_us: asked.from_us,
        to_us: asked.to_us,
        now_us,
        tree_size: rows.moment.snapshot.size,
        unjoined: rows.moment.unjoined(),
        agent: asked.agent,
        calls: rows.all(&ask::calls(from, to)).await?,
        sessions: rows.all(&ask::sessions(from, to)).await?,
        parts: rows.all(&ask::parts(from, to)).await?,
        troubles: rows.all(&ask::troubles(from, to)).await?,
        numbers,
        numbered,
        numbers_cut,
        seen,
        expected: expected(agents),
    };
    let config = config.clone();
    tokio::task::spawn_blocking(move || judge(input, &config)).await.map_err(|error| failed(&error))
}

/// Agents that are expected, under the id that others are aliases of.
fn expected(agents: &[AgentEdit]) -> Vec<String> {
    let own = agents.iter().filter(|agent| agent.expected && agent.alias_of.is_none());
    own.map(|agent| agent.agent_id.clone()).collect()
}

/// Asks over one moment of the log.
struct Rows<'a> {
    app: &'a App,
    agents: &'a [AgentEdit],
    moment: Moment,
}

impl Rows<'_> {
    async fn all<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<T>, Unmade> {
        crate::rows::rows(&self.app.node, self.moment.clone(), self.agents, query).await
    }
}

fn failed(error: &dyn std::error::Error) -> Unmade {
    Unmade::Row(error.to_string())
}

//! Makes a report: asks for each section over one moment of the log.

use super::health::{self, Tally};
use super::kinds::{Drawing, Kind, Part, Shape};
use super::terms::Terms;
use super::{Covered, Drawn, Report, Section, Span};
use crate::http::App;
use crate::node::Node;
use crate::rows::{Unmade, rows};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::sync::Arc;
use tacho_event::time;
use tacho_merkle::{Checkpoint, VerifierKey, empty_root};
use tacho_query::{AgentEdit, Moment};

/// Rows of one section.
const ROWS_MAX: usize = 500;

/// Computes a report over what the newest checkpoint covers.
///
/// # Errors
/// A query reached a limit, the store failed, or nothing is sealed yet.
pub(crate) async fn make(
    app: &Arc<App>,
    agents: &[AgentEdit],
    kind: &'static Kind,
    span: Span,
) -> Result<Report, Unmade> {
    let node = &app.node;
    let (checkpoint, text) = covering(node).map_err(|error| Unmade::Row(error.to_string()))?;
    let moment = node.moment().await;
    let now_us = node.now_us();
    let mut terms = Terms::of(span, checkpoint.size, now_us, &app.reports().thresholds);
    terms.know(app);
    if kind.sections.iter().any(|part| part.sql.contains("$c_")) {
        terms.measure(capacity(app).await.as_ref());
    }
    let mut sections = Vec::with_capacity(kind.sections.len());
    let mut health = None;
    for part in kind.sections {
        let section = section(app, &moment, agents, part, &terms).await?;
        if matches!(part.shape, Shape::Checks(_)) {
            health.get_or_insert_with(Tally::default).add(&section.rows);
        }
        sections.push(section);
    }
    // Not the text of the query: it names the size of the log, which changes nothing of a day that is over.
    let told: Vec<_> =
        sections.iter().map(|part| (part.title, &part.columns, &part.rows, part.cut)).collect();
    let told = serde_json::to_vec(&told).map_err(|error| Unmade::Row(error.to_string()))?;
    Ok(Report {
        kind: kind.id,
        title: kind.title,
        from: span.from.text(),
        to: span.to.text(),
        complete: span.ends_us() <= now_us,
        made_at: time::format(now_us),
        checkpoint: Covered {
            origin: checkpoint.origin,
            size: checkpoint.size,
            root: text.lines().nth(2).unwrap_or_default().to_string(),
            root_hex: checkpoint.root.to_string(),
        },
        health,
        sections,
        sha256: Sha256::digest(told).iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

/// The newest checkpoint and its text. That of an empty log needs no signature: there is nothing that it could hide.
fn covering(node: &Node) -> Result<(Checkpoint, String), Box<dyn Error>> {
    if node.visible() == 0 {
        let origin = node.verifiers().first().map(VerifierKey::name).ok_or("the log has no key")?;
        let checkpoint = Checkpoint::new(origin, 0, empty_root());
        let text = checkpoint.text()?;
        return Ok((checkpoint, text));
    }
    let text = node.checkpoint()?;
    let (checkpoint, _) = Checkpoint::open_all(&text, node.verifiers())?;
    Ok((checkpoint, text))
}

async fn section(
    app: &App,
    moment: &Moment,
    agents: &[AgentEdit],
    part: &Part,
    terms: &Terms,
) -> Result<Section, Unmade> {
    let sql = terms.fill(part.sql);
    let asked = format!("{sql} LIMIT {}", ROWS_MAX + 1);
    let mut found: Vec<Map<String, Value>> = rows(&app.node, moment.clone(), agents, &asked).await?;
    let cut = found.len() > ROWS_MAX;
    found.truncate(ROWS_MAX);
    let thresholds = &app.reports().thresholds;
    let cells = |mut row: Map<String, Value>| {
        part.columns.iter().map(|name| row.remove(*name).unwrap_or_default()).collect()
    };
    let (rows, drawings) = match part.shape {
        Shape::Checks(checks) => (health::judged(checks, found, thresholds), &[][..]),
        Shape::Rows => (found.into_iter().map(cells).collect(), &[][..]),
        Shape::Drawn(drawings) => (found.into_iter().map(cells).collect(), drawings),
    };
    let drawn = |drawing: &Drawing| Drawn {
        title: drawing.title,
        along: drawing.along,
        column: drawing.column,
        threshold: drawing.threshold.map(|name| thresholds.get(name)),
    };
    Ok(Section {
        title: part.title,
        about: part.about,
        columns: part.columns.to_vec(),
        rows,
        cut,
        sql,
        drawings: drawings.iter().map(drawn).collect(),
    })
}

/// What the server can still take, measured now.
async fn capacity(app: &Arc<App>) -> Option<crate::capacity::Capacity> {
    let measured = Arc::clone(app);
    let measure = move || crate::capacity::measure(&measured, measured.node.data());
    match tokio::task::spawn_blocking(measure).await {
        Ok(Ok(capacity)) => Some(capacity),
        Ok(Err(error)) => {
            tracing::error!(%error, "capacity can't be measured for a report");
            None
        }
        Err(error) => {
            tracing::error!(%error, "capacity can't be measured for a report");
            None
        }
    }
}

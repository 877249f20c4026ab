//! Rules over HTTP: which are followed and how they are doing, checked and replayed before they are saved, with their text.

use super::super::App;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::alerting;
use crate::alerting::{self as live, Book};
use crate::clock::now_us;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use tacho_alert::{Every, builtin, explain};
use tacho_event::time;
use tacho_pipe::format_us;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Rules {
    pub rules: Vec<Rule>,
    /// The rule files and the SHA-256 of what they hold.
    pub files: BTreeMap<String, String>,
    /// What could not be used.
    pub errors: Vec<String>,
    /// Entries of the log that the rules have seen.
    pub position: u64,
    pub following: bool,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Rule {
    pub id: String,
    pub title: String,
    pub severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// `builtin`, or the file that it stands in.
    pub source: String,
    pub query: String,
    pub window: String,
    /// `stream`, or how often it is evaluated.
    pub every: String,
    pub hash: String,
    /// `inactive`, `learning` (too little history to say what is usual) or `firing`.
    pub state: &'static str,
    pub firing: u64,
    pub groups: u64,
    pub learning: u64,
    /// Events that came too late, of groups beyond the limit, and instants that were left out.
    pub late: u64,
    pub refused: u64,
    pub skipped: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_fired_at: Option<String>,
    pub annotations: BTreeMap<String, String>,
    pub actions: Vec<String>,
    pub controls: Vec<String>,
    /// What it means in words, and its SQL; for one rule only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// The text of the file that it stands in, of a built-in one its own; for one rule only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

fn seen(rule: &tacho_alert::Rule, book: &Book, board: &live::Board) -> Rule {
    let state = board.rules.get(&rule.id).copied().unwrap_or_default();
    let health = state.health;
    Rule {
        id: rule.id.clone(),
        title: rule.title.clone(),
        severity: rule.severity.as_str(),
        tier: rule.labels.get("tier").cloned(),
        source: book.sources.get(&rule.id).cloned().unwrap_or_default(),
        query: rule.query.clone(),
        window: format_us(rule.window_us),
        every: match rule.every {
            Every::Stream => "stream".into(),
            Every::Us(us) => format_us(us),
        },
        hash: rule.hash_text(),
        state: match (health.firing, health.learning) {
            (0, 0) => "inactive",
            (0, _) => "learning",
            _ => "firing",
        },
        firing: health.firing as u64,
        groups: health.groups as u64,
        learning: health.learning as u64,
        late: health.late,
        refused: health.refused,
        skipped: health.skipped,
        last_fired_at: state.fired_us.map(time::format),
        annotations: rule.annotations.clone(),
        actions: rule.actions.clone(),
        controls: rule.controls.clone(),
        explanation: None,
        text: None,
    }
}

/// Every rule that is followed.
#[utoipa::path(get, path = "/v1/alerts/rules", tag = "alerts",
    responses((status = 200, description = "Rules, and how they are doing", body = Rules)))]
pub(crate) async fn rules(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Rules>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let alerting = alerting(&app)?;
    let (book, board) = (alerting.book(), alerting.board());
    Ok(Json(Rules {
        rules: book.rules.iter().map(|rule| seen(rule, &book, &board)).collect(),
        files: book.files.clone(),
        errors: alerting.faults(),
        position: board.position,
        following: board.running,
    }))
}

/// One rule, with what it means and its SQL.
#[utoipa::path(get, path = "/v1/alerts/rules/{id}", tag = "alerts", responses(
    (status = 200, description = "The rule", body = Rule),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn rule(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Rule>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let alerting = alerting(&app)?;
    let (book, board) = (alerting.book(), alerting.board());
    let rule = book.rules.iter().find(|rule| rule.id == id);
    let rule = rule.ok_or_else(|| Problem::not_found(format!("there is no rule \"{id}\"")))?;
    let mut found = seen(rule, &book, &board);
    found.explanation = Some(explain(rule, now_us()));
    found.text = if found.source == live::BUILT_IN {
        match id.as_str() {
            builtin::HUNG_CALL => Some(builtin::hung_call(alerting.config().hung_minutes)),
            _ => builtin::text(&id).map(str::to_string),
        }
    } else {
        let path = live::folder(alerting.config(), alerting.data()).join(&found.source);
        std::fs::read_to_string(path).ok()
    };
    Ok(Json(found))
}

/// A rule file's text.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    pub text: String,
    /// For a replay: the last so many days; 7 when not given.
    pub days: Option<u32>,
    /// Who saves it; the name of the API key when not given.
    pub by: Option<String>,
}

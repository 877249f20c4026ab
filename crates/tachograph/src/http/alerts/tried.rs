//! Rules checked and replayed before they are saved.

use super::super::App;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::act::read;
use super::alerting;
use super::rules::Text;
use crate::alerting as live;
use crate::clock::now_us;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use std::collections::BTreeMap;
use std::sync::Arc;
use tacho_alert::{FILE_BYTES_MAX, explain, format, lint};
use tacho_event::time;

#[derive(Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Checked {
    pub errors: Vec<TextError>,
    pub advice: Vec<String>,
    /// What failed of the tests that the rules carry.
    pub failures: Vec<String>,
    pub rules: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct TextError {
    /// From one.
    pub line: u64,
    pub message: String,
}

pub(super) fn parsed(name: &str, text: &str) -> Result<Vec<tacho_alert::Rule>, TextError> {
    let long = text.len() > FILE_BYTES_MAX;
    let too_long =
        || TextError { line: 1, message: format!("a rule file has at most {FILE_BYTES_MAX} bytes") };
    if long {
        return Err(too_long());
    }
    tacho_alert::read(name, text)
        .map_err(|error| TextError { line: error.line as u64, message: error.message })
}

/// What is to be said of rules that are understood.
fn judged(rules: &[tacho_alert::Rule], text: &str, book: &live::Book) -> Checked {
    // A test may name the rules of the text, and those that are followed.
    let beside: Vec<tacho_alert::Rule> = rules.iter().chain(&book.rules).cloned().collect();
    let advice = rules.iter().flat_map(|rule| {
        let of = |advice: String| format!("{}: {advice}", rule.id);
        lint(rule).into_iter().map(of).collect::<Vec<_>>()
    });
    let outcomes = rules.iter().flat_map(|rule| tacho_alert::trial::test(rule, &beside, &book.routing));
    let failures = outcomes.flat_map(|outcome| {
        outcome.failures.into_iter().map(move |why| format!("test \"{}\": {why}", outcome.test))
    });
    Checked {
        errors: Vec::new(),
        advice: advice.collect(),
        failures: failures.collect(),
        rules: rules.len() as u64,
        formatted: format("text", text).ok(),
        explanation: Some(rules.iter().map(|rule| explain(rule, now_us())).collect::<Vec<_>>().join("\n")),
    }
}

/// Checks a rule file: errors with their line, advice, its own tests.
#[utoipa::path(post, path = "/v1/alerts/rules/check", tag = "alerts", request_body = Text,
    responses((status = 200, description = "What is wrong with it, or what it means", body = Checked)))]
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Checked>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let text: Text = read(&body)?;
    let book = alerting(&app)?.book();
    let checked = tokio::task::spawn_blocking(move || match parsed("text", &text.text) {
        Err(error) => Checked { errors: vec![error], ..Checked::default() },
        Ok(rules) => judged(&rules, &text.text, &book),
    });
    checked.await.map(Json).map_err(|error| Problem::internal(error.to_string()))
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Replayed {
    pub rules: Vec<ReplayedRule>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct ReplayedRule {
    pub rule: String,
    pub events: u64,
    pub from: String,
    pub to: String,
    pub fired: u64,
    /// Absent when less than an hour was replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_week: Option<f64>,
    /// The newest, oldest first.
    pub firings: Vec<Firing>,
    /// What it could not do.
    pub notes: Vec<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Firing {
    pub at: String,
    pub group: BTreeMap<String, String>,
    #[schema(value_type = Object)]
    pub values: BTreeMap<String, serde_json::Value>,
    /// The newest event that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
}

impl From<tacho_alert::Replay> for ReplayedRule {
    fn from(replay: tacho_alert::Replay) -> ReplayedRule {
        let (per_week, notes) = (replay.per_week(), replay.health.troubles());
        let firings = replay.newest.iter().map(|change| Firing {
            at: time::format(change.at_us),
            group: change.group.iter().cloned().collect(),
            values: change
                .values
                .iter()
                .map(|(name, value)| (name.clone(), serde_json::json!(value)))
                .collect(),
            index: change.evidence.last().map(|seen| seen.index),
        });
        ReplayedRule {
            firings: firings.collect(),
            rule: replay.rule,
            events: replay.events,
            from: time::format(replay.from_us),
            to: time::format(replay.to_us),
            fired: replay.firings,
            per_week,
            notes,
        }
    }
}

/// How often the rules of a text would have fired over what is recorded. Nobody is told.
#[utoipa::path(post, path = "/v1/alerts/rules/replay", tag = "alerts", request_body = Text, responses(
    (status = 200, description = "Firings by rule", body = Replayed),
    (status = 400, description = "The rules are not understood", body = Problem)))]
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Replayed>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let text: Text = read(&body)?;
    alerting(&app)?;
    let rules = parsed("text", &text.text)
        .map_err(|error| Problem::bad_request(format!("line {}: {}", error.line, error.message)))?;
    let days = text.days.unwrap_or(7);
    let replayed = tokio::task::spawn_blocking(move || live::replay(&app.node, &rules, days));
    let replayed = replayed.await.map_err(|error| Problem::internal(error.to_string()))?;
    let replayed = replayed.map_err(Problem::bad_request)?;
    Ok(Json(Replayed { rules: replayed.into_iter().map(ReplayedRule::from).collect() }))
}

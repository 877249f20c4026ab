//! Rule files over HTTP: saved, taken away, and what of that waits for a second person.

use super::super::App;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::rules::Text;
use super::silences::has_others;
use super::tried::{Checked, parsed};
use super::{act, alerting, apart};
use crate::alerting::{self as live, Alerting, Edited, NewEdit};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tacho_event::time::format;

/// Edits of critical built-in rules that wait for a second person.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Edits {
    pub edits: Vec<Edit>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Edit {
    pub id: String,
    pub file: String,
    /// Absent when the file is to go away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub by: String,
    pub asked_at: String,
    /// The critical built-in rules that would be other ones.
    pub rules: Vec<String>,
    /// `waiting`, for a second person to agree; `saved` when one just did.
    pub state: &'static str,
}

fn seen(edit: live::Edit, state: &'static str) -> Edit {
    let live::Edit { id, file, text, by, asked_us, rules, .. } = edit;
    Edit { id, file, text, by, asked_at: format(asked_us), rules, state }
}

/// Where a rule file is, when its name is one.
fn file(alerting: &Alerting, name: &str) -> Result<std::path::PathBuf, Problem> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let path = live::folder(alerting.config(), alerting.data()).join(name);
    if !plain || name.len() > 100 || !live::is_rule_file(&path) {
        let what = format!("\"{name}\" names no rule file: letters, digits, . _ and -, ending in .yaml");
        return Err(Problem::bad_request(what));
    }
    Ok(path)
}

/// Saves a rule file; its rules count at once. A rule of the id of a built-in one takes its place; one that takes the place
/// of a critical one waits until a second person agrees, where more than one key may act.
#[utoipa::path(put, path = "/v1/alerts/rules/{id}", tag = "alerts", request_body = Text, responses(
    (status = 200, description = "It is saved", body = Checked),
    (status = 202, description = "It waits for a second person", body = Edit),
    (status = 400, description = "The rules are not understood: nothing is saved", body = Problem)))]
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let credential = app.auth().check(&headers, Role::Admin)?;
    let text: Text = act::read(&body)?;
    let path = file(alerting(&app)?, &name)?;
    let rules = parsed(&name, &text.text)
        .map_err(|error| Problem::bad_request(format!("line {}: {}", error.line, error.message)))?;
    let edit = NewEdit {
        path,
        text: Some(text.text),
        by: credential.named(text.by.as_deref()),
        credential: credential.name,
        others: has_others(&app)?,
    };
    match apart(&app, move |alerting| alerting.edit(edit)).await?? {
        Edited::Saved => {
            Ok(Json(Checked { rules: rules.len() as u64, ..Checked::default() }).into_response())
        }
        Edited::Waits(edit) => Ok((StatusCode::ACCEPTED, Json(seen(edit, "waiting"))).into_response()),
    }
}

/// Deletes a rule file; a built-in rule that it replaced counts again.
#[utoipa::path(delete, path = "/v1/alerts/rules/{id}", tag = "alerts", responses(
    (status = 204, description = "It is gone"),
    (status = 202, description = "It waits for a second person", body = Edit),
    (status = 404, description = "There is no such file", body = Problem)))]
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let credential = app.auth().check(&headers, Role::Admin)?;
    let path = file(alerting(&app)?, &name)?;
    if !path.exists() {
        return Err(Problem::not_found(format!("there is no rule file \"{name}\"")));
    }
    let by = credential.name.clone();
    let others = has_others(&app)?;
    let edit = NewEdit { path, text: None, by, credential: credential.name, others };
    match apart(&app, move |alerting| alerting.edit(edit)).await?? {
        Edited::Saved => Ok(StatusCode::NO_CONTENT.into_response()),
        Edited::Waits(edit) => Ok((StatusCode::ACCEPTED, Json(seen(edit, "waiting"))).into_response()),
    }
}

/// Edits of critical built-in rules that wait for a second person, oldest first.
#[utoipa::path(get, path = "/v1/alerts/rules/edits", tag = "alerts",
    responses((status = 200, description = "Edits that wait", body = Edits)))]
pub(crate) async fn edits(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Edits>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let edits = apart(&app, Alerting::edits).await??;
    Ok(Json(Edits { edits: edits.into_iter().map(|edit| seen(edit, "waiting")).collect() }))
}

/// Agrees with an edit of somebody else that changes a critical built-in rule: it is saved.
#[utoipa::path(post, path = "/v1/alerts/rules/edits/{id}/approve", tag = "alerts", responses(
    (status = 200, description = "It is saved, and counts now", body = Edit),
    (status = 400, description = "It is your own, or the file is another one by now", body = Problem),
    (status = 404, description = "None of this id waits", body = Problem)))]
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Edit>, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let acting: act::Acting = act::read(&body)?;
    let by = credential.named(acting.by.as_deref());
    let edit = apart(&app, move |alerting| alerting.approve_edit(&id, &by, &credential.name)).await??;
    Ok(Json(seen(edit, "saved")))
}

/// Takes back an edit that waits, or says no to it.
#[utoipa::path(delete, path = "/v1/alerts/rules/edits/{id}", tag = "alerts", responses(
    (status = 204, description = "It does not wait any more, and nothing was saved"),
    (status = 404, description = "None of this id waits", body = Problem)))]
pub(crate) async fn withdraw(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    apart(&app, move |alerting| alerting.withdraw_edit(&id, &credential.name)).await??;
    Ok(StatusCode::NO_CONTENT)
}

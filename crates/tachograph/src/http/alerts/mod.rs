//! Alerts over HTTP: what fires, who answered, what rules there are, who is told. Looking is for role `read`, acting for
//! `admin`.

pub(super) mod act;
pub(super) mod proof;
pub(super) mod rules;
pub(super) mod silences;
pub(super) mod told;

use super::App;
use super::auth::Role;
use super::problem::Problem;
use crate::alerting::{Alerting, Refused, Seen};
use crate::clock::now_us;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use std::collections::BTreeMap;
use std::sync::Arc;
use tacho_alert::Severity;
use tacho_alert::notify::{Muted, Standing};
use tacho_event::time::format;

/// Alerts of one answer.
const LIMIT: u32 = 1000;

/// Which alerts.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Asking {
    /// `open` (when not given), `firing`, `acknowledged`, `snoozed`, `resolved` or `all`.
    state: Option<String>,
    /// `critical`, `warning` or `info`.
    severity: Option<String>,
    /// The rule's id.
    rule: Option<String>,
    /// Alerts whose label `agent_id` is this.
    agent: Option<String>,
    /// Newest first; 200 when not given, at most 1,000.
    limit: Option<u32>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Alerts {
    pub alerts: Vec<Alert>,
    /// Open alerts by severity, whatever was asked for.
    pub totals: BTreeMap<&'static str, u64>,
    /// Whether rules follow the log, and why not.
    pub following: bool,
    pub faults: Vec<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Alert {
    pub id: String,
    pub rule: String,
    pub title: String,
    pub severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// `firing`, `acknowledged`, `snoozed` or `resolved`.
    pub state: &'static str,
    /// It comes and goes.
    pub flapping: bool,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// What the rule computed.
    #[schema(value_type = Object)]
    pub values: BTreeMap<String, serde_json::Value>,
    pub starts_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_by: Option<MutedBy>,
    pub receivers: Vec<String>,
    /// Events that it is about, the newest.
    pub evidence: Vec<Evidence>,
    pub window: Window,
    /// SHA-256 of what the rule means, and the size of the log that it saw: with the log, anybody computes it again.
    pub rule_hash: String,
    pub tree_size: u64,
    pub history: Vec<Happened>,
}

/// What mutes an alert; it fires all the same.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MutedBy {
    /// The silence's id.
    Silence(String),
    /// The labels of the alert that says more.
    InhibitedBy(BTreeMap<String, String>),
}

/// The document of the interface has one name for each; a finding of coverage has evidence too.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = AlertEvidence)]
pub(crate) struct Evidence {
    pub index: u64,
    pub id: String,
    pub at: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Window {
    pub from: String,
    pub to: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Happened {
    pub at: String,
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl From<Seen> for Alert {
    fn from(seen: Seen) -> Alert {
        let Seen { raised, muted, receivers } = seen;
        let state = match raised.standing(now_us()) {
            Standing::Firing => "firing",
            Standing::Acknowledged => "acknowledged",
            Standing::Snoozed => "snoozed",
            Standing::Resolved => "resolved",
        };
        let (by, at) = raised.acknowledged.clone().unzip();
        let evidence = raised.evidence.into_iter();
        let history = raised.history.into_iter();
        Alert {
            state,
            id: raised.alert.id,
            rule: raised.rule,
            title: raised.title,
            severity: raised.severity.as_str(),
            tier: raised.alert.labels.get("tier").cloned(),
            flapping: raised.alert.flapping,
            labels: raised.alert.labels,
            annotations: raised.alert.annotations,
            values: raised.values,
            starts_at: format(raised.alert.starts_us),
            ends_at: raised.alert.ends_us.map(format),
            acknowledged_by: by,
            acknowledged_at: at.map(format),
            snoozed_until: raised.snoozed_until_us.filter(|until| *until > now_us()).map(format),
            assigned_to: raised.assigned,
            muted_by: muted.map(|muted| match muted {
                Muted::Silenced(id) => MutedBy::Silence(id),
                Muted::Inhibited(labels) => MutedBy::InhibitedBy(labels),
            }),
            receivers,
            evidence: evidence
                .map(|seen| Evidence { index: seen.index, id: seen.id, at: format(seen.at_us) })
                .collect(),
            window: Window { from: format(raised.window.0), to: format(raised.window.1) },
            rule_hash: raised.rule_hash,
            tree_size: raised.tree_size,
            history: history
                .map(|entry| Happened {
                    at: format(entry.at_us),
                    what: entry.what,
                    by: entry.by,
                    note: entry.note,
                })
                .collect(),
        }
    }
}

/// The alerting of this server.
pub(super) fn alerting(app: &App) -> Result<&Arc<Alerting>, Problem> {
    app.alerting().ok_or_else(|| {
        let how = "alerting is switched off: set [alerts] enabled = true in the configuration";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Alerting is off", how)
    })
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::Unknown(detail) => Problem::not_found(detail),
            Refused::Wrong(detail) => Problem::bad_request(detail),
            Refused::Failed(detail) => Problem::internal(detail),
        }
    }
}

fn failed(error: tacho_store::StoreError) -> Problem {
    Problem::internal(error.to_string())
}

/// Alerts, newest first.
#[utoipa::path(get, path = "/v1/alerts", tag = "alerts", params(Asking), responses(
    (status = 200, description = "Alerts", body = Alerts),
    (status = 503, description = "Alerting is switched off", body = Problem)))]
pub(crate) async fn alerts(
    State(app): State<Arc<App>>,
    asking: Result<Query<Asking>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Alerts>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let Query(asking) = asking.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let alerting = alerting(&app)?;
    let open = alerting.open_alerts();
    let mut totals: BTreeMap<&'static str, u64> =
        [Severity::Critical, Severity::Warning, Severity::Info].map(|one| (one.as_str(), 0)).into();
    for seen in &open {
        *totals.entry(seen.raised.severity.as_str()).or_default() += 1;
    }
    let state = asking.state.as_deref().unwrap_or("open");
    let limit = asking.limit.unwrap_or(200).min(LIMIT);
    let mut all = match state {
        "open" | "firing" | "acknowledged" | "snoozed" => open,
        "resolved" => alerting.closed_alerts(LIMIT).map_err(failed)?,
        "all" => open.into_iter().chain(alerting.closed_alerts(LIMIT).map_err(failed)?).collect(),
        other => {
            let what = format!(
                "state \"{other}\" is unknown: expected open, firing, acknowledged, snoozed, resolved or all"
            );
            return Err(Problem::bad_request(what));
        }
    };
    let wanted = |value: &Option<String>, is: &str| value.as_ref().is_none_or(|wanted| wanted == is);
    all.retain(|seen| {
        let agent = seen.raised.labels().get("agent_id").map_or("", String::as_str);
        wanted(&asking.severity, seen.raised.severity.as_str())
            && wanted(&asking.rule, &seen.raised.rule)
            && wanted(&asking.agent, agent)
    });
    let mut alerts: Vec<Alert> = all.into_iter().map(Alert::from).collect();
    alerts.retain(|alert| matches!(state, "open" | "all") || alert.state == state);
    alerts.truncate(limit as usize);
    let faults = alerting.faults();
    Ok(Json(Alerts { alerts, totals, following: alerting.board().running, faults }))
}

/// One alert, open or over.
#[utoipa::path(get, path = "/v1/alerts/{id}", tag = "alerts", responses(
    (status = 200, description = "The alert", body = Alert),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn alert(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Alert>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let seen = alerting(&app)?.alert(&id).map_err(failed)?;
    let seen = seen.ok_or_else(|| Problem::not_found(format!("there is no alert \"{id}\"")))?;
    Ok(Json(Alert::from(seen)))
}

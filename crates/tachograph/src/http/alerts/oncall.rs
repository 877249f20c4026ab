//! Who is on call, over HTTP: turns, overrides, people and escalation policies.

use super::super::App;
use super::super::auth::Role;
use super::super::problem::Problem;
use super::apart;
use super::silences::period;
use crate::alerting::{NewOverride, Served};
use crate::clock::now_us;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use std::sync::Arc;
use tacho_alert::notify::{Escalation, Override, Target};
use tacho_event::time::{DAY_US, format, parse};

/// Days that are looked ahead: when not given, and at most.
const DAYS: u32 = 14;
const DAYS_MAX: u32 = 90;

/// When.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct When {
    /// A moment; now when not given.
    at: Option<String>,
    /// How many days ahead; 14 when not given, at most 90.
    days: Option<u32>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct OnCall {
    pub at: String,
    /// Up to when turns are told.
    pub until: String,
    pub schedules: Vec<OnCallSchedule>,
    pub overrides: Vec<OnCallOverride>,
    /// Everybody by name, and the receivers by which they are told.
    pub people: Vec<OnCallPerson>,
    /// The escalation policies of the routing.
    pub escalations: Vec<EscalationPolicy>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct OnCallSchedule {
    pub name: String,
    /// The time zone in which turns change hands.
    pub location: String,
    /// Everybody who has a turn.
    pub people: Vec<String>,
    /// The turn that goes on.
    pub now: OnCallTurn,
    /// The next turn of somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<OnCallTurn>,
    /// All turns, the one that goes on first.
    pub turns: Vec<OnCallTurn>,
}

#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct OnCallTurn {
    /// Absent while nobody is on call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Its begin, or 35 days ago, where it began earlier.
    pub from: String,
    /// The end of what is looked at, where the turn goes on longer.
    pub until: String,
    /// Both as clocks in the schedule's time zone show them.
    pub from_local: String,
    pub until_local: String,
    /// The override that says so.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub taken: Option<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct OnCallOverride {
    pub id: String,
    pub schedule: String,
    pub person: String,
    pub starts_at: String,
    pub ends_at: String,
    pub by: String,
    pub comment: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct OnCallPerson {
    pub name: String,
    pub receivers: Vec<String>,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct EscalationPolicy {
    pub name: String,
    pub levels: Vec<EscalationLevel>,
    /// How often all levels are gone through again, and so many seconds after the last one.
    pub repeat: u32,
    pub repeat_after_s: u64,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct EscalationLevel {
    /// Seconds after the alert began.
    pub after_s: u64,
    pub receivers: Vec<String>,
    pub people: Vec<String>,
    pub schedules: Vec<String>,
}

/// Somebody takes over for a while.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeOver {
    pub schedule: String,
    pub person: String,
    /// Now when not given.
    pub starts_at: Option<String>,
    /// This or `minutes`.
    pub ends_at: Option<String>,
    pub minutes: Option<u32>,
    /// Who says so; the name of the API key when not given.
    pub by: Option<String>,
    #[serde(default)]
    pub comment: String,
}

fn schedule(served: Served) -> Option<OnCallSchedule> {
    let turn = |(turn, [from_local, until_local]): (tacho_alert::notify::Turn, [String; 2])| OnCallTurn {
        from_local,
        until_local,
        person: turn.person,
        from: format(turn.from_us),
        until: format(turn.until_us),
        taken: turn.taken,
    };
    let turns: Vec<OnCallTurn> = served.turns.into_iter().map(turn).collect();
    let mut now = turns.first()?.clone();
    // An override by whoever is on call already is no handoff.
    let (same, rest) = turns.split_at(turns.iter().take_while(|turn| turn.person == now.person).count());
    let last = same.last()?;
    (now.until, now.until_local) = (last.until.clone(), last.until_local.clone());
    let next = rest.iter().find(|turn| turn.person.is_some()).cloned();
    let (name, location, people) = (served.name, served.location, served.people);
    Some(OnCallSchedule { name, location, people, now, next, turns })
}

fn taken_over(taken: Override) -> OnCallOverride {
    OnCallOverride {
        id: taken.id,
        schedule: taken.schedule,
        person: taken.person,
        starts_at: format(taken.from_us),
        ends_at: format(taken.until_us),
        by: taken.created_by,
        comment: taken.comment,
    }
}

fn policy(policy: Escalation) -> EscalationPolicy {
    let seconds = |us: i64| (us / 1_000_000).max(0) as u64;
    let level = |level: tacho_alert::notify::Level| {
        let after_s = seconds(level.after_us);
        let (mut receivers, mut people, mut schedules) = (Vec::new(), Vec::new(), Vec::new());
        for target in level.targets {
            match target {
                Target::Receiver(name) => receivers.push(name),
                Target::Person(name) => people.push(name),
                Target::Schedule(name) => schedules.push(name),
            }
        }
        EscalationLevel { after_s, receivers, people, schedules }
    };
    EscalationPolicy {
        name: policy.name,
        levels: policy.levels.into_iter().map(level).collect(),
        repeat: policy.repeat,
        repeat_after_s: seconds(policy.repeat_after_us),
    }
}

/// Who is on call, now or at a moment, and who comes next.
#[utoipa::path(get, path = "/v1/alerts/oncall", tag = "alerts", params(When),
    responses((status = 200, description = "Schedules with their turns, overrides, people, policies", body = OnCall)))]
pub(crate) async fn on_call(
    State(app): State<Arc<App>>,
    when: Result<Query<When>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<OnCall>, Problem> {
    app.auth().check(&headers, Role::Read)?;
    let Query(when) = when.map_err(|wrong| Problem::bad_request(wrong.body_text()))?;
    let at_us = when.at.map(|text| parse(&text)).transpose();
    let at_us =
        at_us.map_err(|error| Problem::bad_request(format!("\"at\": {error}")))?.unwrap_or_else(now_us);
    let days = when.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::bad_request(format!("\"days\" is {days}, expected 1 to {DAYS_MAX}")));
    }
    let ahead_us = i64::from(days) * DAY_US;
    let duty = apart(&app, move |alerting| alerting.duty(at_us, ahead_us)).await?;
    let people = duty.people.into_iter().map(|(name, receivers)| OnCallPerson { name, receivers });
    Ok(Json(OnCall {
        at: format(at_us),
        until: format(at_us + ahead_us),
        schedules: duty.schedules.into_iter().filter_map(schedule).collect(),
        overrides: duty.overrides.into_iter().map(taken_over).collect(),
        people: people.collect(),
        escalations: duty.escalations.into_iter().map(policy).collect(),
    }))
}

/// Lets somebody take over for a while, from now on unless a begin is given.
#[utoipa::path(post, path = "/v1/alerts/oncall/overrides", tag = "alerts", request_body = TakeOver, responses(
    (status = 200, description = "The override", body = OnCallOverride),
    (status = 400, description = "There is no such schedule or person, or it ends before it begins", body = Problem)))]
pub(crate) async fn take_over(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<OnCallOverride>, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    let wanted: TakeOver =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(error.to_string()))?;
    let (starts_us, ends_us) = period(&wanted.starts_at, &wanted.ends_at, wanted.minutes)?;
    let wanted = NewOverride {
        schedule: wanted.schedule,
        person: wanted.person,
        starts_us,
        ends_us,
        by: credential.named(wanted.by.as_deref()),
        comment: wanted.comment,
    };
    let taken = apart(&app, move |alerting| alerting.take_over(wanted)).await??;
    Ok(Json(taken_over(taken)))
}

/// Takes an override away: the schedule counts again.
#[utoipa::path(delete, path = "/v1/alerts/oncall/overrides/{id}", tag = "alerts", responses(
    (status = 204, description = "It is gone"),
    (status = 404, description = "There is none of this id", body = Problem)))]
pub(crate) async fn give_back(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let credential = app.auth().check(&headers, Role::Operator)?;
    apart(&app, move |alerting| alerting.give_back(&id, &credential.name)).await??;
    Ok(StatusCode::NO_CONTENT)
}

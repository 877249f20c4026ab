//! What people answer to messages: buttons of Slack and Telegram, texts and digits by Twilio, PagerDuty's webhooks, and
//! signed links. No API key: each is believed by its vendor's signature, and no way is open whose secret is not set.

mod page;

use super::App;
use super::problem::Problem;
use crate::alerting::{Alerting, Refused, told};
use crate::clock::now_us;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::sync::Arc;
use tacho_deliver::inbound::link::{self, Link};
use tacho_deliver::inbound::{
    About, BODY_BYTES_MAX, Refusal, Reply, What, pagerduty, slack, telegram, twilio,
};

/// Alerts that a short answer names; the others are counted.
const NAMED_MAX: usize = 3;

type Answered = Result<Response, Problem>;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/slack", post(by_slack))
        .route("/telegram", post(by_telegram))
        .route("/pagerduty", post(by_pagerduty))
        .route("/twilio/text", post(by_text))
        .route("/twilio/voice", post(by_digit))
        .route("/link/{token}", get(link_page).post(by_link))
}

/// The same for the OpenAPI document.
pub(super) fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(by_slack, by_telegram, by_pagerduty, by_text, by_digit, link_page, by_link))]
    struct Interface;
    <Interface as utoipa::OpenApi>::openapi()
}

/// A button of a message in Slack, as Slack's interactivity sends it.
#[utoipa::path(post, path = "/v1/replies/slack", tag = "replies", operation_id = "reply_slack", request_body(content = String, content_type = "application/x-www-form-urlencoded"), responses(
    (status = 200, description = "What was pressed was done"),
    (status = 403, description = "The signature is not the vendor's, or too old", body = Problem),
    (status = 404, description = "This way back is not open: its secret is not set", body = Problem)))]
pub(crate) async fn by_slack(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Answered {
    let (alerting, body) = (of(&app)?, whole(body).await?);
    let secret = set(&alerting.replies().slack_signing_secret, "slack_signing_secret")?;
    let (moment, signature) =
        (text(&headers, "x-slack-request-timestamp"), text(&headers, "x-slack-signature"));
    let reply = slack::read(secret, moment, signature, &body, now_us()).map_err(refused)?;
    // Slack wants an empty answer within three seconds; what came of it is in the thread.
    act(alerting, reply, "Slack").await?;
    Ok(StatusCode::OK.into_response())
}

/// A button of a message in Telegram, as its webhook sends it.
#[utoipa::path(post, path = "/v1/replies/telegram", tag = "replies", operation_id = "reply_telegram", request_body(content = String, content_type = "application/json"), responses(
    (status = 200, description = "The answer for Telegram"),
    (status = 403, description = "The signature is not the vendor's, or too old", body = Problem),
    (status = 404, description = "This way back is not open: its secret is not set", body = Problem)))]
pub(crate) async fn by_telegram(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Answered {
    let (alerting, body) = (of(&app)?, whole(body).await?);
    let secret = set(&alerting.replies().telegram_secret_token, "telegram_secret_token")?;
    let given = text(&headers, "x-telegram-bot-api-secret-token");
    let Some(pressed) = telegram::read(secret, given, &body).map_err(refused)? else {
        return Ok(StatusCode::OK.into_response());
    };
    let said = act(alerting, Some(pressed.reply.clone()), "Telegram").await?;
    Ok(Json(pressed.answer(&said)).into_response())
}

/// An answer in PagerDuty, as its v3 webhook sends it.
#[utoipa::path(post, path = "/v1/replies/pagerduty", tag = "replies", operation_id = "reply_pagerduty", request_body(content = String, content_type = "application/json"), responses(
    (status = 202, description = "It was taken"),
    (status = 403, description = "The signature is not the vendor's, or too old", body = Problem),
    (status = 404, description = "This way back is not open: its secret is not set", body = Problem)))]
pub(crate) async fn by_pagerduty(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Answered {
    let (alerting, body) = (of(&app)?, whole(body).await?);
    let secret = set(&alerting.replies().pagerduty_secret, "pagerduty_secret")?;
    let reply = pagerduty::read(secret, text(&headers, "x-pagerduty-signature"), &body).map_err(refused)?;
    act(alerting, reply, "PagerDuty").await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// A text message, as Twilio sends it.
#[utoipa::path(post, path = "/v1/replies/twilio/text", tag = "replies", operation_id = "reply_text", request_body(content = String, content_type = "application/x-www-form-urlencoded"), responses(
    (status = 200, description = "TwiML with the answer"),
    (status = 403, description = "The signature is not the vendor's, or too old", body = Problem),
    (status = 404, description = "This way back is not open: its secret is not set", body = Problem)))]
pub(crate) async fn by_text(
    State(app): State<Arc<App>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Answered {
    let (alerting, body) = (of(&app)?, whole(body).await?);
    let secret = set(&alerting.replies().twilio_auth_token, "twilio_auth_token")?;
    let (url, signature) = (format!("{}{uri}", alerting.url()), text(&headers, "x-twilio-signature"));
    let reply = twilio::text(secret, &url, signature, &body).map_err(refused)?;
    let said = match reply {
        None => "Say ACK, SNOOZE or RESOLVE and the code of the message.".to_string(),
        reply => act(alerting, reply, "SMS").await?,
    };
    Ok(xml(twilio::text_answer(&said)))
}

/// A digit that was pressed in a call, as Twilio sends it.
#[utoipa::path(post, path = "/v1/replies/twilio/voice", tag = "replies", operation_id = "reply_voice", request_body(content = String, content_type = "application/x-www-form-urlencoded"), responses(
    (status = 200, description = "TwiML with the answer"),
    (status = 403, description = "The signature is not the vendor's, or too old", body = Problem),
    (status = 404, description = "This way back is not open: its secret is not set", body = Problem)))]
pub(crate) async fn by_digit(
    State(app): State<Arc<App>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Answered {
    let (alerting, body) = (of(&app)?, whole(body).await?);
    let secret = set(&alerting.replies().twilio_auth_token, "twilio_auth_token")?;
    let (url, signature) = (format!("{}{uri}", alerting.url()), text(&headers, "x-twilio-signature"));
    let reply = twilio::digit(secret, &url, signature, &body).map_err(refused)?;
    let said = match reply {
        None => "Nothing was done.".to_string(),
        reply => act(alerting, reply, "phone").await?,
    };
    Ok(xml(twilio::spoken_answer(&said)))
}

/// A signed link of a message: a page that asks. Programs that look at mails open each link; only its button does
/// something.
#[utoipa::path(get, path = "/v1/replies/link/{token}", tag = "replies", operation_id = "reply_page", params(("token" = String, Path, description = "the signed link")), responses(
    (status = 200, description = "The page"),
    (status = 403, description = "The signature is not the vendor's, or too old", body = Problem),
    (status = 404, description = "This way back is not open: its secret is not set", body = Problem)))]
pub(crate) async fn link_page(State(app): State<Arc<App>>, Path(token): Path<String>) -> Answered {
    let alerting = of(&app)?;
    let link = opened(Arc::clone(&alerting), token).await?;
    let code = link.code.clone();
    let shown =
        tokio::task::spawn_blocking(move || (alerting.shown(&code), alerting.url().to_string())).await;
    let (shown, url) = shown.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(match shown {
        Ok(shown) if shown.is_empty() => page::over(),
        Ok(shown) => page::asks(&link.receiver, &shown, &url),
        Err(Refused::Failed(why)) => return Err(Problem::internal(why)),
        Err(Refused::Unknown(why) | Refused::Wrong(why)) => {
            page::says(&format!("Nothing can be done: {why}."), &[])
        }
    })
}

/// The button of that page: acknowledges the alerts that are ticked on it, and no other.
#[utoipa::path(post, path = "/v1/replies/link/{token}", tag = "replies", operation_id = "reply_link", params(("token" = String, Path, description = "the signed link")), request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`alert=ID` for each that is to be acknowledged, of those that the page lists"), responses(
    (status = 200, description = "The page that says what was done"),
    (status = 403, description = "The signature is not the vendor's, or too old", body = Problem),
    (status = 404, description = "This way back is not open: its secret is not set", body = Problem)))]
pub(crate) async fn by_link(State(app): State<Arc<App>>, Path(token): Path<String>, body: Body) -> Answered {
    let (alerting, body) = (of(&app)?, whole(body).await?);
    let link = opened(Arc::clone(&alerting), token).await?;
    let chosen = link::chosen(&body).map_err(refused)?;
    if chosen.is_empty() {
        return Ok(page::says("Nothing was ticked, so nothing was done.", &[]));
    }
    let reply = Reply { about: About::Code(link.code), what: What::Acknowledge, who: link.receiver };
    let done = tokio::task::spawn_blocking(move || alerting.reply(&reply, Some(&chosen), "link")).await;
    Ok(match done.map_err(|error| Problem::internal(error.to_string()))? {
        Ok(done) => {
            let words: Vec<String> = done.iter().map(page::words).collect();
            page::says("Acknowledged:", &words)
        }
        Err(Refused::Unknown(why) | Refused::Wrong(why)) => {
            page::says(&format!("Nothing was done: {why}."), &[])
        }
        Err(Refused::Failed(why)) => return Err(Problem::internal(why)),
    })
}

async fn opened(alerting: Arc<Alerting>, token: String) -> Result<Link, Problem> {
    let opened = tokio::task::spawn_blocking(move || alerting.link(&token)).await;
    let opened = opened.map_err(|error| Problem::internal(error.to_string()))?;
    opened?.map_err(refused)
}

/// Does what a reply says, and tells it in a sentence.
async fn act(alerting: Arc<Alerting>, reply: Option<Reply>, way: &'static str) -> Result<String, Problem> {
    let Some(reply) = reply else { return Ok(String::new()) };
    let what = reply.what;
    let done = tokio::task::spawn_blocking(move || alerting.reply(&reply, None, way)).await;
    match done.map_err(|error| Problem::internal(error.to_string()))? {
        Ok(done) => {
            let word = match what {
                What::Acknowledge => "Acknowledged",
                What::Resolve => "Resolved",
                What::Snooze { .. } => "Snoozed",
            };
            let titles: Vec<&str> = done.iter().take(NAMED_MAX).map(told).collect();
            let more = done.len() - titles.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Ok(format!("{word}: {}{more}", titles.join(", ")))
        }
        // For the person to read: the vendor must not send it again.
        Err(Refused::Unknown(why) | Refused::Wrong(why)) => Ok(format!("Nothing was done: {why}.")),
        Err(Refused::Failed(why)) => Err(Problem::internal(why)),
    }
}

fn of(app: &App) -> Result<Arc<Alerting>, Problem> {
    app.alerting().cloned().ok_or_else(|| Problem::not_found("alerting is switched off"))
}

fn set<'a, T>(secret: &'a Option<T>, name: &str) -> Result<&'a T, Problem> {
    secret.as_ref().ok_or_else(|| {
        Problem::not_found(format!("this way back is not open: [alerts.replies] {name} is not set"))
    })
}

async fn whole(body: Body) -> Result<Bytes, Problem> {
    let large =
        |_| Problem::bad_request(format!("the body is cut off or has more than {BODY_BYTES_MAX} bytes"));
    to_bytes(body, BODY_BYTES_MAX).await.map_err(large)
}

fn refused(refusal: Refusal) -> Problem {
    tracing::warn!(%refusal, "a reply is not believed");
    match refusal {
        Refusal::Unreadable(_) => Problem::bad_request(refusal.to_string()),
        Refusal::Unsigned | Refusal::Stale => {
            Problem::new(StatusCode::FORBIDDEN, "Not believed", refusal.to_string())
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn xml(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

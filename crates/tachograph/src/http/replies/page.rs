//! The page of a signed link: each alert of the message, with what tells it from the others, and a button for those that
//! are ticked. What comes in between is not on it, and is not acknowledged by it.

use crate::alerting::told;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tacho_alert::notify::Raised;
use tacho_event::time::format;

/// Alerts that the page lists.
const LISTED_MAX: usize = 500;

/// What tells an alert from others of its rule.
pub(super) fn words(raised: &Raised) -> String {
    let group: Vec<String> = raised.group.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let of = if group.is_empty() { String::new() } else { format!(" ({})", group.join(", ")) };
    format!("{}{of}", told(raised))
}

/// Asks which of the alerts that are open are to be acknowledged.
pub(super) fn asks(receiver: &str, open: &[Raised], url: &str) -> Response {
    let is_asked = open.iter().take(LISTED_MAX).any(|raised| raised.acknowledged.is_none());
    let lines: String = open.iter().take(LISTED_MAX).map(line).collect();
    let more = open.len().saturating_sub(LISTED_MAX);
    let more = match more {
        0 => String::new(),
        more => format!(
            "<p>and {more} more, which this page does not acknowledge: see <a href=\"{0}/alerts\">{0}/alerts</a></p>",
            escape(url)
        ),
    };
    let button = if is_asked {
        "<button>Acknowledge what is ticked</button>"
    } else {
        "<p>Nobody has to do anything more.</p>"
    };
    html(&format!(
        "<p>This was told to <b>{}</b> and is open:</p><form method=\"post\"><ul style=\"list-style:none;padding:0\">{lines}</ul>{more}{button}</form>",
        escape(receiver)
    ))
}

fn line(raised: &Raised) -> String {
    let since = format!(
        "{}, since {}",
        raised.severity.as_str(),
        format(raised.alert.starts_us).get(..19).unwrap_or_default()
    );
    let (tick, answered) = match &raised.acknowledged {
        None => (
            format!("<input type=\"checkbox\" name=\"alert\" value=\"{}\" checked> ", escape(raised.id())),
            String::new(),
        ),
        Some((by, _)) => (String::new(), format!(", acknowledged by {by}")),
    };
    format!(
        "<li><label>{tick}<b>{}</b><br><small>{}</small></label></li>",
        escape(&words(raised)),
        escape(&format!("{since}{answered}"))
    )
}

/// Nothing is open any more.
pub(super) fn over() -> Response {
    says("What was told is over: none of these alerts is open any more.", &[])
}

/// A sentence, and what it is about.
pub(super) fn says(what: &str, about: &[String]) -> Response {
    let lines: String = about.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
    let list = if lines.is_empty() { String::new() } else { format!("<ul>{lines}</ul>") };
    html(&format!("<p>{}</p>{list}", escape(what)))
}

fn html(inside: &str) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta name=\"viewport\" content=\"width=device-width\"><title>tachograph</title>\
         <body style=\"font-family:sans-serif;max-width:30em;margin:4em auto;overflow-wrap:anywhere\"><h1>tachograph</h1>{inside}</body></html>"
    );
    (head, page).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

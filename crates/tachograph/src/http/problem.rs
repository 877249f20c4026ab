//! Errors over HTTP: RFC 9457 problem details, each with a status, a title and what to do.

use super::logins::{Refusal, Why};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tacho_record::RecordError;
use tacho_record::recorder::Full;

/// An answer that says what is wrong.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What kind of trouble, the same text for each of its kind.
    pub title: &'static str,
    /// What exactly, where, and what was expected.
    pub detail: String,
    /// After how many seconds to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Where in a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Box<Place>>,
    /// For those who watch the doors; the sender learns it from the rest.
    #[serde(skip)]
    refusal: Option<Refusal>,
}

/// Where something is wrong in a text, for programs that mark it.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Place {
    /// From one.
    pub line: u64,
    /// From one, in characters.
    pub column: u64,
    /// What could stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The name that was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Problem {
        Problem {
            status: status.as_u16(),
            title,
            detail: detail.into(),
            retry_after: None,
            place: None,
            refusal: None,
        }
    }

    pub(crate) fn retry(mut self, seconds: u64) -> Problem {
        self.retry_after = Some(seconds);
        self
    }

    pub(super) fn at(mut self, place: Place) -> Problem {
        self.place = Some(Box::new(place));
        self
    }

    /// Why somebody was turned away.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// A request from somebody who may not make it.
    pub(super) fn refuse(mut self, why: Why, key: Option<&str>) -> Problem {
        self.refusal = Some(Refusal { why, key: key.map(str::to_string) });
        self
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "The request is not understood", detail)
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "Not found", detail)
    }

    /// The path is there, and the method is not. Who routes adds the header `Allow`.
    pub(super) fn wrong_method(method: &Method, path: &str) -> Problem {
        let detail = format!("{method} {path} is not possible: the header Allow says what is");
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "The method is not possible here", detail)
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The server failed", detail)
    }

    pub(crate) fn busy(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Too much is waiting", detail).retry(1)
    }
}

impl From<Full> for Problem {
    fn from(full: Full) -> Problem {
        Problem::busy(full.to_string())
    }
}

impl From<&RecordError> for Problem {
    fn from(error: &RecordError) -> Problem {
        match error {
            RecordError::Io { source, .. } if is_full(source) => {
                let title = "The disk is full";
                let detail =
                    format!("{error}; nothing of this request was recorded, earlier events are safe");
                Problem::new(StatusCode::INSUFFICIENT_STORAGE, title, detail).retry(5)
            }
            RecordError::TooLarge { .. } => Problem::too_large(error.to_string()),
            RecordError::Io { .. } | RecordError::InUse { .. } => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Recording failed", error.to_string()).retry(5)
            }
            RecordError::Poisoned { .. } | RecordError::Corrupt { .. } => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The recorder has stopped", error.to_string())
            }
        }
    }
}

/// Whether an error means that there is no space: the disk, a quota or a file-size limit.
fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(refusal) = self.refusal {
            response.extensions_mut().insert(refusal);
        }
        response
    }
}

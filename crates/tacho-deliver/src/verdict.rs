//! What an answer means: delivered, to be tried again, or refused for good.

use crate::call::Answer;

/// Seconds to wait are believed up to this, so that an odd answer does not silence a channel.
const WAIT_SECONDS_MAX: i64 = 3600;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// `receipt`: what the vendor calls it. Handed in again with the thread's later messages.
    Delivered { receipt: Option<String> },
    /// `after_us`: not before so long from now; when not given, as the caller's schedule says.
    Retry { after_us: Option<i64>, why: String },
    /// It will not be taken however often it is sent.
    Refused { why: String },
    /// The destination asks not to be called any more.
    Gone,
}

impl Verdict {
    pub(crate) fn delivered(receipt: Option<&str>) -> Verdict {
        Verdict::Delivered { receipt: receipt.filter(|text| !text.is_empty()).map(str::to_string) }
    }
}

/// What the status of an answer means where the vendor says nothing else: 2xx is delivered; 408, 425, 429 and 5xx
/// are tried again; anything else will stay as it is.
pub(crate) fn by_status(answer: &Answer, now_us: i64) -> Verdict {
    let why = match answer.status {
        0 => answer.words(),
        status => format!("answered {status}: {}", answer.words()),
    };
    match answer.status {
        0 => Verdict::Retry { after_us: None, why },
        200..300 => Verdict::Delivered { receipt: None },
        408 | 425 | 429 | 500..600 => Verdict::Retry { after_us: retry_after(answer, now_us), why },
        300..400 => {
            Verdict::Refused { why: format!("{why} (redirects are not followed: give the final URL)") }
        }
        _ => Verdict::Refused { why },
    }
}

/// `Retry-After` in seconds or as a date.
fn retry_after(answer: &Answer, now_us: i64) -> Option<i64> {
    let text = answer.header("retry-after")?.trim();
    let seconds = match text.parse::<i64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            date.as_second() - now_us.div_euclid(1_000_000)
        }
    };
    Some(wait(seconds))
}

/// Seconds as somebody else gave them.
pub(crate) fn wait(seconds: i64) -> i64 {
    seconds.clamp(0, WAIT_SECONDS_MAX) * 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, retry: Option<&str>) -> Verdict {
        let headers = retry.map(|value| ("retry-after".to_string(), value.to_string())).into_iter().collect();
        by_status(&Answer { status, headers, body: b"no\r\nthanks".to_vec() }, 784_111_777_000_000)
    }

    #[test]
    fn a_status_means_delivered_again_or_never() {
        assert_eq!(told(204, None), Verdict::Delivered { receipt: None });
        let why = "answered 503: no thanks".to_string();
        assert_eq!(told(503, None), Verdict::Retry { after_us: None, why });
        assert_eq!(told(400, None), Verdict::Refused { why: "answered 400: no thanks".into() });
        assert!(matches!(told(302, None), Verdict::Refused { why } if why.contains("redirects")));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_has_a_limit() {
        let after = |text| match told(429, Some(text)) {
            Verdict::Retry { after_us, .. } => after_us,
            other => panic!("{other:?}"),
        };
        assert_eq!(after("7"), Some(7_000_000));
        assert_eq!(after("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30_000_000));
        assert_eq!(after("-5"), Some(0));
        assert_eq!(after("999999999"), Some(3_600_000_000));
        assert_eq!(after("soon"), None);
    }
}

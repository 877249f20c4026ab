//! What an OTLP sender is answered, in the encoding it sent: the export's response, with what was refused, or a
//! `google.rpc.Status` where nothing was taken.

use super::{Encoding, Signal};
use crate::{Rejected, Tally};
use prost::Message;
use std::fmt::Write;

/// So many refused records are described.
const REASONS_MAX: usize = 5;

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, Copy, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Duration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
struct Duration {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

/// The response of an export that was taken, with the records that were not. One that was taken whole says nothing.
pub fn taken(signal: Signal, encoding: Encoding, tally: &Tally) -> Vec<u8> {
    let rejected = i64::try_from(tally.refused_lines).unwrap_or(i64::MAX);
    let partial = (rejected > 0).then(|| PartialSuccess { rejected, error_message: reasons(tally) });
    match encoding {
        Encoding::Protobuf => Response { partial_success: partial }.encode_to_vec(),
        Encoding::Json => match partial {
            None => b"{}".to_vec(),
            Some(partial) => {
                let name = signal.rejected();
                let partial = serde_json::json!({
                    name: partial.rejected.to_string(), "errorMessage": partial.error_message
                });
                serde_json::json!({ "partialSuccess": partial }).to_string().into_bytes()
            }
        },
    }
}

/// An error, for a sender that reads no problem details. `code` is gRPC's; `retry_s` says when to come back.
pub fn refused(encoding: Encoding, code: i32, message: &str, retry_s: Option<u64>) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => {
            let details = retry_s.map(retry_info).into_iter().collect();
            Status { code, message: message.to_owned(), details }.encode_to_vec()
        }
        Encoding::Json => {
            let mut status = serde_json::json!({ "code": code, "message": message });
            if let Some(seconds) = retry_s {
                let info = "type.googleapis.com/google.rpc.RetryInfo";
                status["details"] =
                    serde_json::json!([{ "@type": info, "retryDelay": format!("{seconds}s") }]);
            }
            status.to_string().into_bytes()
        }
    }
}

fn retry_info(seconds: u64) -> Any {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let info = RetryInfo { retry_delay: Some(Duration { seconds }) };
    Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".into(), value: info.encode_to_vec() }
}

fn reasons(tally: &Tally) -> String {
    let mut text = String::new();
    for Rejected { line, reason } in tally.refused.iter().take(REASONS_MAX) {
        let separator = if text.is_empty() { "" } else { "; " };
        write!(text, "{separator}record {line}: {reason}").expect("a String takes text");
    }
    let more = tally.refused_lines.saturating_sub(REASONS_MAX.min(tally.refused.len()) as u64);
    if more > 0 {
        write!(text, "; and {more} more").expect("a String takes text");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Refused;

    fn tally(refused: u64) -> Tally {
        let reason = Refused::Limit { what: "the size of the event", found: 2, max: 1 };
        Tally {
            refused_lines: refused,
            refused: (1..=refused).map(|line| Rejected { line, reason: reason.clone() }).collect(),
            ..Tally::default()
        }
    }

    #[test]
    fn what_was_taken_whole_is_answered_with_nothing() {
        assert_eq!(taken(Signal::Logs, Encoding::Protobuf, &tally(0)), b"");
        assert_eq!(taken(Signal::Logs, Encoding::Json, &tally(0)), b"{}");
    }

    #[test]
    fn what_was_refused_is_counted_by_the_name_of_its_signal() {
        let json: serde_json::Value =
            serde_json::from_slice(&taken(Signal::Traces, Encoding::Json, &tally(7))).unwrap();
        assert_eq!(json["partialSuccess"]["rejectedSpans"], "7", "64-bit integers are texts");
        let message = json["partialSuccess"]["errorMessage"].as_str().unwrap();
        assert!(message.starts_with("record 1: the size") && message.ends_with("and 2 more"), "{message}");
        let bytes = taken(Signal::Metrics, Encoding::Protobuf, &tally(7));
        // partial_success (1) of: rejected (1) = 7, error_message (2)
        assert_eq!((bytes[0], &bytes[3..5]), (0x0a, &[0x08, 7][..]), "{bytes:?}");
    }

    #[test]
    fn an_error_says_when_to_come_back_in_both_encodings() {
        let json: serde_json::Value =
            serde_json::from_slice(&refused(Encoding::Json, 14, "full", Some(3))).unwrap();
        assert_eq!(json["code"], 14);
        assert_eq!(json["details"][0]["retryDelay"], "3s");
        let status = Status::decode(refused(Encoding::Protobuf, 14, "full", Some(3)).as_slice()).unwrap();
        assert_eq!((status.code, status.message.as_str()), (14, "full"));
        let info = RetryInfo::decode(status.details[0].value.as_slice()).unwrap();
        assert_eq!(info.retry_delay.unwrap().seconds, 3);
    }
}

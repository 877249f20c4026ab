//! What an answer of the server means for a batch. Pure.
//!
//! | answer | what is done |
//! |---|---|
//! | 200 or 422 that counts every line | the next batch; refused lines are told to the caller |
//! | 400, 413, 415 and other 4xx | half as many events, down to one; that one is rejected |
//! | 401, 403, 404, 405, 407, 408, 425, 429, 5xx, 3xx, none | wait: the events are good |
//! | 200 that is no receipt | wait: something else answers at that address |

use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A server may ask for more, up to this.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);
/// Of what the server says so much is handed on, characters.
const TOLD_MAX: usize = 500;

/// An HTTP answer as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

/// The server's receipt for a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    pub accepted: u64,
    pub duplicates: u64,
    /// First and last place on the log.
    pub range: Option<(u64, u64)>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every line is answered for; these, from zero, were refused.
    Taken {
        receipt: Taken,
        refused: BTreeMap<usize, String>,
    },
    /// The request can't be read as a whole.
    Split,
    Wait {
        error: String,
        retry_after: Option<Duration>,
    },
}

/// Judges the answer to a batch of so many lines.
pub(crate) fn judge(answer: &Result<Answer, String>, lines: usize) -> Verdict {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Verdict::Wait { error: error.clone(), retry_after: None },
    };
    match answer.status {
        200 | 422 => match receipt(&answer.body, lines) {
            Some(verdict) => verdict,
            None if answer.status == 422 => unreadable(answer, lines),
            None => Verdict::Wait {
                error: "what answers at this address is no tachograph: its answer does not count every event"
                    .into(),
                retry_after: None,
            },
        },
        401 | 403 | 404 | 405 | 407 | 408 | 425 | 429 => wait(answer),
        400..=499 => unreadable(answer, lines),
        _ => wait(answer),
    }
}

fn wait(answer: &Answer) -> Verdict {
    let seconds = answer.retry_after.as_deref().and_then(|text| text.trim().parse().ok());
    let retry_after = seconds.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    Verdict::Wait { error: told(answer), retry_after }
}

fn unreadable(answer: &Answer, lines: usize) -> Verdict {
    if lines > 1 {
        return Verdict::Split;
    }
    Verdict::Taken { receipt: Taken::default(), refused: BTreeMap::from([(0, told(answer))]) }
}

fn receipt(body: &[u8], lines: usize) -> Option<Verdict> {
    let read: Value = serde_json::from_slice(body).ok()?;
    let count = |name: &str| read.get(name).and_then(Value::as_u64);
    let (accepted, duplicates, refused_count) =
        (count("accepted")?, count("duplicates")?, count("rejected_count")?);
    // A line may hold several events, so there may be more than lines, never fewer.
    if accepted.saturating_add(duplicates).saturating_add(refused_count) < lines as u64 {
        return None;
    }
    let mut refused = BTreeMap::new();
    for item in read.get("rejected")?.as_array()? {
        let line = usize::try_from(item.get("line")?.as_u64()?).ok()?.checked_sub(1)?;
        if line < lines {
            refused.insert(line, item.get("reason")?.as_str()?.to_owned());
        }
    }
    let range = count("first_index").zip(count("last_index"));
    let receipt = Taken { accepted, duplicates, range };
    (refused.len() as u64 == refused_count).then_some(Verdict::Taken { receipt, refused })
}

fn told(answer: &Answer) -> String {
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut told = format!("the server answered {}", answer.status);
    for part in [text("title"), text("detail")].into_iter().flatten() {
        told.push_str(": ");
        told.push_str(part);
    }
    told.chars().take(TOLD_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer, String> {
        Ok(Answer { status, retry_after: Some("7".into()), body: body.into() })
    }

    #[test]
    fn a_receipt_must_account_for_every_line() {
        let body = r#"{"accepted":2,"duplicates":0,"rejected":[{"line":2,"reason":"no"}],"rejected_count":1,"first_index":5,"last_index":6}"#;
        let receipt = Taken { accepted: 2, duplicates: 0, range: Some((5, 6)) };
        let refused = BTreeMap::from([(1, "no".to_owned())]);
        assert_eq!(judge(&answer(200, body), 3), Verdict::Taken { receipt, refused });
        assert!(matches!(judge(&answer(200, body), 4), Verdict::Wait { .. }));
        for body in
            ["", "{}", "[]", "<html>", r#"{"accepted":1,"duplicates":0,"rejected":[],"rejected_count":1}"#]
        {
            assert!(matches!(judge(&answer(200, body), 1), Verdict::Wait { .. }), "{body}");
        }
    }

    #[test]
    fn what_is_the_servers_trouble_waits_and_what_is_the_bodys_is_split() {
        for status in [301, 401, 403, 404, 405, 407, 408, 425, 429, 500, 502, 503, 507] {
            let wait = judge(&answer(status, ""), 2);
            assert!(matches!(wait, Verdict::Wait { retry_after: Some(_), .. }), "{status}: {wait:?}");
        }
        for status in [400, 413, 415, 418, 422] {
            assert_eq!(judge(&answer(status, "{}"), 2), Verdict::Split, "{status}");
            assert!(matches!(judge(&answer(status, "{}"), 1), Verdict::Taken { .. }), "{status}");
        }
    }
}

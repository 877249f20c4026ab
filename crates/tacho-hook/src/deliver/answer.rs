//! What an answer of the server means for a batch. Pure.
//!
//! | answer | what is done |
//! |---|---|
//! | 200 or 422 that counts every line | the next batch; refused lines are put aside |
//! | 400, 413, 415 and other 4xx | half as many events, down to one; that one is put aside |
//! | 401, 403 | wait: the key may be mended; a sender ends after some tries, and the next one has the key of its day |
//! | 404, 405, 407, 408, 425, 429, 5xx, 3xx, none | wait: the events are good |
//! | 200 that is no receipt | wait: something else answers at that address |

use serde_json::Value;

/// The first wait, and the longest, milliseconds.
pub const WAIT_MS: u64 = 500;
pub const WAIT_MS_MAX: u64 = 60_000;
/// A server may ask for more, up to this, milliseconds.
pub const RETRY_AFTER_MS_MAX: u64 = 600_000;

/// An HTTP answer as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The server has answered for every line; these, from zero, it refused.
    Taken {
        refused: Vec<(usize, String)>,
    },
    /// The request can't be read as a whole.
    Split,
    Wait {
        ms: u64,
        error: String,
        is_key: bool,
    },
}

/// Judges the answer to a batch of so many lines after so many failures in a row.
pub fn judge(answer: &Result<Answer, String>, lines: usize, failures: u32) -> Verdict {
    let wait = |error: String, is_key| {
        let asked = answer.as_ref().ok().and_then(retry_after_ms);
        Verdict::Wait { ms: asked.unwrap_or_else(|| backoff_ms(failures)), error, is_key }
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return wait(error.clone(), false),
    };
    match answer.status {
        200 | 422 => match refused_lines(&answer.body, lines) {
            Some(refused) => Verdict::Taken { refused },
            None if answer.status == 422 => unreadable(answer, lines),
            None => wait(
                "what answers at this address is no tachograph: the answer does not account for every event"
                    .into(),
                false,
            ),
        },
        401 | 403 => wait(format!("{}; check AUDIT_LOG_KEY", told(answer)), true),
        404 | 405 | 407 | 408 | 425 | 429 => wait(told(answer), false),
        400..=499 => unreadable(answer, lines),
        _ => wait(told(answer), false),
    }
}

fn unreadable(answer: &Answer, lines: usize) -> Verdict {
    if lines > 1 { Verdict::Split } else { Verdict::Taken { refused: vec![(0, told(answer))] } }
}

/// The lines that a receipt names as refused; nothing when it does not count every line.
fn refused_lines(body: &[u8], lines: usize) -> Option<Vec<(usize, String)>> {
    let receipt: Value = serde_json::from_slice(body).ok()?;
    let count = |name: &str| receipt.get(name).and_then(Value::as_u64);
    let refused = count("rejected_count")?;
    // A line may hold several events, so there may be more than lines, never fewer.
    if count("accepted")? + count("duplicates")? + refused < lines as u64 {
        return None;
    }
    let named = receipt.get("rejected")?.as_array()?;
    let named: Vec<_> = named
        .iter()
        .filter_map(|line| {
            let number = usize::try_from(line.get("line")?.as_u64()?).ok()?.checked_sub(1)?;
            let reason = line.get("reason")?.as_str()?.to_owned();
            (number < lines).then_some((number, reason))
        })
        .collect();
    (named.len() as u64 == refused).then_some(named)
}

fn told(answer: &Answer) -> String {
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let told = [text("title"), text("detail")].into_iter().filter(|text| !text.is_empty());
    let told = told.collect::<Vec<_>>().join(": ");
    let dash = if told.is_empty() { "" } else { ": " };
    let told: String = told.chars().take(500).collect();
    format!("the server answered {}{dash}{told}", answer.status)
}

fn retry_after_ms(answer: &Answer) -> Option<u64> {
    let seconds: u64 = answer.retry_after.as_deref()?.trim().parse().ok()?;
    Some(seconds.saturating_mul(1000).clamp(WAIT_MS, RETRY_AFTER_MS_MAX))
}

/// Twice as long each time.
fn backoff_ms(failures: u32) -> u64 {
    (WAIT_MS << failures.min(10)).min(WAIT_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer, String> {
        Ok(Answer { status, retry_after: None, body: body.into() })
    }

    #[test]
    fn a_receipt_that_counts_every_line_moves_on() {
        let body =
            r#"{"accepted":3,"duplicates":0,"rejected":[{"line":2,"reason":"no"}],"rejected_count":1}"#;
        assert_eq!(judge(&answer(200, body), 3, 5), Verdict::Taken { refused: vec![(1, "no".into())] });
        assert!(matches!(judge(&answer(200, body), 5, 0), Verdict::Wait { .. }));
    }

    #[test]
    fn an_answer_that_is_no_receipt_loses_nothing() {
        for body in ["", "{}", "<html>Welcome to this network", r#"{"accepted":1}"#, "[]"] {
            assert!(matches!(judge(&answer(200, body), 1, 0), Verdict::Wait { is_key: false, .. }), "{body}");
        }
        let more_refused_than_named = r#"{"accepted":0,"duplicates":0,"rejected":[],"rejected_count":2}"#;
        assert!(matches!(judge(&answer(200, more_refused_than_named), 2, 0), Verdict::Wait { .. }));
    }

    #[test]
    fn what_can_not_be_read_is_halved_down_to_the_one_that_is_put_aside() {
        assert_eq!(judge(&answer(413, ""), 9, 0), Verdict::Split);
        let detail = r#"{"title":"Too large","detail":"expected less"}"#;
        assert_eq!(
            judge(&answer(413, detail), 1, 0),
            Verdict::Taken { refused: vec![(0, "the server answered 413: Too large: expected less".into())] }
        );
    }

    #[test]
    fn waits_grow_and_the_servers_wish_is_followed() {
        let ms = |answer: &Result<Answer, String>, failures| match judge(answer, 1, failures) {
            Verdict::Wait { ms, .. } => ms,
            other => panic!("{other:?}"),
        };
        let gone = Err("refused".to_owned());
        assert_eq!([0, 1, 3, 9, 99].map(|failures| ms(&gone, failures)), [500, 1000, 4000, 60_000, 60_000]);
        let asks =
            |after: &str| Ok(Answer { status: 429, retry_after: Some(after.into()), body: Vec::new() });
        assert_eq!(
            [asks("7"), asks("0"), asks("999999"), asks("Fri")].map(|a| ms(&a, 0)),
            [7000, 500, 600_000, 500]
        );
        for status in [301, 404, 408, 500, 503, 507] {
            assert!(
                matches!(judge(&answer(status, ""), 7, 0), Verdict::Wait { is_key: false, .. }),
                "{status}"
            );
        }
        assert!(matches!(judge(&answer(401, ""), 7, 0), Verdict::Wait { is_key: true, .. }));
    }
}

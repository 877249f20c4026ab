//! Cuts an event of history down to the size that an event may have. A picture or a log of megabytes in a transcript
//! is no reason to lose the call that made it.
//!
//! Long texts are replaced whole by their size and digest: of half a text, redaction would not know a secret that it
//! cut in two. What was done is in `extra`, as `shortened`.

use crate::fields::{Refused, string_end};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::limits::{EVENT_BYTES_MAX, FIELDS_MAX};

/// Texts longer than this are replaced, bytes: the first that makes the event fit.
const KEPT_BYTES: [usize; 3] = [64 << 10, 4 << 10, 256];

/// Makes the event fit.
///
/// # Errors
/// [`Refused::Limit`] when it has too many members, or is too large without any long text.
pub(crate) fn fit(event: &mut Event<'_>) -> Result<(), Refused> {
    let found = event.extra.len();
    if found > FIELDS_MAX {
        return Err(Refused::Limit { what: "the number of fields", found, max: FIELDS_MAX });
    }
    if size(event) <= EVENT_BYTES_MAX {
        return Ok(());
    }
    let mut replaced = 0;
    for kept in KEPT_BYTES {
        for text in texts(event) {
            if text.len() > kept {
                let (short, count) = shortened(text, kept);
                if count > 0 {
                    *text = short.into();
                    replaced += count;
                }
            }
        }
        // The note needs a place as well.
        if size(event) < EVENT_BYTES_MAX {
            event.extra.push(("shortened".into(), replaced.to_string().into()));
            return Ok(());
        }
    }
    let found = size(event);
    Err(Refused::Limit { what: "the size of the event", found, max: EVENT_BYTES_MAX })
}

fn size(event: &mut Event<'_>) -> usize {
    texts(event).map(|text| text.len()).sum()
}

fn texts<'e, 'a>(event: &'e mut Event<'a>) -> impl Iterator<Item = &'e mut Cow<'a, str>> {
    let Event { input, output, error, decision, access, extra, .. } = event;
    let sections = [input, output, error, decision, access].into_iter().flatten();
    sections.chain(extra.iter_mut().map(|(_, value)| value))
}

/// JSON with its long texts replaced, and how many there were. Names of members stay.
fn shortened(json: &str, kept: usize) -> (String, usize) {
    let (mut out, mut count, mut from, mut at) = (String::new(), 0, 0, 0);
    let bytes = json.as_bytes();
    while let Some(found) = memchr::memchr(b'"', &bytes[at..]) {
        let start = at + found;
        let end = string_end(bytes, start + 1);
        at = end;
        let is_name = bytes[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        if end - start <= kept || is_name {
            continue;
        }
        let digest = Sha256::digest(&bytes[start + 1..end - 1]);
        let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        out.push_str(&json[from..start]);
        out.push_str(&format!("\"[{} bytes, sha256 {hex}]\"", end - start - 2));
        from = end;
        count += 1;
    }
    out.push_str(&json[from..]);
    (out, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_replaced_and_the_rest_stays() {
        let long = "x".repeat(300);
        let json = format!(r#"{{"a":"short","{long}":["{long}\"",1]}}"#);
        let (short, count) = shortened(&json, 256);
        assert_eq!(count, 1);
        assert!(short.contains("[302 bytes, sha256 ") && short.contains(&format!("\"{long}\":[")), "{short}");
        serde_json::from_str::<serde_json::Value>(&short).unwrap();
    }

    #[test]
    fn an_event_fits_afterwards_or_is_refused() {
        let picture = format!("\"{}\"", "A".repeat(3 << 20));
        let mut event =
            Event { output: Some(picture.into()), input: Some("\"look\"".into()), ..Event::default() };
        fit(&mut event).unwrap();
        assert!(event.output.as_deref().unwrap().starts_with("\"[3145728 bytes, sha256 "));
        assert_eq!((event.input.as_deref(), event.extra.len()), (Some("\"look\""), 1));
        let numbers = format!("[{}1]", "1,".repeat(1 << 20));
        let mut event = Event { output: Some(numbers.into()), ..Event::default() };
        assert!(matches!(fit(&mut event), Err(Refused::Limit { .. })));
    }
}

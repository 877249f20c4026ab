//! The id that a provider gave its answer, where a library tells it only within the answer that it kept: OpenInference's
//! `output.value`. Two libraries that tell of one call of a model have it in common.

use crate::fields::{Fields, unquote};
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::limits::FACT_BYTES_MAX;

/// How providers begin the ids of their answers; any other id may be of something within the answer.
const PREFIXES: [&str; 4] = ["chatcmpl-", "cmpl-", "msg_", "resp_"];

/// Takes the id out of the answer, where the record names none itself.
pub(crate) fn identify(event: &mut Event<'_>) {
    if event.facts.text(TextFact::RequestId).is_some() {
        return;
    }
    let Some(output) = event.output.as_deref() else { return };
    let text = unquote(output).unwrap_or(output.into());
    if let Some(id) = id(&text) {
        event.facts.set_text(TextFact::RequestId, id);
    }
}

fn id(answer: &str) -> Option<String> {
    let answer = Fields::object(answer).ok()?;
    let own = |fields: &Fields<'_>| {
        let id = fields.get_text("id")?;
        let is_answers = PREFIXES.iter().any(|prefix| id.starts_with(prefix));
        Some(id.into_owned()).filter(|id| is_answers && id.len() <= FACT_BYTES_MAX)
    };
    // LangChain keeps what the provider said beside the texts.
    own(&answer).or_else(|| own(&Fields::object(answer.get("llm_output")?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::quote;

    fn found(output: &str) -> Option<String> {
        let mut event = Event { output: Some(output.to_owned().into()), ..Event::default() };
        identify(&mut event);
        event.facts.text(TextFact::RequestId).map(str::to_owned)
    }

    #[test]
    fn an_answers_own_id_is_found_and_no_other() {
        let openai = r#"{"choices":[{"id":"call_1"}],"id":"chatcmpl-abc"}"#;
        assert_eq!(found(&quote(openai)).as_deref(), Some("chatcmpl-abc"));
        assert_eq!(found(openai).as_deref(), Some("chatcmpl-abc"), "also as an object");
        let chain = r#"{"generations":[[]],"llm_output":{"id":"msg_7"}}"#;
        assert_eq!(found(&quote(chain)).as_deref(), Some("msg_7"));
        for other in ["", "resp_1", "[{\"id\":\"resp_1\"}]", "{\"id\":\"call_1\"}", "{\"id\":7}", "{\"id\":"]
        {
            assert_eq!(found(&quote(other)), None, "{other}");
        }
        let long = format!("{{\"id\":\"msg_{}\"}}", "x".repeat(FACT_BYTES_MAX));
        assert_eq!(found(&quote(&long)), None);
    }

    #[test]
    fn what_the_record_says_itself_stands() {
        let mut event = Event { output: Some("{\"id\":\"resp_1\"}".into()), ..Event::default() };
        event.facts.set_text(TextFact::RequestId, "own");
        identify(&mut event);
        assert_eq!(event.facts.text(TextFact::RequestId), Some("own"));
    }
}

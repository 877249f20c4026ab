//! LangChain's calls of tools, as OpenInference and OpenLLMetry tell of them: the model's id of the call stands within what they keep
//! of LangChain's own words. By it a call is one, however many tell of it.

use crate::fields::{Fields, unquote};
use tacho_event::event::Event;
use tacho_event::limits::ID_BYTES_MAX;

/// Whether a library that tells of LangChain wrote what stands around arguments and results: in the words of others a tool could name
/// another call as its own.
pub(super) fn is_its(library: &str) -> bool {
    library.contains("langchain")
}

/// Takes the id of the call out of what is kept, where the record names none itself.
pub(super) fn name_call(event: &mut Event<'_>) {
    if event.call.is_some() {
        return;
    }
    let asked = || within(event.input.as_deref()?, "kwargs");
    let answered = || within(event.output.as_deref()?, "data");
    if let Some(call) = asked().or_else(answered) {
        event.call = Some(call.into());
    }
}

/// OpenLLMetry has it beside the arguments, OpenInference in the message that is the answer.
fn within(text: &str, around: &str) -> Option<String> {
    let text = unquote(text).unwrap_or(text.into());
    let call = Fields::object(Fields::object(&text).ok()?.get(around)?).ok()?.get_text("tool_call_id")?;
    Some(call.into_owned()).filter(|call| !call.is_empty() && call.len() <= ID_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::quote;

    fn found(input: &str, output: &str) -> Option<String> {
        let section = |text: &str| Some(quote(text).into());
        let mut event = Event { input: section(input), output: section(output), ..Event::default() };
        name_call(&mut event);
        event.call.map(Into::into)
    }

    #[test]
    fn the_id_of_a_call_is_found_where_either_library_keeps_it() {
        let asked =
            r#"{"input_str":"{'a': 1}","inputs":{"a":1},"kwargs":{"name":null,"tool_call_id":"call_7"}}"#;
        let answered = r#"{"type":"tool","data":{"content":"x","id":null,"tool_call_id":"call_7"}}"#;
        assert_eq!(found(asked, "x").as_deref(), Some("call_7"));
        assert_eq!(found("ACME", answered).as_deref(), Some("call_7"));
        for none in [
            "",
            "x",
            "{",
            r#"{"tool_call_id":"x"}"#,
            r#"{"data":{"tool_call_id":null},"kwargs":{"tool_call_id":""}}"#,
        ] {
            assert_eq!(found(none, none), None, "{none}");
        }
    }
}

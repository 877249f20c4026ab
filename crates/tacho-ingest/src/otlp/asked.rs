//! The model that was asked, where a library tells it only within what it asked: OpenInference of a call that failed
//! (`llm.invocation_parameters`), for it names the model by the answer.

use crate::fields::{Fields, unquote};
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::limits::FACT_BYTES_MAX;

/// Takes the model out of the parameters, where the record names none itself.
pub(crate) fn name_model(event: &mut Event<'_>) {
    if event.facts.text(TextFact::Model).is_some() {
        return;
    }
    let parameters = event.extra.iter().find(|(name, _)| name == "llm.invocation_parameters");
    let Some(model) = parameters.and_then(|(_, raw)| model(&unquote(raw).unwrap_or(raw.as_ref().into())))
    else {
        return;
    };
    event.facts.set_text(TextFact::Model, model);
}

fn model(parameters: &str) -> Option<String> {
    let model = Fields::object(parameters).ok()?.get_text("model")?.into_owned();
    Some(model).filter(|model| !model.is_empty() && model.len() <= FACT_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::quote;

    fn found(parameters: &str, told: Option<&'static str>) -> Option<String> {
        let mut event = Event::default();
        event.extra.push(("llm.invocation_parameters".into(), parameters.to_owned().into()));
        if let Some(told) = told {
            event.facts.set_text(TextFact::Model, told);
        }
        name_model(&mut event);
        event.facts.text(TextFact::Model).map(str::to_owned)
    }

    #[test]
    fn the_model_that_was_asked_is_found_where_no_answer_names_it() {
        let asked = r#"{"model": "gpt-4o", "stream": false}"#;
        assert_eq!(found(&quote(asked), None).as_deref(), Some("gpt-4o"));
        assert_eq!(found(asked, None).as_deref(), Some("gpt-4o"), "also as an object");
        assert_eq!(found(&quote(asked), Some("gpt-4o-2024-08-06")).as_deref(), Some("gpt-4o-2024-08-06"));
        for other in ["", "7", "\"gpt-4o\"", "{\"model\":7}", "{\"model\":\"\"}", "{\"model\":", "{\"n\":1}"]
        {
            assert_eq!(found(&quote(other), None), None, "{other}");
        }
    }
}

//! What spans of one request tell about one another: children come before their parents and mostly lack session,
//! agent and user; and two libraries that report one call of a model nest their spans.
//!
//! Invariant: only what stands in the request is used. What comes in another one is joined later, by trace and span.

use super::meaning::Operation;
use super::value::{self, has, text_under};
use super::walk::Raw;
use super::wire::{KeyValue, Kin};
use super::{Malformed, attributes};
use crate::lift::Lift;
use std::collections::HashMap;
use tacho_event::fact::IntFact;

/// So far up a trace is looked; a trace may be a circle.
const ANCESTORS_MAX: usize = 64;

/// What a span may hand down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Heritage {
    pub session: Option<String>,
    pub conversation: Option<String>,
    pub agent: Option<String>,
    pub user: Option<String>,
}

#[derive(Debug)]
struct Relative {
    parent: Key,
    own: Heritage,
    is_model: bool,
    /// A tool: what a model does within is another call.
    is_tool: bool,
    has_tokens: bool,
    /// A call of a model within this one was reported with its tokens: they count, these do not.
    is_wrapper: bool,
}

type Key = ([u8; 16], [u8; 8]);

/// The spans of a request by trace and id.
#[derive(Debug, Default)]
pub(super) struct Family(HashMap<Key, Relative>);

impl Family {
    /// Takes up a span; several with one id are the first one.
    pub(super) fn add(&mut self, span: Raw<'_>) -> Result<(), Malformed> {
        let kin: Kin = span.decode()?;
        let Some(key) = key(&kin.trace_id, &kin.span_id) else { return Ok(()) };
        // The root's parent is no span, and no span has the id of zeros; nor has one that is told wrongly.
        let parent = (key.0, kin.parent_span_id.try_into().unwrap_or_default());
        self.0.entry(key).or_insert_with(|| {
            let operation = operation(&kin.attributes);
            Relative {
                parent,
                own: heritage(&kin.attributes),
                is_model: operation == Operation::Model,
                is_tool: operation == Operation::Tool,
                has_tokens: operation == Operation::Model && is_told_tokens(&kin.attributes),
                is_wrapper: false,
            }
        });
        Ok(())
    }

    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// To be called when all are there.
    pub(super) fn settle(&mut self) {
        let models: Vec<Key> =
            self.0.iter().filter(|(_, span)| span.has_tokens).map(|(key, _)| *key).collect();
        for model in models {
            let around = self.ancestors(model).take_while(|(_, span)| !span.is_tool);
            let above: Vec<Key> = around.filter(|(_, span)| span.is_model).map(|(key, _)| key).collect();
            for key in above {
                if let Some(span) = self.0.get_mut(&key) {
                    span.is_wrapper = true;
                }
            }
        }
    }

    pub(super) fn is_wrapper(&self, trace: &[u8], span: &[u8]) -> bool {
        key(trace, span).and_then(|key| self.0.get(&key)).is_some_and(|span| span.is_wrapper)
    }

    /// What a span's ancestors say, the nearest first.
    pub(super) fn inherited(&self, trace: &[u8], span: &[u8]) -> Heritage {
        let mut found = Heritage::default();
        let Some(key) = key(trace, span) else { return found };
        for (_, Relative { own, .. }) in self.ancestors(key) {
            // One that names either speaks of the same run: the two belong together.
            if found.session.is_none() && found.conversation.is_none() {
                (found.session, found.conversation) = (own.session.clone(), own.conversation.clone());
            }
            found.agent = found.agent.or_else(|| own.agent.clone());
            found.user = found.user.or_else(|| own.user.clone());
        }
        found
    }

    fn ancestors(&self, from: Key) -> impl Iterator<Item = (Key, &Relative)> {
        let next = move |key: &Key| self.0.get(key).map(|span| span.parent);
        std::iter::successors(next(&from), next)
            .take(ANCESTORS_MAX)
            .map_while(|key| self.0.get(&key).map(|span| (key, span)))
    }
}

fn key(trace: &[u8], span: &[u8]) -> Option<Key> {
    Some((trace.try_into().ok()?, span.try_into().ok()?))
}

/// Names under which a span tells its agent, the surest first.
const AGENT: [&str; 4] = ["gen_ai.agent.id", "agent_id", "gen_ai.agent.name", "agent.name"];

fn heritage(attributes: &[KeyValue]) -> Heritage {
    let text = |names: &[&str]| text_under(attributes, names).map(str::to_owned);
    Heritage {
        session: text(&[
            "session.id",
            "traceloop.association.properties.session_id",
            "ai.telemetry.metadata.sessionId",
            "ai.settings.context.sessionId",
        ]),
        conversation: text(&[
            "gen_ai.conversation.id",
            "conversation.id",
            "traceloop.association.properties.thread_id",
        ]),
        agent: text(if states_its_run(attributes) { &AGENT[1..] } else { &AGENT }),
        user: text(&[
            "user.email",
            "user.id",
            "enduser.id",
            "traceloop.association.properties.user_id",
            "ai.telemetry.metadata.userId",
            "ai.settings.context.userId",
        ]),
    }
}

/// Whether a span states its run as the agent's id, beside the agent's name: as OpenLLMetry's do of LangChain and LangGraph, which
/// stand there in place of a vendor. Each run would be an agent of its own.
pub(super) fn states_its_run(attributes: &[KeyValue]) -> bool {
    let text = |name| text_under(attributes, &[name]);
    matches!(text("gen_ai.provider.name"), Some("langchain" | "langgraph"))
        && text("gen_ai.agent.name").is_some()
}

/// What kind of operation a span is, by the attribute that says most.
pub(super) fn operation(attributes: &[KeyValue]) -> Operation {
    const NAMES: [&str; 6] = [
        "span.type",
        "gen_ai.operation.name",
        "openinference.span.kind",
        "traceloop.span.kind",
        "mcp.method.name",
        "ai.operationId",
    ];
    let words = NAMES.iter().filter_map(|name| text_under(attributes, &[name]));
    let known = words.map(Operation::of).find(|operation| *operation != Operation::Other);
    known.unwrap_or_else(|| {
        // The name of before for what a request to a model is.
        let is_model = has(attributes, "llm.request.type") || asks_a_model(attributes);
        if is_model { Operation::Model } else { Operation::Other }
    })
}

/// Whether a span without an operation's name tells of a request to a model: the conventions had none before 1.27, and what an
/// agent or a tool is, they did not name either.
fn asks_a_model(attributes: &[KeyValue]) -> bool {
    let has = |name: &str| has(attributes, name);
    let names_another =
        ["gen_ai.operation.name", "gen_ai.tool.name", "gen_ai.tool.call.id", "gen_ai.agent.name"];
    let is_asked = has("gen_ai.request.model") && (has("gen_ai.system") || has("gen_ai.provider.name"));
    is_asked && !names_another.into_iter().any(has)
}

/// Whether a span tells how many tokens a request took.
fn is_told_tokens(attributes: &[KeyValue]) -> bool {
    let is_tokens = |name: &str| {
        let lift = attributes::counted(name);
        matches!(lift, Some(Lift::Int(IntFact::TokensInput | IntFact::TokensOutput, _)))
    };
    let is_some = |value: &KeyValue| {
        let mut values = 0;
        !matches!(value::json(value.value.as_ref(), &mut values).as_str(), "0" | "\"0\"" | "null")
    };
    attributes.iter().any(|attribute| is_tokens(&attribute.key) && is_some(attribute))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: u8, parent: u8, attributes: &str) -> String {
        format!(
            r#"{{"traceId":"{:032x}","spanId":"{id:016x}","parentSpanId":"{}","attributes":[{attributes}]}}"#,
            7,
            if parent == 0 { String::new() } else { format!("{parent:016x}") }
        )
    }

    fn text(name: &str, value: &str) -> String {
        format!(r#"{{"key":"{name}","value":{{"stringValue":"{value}"}}}}"#)
    }

    fn family(spans: &[String]) -> Family {
        let mut family = Family::default();
        for span in spans {
            family.add(Raw::Json(span)).unwrap();
        }
        family.settle();
        family
    }

    fn trace() -> [u8; 16] {
        7u128.to_be_bytes()
    }

    fn id(id: u8) -> [u8; 8] {
        u64::from(id).to_be_bytes()
    }

    #[test]
    fn a_child_that_comes_first_inherits_from_the_nearest() {
        let root =
            [text("session.id", "s1"), text("user.id", "u1"), text("gen_ai.agent.name", "boss")].join(",");
        let spans = [
            span(3, 2, ""),
            span(2, 1, &text("gen_ai.agent.id", "worker")),
            span(1, 0, &root),
            span(9, 8, ""),
        ];
        let family = family(&spans);
        let got = family.inherited(&trace(), &id(3));
        assert_eq!(got.session.as_deref(), Some("s1"));
        assert_eq!(got.agent.as_deref(), Some("worker"));
        assert_eq!(got.user.as_deref(), Some("u1"));
        assert_eq!(family.inherited(&trace(), &id(1)), Heritage::default(), "nothing from itself");
        assert_eq!(family.inherited(&trace(), &id(9)), Heritage::default(), "its parent is not here");
    }

    #[test]
    fn a_circle_ends() {
        let family = family(&[span(1, 2, ""), span(2, 1, &text("session.id", "s"))]);
        assert_eq!(family.inherited(&trace(), &id(1)).session.as_deref(), Some("s"));
    }

    #[test]
    fn of_nested_calls_of_a_model_the_innermost_counts() {
        let model = text("openinference.span.kind", "LLM");
        let tokens = r#"{"key":"gen_ai.usage.input_tokens","value":{"intValue":"7"}}"#;
        let silent = text("gen_ai.operation.name", "chat");
        let inner = [silent.as_str(), tokens].join(",");
        let family = family(&[span(3, 2, &inner), span(2, 1, ""), span(1, 0, &model), span(5, 0, &model)]);
        assert!(family.is_wrapper(&trace(), &id(1)));
        assert!(!family.is_wrapper(&trace(), &id(3)));
        assert!(!family.is_wrapper(&trace(), &id(5)));
        let untold = self::family(&[span(2, 1, &silent), span(1, 0, &model)]);
        assert!(!untold.is_wrapper(&trace(), &id(1)), "nobody else tells its tokens");
    }
}

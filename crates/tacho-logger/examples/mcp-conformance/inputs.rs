//! Fixtures that need something of the client before they can answer (2026-07-28): the server keeps no state between the
//! rounds, what it has to remember goes to the client and back, sealed.

use rmcp::model::*;
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};

/// Seals what goes through the client. A real server would keep a secret of its own.
const KEY: &[u8] = b"a key that is known to everybody, for fixtures";

fn codec() -> RequestStateCodec {
    RequestStateCodec::new_unchecked(KEY)
}

fn elicit(message: &str, member: &str, kind: &str) -> InputRequest {
    let schema = json!({"type": "object", "properties": {member: {"type": kind}}, "required": [member]});
    let requested_schema = serde_json::from_value(schema).expect("the schema is one of the allowed kind");
    let form =
        ElicitRequestParams::FormElicitationParams { meta: None, message: message.into(), requested_schema };
    InputRequest::Elicitation(ElicitRequest::new(form))
}

fn sample(prompt: &str) -> InputRequest {
    let message = SamplingMessage::user_text(prompt);
    InputRequest::CreateMessage(CreateMessageRequest::new(CreateMessageRequestParams::new(
        vec![message],
        100,
    )))
}

fn roots() -> InputRequest {
    InputRequest::ListRoots(ListRootsRequest::default())
}

fn wanted<const N: usize>(all: [(&str, InputRequest); N]) -> InputRequests {
    all.into_iter().map(|(name, request)| (name.to_string(), request)).collect()
}

fn ask(requests: InputRequests, state: Option<Value>) -> Result<CallToolResponse, ErrorData> {
    let Some(state) = state else { return Ok(InputRequiredResult::from_input_requests(requests).into()) };
    let sealed =
        codec().seal_json(&state).map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    Ok(InputRequiredResult::new(Some(requests), Some(sealed)).into())
}

fn done(text: String) -> Result<CallToolResponse, ErrorData> {
    Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
}

/// What the client sent for one request; anything that is no object counts as missing.
fn given(responses: Option<&InputResponses>, name: &str) -> Option<Value> {
    responses?.get(name).filter(|value| value.is_object()).cloned()
}

/// What the client brought back, if its seal is whole.
fn state(request: &CallToolRequestParams) -> Result<Option<Value>, ErrorData> {
    let Some(sealed) = request.request_state.as_deref() else { return Ok(None) };
    let opened = codec().open_json(sealed);
    opened
        .map(Some)
        .map_err(|_| ErrorData::invalid_params("requestState failed integrity verification", None))
}

pub(crate) fn call(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let responses = request.input_responses.as_ref();
    let one = |name: &str, input: InputRequest| match given(responses, name) {
        Some(answer) => done(format!("The client answered: {answer}")),
        None => ask(wanted([(name, input)]), None),
    };
    match request.name.as_ref() {
        "test_streaming_elicitation" => ask(wanted([("value", elicit("A value?", "value", "string"))]), None),
        "test_input_required_result_elicitation" => {
            one("user_name", elicit("What is your name?", "name", "string"))
        }
        "test_input_required_result_sampling" => {
            one("capital_question", sample("What is the capital of France?"))
        }
        "test_input_required_result_list_roots" => one("client_roots", roots()),
        "test_input_required_result_request_state" | "test_input_required_result_tampered_state" => {
            match state(request)? {
                Some(_) => done("Confirmed: state-ok".into()),
                None => ask(
                    wanted([("confirm", elicit("Please confirm", "ok", "boolean"))]),
                    Some(json!({"step": 1})),
                ),
            }
        }
        "test_input_required_result_multiple_inputs" => several(request, responses),
        "test_input_required_result_multi_round" => {
            let round = state(request)?.and_then(|state| state["round"].as_u64()).unwrap_or(0);
            match round {
                0 => ask(
                    wanted([("step1", elicit("Your name?", "name", "string"))]),
                    Some(json!({"round": 1})),
                ),
                1 => ask(
                    wanted([("step2", elicit("Your color?", "color", "string"))]),
                    Some(json!({"round": 2})),
                ),
                _ => done("All rounds are done".into()),
            }
        }
        "test_input_required_result_capabilities" => capable(responses, context),
        name => Err(ErrorData::invalid_params(format!("unknown tool: {name}"), None)),
    }
}

fn several(
    request: &CallToolRequestParams,
    responses: Option<&InputResponses>,
) -> Result<CallToolResponse, ErrorData> {
    let known = state(request)?.is_some();
    let all = ["user_name", "greeting", "client_roots"].iter().all(|name| given(responses, name).is_some());
    if known && all {
        return done("All inputs received".into());
    }
    let name = elicit("What is your name?", "name", "string");
    let inputs =
        [("user_name", name), ("greeting", sample("Generate a greeting")), ("client_roots", roots())];
    ask(wanted(inputs), Some(json!({"step": "gather"})))
}

/// Asks for nothing that the client did not say it has.
fn capable(
    responses: Option<&InputResponses>,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let can = context.meta.client_capabilities().unwrap_or_default();
    let mut requests = InputRequests::new();
    if can.elicitation.is_some() {
        requests.insert("user_name".into(), elicit("What is your name?", "name", "string"));
    }
    if can.sampling.is_some() {
        requests.insert("greeting".into(), sample("Generate a greeting"));
    }
    if can.roots.is_some() {
        requests.insert("client_roots".into(), roots());
    }
    if responses.is_some() || requests.is_empty() {
        return done("Nothing more is needed".into());
    }
    ask(requests, None)
}

pub(crate) fn prompt(request: &GetPromptRequestParams) -> GetPromptResponse {
    match given(request.input_responses.as_ref(), "user_context") {
        Some(answer) => {
            let message = PromptMessage::new_text(Role::User, format!("With this context: {answer}"));
            GetPromptResult::new(vec![message]).into()
        }
        None => {
            let inputs = wanted([("user_context", elicit("Which context?", "context", "string"))]);
            InputRequiredResult::from_input_requests(inputs).into()
        }
    }
}

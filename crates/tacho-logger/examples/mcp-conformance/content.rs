//! Fixtures that answer at once: every kind of content, an error, progress, log messages.

use rmcp::model::*;
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};

const IMAGE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const SOUND: &str = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==";

/// Tools without arguments, by name.
const PLAIN: [&str; 21] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_logging",
    "test_error_handling",
    "test_tool_with_progress",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_logging_tool",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
    "test_input_required_result_capabilities",
];

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        other => panic!("a schema is an object: {other}"),
    }
}

pub(crate) fn tools() -> Vec<Tool> {
    let empty = json!({"type": "object", "properties": {}});
    let mut tools: Vec<Tool> =
        PLAIN.iter().map(|name| Tool::new(*name, "a fixture", object(empty.clone()))).collect();
    let header = json!({
        "type": "object",
        "properties": {"value": {"type": "string", "x-mcp-header": "Value"}},
        "required": ["value"]
    });
    tools.push(Tool::new("test_custom_header", "an argument that is a header too", object(header)));
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {"$anchor": "addressDef", "type": "object", "properties": {
            "street": {"type": "string"}, "city": {"type": "string"}}}},
        "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"}, "email": {"type": "string"}},
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false
    });
    tools.push(Tool::new("json_schema_2020_12_tool", "every word of JSON Schema 2020-12", object(schema)));
    tools
}

pub(crate) async fn call(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let text = |text: &str| ContentBlock::text(text.to_string());
    let content = match request.name.as_ref() {
        "test_simple_text" => vec![text("This is a simple text response for testing.")],
        "test_image_content" => vec![ContentBlock::image(IMAGE, "image/png")],
        "test_audio_content" => vec![ContentBlock::audio(SOUND, "audio/wav")],
        "test_embedded_resource" => {
            vec![embedded("test://embedded-resource", "text/plain", "An embedded resource.")]
        }
        "test_multiple_content_types" => vec![
            text("Multiple content types test:"),
            ContentBlock::image(IMAGE, "image/png"),
            embedded("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#),
        ],
        "test_error_handling" => {
            return Ok(CallToolResult::error(vec![text(
                "This tool intentionally returns an error for testing",
            )])
            .into());
        }
        "test_tool_with_logging" => {
            for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                say(context, LoggingLevel::Info, line).await;
            }
            vec![text("logged")]
        }
        "test_logging_tool" => {
            if let Some(level) = context.meta.log_level() {
                say(context, level, "asked for").await;
            }
            vec![text("done")]
        }
        "test_tool_with_progress" => {
            progress(context).await;
            vec![text("done")]
        }
        "test_missing_capability" => {
            if context.meta.client_capabilities().unwrap_or_default().sampling.is_none() {
                let needed = ClientCapabilities::builder().enable_sampling().build();
                return Err(ErrorData::missing_required_client_capability(needed));
            }
            vec![text("it is there")]
        }
        "test_custom_header" => {
            let value = request.arguments.as_ref().and_then(|given| given.get("value")?.as_str());
            vec![text(value.ok_or_else(|| ErrorData::invalid_params("value must be a string", None))?)]
        }
        "json_schema_2020_12_tool" => vec![text("done")],
        name => return Err(ErrorData::invalid_params(format!("unknown tool: {name}"), None)),
    };
    Ok(CallToolResult::success(content).into())
}

fn embedded(uri: &str, kind: &str, text: &str) -> ContentBlock {
    ContentBlock::resource(ResourceContents::text(text, uri).with_mime_type(kind))
}

async fn say(context: &RequestContext<RoleServer>, level: LoggingLevel, line: &str) {
    let message = LoggingMessageNotificationParam::new(level, json!(line)).with_logger("fixtures");
    drop(context.peer.notify_logging_message(message).await);
}

async fn progress(context: &RequestContext<RoleServer>) {
    let Some(token) = context.meta.get_progress_token() else { return };
    for done in [0.0, 50.0, 100.0] {
        let progress =
            ProgressNotificationParam::new(token.clone(), done).with_total(100.0).with_message("on");
        drop(context.peer.notify_progress(progress).await);
    }
}

pub(crate) fn resources() -> Vec<Resource> {
    vec![
        Resource::new("test://static-text", "static-text")
            .with_description("a text")
            .with_mime_type("text/plain"),
        Resource::new("test://static-binary", "static-binary")
            .with_description("an image")
            .with_mime_type("image/png"),
    ]
}

pub(crate) fn resource(uri: &str) -> Option<ResourceContents> {
    match uri {
        "test://static-text" => Some(
            ResourceContents::text("This is the content of the static text resource.", uri)
                .with_mime_type("text/plain"),
        ),
        "test://static-binary" => Some(ResourceContents::blob(IMAGE, uri).with_mime_type("image/png")),
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
            Some(ResourceContents::text(data.to_string(), uri).with_mime_type("application/json"))
        }
    }
}

pub(crate) fn prompts() -> Vec<Prompt> {
    let plain = |name: &str| Prompt::new(name, Some("a fixture"), None);
    let argument = |name: &str| PromptArgument::new(name).with_description("an argument").with_required(true);
    let arguments = Some(vec![argument("arg1"), argument("arg2")]);
    vec![
        plain("test_simple_prompt"),
        Prompt::new("test_prompt_with_arguments", Some("a fixture"), arguments),
        Prompt::new(
            "test_prompt_with_embedded_resource",
            Some("a fixture"),
            Some(vec![argument("resourceUri")]),
        ),
        plain("test_prompt_with_image"),
        plain("test_input_required_result_prompt"),
    ]
}

pub(crate) fn prompt(request: &GetPromptRequestParams) -> Option<GetPromptResult> {
    let given = request.arguments.clone().unwrap_or_default();
    let argument = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    let user = |text: &str| PromptMessage::new_text(Role::User, text);
    let messages = match request.name.as_str() {
        "test_simple_prompt" => vec![user("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument("arg1"), argument("arg2"));
            vec![user(&format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let block =
                embedded(&argument("resourceUri"), "text/plain", "Embedded resource content for testing.");
            vec![PromptMessage::new(Role::User, block), user("Please process the embedded resource above.")]
        }
        "test_prompt_with_image" => {
            let block = ContentBlock::image(IMAGE, "image/png");
            vec![PromptMessage::new(Role::User, block), user("Please analyze the image above.")]
        }
        _ => return None,
    };
    Some(GetPromptResult::new(messages))
}

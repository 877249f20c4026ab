//! The audit log's MCP server with the tools, resources and prompts that the official conformance suite asks for by name.
//! Everything else is answered by the real server, and HTTP is served as the recorder serves `/mcp`: without sessions.
//!
//! `mcp-conformance` prints its address. Only tests run it.

#![expect(deprecated, reason = "clients of 2025-11-25 have log messages, and ask for their level")]

mod content;
mod inputs;

use rmcp::model::*;
use rmcp::service::{RequestContext, SubscriptionContext, SubscriptionSink};
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tacho_mcp::{Answer, AuditServer, Caller, Defaults, Log, Pins, Recorded};

/// The real server, and the suite's fixtures before it.
#[derive(Clone)]
struct Fixtures {
    real: AuditServer,
    listening: Arc<Mutex<HashMap<u64, SubscriptionSink>>>,
    next: Arc<AtomicU64>,
}

/// A log that takes everything and keeps nothing: the suite looks at the protocol.
struct Nowhere;

impl Log for Nowhere {
    fn name(&self) -> &str {
        "nowhere"
    }

    fn record<'a>(&'a self, _: &'a Caller, _: JsonObject) -> Answer<'a, Recorded> {
        Box::pin(async { Ok(Recorded { index: None, duplicate: false }) })
    }
}

impl Fixtures {
    fn sinks(&self) -> Vec<SubscriptionSink> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

type Context = RequestContext<RoleServer>;
type Paginated = Option<PaginatedRequestParams>;

impl ServerHandler for Fixtures {
    fn get_info(&self) -> ServerConfig {
        let mut info = self.real.get_info();
        info.capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_resources()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_completions()
            .enable_logging()
            .build();
        info
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        content::tools().into_iter().find(|tool| tool.name == name).or_else(|| self.real.get_tool(name))
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let lock = || self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        lock().insert(key, context.sink().clone());
        context.cancelled().await;
        lock().remove(&key);
        Ok(())
    }

    async fn complete(&self, _: CompleteRequestParams, _: Context) -> Result<CompleteResult, ErrorData> {
        let values = CompletionInfo::new(vec!["first".into(), "second".into()]);
        Ok(CompleteResult::new(values.map_err(|why| ErrorData::internal_error(why, None))?))
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_tools(&self, page: Paginated, context: Context) -> Result<ListToolsResult, ErrorData> {
        let mut list = self.real.list_tools(page, context).await?;
        list.tools.extend(content::tools());
        Ok(list)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        if self.real.get_tool(&request.name).is_some() {
            return self.real.call_tool(request, context).await;
        }
        if request.name.starts_with("test_input_required_result_")
            || request.name == "test_streaming_elicitation"
        {
            return inputs::call(&request, &context);
        }
        match request.name.as_ref() {
            "test_trigger_tool_change" => {
                for sink in self.sinks() {
                    drop(sink.notify_tool_list_changed().await);
                }
            }
            "test_trigger_prompt_change" => {
                for sink in self.sinks() {
                    drop(sink.notify_prompt_list_changed().await);
                }
            }
            _ => return content::call(&request, &context).await,
        }
        Ok(CallToolResult::success(vec![ContentBlock::text("told those who listen")]).into())
    }

    async fn list_resources(
        &self,
        page: Paginated,
        context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        // Before the real ones: the suite reads the first, and this log has no checkpoint.
        let mut list = self.real.list_resources(page, context).await?;
        list.resources.splice(0..0, content::resources());
        Ok(list)
    }

    async fn list_resource_templates(
        &self,
        page: Paginated,
        context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let mut list = self.real.list_resource_templates(page, context).await?;
        list.resource_templates.push(ResourceTemplate::new("test://template/{id}/data", "template"));
        Ok(list)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        match content::resource(&request.uri) {
            Some(contents) => {
                let read = ReadResourceResult::new(vec![contents]);
                Ok(read.with_ttl_ms(0).with_cache_scope(CacheScope::Private).into())
            }
            None => self.real.read_resource(request, context).await,
        }
    }

    async fn list_prompts(&self, page: Paginated, context: Context) -> Result<ListPromptsResult, ErrorData> {
        let mut list = self.real.list_prompts(page, context).await?;
        list.prompts.extend(content::prompts());
        Ok(list)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        if request.name == "test_input_required_result_prompt" {
            return Ok(inputs::prompt(&request));
        }
        match content::prompt(&request) {
            Some(prompt) => Ok(prompt.into()),
            None => self.real.get_prompt(request, context).await,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let fresh = Arc::new(|| "an-id".to_string());
    let real = AuditServer::new(Arc::new(Nowhere), Pins::default(), Defaults::default(), fresh);
    let fixtures = Fixtures { real, listening: Arc::default(), next: Arc::default() };
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_allowed_origins(["http://localhost:*", "http://127.0.0.1:*"]);
    let service = StreamableHttpService::new(
        move || Ok(fixtures.clone()),
        Arc::<NeverSessionManager>::default(),
        config,
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).await?;
    Ok(())
}

//! The quick start of README.md: a test holds the two together.

use tacho_client::{Client, Event, TachoLayer};
use tracing_subscriber::prelude::*;

fn main() {
    let client = Client::default(); // AUDIT_LOG_URL, AUDIT_LOG_KEY, AGENT_ID, SESSION_ID
    client.record(
        Event::action("Bash")
            .details(&serde_json::json!({"command": "git log"}))
            .status("success")
            .duration_ms(234),
    );

    tracing_subscriber::registry().with(TachoLayer::new(client.clone())).init();
    let span = tracing::info_span!("release", agent = "ops/releaser", session = "s-1", tool = "Deploy");
    span.in_scope(|| tracing::info!(tokens_input = 120, "built"));
    drop(span);

    client.close(); // or just end: what the server does not take now stays on disk
}

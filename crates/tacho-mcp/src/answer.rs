//! From arguments to a tool, and from what it answers to JSON.

use crate::handler::{AuditServer, Client};
use crate::log::{Caller, Fault};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

impl AuditServer {
    /// Calls a tool by its name.
    pub(crate) async fn call(
        &self,
        name: &str,
        arguments: Value,
        caller: &Caller,
        client: &Client,
    ) -> Result<Value, Fault> {
        match name {
            "log_action" => told(self.log_action(caller, client, read(name, arguments)?).await),
            "log_decision" => told(self.log_decision(caller, client, read(name, arguments)?).await),
            "log_outcome" => told(self.log_outcome(caller, client, read(name, arguments)?).await),
            "search_logs" => told(self.search_logs(caller, read(name, arguments)?).await),
            "get_entry" => told(self.get_entry(caller, read(name, arguments)?).await),
            "get_session" => told(self.get_session(caller, read(name, arguments)?).await),
            "get_costs" => told(self.get_costs(caller, read(name, arguments)?).await),
            "verify_entry" => told(self.verify_entry(caller, read(name, arguments)?).await),
            "verify_range" => told(self.verify_range(caller, read(name, arguments)?).await),
            "export_evidence" => told(self.export_evidence(caller, read(name, arguments)?).await),
            _ => Err(Fault::refused(format!("unknown tool: {name:.100}"))),
        }
    }
}

/// An error names the argument, says what was found, and that the call may be tried again.
fn read<T: DeserializeOwned>(name: &str, arguments: Value) -> Result<T, Fault> {
    serde_json::from_value(arguments).map_err(|error| {
        Fault::refused(format!("{name}: {error:.400}; its input schema says what is expected"))
    })
}

fn told<T: Serialize>(answer: Result<T, Fault>) -> Result<Value, Fault> {
    let answer = answer?;
    serde_json::to_value(answer).map_err(|error| Fault::failed(error.to_string()))
}

//! One thing that an agent does, and its JSON as the agent's own logger or a coding assistant's hook writes
//! it.

use super::cast::Agent;
use super::clock::stamp;
use super::rng::Rng;
use serde_json::{Map, Value, json};

/// How a line on the terminal is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Odd,
    Bad,
}

/// A stretch of work: what the events of one agent have in common.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub agent: &'static Agent,
    pub id: String,
    pub conversation: String,
    pub user: &'static str,
    /// Whether tool calls come as hook JSON instead of native events.
    pub hooks: bool,
    pub commit: String,
}

/// A thing to do; the scene adds time, id and session.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    /// Our action type.
    kind: &'static str,
    name: String,
    parameters: Value,
    /// More members of the tool, skill or external call: operation, target.
    call: Map<String, Value>,
    decision: Option<Value>,
    status: &'static str,
    result: Value,
    error: Option<Value>,
    pub(super) duration_ms: i64,
    /// Tokens in and out of the model's turn that led here.
    tokens: Option<(i64, i64)>,
    permission: &'static str,
    access: Vec<Value>,
    sensitive: bool,
    /// Further top-level members, such as `workflow`.
    more: Map<String, Value>,
    pub(super) note: Option<(Tone, String)>,
}

impl Act {
    pub(crate) fn new(kind: &'static str, name: &str, parameters: Value) -> Act {
        Act {
            kind,
            name: name.into(),
            parameters,
            call: Map::new(),
            decision: None,
            status: "success",
            result: Value::Null,
            error: None,
            duration_ms: 20,
            tokens: None,
            permission: "readonly",
            access: Vec::new(),
            sensitive: false,
            more: Map::new(),
            note: None,
        }
    }

    pub(crate) fn tool(name: &str, parameters: Value) -> Act {
        Act::new("tool", name, parameters)
    }

    pub(crate) fn bash(command: &str, description: &str) -> Act {
        Act::tool("Bash", json!({ "command": command, "description": description }))
    }

    pub(crate) fn skill(name: &str, operation: &str, parameters: Value) -> Act {
        Act::new("skill", name, parameters).call("operation", operation)
    }

    pub(crate) fn external(name: &str, target: &str, parameters: Value) -> Act {
        Act::new("external", name, parameters).call("target", target).call("type", name)
    }

    /// A decision: options are (option, reasoning, score); the first is the one chosen.
    pub(crate) fn decision(name: &str, question: &str, options: &[(&str, &str, f64)]) -> Act {
        let considered: Vec<Value> = options
            .iter()
            .map(|(option, why, score)| json!({ "option": option, "reasoning": why, "score": score }))
            .collect();
        let chosen = options.first().map_or("", |(option, _, _)| option);
        let confidence = options.first().map_or(0.0, |(_, _, score)| *score);
        let mut act = Act::new("decision", name, Value::Null).result(json!({ "recommendation": chosen }));
        act.decision = Some(json!({ "question": question, "options_considered": considered,
            "chosen": chosen, "confidence": confidence }));
        act
    }

    fn call(mut self, name: &str, value: &str) -> Act {
        self.call.insert(name.into(), value.into());
        self
    }

    pub(crate) fn result(mut self, result: Value) -> Act {
        self.result = result;
        self
    }

    /// The output of a command that went well.
    pub(crate) fn prints(self, output: &str) -> Act {
        let lines = output.lines().count();
        self.result(json!({ "exit_code": 0, "output_lines": lines, "output_preview": output }))
    }

    pub(crate) fn fails(mut self, kind: &str, message: &str) -> Act {
        self.status = "failure";
        self.error = Some(json!({ "type": kind, "message": message }));
        self
    }

    /// A command that ends with an exit code other than 0.
    pub(crate) fn exits(mut self, code: i64, output: &str) -> Act {
        self.status = "failure";
        self.result = json!({ "exit_code": code, "output_lines": output.lines().count(),
            "output_preview": output });
        self.error = Some(json!({ "type": "NonZeroExit", "exit_code": code, "message": output }));
        self
    }

    pub(crate) fn status(mut self, status: &'static str) -> Act {
        self.status = status;
        self
    }

    pub(crate) fn took(mut self, milliseconds: i64) -> Act {
        self.duration_ms = milliseconds;
        self
    }

    pub(crate) fn tokens(mut self, input: i64, output: i64) -> Act {
        self.tokens = Some((input, output));
        self
    }

    pub(crate) fn writes(mut self) -> Act {
        self.permission = "read-write";
        self
    }

    pub(crate) fn admin(mut self) -> Act {
        self.permission = "admin";
        self
    }

    pub(crate) fn touches(mut self, kind: &str, identifier: &str) -> Act {
        self.access.push(json!({ "type": kind, "identifier": identifier }));
        self
    }

    pub(crate) fn sensitive(mut self) -> Act {
        self.sensitive = true;
        self
    }

    pub(crate) fn with(mut self, name: &str, value: Value) -> Act {
        self.more.insert(name.into(), value);
        self
    }

    pub(crate) fn note(mut self, tone: Tone, text: impl Into<String>) -> Act {
        self.note = Some((tone, text.into()));
        self
    }

    pub(super) fn needs_tokens(&self) -> bool {
        self.tokens.is_none() && matches!(self.kind, "tool" | "skill" | "external" | "decision")
    }

    /// What the model's turn before this cost, millionths of a dollar.
    pub(crate) fn cost_micros(&self, agent: &Agent) -> i64 {
        self.tokens.map_or(0, |(input, output)| input * agent.model.input + output * agent.model.output)
    }

    /// The event as JSON, in the format that the session's logger writes.
    pub(super) fn json(self, session: &Session, id: String, at_us: i64, rng: &mut Rng) -> Value {
        if session.hooks && self.kind == "tool" && self.more.is_empty() {
            self.hook(session, id, at_us, rng)
        } else {
            self.native(session, id, at_us)
        }
    }

    fn native(mut self, session: &Session, id: String, at_us: i64) -> Value {
        let agent = session.agent;
        let cost = self.cost_micros(agent);
        let mut action = json!({ "type": self.kind, "name": self.name });
        match (self.kind, self.decision.take()) {
            (_, Some(decision)) => action["decision"] = decision,
            ("tool" | "skill" | "external", None) => {
                self.call.entry("name").or_insert_with(|| self.name.clone().into());
                self.call.insert("parameters".into(), self.parameters);
                action[self.kind] = self.call.into();
            }
            _ => action["parameters"] = self.parameters,
        }
        let mut outcome = json!({ "status": self.status });
        if !self.result.is_null() {
            outcome["result"] = self.result;
        }
        if let Some(error) = self.error {
            outcome["error"] = error;
        }
        let mut resources = json!({ "duration_ms": self.duration_ms });
        if let Some((input, output)) = self.tokens {
            resources["tokens_input"] = input.into();
            resources["tokens_output"] = output.into();
            // Most of a long prompt comes from the cache; every fourth sender leaves the cost to the price table.
            resources["tokens_cache_read"] = (input / 5 * 4).into();
            if !agent.id.len().is_multiple_of(4) || self.name == "Bash" {
                resources["cost_usd"] = (cost as f64 / 1e6).into();
            }
            resources["model"] = agent.model.name.into();
        }
        let mut security = json!({ "permission_level": self.permission });
        if !self.access.is_empty() {
            security["resources_accessed"] = self.access.into();
        }
        if self.sensitive {
            security["sensitive_data_accessed"] = true.into();
        }
        let mut event = json!({
            "id": id, "timestamp": stamp(at_us), "user_id": session.user,
            "agent": { "id": agent.id, "name": agent.name, "version": agent.version, "team": agent.team(),
                "session_id": session.id, "conversation_id": session.conversation },
            "action": action, "outcome": outcome, "resources": resources, "security": security,
        });
        for (name, value) in self.more {
            event[name] = value;
        }
        event
    }

    /// The JSON of a coding assistant's hook, with the id, time and agent that the hook command adds.
    fn hook(self, session: &Session, id: String, at_us: i64, rng: &mut Rng) -> Value {
        let mut event = hook_base(session, id, at_us);
        event["tool_name"] = self.name.clone().into();
        event["tool_use_id"] = format!("toolu_{}", rng.hex(24)).into();
        event["duration_ms"] = self.duration_ms.into();
        if let Some(error) = self.error {
            let message = error["message"].as_str().unwrap_or_default();
            let code = error["exit_code"].as_i64();
            event["hook_event_name"] = "PostToolUseFailure".into();
            event["error"] =
                code.map_or(message.into(), |code| format!("Exit code {code}\n{message}")).into();
            event["is_interrupt"] = false.into();
        } else {
            event["hook_event_name"] = "PostToolUse".into();
            event["tool_response"] = hook_response(&self.name, &self.parameters, self.result);
        }
        event["tool_input"] = self.parameters;
        event
    }
}

/// The members that every hook of a session has.
pub(super) fn hook_base(session: &Session, id: String, at_us: i64) -> Value {
    json!({
        "id": id, "timestamp": stamp(at_us), "agent_id": session.agent.id, "session_id": session.id,
        "prompt_id": session.conversation, "cwd": "/srv/shop", "permission_mode": "acceptEdits",
        "transcript_path": format!("/home/agent/.claude/projects/-srv-shop/{}.jsonl", session.id),
    })
}

/// A result as the assistant's own tools return it.
fn hook_response(tool: &str, parameters: &Value, result: Value) -> Value {
    match tool {
        "Bash" => json!({ "stdout": result["output_preview"], "stderr": "", "interrupted": false,
            "isImage": false, "noOutputExpected": false }),
        "Read" => json!({ "type": "text", "file": { "filePath": parameters["file_path"],
            "content": result["content"], "numLines": result["lines"], "startLine": 1,
            "totalLines": result["lines"] } }),
        "Edit" => json!({ "filePath": parameters["file_path"], "oldString": parameters["old_string"],
            "newString": parameters["new_string"], "userModified": false, "replaceAll": false }),
        "Grep" => json!({ "mode": "files_with_matches", "filenames": result["files"],
            "numFiles": result["matches"] }),
        _ => result,
    }
}

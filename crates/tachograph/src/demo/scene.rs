//! A scene: some agents do something for a while. It keeps the time, gives ids and writes every input format.

use super::act::{Act, Session, Tone, hook_base};
use super::cast::{Agent, CONSOLE, USERS};
use super::clock::{MINUTE_US, SECOND_US, stamp};
use super::rng::Rng;
use serde_json::{Value, json};

/// An event to send.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub at_us: i64,
    /// One JSON object.
    pub body: String,
    /// Whom the event is about.
    pub agent: String,
    /// What a person watching wants to know.
    pub note: Option<String>,
    pub tone: Tone,
}

/// The events of one scene, in the making.
pub(crate) struct Scene<'r> {
    pub rng: &'r mut Rng,
    at_us: i64,
    /// Thinking takes this many times as long as live, so that history is not a burst.
    slowness: i64,
    out: Vec<Sent>,
}

/// A message between agents.
pub(crate) struct Message<'m> {
    pub subject: &'m str,
    pub content: &'m str,
    pub priority: &'m str,
    pub stage: &'m str,
    pub attachments: &'m [&'m str],
    /// The answer, when it came already: how long it took, and what it says.
    pub answer: Option<(&'m str, &'m str, &'m str)>,
}

impl<'r> Scene<'r> {
    pub(crate) fn new(rng: &'r mut Rng, at_us: i64, slowness: i64) -> Scene<'r> {
        Scene { rng, at_us, slowness, out: Vec::new() }
    }

    pub(crate) fn finish(self) -> (i64, Vec<Sent>) {
        (self.at_us, self.out)
    }

    pub(crate) fn at_us(&self) -> i64 {
        self.at_us
    }

    /// A session of an agent that begins now.
    pub(crate) fn session(&mut self, agent: &'static Agent) -> Session {
        let (id, conversation) = (self.rng.uuid(self.at_us), self.rng.uuid(self.at_us));
        let user = self.rng.pick(&USERS);
        let hooks = agent.hooks && self.rng.chance(60);
        Session { agent, id, conversation, user, hooks, commit: self.rng.hex(7) }
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, low_ms: i64, high_ms: i64) {
        self.at_us += self.rng.between(low_ms, high_ms) * 1000 * self.slowness;
    }

    /// The agent thinks, acts, and the event tells when it was done.
    pub(crate) fn act(&mut self, session: &Session, act: Act) {
        self.wait(350, 2200);
        self.act_now(session, act);
    }

    /// The same without thinking.
    pub(crate) fn act_now(&mut self, session: &Session, mut act: Act) {
        self.at_us += act.duration_ms * 1000;
        if act.needs_tokens() {
            let (input, output) = (self.rng.around(2600), self.rng.around(240));
            act = act.tokens(input, output);
        }
        let note = act.note.take();
        let id = self.rng.uuid(self.at_us);
        let body = act.json(session, id, self.at_us, self.rng);
        self.push(session.agent.id, body, note);
    }

    fn push(&mut self, agent: &str, body: Value, note: Option<(Tone, String)>) {
        let (tone, note) = note.map_or((Tone::Plain, None), |(tone, text)| (tone, Some(text)));
        self.out.push(Sent { at_us: self.at_us, body: body.to_string(), agent: agent.into(), note, tone });
    }

    /// A hook that is no tool call: the session starts, a prompt comes, the agent stops.
    pub(crate) fn hook(&mut self, session: &Session, event: &str, more: Value) {
        let id = self.rng.uuid(self.at_us);
        let mut body = hook_base(session, id, self.at_us);
        body["hook_event_name"] = event.into();
        if let Value::Object(more) = more {
            for (name, value) in more {
                body[name] = value;
            }
        }
        self.push(session.agent.id, body, None);
    }

    /// A person writes to an agent.
    pub(crate) fn user_says(&mut self, session: &Session, content: &str, note: Option<(Tone, String)>) {
        self.wait(300, 900);
        if session.hooks {
            return self.hook(session, "UserPromptSubmit", json!({ "prompt": content }));
        }
        let body = json!({
            "communication_id": self.rng.uuid(self.at_us), "timestamp": stamp(self.at_us),
            "type": "user_message", "agent_id": session.agent.id, "session_id": session.id,
            "conversation_id": session.conversation,
            "sender": { "user_id": session.user, "context": "chat" },
            "receiver": { "agent_id": session.agent.id, "agent_name": session.agent.name,
                "response_required": true },
            "message": { "content": content, "priority": "normal" },
        });
        self.push(session.agent.id, body, note);
    }

    /// The agent is done with what it was asked.
    pub(crate) fn stops(&mut self, session: &Session) {
        if session.hooks {
            self.hook(session, "Stop", json!({ "stop_hook_active": false }));
        }
    }

    /// An agent writes to another, in the form of a communication log. What wants an answer gets it as a later state of
    /// the same message: mostly in time, now and then late or never.
    pub(crate) fn message(
        &mut self,
        session: &Session,
        to: &Agent,
        message: &Message<'_>,
        note: Option<(Tone, String)>,
    ) {
        self.wait(300, 1200);
        let from = session.agent;
        let mut body = json!({
            "communication_id": self.rng.uuid(self.at_us), "timestamp": stamp(self.at_us),
            "type": if message.answer.is_some() { "inter_agent_response" } else { "inter_agent_request" },
            "session_id": session.id, "conversation_id": session.conversation,
            "sender": { "agent_id": from.id, "agent_name": from.name, "context": message.stage },
            "receiver": { "agent_id": to.id, "agent_name": to.name,
                "response_required": message.answer.is_none() },
            "message": { "subject": message.subject, "content": message.content, "priority": message.priority,
                "expected_response_time": self.rng.pick(&["5_minutes", "15_minutes", "30_minutes"]),
                "attachments": message.attachments },
            "workflow": { "task_id": format!("task-{}", self.rng.hex(6)), "workflow_stage": message.stage,
                "blocking": message.priority != "normal", "escalation_timer": "60_minutes" },
        });
        if let Some((took, status, notes)) = message.answer {
            body["response"] = json!({ "received_at": stamp(self.at_us + MINUTE_US), "response_time": took,
                "status": status, "confidence": self.rng.pick(&["high", "medium"]), "notes": notes });
        }
        self.push(from.id, body.clone(), note);
        let answered_us = match self.rng.between(0, 99) {
            _ if message.answer.is_some() => return,
            0 => return,
            1 | 2 => self.rng.between(31, 50) * MINUTE_US,
            _ => self.rng.between(20, 240) * SECOND_US,
        };
        let at_us = self.at_us + answered_us;
        body["timestamp"] = stamp(at_us).into();
        body["response"] = json!({ "received_at": stamp(at_us), "response_time": format!("{}s", answered_us / SECOND_US),
            "status": "completed", "confidence": "high", "notes": "Done." });
        let answer =
            Sent { at_us, body: body.to_string(), agent: to.id.into(), note: None, tone: Tone::Plain };
        self.out.push(answer);
    }

    /// An entry of the application's audit trail, about a person or an agent.
    pub(crate) fn trail(&mut self, entry: Value, note: Option<(Tone, String)>) {
        let mut body = entry;
        // The trail of an agent's life names the agent as its entity; all else happened in the application.
        let agent = match (body["entityType"].as_str(), body["entityId"].as_str()) {
            (Some("agent"), Some(id)) => id.to_string(),
            _ => CONSOLE.to_string(),
        };
        body["id"] = self.rng.uuid(self.at_us).into();
        body["timestamp"] = stamp(self.at_us).into();
        body["agent_id"] = agent.clone().into();
        self.push(&agent, body, note);
    }

    /// An action log: a class, communication, performance and compliance beside the action.
    pub(crate) fn log(
        &mut self,
        session: &Session,
        kind: &str,
        category: &str,
        description: &str,
        data: (Value, Value),
        note: Option<(Tone, String)>,
    ) {
        self.wait(300, 1200);
        let agent = session.agent;
        let (took, memory, cpu) = (self.rng.around(2300), self.rng.around(60), self.rng.between(4, 60));
        let passed = data.1["deployment_status"] != "failed";
        let body = json!({
            "timestamp": stamp(self.at_us), "agent_id": agent.id, "agent_name": agent.name,
            "session_id": session.id, "user_id": session.user,
            "action": { "id": self.rng.uuid(self.at_us), "type": kind, "category": category,
                "description": description, "input_data": data.0, "output_data": data.1 },
            "communication": { "upstream_agents": ["eng/code-reviewer"],
                "downstream_agents": ["ops/sre-oncall"],
                "messages_sent": self.rng.between(0, 4), "messages_received": self.rng.between(0, 5),
                "escalations": i64::from(!passed) },
            "performance": { "execution_time": format!("{:.1}s", took as f64 / 1000.0),
                "memory_used": format!("{memory}MB"), "cpu_usage": format!("{cpu}%"),
                "success_rate": if passed { "100%" } else { "0%" } },
            "compliance": { "regulatory_check": "passed", "security_scan": "clean", "audit_trail": "complete",
                "approval_required": category == "critical" },
            "metadata": { "environment": "production", "git_commit": session.commit, "branch": "main",
                "deployment_id": format!("deploy-{}", self.rng.hex(6)) },
        });
        self.push(agent.id, body, note);
    }

    /// Any other format: adds id, time, agent and session to what is there.
    pub(crate) fn raw(&mut self, session: &Session, mut body: Value, note: Option<(Tone, String)>) {
        self.wait(250, 1200);
        body["id"] = self.rng.uuid(self.at_us).into();
        body["timestamp"] = stamp(self.at_us).into();
        body["agent_id"] = session.agent.id.into();
        body["session_id"] = session.id.clone().into();
        self.push(session.agent.id, body, note);
    }

    /// An audit entry: a decision with its impact and compliance, in a wrapper of its own.
    pub(crate) fn audit_entry(
        &mut self,
        session: &Session,
        kind: &str,
        severity: &str,
        sections: (Value, Value),
        note: Option<(Tone, String)>,
    ) {
        self.wait(400, 1500);
        let agent = session.agent;
        let body = json!({ "audit_entry": {
            "id": self.rng.uuid(self.at_us), "timestamp": stamp(self.at_us), "event_type": kind,
            "severity": severity, "session_id": session.id,
            "agent": { "id": agent.id, "name": agent.name, "version": agent.version },
            "decision": sections.0, "impact": sections.1,
            "compliance": { "regulatory_frameworks": ["SOC2", "GDPR"], "compliance_status": "compliant",
                "audit_requirements": "satisfied", "retention_period": "7_years" },
        } });
        self.push(agent.id, body, note);
    }

    /// The price of an instrument now: waves of hours and minutes and a little noise. History and live meet.
    pub(crate) fn price(&mut self, symbol: &str) -> f64 {
        let base = match symbol {
            "BTC-USD" => 91_400.0,
            "ETH-USD" => 3_120.0,
            _ => 142.0,
        };
        let seconds = (self.at_us / SECOND_US) as f64;
        let wave = 0.02 * (seconds / 18_000.0).sin() + 0.006 * (seconds / 1_400.0).sin();
        let noise = self.rng.between(-40, 40) as f64 / 100_000.0;
        cents(base * (1.0 + wave + noise))
    }
}

/// Rounds to two decimals.
pub(crate) fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

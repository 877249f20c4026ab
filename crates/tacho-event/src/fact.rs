//! Facts: the values lifted out of an event into typed columns, normalised to integers and short texts.
//!
//! One list for each kind. Names are the column names, the JSON names in section `facts` and the names in
//! the docs. The lists only ever grow at their end: the position is the journal's tag, and an absent fact is
//! not rendered, so a new fact never changes the bytes of an old entry.

macro_rules! facts {
    ($(#[$meta:meta])* $name:ident { $($variant:ident $text:literal $doc:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name { $(#[doc = $doc] $variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            pub const COUNT: usize = Self::ALL.len();

            /// Column and JSON name.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// One line of documentation with the unit.
            pub fn summary(self) -> &'static str {
                match self { $($name::$variant => $doc),+ }
            }
        }
    };
}

facts! {
    /// Facts that are integers, in the unit that their name ends in.
    IntFact {
        TokensInput "tokens_input" "tokens sent to the model",
        TokensOutput "tokens_output" "tokens that the model produced",
        TokensCacheRead "tokens_cache_read" "input tokens read from a prompt cache",
        TokensCacheWrite "tokens_cache_write" "input tokens written to a prompt cache",
        TokensReasoning "tokens_reasoning" "output tokens spent on reasoning",
        DurationUs "duration_us" "how long the action took, microseconds",
        CostMicros "cost_micros" "cost, millionths of a US dollar",
        CostEstimated "cost_estimated" "1 when the cost was estimated from the price table",
        MemoryBytes "memory_bytes" "memory used, bytes",
        CpuPpm "cpu_ppm" "CPU used, millionths of one core",
        SuccessPpm "success_ppm" "success rate that the sender states, millionths",
        ConfidencePpm "confidence_ppm" "confidence of a decision, millionths",
        Sensitive "sensitive" "1 when sensitive data was accessed or a secret was found",
        Redactions "redactions" "how many secrets or personal data were redacted",
        ExitCode "exit_code" "exit code of a command",
        MessagesSent "messages_sent" "messages sent to other agents",
        MessagesReceived "messages_received" "messages received from other agents",
        Escalations "escalations" "escalations raised",
        ResponseRequired "response_required" "1 when the receiver must answer",
        ExpectedResponseUs "expected_response_us" "time within which an answer is expected, microseconds",
        ResponseUs "response_us" "time until the answer came, microseconds",
        EscalationUs "escalation_us" "time after which the task escalates, microseconds",
        Blocking "blocking" "1 when the task blocks others",
        ApprovalRequired "approval_required" "1 when a person must approve",
        GasUsed "gas_used" "gas used by a transaction",
        RetentionUs "retention_us" "retention that the sender asks for, microseconds",
        Rating "rating_ppm" "rating by a user, millionths of its scale",
        TokensTotal "tokens_total" "tokens of a sender that does not tell input from output",
        SlippagePpm "slippage_ppm" "execution price against expected price, millionths; positive is higher",
        ThresholdUs "threshold_us" "duration that counted as slow, microseconds",
        Interrupted "interrupted" "1 when the action was interrupted",
        AgentAssumed "agent_assumed" "1 when the record named no agent and the program's name stands for it",
    }
}

facts! {
    /// Facts that are short texts without personal data.
    TextFact {
        AgentName "agent_name" "readable name of the agent",
        ConversationId "conversation_id" "conversation, as a UUID",
        TurnId "turn_id" "turn or prompt within the session",
        Model "model" "model that was called",
        PermissionLevel "permission_level" "readonly, read-write or admin",
        ErrorType "error_type" "class of the error",
        Severity "severity" "severity as the sender wrote it",
        Status "status" "status as the sender wrote it",
        Target "target" "what an external call or audit entry is about",
        FromAgent "from_agent" "agent that sent the message",
        ToAgent "to_agent" "agent that receives the message",
        Priority "priority" "priority of the message",
        TaskId "task_id" "task of the workflow",
        Stage "stage" "stage of the workflow",
        Environment "environment" "environment, such as production",
        DeploymentId "deployment_id" "deployment that the agent ran in",
        GitCommit "git_commit" "commit that the agent ran from",
        GitBranch "git_branch" "branch that the agent ran from",
        EntityType "entity_type" "kind of thing that an audit entry is about",
        EntityId "entity_id" "the thing that an audit entry is about",
        OrderId "order_id" "order of a trade",
        Side "side" "buy or sell",
        Price "price" "execution price, decimal text",
        ExpectedPrice "expected_price" "price that was expected, decimal text",
        Quantity "quantity" "quantity traded, decimal text",
        Chosen "chosen" "the option that a decision chose",
        RiskLevel "risk_level" "risk that the sender states",
        AgentType "agent_type" "kind of sub-agent",
        MappedAction "mapped_action" "action of the class table that this one counts as",
        Operation "operation" "operation of a skill, such as query",
        Symbol "symbol" "instrument of a trade, such as ETH-USD",
        GasPrice "gas_price" "price of gas, decimal text",
        WorkflowId "workflow_id" "workflow that the task belongs to",
        Step "workflow_step" "step of the workflow",
        ConfidenceLevel "confidence_level" "confidence as a word",
        ResponseStatus "response_status" "status of the answer to a message",
        ComplianceStatus "compliance_status" "compliance that the sender states",
        RegulatoryCheck "regulatory_check" "result of a regulatory check",
        SecurityScan "security_scan" "result of a security scan",
        BusinessValue "business_value" "value that the sender states",
        HookEvent "hook_event" "name of the hook that reported",
        PermissionMode "permission_mode" "mode in which an agent asks for permission",
        Effort "effort" "reasoning effort of the model",
        McpServer "mcp_server" "MCP server that the tool belongs to",
        StopReason "stop_reason" "why the model stopped",
        RequestId "request_id" "request as its sender counts it",
        Logger "logger" "name of the logger",
        Team "team" "team of the agent",
        SpanId "span_id" "a span's own id, where its call has another one",
    }
}

/// The facts of one event. Unset facts take no space on disk and no place in the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    pub ints: [Option<i64>; IntFact::COUNT],
    pub texts: [Option<&'a str>; TextFact::COUNT],
}

impl Default for Facts<'_> {
    fn default() -> Self {
        Facts { ints: [None; IntFact::COUNT], texts: [None; TextFact::COUNT] }
    }
}

impl<'a> Facts<'a> {
    pub fn int(&self, fact: IntFact) -> Option<i64> {
        self.ints[fact as usize]
    }

    pub fn text(&self, fact: TextFact) -> Option<&'a str> {
        self.texts[fact as usize]
    }

    /// Appends the canonical JSON of section `facts`; nothing when empty.
    pub fn render(&self, out: &mut Vec<u8>) {
        let sorted = sorted();
        // Most facts are unset: a bit for each that is set, at its place.
        let mut set = 0_u128;
        let ints = self.ints.iter().map(Option::is_some).zip(sorted.ints);
        let texts = self.texts.iter().map(Option::is_some).zip(sorted.texts);
        ints.filter(|(is_set, _)| *is_set).for_each(|(_, place)| set |= 1 << place);
        texts.filter(|(is_set, _)| *is_set).for_each(|(_, place)| set |= 1 << place);
        let mut separator = b'{';
        while set != 0 {
            let (key, slot) = &sorted.slots[set.trailing_zeros() as usize];
            set &= set - 1;
            out.push(separator);
            out.extend_from_slice(key.as_bytes());
            match *slot {
                Slot::Int(i) => crate::entry::push_int(self.ints[i].unwrap_or_default(), out),
                Slot::Text(i) => crate::entry::push_string(self.texts[i].unwrap_or_default(), out),
            }
            separator = b',';
        }
        if separator == b',' {
            out.push(b'}');
        }
    }
}

#[derive(Clone, Copy)]
enum Slot {
    Int(usize),
    Text(usize),
}

/// All facts by name: RFC 8785 sorts members, and the lists above must keep their own order.
struct Sorted {
    /// With the name as the key of a member: quoted, and a colon.
    slots: Vec<(String, Slot)>,
    /// The place of each fact among them.
    ints: [u8; IntFact::COUNT],
    texts: [u8; TextFact::COUNT],
}

fn sorted() -> &'static Sorted {
    const { assert!(IntFact::COUNT + TextFact::COUNT <= 128, "there is a bit for each fact") }
    static SORTED: std::sync::LazyLock<Sorted> = std::sync::LazyLock::new(|| {
        let ints = IntFact::ALL.iter().map(|f| (f.name(), Slot::Int(*f as usize)));
        let texts = TextFact::ALL.iter().map(|f| (f.name(), Slot::Text(*f as usize)));
        let mut named: Vec<_> = ints.chain(texts).collect();
        named.sort_by_key(|(name, _)| *name);
        let slots: Vec<_> = named.into_iter().map(|(name, slot)| (format!("\"{name}\":"), slot)).collect();
        let mut sorted = Sorted { slots, ints: [0; IntFact::COUNT], texts: [0; TextFact::COUNT] };
        for (place, (_, slot)) in sorted.slots.iter().enumerate() {
            match *slot {
                Slot::Int(i) => sorted.ints[i] = place as u8,
                Slot::Text(i) => sorted.texts[i] = place as u8,
            }
        }
        sorted
    });
    &SORTED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_render_sorted_and_without_the_unset_ones() {
        let mut facts = Facts::default();
        let mut out = Vec::new();
        facts.render(&mut out);
        assert!(out.is_empty());
        facts.ints[IntFact::TokensInput as usize] = Some(12);
        facts.texts[TextFact::Model as usize] = Some("m\"1");
        facts.ints[IntFact::CostMicros as usize] = Some(-3);
        facts.render(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"cost_micros":-3,"model":"m\"1","tokens_input":12}"#);
    }

    #[test]
    fn no_two_facts_share_a_name() {
        let names: Vec<_> = sorted().slots.iter().map(|(key, _)| key.trim_end_matches([':', '"'])).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    }
}

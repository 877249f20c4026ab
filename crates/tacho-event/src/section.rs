//! Sections: the parts of an event that the permanent header only commits to, and that can be erased.

/// One section. The order of the variants is the order in which `body` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Section {
    /// User, address, user agent and original ids: canonical JSON. Personal, on the shortest clock.
    Who = 0,
    /// Lifted, normalised values: canonical JSON of integers and strings. Belongs to nobody.
    Facts = 1,
    /// What went in: parameters, message, inputs of a model. JSON text, verbatim after redaction.
    Input = 2,
    /// What came out.
    Output = 3,
    /// What went wrong.
    Error = 4,
    /// The decision: question, options, reasoning, choice.
    Decision = 5,
    /// Resources accessed.
    Access = 6,
    /// Every field that the canonical event does not name.
    Extra = 7,
}

impl Section {
    pub const ALL: [Section; 8] = [
        Section::Who,
        Section::Facts,
        Section::Input,
        Section::Output,
        Section::Error,
        Section::Decision,
        Section::Access,
        Section::Extra,
    ];

    /// The sections kept as text as they came; the other two are rendered from columns.
    pub const TEXTS: [Section; 6] =
        [Section::Input, Section::Output, Section::Error, Section::Decision, Section::Access, Section::Extra];

    pub fn name(self) -> &'static str {
        match self {
            Section::Who => "who",
            Section::Facts => "facts",
            Section::Input => "input",
            Section::Output => "output",
            Section::Error => "error",
            Section::Decision => "decision",
            Section::Access => "access",
            Section::Extra => "extra",
        }
    }

    /// Whether the section belongs to the event's data subject, when it has one. Facts belong to nobody.
    pub fn has_subject(self) -> bool {
        self != Section::Facts
    }

    /// Whether the section runs on the personal clock (a day, 30 days by default) instead of its class's.
    pub fn is_personal(self) -> bool {
        self == Section::Who
    }

    /// The section's bit in a set of sections.
    pub fn bit(self) -> i64 {
        1 << self as u8
    }
}

/// The original identities of an event: rendered as canonical JSON, stored as columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Who<'a> {
    /// The conversation's original id.
    pub conversation: Option<&'a str>,
    /// The event's original id.
    pub id: Option<&'a str>,
    /// Address of the user or client.
    pub ip: Option<&'a str>,
    /// The session's original id.
    pub session: Option<&'a str>,
    /// The user: the data subject.
    pub user: Option<&'a str>,
    pub user_agent: Option<&'a str>,
}

impl<'a> Who<'a> {
    /// Names and values in canonical order.
    pub fn fields(&self) -> [(&'static str, Option<&'a str>); 6] {
        [
            ("conversation", self.conversation),
            ("id", self.id),
            ("ip", self.ip),
            ("session", self.session),
            ("user", self.user),
            ("user_agent", self.user_agent),
        ]
    }

    /// The same fields, to be set by position.
    pub fn fields_mut(&mut self) -> [&mut Option<&'a str>; 6] {
        [
            &mut self.conversation,
            &mut self.id,
            &mut self.ip,
            &mut self.session,
            &mut self.user,
            &mut self.user_agent,
        ]
    }

    pub fn is_empty(&self) -> bool {
        self.fields().iter().all(|(_, value)| value.is_none())
    }

    /// Appends the canonical JSON; nothing when empty.
    pub fn render(&self, out: &mut Vec<u8>) {
        crate::entry::render_texts(&self.fields(), out);
    }
}

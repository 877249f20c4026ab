//! Accept: validates an event, redacts it, splits it into header and sections and commits to them.
//!
//! Invariants
//! - Texts enter the permanent header only when they are plain names without secrets or personal data; any
//!   other id becomes a keyed UUIDv8, and the original goes to section `who`.
//! - Every section is redacted before its commitment is computed: the commitment is to what is kept.

use std::borrow::Cow;
use tacho_event::entry::{Header, push_string};
use tacho_event::event::Event;
use tacho_event::fact::{Facts, IntFact};
use tacho_event::id::{Id, IdKey, is_plain_name};
use tacho_event::limits::{FACT_BYTES_MAX, ID_BYTES_MAX, NAME_BYTES_MAX};
use tacho_event::record::{Accepted, BatchBuilder};
use tacho_event::section::{Section, Who};
use tacho_event::time::{Micros, day};
use tacho_event::words::{ActionType, Class, Known, Level, Outcome};
use tacho_merkle::commit::{SaltKey, TagKey, body};
use tacho_record::keyring::KeyRing;
use tacho_redact::{Findings, Redactor};

/// Who sends, and how: set from credential and source, never from the body.
#[derive(Debug, Clone)]
pub struct Sender<'a> {
    pub writer: [u8; 8],
    pub source: &'a str,
    pub known: Known,
    /// The agent that the credential stands for, when the event names none.
    pub agent: Option<&'a str>,
}

/// The rules that every event passes through.
pub struct Acceptor {
    pub redactor: Redactor,
    pub id_key: IdKey,
}

impl Acceptor {
    /// Accepts one event into a batch. `now_us` is the recorder's clock, `fresh` an id for an event that has none.
    ///
    /// New secrets are made in `keys`; they must be synced there before the batch is.
    ///
    /// # Errors
    /// [`Refused`](crate::fields::Refused) when an id is too long.
    pub fn accept(
        &self,
        event: &Event<'_>,
        sender: &Sender<'_>,
        now_us: Micros,
        fresh: Id,
        keys: &mut KeyRing,
        batch: &mut BatchBuilder,
    ) -> Result<(), crate::fields::Refused> {
        let mut found = Findings::default();
        let names = self.names(event, sender, fresh)?;
        let texts = self.texts(event, &mut found);
        let (mut facts, spilled) = self.facts(event, &names);
        let extra = self.extra(event, &spilled, &mut found);
        note_findings(&found, &mut facts);
        let who = Who {
            conversation: names.conversation_text.as_deref(),
            id: names.id_text.as_deref(),
            ip: event.ip.as_deref(),
            session: names.session_text.as_deref(),
            user: event.user.as_deref(),
            user_agent: event.user_agent.as_deref(),
        };
        let class = event.class.unwrap_or(Class::Standard);
        let claimed = event.claimed_us;
        let mut accepted = Accepted {
            header: Header {
                id: names.id,
                timestamp_us: claimed.unwrap_or(now_us),
                time_claimed: claimed.is_some(),
                agent: &names.agent,
                agent_version: event.agent_version.as_deref().filter(|v| self.is_name(v)),
                session: names.session,
                producer_seq: event.producer_seq,
                call: event.call.as_deref().filter(|v| self.is_name(v)),
                parent: event.parent.as_deref().filter(|v| self.is_name(v)),
                phase: event.phase,
                action_type: event.action_type.unwrap_or(ActionType::Log),
                action_name: &names.action,
                class,
                level: event.level.unwrap_or(Level::Info),
                outcome: event.outcome.unwrap_or(Outcome::Unknown),
                known: sender.known,
                source: sender.source,
                writer: sender.writer,
                retention: class,
                period: day(now_us),
                subject: None,
                body: [0; 32],
            },
            who,
            facts,
            texts: [
                texts[0].as_deref(),
                texts[1].as_deref(),
                texts[2].as_deref(),
                texts[3].as_deref(),
                texts[4].as_deref(),
                extra.as_deref(),
            ],
            content: None,
            subject_slot: None,
        };
        self.commit(&mut accepted, event.id.is_some(), keys);
        batch.push(&accepted);
        Ok(())
    }

    fn is_name(&self, text: &str) -> bool {
        is_plain_name(text, NAME_BYTES_MAX) && !self.redactor.detects(text)
    }

    /// A name that may stand in the header; any other is replaced by a keyed id, so that it stays one and the same.
    fn name(&self, text: &str, kind: &[u8]) -> String {
        if self.is_name(text) { text.to_string() } else { Id::keyed(&self.id_key, &[kind], text).text() }
    }

    fn names(
        &self,
        event: &Event<'_>,
        sender: &Sender<'_>,
        fresh: Id,
    ) -> Result<Names, crate::fields::Refused> {
        for (field, id) in [
            ("id", &event.id),
            ("session", &event.session),
            ("conversation", &event.conversation),
            ("user", &event.user),
        ] {
            let len = id.as_deref().map_or(0, str::len);
            if len > ID_BYTES_MAX {
                let found = format!("{len} bytes long");
                return Err(crate::fields::Refused::Field {
                    field,
                    found,
                    expected: "an id of at most 512 bytes",
                });
            }
        }
        let (id, id_text) = match event.id.as_deref() {
            Some(text) => self.id(text, &[b"event", &sender.writer]),
            None => (fresh, None),
        };
        let session = event.session.as_deref().map(|text| self.id(text, &[b"session"]));
        let conversation = event.conversation.as_deref().map(|text| self.id(text, &[b"conversation"]));
        let agent = event.agent.as_deref().or(sender.agent).unwrap_or("unknown");
        let kind = event.action_type.unwrap_or(ActionType::Log).as_str();
        Ok(Names {
            id,
            id_text,
            session: session.as_ref().map(|(id, _)| *id),
            session_text: session.and_then(|(_, text)| text),
            conversation: conversation.as_ref().map(|(id, _)| id.text()),
            conversation_text: conversation.and_then(|(_, text)| text),
            agent: self.name(agent, b"agent"),
            action: self.name(event.action_name.as_deref().unwrap_or(kind), b"action"),
        })
    }

    /// The id on the log, and the original (redacted) when it is not its own UUID text.
    fn id(&self, text: &str, scope: &[&[u8]]) -> (Id, Option<String>) {
        match Id::parse(text) {
            Some(id) => (id, None),
            None => {
                let kept = self.redactor.text(text, &mut Findings::default()).into_owned();
                (Id::keyed(&self.id_key, scope, text), Some(kept))
            }
        }
    }

    fn texts<'e>(&self, event: &'e Event<'_>, found: &mut Findings) -> [Option<Cow<'e, str>>; 5] {
        [&event.input, &event.output, &event.error, &event.decision, &event.access]
            .map(|text| text.as_deref().map(|text| self.redactor.json(text, found)))
    }

    /// Facts that may belong to nobody; a text that is long or carries a secret spills into `extra`.
    fn facts<'n>(&self, event: &'n Event<'_>, names: &'n Names) -> (Facts<'n>, Vec<(&'static str, &'n str)>) {
        let mut facts = Facts { ints: *event.facts.ints(), ..Facts::default() };
        let mut spilled = Vec::new();
        for (fact, text) in event.facts.texts() {
            if text.len() <= FACT_BYTES_MAX && !self.redactor.detects(text) {
                facts.texts[fact as usize] = Some(text);
            } else {
                spilled.push((fact.name(), text));
            }
        }
        facts.texts[tacho_event::fact::TextFact::ConversationId as usize] = names.conversation.as_deref();
        (facts, spilled)
    }

    /// Section `extra`: one object of everything without a place of its own, redacted as a whole.
    fn extra(&self, event: &Event<'_>, spilled: &[(&str, &str)], found: &mut Findings) -> Option<String> {
        if event.extra.is_empty() && spilled.is_empty() {
            return None;
        }
        let mut out = vec![b'{'];
        let member = |name: &str, out: &mut Vec<u8>| {
            if out.len() > 1 {
                out.push(b',');
            }
            push_string(name, out);
            out.push(b':');
        };
        for (name, value) in &event.extra {
            member(name, &mut out);
            out.extend_from_slice(value.as_bytes());
        }
        for (name, text) in spilled {
            member(name, &mut out);
            push_string(text, &mut out);
        }
        out.push(b'}');
        let text = String::from_utf8(out).expect("members are UTF-8 text");
        Some(self.redactor.json(&text, found).into_owned())
    }

    /// Computes commitments, body, subject tag and content fingerprint of a redacted event.
    fn commit(&self, event: &mut Accepted<'_>, has_own_id: bool, keys: &mut KeyRing) {
        let period = event.header.period;
        let nobody = keys.secret("subject");
        let class = keys.secret(&format!("period {} {}", event.header.retention, period.month_text()));
        let subject = event.who.user.map(|user| keys.secret(&format!("subject {user}")));
        let id = event.header.id.0;
        event.header.subject = subject.map(|secret| TagKey::new(&secret).tag(&id));
        let (mut listed, mut contents, mut scratch) =
            (Vec::with_capacity(8), Vec::with_capacity(8), Vec::new());
        for section in Section::ALL {
            let Some(bytes) = event.section(section, &mut scratch) else { continue };
            let owner = subject.filter(|_| section.has_subject()).unwrap_or(nobody);
            let clock = if section.is_personal() {
                keys.secret(&format!("period personal {}", period.text()))
            } else {
                class
            };
            let commitment = SaltKey::new(&owner, &clock).commitment(&id, section.name(), bytes);
            listed.push((section.name(), bytes.len() as u64, commitment));
            contents.push(bytes.to_vec());
        }
        event.header.body = *body(&listed).expect("section names are between 1 and 255 bytes").as_bytes();
        if has_own_id {
            let time = if event.header.time_claimed { event.header.timestamp_us } else { 0 };
            let outcome = event.header.outcome.as_str();
            let mut parts: Vec<&[u8]> = vec![outcome.as_bytes(), event.header.action_name.as_bytes()];
            let time = time.to_be_bytes();
            parts.push(&time);
            parts.extend(contents.iter().map(Vec::as_slice));
            event.content = Some(self.id_key.fingerprint(&parts));
        }
    }
}

/// What redaction found, as facts: how much, and whether a secret was in it.
fn note_findings(found: &Findings, facts: &mut Facts<'_>) {
    if !found.is_empty() {
        facts.ints[IntFact::Redactions as usize] = Some(i64::from(found.total()));
    }
    if found.has_secret() {
        facts.ints[IntFact::Sensitive as usize] = Some(1);
    }
}

struct Names {
    id: Id,
    id_text: Option<String>,
    session: Option<Id>,
    session_text: Option<String>,
    conversation: Option<String>,
    conversation_text: Option<String>,
    agent: String,
    action: String,
}

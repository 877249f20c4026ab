//! Accept: validates an event, redacts and minimises it, splits it into header and sections and commits to them.
//!
//! Invariants
//! - Texts enter the permanent header only when they are plain names without secrets or personal data; any
//!   other id becomes a keyed UUIDv8, and the original goes to section `who`, or redacted to `extra`.
//! - Every section is redacted, then minimised, before its commitment is computed: the commitment is to what is
//!   kept.
//! - A refused event leaves nothing in the batch.

use crate::content::{self, Kinds};
use crate::fields::Refused;
use crate::fingerprint::{NAMED, compact};
use crate::place::writer;
use crate::salts::Salts;
use std::borrow::Cow;
use std::sync::Mutex;
use tacho_event::entry::{Header, push_string};
use tacho_event::event::Event;
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::id::{Id, IdKey, is_plain_name};
use tacho_event::limits::{FACT_BYTES_MAX, ID_BYTES_MAX, NAME_BYTES_MAX};
use tacho_event::record::{Accepted, BatchBuilder};
use tacho_event::section::{Section, Who};
use tacho_event::time::{Micros, day};
use tacho_event::words::{ActionType, Class, Known, Level, Outcome};
use tacho_merkle::commit::body;
use tacho_record::keyring::KeyRing;
use tacho_redact::minimise::{ContentKind, Minimisation};
use tacho_redact::{Findings, Redactor};

/// Who sends, and how: set from credential and source, never from the body.
#[derive(Debug, Clone)]
pub struct Sender<'a> {
    pub writer: [u8; 8],
    pub source: &'a str,
    pub known: Known,
    /// Whether it is believed to be an agent's hook where an event says that a hook sent it: that one is observed.
    pub sees_hooks: bool,
    /// The agent that the credential stands for, when the event names none.
    pub agent: Option<&'a str>,
}

/// How an event is known: a hook is run by the agent's program, whatever the agent would say. An event of history that says of
/// itself that an agent reported it is no more than that, also beside others in one line: being imported makes nobody's own
/// word a witness's. What the line says for all of them is [`crate::believed`]'s.
fn known(event: &Event<'_>, sender: &Sender<'_>) -> Known {
    let told =
        || event.extra.iter().find(|(name, _)| name == "known").map(|(_, value)| value.trim_matches('"'));
    if sender.known == Known::Imported && told() == Some(Known::SelfReported.as_str()) {
        return Known::SelfReported;
    }
    let is_hook = event.facts.text(TextFact::HookEvent).is_some();
    if is_hook && sender.sees_hooks && sender.known == Known::SelfReported {
        Known::Observed
    } else {
        sender.known
    }
}

/// The rules that every event passes through.
pub struct Acceptor {
    pub redactor: Redactor,
    pub minimisation: Minimisation,
    pub id_key: IdKey,
}

/// What the events of one body share: the recorder's clock, keys fetched so far, buffers. Made anew for each body,
/// because keys must not outlive their destruction in the ring.
pub struct Scratch<'k> {
    now_us: Micros,
    /// The time of events that have none of their own, when it is not the recorder's.
    pub(crate) inherited_us: Option<Micros>,
    /// `None` where an event's id is made of what it tells: nobody else's has it, and the next time its neighbours may
    /// say more of agent and session.
    pub(crate) said: Option<Said<'k>>,
    /// Whether address and user agent are those of the request.
    pub(crate) is_lent: bool,
    salts: Salts<'k>,
    who: Vec<u8>,
    facts: Vec<u8>,
}

impl<'k> Scratch<'k> {
    /// For a body that came at `now_us`, microseconds. New secrets are made in `keys`; they must be synced there
    /// before the batch is. The lock is held only to fetch one.
    pub fn new(now_us: Micros, keys: &'k Mutex<KeyRing>) -> Scratch<'k> {
        let salts = Salts::new(keys, day(now_us));
        let (who, facts) = (Vec::new(), Vec::new());
        Scratch { now_us, inherited_us: None, said: None, is_lent: false, salts, who, facts }
    }
}

/// Who says which agent acted: what a key, a format or a program assumes may be another one when an event is sent again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Said<'s> {
    /// The event itself does.
    pub(crate) by_event: bool,
    /// The request does, for events that do not.
    pub(crate) by_request: Option<&'s str>,
}

impl Acceptor {
    /// Accepts one event into a batch, to be kept as long as the class `retention`; `fresh` gives an id to an event that has none.
    ///
    /// # Errors
    /// As [`Acceptor::check`]; the batch is then as it was.
    pub fn accept(
        &self,
        event: &Event<'_>,
        retention: Class,
        sender: &Sender<'_>,
        fresh: &mut dyn FnMut() -> Id,
        scratch: &mut Scratch<'_>,
        batch: &mut BatchBuilder,
    ) -> Result<(), Refused> {
        Acceptor::check(event)?;
        let mut found = Findings::default();
        let names = self.names(event, sender, fresh, &mut found);
        let kinds = content::kinds(event);
        let texts = self.texts(event, &kinds, &mut found);
        let mut spilled = names.spilled(event);
        let mut facts = self.facts(event, &names, &mut spilled);
        let extra = self.extra(event, &spilled, &kinds, &mut found);
        note_findings(&found, &mut facts);
        let class = event.class.unwrap_or(Class::Standard);
        let claimed = event.claimed_us.or(scratch.inherited_us);
        let mut accepted = Accepted {
            header: Header {
                id: names.id,
                timestamp_us: claimed.unwrap_or(scratch.now_us),
                time_claimed: claimed.is_some(),
                agent: &names.agent,
                agent_version: names.agent_version,
                session: names.session,
                producer_seq: event.producer_seq,
                call: names.call,
                parent: names.parent,
                phase: event.phase,
                action_type: event.action_type.unwrap_or(ActionType::Log),
                action_name: &names.action,
                class,
                level: event.level.unwrap_or(Level::Info),
                outcome: event.outcome.or(event.concluded).unwrap_or(Outcome::Unknown),
                known: known(event, sender),
                source: sender.source,
                writer: sender.writer,
                retention,
                period: day(scratch.now_us),
                subject: None,
                body: [0; 32],
            },
            who: names.who(),
            facts,
            texts: [&texts[0], &texts[1], &texts[2], &texts[3], &texts[4], &extra]
                .map(|text| text.as_deref()),
            content: None,
            former: None,
            subject_slot: None,
        };
        self.commit(&mut accepted, event, scratch);
        batch.push(&accepted);
        Ok(())
    }

    /// Whether [`Acceptor::accept`] would take the event.
    ///
    /// # Errors
    /// [`Refused`] when an id is too long.
    pub fn check(event: &Event<'_>) -> Result<(), Refused> {
        for (field, id) in [
            ("id", &event.id),
            ("session", &event.session),
            ("conversation", &event.conversation),
            ("user", &event.user),
        ] {
            let len = id.as_deref().map_or(0, str::len);
            if len > ID_BYTES_MAX {
                let found = format!("{len} bytes long");
                return Err(Refused::Field { field, found, expected: "an id of at most 512 bytes" });
            }
        }
        Ok(())
    }

    fn is_name(&self, text: &str) -> bool {
        is_plain_name(text, NAME_BYTES_MAX) && !self.redactor.detects_in_name(text)
    }

    /// A name that may stand in the header; any other is replaced by a keyed id, so that it stays one and the same.
    fn name<'n>(&self, text: &'n str, kind: &[u8]) -> Cow<'n, str> {
        if self.is_name(text) {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(Id::keyed(&self.id_key, &[kind], text).text())
        }
    }

    fn names<'n>(
        &self,
        event: &'n Event<'_>,
        sender: &'n Sender<'_>,
        fresh: &mut dyn FnMut() -> Id,
        found: &mut Findings,
    ) -> Names<'n> {
        let (id, id_text) = match event.id.as_deref() {
            Some(text) => self.id(text, &[b"event", writer(sender)]),
            None => (fresh(), None),
        };
        let session = event.session.as_deref().map(|text| self.id(text, &[b"session"]));
        let conversation = event.conversation.as_deref().map(|text| self.id(text, &[b"conversation"]));
        let agent = event.agent.as_deref().or(sender.agent).unwrap_or("unknown");
        let kind = event.action_type.unwrap_or(ActionType::Log).as_str();
        let header = |text: &'n Option<Cow<'_, str>>| text.as_deref().filter(|text| self.is_name(text));
        Names {
            id,
            id_text,
            session: session.as_ref().map(|(id, _)| *id),
            session_text: session.and_then(|(_, text)| text),
            conversation: conversation.as_ref().map(|(id, _)| id.text()),
            conversation_text: conversation.and_then(|(_, text)| text),
            user: event.user.as_deref().map(|user| self.user(user, found)),
            ip: event.ip.as_deref().map(|text| self.address(text, found)),
            user_agent: event.user_agent.as_deref().map(|text| self.redactor.text(text, found)),
            agent: self.name(agent, b"agent"),
            action: self.name(event.action_name.as_deref().unwrap_or(kind), b"action"),
            agent_version: header(&event.agent_version),
            call: header(&event.call),
            parent: header(&event.parent),
        }
    }

    /// The id on the log, and the original (redacted) when it is not its own UUID text.
    fn id<'n>(&self, text: &'n str, scope: &[&[u8]]) -> (Id, Option<Cow<'n, str>>) {
        match Id::parse(text) {
            Some(id) => (id, None),
            None => {
                let kept = self.redactor.text(text, &mut Findings::default());
                (Id::keyed(&self.id_key, scope, text), Some(kept))
            }
        }
    }

    /// The user stays who it is, an e-mail address included, unless a secret was put in its place.
    pub(crate) fn user<'n>(&self, user: &'n str, found: &mut Findings) -> Cow<'n, str> {
        let mut own = Findings::default();
        self.redactor.text(user, &mut own);
        if own.has_secret() { self.redactor.text(user, found) } else { Cow::Borrowed(user) }
    }

    fn address<'n>(&self, text: &'n str, found: &mut Findings) -> Cow<'n, str> {
        match text.parse::<std::net::IpAddr>() {
            Ok(_) => Cow::Borrowed(text),
            Err(_) => self.redactor.text(text, found),
        }
    }

    fn texts<'e>(
        &self,
        event: &'e Event<'_>,
        kinds: &Kinds,
        found: &mut Findings,
    ) -> [Option<Cow<'e, str>>; 5] {
        [
            (&event.input, kinds.input),
            (&event.output, kinds.output),
            (&event.error, kinds.error),
            (&event.decision, None),
            (&event.access, None),
        ]
        .map(|(text, kind)| text.as_deref().map(|text| self.text(text, kind, found)))
    }

    /// Redacted, then minimised: a secret cut in half is not recognised.
    fn text<'e>(&self, text: &'e str, kind: Option<ContentKind>, found: &mut Findings) -> Cow<'e, str> {
        let redacted = self.redactor.json(text, found);
        let Some(kind) = kind else { return redacted };
        match redacted {
            Cow::Borrowed(text) => self.minimisation.json(kind, text),
            Cow::Owned(text) => Cow::Owned(self.minimisation.json(kind, &text).into_owned()),
        }
    }

    /// Facts that may belong to nobody; a text that is long or carries a secret spills into `extra`.
    fn facts<'n>(
        &self,
        event: &'n Event<'_>,
        names: &'n Names<'n>,
        spilled: &mut Vec<(&'static str, &'n str)>,
    ) -> Facts<'n> {
        let mut facts = Facts { ints: *event.facts.ints(), ..Facts::default() };
        for (fact, text) in event.facts.texts() {
            if text.len() <= FACT_BYTES_MAX && !self.redactor.detects(text) {
                facts.texts[fact as usize] = Some(text);
            } else {
                spilled.push((fact.name(), text));
            }
        }
        facts.texts[TextFact::ConversationId as usize] = names.conversation.as_deref();
        facts
    }

    /// Section `extra`: one object of everything without a place of its own, redacted as a whole.
    fn extra(
        &self,
        event: &Event<'_>,
        spilled: &[(&str, &str)],
        kinds: &Kinds,
        found: &mut Findings,
    ) -> Option<Cow<'static, str>> {
        if event.extra.is_empty() && spilled.is_empty() {
            return None;
        }
        let mut names = Members { seen: Vec::with_capacity(event.extra.len()), out: vec![b'{'] };
        for (name, value) in &event.extra {
            names.name(name);
            match kinds.extra.filter(|(members, _)| members.contains(&name.as_ref())) {
                Some((_, kind)) => {
                    names.out.extend_from_slice(self.text(value, Some(kind), found).as_bytes())
                }
                None => names.out.extend_from_slice(value.as_bytes()),
            }
        }
        for (name, text) in spilled {
            names.name(name);
            push_string(text, &mut names.out);
        }
        names.out.push(b'}');
        let text = String::from_utf8(names.out).expect("members are UTF-8 text");
        Some(match self.redactor.json(&text, found) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(redacted) => Cow::Owned(redacted),
        })
    }

    /// Computes commitments, body, subject tag and content fingerprint of a redacted event.
    fn commit(&self, event: &mut Accepted<'_>, sent: &Event<'_>, scratch: &mut Scratch<'_>) {
        let Scratch { salts, who, facts, said, is_lent, .. } = scratch;
        let (id, retention, subject) = (event.header.id.0, event.header.retention, event.who.user);
        event.header.subject = subject.map(|user| salts.tag(user, &id));
        let (mut who_bytes, mut facts_bytes) = (std::mem::take(who), std::mem::take(facts));
        let mut listed = [("", 0u64, [0u8; 32]); Section::ALL.len()];
        let mut contents: [&[u8]; Section::ALL.len()] = [&[]; Section::ALL.len()];
        let (mut count, mut rendered) = (0, 0);
        {
            event.section(Section::Who, &mut who_bytes);
            event.section(Section::Facts, &mut facts_bytes);
            for section in Section::ALL {
                let bytes = match section {
                    Section::Who => who_bytes.as_slice(),
                    Section::Facts => facts_bytes.as_slice(),
                    text => event.texts[text as usize - 2].map_or(&[][..], str::as_bytes),
                };
                if bytes.is_empty() {
                    continue;
                }
                let commitment = salts.commitment(subject, retention, &id, section, bytes);
                listed[count] = (section.name(), bytes.len() as u64, commitment);
                contents[count] = bytes;
                count += 1;
                if matches!(section, Section::Who | Section::Facts) {
                    rendered = count;
                }
            }
        }
        event.header.body =
            *body(&listed[..count]).expect("section names are between 1 and 255 bytes").as_bytes();
        if sent.id.is_some() {
            // Only its own time: what it inherits depends on its neighbours, and it stays the same event.
            let time = sent.claimed_us.unwrap_or(0).to_be_bytes();
            // What was concluded is told by the rest.
            let is_concluded = sent.outcome.is_none() && sent.concluded.is_some();
            let outcome = if is_concluded { Outcome::Unknown } else { event.header.outcome }.as_str();
            // What was rendered here has no whitespace.
            let plain: [Cow<'_, [u8]>; Section::ALL.len()] = std::array::from_fn(|at| match at < rendered {
                true => Cow::Borrowed(contents[at]),
                false => compact(contents[at]),
            });
            let named: [&[u8]; NAMED] = [outcome.as_bytes(), event.header.action_name.as_bytes(), &time];
            let parts: Vec<&[u8]> =
                named.into_iter().chain(plain[..count].iter().map(AsRef::as_ref)).collect();
            self.fingerprint(event, sent, said.as_ref(), &parts, *is_lent);
        }
        (*who, *facts) = (who_bytes, facts_bytes);
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

/// The members of `extra` while they are written: no name stands twice, or a reader would see only one.
struct Members {
    seen: Vec<u64>,
    out: Vec<u8>,
}

impl Members {
    fn name(&mut self, name: &str) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        let mut free = Cow::Borrowed(name);
        for number in 2.. {
            let hash = short_hash(&free);
            if !self.seen.contains(&hash) {
                self.seen.push(hash);
                break;
            }
            free = Cow::Owned(format!("{name}#{number}"));
        }
        push_string(&free, &mut self.out);
        self.out.push(b':');
    }
}

/// FNV-1a: two names that share it only get one of them a number.
fn short_hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

struct Names<'n> {
    id: Id,
    id_text: Option<Cow<'n, str>>,
    session: Option<Id>,
    session_text: Option<Cow<'n, str>>,
    conversation: Option<String>,
    conversation_text: Option<Cow<'n, str>>,
    user: Option<Cow<'n, str>>,
    ip: Option<Cow<'n, str>>,
    user_agent: Option<Cow<'n, str>>,
    agent: Cow<'n, str>,
    action: Cow<'n, str>,
    agent_version: Option<&'n str>,
    call: Option<&'n str>,
    parent: Option<&'n str>,
}

impl<'n> Names<'n> {
    fn who(&self) -> Who<'_> {
        Who {
            conversation: self.conversation_text.as_deref(),
            id: self.id_text.as_deref(),
            ip: self.ip.as_deref(),
            session: self.session_text.as_deref(),
            user: self.user.as_deref(),
            user_agent: self.user_agent.as_deref(),
        }
    }

    /// Names that must not stand in the header as they are: kept in `extra`, where they are redacted.
    fn spilled(&self, event: &'n Event<'_>) -> Vec<(&'static str, &'n str)> {
        let mut spilled = Vec::new();
        let mut keep = |name, original: &'n Option<Cow<'_, str>>, kept: Option<&str>| {
            if let Some(original) = original.as_deref().filter(|original| kept != Some(original)) {
                spilled.push((name, original));
            }
        };
        keep("agent_id", &event.agent, Some(&self.agent));
        keep("action_name", &event.action_name, Some(&self.action));
        keep("agent_version", &event.agent_version, self.agent_version);
        keep("call", &event.call, self.call);
        keep("parent", &event.parent, self.parent);
        spilled
    }
}

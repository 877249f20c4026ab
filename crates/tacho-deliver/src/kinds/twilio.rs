//! Twilio: a text message, or a phone call that reads the alert out and takes a digit.
//!
//! Delivery: at least once; that Twilio has taken it (201) does not say that it was heard. A machine that answers the
//! phone acknowledges nothing.

use super::{Form, Forms, Step, Telling, once};
use crate::call::{Answer, Call, Request};
use crate::message::Message;
use crate::outline::{Outline, cut};
use crate::secret::Secret;
use crate::settings::{OneOrMany, basic, escape, form, need, strict, url};
use crate::verdict::{Verdict, by_status};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Three parts of a text in the small alphabet of phones, or of one in any other.
const SMALL_CHARS_MAX: usize = 459;
const WIDE_UNITS_MAX: usize = 201;
/// Words that are read out.
const SPOKEN_CHARS_MAX: usize = 600;
/// People that one entry names.
const PEOPLE_MAX: usize = 20;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Twilio {
    account_sid: Option<String>,
    auth_token: Option<Secret>,
    /// A number of yours, `+15551230000`.
    from: Option<String>,
    /// In place of `from`, for texts.
    messaging_service_sid: Option<String>,
    /// Whom to reach: one number, or several.
    to: Option<OneOrMany>,
    /// Where Twilio reports what became of it.
    status_callback: Option<String>,
    /// For calls: where the digit is sent, this recorder as Twilio reaches it. Without it the call only tells.
    reply_url: Option<String>,
    api_url: Option<Secret>,
    #[serde(skip)]
    person: String,
    #[serde(skip)]
    spoken: bool,
}

pub(super) fn read_sms(settings: Map<String, Value>) -> Forms {
    if settings.contains_key("reply_url") {
        return Err(
            "reply_url is for calls; replies to texts go where the number's settings at Twilio say".into()
        );
    }
    read(settings, false)
}

pub(super) fn read_voice(settings: Map<String, Value>) -> Forms {
    if settings.contains_key("messaging_service_sid") {
        return Err("messaging_service_sid is for texts; a call needs from".into());
    }
    read(settings, true)
}

fn read(settings: Map<String, Value>, spoken: bool) -> Forms {
    let mut twilio: Twilio = strict(settings)?;
    let sid = need("account_sid", twilio.account_sid.as_ref())?;
    if !sid.starts_with("AC") || !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("account_sid: expected AC and letters and digits".into());
    }
    need("auth_token", twilio.auth_token.as_ref())?;
    if twilio.from.is_none() && twilio.messaging_service_sid.is_none() {
        return Err("from is missing".into());
    }
    let people = need("to", twilio.to.as_ref())?.list();
    if !(1..=PEOPLE_MAX).contains(&people.len()) {
        return Err(format!("to: {} numbers, expected 1 to {PEOPLE_MAX}", people.len()));
    }
    if let Some(at) = people.iter().position(|number| !is_number(number)) {
        return Err(format!("to: number {} is not written as +15551230000", at + 1));
    }
    if let Some(reply) = &twilio.reply_url {
        url("reply_url", &Secret::new(reply.clone()))?;
    }
    let default = Secret::new("https://api.twilio.com");
    twilio.api_url = Some(Secret::new(url("api_url", twilio.api_url.as_ref().unwrap_or(&default))?));
    let one = |person: String| Arc::new(Twilio { person, spoken, ..twilio.clone() }) as Arc<dyn Form>;
    Ok(people.into_iter().map(one).collect())
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Form for Twilio {
    fn to(&self) -> String {
        // The end is enough to know whose it is for those who know the number.
        format!("…{}", &self.person[self.person.len() - 4..])
    }

    fn secrets(&self) -> Vec<&Secret> {
        self.auth_token.iter().collect()
    }

    fn step(&self, telling: &Telling<'_>) -> Step {
        once(telling, || self.call(telling.message), |answer| judge(answer, telling.now_us))
    }
}

impl Twilio {
    fn call(&self, message: &Message) -> Call {
        let mut fields = vec![("To", self.person.clone())];
        match (&self.messaging_service_sid, &self.from) {
            (Some(service), _) => fields.push(("MessagingServiceSid", service.clone())),
            (None, from) => fields.push(("From", from.clone().unwrap_or_default())),
        }
        if self.spoken {
            fields.push(("Twiml", self.twiml(message)));
            fields.push(("MachineDetection", "Enable".into()));
        } else {
            fields.push(("Body", text(message)));
        }
        if let Some(url) = &self.status_callback {
            fields.push(("StatusCallback", url.clone()));
        }
        let sid = self.account_sid.as_deref().unwrap_or_default();
        let base = self.api_url.as_ref().map_or("", Secret::expose);
        let what = if self.spoken { "Calls" } else { "Messages" };
        let to = format!("{base}/2010-04-01/Accounts/{sid}/{what}.json");
        let request = Request::post(to, "application/x-www-form-urlencoded", form(&fields));
        let token = self.auth_token.as_ref().map_or("", Secret::expose);
        Call::Http(request.with("authorization", basic(sid, token)))
    }

    fn twiml(&self, message: &Message) -> String {
        let outline = Outline::of(message);
        let brief = outline.brief().unwrap_or_default();
        let told = format!("{}. {} {brief}", outline.headline, outline.text);
        let told = format!("Tachograph. {}", cut(told.trim(), SPOKEN_CHARS_MAX));
        let (Some(url), Some(code)) = (&self.reply_url, &outline.code) else {
            let say = format!("<Say>{}</Say>", xml(&told));
            return format!("<Response>{say}<Pause length=\"1\"/>{say}</Response>");
        };
        let joined = if url.contains('?') { '&' } else { '?' };
        let action = xml(&format!("{url}{joined}code={}", escape(code)));
        let say = xml(&format!("{told} Press 1 to acknowledge, 2 to be left alone for an hour."));
        let gather = format!(
            "<Gather numDigits=\"1\" timeout=\"8\" method=\"POST\" action=\"{action}\"><Say>{say}</Say></Gather>"
        );
        format!("<Response>{gather}{gather}<Say>No answer. The next person is called.</Say></Response>")
    }
}

fn xml(text: &str) -> String {
    let clean = text.chars().filter(|c| !c.is_control());
    clean
        .map(|c| match c {
            '&' => "&amp;".to_string(),
            '<' => "&lt;".to_string(),
            '>' => "&gt;".to_string(),
            '"' => "&quot;".to_string(),
            other => other.to_string(),
        })
        .collect()
}

/// A text for phones: as short as it can be, with the link that says the rest.
fn text(message: &Message) -> String {
    let outline = Outline::of(message);
    let mut end = String::new();
    if let Some(code) = &outline.code {
        end.push_str(&format!(" Reply ACK {code}"));
    }
    let link = message.links.acknowledge.as_ref().filter(|_| outline.code.is_some());
    if let Some(link) = link.or(message.links.dashboard.as_ref()).filter(|link| link.len() < 200) {
        end.push_str(&format!(" {link}"));
    }
    let end = plain(&end);
    let brief = outline.brief().unwrap_or_default();
    let told = format!("{} {} {brief}", outline.headline, outline.text.trim());
    let told = plain(&told.split_whitespace().collect::<Vec<_>>().join(" "));
    let whole = format!("{told}{end}");
    if whole.chars().all(is_small) {
        return format!("{}{end}", cut_small(&told, SMALL_CHARS_MAX.saturating_sub(end.chars().count())));
    }
    let units = |text: &str| text.encode_utf16().count();
    let room = WIDE_UNITS_MAX.saturating_sub(units(&end)).max(40);
    let mut kept = cut(&told, room);
    while units(&kept) > room {
        kept.pop();
    }
    format!("{kept}{end}")
}

fn cut_small(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_string();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(9)).collect();
    format!("{} ...(cut)", kept.trim_end())
}

/// Typography becomes what phones have; pictures go.
fn plain(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '‘' | '’' | '‚' => Some("'".to_string()),
            '“' | '”' | '„' => Some("\"".to_string()),
            '–' | '—' => Some("-".to_string()),
            '…' => Some("...".to_string()),
            '`' => Some("'".to_string()),
            '\u{2000}'..='\u{2BFF}' | '\u{FE00}'..='\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}' => None,
            '\n' | '\t' | '\r' => Some(" ".to_string()),
            other if other.is_control() => None,
            other => Some(other.to_string()),
        })
        .collect()
}

/// Whether a character takes one place in the small alphabet (GSM 03.38); what takes two counts as outside.
fn is_small(c: char) -> bool {
    const OTHERS: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
    c.is_ascii_alphanumeric() || OTHERS.contains(c)
}

fn judge(answer: &Answer, now_us: i64) -> Verdict {
    let told = answer.json();
    let code = told["code"].as_i64();
    match by_status(answer, now_us) {
        Verdict::Delivered { .. } => Verdict::delivered(told["sid"].as_str()),
        Verdict::Refused { why } => Verdict::Refused {
            why: match code {
                Some(21610) => "the person has answered STOP: they have to text START first".into(),
                Some(code) => {
                    format!(
                        "Twilio says {code}: {}",
                        cut(told["message"].as_str().unwrap_or("nothing more"), 200)
                    )
                }
                None => why,
            },
        },
        other => other,
    }
}

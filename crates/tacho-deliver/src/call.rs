//! What is to be sent, and what came back: a request over HTTP or a mail, as values.

use crate::secret::Secret;
use std::fmt::{Debug, Formatter};

/// One thing to send.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    Http(Request),
    Mail(Mail),
}

/// A request over HTTP.
#[derive(Clone, PartialEq)]
pub struct Request {
    pub method: &'static str,
    /// Many a vendor's URL is the secret itself.
    pub url: Secret,
    pub headers: Vec<(&'static str, Secret)>,
    pub body: Vec<u8>,
    /// Certificates in PEM that alone are believed, where the settings name some.
    pub ca: Option<String>,
}

impl Request {
    pub(crate) fn post(url: impl Into<String>, kind: &str, body: Vec<u8>) -> Request {
        Request { method: "POST", url: Secret::new(url), headers: Vec::new(), body, ca: None }
            .with("content-type", kind.to_string())
    }

    pub(crate) fn json(url: impl Into<String>, body: &serde_json::Value) -> Request {
        Request::post(url, "application/json", body.to_string().into_bytes())
    }

    pub(crate) fn get(url: impl Into<String>) -> Request {
        Request { method: "GET", url: Secret::new(url), headers: Vec::new(), body: Vec::new(), ca: None }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.headers.push((name, Secret::new(value)));
        self
    }
}

impl Debug for Request {
    /// Keys are in headers, URLs and bodies: only what is none of them is shown.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} to {}, {} bytes",
            self.method,
            crate::settings::host(self.url.expose()),
            self.body.len()
        )
    }
}

/// A mail to one person, and the server that takes it.
#[derive(Clone, PartialEq)]
pub struct Mail {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// How the client calls itself.
    pub hello: String,
    pub login: Option<Login>,
    /// Certificates in PEM that alone are believed, where the settings name some.
    pub ca: Option<String>,
    /// Addresses of the envelope.
    pub from: String,
    pub to: String,
    pub bytes: Vec<u8>,
}

/// How the connection to a mail server is kept from others' eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// As it is: `require_tls: false`.
    Plain,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Login {
    pub user: String,
    pub password: Secret,
}

impl Debug for Mail {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "mail to {} by {}:{}, {} bytes", self.to, self.host, self.port, self.bytes.len())
    }
}

/// What came back: of HTTP, or of SMTP (its code, and its words as the body). A status of 0 is no answer at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Nobody answered, for this reason: a status of 0, which is tried again.
    pub fn none(why: &str) -> Answer {
        Answer { status: 0, headers: Vec::new(), body: why.as_bytes().to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What an answer says, short enough for a line.
    pub(crate) fn words(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        crate::outline::cut(&text, 200)
    }
}

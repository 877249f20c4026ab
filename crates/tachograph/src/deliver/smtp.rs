//! One mail over SMTP. Its server's words become an answer; only when nothing was said there is none.

use super::{Guard, Unsent};
use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Code;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;
use tacho_deliver::{Answer, Mail, Security};

/// For each step of the conversation.
const STEP_TIME: Duration = Duration::from_secs(20);

type Failure = lettre::transport::smtp::Error;

/// Hands a mail to its server.
pub(super) fn call(mail: &Mail, guard: &Guard) -> Result<Answer, Unsent> {
    let silent = |error: std::io::Error| Unsent::Silent(format!("{} can't be found: {error}", mail.host));
    let found: Vec<SocketAddr> = (mail.host.as_str(), mail.port).to_socket_addrs().map_err(silent)?.collect();
    let good = guard.only(&mail.host, &found).map_err(|private| Unsent::Private(private.to_string()))?;
    let refused =
        |error: lettre::address::AddressError| Unsent::Refused(format!("an address is none: {error}"));
    let from: Address = mail.from.parse().map_err(refused)?;
    let to: Address = mail.to.parse().map_err(refused)?;
    let envelope = Envelope::new(Some(from), vec![to]).map_err(|error| Unsent::Refused(error.to_string()))?;
    said(hand_over(mail, &good, &envelope), mail)
}

/// How far a conversation came before it failed.
struct Failed {
    /// TLS was being set up: where a certificate is not believed, the library says no more than that nothing came.
    securing: bool,
    error: Failure,
}

impl From<Failure> for Failed {
    fn from(error: Failure) -> Failed {
        Failed { securing: false, error }
    }
}

fn hand_over(mail: &Mail, to: &[SocketAddr], envelope: &Envelope) -> Result<Answer, Failed> {
    let tls = match mail.security {
        Security::Plain => None,
        Security::Tls | Security::StartTls => Some(tls(mail)?),
    };
    let hello = ClientId::Domain(mail.hello.clone());
    let first = tls.as_ref().filter(|_| mail.security == Security::Tls);
    let connected = SmtpConnection::connect(to, Some(STEP_TIME), &hello, first, None);
    let mut connection = connected.map_err(|error| Failed { securing: first.is_some(), error })?;
    if let Some(tls) = tls.as_ref().filter(|_| mail.security == Security::StartTls) {
        let offered = connection.can_starttls();
        connection.starttls(tls, &hello).map_err(|error| Failed { securing: offered, error })?;
    }
    if let Some(login) = &mail.login {
        let credentials = Credentials::new(login.user.clone(), login.password.expose().to_string());
        connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)?;
    }
    let response = connection.send(envelope, &mail.bytes)?;
    let body = response.message().collect::<Vec<_>>().join(" ").into_bytes();
    let status = number(response.code());
    // The mail is taken; whether the server hears the end does not matter.
    drop(connection.quit());
    Ok(Answer { status, headers: Vec::new(), body })
}

/// The settings' own certificates believe nobody else's.
fn tls(mail: &Mail) -> Result<TlsParameters, Failure> {
    let Some(pem) = &mail.ca else { return TlsParameters::new(mail.host.clone()) };
    let believing = TlsParameters::builder(mail.host.clone()).certificate_store(CertificateStore::None);
    believing.add_root_certificate(Certificate::from_pem(pem.as_bytes())?).build()
}

fn said(sent: Result<Answer, Failed>, mail: &Mail) -> Result<Answer, Unsent> {
    sent.or_else(|Failed { securing, error }| match error.status() {
        Some(code) => Ok(Answer { status: number(code), headers: Vec::new(), body: error.to_string().into_bytes() }),
        // The server lacks what the settings need: STARTTLS, or a way to log in.
        None if error.is_client() => Err(Unsent::Refused(error.to_string())),
        None if securing => Err(Unsent::Silent(format!(
            "no TLS with {}: {error}; is its certificate of an authority that is known? (tls_config: ca_file)",
            mail.host
        ))),
        None => Err(Unsent::Silent(format!("no answer from {}: {error}", mail.host))),
    })
}

fn number(code: Code) -> u16 {
    code.to_string().parse().unwrap_or_default()
}

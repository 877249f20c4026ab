//! One request over HTTP.

use super::{Guard, Unsent};
use std::io::Read;
use tacho_deliver::{Answer, Request};
use ureq::http;
use ureq::tls::{PemItem, RootCerts, parse_pem};

/// Answers are read up to this size, bytes; what comes behind is left.
const ANSWER_BYTES_MAX: u64 = 256 * 1024;

/// Makes a call.
pub(super) fn call(request: &Request, guard: &Guard) -> Result<Answer, Unsent> {
    let built = http::Request::builder().method(request.method).uri(request.url.expose());
    let built =
        request.headers.iter().fold(built, |built, (name, value)| built.header(*name, value.expose()));
    // What is wrong with it may be the secret itself.
    let wrong = |_| {
        Unsent::Refused("the settings make no request: a URL or a header has bytes that it can't have".into())
    };
    let own = request.ca.as_deref().map(|pem| Ok(guard.believing(roots(pem)?))).transpose()?;
    let agent = own.as_ref().unwrap_or(&guard.agent);
    let sent = if request.method == "GET" {
        agent.run(built.body(()).map_err(wrong)?)
    } else {
        agent.run(built.body(request.body.as_slice()).map_err(wrong)?)
    };
    let mut response = sent.map_err(|error| unsent(&error))?;
    let headers = response.headers().iter().filter_map(|(name, value)| {
        // `HeaderName` is in lower case.
        Some((name.as_str().to_string(), value.to_str().ok()?.to_string()))
    });
    let headers = headers.collect();
    let status = response.status().as_u16();
    let mut body = Vec::new();
    let read = response.body_mut().as_reader().take(ANSWER_BYTES_MAX).read_to_end(&mut body);
    read.map_err(|error| Unsent::Silent(format!("the answer broke off: {error}")))?;
    Ok(Answer { status, headers, body })
}

fn roots(pem: &str) -> Result<RootCerts, Unsent> {
    let refused = |error: ureq::Error| Unsent::Refused(format!("ca can't be read: {error}"));
    let items: Vec<PemItem<'_>> = parse_pem(pem.as_bytes()).collect::<Result<_, _>>().map_err(refused)?;
    let certificates: Vec<_> = items
        .into_iter()
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    Ok(RootCerts::new_with_certs(&certificates))
}

fn unsent(error: &ureq::Error) -> Unsent {
    match error {
        ureq::Error::Other(other) if other.is::<super::guard::Private>() => {
            Unsent::Private(other.to_string())
        }
        // These say the URL.
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => Unsent::Refused("the URL can't be called".into()),
        other => Unsent::Silent(format!("no answer: {other}")),
    }
}

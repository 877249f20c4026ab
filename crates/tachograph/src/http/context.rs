//! Where a request came from, for events that say nothing of it: the peer's address, or what a trusted proxy says it
//! was, and the program's name for itself. `docs/guide/http.md` says which events get it.

use super::connections::Peer;
use axum::extract::MatchedPath;
use axum::http::{Extensions, HeaderMap, header};
use std::net::IpAddr;
use std::str::FromStr;
use tacho_ingest::request;

/// Addresses in a proxy's header that are looked at; a longer list is somebody's joke.
const HOPS_MAX: usize = 32;
/// A program's name for itself is kept up to this length, bytes.
const USER_AGENT_BYTES_MAX: usize = 512;
/// Content types of bodies that are lists, whatever is in them.
const LINES: &[&[u8]] = &[b"application/x-ndjson", b"application/jsonl", b"application/stream+json"];

/// Which events get the request's address and user agent, and whom to believe about it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub context: Whose,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<Network>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Whose {
    /// No event.
    Off,
    /// Those that name no user: an application that reports what its users do is not where they are.
    #[default]
    Own,
    /// Every event that comes alone.
    All,
}

/// An address, or all that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Network(u128, u32);

/// IPv4 in the form that IPv6 has for it, so that both are one kind.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        let Network(start, length) = self;
        length == 0 || (start ^ bits(address)) >> (128 - length) == 0
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong =
            || format!("\"{text}\" is no address or network: expected 10.1.2.3, 10.0.0.0/8 or fd00::/8");
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(whole), str::parse).map_err(|_| wrong())?;
        if length > whole {
            return Err(wrong());
        }
        Ok(Network(bits(address), 128 - whole + length))
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Network, String> {
        text.parse()
    }
}

/// What is known of a request's origin.
#[derive(Debug, Default)]
pub(super) struct Origin {
    ip: Option<String>,
    user_agent: Option<String>,
    of_users: bool,
}

impl Origin {
    pub(super) fn context(&self) -> Option<request::Context<'_>> {
        let (ip, user_agent) = (self.ip.as_deref(), self.user_agent.as_deref());
        let known = ip.is_some() || user_agent.is_some();
        known.then_some(request::Context { ip, user_agent, of_users: self.of_users })
    }
}

impl Config {
    /// The origin of a request that brings one event; of one that is said to bring lines, none: a shipper's last batch
    /// may be of one.
    pub(super) fn origin(&self, extensions: &Extensions, headers: &HeaderMap, body: &[u8]) -> Origin {
        let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
        let path = extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let brings_lines = LINES.iter().any(|lines| kind.starts_with(lines)) || path.starts_with("/insert/");
        if self.context == Whose::Off || brings_lines || !request::is_alone(body) {
            return Origin::default();
        }
        let peer = extensions.get::<Peer>().map(|peer| peer.0);
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let user_agent = text(header::USER_AGENT).filter(|name| !name.is_empty());
        Origin {
            ip: peer.map(|peer| self.client(peer, headers).to_canonical().to_string()),
            user_agent: user_agent
                .map(|name| name[..name.floor_char_boundary(USER_AGENT_BYTES_MAX)].to_owned()),
            of_users: self.context == Whose::All,
        }
    }

    /// The address behind trusted proxies: from the last to the first, as far as each is believed.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_trusted = |address: IpAddr| self.trusted_proxies.iter().any(|network| network.holds(address));
        let said = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = said.flat_map(|value| value.split(',')).map(str::trim).collect();
        let mut client = peer;
        for hop in hops.iter().rev().take(HOPS_MAX) {
            let Some(before) = address_of(hop).filter(|_| is_trusted(client)) else { break };
            client = before;
        }
        client
    }
}

/// An address, also with a port or in brackets.
fn address_of(hop: &str) -> Option<IpAddr> {
    let plain = hop.trim_start_matches('[').split(']').next().unwrap_or_default();
    plain.parse().ok().or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    fn origin(
        config: &Config,
        peer: &str,
        headers: &[(&'static str, &str)],
    ) -> (Option<String>, Option<String>) {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().unwrap()));
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let Origin { ip, user_agent, .. } = config.origin(&extensions, &headers, b"{}");
        (ip, user_agent)
    }

    #[test]
    fn a_forwarded_address_is_believed_from_trusted_proxies_only() {
        let trusting = config("trusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\", \"127.0.0.1\"]");
        let ip = |peer: &str, forwarded: &str| {
            origin(&trusting, peer, &[("x-forwarded-for", forwarded)]).0.unwrap()
        };
        for (peer, forwarded, want) in [
            ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
            ("10.1.1.1", "198.51.100.9", "198.51.100.9"),
            ("10.1.1.1", "6.6.6.6, 198.51.100.9", "198.51.100.9"),
            ("10.1.1.1", "198.51.100.9, 10.2.2.2", "198.51.100.9"),
            ("fd00::1", "[2001:db8::7]:443", "2001:db8::7"),
            ("127.0.0.1", "198.51.100.9:1234", "198.51.100.9"),
            ("::ffff:10.1.1.1", "198.51.100.9", "198.51.100.9"),
            ("10.1.1.1", "unknown", "10.1.1.1"),
            ("10.1.1.1", "", "10.1.1.1"),
        ] {
            assert_eq!(ip(peer, forwarded), want, "{peer} {forwarded}");
        }
        assert_eq!(
            origin(&Config::default(), "127.0.0.1", &[("x-forwarded-for", "1.1.1.1")]).0.unwrap(),
            "127.0.0.1"
        );
    }

    #[test]
    fn networks_are_addresses_with_a_length() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "a.example", "10.0.0.0/x"] {
            assert!(text.parse::<Network>().unwrap_err().contains("expected 10.1.2.3"), "{text}");
        }
        let all: Network = "::/0".parse().unwrap();
        assert!(all.holds("1.2.3.4".parse().unwrap()));
        let four: Network = "0.0.0.0/0".parse().unwrap();
        assert!(four.holds("1.2.3.4".parse().unwrap()) && !four.holds("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn lines_and_a_switch_leave_events_alone() {
        let named = [("user-agent", "curl/8")];
        assert_eq!(
            origin(&Config::default(), "192.0.2.1", &named),
            (Some("192.0.2.1".into()), Some("curl/8".into()))
        );
        let lines = [named[0], ("content-type", "application/x-ndjson")];
        assert_eq!(origin(&Config::default(), "192.0.2.1", &lines), (None, None));
        assert_eq!(origin(&config("context = \"off\""), "192.0.2.1", &named), (None, None));
        assert!(toml::from_str::<Config>("context = \"some\"").is_err());
    }
}

//! Which addresses may be called: public ones, and those that the configuration names.
//!
//! Whoever may write a routing file could otherwise reach what only this machine reaches: databases, administration
//! pages, the cloud's metadata service. Names are looked up first and the address is judged, not the name.

use std::fmt::{Display, Formatter};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

const CONNECT_TIME: Duration = Duration::from_secs(5);
const WHOLE_TIME: Duration = Duration::from_secs(20);

/// Says no to addresses; holds the HTTP client whose every look-up it judges.
#[derive(Debug)]
pub(crate) struct Guard {
    allowed: Allowed,
    pub(super) agent: ureq::Agent,
}

/// What the configuration lets through beside public addresses.
#[derive(Debug, Clone, Default)]
struct Allowed {
    all: bool,
    /// Names, in lower case.
    hosts: Vec<String>,
    networks: Vec<(u128, u32)>,
}

impl Guard {
    /// `allowed`: names of hosts, addresses, networks such as `10.0.0.0/8`, or `*` for all.
    pub(crate) fn new(allowed: &[String]) -> Guard {
        let mut found = Allowed::default();
        for text in allowed.iter().map(|text| text.trim().to_ascii_lowercase()) {
            match network(&text) {
                _ if text == "*" => found.all = true,
                Some(network) => found.networks.push(network),
                None => found.hosts.push(text),
            }
        }
        Guard { agent: agent(&found, None), allowed: found }
    }

    /// A client that believes these certificates and no others.
    pub(super) fn believing(&self, roots: RootCerts) -> ureq::Agent {
        agent(&self.allowed, Some(roots))
    }

    /// The addresses of a host that may be connected to.
    ///
    /// # Errors
    /// When none of those that were found may be.
    pub(super) fn only(&self, host: &str, found: &[SocketAddr]) -> Result<Vec<SocketAddr>, Private> {
        self.allowed.only(host, found.iter().copied())
    }
}

fn agent(allowed: &Allowed, roots: Option<RootCerts>) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A proxy would look names up by itself.
        .proxy(None)
        .timeout_connect(Some(CONNECT_TIME))
        .timeout_global(Some(WHOLE_TIME))
        .user_agent(concat!("tachograph/", env!("CARGO_PKG_VERSION")));
    if let Some(roots) = roots {
        config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    let lookup = Lookup { allowed: allowed.clone(), inner: DefaultResolver::default() };
    ureq::Agent::with_parts(config.build(), DefaultConnector::default(), lookup)
}

impl Allowed {
    fn only(&self, host: &str, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Private> {
        let (mut good, mut first) = (Vec::new(), None);
        for address in found {
            match self.lets(host, address.ip()) {
                true => good.push(address),
                false => first = first.or(Some(address.ip())),
            }
        }
        match first {
            Some(address) if good.is_empty() => Err(Private { host: host.to_string(), address }),
            _ => Ok(good),
        }
    }

    fn lets(&self, host: &str, address: IpAddr) -> bool {
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let within = |(start, length): &(u128, u32)| holds(*start, *length, address);
        self.all || self.hosts.contains(&host) || self.networks.iter().any(within) || is_public(address)
    }
}

/// An address that is not public, and that nobody has allowed.
#[derive(Debug)]
pub(super) struct Private {
    host: String,
    address: IpAddr,
}

impl Display for Private {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Private { host, address } = self;
        let host = host.trim_matches(['[', ']']);
        match host.parse() == Ok(*address) {
            true => write!(f, "{host} is no public address")?,
            false => write!(f, "{host} is at {address}, which is no public address")?,
        }
        write!(f, "; if that is meant, set allow_private = [\"{host}\"] under [alerts] in config.toml")
    }
}

impl std::error::Error for Private {}

/// Looks names up for the HTTP client; what it returns is what is connected to.
#[derive(Debug)]
struct Lookup {
    allowed: Allowed,
    inner: DefaultResolver,
}

impl Resolver for Lookup {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let host = uri.host().unwrap_or_default();
        let good = self.allowed.only(host, found.iter().copied());
        let mut out = self.empty();
        good.map_err(|private| ureq::Error::Other(Box::new(private)))?
            .into_iter()
            .for_each(|at| out.push(at));
        Ok(out)
    }
}

/// IPv4 in the form that IPv6 has for it, so that both are one kind.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn holds(start: u128, length: u32, address: IpAddr) -> bool {
    length == 0 || (start ^ bits(address)) >> (128 - length) == 0
}

fn network(text: &str) -> Option<(u128, u32)> {
    let (address, length) =
        text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let length: u32 = length.map_or(Some(whole), |length| length.parse().ok())?;
    (length <= whole).then(|| (bits(address), 128 - whole + length))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Public by IANA's registry of special addresses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || a >= 224;
    !special
}

/// Global unicast only, and what holds an IPv4 address as that address.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let parts = address.segments();
    let last = |at: usize| Ipv4Addr::from((u32::from(parts[at]) << 16) | u32::from(parts[at + 1]));
    match parts {
        // Translation to IPv4, and 6to4.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(last(6)),
        [0x2002, ..] => is_public_v4(last(1)),
        [0x2001, 0x0db8, ..] => false,
        // Teredo, ORCHID and others.
        [0x2001, second, ..] if second < 0x200 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets(allowed: &[&str], host: &str, address: &str) -> bool {
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let address = SocketAddr::new(address.parse().unwrap(), 443);
        Guard::new(&allowed).only(host, &[address]).is_ok()
    }

    #[test]
    fn only_public_addresses_are_called() {
        let inside = "127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0.0.0.0 \
                      100.64.0.1 192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 240.0.0.1 \
                      255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 fe80::1 fc00::1 fd00:ec2::254 fec0::1 \
                      ff02::1 64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1:: 2001::1 2001:db8::1 100::1 ::127.0.0.1 3fff::1";
        for address in inside.split_whitespace() {
            assert!(!lets(&[], "x.example", address), "{address}");
            assert!(lets(&["*"], "x.example", address), "{address}");
        }
        for address in
            ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
        {
            assert!(lets(&[], "x.example", address), "{address}");
        }
    }

    #[test]
    fn what_is_allowed_is_a_host_an_address_or_a_network() {
        assert!(lets(&["10.0.0.0/8"], "x.example", "10.200.0.1"));
        assert!(lets(&["10.0.0.0/8"], "x.example", "::ffff:10.200.0.1"));
        assert!(!lets(&["10.0.0.0/8"], "x.example", "192.168.0.1"));
        assert!(lets(&["Mail.Internal"], "mail.internal", "10.0.0.1"));
        assert!(!lets(&["mail.internal"], "mail.internal.example", "10.0.0.1"));
        assert!(lets(&["::1"], "[::1]", "::1"));
        assert!(!lets(&["10.0.0.0/33"], "x.example", "10.0.0.1"));
    }

    #[test]
    fn of_several_addresses_those_that_are_public_stay() {
        let both = ["10.0.0.1:25", "8.8.8.8:25"].map(|text| text.parse().unwrap());
        assert_eq!(Guard::new(&[]).only("x", &both).unwrap(), [both[1]]);
        let why = Guard::new(&[]).only("x", &both[..1]).unwrap_err().to_string();
        let how = "if that is meant, set allow_private = [\"x\"] under [alerts] in config.toml";
        assert_eq!(why, format!("x is at 10.0.0.1, which is no public address; {how}"));
        let literal = Guard::new(&[]).only("[::1]", &["[::1]:25".parse().unwrap()]).unwrap_err().to_string();
        assert!(
            literal.starts_with("::1 is no public address; ") && literal.contains("[\"::1\"]"),
            "{literal}"
        );
    }
}

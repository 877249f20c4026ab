//! The server's address: as it is given, as events are posted to it, and as the name of a spool. Pure.

/// The address that events are posted to: what names no path gets the server's.
pub fn endpoint(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    if has_path { url } else { format!("{url}/v1/events") }
}

/// An address as people give it, if events can be sent there.
///
/// # Errors
/// What is wrong with it.
pub fn check_url(url: &str) -> Result<(), String> {
    let told = |why: &str| format!("{url:?} {why}; expected one like https://recorder.example.com");
    if url.trim().trim_end_matches('/').ends_with(':') {
        return Err(told("names no host"));
    }
    let uri: ureq::http::Uri = endpoint(url).parse().map_err(|_| told("is no address"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(()),
        (Some("http" | "https"), _) => Err(told("names no host")),
        _ => Err(told("is not of http or https")),
    }
}

/// A folder's name for an address: readable, and no two addresses share it.
pub(super) fn spool_name(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
    let host: String = host.chars().take(80).map(plain).collect();
    format!("{host}-{:08x}", crc32fast::hash(url.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_addresses_never_share_a_spool() {
        let names: std::collections::HashSet<_> = [
            "http://a:1/v1/events",
            "http://a:2/v1/events",
            "https://a:1/v1/events",
            "http://a:1/log",
            "http://../x",
        ]
        .map(spool_name)
        .into();
        assert_eq!(names.len(), 5);
        assert!(
            names.iter().all(|name| !name.contains('/') && !name.starts_with('.') || name.starts_with("..-"))
        );
    }

    #[test]
    fn what_nothing_can_be_sent_to_is_no_address() {
        for good in ["localhost:7420", "https://r.example.com/audit/log", "http://[::1]:7420", "recorder"] {
            assert_eq!(check_url(good), Ok(()));
        }
        for (bad, why) in [
            ("ftp://x", "not of http"),
            ("https://r.example/x'; rm -rf y #", "no address"),
            ("http://", "no host"),
            ("", "no address"),
            ("http:///log", "no address"),
        ] {
            let error = check_url(bad).unwrap_err();
            assert!(error.contains(why) && error.contains(bad), "{error}");
        }
    }

    #[test]
    fn an_address_without_a_path_gets_the_servers() {
        for (given, want) in [
            ("localhost:7420", "http://localhost:7420/v1/events"),
            ("https://r.example.com/", "https://r.example.com/v1/events"),
            ("https://r.example.com/audit/log", "https://r.example.com/audit/log"),
        ] {
            assert_eq!(endpoint(given), want);
        }
    }
}

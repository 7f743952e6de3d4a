//! Hosts that plans may call, and those that drills may.

use std::fmt;

use reqwest::Url;

/// A host with its port, as it is compared: lower case, punycode, the port always there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host {
    name: String,
    port: u16,
}

impl Host {
    /// Returns the host a URL leads to; `None` where it leads to none.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let name = url.host_str()?.trim_end_matches('.').to_owned();
        Some(Self { name, port: url.port_or_known_default()? })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.port)
    }
}

/// An allow-list of hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<(String, Option<u16>)>);

impl Hosts {
    /// Makes a list of names or addresses, each with its only port or any. A name that is none
    /// allows nothing.
    #[must_use]
    pub fn new<S: AsRef<str>>(entries: impl IntoIterator<Item = (S, Option<u16>)>) -> Self {
        let entries = entries.into_iter();
        Self(entries.filter_map(|(name, port)| Some((normal(name.as_ref())?, port))).collect())
    }

    /// Tells whether a host is on the list.
    #[must_use]
    pub fn allow(&self, host: &Host) -> bool {
        self.0.iter().any(|(name, port)| host.name == *name && port.is_none_or(|p| p == host.port))
    }
}

/// Writes a name as the URL parser does, so that both sides of a comparison are normalised alike.
fn normal(name: &str) -> Option<String> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let written = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
    let url = Url::parse(&format!("https://{written}/")).ok()?;
    let alone = url.path() == "/" && url.username().is_empty() && url.query().is_none();
    let name = url.host_str().filter(|_| alone)?;
    Some(name.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(url: &str) -> Host {
        Host::of(&Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn a_listed_host_is_allowed_however_it_is_written() {
        let hosts =
            Hosts::new([("ops.example", None), ("API.example", Some(8443)), ("客服.中国", None)]);
        for url in [
            "https://ops.example/failover",
            "http://OPS.example:9000/",
            "https://ops.example./",
            "https://api.example:8443/",
            "https://客服.中国/",
        ] {
            assert!(hosts.allow(&host(url)), "{url}");
        }
        for url in [
            "https://ops.example.evil.example/",
            "https://xops.example/",
            "https://a.ops.example/",
            "https://api.example/",
            "https://ops.example@evil.example/",
        ] {
            assert!(!hosts.allow(&host(url)), "{url}");
        }
    }

    #[test]
    fn default_ports_and_numbers_are_hosts_too() {
        let hosts =
            Hosts::new([("ops.example", Some(443)), ("127.0.0.1", Some(8080)), ("::1", None)]);
        assert!(hosts.allow(&host("https://ops.example/")));
        assert!(!hosts.allow(&host("http://ops.example/")));
        assert!(hosts.allow(&host("http://127.0.0.1:8080/")));
        assert!(hosts.allow(&host("http://2130706433:8080/")));
        assert!(hosts.allow(&host("http://[::1]:99/")));
    }

    #[test]
    fn what_is_no_host_allows_nothing() {
        for entry in ["", "https://ops.example", "ops.example/path", "a@ops.example", "*", "a b"] {
            assert!(!Hosts::new([(entry, None)]).allow(&host("https://ops.example/")), "{entry}");
        }
        assert!(!Hosts::default().allow(&host("https://ops.example/")));
    }
}

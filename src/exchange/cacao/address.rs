//! Where a request goes: the addresses that the standard writes on targets and actors, as the part of
//! a URL before its path. It must not know what is sent.

use crate::playbook::yaml::Node;

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Scheme and host, with a path where the standard names one.
    pub(super) base: String,
    /// Further addresses of the same system, of which a plan has no use.
    pub(super) others: Vec<String>,
}

/// The kinds of addresses that a request can go to, the most telling first.
const KINDS: [&str; 4] = ["url", "dname", "ipv4", "ipv6"];

/// Reads the addresses of a target or an actor; `None` where a request cannot go to any.
pub(super) fn of(system: &Node) -> Option<Address> {
    let port = system.get("port").and_then(Node::as_str).map(str::trim).unwrap_or_default();
    let address = system.get("address")?;
    let said = KINDS.iter().flat_map(|kind| {
        let list = address.get(kind).and_then(Node::as_list).unwrap_or_default();
        list.iter().filter_map(Node::as_str).filter_map(|said| base(kind, said.trim(), port))
    });
    let mut said = said.collect::<Vec<_>>().into_iter();
    Some(Address { base: said.next()?, others: said.collect() })
}

fn base(kind: &str, said: &str, port: &str) -> Option<String> {
    if said.is_empty() || said.contains(char::is_whitespace) {
        return None;
    }
    match kind {
        "url" if is_absolute(said) => Some(said.to_owned()),
        // An address without a scheme is a host.
        "url" if !said.contains("://") => Some(with_port(said, port)),
        "url" => None,
        "ipv6" => Some(with_port(&format!("[{}]", said.trim_matches(['[', ']'])), port)),
        _ => Some(with_port(said, port)),
    }
}

/// Chooses the scheme by the port. Without one it is https: the standard's 80 is a default for
/// those who write none, and nothing secret should leave in the clear because of it.
fn with_port(host: &str, port: &str) -> String {
    match port {
        "" | "443" => format!("https://{host}"),
        "80" => format!("http://{host}"),
        other => format!("https://{host}:{other}"),
    }
}

/// Tells whether an address says everything: its scheme and its host.
pub(super) fn is_absolute(said: &str) -> bool {
    let lower = said.get(..8).unwrap_or(said).to_ascii_lowercase();
    let host = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    host.is_some() && said.len() > lower.find("://").map_or(0, |at| at + 3)
}

/// Puts a path behind the place where requests go.
pub(super) fn join(base: &str, path: &str) -> String {
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{}{slash}{path}", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::yaml::Node;

    fn system(kind: &str, said: &[&str], port: Option<&str>) -> Node {
        let list = Node::list_of(said.iter().map(|said| Node::text_of(*said)));
        let mut entries = vec![("address", Node::map_of([(kind, list)]))];
        entries.extend(port.map(|port| ("port", Node::text_of(port))));
        Node::map_of(entries)
    }

    #[test]
    fn every_kind_of_address_and_port_becomes_the_head_of_a_url() {
        for (kind, said, port, wanted) in [
            ("url", "https://fw.example/api", Some("8443"), "https://fw.example/api"),
            ("url", "HTTP://fw.example", None, "HTTP://fw.example"),
            ("url", "fw.example", None, "https://fw.example"),
            ("dname", "fw.example", None, "https://fw.example"),
            ("dname", "fw.example", Some("443"), "https://fw.example"),
            ("dname", "fw.example", Some("80"), "http://fw.example"),
            ("ipv4", "192.0.2.7", Some("8443"), "https://192.0.2.7:8443"),
            ("ipv6", "2001:db8::7", Some("8443"), "https://[2001:db8::7]:8443"),
        ] {
            let found = of(&system(kind, &[said], port)).map(|address| address.base);
            assert_eq!(found.as_deref(), Some(wanted), "{kind} {said} {port:?}");
        }
        for (kind, said) in [("url", "ftp://x.example"), ("vlan", "7"), ("dname", "")] {
            assert_eq!(of(&system(kind, &[said], None)), None, "{kind} {said}");
        }
        let two = of(&system("dname", &["a.example", "b.example"], None)).unwrap();
        assert_eq!(two.others, ["https://b.example"]);
        assert_eq!(join("https://a.example/", "v1"), "https://a.example/v1");
        assert!(is_absolute("https://a") && !is_absolute("https://") && !is_absolute("/https://a"));
    }
}

//! Which network addresses messages may be sent to, pure. A webhook's address is often typed by
//! many hands; none of them may make firebell call the machine's own services or a cloud's
//! metadata endpoint.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The open Internet.
    Public,
    /// Loopback or a private network: only where the configuration allows it.
    Private,
    /// Never: metadata services, link-local, multicast, reserved.
    Forbidden,
}

/// Tells whether an address may be called.
#[must_use]
pub fn may_call(address: IpAddr, allow_private: bool) -> bool {
    match reach(address) {
        Reach::Public => true,
        Reach::Private => allow_private,
        Reach::Forbidden => false,
    }
}

/// Classifies an address by the IANA special-purpose registries (RFC 6890 and updates).
#[must_use]
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

/// The metadata services that live in otherwise private ranges: Alibaba Cloud and, over IPv6, AWS.
const METADATA_V4: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        _ if address == METADATA_V4 => Reach::Forbidden,
        [10 | 127, ..]
        | [100, 64..=127, ..]
        | [172, 16..=31, ..]
        | [192, 168, ..]
        | [198, 18..=19, ..] => Reach::Private,
        // "This network", link-local with its metadata services, protocol assignments, the
        // documentation nets, the 6to4 relay, multicast, reserved, broadcast.
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Reach::Forbidden,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let low = |a: u16, b: u16| {
        let [a, b, c, d] = [(a >> 8) as u8, a as u8, (b >> 8) as u8, b as u8];
        reach_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        _ if address == METADATA_V6 => Reach::Forbidden,
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private,
        // An IPv4 address in disguise counts as that address: mapped, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] | [0x2002, a, b, ..] => {
            low(a, b)
        }
        [0xfc00..=0xfdff, ..] => Reach::Private,
        // Protocol assignments with Teredo, documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Forbidden,
        [0x2000..=0x3fff, ..] => Reach::Public,
        // Everything outside global unicast: unspecified, link-local, site-local, multicast, …
        _ => Reach::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Reach {
        reach(address.parse().unwrap())
    }

    #[test]
    fn the_open_internet_may_be_called() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "198.17.0.1",
            "223.5.5.5",
            "2606:4700::1111",
            "2400:3200::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert_eq!(of(address), Reach::Public, "{address}");
        }
    }

    #[test]
    fn private_networks_need_permission() {
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "198.18.0.1",
            "::1",
            "fc00::1",
            "fd12::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ] {
            assert_eq!(of(address), Reach::Private, "{address}");
            assert!(!may_call(address.parse().unwrap(), false), "{address}");
            assert!(may_call(address.parse().unwrap(), true), "{address}");
        }
    }

    #[test]
    fn metadata_and_reserved_addresses_are_never_called() {
        for address in [
            "169.254.169.254",
            "100.100.100.200",
            "fd00:ec2::254",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.9",
            "::",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "64:ff9b:1::1",
            "::ffff:169.254.169.254",
            "::7f00:1",
        ] {
            assert_eq!(of(address), Reach::Forbidden, "{address}");
            assert!(!may_call(address.parse().unwrap(), true), "{address}");
        }
    }
}

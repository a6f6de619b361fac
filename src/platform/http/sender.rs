//! Where a request comes from.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};

/// What a proxy adds: the addresses a request came over, the last being the one that it saw itself.
const FORWARDED: &str = "x-forwarded-for";

/// The other end of a connection, and the proxies whose word is taken for who stands behind them.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// The other end.
    pub(super) address: IpAddr,
    /// Proxies of this platform.
    pub(super) proxies: Arc<[IpAddr]>,
}

/// Whom a request counts for: an address, of version 6 the network of 64 bits that one customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sender(IpAddr);

impl Sender {
    /// The sender at an address.
    pub(super) fn at(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(six) => {
                let [a, b, c, d, ..] = six.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            four @ IpAddr::V4(_) => four,
        })
    }

    fn behind(peer: &Peer, headers: &HeaderMap) -> Self {
        let address = peer.address.to_canonical();
        if !peer.proxies.contains(&address) {
            return Self::at(address);
        }
        let last = headers.get_all(FORWARDED).iter().next_back();
        let last = last.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        Self::at(last.and_then(|text| text.trim().parse().ok()).unwrap_or(address))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // Without a connection there is nobody to tell apart.
        let nobody = Self::at(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(parts.extensions.get::<Peer>().map_or(nobody, |peer| Self::behind(peer, &parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(peer: &str, forwarded: &[&str]) -> Sender {
        let proxies = Arc::new(["10.0.0.1".parse().unwrap()]);
        let peer = Peer { address: peer.parse().unwrap(), proxies };
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        Sender::behind(&peer, &headers)
    }

    fn at(address: &str) -> Sender {
        Sender(address.parse().unwrap())
    }

    #[test]
    fn only_a_proxy_speaks_for_others_and_only_for_the_one_it_saw() {
        assert_eq!(sender("203.0.113.9", &["198.51.100.1"]), at("203.0.113.9"));
        assert_eq!(sender("10.0.0.1", &["198.51.100.1"]), at("198.51.100.1"));
        assert_eq!(sender("::ffff:10.0.0.1", &["198.51.100.1"]), at("198.51.100.1"));
        assert_eq!(sender("10.0.0.1", &["1.1.1.1, 198.51.100.1"]), at("198.51.100.1"));
        assert_eq!(sender("10.0.0.1", &["1.1.1.1", "198.51.100.1"]), at("198.51.100.1"));
        assert_eq!(sender("10.0.0.1", &["nonsense"]), at("10.0.0.1"));
        assert_eq!(sender("10.0.0.1", &[]), at("10.0.0.1"));
    }

    #[test]
    fn a_network_of_64_bits_is_one_sender() {
        let one = sender("2001:db8:1:2::1", &[]);
        assert_eq!(sender("2001:db8:1:2:ffff::9", &[]), one);
        assert_ne!(sender("2001:db8:1:3::1", &[]), one);
    }
}

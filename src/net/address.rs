//! Which addresses a terminal talks to: TLS everywhere, plain HTTP to this very machine only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;

use super::TransportError;

/// An address that may be used.
pub(super) struct Address {
    /// Where paths are appended.
    pub(super) base: Url,
    /// Whether it is this very machine, without TLS.
    pub(super) plain: bool,
}

impl Address {
    /// Reads an address. Private networks are networks: in a shop, guests are on them too.
    pub(super) fn parse(text: &str) -> Result<Self, TransportError> {
        let wrong = |why: &str| TransportError::Address(why.to_owned());
        let base = Url::parse(text).map_err(|error| TransportError::Address(error.to_string()))?;
        let nameless = base.username().is_empty() && base.password().is_none();
        if !nameless || base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("it is a host and a path, and nothing else"));
        }
        match base.scheme() {
            "https" => Ok(Self { base, plain: false }),
            "http" if is_this_machine(&base) => Ok(Self { base, plain: true }),
            "http" => Err(wrong("it must begin with https://; http:// is for this machine only")),
            _other => Err(wrong("it must begin with https://")),
        }
    }

    /// Where `localhost` is, whatever a name server says.
    pub(super) fn localhost(&self) -> [SocketAddr; 2] {
        let port = self.base.port_or_known_default().unwrap_or(0);
        [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            .map(|host| SocketAddr::new(host, port))
    }
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || number.is_ok_and(|number| number.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in [
            "http://127.0.0.1:8080",
            "http://localhost:8080",
            "http://[::1]:8080/base",
            "http://127.0.0.2",
        ] {
            assert!(Address::parse(good).is_ok_and(|address| address.plain), "{good}");
        }
        for bad in [
            "http://10.0.0.1",
            "http://192.168.1.10:8080",
            "http://172.16.0.1",
            "http://169.254.1.1",
            "http://[fe80::1]",
            "http://[fd00::1]",
            "http://[::ffff:127.0.0.1]",
            "http://0.0.0.0:8080",
            "http://platform.local",
            "http://localhost.",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1@evil.example",
            "http://evil.example#127.0.0.1",
            "http://platform.example",
            "ftp://platform.example",
            "file:///etc/passwd",
            "platform.example",
            "",
        ] {
            assert!(matches!(Address::parse(bad), Err(TransportError::Address(_))), "{bad}");
        }
    }

    #[test]
    fn tls_goes_anywhere_but_carries_no_password() {
        for good in ["https://platform.example", "https://10.0.0.1:8443/shop"] {
            assert!(Address::parse(good).is_ok_and(|address| !address.plain), "{good}");
        }
        for bad in ["https://a:b@platform.example", "https://platform.example/?x=1"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }
}

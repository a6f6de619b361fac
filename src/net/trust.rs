//! Whom a terminal takes for the platform's server.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    client::{Resumption, WebPkiServerVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::{
    times::Times,
    verifier::{Judge, Verifier},
};
use crate::domain::id::Hash;

/// Whose word is taken for who the platform's server is.
///
/// TLS hides who redeems what; that an answer is the platform's is proven by its signature alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerTrust {
    /// The authorities that this machine trusts.
    System,
    /// These authorities and no other.
    Authorities(Vec<CertificateDer<'static>>),
    /// The keys with these hashes: the server's own, or that of an authority whose certificate it sends along.
    Pins(Vec<Hash>),
}

impl ServerTrust {
    /// The authorities of a file in PEM format.
    pub fn from_pem(text: &[u8]) -> Result<Self, TrustError> {
        let read = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>();
        let certificates = read.map_err(|error| TrustError::NotPem(error.to_string()))?;
        if certificates.is_empty() {
            return Err(TrustError::NoCertificate);
        }
        root_store(&certificates).map(|_store| Self::Authorities(certificates))
    }

    /// TLS 1.2 or 1.3 to a server that this trusts.
    pub(super) fn config(&self, times: Times) -> Result<ClientConfig, TrustError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier::new(self.judge(&provider)?, times.clone(), &provider);
        let mut config = ClientConfig::builder_with_details(provider, Arc::new(times))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        // A session that is taken up again would not be judged again.
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    fn judge(&self, provider: &Arc<CryptoProvider>) -> Result<Judge, TrustError> {
        let provider = Arc::clone(provider);
        Ok(match self {
            Self::System => {
                Judge::Whole(Arc::new(rustls_platform_verifier::Verifier::new(provider)?))
            }
            Self::Authorities(certificates) => {
                let roots = Arc::new(root_store(certificates)?);
                let builder = WebPkiServerVerifier::builder_with_provider(roots, provider);
                let verifier =
                    builder.build().map_err(|error| TrustError::NotUsable(error.to_string()))?;
                Judge::Whole(verifier)
            }
            Self::Pins(pins) => Judge::Pins(pins.clone()),
        })
    }
}

fn root_store(certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, TrustError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates {
        store.add(certificate.clone())?;
    }
    Ok(store)
}

/// Why what was given cannot tell who the server is.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not in PEM format.
    #[error("the file is not in PEM format: {0}")]
    NotPem(String),
    /// PEM, and no certificate in it.
    #[error("there is no certificate in the file")]
    NoCertificate,
    /// Certificates that cannot be relied on.
    #[error("the certificates cannot be used: {0}")]
    NotUsable(String),
}

impl From<rustls::Error> for TrustError {
    fn from(error: rustls::Error) -> Self {
        Self::NotUsable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_named() {
        for (text, expected) in [
            ("", "there is no certificate"),
            ("dear landlord", "there is no certificate"),
            ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "not in PEM format"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"),
        ] {
            let error = ServerTrust::from_pem(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}

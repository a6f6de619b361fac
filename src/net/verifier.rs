//! Judges a server's certificate: by authorities or by pinned keys, and at a time that a broken clock does not decide.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::times::{Times, from_unix, to_unix};
use crate::domain::{crypto::hash, id::Hash, time::Timestamp};

/// More certificates than any chain has whose dates may each move the time on.
const CHAIN_MAX: usize = 8;

/// Who says whether a chain of certificates is the server's.
#[derive(Debug)]
pub(super) enum Judge {
    /// Authorities.
    Whole(Arc<dyn ServerCertVerifier>),
    /// The hashes of public keys (SHA-256 of the `SubjectPublicKeyInfo`).
    Pins(Vec<Hash>),
}

#[derive(Debug)]
pub(super) struct Verifier {
    judge: Judge,
    times: Times,
    provider: Arc<CryptoProvider>,
}

/// What a server showed.
struct Shown<'a> {
    own: &'a CertificateDer<'a>,
    others: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
    ocsp: &'a [u8],
}

impl Verifier {
    pub(super) fn new(judge: Judge, times: Times, provider: &Arc<CryptoProvider>) -> Self {
        Self { judge, times, provider: Arc::clone(provider) }
    }

    fn verify_at(&self, shown: &Shown<'_>, time: Timestamp) -> Result<ServerCertVerified, Error> {
        let Shown { own, others, name, ocsp } = shown;
        match &self.judge {
            Judge::Whole(judge) => judge.verify_server_cert(own, others, name, ocsp, to_unix(time)),
            Judge::Pins(pins) => self.verify_pinned(shown, pins, to_unix(time)),
        }
    }

    /// The server's own key is enough: that it holds it, the handshake proves. A pinned authority must have signed the
    /// server's certificate as authorities do.
    fn verify_pinned(
        &self,
        shown: &Shown<'_>,
        pins: &[Hash],
        time: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if is_pinned(shown.own, pins) {
            return Ok(ServerCertVerified::assertion());
        }
        let mut roots = RootCertStore::empty();
        for authority in shown.others.iter().filter(|other| is_pinned(other, pins)) {
            roots.add(authority.clone().into_owned())?;
        }
        if roots.is_empty() {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        let provider = Arc::clone(&self.provider);
        let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let judge = judge.map_err(|error| Error::General(error.to_string()))?;
        judge.verify_server_cert(shown.own, shown.others, shown.name, shown.ocsp, time)
    }

    /// Looks for a time that it may be and at which the chain is valid. The true time is not before what is proven, and not
    /// after the wall clock, unless that stands.
    ///
    /// An expired certificate that was valid at the proven time passes until the next signed reply proves a later one.
    fn verify_in_time(&self, shown: &Shown<'_>) -> Result<ServerCertVerified, Error> {
        let refused = match self.verify_at(shown, self.times.latest()) {
            Err(error) if is_about_dates(&error) => error,
            judged => return judged,
        };
        let Some(mut time) = self.times.proven() else {
            return Err(refused);
        };
        for _ in 0..CHAIN_MAX {
            let later = match self.verify_at(shown, time) {
                Err(error) => begins(&error).filter(|begin| *begin > time),
                valid @ Ok(_) => return valid,
            };
            let Some(later) = later.filter(|later| *later <= self.times.until()) else {
                break;
            };
            time = later;
        }
        Err(refused)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify_in_time(&Shown {
            own: end_entity,
            others: intermediates,
            name: server_name,
            ocsp: ocsp_response,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_pinned(certificate: &CertificateDer<'_>, pins: &[Hash]) -> bool {
    let parsed = ParsedCertificate::try_from(certificate);
    parsed.is_ok_and(|parsed| pins.contains(&hash(&parsed.subject_public_key_info())))
}

fn is_about_dates(error: &Error) -> bool {
    use CertificateError as E;
    matches!(
        error,
        Error::InvalidCertificate(
            E::Expired | E::ExpiredContext { .. } | E::NotValidYet | E::NotValidYetContext { .. }
        )
    )
}

/// When a certificate begins that is not valid yet.
fn begins(error: &Error) -> Option<Timestamp> {
    let Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) = error
    else {
        return None;
    };
    Some(from_unix(*not_before))
}

/// Why a server was not taken for the platform's, as far as certificates are to blame.
pub(super) fn reason(error: &Error, clock: Timestamp) -> Option<String> {
    use CertificateError as E;
    let Error::InvalidCertificate(why) = error else {
        return None;
    };
    let is = |all: &[E]| {
        all.iter().any(|one| std::mem::discriminant(one) == std::mem::discriminant(why))
    };
    let dated = matches!(why, E::ExpiredContext { .. } | E::NotValidYetContext { .. });
    Some(if dated || is(&[E::Expired, E::NotValidYet]) {
        format!(
            "its certificate is not valid now; set this terminal's clock if it is wrong ({clock})"
        )
    } else if is(&[E::UnknownIssuer, E::BadSignature]) {
        "its certificate is of no authority that this terminal trusts".to_owned()
    } else if is(&[E::ApplicationVerificationFailure]) {
        "its key is none of those that this terminal was told of".to_owned()
    } else {
        format!("its certificate was refused ({why})")
    })
}

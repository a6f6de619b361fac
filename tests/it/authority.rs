//! Certificates for tests: authorities, and servers they vouch for.

use std::time::Duration;

use countersign::domain::{crypto::hash, id::Hash, time::Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

pub(crate) const YEAR_S: i64 = 365 * 86_400;

/// An authority that signs certificates.
pub(crate) struct Authority {
    params: CertificateParams,
    key: KeyPair,
    certificate: rcgen::Certificate,
}

/// A server's certificates and key.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    pair: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { params, key, certificate }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(crate) fn pin(&self) -> Hash {
        hash(&self.key.subject_public_key_info())
    }

    /// A server's identity from a moment on, for so many seconds.
    pub(crate) fn identity(&self, name: &str, span: (Timestamp, i64)) -> Identity {
        self.sign(name, span, KeyPair::generate().unwrap())
    }

    /// The same key with another certificate.
    pub(crate) fn renewed(&self, old: &Identity, name: &str, span: (Timestamp, i64)) -> Identity {
        let pair = KeyPair::try_from(old.pair.serialize_der()).unwrap();
        self.sign(name, span, pair)
    }

    fn sign(&self, name: &str, (from, seconds): (Timestamp, i64), pair: KeyPair) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let start = date_time_ymd(1970, 1, 1);
        params.not_before = start + since_1970(from);
        params.not_after = start + since_1970(from.plus(seconds));
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&pair, &issuer).unwrap();
        Identity::new(vec![certificate.der().clone()], pair)
    }
}

impl Identity {
    fn new(chain: Vec<CertificateDer<'static>>, pair: KeyPair) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        Self { chain, key, pair }
    }

    /// Nobody vouches for it but itself.
    pub(crate) fn self_signed(name: &str) -> Self {
        let pair = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.self_signed(&pair).unwrap();
        Self::new(vec![certificate.der().clone()], pair)
    }

    /// Sends the authority's certificate along.
    pub(crate) fn with(mut self, authority: &Authority) -> Self {
        self.chain.push(authority.certificate.der().clone());
        self
    }

    pub(crate) fn pin(&self) -> Hash {
        hash(&self.pair.subject_public_key_info())
    }

    /// Certificate and key as files have them.
    pub(crate) fn pem(&self) -> (String, String) {
        let certificates = self.chain.iter().map(|der| pem("CERTIFICATE", der));
        (certificates.collect(), self.pair.serialize_pem())
    }
}

fn pem(tag: &str, der: &[u8]) -> String {
    let bytes = base64(der);
    format!("-----BEGIN {tag}-----\n{bytes}\n-----END {tag}-----\n")
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).map(|group| {
        let bits = group.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        let letters = (0..4).map(|place| {
            if place > group.len() {
                '='
            } else {
                LETTERS[(bits >> (18 - 6 * place) & 63) as usize] as char
            }
        });
        letters.collect::<String>()
    });
    groups.collect()
}

fn since_1970(time: Timestamp) -> Duration {
    Duration::from_secs(time.0.try_into().unwrap())
}

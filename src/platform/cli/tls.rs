//! The server's own certificate and key.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::ParsedCertificate,
};

use super::CliError;
use crate::domain::{crypto::hash, id::Hash};

/// TLS 1.2 or 1.3 with the certificate and key of these files.
pub(super) fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, CliError> {
    let chain = certificates(certificate)?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| wrong(key, &format!("holds no private key in PEM format ({error})")))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
        .map_err(|error| wrong(certificate, &format!("cannot be served ({error})")))?;
    Ok(Arc::new(config))
}

/// What terminals can be told to look for: the hash of the public key of a file's first certificate.
pub(super) fn pin(file: &Path) -> Result<Hash, CliError> {
    let chain = certificates(file)?;
    let first = chain.first().and_then(|first| ParsedCertificate::try_from(first).ok());
    let first =
        first.ok_or_else(|| wrong(file, "begins with a certificate that cannot be read"))?;
    Ok(hash(&first.subject_public_key_info()))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, CliError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = read
        .map_err(|error| wrong(file, &format!("holds no certificate in PEM format ({error})")))?;
    if chain.is_empty() {
        return Err(wrong(file, "holds no certificate in PEM format"));
    }
    Ok(chain)
}

fn wrong(file: &Path, why: &str) -> CliError {
    CliError::Wrong(format!("{} {why}", file.display()))
}

//! TLS as `sslmode` and `sslrootcert` say, with the meaning they have in libpq.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Whose certificate a server may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// Anybody's: what is sent is encrypted, to whoever answers.
    Anybody,
    /// One that leads to an authority we trust, for any name.
    Authority(Roots),
    /// One that leads to an authority we trust, for the name of the host.
    Name(Roots),
}

/// The authorities we trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// Those of the operating system.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

impl Trust {
    /// Reads the options, and tells the driver whether TLS is wanted at all.
    pub(super) fn new(ssl_mode: &str, root: Option<PathBuf>, config: &mut Config) -> Result<Self, String> {
        let roots = match root {
            Some(path) if path != Path::new("system") => Some(Roots::File(path)),
            Some(_) => Some(Roots::System),
            None => None,
        };
        let (mode, trust) = match (ssl_mode, roots) {
            ("disable", _) => (SslMode::Disable, Self::Anybody),
            ("prefer", _) => (SslMode::Prefer, Self::Anybody),
            ("require", None) => (SslMode::Require, Self::Anybody),
            // libpq: with an authority at hand, `require` means `verify-ca`.
            ("require" | "verify-ca", Some(roots)) => (SslMode::Require, Self::Authority(roots)),
            ("verify-ca", None) => (SslMode::Require, Self::Authority(Roots::System)),
            ("verify-full", roots) => (SslMode::Require, Self::Name(roots.unwrap_or(Roots::System))),
            _ => {
                return Err(format!(
                    "`{ssl_mode}` is not an sslmode: use disable, prefer, require, verify-ca or verify-full"
                ));
            }
        };
        config.ssl_mode(mode);
        Ok(trust)
    }

    /// The way to open TLS connections.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, String> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match self {
            Self::Anybody => Arc::new(Lenient { provider: provider.clone(), authority: None }),
            Self::Authority(roots) => {
                Arc::new(Lenient { provider: provider.clone(), authority: Some(strict(roots, &provider)?) })
            }
            Self::Name(roots) => strict(roots, &provider)?,
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}

fn strict(roots: &Roots, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Roots::File(path) => {
            let unreadable = |error| format!("its sslrootcert `{}` cannot be read: {error}", path.display());
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))? {
                let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
                store.add(certificate).map_err(|error| unreadable(error.to_string()))?;
            }
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
        .build()
        .map_err(|error| format!("there is no certificate authority to trust: {error}"))
}

/// Accepts what `sslmode` says may be accepted, and checks that the server has the key of its certificate.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    /// Checks the way to an authority; its opinion of the name does not count.
    authority: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

//! TLS, and a certificate that is renewed while the service runs.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::program::{founded, serve};

/// A certificate that signs itself, for localhost.
fn certify(directory: &Path) {
    let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
                 -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
                 -keyout server.key -out server.pem";
    let made = Command::new("openssl").args(words.split_whitespace()).current_dir(directory).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}

/// What `/healthz` answers a client that trusts this certificate alone.
async fn health(address: &str, trusted: CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    // The service may close without saying goodbye.
    let _ = stream.read_to_string(&mut answer).await;
    Ok(answer)
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_over_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = founded(&directory);
    certify(directory.path());
    let file = |name: &str| directory.path().join(name);
    let trust = || CertificateDer::from_pem_file(file("server.pem")).unwrap();
    let first = trust();
    let (certificate, key) = (file("server.pem"), file("server.key"));
    let flags = ["--tls-certificate", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let running = serve(&store, &flags);
    assert!(health(&running.address, first.clone()).await.unwrap().starts_with("HTTP/1.1 200"));
    let mut plain = TcpStream::connect(&running.address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "nothing is answered in the clear");

    std::fs::write(&key, "no key").unwrap();
    let hang_up = || Command::new("kill").args(["-HUP", &running.child.id().to_string()]).status().unwrap();
    assert!(hang_up().success());
    certify(directory.path());
    assert!(health(&running.address, first.clone()).await.is_ok(), "files that do not fit change nothing");
    assert!(hang_up().success());
    let mut renewed = false;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        renewed = health(&running.address, trust()).await.is_ok();
        if renewed {
            break;
        }
    }
    assert!(renewed);
    assert!(health(&running.address, first).await.is_err(), "the old one is no longer shown");
}

use super::{FileSigner, as_number};
use crate::certificate::Certificate;
use crate::error::SignError;
use crate::secret::Secret;
use crate::signer::{Signer, signed};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use std::io;

#[cfg(target_os = "linux")]
mod memory;

/// Keys of `openssl req -x509 -newkey …`, for tests alone.
const RSA: &str = include_str!("tests/rsa.pem");
const P384: &str = include_str!("tests/p384.pem");
/// `openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:open` of the first.
const LOCKED: &str = include_str!("tests/locked.pem");

fn nothing(_: &str) -> io::Result<Option<Secret>> {
    Ok(None)
}

fn word(said: &'static str) -> impl Fn(&str) -> io::Result<Option<Secret>> + Sync {
    move |_| Ok(Some(Secret::new(said.into())))
}

#[test]
fn signatures_hold_under_the_certificate() {
    for pem in [RSA, P384] {
        let signer = FileSigner::new(pem.as_bytes(), None, "key", &nothing).unwrap();
        for by in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
            signed(&signer, by, &digest(by, b"content")).unwrap();
        }
    }
}

#[test]
fn a_locked_key_opens_with_its_passphrase_alone() {
    let certificate = || Some(Certificate::read(RSA.as_bytes(), "cert").unwrap());
    let open = |ask: crate::secret::Ask<'_>| {
        FileSigner::new(LOCKED.as_bytes(), certificate(), "key", ask).map(|s| s.named().to_owned())
    };
    assert_eq!(open(&word("open")), Ok("key".to_owned()));
    assert_eq!(open(&word("shut")), Err(SignError::WrongPassphrase { key: "key".to_owned() }));
    assert_eq!(open(&nothing), Err(SignError::Locked { key: "key".to_owned() }));
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let open = |key: &str, certificate: &str| {
        let certificate = Certificate::read(certificate.as_bytes(), "cert").unwrap();
        FileSigner::new(key.as_bytes(), Some(certificate), "key", &nothing)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert!(open(P384, RSA).starts_with("key: not a key that goes with a certificate for rsa"));
    assert!(open(RSA, P384).starts_with("key: not a key that goes with a certificate for ecdsa"));
    assert_eq!(
        open(RSA, include_str!("tests/other.pem")),
        "key: not the key of the certificate \"CN = other\""
    );
}

#[cfg(unix)]
#[test]
fn a_key_that_everybody_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, RSA).unwrap();
    for (mode, fine) in [(0o644, false), (0o640, true), (0o600, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(FileSigner::open(&path, None, &nothing).is_ok(), fine, "{mode:o}");
    }
}

#[test]
fn the_leftmost_bits_of_a_digest_are_what_a_curve_signs() {
    assert_eq!(as_number(&[1, 2, 3], 2), [1, 2]);
    assert_eq!(as_number(&[1, 2, 3], 5), [0, 0, 1, 2, 3]);
}

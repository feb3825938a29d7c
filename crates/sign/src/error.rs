//! Why something was not signed. Nothing here ever holds key material.

use std::fmt;
use std::path::PathBuf;

use loadworthy_core::code::Code;
use loadworthy_core::codes::{
    SIGN_CERTIFICATE, SIGN_DIGEST, SIGN_FAILED, SIGN_FILE, SIGN_INPUT, SIGN_KEY, SIGN_KEY_EXPOSED,
    SIGN_KEY_LOCKED, SIGN_MISMATCH, SIGN_NO_TIME_STAMP, SIGN_PASSPHRASE_WRONG,
};

/// Why something was not signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignError {
    /// A file cannot be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// The system's own words.
        problem: String,
    },
    /// A file with a private key may be read by everybody.
    Exposed {
        /// Which.
        path: PathBuf,
    },
    /// A key is locked, and nothing was given to open it with.
    Locked {
        /// Which key, as it was named.
        key: String,
    },
    /// What was given does not open the key.
    WrongPassphrase {
        /// Which key, as it was named.
        key: String,
    },
    /// What was named as a key cannot be used as one.
    Key {
        /// Which key, as it was named.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// What was named as a certificate is none that can be used.
    Certificate {
        /// Which, as it was named.
        named: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The private key is not the one the certificate is about.
    Mismatch {
        /// Which key, as it was named.
        key: String,
        /// The subject of the certificate.
        certificate: String,
    },
    /// The key cannot sign digests of this sort.
    Digest {
        /// The digest algorithm.
        digest: &'static str,
        /// The kind of key.
        key: &'static str,
    },
    /// Making the signature failed.
    Signing {
        /// With which key, as it was named.
        key: String,
        /// What went wrong.
        problem: String,
    },
    /// No authority gave a time-stamp: each with the reason.
    Stamp(Vec<String>),
    /// A file is not of a sort that is signed, or not in order.
    Input(String),
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, problem } => write!(f, "{}: {problem}", path.display()),
            Self::Exposed { path } => {
                let path = path.display();
                write!(f, "{path}: everybody may read this private key: chmod 600 {path}")
            }
            Self::Locked { key } => write!(
                f,
                "{key}: it is locked: give --passphrase-file FILE or --passphrase-env NAME, or run this on a terminal"
            ),
            Self::WrongPassphrase { key } => write!(f, "{key}: the passphrase does not open it"),
            Self::Key { key, problem } => write!(f, "{key}: {problem}"),
            Self::Certificate { named, problem } => write!(f, "{named}: {problem}"),
            Self::Mismatch { key, certificate } => {
                write!(f, "{key}: not the key of the certificate \"{certificate}\"")
            }
            Self::Digest { digest, key } => write!(f, "{key} keys do not sign {digest} here"),
            Self::Signing { key, problem } => write!(f, "{key}: {problem}"),
            Self::Stamp(problems) => write!(f, "no time-stamp: {}", problems.join("; ")),
            Self::Input(problem) => f.write_str(problem),
        }
    }
}

impl std::error::Error for SignError {}

impl SignError {
    /// The code whose page tells more.
    #[must_use]
    pub const fn code(&self) -> &'static Code {
        match self {
            Self::File { .. } => &SIGN_FILE,
            Self::Exposed { .. } => &SIGN_KEY_EXPOSED,
            Self::Locked { .. } => &SIGN_KEY_LOCKED,
            Self::WrongPassphrase { .. } => &SIGN_PASSPHRASE_WRONG,
            Self::Key { .. } => &SIGN_KEY,
            Self::Certificate { .. } => &SIGN_CERTIFICATE,
            Self::Mismatch { .. } => &SIGN_MISMATCH,
            Self::Digest { .. } => &SIGN_DIGEST,
            Self::Signing { .. } => &SIGN_FAILED,
            Self::Stamp(_) => &SIGN_NO_TIME_STAMP,
            Self::Input(_) => &SIGN_INPUT,
        }
    }

    /// A file and what the system says of it.
    #[must_use]
    pub fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::File { path: path.to_owned(), problem: error.to_string() }
    }
}

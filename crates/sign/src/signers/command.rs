//! A key behind another program: a cloud's key service, a store of the system, a signing server.
//!
//! The program is started once a signature. One JSON object goes into it, one comes out; what is signed is
//! a digest, and what comes back is held against the certificate before it is used. `docs/signing.md`
//! describes both objects.

use std::io::Write;
use std::process::{Command, Stdio};

use base64ct::{Base64, Encoding};
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm};
use serde_json::{Value, json};

use crate::certificate::Certificate;
use crate::error::SignError;
use crate::signer::Signer;

/// More than this is no signature.
const MOST: usize = 1 << 16;

/// A program that signs.
#[derive(Debug)]
pub struct CommandSigner {
    program: Vec<String>,
    certificate: Certificate,
    named: String,
}

impl CommandSigner {
    /// A program and its arguments, separated by blanks.
    ///
    /// # Errors
    /// When nothing is named.
    pub fn new(line: &str, certificate: Certificate) -> Result<Self, SignError> {
        let program: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if program.is_empty() {
            let problem = "no program is named".to_owned();
            return Err(SignError::Key { key: "--key-command".to_owned(), problem });
        }
        Ok(Self { program, certificate, named: format!("command:{line}") })
    }

    fn failed(&self, problem: String) -> SignError {
        SignError::Signing { key: self.named.clone(), problem }
    }

    fn ask(&self, question: &Value) -> Result<Vec<u8>, SignError> {
        let told = |e: std::io::Error| self.failed(e.to_string());
        let mut child = Command::new(&self.program[0])
            .args(&self.program[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(told)?;
        if let Some(mut into) = child.stdin.take() {
            // One that does not read its question may still know the answer.
            let _ = writeln!(into, "{question}");
        }
        let done = child.wait_with_output().map_err(told)?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            let said = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("");
            return Err(self.failed(format!("{}: {said}", done.status)));
        }
        Ok(done.stdout)
    }
}

impl Signer for CommandSigner {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn named(&self) -> &str {
        &self.named
    }

    fn sign(&self, by: DigestAlgorithm, digest: &Digest) -> Result<Vec<u8>, SignError> {
        let answer = self.ask(&json!({
            "version": 1,
            "key": self.certificate.algorithm().name(),
            "certificate": self.certificate.fingerprint(),
            "digest_algorithm": by.name(),
            "digest": digest.to_string(),
            "digest_base64": Base64::encode_string(digest.as_bytes()),
        }))?;
        let unread = || self.failed("it did not answer {\"signature\": \"BASE64\"}".to_owned());
        if answer.len() > MOST {
            return Err(unread());
        }
        let answer: Value = serde_json::from_slice(&answer).map_err(|_| unread())?;
        let signature = answer.get("signature").and_then(Value::as_str).ok_or_else(unread)?;
        Base64::decode_vec(signature.trim()).map_err(|_| unread())
    }
}

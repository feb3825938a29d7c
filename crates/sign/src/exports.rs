//! A key as the tools of Windows take it: what `Cert2Spc` and `Pvk2Pfx` made of MakeCert's.

use std::fs;
use std::path::{Path, PathBuf};

use loadworthy_formats::cms::write::{Message, write};
use loadworthy_formats::pvk;
use loadworthy_formats::timestamp::old::DATA;
use zeroize::Zeroizing;

use crate::error::SignError;
use crate::pair::{Pair, put};
use crate::rsa;
use crate::secret::Secret;
use crate::signers::pfx::{self, random};
use crate::signers::pvk::turned;

impl Pair {
    /// Writes `.pfx`, `.spc` and, for RSA, `.pvk` beside the certificate: their paths. Nothing that is there
    /// is written over; where one cannot be written, none is left.
    ///
    /// # Errors
    /// What the system says.
    pub fn export(
        &self,
        certificate: &Path,
        passphrase: Option<&Secret>,
        legacy: bool,
    ) -> Result<Vec<PathBuf>, SignError> {
        let none = || SignError::Input("no random numbers".to_owned());
        let empty = Secret::new(Vec::new());
        let word = passphrase.unwrap_or(&empty);
        let pfx = pfx::write(self.key(), &self.certificate, word, legacy).ok_or_else(none)?;
        let mut files = vec![("pfx", Zeroizing::new(pfx), 0o600)];
        files.push(("spc", Zeroizing::new(self.spc()), 0o644));
        files.extend(self.pvk(passphrase).map(|pvk| ("pvk", pvk, 0o600)));
        let mut paths = Vec::new();
        for (extension, bytes, mode) in files {
            let path = certificate.with_extension(extension);
            if let Err(problem) = put(&path, &bytes, mode) {
                for path in &paths {
                    let _ = fs::remove_file(path);
                }
                return Err(SignError::file(&path, &problem));
            }
            paths.push(path);
        }
        Ok(paths)
    }

    /// The certificate in a message that nobody signed.
    fn spc(&self) -> Vec<u8> {
        write(&Message {
            version: 1,
            digest_algorithms: &[],
            content_type: DATA,
            content: None,
            certificates: &[&self.certificate],
            signers: &[],
        })
    }

    /// `None`: not a key of RSA, and those are no PVK files.
    fn pvk(&self, passphrase: Option<&Secret>) -> Option<Zeroizing<Vec<u8>>> {
        let [n, e, d, p, q, dp, dq, inverse] = rsa::numbers(self.key().bytes())?;
        let whole = n.iter().skip_while(|b| **b == 0).count();
        let bits = u32::try_from(whole * 8).ok()?;
        let mut body = Zeroizing::new(Vec::with_capacity(whole * 5 + 32));
        body.extend_from_slice(b"RSA2");
        body.extend_from_slice(&bits.to_le_bytes());
        let half = whole / 2;
        let sizes = [4, whole, half, half, half, half, half, whole];
        for (number, size) in [e, n, p, q, dp, dq, inverse, d].into_iter().zip(sizes) {
            let from = body.len();
            body.extend(number.iter().rev().take(size));
            body.resize(from + size, 0);
        }
        let (salt, body) = match passphrase {
            None => (Vec::new(), body),
            Some(word) => {
                let salt = random::<16>()?.to_vec();
                let turned = turned(&body, &salt, word, false);
                (salt, turned)
            }
        };
        Some(Zeroizing::new([pvk::head(&salt, body.len()), body.to_vec()].concat()))
    }
}

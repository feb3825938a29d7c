//! A module's signature from its trailer to a verdict (`mod_verify_sig`).

use alloc::vec::Vec;
use core::ops::Range;

use loadworthy_formats::cms::signed_data;
use loadworthy_formats::modsig::{Appended, PKCS7};

use super::dialect::Dialect;
use super::failure::{Failure, Reason};
use super::kernel::{Kernel, Ring};
use super::message;
use super::remark::Remark;
use super::signature::{Step, Stop, settle};
use super::trust;
use super::verify;
use crate::crypt::digest::{DigestAlgorithm, DigestSet};
use crate::errno::Errno;

/// What the end of a module file comes to, before the signature itself is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trailer {
    /// There is no signature.
    Unsigned,
    /// There is one, and it lies here.
    Signed(Range<usize>),
    /// There is one that is not read.
    Refused(Failure, Option<Remark>),
}

/// Judges the trailer (`mod_check_sig` and the length checks before it).
#[must_use]
pub fn trailer(appended: &Appended) -> Trailer {
    let bad = |reason| Failure::new(Errno::EBADMSG, reason);
    let signature = match appended {
        Appended::Nothing => return Trailer::Unsigned,
        Appended::MarkerOnly { before: _ } => {
            return Trailer::Refused(bad(Reason::TrailerLength), None);
        }
        Appended::Signature(signature) => signature,
    };
    let Some(pkcs7) = signature.pkcs7.clone() else {
        return Trailer::Refused(bad(Reason::TrailerLength), None);
    };
    if signature.trailer.id_type != PKCS7 {
        let failure = Failure::new(Errno::ENOPKG, Reason::TrailerKind);
        return Trailer::Refused(failure, Some(Remark::TrailerKind));
    }
    if !signature.trailer.unused_are_zero() {
        return Trailer::Refused(bad(Reason::TrailerFields), Some(Remark::TrailerFields));
    }
    Trailer::Signed(pkcs7)
}

/// What became of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What the kernel's function returns.
    pub result: Result<(), Failure>,
    /// What it prints, in order.
    pub remarks: Vec<Remark>,
}

/// One verification of a module's signature against one ring (`verify_pkcs7_signature`).
///
/// # Errors
/// With the kernel's doubt.
pub fn attempt<K: Kernel>(
    pkcs7: &[u8],
    ring: Ring,
    dialect: &Dialect,
    kernel: &mut K,
) -> Result<Attempt, K::Doubt> {
    let mut remarks = Vec::new();
    let result = settle(verify_against(pkcs7, ring, dialect, kernel, &mut remarks))?;
    Ok(Attempt { result, remarks })
}

/// Verifications against these rings in turn, while the key is unknown (`ENOKEY`).
///
/// # Errors
/// With the kernel's doubt.
pub fn verify<K: Kernel>(
    pkcs7: &[u8],
    rings: &[Ring],
    dialect: &Dialect,
    kernel: &mut K,
) -> Result<Attempt, K::Doubt> {
    let unknown = Failure::new(Errno::ENOKEY, Reason::KeyUnknown);
    let mut whole = Attempt { result: Err(unknown), remarks: Vec::new() };
    for ring in rings {
        let next = attempt(pkcs7, *ring, dialect, kernel)?;
        whole.remarks.extend(next.remarks);
        whole.result = next.result;
        if whole.result.is_ok() || whole.result.is_err_and(|f| f.errno != Errno::ENOKEY) {
            break;
        }
    }
    Ok(whole)
}

fn verify_against<K: Kernel>(
    pkcs7: &[u8],
    ring: Ring,
    dialect: &Dialect,
    kernel: &mut K,
    remarks: &mut Vec<Remark>,
) -> Step<(), K> {
    let message = message::read(pkcs7, dialect, kernel, remarks)?;
    if message.has_content {
        remarks.extend([Remark::DataAlreadySupplied, Remark::NotDetached]);
        return Err(Failure::new(Errno::EBADMSG, Reason::ContentInside).into());
    }
    let mut marks = verify::verify(&message, dialect, kernel, remarks)?;
    if kernel.revocations_matter(ring).map_err(Stop::Doubt)? {
        match trust::validate(&message, &mut marks, Ring::Revoked, dialect, kernel) {
            Ok(()) => return Err(Failure::new(Errno::EKEYREJECTED, Reason::Revoked).into()),
            Err(Stop::Failed(_)) => {}
            Err(doubt) => return Err(doubt),
        }
    }
    trust::validate(&message, &mut marks, ring, dialect, kernel)
}

/// Digests of the content that a verification of this message may ask for, whatever the kernel.
#[must_use]
pub fn digests_named(pkcs7: &[u8]) -> DigestSet {
    let mut named = DigestSet::default();
    for event in signed_data::read(pkcs7).events {
        if event.action == signed_data::Part::Oid
            && let Some(algorithm) = DigestAlgorithm::from_oid(event.value)
        {
            named.insert(algorithm);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::super::certificate::admit;
    use super::super::dialect::Knowledge;
    use super::super::kernel::Anchor;
    use super::super::samples::{self, CONTENT, unhex};
    use super::*;
    use crate::crypt::digest::{Digest, digest};
    use crate::crypt::key::KeyAlgorithm;
    use crate::tables::Version;
    use alloc::string::{String, ToString};
    use alloc::sync::Arc;
    use alloc::{format, vec};
    use loadworthy_formats::modsig;

    struct Machine {
        dialect: Dialect,
        rings: Vec<(Ring, Arc<Anchor>)>,
        content: Vec<u8>,
        lacks_digest: Option<DigestAlgorithm>,
        lacks_ecdsa: bool,
        blacklist: Vec<Digest>,
    }

    impl Kernel for Machine {
        type Doubt = &'static str;
        fn digest_available(&mut self, algorithm: DigestAlgorithm) -> Result<bool, Self::Doubt> {
            Ok(self.lacks_digest != Some(algorithm))
        }
        fn key_algorithm_available(&mut self, key: KeyAlgorithm) -> Result<bool, Self::Doubt> {
            Ok(key == KeyAlgorithm::Rsa || !self.lacks_ecdsa)
        }
        fn content_digest(&mut self, algorithm: DigestAlgorithm) -> Result<Digest, Self::Doubt> {
            Ok(digest(algorithm, &self.content))
        }
        fn find_key(&mut self, ring: Ring, id: &[u8]) -> Result<Option<Arc<Anchor>>, Self::Doubt> {
            let mut found = self.rings.iter().filter(|(r, a)| *r == ring && a.answers_to(id));
            Ok(found.next().map(|(_, a)| a.clone()))
        }
        fn certificate_blacklisted(&mut self, digest: &Digest) -> Result<bool, Self::Doubt> {
            Ok(self.blacklist.contains(digest))
        }
        fn revocations_matter(&mut self, _: Ring) -> Result<bool, Self::Doubt> {
            Ok(self.rings.iter().any(|(ring, _)| *ring == Ring::Revoked))
        }
        fn beyond_us(&mut self, _: KeyAlgorithm) -> Self::Doubt {
            "arithmetic"
        }
    }

    fn machine(major: u16, minor: u16) -> Machine {
        let knowledge = Knowledge::built_in().unwrap();
        Machine {
            dialect: Dialect::new(&knowledge, Version { major, minor }),
            rings: vec![],
            content: CONTENT.to_vec(),
            lacks_digest: None,
            lacks_ecdsa: false,
            blacklist: vec![],
        }
    }

    impl Machine {
        fn trusting(mut self, ring: Ring, certificate: &str) -> Self {
            let dialect = self.dialect.clone();
            let admission = admit(&unhex(certificate), &dialect, &mut self).unwrap();
            self.rings.push((ring, Arc::new(admission.result.unwrap())));
            self
        }

        fn says(&mut self, pkcs7: &[u8]) -> String {
            let dialect = self.dialect.clone();
            let rings = [Ring::Trusted, Ring::Platform];
            let got = verify(pkcs7, &rings, &dialect, self).unwrap();
            let mut text = match got.result {
                Ok(()) => "ok".to_string(),
                Err(failure) => failure.errno.name().to_string(),
            };
            for remark in got.remarks {
                text.push_str(&format!("; {}", remark.line()));
            }
            text
        }
    }

    fn both() -> Machine {
        machine(6, 12)
            .trusting(Ring::Trusted, samples::RSA_CERTIFICATE)
            .trusting(Ring::Platform, samples::EC_CERTIFICATE)
    }

    #[test]
    fn keys_are_found_and_signatures_checked() {
        for sample in [
            samples::BY_RSA,
            samples::BY_RSA_KEY_ID,
            samples::BY_EC,
            samples::BY_EC_EMBEDDED,
            samples::BY_LEAF,
        ] {
            assert_eq!(both().says(&unhex(sample)), "ok");
            let mut other = both();
            other.content.push(0);
            assert_eq!(other.says(&unhex(sample)), "EKEYREJECTED");
        }
        let mut nobody = machine(6, 12);
        assert_eq!(nobody.says(&unhex(samples::BY_RSA)), "ENOKEY");
        // A damaged content under an unknown key is not even looked at.
        nobody.content.push(0);
        assert_eq!(nobody.says(&unhex(samples::BY_RSA)), "ENOKEY");
        assert_eq!(nobody.says(&unhex(samples::BY_EC_EMBEDDED)), "EKEYREJECTED");
    }

    #[test]
    fn the_shape_of_a_message_decides_first() {
        let rsa = unhex(samples::BY_RSA);
        assert_eq!(both().says(&[&rsa[..], b"tail"].concat()), "ok");
        assert_eq!(both().says(&rsa[..rsa.len() - 1]), "EBADMSG");
        assert_eq!(both().says(&vec![0x30; 65536]), "EMSGSIZE");
        assert_eq!(
            both().says(&unhex(samples::WITH_ATTRIBUTES)),
            "EKEYREJECTED; PKCS7: Invalid module sig (has authattrs)"
        );
        assert_eq!(
            both().says(&unhex(samples::CONTENT_INSIDE)),
            "EBADMSG; PKCS7: Data already supplied; PKCS#7 signature with non-detached data"
        );
    }

    #[test]
    fn what_a_kernel_lacks_decides_the_errno() {
        // The object identifier's last byte: SHA-256 becomes SHA3-256.
        let mut sha3 = unhex(samples::BY_RSA);
        let oid = DigestAlgorithm::Sha256.oid();
        let mut places = vec![];
        for at in 0..sha3.len() {
            if sha3[at..].starts_with(oid) {
                places.push(at);
            }
        }
        for at in &places {
            sha3[at + oid.len() - 1] = 8;
        }
        // The lines a Debian 6.1 kernel prints for such a message, with this one's offsets.
        let mut old = machine(6, 1).trusting(Ring::Trusted, samples::RSA_CERTIFICATE);
        let unknown = |at: &usize| format!("; PKCS7: Unknown OID: [{at}] 2.16.840.1.101.3.4.2.8");
        let lines: String = places.iter().map(unknown).collect();
        assert_eq!(old.says(&sha3), format!("ENOPKG{lines}; Unsupported digest algo: 98"));
        assert_eq!(both().says(&sha3), "EKEYREJECTED");

        let mut without = both();
        without.lacks_digest = Some(DigestAlgorithm::Sha256);
        assert_eq!(without.says(&unhex(samples::BY_RSA)), "ENOPKG");
        // A trusted key without arithmetic rejects; one in the message is an error of its own.
        let mut without = both();
        without.lacks_ecdsa = true;
        assert_eq!(without.says(&unhex(samples::BY_EC)), "EKEYREJECTED");
        assert_eq!(without.says(&unhex(samples::BY_EC_EMBEDDED)), "ENOENT");
        assert_eq!(machine(5, 10).says(&unhex(samples::BY_EC)).split("; ").next(), Some("ENOPKG"));
    }

    #[test]
    fn certificates_are_let_in_by_the_kernel_s_rules() {
        let ec = unhex(samples::EC_CERTIFICATE);
        let offer = |mut m: Machine| {
            let dialect = m.dialect.clone();
            admit(&ec, &dialect, &mut m).unwrap()
        };
        let anchor = offer(machine(6, 12)).result.unwrap();
        assert!(anchor.description.starts_with("Example: EC key: "), "{}", anchor.description);
        assert!(anchor.signs_data && !anchor.is_ca && !anchor.signs_certificates);
        // Without ECDSA the self-signature cannot be checked, without the digest it is not tried.
        let lacking = Machine { lacks_ecdsa: true, ..machine(6, 1) };
        assert_eq!(offer(lacking).result.unwrap_err().errno, Errno::ENOENT);
        let digest_too = Machine {
            lacks_ecdsa: true,
            lacks_digest: Some(DigestAlgorithm::Sha256),
            ..machine(6, 1)
        };
        assert!(offer(digest_too).result.is_ok());
        assert_eq!(offer(machine(5, 10)).result.unwrap_err().errno, Errno::ENOPKG);
        let certificate = loadworthy_formats::x509::certificate::read(&ec).unwrap().value;
        let signed = digest(DigestAlgorithm::Sha256, certificate.signed);
        let listed = offer(Machine { blacklist: vec![signed], ..machine(6, 12) });
        assert_eq!(listed.result.unwrap_err().errno, Errno::EKEYREJECTED);
        assert_eq!(listed.remarks[0].line(), format!("X.509: Cert {signed} is blacklisted"));
    }

    #[test]
    fn a_revoked_key_ends_the_search() {
        let mut revoking = both().trusting(Ring::Revoked, samples::RSA_CERTIFICATE);
        assert_eq!(revoking.says(&unhex(samples::BY_RSA)), "EKEYREJECTED");
        assert_eq!(revoking.says(&unhex(samples::BY_EC)), "ok");
    }

    #[test]
    fn the_trailer_is_judged_before_the_signature() {
        let file = |trailer: [u8; 12]| {
            let appended = modsig::read(&[b"elf", &trailer[..], modsig::MARKER].concat());
            match trailer_text(&appended) {
                (Some(errno), Some(line)) => format!("{errno}: {line}"),
                (Some(errno), None) => errno.to_string(),
                (None, _) => String::from("read on"),
            }
        };
        assert_eq!(file([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1]), "read on");
        assert_eq!(file([1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 9]), "EBADMSG");
        assert_eq!(
            file([1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            "ENOPKG: module: not signed with expected PKCS#7 message"
        );
        assert_eq!(
            file([0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
            "EBADMSG: module: PKCS#7 signature info has unexpected non-zero params"
        );
    }

    fn trailer_text(appended: &Appended) -> (Option<&'static str>, Option<String>) {
        match trailer(appended) {
            Trailer::Refused(failure, remark) => {
                (Some(failure.errno.name()), remark.map(|r| r.line()))
            }
            Trailer::Signed(_) | Trailer::Unsigned => (None, None),
        }
    }

    #[test]
    fn damaged_messages_never_end_in_a_panic() {
        let mut m = both();
        let mut state = 7_u32;
        let mut random = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            usize::try_from(state >> 8).unwrap() % below
        };
        for sample in [samples::BY_LEAF, samples::WITH_ATTRIBUTES, samples::BY_RSA_KEY_ID] {
            let whole = unhex(sample);
            for _ in 0..300 {
                let mut damaged = whole.clone();
                for _ in 0..=random(3) {
                    let at = random(damaged.len());
                    damaged[at] = u8::try_from(random(256)).unwrap();
                }
                damaged.truncate(damaged.len() - random(3));
                let _ = m.says(&damaged);
                let _ = digests_named(&damaged);
            }
        }
    }

    #[test]
    fn the_digests_a_message_names_are_known_before_a_kernel_is() {
        let named = |sample| digests_named(&unhex(sample)).iter().collect::<Vec<_>>();
        assert_eq!(named(samples::BY_RSA), [DigestAlgorithm::Sha256]);
        assert_eq!(named(samples::BY_RSA_KEY_ID), [DigestAlgorithm::Sha512]);
    }
}

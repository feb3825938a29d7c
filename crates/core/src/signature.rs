//! The appended signature, examined once: what each stage of `mod_verify_sig` says to it.
//!
//! Two stages follow each other: the trailer, then the message with its keys. Each is a fact of its
//! own, with what was consulted as its reason, so the checks can tell which refused and why.

use crate::check::Line;
use crate::code::Code;
use crate::codes::{
    SIGNATURE_CRYPTO_UNSUPPORTED, SIGNATURE_DAMAGED, SIGNATURE_DOES_NOT_MATCH,
    SIGNATURE_FORM_REFUSED, SIGNED_ATTRIBUTES_REFUSED, SIGNER_REVOKED, SIGNING_KEY_NOT_TRUSTED,
    UNSIGNED_MODULE_REFUSED,
};
use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::crypt::good::{self, Good};
use crate::crypt::key::{KeyAlgorithm, PublicKey, Verified};
use crate::elf_rules::rules::Walk;
use crate::errno::Errno;
use crate::fact::Fact;
use crate::fact::step::{Step, draw};
use crate::facts::module::{ModuleBytes, ModuleFacts, ModuleFile};
use crate::needs::Needs;
use crate::pkcs7::failure::{self, Reason};
use crate::pkcs7::kernel::{self, Anchor, Kernel};
use crate::pkcs7::module::{Trailer, attempt, trailer};
use crate::pkcs7::remark::Remark;
use crate::policy::linux::LinuxPolicy;
use crate::policy::linux::keyrings::family;
use crate::proof::{Claim, Gaps, Question, Ring, Rule, Why, gap, text};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::cms::signed_data::{self, Part};
use loadworthy_formats::modsig::Appended;
use loadworthy_formats::text::hex;
use loadworthy_formats::x509::name::Name;

/// What a stage says.
#[derive(Clone, Debug)]
pub enum Stage<T> {
    /// There is nothing for it to look at, or a stage before it failed.
    NotReached,
    /// In order.
    Passed(T),
    /// Not in order.
    Failed(Failure),
}

/// Why a signature is not in order.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// The error number inside the kernel; what the caller sees may differ.
    pub errno: Errno,
    /// The rule's own short name, for people.
    pub rule: &'static str,
    /// The page that explains it.
    pub code: &'static Code,
}

impl Failure {
    /// No signature at all.
    pub const UNSIGNED: Self =
        Self { errno: Errno::ENODATA, rule: "no signature", code: &UNSIGNED_MODULE_REFUSED };

    /// A refusal of the signature rules, with its page.
    fn of(failure: failure::Failure) -> Self {
        let (rule, code) = explained(failure.reason);
        Self { errno: failure.errno, rule, code }
    }
}

/// A refusal in a few words, and its page.
const fn explained(reason: Reason) -> (&'static str, &'static Code) {
    match reason {
        Reason::TrailerLength => ("the trailer's length does not fit the file", &SIGNATURE_DAMAGED),
        Reason::TrailerKind => ("the signature is not PKCS#7", &SIGNATURE_CRYPTO_UNSUPPORTED),
        Reason::TrailerFields => ("unused fields of the trailer are not zero", &SIGNATURE_DAMAGED),
        Reason::Malformed(_) => ("the encoding is damaged", &SIGNATURE_DAMAGED),
        Reason::TooLong => ("the message is longer than the kernel reads", &SIGNATURE_DAMAGED),
        Reason::NotSignedData => ("the message is not signed data", &SIGNATURE_FORM_REFUSED),
        Reason::SignedDataVersion => {
            ("the message has a version that is not read", &SIGNATURE_FORM_REFUSED)
        }
        Reason::SignerVersion => {
            ("the signer has a version that is not read", &SIGNATURE_FORM_REFUSED)
        }
        Reason::VersionsDisagree => {
            ("the versions of message and signer disagree", &SIGNATURE_FORM_REFUSED)
        }
        Reason::DigestUnknown => {
            ("the digest algorithm is not known", &SIGNATURE_CRYPTO_UNSUPPORTED)
        }
        Reason::SignatureAlgorithmUnknown => {
            ("the signature algorithm is not known", &SIGNATURE_CRYPTO_UNSUPPORTED)
        }
        Reason::ContentType | Reason::NotData => {
            ("the content is of a type that is not read", &SIGNATURE_FORM_REFUSED)
        }
        Reason::ContentInside => ("the content is inside the message", &SIGNATURE_FORM_REFUSED),
        Reason::Attribute | Reason::AttributeMissing | Reason::AttributesInconsistent => {
            ("the signed attributes are not in order", &SIGNED_ATTRIBUTES_REFUSED)
        }
        Reason::HasAttributes => {
            ("modules may not have signed attributes", &SIGNED_ATTRIBUTES_REFUSED)
        }
        Reason::CertificateTag
        | Reason::CertificateAlgorithmsDiffer
        | Reason::CertificateBits
        | Reason::CertificateTime
        | Reason::CertificateExtension
        | Reason::CertificateAuthority => {
            ("a certificate inside cannot be read", &SIGNATURE_DAMAGED)
        }
        Reason::CertificateSignatureUnknown | Reason::CertificateKeyUnknown => (
            "a certificate inside uses an algorithm that is not known",
            &SIGNATURE_CRYPTO_UNSUPPORTED,
        ),
        Reason::CertificateSelfSignature(_) => {
            ("a certificate inside is not signed by its own key", &SIGNATURE_DOES_NOT_MATCH)
        }
        Reason::CertificateBlacklisted => ("a certificate inside is denied", &SIGNER_REVOKED),
        Reason::DigestUnavailable(_) => {
            ("the digest algorithm is not there when it is needed", &SIGNATURE_CRYPTO_UNSUPPORTED)
        }
        Reason::SigningTime => {
            ("signed when its certificate was not valid", &SIGNATURE_FORM_REFUSED)
        }
        Reason::EmbeddedSignature(_) | Reason::TrustedKeyRefuses(_) => (
            "the signature is not for these bytes, or not by the key it names",
            &SIGNATURE_DOES_NOT_MATCH,
        ),
        Reason::ChainSignature(_) | Reason::ChainIdentifiers => {
            ("the certificates inside do not vouch for each other", &SIGNATURE_DOES_NOT_MATCH)
        }
        Reason::NothingVerifiable => {
            ("every signature needs something that is not there", &SIGNATURE_CRYPTO_UNSUPPORTED)
        }
        Reason::Revoked => ("the signer is revoked", &SIGNER_REVOKED),
        Reason::KeyUnknown => ("no key that counts made the signature", &SIGNING_KEY_NOT_TRUSTED),
        Reason::KeyIdEmpty => ("the signer is named by nothing", &SIGNATURE_FORM_REFUSED),
        Reason::KeyIdsDisagree => {
            ("the trusted key has another identifier", &SIGNING_KEY_NOT_TRUSTED)
        }
    }
}

/// Who vouches for a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// The keyring the key is in.
    pub ring: Ring,
    /// The name of the key's certificate.
    pub key: Arc<str>,
}

/// One module under one policy: its appended signature, examined, and which symbols it needs of others.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The module's bytes, told once for every check that asks; `None` for a file that is not read.
    pub bytes: Fact<Option<Arc<ModuleBytes>>>,
    /// What it needs, as far as it was read.
    pub needs: Needs,
    /// The marker and the trailer before it; `NotReached` where there is no marker.
    pub trailer: Fact<Stage<()>>,
    /// The message, the arithmetic and the keys.
    pub verified: Fact<Stage<Voucher>>,
    /// What `mod_verify_sig` comes to, with `ENODATA` for no signature at all.
    pub outcome: Fact<Result<(), Failure>>,
    /// What the kernel prints at the trailer.
    pub trailer_lines: Vec<Line>,
    /// What the kernel prints at the message.
    pub lines: Vec<Line>,
}

static TRAILER: Rule = Rule {
    name: "linux/signature-trailer",
    source: "linux, kernel/module/signing.c mod_verify_sig; kernel/module_signature.c mod_check_sig",
};
static VERIFIED: Rule = Rule {
    name: "linux/signature",
    source: "linux, certs/system_keyring.c verify_pkcs7_message_sig; crypto/asymmetric_keys/pkcs7_parser.c, pkcs7_verify.c, pkcs7_trust.c",
};
static OUTCOME: Rule = Rule {
    name: "linux/signature-outcome",
    source: "linux, kernel/module/signing.c module_sig_check",
};

impl Examined {
    /// Examines the signature of `module` as a kernel of this policy does.
    #[must_use]
    pub fn of(module: &ModuleFacts, policy: &LinuxPolicy) -> Self {
        Self::with(module, policy, None)
    }

    /// The same; a signature that is held in `good` is not worked out again.
    #[must_use]
    pub fn with(module: &ModuleFacts, policy: &LinuxPolicy, good: Option<&dyn Good>) -> Self {
        let told = |say: fn(&ModuleBytes) -> String| {
            module.file.fact(|f| match &**f {
                ModuleFile::Read(bytes) => (Some(bytes.clone()), say(bytes)),
                ModuleFile::NotReadable(what) => (None, (*what).into()),
            })
        };
        let bytes = told(end);
        let mut trailer_lines = Vec::new();
        let trailer = draw(&TRAILER, |step| {
            let Some(bytes) = step.consult(&bytes)? else {
                return Ok((Stage::NotReached, Claim::SignaturePresent(false)));
            };
            Ok(match trailer(&bytes.appended) {
                Trailer::Unsigned => (Stage::NotReached, Claim::SignaturePresent(false)),
                Trailer::Signed(_) => (Stage::Passed(()), Claim::TrailerSound),
                Trailer::Refused(failure, remark) => {
                    trailer_lines.extend(remark.as_ref().map(line));
                    (Stage::Failed(Failure::of(failure)), Claim::TrailerRefused(failure.errno))
                }
            })
        });
        let mut lines = Vec::new();
        let verified = draw(&VERIFIED, |step| {
            let (Stage::Passed(()), Some(bytes)) = (step.consult(&trailer)?, step.consult(&bytes)?)
            else {
                return Ok((Stage::NotReached, Claim::SignaturePresent(false)));
            };
            let asking = Asking { policy, good, bytes, step, fips: false, found: None };
            verify(asking, module, &mut lines)
        });
        let outcome = draw(&OUTCOME, |step| {
            let stage = match step.consult(&trailer)? {
                Stage::NotReached => Err(Failure::UNSIGNED),
                Stage::Failed(failure) => Err(*failure),
                Stage::Passed(()) => match step.consult(&verified)? {
                    Stage::Passed(_) => Ok(()),
                    Stage::Failed(failure) => Err(*failure),
                    Stage::NotReached => Err(Failure::UNSIGNED),
                },
            };
            let claim = match &stage {
                Ok(()) => Claim::Verified,
                Err(failure) if failure.errno == Errno::ENODATA => Claim::SignaturePresent(false),
                Err(failure) if failure.errno == Errno::ENOKEY => {
                    Claim::SignerUnknown { signer: signer(module).unwrap_or_else(|| text("")) }
                }
                Err(failure) => {
                    Claim::SignatureFails { errno: failure.errno, rule: text(failure.rule) }
                }
            };
            Ok((stage, claim))
        });
        let bytes = told(|bytes| format!("{} bytes", bytes.len))
            .map(|found| found.as_ref().map(|bytes| as_found(bytes, policy)));
        let read = Step::dry(&VERIFIED).consult(&bytes).ok().and_then(Option::as_ref);
        let needs = read.map(|read| Needs::of(&read.survey, policy)).unwrap_or_default();
        Self { bytes, needs, trailer, verified, outcome, trailer_lines, lines }
    }
}

fn verify(
    mut asking: Asking<'_>,
    module: &ModuleFacts,
    lines: &mut Vec<Line>,
) -> Result<(Stage<Voucher>, Claim), Gaps> {
    let policy = asking.policy;
    let message = asking.bytes.message.clone().unwrap_or_default();
    let dialect = asking.step.consult(&policy.keyrings.dialect)?.clone();
    // An exotic mode: where the command line is not known, neither is what it could take away.
    asking.fips = asking.step.consult(&policy.fips).is_ok_and(|on| *on);
    let first = attempt(&message, kernel::Ring::Trusted, &dialect, &mut asking)?;
    lines.extend(first.remarks.iter().map(line));
    let mut result = first.result;
    if let Err(failure) = result {
        let again = match &**asking.step.consult(&policy.keyrings.platform_asked)? {
            "on-nokey" => failure.errno == Errno::ENOKEY,
            "on-any-error" => true,
            _ => false,
        };
        if again {
            let second = attempt(&message, kernel::Ring::Platform, &dialect, &mut asking)?;
            lines.extend(second.remarks.iter().map(line));
            result = second.result;
        }
    }
    let found = asking.found.take();
    Ok(match result {
        Ok(()) => {
            let by = found.unwrap_or_else(|| Voucher { ring: Ring::Builtin, key: text("") });
            let claim = Claim::SignatureVerifies { ring: by.ring, key: by.key.clone() };
            (Stage::Passed(by), claim)
        }
        Err(failure) => {
            let failure = Failure::of(failure);
            let claim = if failure.errno == Errno::ENOKEY {
                Claim::SignerUnknown { signer: signer(module).unwrap_or_else(|| text("")) }
            } else {
                Claim::SignatureFails { errno: failure.errno, rule: text(failure.rule) }
            };
            (Stage::Failed(failure), claim)
        }
    })
}

/// The module as this kernel finds it: up to 6.3 a `.modinfo` that is not part of the loaded module
/// is not found at all (`find_sec` in `kernel/module/main.c` asks for `SHF_ALLOC`).
fn as_found(bytes: &Arc<ModuleBytes>, policy: &LinuxPolicy) -> Arc<ModuleBytes> {
    let survey = &bytes.survey;
    if survey.modinfo().is_none() || survey.modinfo_sections.allocated.is_some() {
        return bytes.clone();
    }
    let walk = Step::of(&TRAILER).consult(&policy.elf_rules).map(|rules| rules.walk);
    if walk != Ok(Walk::First) {
        return bytes.clone();
    }
    Arc::new(ModuleBytes { survey: survey.without_modinfo(), ..ModuleBytes::clone(bytes) })
}

/// The end of a file in a few words.
fn end(bytes: &ModuleBytes) -> String {
    match &bytes.appended {
        Appended::Nothing => "no signature at the end".into(),
        Appended::MarkerOnly { .. } => "a signature marker and nothing before it".into(),
        Appended::Signature(s) => format!("a signature of {} bytes at the end", s.trailer.sig_len),
    }
}

fn line(remark: &Remark) -> Line {
    Line { row: "signature", text: remark.line(), once: false }
}

/// How the message names its first signer: the common name of the issuer with the serial number, or
/// the key identifier. A name is shown and never believed.
#[must_use]
pub fn signer(module: &ModuleFacts) -> Option<Arc<str>> {
    let message = module.file.fact(|f| match &**f {
        ModuleFile::Read(bytes) => (bytes.message.clone(), String::new()),
        ModuleFile::NotReadable(_) => (None, String::new()),
    });
    let mut step = Step::of(&VERIFIED);
    let message = step.consult(&message).ok()?.clone()?;
    let mut named: Option<String> = None;
    for event in signed_data::read(&message).events {
        match event.action {
            Part::Issuer => {
                let name = Name { raw: event.value };
                named = Some(name.common_name().unwrap_or_else(|| name.to_string()));
            }
            Part::Serial => {
                let name = named.take().unwrap_or_default();
                return Some(text(format!("{name}, serial {}", hex(event.value))));
            }
            Part::KeyIdentifier => return Some(text(format!("key {}", hex(event.value)))),
            _ => {}
        }
    }
    None
}

/// What the rules ask of this machine, answered from the policy and written down.
struct Asking<'a> {
    policy: &'a LinuxPolicy,
    good: Option<&'a dyn Good>,
    bytes: &'a ModuleBytes,
    step: &'a mut Step,
    fips: bool,
    /// The key found last: the one that verified, when the answer is yes.
    found: Option<Voucher>,
}

impl Kernel for Asking<'_> {
    type Doubt = Gaps;

    fn in_fips_mode(&self) -> bool {
        self.fips
    }

    fn digest_available(&mut self, algorithm: DigestAlgorithm) -> Result<bool, Gaps> {
        self.step.consult(&self.policy.digest(algorithm)).copied()
    }

    fn key_algorithm_available(&mut self, algorithm: KeyAlgorithm) -> Result<bool, Gaps> {
        self.step.consult(&self.policy.public_key(family(algorithm))).copied()
    }

    fn content_digest(&mut self, algorithm: DigestAlgorithm) -> Result<Digest, Gaps> {
        self.bytes.digests.get(&algorithm).copied().ok_or_else(|| {
            gap(Question::ModuleBytes, Why::Missing(text(format!("{} digest", algorithm.name()))))
        })
    }

    fn find_key(&mut self, ring: kernel::Ring, id: &[u8]) -> Result<Option<Arc<Anchor>>, Gaps> {
        let rings = &self.policy.keyrings;
        let list = match ring {
            kernel::Ring::Trusted => &rings.trusted,
            kernel::Ring::Platform => &rings.platform,
            kernel::Ring::Revoked => &rings.revoked,
        };
        let held = self.step.find(list, |h| h.anchor.answers_to(id))?;
        if let Some(held) = held {
            self.found = Some(Voucher { ring: held.ring, key: held.name.clone() });
        }
        Ok(held.map(|h| h.anchor.clone()))
    }

    // See `Denied::CertificateSha256`: what dbx holds never matches.
    fn certificate_blacklisted(&mut self, _: &Digest) -> Result<bool, Gaps> {
        Ok(false)
    }

    fn revocations_matter(&mut self, ring: kernel::Ring) -> Result<bool, Gaps> {
        Ok(match &**self.step.consult(&self.policy.keyrings.revocation)? {
            "all" => true,
            "platform" => ring == kernel::Ring::Platform,
            _ => false,
        })
    }

    fn beyond_us(&mut self, algorithm: KeyAlgorithm) -> Gaps {
        gap(Question::CryptoAlgorithm, Why::NoRow(text(algorithm.name())))
    }

    fn verify(
        &mut self,
        key: &PublicKey,
        by: DigestAlgorithm,
        digest: Option<&Digest>,
        signature: &[u8],
    ) -> Verified {
        match (self.good, digest) {
            (Some(good), Some(digest)) => good::verify(good, key, by, digest, signature),
            _ => key.verify(by, digest, signature),
        }
    }
}

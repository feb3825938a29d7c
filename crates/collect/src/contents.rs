//! The bytes of one module, looked over: one pass gives digests, signature and ELF file.

use std::collections::BTreeMap;
use std::sync::Arc;

use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, DigestSet, Hasher};
use loadworthy_core::crypt::paired;
use loadworthy_core::facts::module::ModuleBytes;
use loadworthy_formats::bundle::sketch::Sketch;
use loadworthy_formats::cms::signed_data::{self, Part};
use loadworthy_formats::elf::relocations::{Obstacles, obstacles};
use loadworthy_formats::elf::survey::survey;
use loadworthy_formats::error::{Error, Kind};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::modsig::{self, Appended, Signature};
use loadworthy_formats::processor::has_sha256;
use loadworthy_formats::text::unhex;

/// Digests of a module's bytes.
struct Digests {
    /// Of what is signed, by every algorithm that the message names.
    signed: BTreeMap<DigestAlgorithm, Digest>,
    /// SHA-256 of everything.
    sha256: [u8; 32],
}

/// The bytes of a module, unpacked, looked over once: what stands at the end, the digests that the
/// signature names, the digest of everything, and the ELF file.
#[must_use]
pub fn bytes(plain: &[u8], limits: &Limits) -> ModuleBytes {
    let ended = Ended::of(plain);
    let digests = ended.digested();
    ended.looked_over(digests, limits)
}

/// The same of two modules, of which digests are made side by side where that is faster.
#[must_use]
pub fn of_both(plain: [&[u8]; 2], limits: &Limits) -> [ModuleBytes; 2] {
    let [one, other] = plain.map(Ended::of);
    let digests = if has_sha256() && one.names_sha256_alone() && other.names_sha256_alone() {
        let made = paired::sha256(one.apart(), other.apart());
        made.map(|made| Digests {
            signed: Digest::from_bytes(&made.beginning)
                .map(|beginning| (DigestAlgorithm::Sha256, beginning))
                .into_iter()
                .collect(),
            sha256: made.whole,
        })
    } else {
        [one.digested(), other.digested()]
    };
    let [first, second] = digests;
    [one.looked_over(first, limits), other.looked_over(second, limits)]
}

/// A module of which the end was read.
struct Ended<'p> {
    plain: &'p [u8],
    appended: Appended,
    /// What its signature names.
    named: DigestSet,
}

impl<'p> Ended<'p> {
    fn of(plain: &'p [u8]) -> Self {
        let appended = modsig::read(plain);
        let named = digests_named(message(&appended, plain).unwrap_or_default());
        Self { plain, appended, named }
    }

    /// What the signature is over, and the rest.
    fn apart(&self) -> (&'p [u8], &'p [u8]) {
        apart(&self.appended, self.plain)
    }

    fn names_sha256_alone(&self) -> bool {
        self.named == DigestSet::of(DigestAlgorithm::Sha256)
    }

    fn digested(&self) -> Digests {
        let mut hasher = Hasher::new(self.named.union(DigestSet::of(DigestAlgorithm::Sha256)));
        let (signed, rest) = self.apart();
        hasher.update(signed);
        let signed = hasher.so_far().into_iter().filter(|(of, _)| self.named.contains(*of));
        let signed = signed.collect();
        hasher.update(rest);
        let whole = hasher.finish().into_iter().find(|(of, _)| *of == DigestAlgorithm::Sha256);
        let whole = whole.and_then(|(_, digest)| digest.as_bytes().try_into().ok());
        Digests { signed, sha256: whole.unwrap_or_default() }
    }

    fn looked_over(self, digests: Digests, limits: &Limits) -> ModuleBytes {
        let mut read = looked_over(self.plain, self.appended, digests, limits);
        read.obstacles = obstacles(&read.survey, elf(&read.appended, self.plain));
        read
    }
}

/// The same of a module that was recorded: the digests are those of the sketch, which also has zeros
/// for bytes that nothing is drawn from.
///
/// # Errors
/// When a digest in the sketch is none.
pub fn sketched(sketch: &Sketch, module: &[u8], limits: &Limits) -> Result<ModuleBytes, Error> {
    let corrupt = Error::new("bundle module digest", 0, Kind::Corrupt);
    let sha256 = unhex(&sketch.content_sha256).and_then(|bytes| bytes.try_into().ok());
    let signed = sketch.digests.iter().map(|(name, hex)| {
        let digest = Digest::from_bytes(&unhex(hex)?)?;
        let algorithm = DigestAlgorithm::from_name(name)?;
        (digest.as_bytes().len() == algorithm.output_len()).then_some((algorithm, digest))
    });
    let digests = Digests {
        signed: signed.collect::<Option<_>>().ok_or(corrupt)?,
        sha256: sha256.ok_or(corrupt)?,
    };
    let read = looked_over(module, modsig::read(module), digests, limits);
    let obstacles = Obstacles { usual: sketch.obstacle, other: sketch.other_obstacle };
    Ok(ModuleBytes { obstacles, ..read })
}

/// Where the ELF file is looked for: where the trailer is refused, the kernel takes off the marker
/// alone and looks in all of the rest (`kernel/module/signing.c` `mod_verify_sig`).
fn elf<'p>(appended: &Appended, plain: &'p [u8]) -> &'p [u8] {
    match appended {
        Appended::Signature(Signature { trailer, without_marker, .. })
            if trailer.id_type != modsig::PKCS7 || !trailer.unused_are_zero() =>
        {
            plain.get(..*without_marker).unwrap_or(plain)
        }
        _ => apart(appended, plain).0,
    }
}

fn looked_over(plain: &[u8], appended: Appended, digests: Digests, limits: &Limits) -> ModuleBytes {
    ModuleBytes {
        len: u64::try_from(plain.len()).unwrap_or(u64::MAX),
        message: message(&appended, plain).map(Arc::from),
        digests: digests.signed,
        sha256: digests.sha256,
        survey: survey(elf(&appended, plain), limits).value,
        obstacles: Obstacles::default(),
        appended,
    }
}

/// The signature message, where the trailer points to one.
fn message<'p>(appended: &Appended, plain: &'p [u8]) -> Option<&'p [u8]> {
    let Appended::Signature(Signature { pkcs7: Some(span), .. }) = appended else { return None };
    Some(plain.get(span.clone()).unwrap_or_default())
}

/// What the signature is over, and the rest.
fn apart<'p>(appended: &Appended, plain: &'p [u8]) -> (&'p [u8], &'p [u8]) {
    let content = match appended {
        Appended::Signature(signature) => signature.content_len(),
        Appended::Nothing | Appended::MarkerOnly { .. } => None,
    };
    plain.split_at_checked(content.unwrap_or(plain.len())).unwrap_or((plain, &[]))
}

/// Every digest that the message names anywhere. What the kernel makes of it is decided later.
fn digests_named(message: &[u8]) -> DigestSet {
    let mut named = DigestSet::default();
    for event in signed_data::read(message).events {
        if event.action == Part::Oid
            && let Some(of) = DigestAlgorithm::from_oid(event.value)
        {
            named.insert(of);
        }
    }
    named
}

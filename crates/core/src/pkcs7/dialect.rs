//! How kernels of one version read signatures: which object identifiers they know and what for.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use loadworthy_formats::der::oid;
use serde::Deserialize;

use crate::crypt::digest::DigestAlgorithm;
use crate::crypt::key::KeyAlgorithm;
use crate::tables::{self, Common, TableError, Version};

const OIDS: &str = "linux/oids.toml";
const SIGNATURES: &str = "linux/signatures.toml";

/// The tables of this room, read once; a dialect is made from them for each version.
#[derive(Clone, Debug)]
pub struct Knowledge {
    identifiers: Vec<Identifier>,
    meanings: Vec<(Common, String, Meaning)>,
    rules: Vec<(Common, Rule)>,
}

#[derive(Clone, Debug)]
struct Identifier {
    common: Common,
    octets: Vec<u8>,
}

/// What an identifier stands for in one place.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    Digest(DigestAlgorithm),
    Signature(SignatureKind),
    CertificateSignature(SignatureKind, Option<DigestAlgorithm>),
    CertificateKey(KeyRule),
    Curve(KeyAlgorithm),
}

/// How a certificate's key algorithm says what key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyRule {
    /// By itself.
    Is(KeyAlgorithm),
    /// By its parameters, which name a curve.
    ByCurve,
}

/// What a signature says it was made with (`public_key_signature.pkey_algo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureKind {
    /// RSA with PKCS#1 v1.5.
    Rsa,
    /// ECDSA on whatever curve the key is of.
    Ecdsa,
    /// EC-RDSA.
    Ecrdsa,
    /// SM2.
    Sm2,
    /// ML-DSA with this key.
    MlDsa(KeyAlgorithm),
}

impl SignatureKind {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "rsa" => Some(Self::Rsa),
            "ecdsa" => Some(Self::Ecdsa),
            "ecrdsa" => Some(Self::Ecrdsa),
            "sm2" => Some(Self::Sm2),
            "mldsa44" | "mldsa65" | "mldsa87" => KeyAlgorithm::from_name(name).map(Self::MlDsa),
            _ => None,
        }
    }

    /// Whether a key of this algorithm can have made it.
    pub(super) fn suits(self, key: KeyAlgorithm) -> bool {
        match key {
            KeyAlgorithm::Rsa => self == Self::Rsa,
            KeyAlgorithm::EcdsaP192
            | KeyAlgorithm::EcdsaP256
            | KeyAlgorithm::EcdsaP384
            | KeyAlgorithm::EcdsaP521 => self == Self::Ecdsa,
            KeyAlgorithm::Ecrdsa => self == Self::Ecrdsa,
            KeyAlgorithm::Sm2 => self == Self::Sm2,
            KeyAlgorithm::MlDsa44 | KeyAlgorithm::MlDsa65 | KeyAlgorithm::MlDsa87 => {
                self == Self::MlDsa(key)
            }
        }
    }
}

/// A rule that not all versions have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Rule {
    KeyUsageRead,
    BasicConstraintsStrict,
    EcdsaDigestsListed,
    RsaTrivialRefused,
    SignatureAlgorithmDiffers,
}

#[derive(Deserialize)]
struct OidsFile {
    oid: Vec<OidRow>,
}

#[derive(Deserialize)]
struct OidRow {
    #[serde(flatten)]
    common: Common,
    oid: String,
}

#[derive(Deserialize)]
struct SignaturesFile {
    pkcs7_digest: Vec<MeaningRow>,
    pkcs7_signature: Vec<MeaningRow>,
    certificate_signature: Vec<MeaningRow>,
    certificate_key: Vec<MeaningRow>,
    curve: Vec<MeaningRow>,
    rule: Vec<RuleRow>,
}

#[derive(Deserialize)]
struct MeaningRow {
    #[serde(flatten)]
    common: Common,
    oid: String,
    digest: Option<String>,
    kind: Option<String>,
    key: Option<String>,
}

#[derive(Deserialize)]
struct RuleRow {
    #[serde(flatten)]
    common: Common,
}

impl MeaningRow {
    fn digest(&self) -> Option<DigestAlgorithm> {
        self.digest.as_deref().and_then(DigestAlgorithm::from_name)
    }

    fn kind(&self) -> Option<SignatureKind> {
        self.kind.as_deref().and_then(SignatureKind::from_name)
    }

    fn key(&self) -> Option<KeyAlgorithm> {
        self.key.as_deref().and_then(KeyAlgorithm::from_name)
    }
}

impl Knowledge {
    /// The tables built into this program.
    ///
    /// # Errors
    /// When a table is not what its reader expects; a test makes sure that this cannot happen.
    pub fn built_in() -> Result<Self, TableError> {
        let oids: OidsFile = tables::read(OIDS, include_str!("../../knowledge/linux/oids.toml"))?;
        let file: SignaturesFile =
            tables::read(SIGNATURES, include_str!("../../knowledge/linux/signatures.toml"))?;
        let identifiers = oids.oid.into_iter().map(|row| {
            let octets = oid::from_dotted(&row.oid).ok_or_else(|| bad(OIDS, &row.common.id))?;
            Ok(Identifier { common: row.common, octets })
        });
        let mut meanings = Vec::new();
        let mut add = |rows: Vec<MeaningRow>, meaning: fn(&MeaningRow) -> Option<Meaning>| {
            for row in rows {
                let found = meaning(&row).ok_or_else(|| bad(SIGNATURES, &row.common.id))?;
                meanings.push((row.common, row.oid, found));
            }
            Ok(())
        };
        add(file.pkcs7_digest, |row| row.digest().map(Meaning::Digest))?;
        add(file.pkcs7_signature, |row| row.kind().map(Meaning::Signature))?;
        add(file.certificate_signature, |row| {
            Some(Meaning::CertificateSignature(row.kind()?, row.digest()))
        })?;
        add(file.certificate_key, |row| {
            Some(Meaning::CertificateKey(match row.key.as_deref()? {
                "curve" => KeyRule::ByCurve,
                _ => KeyRule::Is(row.key()?),
            }))
        })?;
        add(file.curve, |row| row.key().map(Meaning::Curve))?;
        let rules = file.rule.into_iter().map(|row| {
            let rule = rule(&row.common.id).ok_or_else(|| bad(SIGNATURES, &row.common.id))?;
            Ok((row.common, rule))
        });
        Ok(Self {
            identifiers: identifiers.collect::<Result<_, _>>()?,
            meanings,
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

fn bad(table: &str, row: &str) -> TableError {
    TableError { table: table.to_string(), problem: format!("row {row} cannot be understood") }
}

fn rule(id: &str) -> Option<Rule> {
    match id {
        "key-usage-read" => Some(Rule::KeyUsageRead),
        "basic-constraints-strict" => Some(Rule::BasicConstraintsStrict),
        "ecdsa-digests-listed" => Some(Rule::EcdsaDigestsListed),
        "rsa-trivial-refused" => Some(Rule::RsaTrivialRefused),
        "signature-algorithm-differs" => Some(Rule::SignatureAlgorithmDiffers),
        _ => None,
    }
}

/// The identifiers whose meaning is a step of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Data,
    SignedData,
    IndirectData,
    ContentType,
    SigningTime,
    MessageDigest,
    SmimeCapabilities,
    OpusInfo,
    StatementType,
    SubjectKeyId,
    KeyUsage,
    BasicConstraints,
    AuthorityKeyId,
    CommonName,
    OrganizationName,
    Email,
}

/// Rows of the registry that play a role, by their id.
const ROLES: [(&str, Role); 16] = [
    ("data", Role::Data),
    ("signed_data", Role::SignedData),
    ("msIndirectData", Role::IndirectData),
    ("contentType", Role::ContentType),
    ("signingTime", Role::SigningTime),
    ("messageDigest", Role::MessageDigest),
    ("smimeCapabilites", Role::SmimeCapabilities),
    ("msSpOpusInfo", Role::OpusInfo),
    ("msStatementType", Role::StatementType),
    ("subjectKeyIdentifier", Role::SubjectKeyId),
    ("keyUsage", Role::KeyUsage),
    ("basicConstraints", Role::BasicConstraints),
    ("authorityKeyIdentifier", Role::AuthorityKeyId),
    ("commonName", Role::CommonName),
    ("organizationName", Role::OrganizationName),
    ("email_address", Role::Email),
];

/// An identifier as one version sees it. [`Known::default`] is what the kernel has before it saw
/// any: number zero, good for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Its number in the kernel's registry, or the size of the registry.
    pub(super) number: u16,
    /// Whether the registry has it.
    pub(super) is_known: bool,
    pub(super) role: Option<Role>,
    pub(super) digest: Option<DigestAlgorithm>,
    pub(super) signature: Option<SignatureKind>,
    pub(super) certificate_signature: Option<(SignatureKind, Option<DigestAlgorithm>)>,
    pub(super) certificate_key: Option<KeyRule>,
    pub(super) curve: Option<KeyAlgorithm>,
}

/// How kernels of one version read signatures.
#[derive(Clone, Debug)]
pub struct Dialect {
    known: BTreeMap<Vec<u8>, Known>,
    size: u16,
    rules: Vec<Rule>,
}

impl Dialect {
    /// The dialect of this version. Versions newer than the tables speak as the newest in them.
    #[must_use]
    pub fn new(knowledge: &Knowledge, version: Version) -> Self {
        let mut known = BTreeMap::new();
        let mut size = 0_u16;
        for row in knowledge.identifiers.iter().filter(|row| row.common.covers(version)) {
            let id = row.common.id.as_str();
            let role = ROLES.iter().find(|(name, _)| *name == id).map(|(_, role)| *role);
            let mut entry = Known { number: size, is_known: true, role, ..Known::default() };
            let mine =
                |(common, oid, _): &&(Common, String, Meaning)| oid == id && common.covers(version);
            for (_, _, meaning) in knowledge.meanings.iter().filter(mine) {
                match *meaning {
                    Meaning::Digest(digest) => entry.digest = Some(digest),
                    Meaning::Signature(kind) => entry.signature = Some(kind),
                    Meaning::CertificateSignature(kind, digest) => {
                        entry.certificate_signature = Some((kind, digest));
                    }
                    Meaning::CertificateKey(rule) => entry.certificate_key = Some(rule),
                    Meaning::Curve(key) => entry.curve = Some(key),
                }
            }
            known.insert(row.octets.clone(), entry);
            size = size.saturating_add(1);
        }
        let rules = knowledge
            .rules
            .iter()
            .filter(|(common, _)| common.covers(version))
            .map(|(_, rule)| *rule)
            .collect();
        Self { known, size, rules }
    }

    /// What an identifier is; an unknown one has the number that the kernel prints for it.
    pub(super) fn look_up(&self, octets: &[u8]) -> Known {
        let unknown = Known { number: self.size, ..Known::default() };
        self.known.get(octets).copied().unwrap_or(unknown)
    }

    pub(super) fn has(&self, rule: Rule) -> bool {
        self.rules.contains(&rule)
    }

    /// Whether a signer may name this digest.
    #[must_use]
    pub fn accepts_digest(&self, digest: DigestAlgorithm) -> bool {
        self.known.values().any(|known| known.digest == Some(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(version: (u16, u16), dotted: &str) -> u16 {
        let version = Version { major: version.0, minor: version.1 };
        let dialect = Dialect::new(&Knowledge::built_in().unwrap(), version);
        dialect.look_up(&oid::from_dotted(dotted).unwrap()).number
    }

    #[test]
    fn numbers_are_those_that_kernels_print() {
        // Recorded log lines of Debian 6.1.192 and 6.12.117.
        assert_eq!(number((6, 1), "1.3.36.3.2.1"), 98);
        assert_eq!(number((6, 12), "1.3.36.3.2.1"), 103);
        assert_eq!(number((6, 1), "1.2.840.113549.1.7.1"), 19);
        assert_eq!(number((6, 12), "1.2.840.113549.1.7.1"), 16);
        assert_eq!(number((6, 1), "1.2.840.113549.1.1.11"), 15);
        assert_eq!(number((6, 12), "1.2.840.113549.1.1.11"), 12);
        // Counted in include/linux/oid_registry.h.
        assert_eq!(number((5, 10), "1.2.840.10045.2.1"), 3);
        assert_eq!(number((6, 1), "1.2.840.10045.2.1"), 2);
    }

    #[test]
    fn every_row_that_is_named_is_in_the_registry() {
        let knowledge = Knowledge::built_in().unwrap();
        let is_there = |id: &str| knowledge.identifiers.iter().any(|i| i.common.id == id);
        for (common, oid, _) in &knowledge.meanings {
            assert!(is_there(oid), "{}", common.id);
        }
        for (id, _) in ROLES {
            assert!(is_there(id), "{id}");
        }
    }
}

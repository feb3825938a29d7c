//! Public keys and signatures under them.

use core::fmt;

use super::digest::{Digest, DigestAlgorithm};
use super::{ecdsa, rsa};

/// A kind of public key, by the names of the Linux crypto API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    /// RSA.
    Rsa,
    /// ECDSA on NIST P-192.
    EcdsaP192,
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
    /// ECDSA on NIST P-521.
    EcdsaP521,
    /// EC-RDSA, GOST R 34.10-2012.
    Ecrdsa,
    /// SM2, GB/T 32918.
    Sm2,
    /// ML-DSA-44, FIPS 204.
    MlDsa44,
    /// ML-DSA-65, FIPS 204.
    MlDsa65,
    /// ML-DSA-87, FIPS 204.
    MlDsa87,
}

impl KeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Rsa,
        Self::EcdsaP192,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Ecrdsa,
        Self::Sm2,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// The name in the Linux crypto API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::EcdsaP192 => "ecdsa-nist-p192",
            Self::EcdsaP256 => "ecdsa-nist-p256",
            Self::EcdsaP384 => "ecdsa-nist-p384",
            Self::EcdsaP521 => "ecdsa-nist-p521",
            Self::Ecrdsa => "ecrdsa",
            Self::Sm2 => "sm2",
            Self::MlDsa44 => "mldsa44",
            Self::MlDsa65 => "mldsa65",
            Self::MlDsa87 => "mldsa87",
        }
    }

    /// The kind with this name in the Linux crypto API.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// A public key, taken apart once and used often.
///
/// One that is not a key at all is kept too: a kernel finds that out only when it uses it.
pub struct PublicKey {
    algorithm: KeyAlgorithm,
    form: Form,
}

enum Form {
    Rsa(rsa::Key),
    Ec(ecdsa::Key),
    Unusable(Refusal),
    /// Arithmetic that is not here.
    Foreign,
}

/// Why a signature or a key was refused, by the step that did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The key's encoding is damaged.
    KeyMalformed,
    /// The key is of a size or form that kernels do not take.
    KeyUnfit,
    /// The key is too large to be read.
    KeyTooLarge,
    /// There is no signature scheme of this key with this digest.
    NoScheme,
    /// There is no digest to compare with.
    NoDigest,
    /// The signature is not as long as the key.
    SignatureLength,
    /// The signature is not a number below the modulus.
    SignatureRange,
    /// The signature is the number zero or one.
    SignatureTrivial,
    /// What the signature holds does not begin with a zero byte: made by another key, or damaged.
    LeadingByte,
    /// What the signature holds is not padded as PKCS#1 wants, or is of another digest algorithm.
    Padding,
    /// The signature's encoding is damaged.
    SignatureMalformed,
    /// A number of the signature is longer than the curve allows.
    ScalarLength,
    /// A number of the signature is zero or not below the order of the curve.
    ScalarRange,
    /// The signature is over something else.
    Mismatch,
}

/// The answer of the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verified {
    /// The signature is the key's, over this digest.
    Yes,
    /// It is not.
    No(Refusal),
    /// The arithmetic for this kind of key is not here.
    Unsupported,
}

impl PublicKey {
    /// The key in these bytes: the contents of `subjectPublicKey`.
    #[must_use]
    pub fn new(algorithm: KeyAlgorithm, bytes: &[u8]) -> Self {
        let form = match algorithm {
            KeyAlgorithm::Rsa => rsa::Key::new(bytes).map_or_else(Form::Unusable, Form::Rsa),
            KeyAlgorithm::EcdsaP256 => {
                ecdsa::Key::new(ecdsa::P256, bytes).map_or_else(Form::Unusable, Form::Ec)
            }
            KeyAlgorithm::EcdsaP384 => {
                ecdsa::Key::new(ecdsa::P384, bytes).map_or_else(Form::Unusable, Form::Ec)
            }
            KeyAlgorithm::EcdsaP521 => {
                ecdsa::Key::new(ecdsa::P521, bytes).map_or_else(Form::Unusable, Form::Ec)
            }
            KeyAlgorithm::EcdsaP192
            | KeyAlgorithm::Ecrdsa
            | KeyAlgorithm::Sm2
            | KeyAlgorithm::MlDsa44
            | KeyAlgorithm::MlDsa65
            | KeyAlgorithm::MlDsa87 => Form::Foreign,
        };
        Self { algorithm, form }
    }

    /// Its kind.
    #[must_use]
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Size of the modulus or the curve, in bits, where that is known.
    #[must_use]
    pub fn bits(&self) -> Option<u64> {
        match &self.form {
            Form::Rsa(key) => Some(key.bits()),
            Form::Ec(key) => Some(key.bits()),
            Form::Unusable(_) | Form::Foreign => None,
        }
    }

    /// Whether `signature` is this key's over `digest`.
    ///
    /// RSA signatures are PKCS#1 v1.5, those of elliptic curves a sequence of two integers.
    /// `digest` is `None` where a kernel could not make one.
    #[must_use]
    pub fn verify(
        &self,
        by: DigestAlgorithm,
        digest: Option<&Digest>,
        signature: &[u8],
    ) -> Verified {
        let refusal = match &self.form {
            Form::Foreign => return Verified::Unsupported,
            Form::Unusable(_) | Form::Rsa(_)
                if self.algorithm == KeyAlgorithm::Rsa && rsa::prefix(by).is_none() =>
            {
                Some(Refusal::NoScheme)
            }
            Form::Unusable(refusal) => Some(*refusal),
            Form::Rsa(key) => match digest {
                None => Some(Refusal::NoDigest),
                Some(digest) => key.refuses(by, digest, signature),
            },
            Form::Ec(key) => key.refuses(digest.map_or(&[], Digest::as_bytes), signature),
        };
        refusal.map_or(Verified::Yes, Verified::No)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}", self.algorithm.name())?;
        match self.bits() {
            Some(bits) => write!(f, ", {bits} bits)"),
            None => f.write_str(")"),
        }
    }
}

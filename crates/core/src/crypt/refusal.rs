//! Why arithmetic says no, by the step that said it.

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

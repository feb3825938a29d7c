//! Why a signature or certificate is refused: the errno, and the rule behind it.

use loadworthy_formats::der::fault::Fault;

use crate::crypt::digest::DigestAlgorithm;
use crate::crypt::key::KeyAlgorithm;
use crate::crypt::refusal::Refusal;
use crate::errno::Errno;

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the kernel's function returns.
    pub errno: Errno,
    /// Which rule failed.
    pub reason: Reason,
}

impl Failure {
    pub(super) const fn new(errno: Errno, reason: Reason) -> Self {
        Self { errno, reason }
    }
}

/// The rule that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The trailer has no room for a signature, or its length leaves no content.
    TrailerLength,
    /// The trailer says that the signature is not PKCS#7.
    TrailerKind,
    /// Fields of the trailer that must be zero are not.
    TrailerFields,
    /// The encoding is damaged.
    Malformed(Fault),
    /// More bytes than the decoder takes.
    TooLong,
    /// The message is not signed data.
    NotSignedData,
    /// A version of signed data that is not read.
    SignedDataVersion,
    /// A version of a signer that is not read.
    SignerVersion,
    /// The versions of signed data and signer do not go together.
    VersionsDisagree,
    /// The digest algorithm is not one that the kernel's parser accepts.
    DigestUnknown,
    /// The signature algorithm is not one that the kernel's parser accepts.
    SignatureAlgorithmUnknown,
    /// Content of a type that is not read.
    ContentType,
    /// The content is inside the message instead of beside it.
    ContentInside,
    /// Content is not plain data.
    NotData,
    /// A signed attribute is not allowed, twice there, or contradicts the message.
    Attribute,
    /// Signed attributes lack one that must be there.
    AttributeMissing,
    /// Some signers have signed attributes and some do not, or nobody signed.
    AttributesInconsistent,
    /// Modules may not have signed attributes.
    HasAttributes,
    /// A certificate in the message is not a sequence.
    CertificateTag,
    /// A certificate was signed with an algorithm that the kernel's parser does not accept.
    CertificateSignatureUnknown,
    /// A certificate holds a key that the kernel's parser does not accept.
    CertificateKeyUnknown,
    /// A certificate names two different signature algorithms.
    CertificateAlgorithmsDiffer,
    /// A bit string of a certificate is not whole bytes.
    CertificateBits,
    /// A time of a certificate cannot be read.
    CertificateTime,
    /// An extension of a certificate cannot be read.
    CertificateExtension,
    /// A certificate names itself as issuer and contradicts itself about the key.
    CertificateAuthority,
    /// A certificate names itself as issuer and its signature does not verify.
    CertificateSelfSignature(SignatureFault),
    /// A certificate is on the blacklist.
    CertificateBlacklisted,
    /// The digest algorithm is not available now.
    DigestUnavailable(DigestAlgorithm),
    /// A signing time lies outside the certificate's validity.
    SigningTime,
    /// The key of a certificate in the message does not verify the signature.
    EmbeddedSignature(SignatureFault),
    /// A certificate in the message does not verify another one in it.
    ChainSignature(SignatureFault),
    /// A certificate in the message names an issuer whose key identifier is another.
    ChainIdentifiers,
    /// Every signature needs something that is not available.
    NothingVerifiable,
    /// The signer's key is on the revocation list.
    Revoked,
    /// No key that is trusted made any of the signatures.
    KeyUnknown,
    /// The signer is named by nothing.
    KeyIdEmpty,
    /// The trusted key with this issuer and serial number has another key identifier.
    KeyIdsDisagree,
    /// A trusted key that the message names does not verify it.
    TrustedKeyRefuses(SignatureFault),
}

/// Why a key does not verify a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFault {
    /// The signature says that it was made with another kind of key.
    Kind,
    /// This kind of key does not go with this digest.
    Digest,
    /// The kernel has no arithmetic for this kind of key.
    Unavailable(KeyAlgorithm),
    /// The arithmetic says no.
    Refused(Refusal),
}

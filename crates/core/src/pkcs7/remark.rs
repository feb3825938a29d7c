//! Lines that the kernel prints on the way.

use alloc::format;
use alloc::string::String;

use crate::crypt::digest::Digest;

/// Something the kernel prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The trailer names something other than PKCS#7.
    TrailerKind,
    /// The trailer's unused fields are used.
    TrailerFields,
    /// An object identifier that the kernel does not know.
    UnknownOid {
        /// Offset in the message, in bytes.
        at: usize,
        /// The identifier as the kernel writes it.
        oid: String,
    },
    /// A digest algorithm that is not accepted.
    UnsupportedDigest(u16),
    /// A signature algorithm that is not accepted.
    UnsupportedSignature(u16),
    /// Not signed data.
    NotSignedData,
    /// A version of signed data that is not read.
    SignedDataVersion,
    /// A version of a signer that is not read.
    SignerVersion,
    /// Versions that do not go together.
    VersionsDisagree,
    /// Content of a type that is not read.
    UnsupportedContent(u16),
    /// The content type among the signed attributes is another than the message's.
    ContentTypesDisagree {
        /// The message's.
        message: u16,
        /// The signer's index, counted from one; zero while it is being read.
        signer: u32,
        /// The attribute's.
        attribute: u16,
    },
    /// S/MIME capabilities on something that is not Authenticode.
    SmimeCapabilities,
    /// Authenticode attributes on something that is not Authenticode.
    AuthenticodeAttributes,
    /// An attribute is there twice, or has two values.
    RepeatedAttribute,
    /// Signed attributes without content type or message digest.
    MissingAttribute,
    /// An Authenticode attribute where none should be.
    UnexpectedAuthenticode,
    /// Authenticode without signed attributes.
    AuthenticodeUnsigned,
    /// Signed attributes for some signers alone, or no signers.
    AttributesInconsistent,
    /// The content is inside, and again beside the message.
    DataAlreadySupplied,
    /// The content is inside.
    NotDetached,
    /// A module's signature is not over plain data.
    ModuleNotData,
    /// A module's signature has signed attributes.
    ModuleHasAttributes,
    /// Signed at a time when the certificate was not valid.
    SigningTime,
    /// A certificate and its issuer in the message disagree about the issuer's key.
    ChainIdentifiers {
        /// The signer's index, counted from one.
        signer: u32,
        /// The certificate's.
        certificate: u32,
        /// Its issuer's.
        issuer: u32,
    },
    /// The chain of certificates comes back to itself.
    ChainLoop {
        /// The signer's index, counted from one.
        signer: u32,
    },
    /// A certificate names two signature algorithms.
    CertificateAlgorithms {
        /// The one beside the signature.
        outer: u16,
        /// The one that is signed.
        signed: u16,
        /// The wording is that of 5.18 and later.
        recent: bool,
    },
    /// An authority key identifier that cannot be read.
    AuthorityKeyIdentifier,
    /// A certificate on the blacklist.
    Blacklisted(Digest),
}

impl Remark {
    /// The line, as the kernel's log holds it.
    #[must_use]
    pub fn line(&self) -> String {
        let fixed = match self {
            Self::TrailerKind => "module: not signed with expected PKCS#7 message",
            Self::TrailerFields => "module: PKCS#7 signature info has unexpected non-zero params",
            Self::UnknownOid { at, oid } => return format!("PKCS7: Unknown OID: [{at}] {oid}"),
            Self::UnsupportedDigest(n) => return format!("Unsupported digest algo: {n}"),
            Self::UnsupportedSignature(n) => return format!("Unsupported pkey algo: {n}"),
            Self::NotSignedData => "PKCS7: Only support pkcs7_signedData type",
            Self::SignedDataVersion => "PKCS7: Unsupported SignedData version",
            Self::SignerVersion => "PKCS7: Unsupported SignerInfo version",
            Self::VersionsDisagree => "PKCS7: SignedData-SignerInfo version mismatch",
            Self::UnsupportedContent(n) => return format!("PKCS7: Unsupported data type {n}"),
            Self::ContentTypesDisagree { message, signer, attribute } => {
                return format!(
                    "PKCS7: Mismatch between global data type ({message}) and sinfo {signer} ({attribute})"
                );
            }
            Self::SmimeCapabilities => "PKCS7: S/MIME Caps only allowed with Authenticode",
            Self::AuthenticodeAttributes => {
                "PKCS7: Authenticode AuthAttrs only allowed with Authenticode"
            }
            Self::RepeatedAttribute => "PKCS7: Repeated/multivalue AuthAttrs not permitted",
            Self::MissingAttribute => "PKCS7: Missing required AuthAttr",
            Self::UnexpectedAuthenticode => "PKCS7: Unexpected Authenticode AuthAttr",
            Self::AuthenticodeUnsigned => "PKCS7: Authenticode requires AuthAttrs",
            Self::AttributesInconsistent => "PKCS7: Inconsistently supplied authAttrs",
            Self::DataAlreadySupplied => "PKCS7: Data already supplied",
            Self::NotDetached => "PKCS#7 signature with non-detached data",
            Self::ModuleNotData => "PKCS7: Invalid module sig (not pkcs7-data)",
            Self::ModuleHasAttributes => "PKCS7: Invalid module sig (has authattrs)",
            Self::SigningTime => "PKCS7: Message signed outside of X.509 validity window",
            Self::ChainIdentifiers { signer, certificate, issuer } => {
                return format!(
                    "PKCS7: Sig {signer}: X.509 chain contains auth-skid nonmatch ({certificate}->{issuer})"
                );
            }
            Self::ChainLoop { signer } => {
                return format!("PKCS7: Sig {signer}: X.509 chain contains loop");
            }
            Self::CertificateAlgorithms { outer, signed, recent: true } => {
                return format!(
                    "X.509: signatureAlgorithm ({outer}) differs from tbsCertificate.signature ({signed})"
                );
            }
            Self::CertificateAlgorithms { outer, signed, recent: false } => {
                return format!(
                    "X.509: Got cert with pkey ({signed}) and sig ({outer}) algorithm OIDs"
                );
            }
            Self::AuthorityKeyIdentifier => "X.509: Couldn't decode AuthKeyIdentifier",
            Self::Blacklisted(digest) => return format!("X.509: Cert {digest} is blacklisted"),
        };
        String::from(fixed)
    }

    /// The line's priority: 3 is an error, 4 a warning, also where the kernel gives none.
    #[must_use]
    pub const fn level(&self) -> u8 {
        match self {
            Self::TrailerKind | Self::TrailerFields | Self::NotDetached | Self::Blacklisted(_) => 3,
            _ => 4,
        }
    }
}

/// Longest text of an object identifier that fits the kernel's buffer, in bytes.
const OID_TEXT: usize = 49;

/// An object identifier as `sprint_oid` writes it into a buffer of fifty bytes.
pub(super) fn oid_text(octets: &[u8]) -> String {
    let mut text = String::new();
    let Some((first, rest)) = octets.split_first() else { return String::from("(bad)") };
    let arcs = format!("{}.{}", first.wrapping_div(40), first.wrapping_rem(40));
    text.push_str(&arcs);
    let mut number: u64 = 0;
    let mut open = false;
    for byte in rest {
        number = number.wrapping_shl(7) | u64::from(byte & 0x7f);
        open = byte & 0x80 != 0;
        if !open {
            if !push(&mut text, &format!(".{number}")) {
                return text;
            }
            number = 0;
        }
    }
    if open {
        push(&mut text, "(bad)");
    }
    text
}

/// Appends what fits; false when not all did.
fn push(text: &mut String, more: &str) -> bool {
    let room = OID_TEXT.saturating_sub(text.len());
    let (fits, _) = more.split_at_checked(room).unwrap_or((more, ""));
    text.push_str(fits);
    more.len() <= room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_written_as_the_kernel_writes_them() {
        assert_eq!(oid_text(&[0x2b, 0x24, 3, 2, 1]), "1.3.36.3.2.1");
        assert_eq!(oid_text(&[]), "(bad)");
        assert_eq!(oid_text(&[0x2a, 0x86]), "1.2(bad)");
        assert_eq!(oid_text(&[0xff]), "6.15");
        assert_eq!(oid_text(&[1; 40]), "0.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1");
    }
}

//! `pkcs7`: a signed message, and who signed it.

use loadworthy_formats::authenticode::signature as authenticode;
use loadworthy_formats::catalog::list;
use loadworthy_formats::cms::signed_data::{self, Part};
use loadworthy_formats::der::decode::Ended;
use loadworthy_formats::der::oid;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;
use loadworthy_formats::x509::certificate as x509;
use loadworthy_formats::x509::name::Name;
use serde::Serialize;

use crate::inspect::certificate::{self, Certificate};
use crate::inspect::page::Page;
use crate::inspect::trust_list::TrustList;

/// A signed message on its own: what `sign-file -p` writes, or `openssl cms -sign`.
#[derive(Clone, Debug, Serialize)]
pub struct Pkcs7 {
    /// `content-info` or `bare-signed-data`.
    pub wrapper: &'static str,
    /// The type of what is signed, dotted.
    pub content_type: String,
    /// Whether what is signed is inside.
    pub has_content: bool,
    /// Who signed.
    pub signers: Vec<Signer>,
    /// The certificates inside.
    pub certificates: Vec<Certificate>,
    /// What is signed, where it is a list of certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_list: Option<TrustList>,
}

/// One signer of a message.
#[derive(Clone, Debug, Serialize)]
pub struct Signer {
    /// Name of the signer's certificate; `null` where it is not in the message.
    pub name: Option<String>,
    /// Name of its issuer; `null` where the signer is named by key identifier and not inside.
    pub issuer: Option<String>,
    /// Serial number of the signer's certificate; `null` likewise.
    pub serial: Option<String>,
    /// Subject key identifier, where the signer is named by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The digest: `sha256`.
    pub digest_algorithm: String,
}

/// A message as it was read, still borrowing its bytes.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    /// Contents of the content type's identifier.
    pub(super) content_type: &'a [u8],
    /// Whether there is content inside.
    pub(super) has_content: bool,
    /// Each certificate's bytes.
    pub(super) certificates: Vec<&'a [u8]>,
    /// Each signer.
    pub(super) signers: Vec<SignerInfo<'a>>,
}

/// A signer as it was read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SignerInfo<'a> {
    /// Contents of the issuer's name.
    pub(super) issuer: Option<&'a [u8]>,
    /// Contents of the serial number.
    pub(super) serial: Option<&'a [u8]>,
    /// Subject key identifier.
    pub(super) key_id: Option<&'a [u8]>,
    /// Contents of the digest algorithm's identifier.
    pub(super) digest: &'a [u8],
    /// The signed attributes, tag and length included.
    pub(super) attributes: Option<&'a [u8]>,
    /// The digest that the signed attributes hold.
    pub(super) message_digest: Option<&'a [u8]>,
    /// Contents of the signature algorithm's identifier.
    pub(super) algorithm: &'a [u8],
    /// The signature.
    pub(super) signature: &'a [u8],
}

impl<'a> Message<'a> {
    /// A signature over an image, in the same shape.
    pub(super) fn of(signature: &authenticode::Signature<'a>) -> Self {
        let signer = |signer: &authenticode::Signer<'a>| SignerInfo {
            issuer: signer.key_id.is_none().then_some(signer.issuer),
            serial: signer.key_id.is_none().then_some(signer.serial),
            key_id: signer.key_id,
            digest: signer.digest_algorithm,
            attributes: signer.attributes_whole,
            message_digest: signer.message_digest,
            algorithm: signer.signature_algorithm,
            signature: signer.signature,
        };
        Self {
            content_type: signature.content_type,
            has_content: signature.content_whole.is_some(),
            certificates: signature.certificates.clone(),
            signers: signature.signers.iter().map(signer).collect(),
        }
    }

    /// Reads a `ContentInfo` that holds `SignedData`.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
        let decoded = signed_data::read(bytes);
        match decoded.ended {
            Ended::Well => {}
            Ended::TooLong => return Err("the message is longer than is looked at".to_owned()),
            Ended::Malformed(fault) => {
                return Err(format!(
                    "the message is malformed at {:#x}: {:?}",
                    fault.at, fault.what
                ));
            }
        }
        let mut message = Self::default();
        let mut signer = SignerInfo::default();
        let mut last = &[][..];
        for event in &decoded.events {
            let whole = bytes.get(event.whole()).unwrap_or_default();
            match event.action {
                Part::Oid => last = event.value,
                Part::ContentType => message.content_type = last,
                Part::Content => message.has_content = true,
                Part::Certificate => message.certificates.push(whole),
                Part::Issuer => signer.issuer = Some(event.value),
                Part::Serial => signer.serial = Some(event.value),
                Part::KeyIdentifier => signer.key_id = Some(event.value),
                Part::DigestAlgorithm => signer.digest = last,
                Part::SignedAttribute if last == MESSAGE_DIGEST => {
                    signer.message_digest = Some(event.value)
                }
                Part::SignedAttributes => signer.attributes = Some(whole),
                Part::SignatureAlgorithm => signer.algorithm = last,
                Part::Signature => signer.signature = event.value,
                Part::Signer => message.signers.push(std::mem::take(&mut signer)),
                Part::OuterType | Part::Version | Part::Certificates => {}
                Part::SignerVersion | Part::SignedAttribute => {}
            }
        }
        Ok(message)
    }

    /// The certificate of a signer, where it is inside.
    pub(super) fn certificate_of(&self, signer: &SignerInfo<'_>) -> Option<x509::Certificate<'a>> {
        self.certificates.iter().filter_map(|der| Some(x509::read(der).ok()?.value)).find(|c| {
            let by_issuer = signer.issuer == Some(c.issuer.raw) && signer.serial == Some(c.serial);
            by_issuer || signer.key_id.is_some() && signer.key_id == c.subject_key_id
        })
    }

    /// A signer in words.
    pub(super) fn told(&self, signer: &SignerInfo<'_>) -> Signer {
        let inside = self.certificate_of(signer);
        let issuer = signer.issuer.or(inside.as_ref().map(|c| c.issuer.raw));
        let serial = signer.serial.or(inside.as_ref().map(|c| c.serial));
        Signer {
            name: inside.as_ref().map(|c| certificate::short(c.subject)),
            issuer: issuer.map(|raw| certificate::short(Name { raw })),
            serial: serial.map(certificate::serial),
            key_id: signer.key_id.map(hex),
            digest_algorithm: digest_name(signer.digest),
        }
    }
}

/// The short name of a digest algorithm; dotted where it has none here.
pub(super) fn digest_name(algorithm: &[u8]) -> String {
    let dotted = oid::to_dotted(algorithm);
    let short = match dotted.as_str() {
        "1.2.840.113549.2.2" => "md2",
        "1.2.840.113549.2.4" => "md4",
        "1.2.840.113549.2.5" => "md5",
        "1.3.14.3.2.26" => "sha1",
        "2.16.840.1.101.3.4.2.1" => "sha256",
        "2.16.840.1.101.3.4.2.2" => "sha384",
        "2.16.840.1.101.3.4.2.3" => "sha512",
        "2.16.840.1.101.3.4.2.4" => "sha224",
        "2.16.840.1.101.3.4.2.8" => "sha3-256",
        "2.16.840.1.101.3.4.2.9" => "sha3-384",
        "2.16.840.1.101.3.4.2.10" => "sha3-512",
        "1.2.156.10197.1.401" => "sm3",
        _ => return dotted,
    };
    short.to_owned()
}

/// Who signed a message of either wrapper.
pub(super) fn signers(bytes: &[u8]) -> Result<Vec<Signer>, String> {
    let wrapped = content_info(bytes);
    let message = Message::read(wrapped.as_deref().unwrap_or(bytes))?;
    Ok(message.signers.iter().map(|signer| message.told(signer)).collect())
}

/// Reads a file that is nothing but a signed message; `None` where it is none.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<Pkcs7> {
    let wrapped = content_info(bytes);
    let whole = wrapped.as_deref().unwrap_or(bytes);
    // Linux reads no message without signers, and none above 64 KiB; others do.
    let plain = authenticode::read(whole, limits).ok();
    let message = Message::read(whole).ok().or_else(|| Some(Message::of(plain.as_ref()?)))?;
    let trust_list = plain
        .filter(|read| read.content_type == list::TRUST_LIST)
        .and_then(|read| TrustList::read(read.content_whole?, limits, errors, deviations));
    // The grammar lets the inner message be missing; then there is nothing to tell.
    (!message.content_type.is_empty()).then(|| Pkcs7 {
        wrapper: if wrapped.is_some() { "bare-signed-data" } else { "content-info" },
        content_type: oid::to_dotted(message.content_type),
        has_content: message.has_content,
        signers: message.signers.iter().map(|signer| message.told(signer)).collect(),
        certificates: message
            .certificates
            .iter()
            .filter_map(|der| Certificate::read(der).ok())
            .collect(),
        trust_list,
    })
}

/// A bare `SignedData` with the `ContentInfo` put around it that firmware lets be missing.
fn content_info(bytes: &[u8]) -> Option<Vec<u8>> {
    const SIGNED_DATA: [u8; 11] = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    let (outer, rest) = bytes.split_first()?;
    let length = *rest.first()?;
    let skip = if length > 0x80 { usize::from(length & 0x7f) } else { 0 };
    (*outer == 0x30 && rest.get(1 + skip) == Some(&0x02)).then(|| {
        let explicit = element(0xa0, bytes);
        element(0x30, &[&SIGNED_DATA[..], &explicit].concat())
    })
}

fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let digits = length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1);
    let mut out = vec![tag];
    if value.len() >= 0x80 {
        out.push(0x80 | (length.len() - digits) as u8);
    }
    out.extend(&length[digits..]);
    out.extend(value);
    out
}

impl Pkcs7 {
    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("wrapper", self.wrapper);
        page.field("content", if self.has_content { "inside" } else { "apart" });
        for signer in &self.signers {
            signer.text(page);
        }
        if let Some(list) = &self.trust_list {
            list.text(page);
        }
        for certificate in &self.certificates {
            page.group("certificate");
            certificate.text(page);
        }
    }
}

impl Signer {
    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.maybe("signer", self.name.as_ref());
        page.maybe("issuer", self.issuer.as_ref());
        page.maybe("serial", self.serial.as_ref());
        page.maybe("key id", self.key_id.as_ref());
        page.field("digest", &self.digest_algorithm);
    }
}

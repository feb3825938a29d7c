//! `certificate`: an X.509 certificate in a few fields.

use loadworthy_formats::der::oid;
use loadworthy_formats::error::Error;
use loadworthy_formats::text::hex;
use loadworthy_formats::x509::certificate;
use loadworthy_formats::x509::key;
use loadworthy_formats::x509::name::Name;
use serde::Serialize;

use crate::inspect::digest;
use crate::inspect::page::Page;
use crate::time::timestamp;

/// A certificate.
#[derive(Clone, Debug, Serialize)]
pub struct Certificate {
    /// Common name of the subject, or what stands for it (see `short`).
    pub subject: String,
    /// The same of the issuer.
    pub issuer: String,
    /// The serial number's bytes without a leading zero byte.
    pub serial: String,
    /// SHA-1 of the whole certificate.
    pub sha1: String,
    /// SHA-256 of the whole certificate.
    pub sha256: String,
    /// Begin of its validity; empty where it cannot be read.
    pub not_before: String,
    /// End of its validity; empty where it cannot be read.
    pub not_after: String,
    /// Its key: `rsa-2048`, `ecdsa-p384`, `ed25519`.
    pub key: String,
    /// Extended key usages, dotted, in order.
    pub ekus: Vec<String>,
    /// Whether it is an authority's; `null` where it does not say.
    pub ca: Option<bool>,
    /// Subject key identifier.
    pub subject_key_id: Option<String>,
    /// The key identifier of the authority that issued it.
    pub authority_key_id: Option<String>,
    /// What was odd about it; told beside the block.
    #[serde(skip)]
    pub deviations: Vec<String>,
}

impl Certificate {
    /// Reads a certificate; its digests are over the certificate without what may follow it.
    pub(super) fn read(der: &[u8]) -> Result<Self, Error> {
        let found = certificate::read(der)?;
        let c = found.value;
        let time = |seconds: Option<i64>| seconds.map(timestamp).unwrap_or_default();
        Ok(Self {
            subject: short(c.subject),
            issuer: short(c.issuer),
            serial: serial(c.serial),
            sha1: digest::sha1(c.raw),
            sha256: digest::sha256(c.raw),
            not_before: time(c.not_before),
            not_after: time(c.not_after),
            key: key::described(c.key_algorithm, c.key_parameters, c.key),
            ekus: c.extended_key_usage.iter().map(|eku| oid::to_dotted(eku)).collect(),
            ca: c.is_ca,
            subject_key_id: c.subject_key_id.map(hex),
            authority_key_id: c.authority_key_id.map(hex),
            deviations: found.deviations.iter().map(ToString::to_string).collect(),
        })
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("subject", &self.subject);
        page.field("issuer", &self.issuer);
        page.field("serial", &self.serial);
        page.field("sha1", &self.sha1);
        page.field("sha256", &self.sha256);
        page.field("valid", format!("{} to {}", self.not_before, self.not_after));
        page.field("key", &self.key);
        if !self.ekus.is_empty() {
            page.field("used for", self.ekus.join(" "));
        }
        page.maybe("authority", self.ca.map(|ca| if ca { "yes" } else { "no" }));
        page.maybe("key id", self.subject_key_id.as_ref());
        page.maybe("issuer key id", self.authority_key_id.as_ref());
    }
}

/// A name in one word: the common name; without one the first organizational unit; without one the
/// organization; without one the whole name.
pub(super) fn short(name: Name<'_>) -> String {
    name.short()
}

/// A serial number as hexadecimal digits, without a leading zero byte.
pub(super) fn serial(bytes: &[u8]) -> String {
    hex(bytes.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(bytes))
}

//! `signature_list`: what a key database, or an update of one, holds.

use loadworthy_formats::error::Deviation;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;
use loadworthy_formats::uefi::authenticated::{self, Authenticated};
use loadworthy_formats::uefi::mok::{Mirror, Request};
use loadworthy_formats::uefi::signature_list::{self, Entry, SignatureLists};
use loadworthy_formats::uefi::signature_type::Type;
use loadworthy_formats::uefi::variable::{self, FileName};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::inspect::certificate::Certificate;
use crate::inspect::digest;
use crate::inspect::page::Page;
use crate::inspect::pkcs7::{self, Signer};

/// Lists of signatures: of `PK`, `KEK`, `db`, `dbx`, shim's lists, or a signed update of one.
#[derive(Clone, Debug, Serialize)]
pub struct SignatureList {
    /// The variable's attributes, where the file begins with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<u32>,
    /// When the update was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// How the update's signature is wrapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pkcs7_wrapper: Option<&'static str>,
    /// Bytes of the update's signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pkcs7_size: Option<usize>,
    /// Who signed the update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signers: Option<Vec<Signer>>,
    /// SHA-256 of the lists themselves.
    pub payload_sha256: String,
    /// The lists in order.
    pub lists: Vec<List>,
    /// How many entries there are of each type.
    pub counts: Map<String, Value>,
}

/// One list of entries of one type.
#[derive(Clone, Debug, Serialize)]
pub struct List {
    /// What its entries are.
    #[serde(rename = "type")]
    pub of: String,
    /// Bytes before the entries.
    pub header_size: usize,
    /// Bytes of an entry, its owner included.
    pub entry_size: u32,
    /// The entries in order.
    pub entries: Vec<Item>,
}

/// One entry.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// Who put it there.
    pub owner: String,
    /// The certificate, where it is one and can be read.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Listed>,
    /// Everything else, in hexadecimal digits; of a revocation only the digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// From when a revocation holds; `null` where it has always held. Absent from other types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_from: Option<Option<String>>,
}

/// What is told of a certificate in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Common name of the subject.
    pub subject: String,
    /// Common name of the issuer.
    pub issuer: String,
    /// SHA-1 of the certificate.
    pub sha1: String,
    /// SHA-256 of the certificate.
    pub sha256: String,
    /// Begin of its validity.
    pub not_before: String,
    /// End of its validity.
    pub not_after: String,
}

/// Whether a file holds signature lists: by its bytes, or by its name where it is a variable that is
/// known to hold them.
pub(super) fn is(file_name: &str, bytes: &[u8]) -> bool {
    let after_attributes = bytes.get(variable::HEADER..).unwrap_or_default();
    authenticated::begins(bytes)
        || signature_list::begins(bytes)
        || signature_list::begins(after_attributes)
        || authenticated::begins(after_attributes)
        || FileName::parse(file_name).is_some_and(|file| is_database(file.name))
            && bytes.len() > variable::HEADER
}

fn is_database(name: &str) -> bool {
    matches!(name, "PK" | "KEK" | "db" | "dbx" | "dbt" | "dbr")
        || Mirror::named(name).is_some_and(|(mirror, _)| mirror.is_signature_lists())
        || Request::named(name).is_some_and(Request::is_signature_lists)
}

/// Reads the lists; `errors` receives why reading stopped, `deviations` what was odd.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> SignatureList {
    let mut payload = bytes;
    let mut base = 0;
    let mut attributes = None;
    if !authenticated::begins(bytes)
        && !signature_list::begins(bytes)
        && let Ok(found) = variable::read(bytes)
    {
        attributes = Some(found.value.attributes.bits());
        tell(deviations, &found.deviations);
        payload = found.value.data;
        base = variable::HEADER;
    }
    let mut update = None;
    if authenticated::begins(payload) {
        match authenticated::read(payload) {
            Ok(found) => {
                tell(deviations, &found.deviations);
                payload = found.value.payload;
                base += found.value.payload_at;
                update = Some(found.value);
            }
            Err(e) => {
                errors.push(e.to_string());
                payload = &[];
            }
        }
    }
    let found = signature_list::read_within(payload, base, limits);
    let stopped = found.value.stopped;
    errors.extend(stopped.map(|e| e.to_string()));
    tell(deviations, found.deviations.iter().filter(|d| Some(**d) != stopped));
    let lists = lists(&found.value, deviations);
    SignatureList {
        attributes,
        timestamp: update.map(|u| u.time.to_string()),
        pkcs7_wrapper: update.map(|u| u.wrapper.name()),
        pkcs7_size: update.map(|u| u.pkcs7.len()),
        signers: update.map(|u| signers(&u, errors)),
        payload_sha256: digest::sha256(payload),
        lists,
        counts: found.value.counts().into_iter().map(|(of, n)| (of.name(), n.into())).collect(),
    }
}

fn signers(update: &Authenticated<'_>, errors: &mut Vec<String>) -> Vec<Signer> {
    pkcs7::signers(update.pkcs7).unwrap_or_else(|e| {
        errors.push(format!("the update's signature: {e}"));
        Vec::new()
    })
}

fn lists(found: &SignatureLists<'_>, deviations: &mut Vec<String>) -> Vec<List> {
    let mut list = |list: &signature_list::SignatureList<'_>| List {
        of: list.of.name(),
        header_size: list.header.len(),
        entry_size: list.entry_size,
        entries: list.entries.iter().map(|entry| item(list.of, entry, deviations)).collect(),
    };
    found.lists.iter().map(&mut list).collect()
}

fn item(of: Type, entry: &Entry<'_>, deviations: &mut Vec<String>) -> Item {
    let mut item =
        Item { owner: entry.owner.to_string(), certificate: None, value: None, revoked_from: None };
    if of == Type::X509 {
        match Certificate::read(entry.data) {
            Ok(mut c) => {
                deviations.extend(
                    c.deviations.drain(..).map(|d| format!("the entry at {:#x}: {d}", entry.at)),
                );
                item.certificate = Some(Listed::of(c));
            }
            Err(e) => deviations.push(format!("the entry at {:#x}: {e}", entry.at)),
        }
    }
    if let Some((digest, time)) = entry.revocation(of) {
        item.value = Some(hex(digest));
        item.revoked_from = Some((!time.is_zero()).then(|| time.to_string()));
    } else if item.certificate.is_none() {
        item.value = Some(hex(entry.data));
    }
    item
}

impl Listed {
    fn of(c: Certificate) -> Self {
        let Certificate { subject, issuer, sha1, sha256, not_before, not_after, .. } = c;
        Self { subject, issuer, sha1, sha256, not_before, not_after }
    }
}

fn tell<'d>(out: &mut Vec<String>, deviations: impl IntoIterator<Item = &'d Deviation>) {
    out.extend(deviations.into_iter().map(ToString::to_string));
}

/// Entries of one list that are shown to people.
const SHOWN: usize = 10;

impl SignatureList {
    /// How many entries of which types, and whether it is an update.
    pub(super) fn headline(&self) -> String {
        let mut words: Vec<_> = self.counts.iter().map(|(of, n)| format!("{n} {of}")).collect();
        if words.is_empty() {
            words.push("empty".to_owned());
        }
        let update = if self.timestamp.is_some() { "signed update: " } else { "" };
        format!("{update}{}", words.join(", "))
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.maybe("attributes", self.attributes.map(|bits| format!("{bits:#04x}")));
        page.maybe("made", self.timestamp.as_ref());
        page.maybe("wrapper", self.pkcs7_wrapper);
        for signer in self.signers.iter().flatten() {
            signer.text(page);
        }
        page.field("payload", &self.payload_sha256);
        for run in runs(&self.lists) {
            let entries: Vec<_> = run.iter().flat_map(|list| &list.entries).collect();
            let of = run.first().map_or("", |list| list.of.as_str());
            let lists =
                if run.len() == 1 { String::new() } else { format!(" in {} lists", run.len()) };
            page.group(&format!("{} {of}{lists}", entries.len()));
            for item in entries.iter().filter(|item| item.certificate.is_some()) {
                item.text(page);
            }
            let values: Vec<_> = entries.iter().filter_map(|item| item.value.as_ref()).collect();
            page.several("", &values, SHOWN);
        }
    }
}

impl Item {
    fn text(&self, page: &mut Page) {
        if let Some(c) = &self.certificate {
            page.field("subject", &c.subject);
            page.field("issuer", &c.issuer);
            page.field("sha256", &c.sha256);
            page.field("valid", format!("{} to {}", c.not_before, c.not_after));
            page.field("owner", &self.owner);
        }
    }
}

/// Lists of one type that follow each other; shim writes a list for each digest.
fn runs(lists: &[List]) -> impl Iterator<Item = &[List]> {
    lists.chunk_by(|a, b| a.of == b.of)
}

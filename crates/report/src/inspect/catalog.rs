//! `catalog`: which files a catalog names.

use loadworthy_core::codesigning::catalog::{self, Member};
use loadworthy_formats::catalog::member::Kind;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::inspect::known;
use crate::inspect::page::Page;
use crate::inspect::signature::Signature;
use crate::time::timestamp;

/// A catalog.
#[derive(Clone, Debug, Serialize)]
pub struct Catalog {
    /// 1 or 2; `null`: neither.
    pub version: Option<u8>,
    /// Its random identifier.
    pub list_id: String,
    /// When it was made.
    pub this_update: Option<String>,
    /// The files it names, in order.
    pub members: Vec<Item>,
    /// The systems it was made for.
    pub os: Vec<String>,
    /// Hardware identifiers, in the order of their numbers.
    pub hwids: Vec<String>,
    /// Its other attributes.
    pub attributes: Map<String, Value>,
}

/// A file that a catalog names.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// What it is found by: text in version 1, hexadecimal digits in version 2.
    pub tag: String,
    /// Its digest; `null` in the SHA-1 companions of version 2.
    pub digest: Option<String>,
    /// The digest's algorithm.
    pub algorithm: Option<&'static str>,
    /// `pe`, `flat`, `cab`, `unknown`: how it is digested.
    pub kind: &'static str,
    /// The name of the file.
    pub file: Option<String>,
    /// The systems it is for.
    pub os: Option<String>,
    /// Whether there are digests of its pages.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub page_hashes: bool,
}

/// Reads a catalog; `None` where it is none.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<(Catalog, Vec<Signature>)> {
    let read = catalog::read(bytes, known::authorities(), limits).ok()?;
    errors.extend(read.problems.iter().map(|problem| format!("signature: {problem}")));
    super::noticed::tell(&read.deviations, errors, deviations);
    if !read.is_sorted {
        deviations.push("its members are not in the order of their tags".to_owned());
    }
    if !read.certificates_are_sorted {
        deviations.push("the certificates of its signature are not in order".to_owned());
    }
    let strings = |of: &[std::sync::Arc<str>]| of.iter().map(ToString::to_string).collect();
    let block = Catalog {
        version: read.version,
        list_id: hex(&read.list_id),
        this_update: read.this_update.map(timestamp),
        members: read.members.iter().map(Item::of).collect(),
        os: strings(&read.systems),
        hwids: strings(&read.hardware_ids),
        attributes: read
            .attributes
            .iter()
            .map(|(name, value)| (name.to_string(), Value::from(&**value)))
            .collect(),
    };
    let signatures = read.signatures.iter().map(|s| Signature::of_code(s, None)).collect();
    Some((block, signatures))
}

impl Item {
    fn of(member: &Member) -> Self {
        Self {
            tag: member.tag_text.to_string(),
            digest: member.digest.map(|(_, digest)| digest.to_string()),
            algorithm: member.digest.map(|(by, _)| by.name()),
            kind: match member.kind {
                Kind::Pe => "pe",
                Kind::Flat => "flat",
                Kind::Cab => "cab",
                Kind::Unknown => "unknown",
            },
            file: member.file.as_ref().map(ToString::to_string),
            os: member.systems.as_ref().map(ToString::to_string),
            page_hashes: member.page_hashes.is_some(),
        }
    }
}

/// Members of a catalog that are shown to people.
const SHOWN: usize = 20;

impl Catalog {
    /// How many files, for what.
    pub(super) fn headline(&self) -> String {
        let version = self.version.map_or_else(String::new, |v| format!("version {v}, "));
        format!("{version}{} members", self.members.len())
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("identifier", &self.list_id);
        page.maybe("made", self.this_update.as_ref());
        if !self.os.is_empty() {
            page.field("for", self.os.join(", "));
        }
        page.several("hardware", &self.hwids, SHOWN);
        for (name, value) in &self.attributes {
            page.field(name, value.as_str().unwrap_or_default());
        }
        let members: Vec<String> = self.members.iter().map(Item::words).collect();
        page.several("member", &members, SHOWN);
    }
}

impl Item {
    fn words(&self) -> String {
        let file = self.file.as_deref().unwrap_or("no name");
        format!("{file} ({}) {}", self.kind, self.digest.as_ref().unwrap_or(&self.tag))
    }
}

//! `trust_list`: a list of certificates, which has the form of a catalog.

use loadworthy_formats::catalog::list::{self, List};
use loadworthy_formats::der::oid;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;
use serde::Serialize;

use crate::inspect::noticed;
use crate::inspect::page::Page;
use crate::time::timestamp;

/// A list of certificates, such as Microsoft's root list.
#[derive(Clone, Debug, Serialize)]
pub struct TrustList {
    /// What it is for, dotted.
    pub usages: Vec<String>,
    /// Its identifier, in hexadecimal digits.
    pub list_id: Option<String>,
    /// Its number, in hexadecimal digits.
    pub sequence_number: Option<String>,
    /// When it was made.
    pub this_update: Option<String>,
    /// When the next is due.
    pub next_update: Option<String>,
    /// What its entries are named by, dotted.
    pub subject_algorithm: String,
    /// The names of its entries, in hexadecimal digits, in order.
    pub subjects: Vec<String>,
}

impl TrustList {
    /// Reads the content of a signed list.
    pub(super) fn read(
        content: &[u8],
        limits: &Limits,
        errors: &mut Vec<String>,
        deviations: &mut Vec<String>,
    ) -> Option<Self> {
        let read = list::read(content, limits).ok()?;
        noticed::tell(&read.deviations, errors, deviations);
        let List {
            usages,
            identifier,
            sequence,
            this_update,
            next_update,
            subject_algorithm,
            members,
            ..
        } = read.value;
        Some(Self {
            usages: usages.iter().map(|usage| oid::to_dotted(usage)).collect(),
            list_id: identifier.map(hex),
            sequence_number: sequence.map(hex),
            this_update: this_update.map(timestamp),
            next_update: next_update.map(timestamp),
            subject_algorithm: oid::to_dotted(subject_algorithm),
            subjects: members.iter().map(|member| hex(member.tag)).collect(),
        })
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("list for", self.usages.join(" "));
        page.maybe("made", self.this_update.as_ref());
        page.maybe("next", self.next_update.as_ref());
        page.field("entries", self.subjects.len().to_string());
        page.several("", &self.subjects, SHOWN);
    }
}

/// Entries that are shown to people.
const SHOWN: usize = 20;

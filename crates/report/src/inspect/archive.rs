//! `cab` and `msi`: what lies in a cabinet, and what an installer installs.

use std::collections::BTreeMap;

use loadworthy_formats::cab::{cabinet, data};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::msi::{database, installer};
use serde::Serialize;

use crate::inspect::digest;
use crate::inspect::noticed;
use crate::inspect::page::Page;

/// Files of an archive that are shown to people.
const SHOWN: usize = 20;

/// A cabinet.
#[derive(Clone, Debug, Serialize)]
pub struct Cab {
    /// How its data are compressed, each way once: `none`, `mszip`, `lzx`, `quantum`.
    pub compression: Vec<&'static str>,
    /// The cabinet before it in a set.
    pub previous: Option<String>,
    /// The cabinet after it in a set.
    pub next: Option<String>,
    /// Its files, in order.
    pub files: Vec<Packed>,
}

/// A file in an archive.
#[derive(Clone, Debug, Serialize)]
pub struct Packed {
    /// Its path, with `/` between names.
    pub path: String,
    /// Bytes of it.
    pub size: u64,
    /// SHA-256 of it; `null` where it could not be unpacked.
    pub sha256: Option<String>,
}

/// An installer.
#[derive(Clone, Debug, Serialize)]
pub struct Msi {
    /// `ProductName`.
    pub product: Option<String>,
    /// `ProductVersion`.
    pub version: Option<String>,
    /// `Manufacturer`.
    pub manufacturer: Option<String>,
    /// Whether it carries a signature of its own.
    pub signed: bool,
    /// Its cabinets: by name, whether they lie inside.
    pub cabinets: BTreeMap<String, bool>,
    /// Components whose INFs are handed to DIFx.
    pub driver_components: Vec<String>,
    /// Its files, in the order of the table.
    pub files: Vec<Packed>,
}

/// Reads a cabinet; `None` where it is none.
pub(super) fn cab(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<Cab> {
    let read = cabinet::read(bytes, limits).ok()?;
    let unpacked = data::unpack(&read.value, limits);
    noticed::tell(&read.deviations, errors, deviations);
    noticed::tell(&unpacked.deviations, errors, deviations);
    let mut compression: Vec<_> = read.value.folders.iter().map(|f| f.compression.name()).collect();
    compression.sort_unstable();
    compression.dedup();
    let files = read.value.files.iter().map(|file| Packed {
        path: file.name.clone(),
        size: file.size.into(),
        sha256: unpacked.bytes(file).map(digest::sha256),
    });
    Some(Cab {
        compression,
        files: files.collect(),
        previous: read.value.before.clone(),
        next: read.value.after.clone(),
    })
}

/// Reads an installer; `None` where it is none.
pub(super) fn msi(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<Msi> {
    if !database::begins(bytes) {
        return None;
    }
    let read = installer::read(bytes, limits).ok()?;
    let members = read.value.members(limits);
    noticed::tell(&read.deviations, errors, deviations);
    noticed::tell(&members.deviations, errors, deviations);
    let digests: BTreeMap<_, _> =
        members.value.iter().map(|m| (m.path.as_str(), digest::sha256(&m.bytes))).collect();
    let files = read.value.files.iter().map(|file| Packed {
        path: file.path.clone(),
        size: file.size,
        sha256: digests.get(file.path.as_str()).cloned(),
    });
    let property = |name: &str| read.value.properties.get(name).cloned();
    let cabinets = read.value.cabinets.iter().map(|c| (c.name.clone(), c.bytes.is_some()));
    Some(Msi {
        product: property("ProductName"),
        version: property("ProductVersion"),
        manufacturer: property("Manufacturer"),
        signed: read.value.is_signed,
        cabinets: cabinets.collect(),
        driver_components: read.value.driver_components.clone(),
        files: files.collect(),
    })
}

fn listed(files: &[Packed], page: &mut Page) {
    let lines: Vec<_> = files.iter().map(|f| format!("{} ({} bytes)", f.path, f.size)).collect();
    page.several("files", &lines, SHOWN);
}

impl Cab {
    pub(super) fn headline(&self) -> String {
        format!("{} files", self.files.len())
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("compression", self.compression.join(", "));
        page.maybe("continues", self.previous.as_ref());
        page.maybe("goes on in", self.next.as_ref());
        listed(&self.files, page);
    }
}

impl Msi {
    pub(super) fn headline(&self) -> String {
        let named = [self.product.as_deref(), self.version.as_deref()];
        named.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.maybe("product", self.product.as_ref());
        page.maybe("version", self.version.as_ref());
        page.maybe("made by", self.manufacturer.as_ref());
        page.field("signed", if self.signed { "yes" } else { "no" });
        let cabinets: Vec<_> = self
            .cabinets
            .iter()
            .map(|(name, inside)| format!("{name} ({})", if *inside { "inside" } else { "beside" }))
            .collect();
        page.several("cabinets", &cabinets, SHOWN);
        page.several("DIFx", &self.driver_components, SHOWN);
        listed(&self.files, page);
    }
}

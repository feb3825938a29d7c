//! `inf`: what the text of a driver package says of itself.

use std::collections::BTreeMap;

use loadworthy_formats::inf::document;
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::digest;
use crate::inspect::page::Page;
use crate::inspect::pe::Digests;

/// The `[Version]` section, with strings put in; `null` where something is not said.
#[derive(Clone, Debug, Serialize)]
pub struct Inf {
    /// `ascii`, `ansi`, `utf-8-bom`, `utf-16le`, `utf-16be`.
    pub encoding: &'static str,
    /// `crlf`, `lf`, `mixed`, `none`.
    pub line_endings: &'static str,
    /// `Signature`.
    pub signature: Option<String>,
    /// `Class`.
    pub class: Option<String>,
    /// `ClassGuid`, in lower case.
    pub class_guid: Option<String>,
    /// `Provider`.
    pub provider: Option<String>,
    /// `CatalogFile` by decoration, without a decoration under the empty name.
    pub catalog_files: BTreeMap<String, String>,
    /// The date of `DriverVer` as written.
    pub driver_date: Option<String>,
    /// The version of `DriverVer` as written.
    pub driver_version: Option<String>,
    /// Digests of the file as it is, which is what a catalog lists of an INF.
    pub digests: Digests,
}

/// Reads an INF; `None` where it is none. What is not called `.inf` or `.inx` must have the signature
/// of one.
pub(super) fn read(
    name: &str,
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<Inf> {
    let name = name.to_ascii_lowercase();
    let is_called_so = name.ends_with(".inf") || name.ends_with(".inx");
    if !is_called_so && !begins_as_one(bytes) {
        return None;
    }
    let parsed = match document::read(bytes, limits) {
        Ok(parsed) => parsed,
        Err(problem) => {
            if is_called_so {
                errors.push(problem.to_string());
            }
            return None;
        }
    };
    let inf = parsed.value;
    let version = inf.version();
    let is_signed_so = version.signature.as_deref().is_some_and(is_signature);
    if !is_signed_so && (!is_called_so || inf.sections.is_empty()) {
        return None;
    }
    deviations.extend(parsed.deviations.iter().map(ToString::to_string));
    deviations.extend(inf.faults.iter().map(ToString::to_string));
    let (driver_date, driver_version) =
        version.driver.map_or((None, None), |driver| (Some(driver.date), driver.version));
    Some(Inf {
        encoding: inf.encoding.name(),
        line_endings: inf.line_endings.name(),
        signature: version.signature,
        class: version.class,
        class_guid: version.class_guid,
        provider: version.provider,
        catalog_files: version.catalog_files.into_iter().collect(),
        driver_date,
        driver_version,
        digests: Digests { sha1: digest::sha1(bytes), sha256: digest::sha256(bytes) },
    })
}

/// Whether the first line that says something may begin a section.
fn begins_as_one(bytes: &[u8]) -> bool {
    let mut letters =
        bytes.iter().filter(|b| b.is_ascii() && **b != 0).skip_while(|b| b.is_ascii_whitespace());
    matches!(letters.next(), Some(b'[' | b';'))
}

/// The signatures that setup accepts; the third is the one of Windows 95.
fn is_signature(text: &str) -> bool {
    ["$windows nt$", "$chicago$", "$windows 95$"].contains(&text.to_ascii_lowercase().as_str())
}

impl Inf {
    pub(super) fn headline(&self) -> String {
        let provider = self.provider.as_deref().unwrap_or("nobody named");
        let version = self.driver_version.as_deref().unwrap_or("no version");
        format!("{provider}, {version}")
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("text", format!("{}, lines end in {}", self.encoding, self.line_endings));
        page.maybe("signature", self.signature.as_ref());
        page.maybe("class", self.class.as_ref());
        page.maybe("class guid", self.class_guid.as_ref());
        page.maybe("provider", self.provider.as_ref());
        let dated = (self.driver_date.as_ref(), self.driver_version.as_ref());
        if let (Some(date), version) = dated {
            page.field(
                "driver",
                [Some(date), version].into_iter().flatten().cloned().collect::<Vec<_>>().join(", "),
            );
        }
        let catalogs: Vec<_> = self
            .catalog_files
            .iter()
            .map(|(of, file)| if of.is_empty() { file.clone() } else { format!("{file} ({of})") })
            .collect();
        page.several("catalog", &catalogs, 10);
        page.field("sha1", &self.digests.sha1);
    }
}

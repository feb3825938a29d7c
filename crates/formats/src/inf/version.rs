//! `[Version]`: what an INF says of itself as a whole.

use crate::inf::document::{Inf, Section};
use crate::inf::text::{Field, Span};

/// The section, with its strings put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// `Signature`: `$Windows NT$` or `$Chicago$` in an INF that can be installed.
    pub signature: Option<String>,
    /// `Class`.
    pub class: Option<String>,
    /// `ClassGuid`, in lower case.
    pub class_guid: Option<String>,
    /// `Provider`.
    pub provider: Option<String>,
    /// `CatalogFile` and its decorated forms: decoration in lower case without a dot (`ntamd64`), and
    /// the file; in the order of the section, the first of each.
    pub catalog_files: Vec<(String, String)>,
    /// `DriverVer`.
    pub driver: Option<DriverVer>,
    /// `PnpLockdown`; nothing where it is not said.
    pub pnp_lockdown: Option<bool>,
    /// `LayoutFile`: INFs of Windows that say where its own files come from.
    pub layout_files: Vec<String>,
    /// `ExtensionId`, in lower case: the INF extends another one.
    pub extension_id: Option<String>,
    /// Where the section begins.
    pub at: Span,
}

/// `DriverVer = mm/dd/yyyy[, w.x.y.z]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverVer {
    /// The date as written.
    pub date: String,
    /// The version as written.
    pub version: Option<String>,
    /// Where it is written.
    pub at: Span,
}

impl DriverVer {
    /// Year, month and day; nothing where it is no date of that form (a dash may stand for a slash).
    #[must_use]
    pub fn day(&self) -> Option<(u16, u8, u8)> {
        let mut parts = self.date.split(['/', '-']).map(str::trim);
        let month: u8 = parts.next()?.parse().ok()?;
        let day: u8 = parts.next()?.parse().ok()?;
        let year: u16 = parts.next().filter(|y| y.len() == 4)?.parse().ok()?;
        let most = match month {
            4 | 6 | 9 | 11 => 30,
            2 if year.is_multiple_of(4)
                && (!year.is_multiple_of(100) || year.is_multiple_of(400)) =>
            {
                29
            }
            2 => 28,
            1..=12 => 31,
            _ => return None,
        };
        (parts.next().is_none() && (1..=most).contains(&day)).then_some((year, month, day))
    }

    /// The four numbers, missing ones zero; nothing where there is no version or it is not of that
    /// form (each part up to 65534).
    #[must_use]
    pub fn numbers(&self) -> Option<[u16; 4]> {
        let mut numbers = [0_u16; 4];
        let mut parts = self.version.as_deref()?.split('.').map(str::trim);
        for number in &mut numbers {
            match parts.next() {
                Some(part) => *number = part.parse().ok().filter(|n| *n < u16::MAX)?,
                None => break,
            }
        }
        parts.next().is_none().then_some(numbers)
    }
}

impl Inf {
    /// The `[Version]` section; empty where there is none.
    #[must_use]
    pub fn version(&self) -> Version {
        self.section("Version").map(|section| self.version_in(section)).unwrap_or_default()
    }

    fn version_in(&self, section: &Section) -> Version {
        let value = |key: &str| self.value_of(section, key).map(|v| v.into_owned());
        let expand = |field: &Field| self.expand(&field.text).trim().to_owned();
        let driver = section.first("DriverVer").and_then(|line| {
            let date = line.field(0)?;
            Some(DriverVer { date: expand(date), version: line.field(1).map(expand), at: date.at })
        });
        let layout = section.first("LayoutFile").map(|l| l.fields.iter().map(expand).collect());
        Version {
            signature: value("Signature"),
            class: value("Class"),
            class_guid: value("ClassGuid").map(|guid| guid.to_lowercase()),
            provider: value("Provider"),
            catalog_files: self.catalog_files(section),
            driver,
            pnp_lockdown: value("PnpLockdown").map(|v| number(&v).is_some_and(|n| n != 0)),
            layout_files: layout.unwrap_or_default(),
            extension_id: value("ExtensionId").map(|guid| guid.to_lowercase()),
            at: section.at,
        }
    }

    fn catalog_files(&self, section: &Section) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for line in &section.lines {
            let Some(key) = line.key.as_ref().map(|k| k.text.to_lowercase()) else { continue };
            let Some(rest) = key.strip_prefix("catalogfile") else { continue };
            let decoration = match rest.strip_prefix('.') {
                Some(decoration) => decoration,
                None if rest.is_empty() => "",
                None => continue,
            };
            if let Some(file) = self.value(line, 0)
                && !found.iter().any(|(d, _)| d == decoration)
            {
                found.push((decoration.to_owned(), file.into_owned()));
            }
        }
        found
    }
}

/// A number as INFs write it: decimal, or hexadecimal after `0x`.
pub(super) fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

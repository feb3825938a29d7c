//! `efi_variable`: a file of efivarfs that holds no signature lists.

use loadworthy_formats::limits::Limits;
use loadworthy_formats::text::hex;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::mok::{Mirror, Request};
use loadworthy_formats::uefi::sbat;
use loadworthy_formats::uefi::variable::{self, FileName};
use serde::Serialize;

use crate::inspect::page::Page;

/// Bytes of a value that are shown.
const SHOWN: usize = 32;

/// A variable of the firmware.
#[derive(Clone, Debug, Serialize)]
pub struct EfiVariable {
    /// Its name.
    pub name: String,
    /// Whose name it is.
    pub vendor: String,
    /// Its attributes as a number.
    pub attributes: u32,
    /// Its attributes as words.
    pub attribute_names: Vec<&'static str>,
    /// Bytes of its value.
    pub value_size: usize,
    /// The first 32 bytes of its value; of a request without the password that goes with it.
    pub value: String,
    /// Whether it asks something of the next boot (`MokNew`, `MokSB`, …).
    pub pending_request: bool,
    /// The components and generations of `SbatLevelRT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sbat: Option<Vec<(String, String)>>,
}

/// Reads a file that is named like a variable; `None` where it is not, or holds no attributes.
pub(super) fn read(
    file_name: &str,
    bytes: &[u8],
    limits: &Limits,
    deviations: &mut Vec<String>,
) -> Option<EfiVariable> {
    let file = FileName::parse(file_name)?;
    let found = variable::read(bytes).ok()?;
    deviations.extend(found.deviations.iter().map(ToString::to_string));
    let shim = file.vendor == Guid::SHIM_LOCK;
    let level =
        shim && Mirror::named(file.name).is_some_and(|(mirror, _)| mirror == Mirror::SbatLevel);
    let data = found.value.data;
    let request = Request::named(file.name).filter(|_| shim);
    let shown = match request {
        Some(Request::Validation | Request::UseDb | Request::TrustList) => 4,
        Some(Request::Password) => 0,
        _ => SHOWN,
    };
    Some(EfiVariable {
        name: file.name.to_owned(),
        vendor: file.vendor.to_string(),
        attributes: found.value.attributes.bits(),
        attribute_names: found.value.attributes.names().collect(),
        value_size: data.len(),
        value: hex(data.get(..shown).unwrap_or(data)),
        pending_request: request.is_some(),
        sbat: level.then(|| {
            let rows = sbat::read(data, limits);
            deviations.extend(rows.deviations.iter().map(ToString::to_string));
            let pair =
                |row: &sbat::Row| (row.component().to_owned(), row.generation_text().to_owned());
            rows.value.iter().map(pair).collect()
        }),
    })
}

impl EfiVariable {
    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("vendor", &self.vendor);
        page.field("attributes", self.attribute_names.join(" "));
        page.field("value size", format!("{} bytes", self.value_size));
        page.field("value", &self.value);
        if self.pending_request {
            page.field("request", "the next boot is asked to act on this");
        }
        for (component, generation) in self.sbat.iter().flatten() {
            page.field("sbat", format!("{component} {generation}"));
        }
    }
}

//! The host's variables, written into the memory of the machine's firmware.
//!
//! What shim shows at run time (`…RT`) goes back to the variable it was made from (shim, `mok.c`);
//! its vendor's own entries are then there twice, which changes nothing.

use crate::store::{AUTHENTICATED, BOOT, SECURE_BOOT_ENABLE, Store};
use loadworthy_assess::assumptions::{bytes, certificate_der, dbx_lists};
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::Item;
use loadworthy_collect::sighting::Outcome;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::write;

/// What is taken over: the host's variable, the machine's, vendor, attributes.
static TAKEN: [(&str, &str, Guid, u32); 9] = [
    ("PK", "PK", Guid::GLOBAL_VARIABLE, AUTHENTICATED),
    ("KEK", "KEK", Guid::GLOBAL_VARIABLE, AUTHENTICATED),
    ("db", "db", Guid::IMAGE_SECURITY, AUTHENTICATED),
    ("dbx", "dbx", Guid::IMAGE_SECURITY, AUTHENTICATED),
    ("MokListRT", "MokList", Guid::SHIM_LOCK, BOOT),
    ("MokListXRT", "MokListX", Guid::SHIM_LOCK, BOOT),
    ("MokSBStateRT", "MokSBState", Guid::SHIM_LOCK, BOOT),
    ("MokDBStateRT", "MokDBState", Guid::SHIM_LOCK, BOOT),
    ("SbatLevelRT", "SbatLevel", Guid::SHIM_LOCK, BOOT),
];

/// The memory of the machine's firmware.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The file.
    pub(crate) store: Vec<u8>,
    /// What the host has and was taken over: the machine's name of it, and the bytes.
    pub(crate) taken: Vec<(&'static str, Vec<u8>)>,
}

/// Writes the host's variables over those of `template`.
///
/// # Errors
/// A sentence: something does not fit, or an assumption cannot be made here.
pub(crate) fn memory(
    looking: &Looking<'_>,
    template: &[u8],
    secure_boot: bool,
    assumed: &[(String, String)],
) -> Result<Memory, String> {
    let mut store = Store::open(template)?;
    store.set("SecureBootEnable", SECURE_BOOT_ENABLE, BOOT, &[u8::from(secure_boot)])?;
    let mut taken = Vec::new();
    for (shown, name, vendor, attributes) in &TAKEN {
        let item = Item::Variable { name: (*shown).to_owned(), vendor: *vendor };
        let (outcome, bytes) = looking.view.look(&item, looking.limits.text_bytes);
        // The four bytes in front are attributes.
        let data = bytes.get(4..).filter(|_| matches!(outcome, Outcome::Bytes { .. }));
        let Some(data) = data else { continue };
        if !data.is_empty() {
            store.set(name, *vendor, *attributes, data)?;
        }
        taken.push((*name, data.to_vec()));
    }
    let mut owned = store.get("MokList", Guid::SHIM_LOCK).unwrap_or_default().to_vec();
    let mut denied = store.get("dbx", Guid::IMAGE_SECURITY).unwrap_or_default().to_vec();
    for (key, value) in assumed {
        match key.as_str() {
            "enroll" => owned.extend(listed(value).map_err(told(key, value))?),
            "dbx" => {
                let bytes = bytes(value).map_err(told(key, value))?;
                denied.extend(dbx_lists(&bytes).map_err(told(key, value))?);
            }
            "secure-boot" | "cmdline" | "lockdown" | "sig-enforce" => {}
            other => return Err(format!("--assume {other}: cannot be rehearsed")),
        }
    }
    if !denied.is_empty() {
        store.set("dbx", Guid::IMAGE_SECURITY, AUTHENTICATED, &denied)?;
    }
    if !owned.is_empty() {
        store.set("MokList", Guid::SHIM_LOCK, BOOT, &owned)?;
    }
    Ok(Memory { store: store.finish(), taken })
}

/// A problem with an assumption, with the assumption.
fn told(key: &str, value: &str) -> impl Fn(String) -> String {
    move |problem| format!("--assume {key}={value}: {problem}")
}

/// A certificate as a signature list.
fn listed(path: &str) -> Result<Vec<u8>, String> {
    let der = certificate_der(&bytes(path)?)?;
    write::certificate_list(Guid::SHIM_LOCK, &der).ok_or_else(|| "too large".to_owned())
}

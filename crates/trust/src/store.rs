//! A file with the variables of OVMF, for images and labs.

use std::fs;
use std::path::Path;

use loadworthy_formats::limits::Limits;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::signature_list;
use loadworthy_formats::uefi::signature_type::Type;
use loadworthy_formats::uefi::write::certificate_list;
use loadworthy_rehearse::store::{BOOT, Store};

use crate::request::{ATTRIBUTES, AUTH, NEW, Request};
use crate::whole;

/// How a disk image of QEMU begins.
const QCOW: &[u8] = b"QFI\xfb";

/// Opens a store.
///
/// # Errors
/// A sentence.
pub fn open(path: &Path) -> Result<Store, String> {
    let told = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
    let bytes = fs::read(path).map_err(|e| told(&e))?;
    if bytes.starts_with(QCOW) {
        let name = path.display();
        let hint = format!("a disk image: qemu-img convert -O raw {name} {name}.raw");
        return Err(told(&hint));
    }
    Store::open(&bytes).map_err(|problem| told(&problem))
}

/// Puts a certificate into the machine owner's list: nobody needs to confirm it. Whether it was not
/// there yet.
///
/// # Errors
/// Where the store is full, or the certificate too long.
pub fn enrol(store: &mut Store, certificate: &[u8]) -> Result<bool, String> {
    let mut list = store.get("MokList", Guid::SHIM_LOCK).unwrap_or_default().to_vec();
    let there = {
        let lists = signature_list::read(&list, &Limits::DEFAULT).value;
        lists.data(Type::X509).any(|der| der == certificate)
    };
    if there {
        return Ok(false);
    }
    let new = certificate_list(Guid::SHIM_LOCK, certificate);
    list.extend(new.ok_or_else(|| "the certificate is too long".to_owned())?);
    store.set("MokList", Guid::SHIM_LOCK, BOOT, &list)?;
    Ok(true)
}

/// Puts a request into the store: MokManager will ask at the next start.
///
/// # Errors
/// Where the store is full.
pub fn request(store: &mut Store, request: &Request) -> Result<(), String> {
    store.set(NEW, Guid::SHIM_LOCK, ATTRIBUTES, &request.new)?;
    store.set(AUTH, Guid::SHIM_LOCK, ATTRIBUTES, &request.auth)
}

/// Writes a store: whole, or not at all.
///
/// # Errors
/// A sentence.
pub fn write(store: Store, to: &Path) -> Result<(), String> {
    whole::replace(to, &store.finish(), 0o600).map_err(|e| format!("{}: {e}", to.display()))
}

//! `--assume KEY=VALUE`: from words to facts.

use std::path::Path;

use loadworthy_collect::gather::certificate::named;
use loadworthy_collect::gather::deny_updates;
use loadworthy_collect::gather::firmware::denied;
use loadworthy_collect::sighting::Outcome;
use loadworthy_collect::views::caller;
use loadworthy_core::assume::{self, Assume};
use loadworthy_core::facts::firmware::{Certificate, Denied, FirmwareFacts};
use loadworthy_core::facts::linux::LinuxFacts;
use loadworthy_core::proof::{Assumption, text};
use loadworthy_formats::kernel::lockdown::Level;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::uefi::{authenticated, signature_list};
use loadworthy_formats::x509::{self, pem};

use crate::request::Trouble;

/// The keys that `--assume` knows, with what each takes.
pub const KEYS: [(&str, &str); 6] = [
    ("secure-boot", "on | off"),
    ("lockdown", "none | integrity | confidentiality"),
    ("sig-enforce", "on | off"),
    ("enroll", "a certificate file (DER or PEM)"),
    ("dbx", "a file of signature lists, a signed dbx update, or a cabinet with one"),
    ("cmdline", "a kernel command line"),
];

/// Applies everything that is assumed, in the order given.
///
/// # Errors
/// When a key is not known or a value cannot be used.
pub fn apply(
    given: &[(String, String)],
    host: &mut LinuxFacts,
    firmware: &mut FirmwareFacts,
) -> Result<(), Trouble> {
    for (meant, shown) in meanings(given)? {
        assume::apply(&meant, &shown, host, firmware);
    }
    Ok(())
}

/// Everything that is assumed, and how it is shown, in the order given.
///
/// # Errors
/// When a key is not known or a value cannot be used.
pub(crate) fn meanings(given: &[(String, String)]) -> Result<Vec<(Assume, Assumption)>, Trouble> {
    given
        .iter()
        .map(|(key, value)| {
            let trouble =
                |problem: String| Trouble::Assumption { given: format!("{key}={value}"), problem };
            let shown = Assumption { key: text(key.as_str()), value: text(value.as_str()) };
            Ok((meaning(key, value).map_err(trouble)?, shown))
        })
        .collect()
}

fn meaning(key: &str, value: &str) -> Result<Assume, String> {
    let switch = || match value {
        "on" | "yes" | "true" | "1" => Ok(true),
        "off" | "no" | "false" | "0" => Ok(false),
        _ => Err("takes on or off".to_owned()),
    };
    Ok(match key {
        "secure-boot" => Assume::SecureBoot(switch()?),
        "sig-enforce" => Assume::SigEnforce(switch()?),
        "lockdown" => {
            Assume::Lockdown(Level::named(value).ok_or("takes none, integrity or confidentiality")?)
        }
        "enroll" => Assume::Enroll(certificate(&bytes(value)?)?),
        "dbx" => Assume::Dbx(denials(&bytes(value)?)?),
        "cmdline" => Assume::CommandLine(value.to_owned()),
        _ => {
            let known: Vec<_> = KEYS.iter().map(|(key, _)| *key).collect();
            return Err(format!("not a key; there are {}", known.join(", ")));
        }
    })
}

/// The bytes of a file that an assumption names.
///
/// # Errors
/// Why they cannot be had.
pub fn bytes(path: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    match caller::look_into(Path::new(path), Limits::DEFAULT.text_bytes, &mut bytes) {
        Outcome::Bytes { .. } => Ok(bytes),
        Outcome::Absent => Err("no such file".to_owned()),
        Outcome::Denied => Err("may not be read".to_owned()),
        other => Err(format!("cannot be read: {other:?}")),
    }
}

/// The signature lists of a dbx in any form it comes in: a signed update, one or several in a cabinet as
/// fwupd keeps them, an efivarfs file, bare lists.
///
/// # Errors
/// Where a signed update cannot be read, or a cabinet holds none.
pub fn dbx_lists(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if bytes.starts_with(b"MSCF") {
        let updates = deny_updates::of_cabinet(bytes, &Limits::DEFAULT);
        if updates.is_empty() {
            return Err("a cabinet without a signed update of dbx for this machine".to_owned());
        }
        let lists = updates.iter().map(|(name, update)| {
            payload(update).map(<[u8]>::to_vec).map_err(|e| format!("{name}: {e}"))
        });
        return Ok(lists.collect::<Result<Vec<_>, _>>()?.concat());
    }
    let payload = if authenticated::begins(bytes) { payload(bytes)? } else { bytes };
    let empty = signature_list::read(payload, &Limits::DEFAULT).value.lists.is_empty();
    Ok(if empty { payload.get(4..).unwrap_or_default() } else { payload }.to_vec())
}

fn payload(update: &[u8]) -> Result<&[u8], String> {
    authenticated::read(update).map(|read| read.value.payload).map_err(|e| e.to_string())
}

/// The entries of a dbx.
pub(crate) fn denials(bytes: &[u8]) -> Result<Vec<Denied>, String> {
    let lists = dbx_lists(bytes)?;
    let lists = signature_list::read(&lists, &Limits::DEFAULT).value;
    let entries: Vec<_> = lists.entries().map(|(of, entry)| denied(of, entry).0).collect();
    if entries.is_empty() { Err("holds no signature list".to_owned()) } else { Ok(entries) }
}

/// The DER form of a certificate file.
///
/// # Errors
/// Where it holds no certificate.
pub fn certificate_der(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let der = if bytes.starts_with(b"-----BEGIN") {
        pem::read(bytes).ok_or("holds no PEM block")?
    } else {
        bytes.to_vec()
    };
    x509::certificate::read(&der).map_err(|e| e.to_string())?;
    Ok(der)
}

/// A certificate, as DER or PEM.
pub(crate) fn certificate(bytes: &[u8]) -> Result<Certificate, String> {
    Ok(named(&certificate_der(bytes)?))
}

//! A certificate's bytes, with a name for people.

use std::sync::Arc;

use loadworthy_core::facts::firmware::Certificate;
use loadworthy_core::facts::linux::KeyPair;
use loadworthy_core::proof::text;
use loadworthy_formats::x509::certificate;

use crate::gather::looking::Looking;
use crate::item::Item;

/// Where machines keep the certificate they sign their own modules with, and its key: DKMS, Debian's and
/// Ubuntu's shim package, akmods.
const OWN: [(&str, &str); 3] = [
    ("var/lib/dkms/mok.pub", "var/lib/dkms/mok.key"),
    ("var/lib/shim-signed/mok/MOK.der", "var/lib/shim-signed/mok/MOK.priv"),
    ("etc/pki/akmods/certs/public_key.der", "etc/pki/akmods/private/private_key.priv"),
];

/// Certificates this machine signs its own modules with, each with its file. What cannot be read is
/// no help and left out: nothing is concluded from there being none.
pub(super) fn own(looking: &Looking<'_>) -> Vec<(Arc<str>, Certificate)> {
    let read = |(path, _): &(&str, &str)| {
        let der = looking.bytes(&Item::file(path), looking.limits.text_bytes).ok()?;
        certificate::read(&der).ok()?;
        Some((text(*path), named(&der)))
    };
    OWN.iter().filter_map(read).collect()
}

/// The files this machine signs its own modules with: certificates that are there, each with the place of
/// its key, which is never looked at.
pub(super) fn own_keys(looking: &Looking<'_>) -> Vec<KeyPair> {
    let there = |(path, _): &&(&str, &str)| looking.view.metadata(&Item::file(path)).is_ok();
    let pair = |(certificate, key): &(&str, &str)| KeyPair {
        key: text(format!("/{key}")),
        certificate: text(format!("/{certificate}")),
    };
    OWN.iter().filter(there).map(pair).collect()
}

/// The certificate with these bytes. One that cannot be read keeps its bytes: what a kernel makes
/// of it is not decided here.
#[must_use]
pub fn named(der: &[u8]) -> Certificate {
    let name = certificate::read(der).map_or_else(
        |_| format!("unreadable certificate of {} bytes", der.len()),
        |read| {
            let subject = &read.value.subject;
            let all = || subject.attributes().map(|a| a.text()).collect::<Vec<_>>().join(", ");
            let name = subject.common_name().unwrap_or_else(all);
            if name.is_empty() { "certificate without a name".into() } else { name }
        },
    );
    Certificate { der: Arc::from(der), name: text(name) }
}

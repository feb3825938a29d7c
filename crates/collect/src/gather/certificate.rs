//! A certificate's bytes, with a name for people.

use std::sync::Arc;

use loadworthy_core::facts::firmware::Certificate;
use loadworthy_core::proof::text;
use loadworthy_formats::x509::certificate;

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

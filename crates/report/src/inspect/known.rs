//! The authorities that are known by their keys.

use std::sync::LazyLock;

use loadworthy_core::tables::Tables;
use loadworthy_core::tables::authorities::Authorities;

static BUILT_IN: LazyLock<Authorities> =
    LazyLock::new(|| Tables::authorities().unwrap_or_else(|_| Authorities::nobody()));

/// The tables built into this program, read once.
pub(super) fn authorities() -> &'static Authorities {
    &BUILT_IN
}

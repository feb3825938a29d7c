//! Whose keys are whose: the table, read once.

use std::sync::OnceLock;

use loadworthy_core::tables::Tables;
use loadworthy_core::tables::authorities::Authorities;

use crate::error::SignError;

/// Authorities that systems know.
pub(crate) fn authorities() -> Result<&'static Authorities, SignError> {
    static READ: OnceLock<Result<Authorities, String>> = OnceLock::new();
    let read = READ.get_or_init(|| Tables::authorities().map_err(|e| e.to_string()));
    read.as_ref().map_err(|e| SignError::Input(e.clone()))
}

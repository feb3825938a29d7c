//! Generated pages are as `cargo x generate` would write them.

use super::{Complaint, text_of};
use crate::generate::pages;
use std::path::Path;

/// Checks every generated page.
#[must_use]
pub fn check(root: &Path) -> Vec<Complaint> {
    pages(root)
        .into_iter()
        .filter(|(path, text)| text_of(root, path) != *text)
        .map(|(path, _)| Complaint::new(&path, 0, "stale: run `cargo x generate`"))
        .collect()
}

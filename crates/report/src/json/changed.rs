//! `loadworthy/dkms-setup/v1` and `loadworthy/dkms-undo/v1`: files that were written or changed.

use crate::json::document::{Tool, document};
use loadworthy_core::keys::builds::Form;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct ChangedDto<'a> {
    schema: &'static str,
    tool: Tool,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<&'static str>,
    files: Vec<FileDto<'a>>,
}

#[derive(Debug, Serialize)]
struct FileDto<'a> {
    path: &'a str,
}

/// Writes the document of `dkms setup`.
///
/// # Errors
/// When `out` does not take it.
pub fn set_up(form: Form, files: &[String], out: &mut dyn Write) -> io::Result<()> {
    v1("loadworthy/dkms-setup/v1", Some(form), files, out)
}

/// Writes the document of `dkms undo`.
///
/// # Errors
/// When `out` does not take it.
pub fn undone(files: &[String], out: &mut dyn Write) -> io::Result<()> {
    v1("loadworthy/dkms-undo/v1", None, files, out)
}

fn v1(
    schema: &'static str,
    form: Option<Form>,
    files: &[String],
    out: &mut dyn Write,
) -> io::Result<()> {
    let files = files.iter().map(|path| FileDto { path }).collect();
    document(&ChangedDto { schema, tool: Tool::this(), form: form.map(Form::name), files }, out)
}

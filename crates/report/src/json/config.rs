//! `loadworthy/config/v1`: the merged manifest, each key with its origin.

use crate::json::document::{Tool, document};
use loadworthy_formats::manifest::{Line, Manifest};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct ConfigDto<'a> {
    schema: &'static str,
    tool: Tool,
    files: &'a [String],
    tables: Vec<TableDto<'a>>,
}

#[derive(Debug, Serialize)]
struct TableDto<'a> {
    table: &'static str,
    lines: Vec<LineDto<'a>>,
}

#[derive(Debug, Serialize)]
struct LineDto<'a> {
    key: &'a str,
    value: &'a str,
    file: &'a str,
    line: usize,
}

impl<'a> From<&'a Line> for LineDto<'a> {
    fn from(line: &'a Line) -> Self {
        Self { key: &line.key, value: &line.value, file: &line.file, line: line.number }
    }
}

/// Writes `loadworthy/config/v1`.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(manifest: &Manifest, files: &[String], out: &mut dyn Write) -> io::Result<()> {
    let tables = manifest.tables().into_iter().map(|(table, lines)| TableDto {
        table: table.trim_matches(['[', ']']),
        lines: lines.iter().map(LineDto::from).collect(),
    });
    let schema = "loadworthy/config/v1";
    let value = ConfigDto { schema, tool: Tool::this(), files, tables: tables.collect() };
    document(&value, out)
}

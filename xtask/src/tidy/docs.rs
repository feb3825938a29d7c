//! Links between our documents lead somewhere, and every crate has its place on the map.

use super::{Complaint, text_of};
use crate::tree::Source;
use std::path::Path;

/// Checks every Markdown file.
#[must_use]
pub fn check(root: &Path, pages: &[Source]) -> Vec<Complaint> {
    let mut told: Vec<Complaint> = pages.iter().flat_map(|p| links(root, p)).collect();
    let map = text_of(root, "ARCHITECTURE.md");
    if let Ok(crates) = std::fs::read_dir(root.join("crates")) {
        for name in crates.flatten().map(|e| e.file_name().to_string_lossy().into_owned()) {
            if !map.contains(&format!("`crates/{name}`")) {
                told.push(Complaint::new("ARCHITECTURE.md", 0, format!("no crates/{name}")));
            }
        }
    }
    let why = text_of(root, "docs/why.md");
    let manifest: toml::Table = text_of(root, "Cargo.toml").parse().unwrap_or_default();
    let dependencies = manifest.get("workspace").and_then(|w| w.get("dependencies"));
    for name in dependencies.and_then(toml::Value::as_table).into_iter().flat_map(|d| d.keys()) {
        if !name.starts_with("loadworthy") && !why.contains(&format!("`{name}`")) {
            told.push(Complaint::new("docs/why.md", 0, format!("no reason for `{name}`")));
        }
    }
    told
}

fn links(root: &Path, page: &Source) -> Vec<Complaint> {
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let mut told = Vec::new();
    let mut fenced = false;
    for (n, line) in page.text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for part in line.split("](").skip(1) {
            let Some(target) = part.split(')').next() else { continue };
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.starts_with("mailto:");
            if !file.is_empty() && !elsewhere && !root.join(folder).join(file).exists() {
                told.push(Complaint::new(&page.path, n + 1, format!("no such file: {file}")));
            }
        }
    }
    told
}

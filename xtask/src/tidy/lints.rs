//! The lint tables of the outer crates are the workspace's without its strict half.

use super::{Complaint, text_of};
use std::path::Path;
use toml::{Table, Value};

/// The half that is for `formats` and `core`, where bytes are hostile.
const STRICT: [&str; 8] = [
    "unwrap_used",
    "expect_used",
    "panic",
    "unreachable",
    "indexing_slicing",
    "string_slice",
    "arithmetic_side_effects",
    "as_conversions",
];

/// The crates that inherit the whole table.
const INNER: [&str; 2] = ["crates/formats", "crates/core"];

/// Checks the manifest of every member.
#[must_use]
pub fn check(root: &Path) -> Vec<Complaint> {
    let manifest = read(root, "Cargo.toml");
    let whole = lints(manifest.get("workspace"));
    let members = manifest
        .get("workspace")
        .and_then(|w| w.get("members"))
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    members.iter().filter_map(Value::as_str).flat_map(|m| member(root, m, &whole)).collect()
}

fn member(root: &Path, member: &str, whole: &[(String, Value)]) -> Vec<Complaint> {
    let path = format!("{member}/Cargo.toml");
    let manifest = read(root, &path);
    if INNER.contains(&member) {
        let inherits = manifest.get("lints").and_then(|l| l.get("workspace"));
        return match inherits.and_then(Value::as_bool) {
            Some(true) => Vec::new(),
            _ => vec![Complaint::new(&path, 0, "[lints] workspace = true is missing")],
        };
    }
    let own = lints(Some(&Value::Table(manifest)));
    let strict = |name: &str| STRICT.iter().any(|s| name.ends_with(&format!(".{s}")));
    let missing = whole
        .iter()
        .filter(|(name, _)| !strict(name) && !own.iter().any(|(n, _)| n == name))
        .map(|(name, _)| format!("lint {name} is missing"));
    let other = own.iter().filter_map(|(name, value)| {
        // A crate that calls the system keeps `deny`, for one place with its reason.
        let calls_the_system = name == "rust.unsafe_code" && value.as_str() == Some("deny");
        (!calls_the_system && !whole.contains(&(name.clone(), value.clone())))
            .then(|| format!("lint {name} is not as in the workspace"))
    });
    missing.chain(other).map(|problem| Complaint::new(&path, 0, problem)).collect()
}

fn read(root: &Path, path: &str) -> Table {
    text_of(root, path).parse().unwrap_or_default()
}

/// The rows of `lints.rust` and `lints.clippy` of a manifest, as `rust.unsafe_code` and its level.
fn lints(manifest: Option<&Value>) -> Vec<(String, Value)> {
    let lints = manifest.and_then(|m| m.get("lints"));
    ["rust", "clippy"]
        .iter()
        .filter_map(|tool| Some((tool, lints?.get(tool)?.as_table()?)))
        .flat_map(|(tool, rows)| rows.iter().map(move |(k, v)| (format!("{tool}.{k}"), v.clone())))
        .collect()
}

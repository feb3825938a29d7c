//! `[health]`: what must be up after a start.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::manifest::reading::{Reading, Value};
use crate::manifest::shape::Health;

pub(super) fn health<'t>(reading: &mut Reading<'t>, table: &DeTable<'t>) -> Health {
    let mut health = Health::default();
    let known = ["units", "mounts", "multipath", "interfaces"];
    for (key, value) in reading.entries(table, &known, "[health]") {
        health.lines.push(reading.as_written(key, value));
        match key {
            "units" => {
                let named =
                    |name: &str| name.rsplit_once('.').is_some_and(|(stem, _)| !stem.is_empty());
                health.units = named_so(
                    reading,
                    key,
                    value,
                    "names with their type, as in \"a.service\"",
                    named,
                );
            }
            "mounts" => {
                let rooted = |path: &str| path.starts_with('/');
                health.mounts = named_so(reading, key, value, "paths from the root", rooted);
            }
            "interfaces" => {
                // IFNAMSIZ (include/uapi/linux/if.h) with its closing NUL.
                let named = |name: &str| name.len() < 16 && !name.contains(['/', ' ']);
                health.interfaces = named_so(reading, key, value, "names of interfaces", named);
            }
            _ => health.active_paths = multipath(reading, key, value),
        }
    }
    health
}

fn named_so(
    reading: &mut Reading<'_>,
    key: &str,
    value: &Value<'_>,
    wants: &str,
    fits: impl Fn(&str) -> bool,
) -> Vec<String> {
    let texts = reading.texts(key, value).unwrap_or_default();
    if !texts.iter().all(|text| fits(text)) {
        reading.meaningless(key, value, wants);
    }
    texts
}

fn multipath<'t>(
    reading: &mut Reading<'t>,
    key: &str,
    value: &Spanned<DeValue<'t>>,
) -> Option<u32> {
    let Some(table) = value.get_ref().as_table() else {
        reading.wrong(key, value, "a table: { min-active-paths = 2 }");
        return None;
    };
    let entries = reading.entries(table, &["min-active-paths"], "[health] multipath");
    let (inner, paths) = entries.into_iter().next()?;
    reading.number(inner, paths, 1024)
}

//! `registry`: a hive or an exported text, as far as it decides about drivers.
//!
//! Keys are named as in the registry of a running system; in a hive the first names are missing, and
//! `CurrentControlSet` is one of several.

use std::collections::BTreeMap;

use loadworthy_formats::limits::Limits;
use loadworthy_formats::registry::value::Value;
use loadworthy_formats::registry::{hive, reg};
use loadworthy_formats::text::hex;
use serde::Serialize;

use crate::inspect::noticed;
use crate::inspect::page::Page;

/// Keys that decide about drivers, by the ends of their paths. Each is told as absent where the key
/// above it is there.
const KEYS: [&str; 9] = [
    r"Control\CI",
    r"Control\CI\Policy",
    r"Control\CI\Config",
    r"Control\CI\Protected",
    r"Control\CI\WhqlOnlyEvaluation",
    r"Control\DeviceGuard",
    r"Control\DeviceGuard\Scenarios\HypervisorEnforcedCodeIntegrity",
    r"Control\SecureBoot\State",
    SOFTWARE_PUBLISHING,
];

/// The key of WinTrust's `State`.
const SOFTWARE_PUBLISHING: &str =
    r"Software\Microsoft\Windows\CurrentVersion\WinTrust\Trust Providers\Software Publishing";

/// A registry.
#[derive(Clone, Debug, Serialize)]
pub struct Registry {
    /// `hive`, `reg-4`, `reg-5`.
    pub form: &'static str,
    /// Of a hive: whether it was written completely.
    pub complete: Option<bool>,
    /// How many keys there are: of a text all, of a hive those below its root.
    pub keys: usize,
    /// Keys that decide about drivers: each with its values by name, or `null` where it is absent.
    pub settings: BTreeMap<String, Option<BTreeMap<String, Setting>>>,
}

/// A value.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// Its type: `REG_DWORD`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A number as `0x…`, a text as it is, other bytes in hexadecimal.
    pub value: String,
}

/// Reads a hive or an exported text; `None` where it is neither.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<Registry> {
    if hive::begins(bytes) {
        let read = hive::read(bytes, limits).ok()?;
        noticed::tell(&read.deviations, errors, deviations);
        return Some(of_hive(&read.value));
    }
    if !reg::begins(bytes) {
        return None;
    }
    let read = reg::read(bytes, limits).ok()?;
    noticed::tell(&read.deviations, errors, deviations);
    Some(of_text(&read.value))
}

fn of_hive(hive: &hive::Hive<'_>) -> Registry {
    let mut settings = BTreeMap::new();
    let root: Vec<_> = hive.root().map(|key| key.children().collect()).unwrap_or_default();
    for child in &root {
        let name = child.name();
        let below: &[&str] = match name.to_ascii_lowercase() {
            set if set.starts_with("controlset") => KEYS.get(..8).unwrap_or_default(),
            software if software == "software" => KEYS.get(8..).unwrap_or_default(),
            _ => continue,
        };
        for path in below {
            let path = path.strip_prefix("Software\\").unwrap_or(path);
            let whole = format!("{name}\\{path}");
            let values = hive.key(&whole).map(|key| told(key.values()));
            settings.insert(whole, values);
        }
    }
    let keys = root.len();
    Registry { form: "hive", complete: Some(hive.is_whole), keys, settings }
}

fn of_text(text: &reg::Reg) -> Registry {
    let mut settings = BTreeMap::new();
    for key in text.keys.iter().filter(|key| !key.is_removed) {
        let path = key.path.to_ascii_lowercase();
        if KEYS.iter().any(|end| path.ends_with(&format!("\\{}", end.to_ascii_lowercase()))) {
            let values = told(key.values.iter().cloned());
            let known = settings.entry(key.path.clone()).or_insert_with(|| Some(BTreeMap::new()));
            known.get_or_insert_default().extend(values);
        }
    }
    let form = if text.version == 4 { "reg-4" } else { "reg-5" };
    Registry { form, complete: None, keys: text.keys.len(), settings }
}

fn told(values: impl Iterator<Item = Value>) -> BTreeMap<String, Setting> {
    let tell = |value: Value| {
        let kind = value.kind_name().map_or_else(|| value.kind.to_string(), str::to_owned);
        let shown = match (value.dword(), value.qword(), value.text()) {
            (Some(number), ..) => format!("0x{number:08X}"),
            (_, Some(number), _) => format!("0x{number:016X}"),
            (.., Some(text)) => text,
            _ => hex(value.data.get(..256).unwrap_or(&value.data)),
        };
        (value.name, Setting { kind, value: shown })
    };
    values.map(tell).collect()
}

impl Registry {
    pub(super) fn headline(&self) -> String {
        format!("{} keys", self.keys)
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("form", self.form);
        if self.complete == Some(false) {
            page.field("complete", "no: what was last written may stand in its logs only");
        }
        for (path, values) in &self.settings {
            page.group(path);
            match values {
                None => page.field("", "absent"),
                Some(values) if values.is_empty() => page.field("", "no values"),
                Some(values) => {
                    for (name, setting) in values {
                        page.field(name, format!("{} ({})", setting.value, setting.kind));
                    }
                }
            }
        }
    }
}

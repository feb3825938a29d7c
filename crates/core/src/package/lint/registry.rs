//! Lines of the registry: roots, flags and values.

use super::{Linter, number};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::inf::text::Line;

const ROOTS: [&str; 6] = ["hkcr", "hkcu", "hklm", "hku", "hkr", "hkcc"];

/// The bits of a value's flags that say its type, and two types: `inf-addreg-directive`.
const TYPE: u32 = 0xffff_0001;
const BINARY: u32 = 1;
const DWORD: u32 = 0x0001_0001;

impl Linter<'_> {
    pub(super) fn registry(&mut self) {
        let of = |by: &alloc::collections::BTreeSet<&str>, names: &[&str]| {
            names.iter().any(|n| by.contains(n))
        };
        let lists: Vec<(String, bool, bool)> = self
            .named
            .iter()
            .map(|(n, by)| {
                (n.clone(), of(by, &["addreg", "delreg", "bitreg"]), of(by, &["addreg"]))
            })
            .filter(|(_, values, _)| *values)
            .collect();
        for (name, _, adds) in lists {
            for section in self.inf.sections.iter().filter(|s| {
                let own = s.name.to_lowercase();
                own == name || own.starts_with(&format!("{name}.nt"))
            }) {
                for line in &section.lines {
                    self.value(line, adds);
                }
            }
        }
    }

    fn value(&mut self, line: &Line, adds: bool) {
        let inf = self.inf;
        // `HKR` alone may stand before an equals sign that belongs to a value.
        let root = line.key.as_ref().or_else(|| line.fields.first());
        let root = root.map(|f| inf.expand(&f.text).trim().to_lowercase()).unwrap_or_default();
        if root.contains('%') || line.key.is_some() {
            return;
        }
        if !ROOTS.contains(&root.as_str()) {
            return self.say(1224, line.at(), root);
        }
        if !adds {
            return;
        }
        let written = inf.value(line, 3).unwrap_or_default();
        if written.contains('%') || written.trim().is_empty() {
            return;
        }
        let Some(flags) = number(&written) else {
            return self.say(1268, line.at(), format!("flags {written}"));
        };
        let values: Vec<String> = line
            .fields
            .iter()
            .skip(4)
            .map(|f| inf.expand(&f.text).trim().to_lowercase())
            .filter(|v| !v.is_empty())
            .collect();
        if values.iter().any(|v| v.contains('%')) {
            return;
        }
        match (flags & TYPE, values.as_slice()) {
            (DWORD, [one]) => {
                let digits = one.strip_prefix('-').unwrap_or(one);
                if number(digits).is_none() {
                    self.say(1268, line.at(), one.as_str());
                }
            }
            (BINARY, bytes) => {
                // Blanks between bytes, and `0x` before one, are read as they are meant.
                let is_bytes = |v: &String| {
                    v.split_whitespace().all(|b| {
                        let b = b.strip_prefix("0x").unwrap_or(b);
                        b.bytes().all(|c| c.is_ascii_hexdigit())
                    })
                };
                if let Some(wrong) = bytes.iter().find(|v| !is_bytes(v)) {
                    self.say(1267, line.at(), wrong.as_str());
                }
            }
            _ => {}
        }
    }
}

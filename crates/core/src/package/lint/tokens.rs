//! `%tokens%` and the strings behind them.

use super::Linter;
use crate::tables::inf_lints::Level;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use loadworthy_formats::inf::text::Field;

impl Linter<'_> {
    pub(super) fn tokens(&mut self) {
        let inf = self.inf;
        for section in &inf.sections {
            let name = section.name.to_lowercase();
            if name == "strings" || name.starts_with("strings.") {
                let mut seen: BTreeMap<String, &str> = BTreeMap::new();
                for line in &section.lines {
                    let (Some(key), Some(value)) = (&line.key, line.fields.first()) else {
                        continue;
                    };
                    let known = seen.entry(key.text.to_lowercase()).or_insert(&value.text);
                    if *known != value.text.as_str() {
                        self.say(1294, line.at(), format!("{} in [{}]", key.text, section.name));
                    }
                }
                continue;
            }
            // In the registry a variable of the environment stays as it is, which is what is meant.
            let values = self.named.get(&name).is_some_and(|by| !by.contains("copyfiles"));
            let reached = self.reached.contains(&name) || self.named.contains_key(&name);
            let level = match reached && !values {
                true => Level::Warning,
                false => Level::Note,
            };
            let mut told = BTreeSet::new();
            for line in &section.lines {
                for field in line.key.iter().chain(&line.fields) {
                    for token in undefined(field, inf) {
                        if told.insert(token.to_lowercase()) {
                            self.say_as(1235, level, field.at, format!("%{token}%"));
                        }
                    }
                }
            }
        }
    }
}

/// The tokens of a field that look like names and have no string.
fn undefined<'f>(
    field: &'f Field,
    inf: &'f loadworthy_formats::inf::document::Inf,
) -> impl Iterator<Item = &'f str> {
    let parts = field.text.split('%');
    // What stands between the first and the second sign, the third and the fourth, …
    let count = field.text.matches('%').count();
    let odd = parts.enumerate().filter(move |(n, _)| n % 2 == 1 && *n < count);
    odd.map(|(_, token)| token).filter(move |token| {
        let named =
            token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        let digits = token.strip_prefix('-').unwrap_or(token).bytes().all(|b| b.is_ascii_digit());
        named && !digits && inf.string(token, None).is_none()
    })
}

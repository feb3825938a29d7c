//! `[profile]`: what the policy of the machine should be.

use toml::de::DeTable;

use crate::kernel::lockdown::Level;
use crate::manifest::reading::{Reading, Value};
use crate::manifest::shape::{Dbx, Profile};

const LEVELS: [&str; 3] = ["none", "integrity", "confidentiality"];
const DIGEST: &str =
    "SHA-256 digests as \"sha256:\" and hexadecimal digits, all 64 or the first ones";

pub(super) fn profile<'t>(reading: &mut Reading<'t>, table: &DeTable<'t>) -> Profile {
    let mut profile = Profile::default();
    let known = ["name", "secure-boot", "lockdown", "enrolled", "foreign", "dbx"];
    for (key, value) in reading.entries(table, &known, "[profile]") {
        profile.lines.push(reading.as_written(key, value));
        match key {
            "name" => profile.name = reading.text(key, value),
            "secure-boot" => profile.secure_boot = reading.switch(key, value),
            "lockdown" => profile.lockdown = reading.word(key, value, &LEVELS, Level::named),
            "enrolled" => profile.enrolled = digests(reading, key, value),
            "foreign" => profile.foreign = digests(reading, key, value),
            _ => {
                let text = reading.text(key, value);
                profile.dbx = text.as_deref().and_then(dbx);
                if text.is_some() && profile.dbx.is_none() {
                    reading.meaningless(key, value, "\">=YYYYMMDD\" or \"sha256:DIGEST\"");
                }
            }
        }
    }
    profile
}

/// A list of digests; one that is none is told.
fn digests<'t>(reading: &mut Reading<'t>, key: &str, value: &Value<'t>) -> Option<Vec<String>> {
    let texts = reading.texts(key, value);
    let Some(texts) = texts else { return Some(Vec::new()) };
    let digests: Option<Vec<String>> = texts.iter().map(|text| digest(text)).collect();
    if digests.is_none() {
        reading.meaningless(key, value, DIGEST);
    }
    digests
}

/// A digest, or the beginning of one as people abbreviate it.
fn digest(text: &str) -> Option<String> {
    let digits = text.strip_prefix("sha256:")?.trim_end_matches('…');
    let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    (hex && (4..=64).contains(&digits.len())).then(|| digits.to_lowercase())
}

fn dbx(text: &str) -> Option<Dbx> {
    match text.strip_prefix(">=") {
        None => digest(text).map(Dbx::Digest),
        Some(day) => {
            let day: String = day.trim().chars().filter(|c| *c != '-').collect();
            let number = day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit());
            number.then_some(Dbx::Since(day))
        }
    }
}

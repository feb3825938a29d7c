//! The tables of a manifest, one function each.

use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::class::Class;
use super::duration::duration;
use super::reading::{Fault, Read, Reading, Value};
use super::shape::{Accept, Device, Enforce, Gate, Manifest, Require, Rollback, Until, What};
use crate::limits::Limits;

mod health;
mod profile;

use health::health;
use profile::profile;

/// Bytes a manifest may hold. One for a whole cluster is some ten thousand.
const LARGEST: usize = 1 << 20;
/// So many older kernels may be asked for.
const MOST_KERNELS: u32 = 16;

/// So many nodes of a cluster may be named as those of one wave.
const MOST_NODES: u32 = 10_000;

/// The longest time that a kernel may be held back before it is told: ten years.
const MOST_DAYS: u32 = 3_650;

const TABLES: [&str; 6] = ["profile", "require", "rollback", "accept", "health", "gate"];
const DEVICE: &str = "\"pci:VENDOR:DEVICE\", \"usb:VENDOR:DEVICE\" (four hexadecimal digits each) or \
                      \"class:storage\" (boot, storage, network, gpu)";

/// Reads one file; `file` is what it is called where something is wrong.
#[must_use]
pub fn read(file: &str, bytes: &[u8], limits: &Limits) -> Read {
    let fault = |line, said: &str| Read {
        manifest: Manifest::default(),
        faults: vec![Fault { file: file.into(), line, said: said.to_owned() }],
    };
    let largest = LARGEST.min(limits.text_bytes);
    if bytes.len() > largest {
        return fault(1, &format!("the file is larger than {largest} bytes"));
    }
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|b| **b == b'\n').count().saturating_add(1);
            return fault(line, "the file is not UTF-8 text");
        }
    };
    let mut reading = Reading::of(file, text);
    let manifest = match DeTable::parse(text) {
        Ok(table) => whole(&mut reading, table.get_ref()),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            reading.fault(at, format!("not TOML: {}", error.message()));
            Manifest::default()
        }
    };
    reading.faults.sort_by_key(|fault| fault.line);
    Read { manifest, faults: reading.faults }
}

fn whole<'t>(reading: &mut Reading<'t>, table: &DeTable<'t>) -> Manifest {
    let mut manifest = Manifest::default();
    for (key, value) in reading.entries(table, &TABLES, "the manifest") {
        match key {
            "require" => {
                let each = list(reading, key, value);
                manifest.require = each.iter().filter_map(|t| require(reading, t)).collect();
            }
            "accept" => {
                let each = list(reading, key, value);
                manifest.accept = each.iter().filter_map(|t| accept(reading, t)).collect();
            }
            _ => match value.get_ref().as_table() {
                None => reading.wrong(key, value, &format!("a table: write [{key}]")),
                Some(table) if key == "profile" => manifest.profile = profile(reading, table),
                Some(table) if key == "rollback" => manifest.rollback = rollback(reading, table),
                Some(table) if key == "gate" => manifest.gate = gate(reading, table),
                Some(table) => manifest.health = health(reading, table),
            },
        }
    }
    manifest
}

fn gate<'t>(reading: &mut Reading<'t>, table: &DeTable<'t>) -> Gate {
    let mut gate = Gate::default();
    let known = [
        "enforce",
        "held-back-days",
        "longest-override",
        "fleet-lock",
        "fleet-lock-group",
        "reboot-after-failed-trial",
    ];
    for (key, value) in reading.entries(table, &known, "[gate]") {
        gate.lines.push(reading.as_written(key, value));
        match key {
            "enforce" => gate.enforce = reading.word(key, value, &Enforce::WORDS, Enforce::named),
            "held-back-days" => gate.held_back_days = reading.number(key, value, MOST_DAYS),
            "fleet-lock" => {
                let text = reading.text(key, value);
                let fits = |text: &String| {
                    let place = ["https://", "http://"].iter().find_map(|s| text.strip_prefix(s));
                    place.is_some_and(|place| !place.is_empty())
                };
                if text.is_some() && !text.as_ref().is_some_and(fits) {
                    reading.meaningless(key, value, "\"https://HOST:PORT\"");
                }
                gate.fleet_lock = text.filter(fits);
            }
            // FleetLock protocol, client_params: `^[a-zA-Z0-9.-]+$`.
            "fleet-lock-group" => {
                let text = reading.text(key, value);
                let plain = |c: u8| c.is_ascii_alphanumeric() || b".-".contains(&c);
                let fits = |text: &String| text.bytes().all(plain);
                if text.is_some() && !text.as_ref().is_some_and(fits) {
                    reading.meaningless(key, value, "letters, digits, dots and dashes");
                }
                gate.fleet_lock_group = text.filter(fits);
            }
            "reboot-after-failed-trial" => {
                gate.reboot_after_failed_trial = reading.switch(key, value);
            }
            _ => {
                let text = reading.text(key, value);
                gate.longest_override = text.as_deref().and_then(duration);
                if text.is_some() && gate.longest_override.is_none() {
                    reading.meaningless(key, value, "a time such as \"30m\", \"4h\" or \"7d\"");
                }
            }
        }
    }
    gate
}

/// The tables of a list of tables, each with the place where it begins.
fn list<'v, 't>(
    reading: &mut Reading<'t>,
    key: &str,
    value: &'v Value<'t>,
) -> Vec<(usize, &'v DeTable<'t>)> {
    let wants = format!("a list of tables: write [[{key}]]");
    let Some(items) = value.get_ref().as_array() else {
        reading.wrong(key, value, &wants);
        return Vec::new();
    };
    let mut tables = Vec::new();
    for item in items {
        match item.get_ref().as_table() {
            Some(table) => tables.push((item.span().start, table)),
            None => reading.wrong(key, item, &wants),
        }
    }
    tables
}

fn require<'t>(reading: &mut Reading<'t>, item: &(usize, &DeTable<'t>)) -> Option<Require> {
    let known = ["module", "device", "any-of", "class", "why", "optional"];
    let (mut whats, mut said) = (Vec::new(), 0_usize);
    let (mut class, mut why, mut optional, mut lines) = (None, None, false, Vec::new());
    for (key, value) in reading.entries(item.1, &known, "[[require]]") {
        lines.push(reading.as_written(key, value));
        match key {
            "module" => {
                said = said.saturating_add(1);
                whats.extend(module(reading, key, value).map(What::Module));
            }
            "device" => {
                said = said.saturating_add(1);
                let text = reading.text(key, value);
                let device = text.as_deref().and_then(Device::named);
                if text.is_some() && device.is_none() {
                    reading.meaningless(key, value, DEVICE);
                }
                whats.extend(device.map(What::Device));
            }
            "any-of" => {
                said = said.saturating_add(1);
                whats.extend(any_of(reading, key, value));
            }
            "class" => {
                let names = Class::ALL.map(Class::name);
                class = reading.word(key, value, &names, Class::named);
            }
            "why" => why = reading.text(key, value),
            _ => optional = reading.switch(key, value).unwrap_or_default(),
        }
    }
    if said != 1 {
        reading.fault(item.0, "[[require]] takes one of module, device, any-of");
        return None;
    }
    let what = whats.pop()?;
    Some(Require { what, class, why, optional, lines })
}

fn any_of(reading: &mut Reading<'_>, key: &str, value: &Value<'_>) -> Option<What> {
    let wants = "a list of module names";
    let Some(items) = value.get_ref().as_array().filter(|items| !items.is_empty()) else {
        reading.meaningless(key, value, wants);
        return None;
    };
    let names: Option<Vec<_>> = items.iter().map(|item| module(reading, key, item)).collect();
    names.map(What::AnyOf)
}

/// The name of a module, with `_`.
fn module(reading: &mut Reading<'_>, key: &str, value: &Value<'_>) -> Option<String> {
    let text = reading.text(key, value)?;
    let name = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !name {
        reading.meaningless(key, value, "the name of a module, as lsmod prints it");
    }
    name.then(|| text.replace('-', "_"))
}

fn rollback<'t>(reading: &mut Reading<'t>, table: &DeTable<'t>) -> Rollback {
    let mut rollback = Rollback::default();
    for (key, value) in reading.entries(table, &["kernels", "cluster", "at-once"], "[rollback]") {
        rollback.lines.push(reading.as_written(key, value));
        match key {
            "kernels" => rollback.kernels = reading.number(key, value, MOST_KERNELS),
            "cluster" => rollback.cluster = reading.text(key, value),
            _ => rollback.at_once = reading.number(key, value, MOST_NODES),
        }
    }
    rollback
}

fn accept<'t>(reading: &mut Reading<'t>, item: &(usize, &DeTable<'t>)) -> Option<Accept> {
    let known = ["code", "subject", "owner", "reason", "until"];
    let [mut code, mut subject, mut owner, mut reason] = [None, None, None, None];
    let (mut until, mut lines) = (None, Vec::new());
    let faults = reading.faults.len();
    for (key, value) in reading.entries(item.1, &known, "[[accept]]") {
        lines.push(reading.as_written(key, value));
        match key {
            "code" => {
                let named = |text: &str| {
                    let digits = text.strip_prefix("LW")?;
                    let four = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
                    four.then(|| text.to_owned())
                };
                code = reading.word(key, value, &["a code such as LW1002"], named);
            }
            "subject" => subject = reading.text(key, value),
            "owner" => owner = reading.text(key, value),
            "reason" => reason = reading.text(key, value),
            _ => until = self::until(reading, key, value),
        }
    }
    let missing = known.iter().filter(|key| !lines.iter().any(|line| line.key == **key));
    let missing: Vec<&str> = missing.copied().collect();
    if !missing.is_empty() && reading.faults.len() == faults {
        let said = format!("[[accept]] lacks {}: an exception has an end", missing.join(", "));
        reading.fault(item.0, said);
    }
    Some(Accept {
        code: code?,
        subject: subject?,
        owner: owner?,
        reason: reason?,
        until: until?,
        lines,
    })
}

/// The end of an exception: a day, which counts whole, or a time in UTC.
fn until(reading: &mut Reading<'_>, key: &str, value: &Value<'_>) -> Option<Until> {
    let time = match value.get_ref() {
        DeValue::Datetime(time) => Some(*time),
        DeValue::String(text) => text.parse::<Datetime>().ok(),
        _ => None,
    };
    let last = time.and_then(|time| {
        let date = time.date?;
        let utc = time.offset.is_none_or(|offset| offset.to_string() == "Z");
        let (hour, minute, second) =
            time.time.map_or((23, 59, 59), |t| (t.hour, t.minute, t.second.unwrap_or(0)));
        let (year, month, day) = (date.year, date.month, date.day);
        utc.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
    });
    match (time, last) {
        (Some(time), Some(last)) => Some(Until { text: time.to_string(), last }),
        _ => {
            reading.meaningless(key, value, "a day such as 2026-12-31, or a time in UTC");
            None
        }
    }
}

#[cfg(test)]
mod tests;

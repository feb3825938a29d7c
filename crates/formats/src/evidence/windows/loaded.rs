//! Lists of images that were in the kernel, and of the devices that signed packages serve: what the
//! debugger's `lm` prints (`lm`, `lm t n`, `lm f`, `lmv`, `lmvm`), the image that `!analyze -v` blames,
//! and `driverquery` in each of its forms.
//!
//! Headers of `driverquery` are in the language of the system, and are not read: columns are known by
//! what stands in them.
//!
//! Sources: Debugging Tools for Windows, lm (List Loaded Modules), !analyze; Microsoft, driverquery.

use crate::calendar::days;
use crate::evidence::windows::statement::file_name;
use csv::{ReaderBuilder, StringRecord};

/// Images of one text; a machine has some hundreds.
const IMAGES: usize = 20_000;

/// An image that a text says was there, or a device whose package it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The line it stands in, counted from 0.
    pub line: u64,
    /// That line.
    pub said: String,
    /// The image's file name in lower case, or the module's name where the text gives no other.
    pub name: String,
    /// Whether `name` ends as files do.
    pub is_file: bool,
    /// Whether a crash is blamed on it.
    pub blamed: bool,
    /// Whether it had been unloaded.
    pub unloaded: bool,
    /// `TimeDateStamp` of its header.
    pub stamp: Option<u32>,
    /// Its size in memory, in bytes.
    pub size: Option<u32>,
    /// `CheckSum` of its header.
    pub checksum: Option<u32>,
    /// Its version: four numbers.
    pub version: Option<[u16; 4]>,
    /// When it was linked as that is written in the clock of the machine: each way to read day and month,
    /// in seconds since 1970 as if it were UTC.
    pub linked: Vec<i64>,
    /// The package that serves a device.
    pub package: Option<Served>,
}

/// A row of `driverquery /si`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// The device.
    pub device: String,
    /// The INF, by the name under which it is installed, in lower case.
    pub inf: String,
    /// Whether Windows calls it signed.
    pub is_signed: Option<bool>,
    /// The manufacturer, as the INF says.
    pub manufacturer: String,
}

/// The images and packages that a text lists; empty where it lists none.
#[must_use]
pub fn read(text: &str) -> Vec<Loaded> {
    let text = text.trim_start_matches('\u{feff}');
    let mut found = Vec::new();
    table(text, &mut found);
    if found.is_empty() {
        lines(text, &mut found);
    }
    found.truncate(IMAGES);
    found
}

/// Whether the beginning of a text shows a list of this kind.
#[must_use]
pub fn begins(head: &str) -> bool {
    !read(head).is_empty()
}

/// `driverquery /fo csv`, with `/v` or `/si`.
fn table(text: &str, found: &mut Vec<Loaded>) {
    let first = text.lines().next().unwrap_or_default();
    let delimiter =
        if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' };
    if !first.starts_with('"') {
        return;
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    while let Ok(true) = reader.read_record(&mut record)
        && found.len() < IMAGES
    {
        let line = record.position().map_or(0, |p| p.line().saturating_sub(1));
        let cells: Vec<&str> = record.iter().map(str::trim).collect();
        let said = cells.join(", ");
        if let Some(served) = served(&cells) {
            found.push(Loaded { line, said, package: Some(served), ..Loaded::default() });
        } else if let Some(mut image) = service(&cells) {
            (image.line, image.said) = (line, said);
            found.push(image);
        }
    }
}

/// Device, INF, signed, manufacturer.
fn served(cells: &[&str]) -> Option<Served> {
    let [device, inf, signed, manufacturer] = cells else { return None };
    let inf = inf.to_ascii_lowercase();
    if !inf.ends_with(".inf") || inf.contains(char::is_whitespace) {
        return None;
    }
    let is = |word: &str| signed.eq_ignore_ascii_case(word);
    let is_signed = is("TRUE").then_some(true).or_else(|| is("FALSE").then_some(false));
    Some(Served {
        device: (*device).to_owned(),
        inf,
        is_signed,
        manufacturer: (*manufacturer).to_owned(),
    })
}

/// A row about a driver: name, display name, …, the day it was linked, and with `/v` its path.
fn service(cells: &[&str]) -> Option<Loaded> {
    let name = cells.first().filter(|name| is_name(name))?;
    let path = cells.iter().find(|cell| is_path(cell));
    let linked = cells.iter().map(|cell| written(cell)).find(|read| !read.is_empty());
    if cells.len() < 4 || path.is_none() && linked.is_none() {
        return None;
    }
    let name = path.map_or_else(|| name.to_ascii_lowercase(), |path| file_name(path));
    Some(Loaded {
        is_file: path.is_some(),
        name,
        linked: linked.unwrap_or_default(),
        ..Loaded::default()
    })
}

fn is_name(word: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || "_-.$#{} ".contains(c);
    !word.is_empty() && word.len() <= 256 && word.chars().all(fits)
}

fn is_path(cell: &str) -> bool {
    cell.contains('\\') && is_image(cell)
}

fn is_image(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".sys", ".dll", ".exe", ".efi"].iter().any(|end| name.ends_with(end))
}

/// What the debugger prints, and the tables and lists of `driverquery`.
fn lines(text: &str, found: &mut Vec<Loaded>) {
    let mut open: Option<usize> = None;
    let mut listing = Served::default();
    let (mut unloaded, mut ruled) = (false, false);
    let mut blamed: Option<Loaded> = None;
    for (line, whole) in (0_u64..).zip(text.lines()) {
        let whole = whole.trim_end();
        let trimmed = whole.trim_start();
        if trimmed.eq_ignore_ascii_case("unloaded modules:") {
            (unloaded, open) = (true, None);
            continue;
        }
        if found.len() >= IMAGES {
            break;
        }
        if let Some(mut image) = row(trimmed) {
            (image.line, image.unloaded) = (line, unloaded);
            trimmed.clone_into(&mut image.said);
            open = Some(found.len());
            found.push(image);
            continue;
        }
        if let Some((key, value)) = trimmed.split_once(':') {
            let (key, value) = (key.trim(), value.trim());
            if blames(key, value, line, trimmed, &mut blamed) {
                continue;
            }
            if let Some(image) = open.and_then(|n| found.get_mut(n))
                && whole.starts_with([' ', '\t'])
            {
                detail(image, key, value);
                continue;
            }
            if let Some(served) = listed(&mut listing, value) {
                let said = format!("{}, {}", served.device, served.inf);
                found.push(Loaded { line, said, package: Some(served), ..Loaded::default() });
                continue;
            }
        } else {
            listing = Served::default();
        }
        ruled |= is_rule(trimmed);
        if !ruled {
            continue;
        }
        if let Some(served) = row_of_devices(whole) {
            let said = trimmed.to_owned();
            found.push(Loaded { line, said, package: Some(served), ..Loaded::default() });
        } else if let Some(mut image) = row_of_services(whole) {
            (image.line, image.said) = (line, trimmed.to_owned());
            found.push(image);
        }
    }
    // A row of the list says more of the one that is blamed.
    if let Some(blamed) = blamed {
        let same = |image: &&mut Loaded| {
            !image.unloaded && (image.name == blamed.name || stem(&blamed.name) == image.name)
        };
        match found.iter_mut().find(same) {
            Some(image) => {
                image.blamed = true;
                image.name.clone_from(&blamed.name);
                image.is_file = true;
                image.stamp = image.stamp.or(blamed.stamp);
                image.version = image.version.or(blamed.version);
            }
            None => found.push(blamed),
        }
    }
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// `START END NAME …` of the debugger; addresses of 64 bits may have a mark in their middle.
fn row(line: &str) -> Option<Loaded> {
    let mut words = line.split_whitespace();
    let (start, end) = (address(words.next()?)?, address(words.next()?)?);
    let size = end.checked_sub(start).filter(|size| *size > 0)?;
    let module = words.next()?;
    let rest: Vec<&str> = words.collect();
    let file = rest.iter().find(|word| is_image(word)).copied();
    let file = file.or_else(|| is_image(module).then_some(module));
    Some(Loaded {
        name: file.map_or_else(|| module.to_ascii_lowercase(), file_name),
        is_file: file.is_some(),
        // 32 bits hold the size of any image.
        size: u32::try_from(size).ok(),
        stamp: rest.last().and_then(|word| parenthesized(word)),
        ..Loaded::default()
    })
}

/// An address of the kernel as the debugger writes it.
fn address(word: &str) -> Option<u64> {
    let digits: String = word.chars().filter(|c| *c != '`').collect();
    let whole = digits.len() == 8 || digits.len() == 16;
    if whole { u64::from_str_radix(&digits, 16).ok() } else { None }
}

/// `(4FCE6A36)`.
fn parenthesized(word: &str) -> Option<u32> {
    let digits = word.strip_prefix('(')?.strip_suffix(')')?;
    if digits.len() == 8 { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// A line below a row of `lmv`.
fn detail(image: &mut Loaded, key: &str, value: &str) {
    let hex = |word: &str| u32::from_str_radix(word.trim_start_matches("0x"), 16).ok();
    match key.to_ascii_lowercase().as_str() {
        "image path" | "image name" | "mapped memory image file" | "loaded symbol image file"
            if is_image(value) =>
        {
            (image.name, image.is_file) = (file_name(value), true);
        }
        // `Tue Jun  5 15:21:42 2012 (4FCE6A36)`, or `4FCE6A36 (This is a reproducible build file hash…)`.
        "timestamp" => {
            let first =
                value.split_whitespace().next().filter(|word| word.len() == 8).and_then(hex);
            let last = value.split_whitespace().find_map(parenthesized);
            image.stamp = last.or(first).or(image.stamp);
        }
        "checksum" => image.checksum = hex(value).filter(|sum| *sum != 0),
        "imagesize" => image.size = hex(value).or(image.size),
        "file version" => image.version = version(value),
        _ => {}
    }
}

fn version(value: &str) -> Option<[u16; 4]> {
    let numbers: Vec<u16> =
        value.split_whitespace().next()?.split('.').map_while(|n| n.parse().ok()).collect();
    numbers.try_into().ok()
}

/// What `!analyze -v` blames.
fn blames(key: &str, value: &str, line: u64, said: &str, into: &mut Option<Loaded>) -> bool {
    match key {
        "IMAGE_NAME" | "Probably caused by" => {
            let name = value.split_whitespace().next().filter(|name| is_image(name));
            if let Some(name) = name
                && into.is_none()
            {
                *into = Some(Loaded {
                    line,
                    said: said.to_owned(),
                    name: file_name(name),
                    is_file: true,
                    blamed: true,
                    ..Loaded::default()
                });
            }
            true
        }
        "DEBUG_FLR_IMAGE_TIMESTAMP" => {
            if let Some(image) = into {
                image.stamp = u32::from_str_radix(value, 16).ok().filter(|stamp| *stamp != 0);
            }
            true
        }
        "IMAGE_VERSION" => {
            if let Some(image) = into {
                image.version = version(value);
            }
            true
        }
        _ => false,
    }
}

/// The list of `driverquery /si /fo list`: four lines a device, in their order.
fn listed(so_far: &mut Served, value: &str) -> Option<Served> {
    let lower = value.to_ascii_lowercase();
    if lower.ends_with(".inf") && !so_far.device.is_empty() {
        so_far.inf = lower;
        return None;
    }
    if so_far.inf.is_empty() {
        value.clone_into(&mut so_far.device);
        return None;
    }
    if so_far.is_signed.is_none() && (lower == "true" || lower == "false") {
        so_far.is_signed = Some(lower == "true");
        return None;
    }
    if so_far.is_signed.is_some() {
        value.clone_into(&mut so_far.manufacturer);
        return Some(std::mem::take(so_far));
    }
    *so_far = Served { device: value.to_owned(), ..Served::default() };
    None
}

/// The line below the header of a table.
fn is_rule(line: &str) -> bool {
    line.starts_with("==") && line.contains(' ') && line.chars().all(|c| c == '=' || c == ' ')
}

/// A row of the table of `driverquery /si`: the INF, a word for signed, the manufacturer.
fn row_of_devices(line: &str) -> Option<Served> {
    let lower = line.to_ascii_lowercase();
    let end = lower.find(".inf ")?.checked_add(4)?;
    let (before, after) = line.split_at_checked(end)?;
    let (device, inf) = before.rsplit_once(' ')?;
    let after = after.trim_start();
    let (signed, manufacturer) = after.split_once(' ').unwrap_or((after, ""));
    served(&[device.trim(), inf, signed, manufacturer.trim()])
        .filter(|of| of.is_signed.is_some() && !of.device.is_empty())
}

/// A row of the table of `driverquery`: module, display name, kind, the day it was linked. A cell that
/// fills its column is one blank from the next.
fn row_of_services(line: &str) -> Option<Loaded> {
    let cells: Vec<&str> =
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    let [name, .., day] = cells.as_slice() else { return None };
    let name = name.split(' ').next()?;
    let linked = written(day);
    (is_name(name) && !linked.is_empty()).then(|| Loaded {
        name: name.to_ascii_lowercase(),
        linked,
        ..Loaded::default()
    })
}

/// `11/20/2010 1:03:51 PM`, `20.11.2010 13:03:51`, `2010-11-20 13:03:51`: each way to read it.
fn written(cell: &str) -> Vec<i64> {
    let mut words = cell.split_whitespace();
    let (Some(date), Some(time)) = (words.next(), words.next()) else { return Vec::new() };
    let half = words.next().map(str::to_ascii_uppercase);
    if words.next().is_some() {
        return Vec::new();
    }
    let numbers = |word: &str, marks: &[char]| -> Vec<i64> {
        word.split(marks).map_while(|n| n.parse().ok()).collect()
    };
    let (date, time) = (numbers(date, &['/', '.', '-']), numbers(time, &[':', '.']));
    let ([a, b, c], [hour, minute, second]) = (date.as_slice(), time.as_slice()) else {
        return Vec::new();
    };
    let hour = match half.as_deref().map(|half| half.starts_with('P')) {
        Some(true) if *hour < 12 => hour.saturating_add(12),
        Some(false) if *hour == 12 => 0,
        _ => *hour,
    };
    let of_day =
        hour.saturating_mul(3600).saturating_add(minute.saturating_mul(60)).saturating_add(*second);
    let ways = if *a > 31 { [(*a, *b, *c), (*a, *b, *c)] } else { [(*c, *a, *b), (*c, *b, *a)] };
    let mut found = Vec::new();
    for (year, month, day) in ways {
        let fits = (1970..=2200).contains(&year) && (1..=12).contains(&month);
        let begins = days(year, month, day).filter(|_| fits && (1..=31).contains(&day));
        if let Some(at) = begins.and_then(|d| d.checked_mul(86_400)?.checked_add(of_day))
            && !found.contains(&at)
        {
            found.push(at);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debugger_lists_images() {
        // As printed in Debugging Tools for Windows, lm, with its options t and n, and v m.
        let all = read(
            "start             end                 module name\n\
             fffff800`02a00000 fffff800`02fea000   nt       ntkrnlmp.exe Sat Nov 20 10:30:02 2010 (4CE7951A)\n\
             fffff880`0f2f1000 fffff880`0f2fa000   demo     (deferred)\n\
             \x20   Image path: \\SystemRoot\\System32\\drivers\\demo.sys\n\
             \x20   Image name: demo.sys\n\
             \x20   Timestamp:        Tue Jun  5 15:21:42 2012 (4FCE6A36)\n\
             \x20   CheckSum:         0000D3F1\n\
             \x20   ImageSize:        00009000\n\
             \x20   File version:     1.2.3.4\n\
             \x20   CompanyName:      Acme\n\
             \n\
             Unloaded modules:\n\
             fffff880`01c00000 fffff880`01c0e000   crashdmp.sys\n\
             \x20   Timestamp: unavailable (00000000)\n",
        );
        assert_eq!(all.len(), 3);
        assert_eq!((all[0].name.as_str(), all[0].stamp), ("ntkrnlmp.exe", Some(0x4ce7_951a)));
        let demo = &all[1];
        assert_eq!((demo.name.as_str(), demo.size), ("demo.sys", Some(0x9000)));
        assert_eq!((demo.stamp, demo.checksum), (Some(0x4fce_6a36), Some(0xd3f1)));
        assert_eq!(demo.version, Some([1, 2, 3, 4]));
        assert!(all[2].unloaded && all[2].name == "crashdmp.sys");
    }

    #[test]
    fn a_crash_is_blamed_on_one() {
        let all = read(
            "MODULE_NAME: demo\nIMAGE_NAME:  demo.sys\nDEBUG_FLR_IMAGE_TIMESTAMP:  4fce6a36\n\
             0: kd> lm t n\n\
             80400000 805a0000   nt       ntoskrnl.exe Tue Jun  5 15:21:42 2012 (4FCE6A30)\n\
             f7a5c000 f7a66000   demo     demo.sys     Tue Jun  5 15:21:42 2012 (4FCE6A36)\n",
        );
        assert_eq!(all.iter().filter(|i| i.blamed).count(), 1);
        assert!(all[1].blamed && all[1].size == Some(0xa000));
    }

    #[test]
    fn driverquery_lists_images_and_packages_in_any_language() {
        let one = |text: &str| read(text).pop().unwrap();
        for text in [
            "\"DeviceName\",\"InfName\",\"IsSigned\",\"Manufacturer\"\r\n\"Acme NIC\",\"oem3.inf\",\"TRUE\",\"Acme\"\r\n",
            "\"Ger\u{e4}tename\",\"INF-Name\",\"Signiert\",\"Hersteller\"\r\n\"Acme NIC\",\"oem3.inf\",\"TRUE\",\"Acme\"\r\n",
            "DeviceName                     InfName       IsSigned Manufacturer\n\
             ============================== ============= ======== =========================\n\
             Acme NIC                       oem3.inf      TRUE     Acme\n",
            "DeviceName:    Acme NIC\nInfName:       oem3.inf\nIsSigned:      TRUE\nManufacturer:  Acme\n",
        ] {
            let served = one(text).package.unwrap();
            assert_eq!((served.device.as_str(), served.inf.as_str()), ("Acme NIC", "oem3.inf"));
            assert_eq!((served.is_signed, served.manufacturer.as_str()), (Some(true), "Acme"));
        }
        let day = 15_298_i64 * 86_400 + 13 * 3600 + 3 * 60 + 51;
        for text in [
            "\"Module Name\",\"Display Name\",\"Driver Type\",\"Link Date\"\r\n\"demo\",\"Demo\",\"Kernel \",\"11/20/2011 1:03:51 PM\"\r\n",
            "Modulname    Anzeigename            Treibertyp    Linkdatum\n\
             ============ ====================== ============= ======================\n\
             demo         Demo                   Kernel        20.11.2011 13:03:51\n",
        ] {
            let image = one(text);
            assert_eq!((image.name.as_str(), image.linked.as_slice()), ("demo", &[day][..]));
        }
        let image = one(
            "\"Module Name\",\"Display Name\",\"Description\",\"Driver Type\",\"Link Date\",\"Path\",\"Init(bytes)\"\r\n\
             \"demo\",\"Demo\",\"Demo\",\"Kernel \",\"\",\"C:\\Windows\\system32\\drivers\\Demo64.sys\",\"4,096\"\r\n",
        );
        assert!(image.is_file && image.name == "demo64.sys");
    }

    #[test]
    fn other_texts_list_nothing() {
        for text in [
            "",
            "[ 1.0] Loading of unsigned module is rejected\n",
            "event 3077: demo.sys\nStatus: 0xC0000428\n",
            "\"Time of Day\",\"Process Name\",\"PID\",\"Operation\",\"Path\",\"Result\",\"Detail\"\r\n\"10:00\",\"a.exe\",\"4\",\"Load\",\"C:\\a.cat\",\"SUCCESS\",\"\"\r\n",
        ] {
            assert_eq!(read(text), [], "{text}");
        }
    }
}

//! What somebody may want explained: a code, an error number, a line of the kernel log, a mark, a
//! number of Windows.

pub mod windows;

use loadworthy_core::code::Code;
use loadworthy_core::codebook;
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::errors::Meaning;
use loadworthy_core::tables::log::Wording;
use loadworthy_core::tables::windows_codes::{
    Event, EventValue, Found, Oid, Policy, Problem, Rank,
};
use windows::State;

/// What was found.
#[derive(Clone, Copy, Debug)]
pub enum Topic<'t> {
    /// A code and its page.
    Code(&'static Code),
    /// An error number.
    Errno(&'t Meaning),
    /// A line of the kernel log, with the code that explains it.
    Line(&'t Wording, Option<&'static Code>),
    /// A code of Windows.
    Windows(Found<'t>),
    /// What is told of a line of an INF.
    InfLint(&'t loadworthy_core::tables::inf_lints::InfLint),
    /// A device problem code.
    Problem(&'t Problem),
    /// An event.
    Event(&'t Event),
    /// A number inside an event.
    EventValue(&'t EventValue),
    /// A number made of bits of one kind (`ci-option`), with the tables that explain it.
    Bits(&'static str, u32, &'t Tables),
    /// An object identifier.
    Oid(&'t Oid),
    /// A policy of Code Integrity.
    Policy(&'t Policy),
    /// A cross-certificate.
    Cross(&'t loadworthy_core::tables::windows_codes::CrossCertificate),
    /// A value of WinTrust's `State`, with the tables that explain it.
    State(State, &'t Tables),
    /// A driver's rank, with the tables that explain it.
    Rank(u32, Rank, &'t Tables),
    /// A signer score of `setupapi.dev.log`.
    Score(&'t loadworthy_core::tables::windows_codes::RankPart),
}

/// Everything that `asked` means; empty where it means nothing to us.
#[must_use]
pub fn find<'t>(asked: &str, tables: &'t Tables) -> Vec<Topic<'t>> {
    let asked = asked.trim();
    if asked.is_empty() {
        return Vec::new();
    }
    // A bare number is an errno where there is one: codes are asked for as they are printed.
    if let Some(row) = tables.errors.find(asked) {
        return vec![Topic::Errno(row)];
    }
    if let Some(code) = codebook::find(asked).or_else(|| mark(asked)) {
        return vec![Topic::Code(code)];
    }
    let windows = windows::find(asked, tables);
    if !windows.is_empty() {
        return windows;
    }
    let line = without_prefix(asked);
    let row = tables.log.rows().iter().find(|row| matches(&row.text, line));
    if let Some(row) = row {
        return vec![Topic::Line(row, row.code.as_deref().and_then(codebook::find))];
    }
    // What a program printed ends in the words of an error number.
    let said = asked.rsplit_once(": ").map_or(asked, |(_, said)| said);
    match tables.errors.find(said) {
        Some(row) => vec![Topic::Errno(row)],
        None => windows::inside(asked, tables),
    }
}

/// Every code and every error number, of Linux and of Windows.
#[must_use]
pub fn all(tables: &Tables) -> Vec<Topic<'_>> {
    let codes = codebook::ALL.iter().copied().map(Topic::Code);
    let errnos = tables.errors.rows().iter().map(Topic::Errno);
    let windows = &tables.windows_codes;
    codes
        .chain(errnos)
        .chain(windows.all().map(Topic::Windows))
        .chain(tables.inf_lints.all().iter().map(Topic::InfLint))
        .chain(windows.problems.iter().map(Topic::Problem))
        .chain(windows.events.iter().map(Topic::Event))
        .chain(windows.values.iter().map(Topic::EventValue))
        .chain(windows.oids.iter().map(Topic::Oid))
        .chain(windows.policies.iter().map(Topic::Policy))
        .collect()
}

/// The code of a taint letter.
fn mark(asked: &str) -> Option<&'static Code> {
    let letter = (asked.len() == 1).then(|| asked.to_ascii_uppercase())?;
    codebook::ALL.iter().copied().find(|code| code.field("taint") == letter)
}

/// A log line without time stamp, level, host and `kernel:` in front of it.
fn without_prefix(line: &str) -> &str {
    let line = line.split_once(" kernel: ").map_or(line, |(_, rest)| rest).trim_start();
    let line = line.strip_prefix("kernel: ").unwrap_or(line);
    let line =
        line.strip_prefix('<').and_then(|l| l.split_once('>')).map_or(line, |(_, rest)| rest);
    match line.strip_prefix('[').and_then(|l| l.split_once(']')) {
        Some((stamp, rest)) if stamp.trim().chars().all(|c| c.is_ascii_digit() || c == '.') => {
            rest.trim_start()
        }
        _ => line,
    }
}

/// Whether `line` is the wording `text`, where `{0}`, `{1}` … stand for anything.
fn matches(text: &str, line: &str) -> bool {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}') else { break };
        pieces.push(before);
        rest = after;
    }
    let Some((first, inner)) = pieces.split_first() else { return line == text };
    let Some(mut left) = line.strip_prefix(first) else { return false };
    for piece in inner {
        let Some((_, after)) = left.split_once(piece) else { return false };
        left = after;
    }
    left.ends_with(rest)
}

/// What `asked` may have been meant to be: the nearest name we know, if one is near.
#[must_use]
pub fn nearest(asked: &str, tables: &Tables) -> Option<String> {
    let asked = asked.to_ascii_uppercase();
    let codes = codebook::ALL.iter().flat_map(|c| [c.id.to_owned(), c.name.to_owned()]);
    let windows = tables.windows_codes.all().map(|found| found.row.name.clone());
    let names = codes.chain(tables.errors.rows().iter().map(|r| r.name.clone())).chain(windows);
    names
        .map(|name| (distance(&asked, &name.to_ascii_uppercase()), name))
        .filter(|(far, name)| *far <= 1 + name.len() / 6)
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

/// How many letters have to be changed, added or removed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (n, c) in one.chars().enumerate() {
        let mut diagonal = n;
        row[0] = n + 1;
        for (m, d) in other.iter().enumerate() {
            let changed = diagonal + usize::from(c != *d);
            diagonal = row[m + 1];
            row[m + 1] = changed.min(diagonal + 1).min(row[m] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(asked: &str) -> String {
        let tables = Tables::explaining().unwrap();
        let found = find(asked, &tables);
        let told: Vec<String> = found.iter().map(told).collect();
        if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
    }

    fn told(topic: &Topic<'_>) -> String {
        match topic {
            Topic::Code(code) => code.id.to_owned(),
            Topic::Errno(row) => row.name.clone(),
            Topic::Line(row, code) => {
                format!("{} {}", row.common.id, code.map_or("-", |c| c.id))
            }
            Topic::Windows(found) => found.row.name.clone(),
            Topic::Problem(row) => row.name.clone(),
            Topic::InfLint(row) => format!("infverif {}", row.id),
            Topic::Event(row) => format!("event {}", row.number),
            Topic::EventValue(row) => format!("{} {}", row.kind, row.number),
            Topic::Bits(kind, number, _) => format!("{kind} {number:#x}"),
            Topic::Oid(row) => row.name.clone(),
            Topic::Policy(row) => row.name.clone(),
            Topic::Cross(row) => row.name.clone(),
            Topic::State(state, _) => format!("{state:?}"),
            Topic::Rank(rank, ..) => format!("rank {rank:08X}"),
            Topic::Score(row) => format!("score {:08X}", row.value),
        }
    }

    #[test]
    fn numbers_of_windows_are_found() {
        for (asked, is) in [
            ("0x800B0109", "CERT_E_UNTRUSTEDROOT"),
            ("800b0109", "CERT_E_UNTRUSTEDROOT"),
            ("0x23C00", "Value(146432)"),
            ("WTPF_ALLOWONLYPERTRUST", "Value(262144)"),
            ("LogLevel 0x4800FFFF", "log-level 1208025087"),
            ("{8F9CB695-5D48-48D6-A329-7202B44607E3}", "Windows Driver Policy, in force"),
            ("0xC0000428", "STATUS_INVALID_IMAGE_HASH"),
            ("-1073740760", "STATUS_INVALID_IMAGE_HASH"),
            ("3221226536", "STATUS_INVALID_IMAGE_HASH"),
            ("577", "ERROR_INVALID_IMAGE_HASH"),
            ("2148204812", "CERT_E_REVOKED"),
            ("0x80070241", "ERROR_INVALID_IMAGE_HASH"),
            ("0x800F0247", "ERROR_DRIVER_STORE_ADD_FAILED"),
            ("code52", "CM_PROB_UNSIGNED_DRIVER"),
            ("Code 52", "CM_PROB_UNSIGNED_DRIVER"),
            ("problem 0x34", "CM_PROB_UNSIGNED_DRIVER"),
            ("CM_PROB_UNSIGNED_DRIVER", "CM_PROB_UNSIGNED_DRIVER"),
            ("event 3033", "event 3033"),
            ("3077", "event 3077"),
            ("Event ID 219", "event 219"),
            ("State=0x23c00", "Value(146432)"),
            ("state 0x40000", "Value(262144)"),
            ("State=absent", "NoValue"),
            ("State=no-key", "NoKey"),
            ("rank 00FF0001", "rank 00FF0001"),
            ("signer score 0x0D000003", "score 0D000003"),
            ("1.3.6.1.4.1.311.10.3.5", "WHQL_CRYPTO"),
            ("OID 1.3.6.1.4.1.311.61.1.1", "KERNEL_MODE_CODE_SIGNING"),
            ("VerificationError 21", "verification-error 21"),
            ("policy option 16", "policy-option 16"),
            ("ci-option 0x402", "ci-option 0x402"),
            ("CodeIntegrityOptions: 0xC001", "ci-option 0xc001"),
            ("ciOptions: 1026", "ci-option 0x402"),
            ("ci-option 2", "ci-option 2"),
            ("policy options 0x80010000", "policy-option 0x80010000"),
            ("DevNodeStatus 0x01802400", "device-status 0x1802400"),
            ("!    sig:  Error 0x800b0109: A certificate chain processed", "CERT_E_UNTRUSTEDROOT"),
            ("Device has problem: 0x34 (CM_PROB_UNSIGNED_DRIVER)", "CM_PROB_UNSIGNED_DRIVER"),
            (
                "57534ccc33914c41f70e2cbb2103a1db18817d8b",
                "VeriSign Class 3 Public Primary Certification Authority - G5",
            ),
            ("event 9999", "nothing"),
            ("0x12345678", "nothing"),
        ] {
            assert_eq!(found(asked), is, "{asked}");
        }
    }

    #[test]
    fn whatever_a_screen_shows_is_found() {
        for (asked, is) in [
            ("LW1003", "LW1003"),
            ("unsigned-module-refused", "LW1003"),
            ("e", "LW1002"),
            ("EKEYREJECTED", "EKEYREJECTED"),
            ("129", "EKEYREJECTED"),
            ("-129", "EKEYREJECTED"),
            ("Loading of unsigned module is rejected", "unsigned-rejected LW1003"),
            ("[   12.345678] Module demo is blacklisted", "name-blocked LW1025"),
            (
                "Nov 21 10:00:00 host kernel: [    3.1] demo: version magic 'a' should be 'b'",
                "vermagic-differs LW1027",
            ),
            ("demo: disagrees about version of symbol module_layout", "layout-differs LW1026"),
            ("demo: Unknown symbol frob (err -2)", "unknown-symbol LW1031"),
            (
                "modprobe: ERROR: could not insert 'demo': Key was rejected by service",
                "EKEYREJECTED",
            ),
            ("insmod: ERROR: could not insert module demo.ko: Invalid module format", "ENOEXEC"),
            ("LW9999", "nothing"),
            ("hello", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(found(asked), is, "{asked}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_gets_a_suggestion() {
        let tables = Tables::explaining().unwrap();
        assert_eq!(nearest("EKEYREJECTD", &tables).as_deref(), Some("EKEYREJECTED"));
        assert_eq!(
            nearest("unsigned-module-refsed", &tables).as_deref(),
            Some("unsigned-module-refused")
        );
        assert_eq!(nearest("hello", &tables), None);
    }
}

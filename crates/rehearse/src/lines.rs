//! What a kernel prints while it loads a module, held against what was foretold.
//!
//! A driver's own words are nobody's prediction: only lines that the loading itself prints are compared.

use std::collections::BTreeSet;

use loadworthy_core::check::Line;
use loadworthy_core::tables::log::Log;

/// What the kernel says once a boot, when it stops looking after its locks (`kernel/panic.c`).
const LOCK_DEBUGGING: &str = "Disabling lock debugging due to kernel taint";

/// The name of the caller is nobody's prediction, and unprintable bytes are written `\xNN`.
#[must_use]
pub fn normal(line: &str) -> String {
    let mut plain = String::new();
    for c in line.trim().chars() {
        match c {
            ' '..='~' => plain.push(c),
            other => {
                let mut bytes = [0; 4];
                for byte in other.encode_utf8(&mut bytes).bytes() {
                    plain += &format!("\\x{byte:02x}");
                }
            }
        }
    }
    let plain = plain.replace("\\x5c", "\\");
    match plain.strip_prefix("Lockdown: ").and_then(|rest| rest.split_once(": ")) {
        Some((_, rest)) => format!("Lockdown: *: {rest}"),
        None => plain,
    }
}

/// The lines about the load itself: without dumps of registers and stacks, and without what depends on the
/// processor (`arch/x86/kernel/cpu/bugs.c`: a module without retpolines), on the clock, or on
/// devices that are found late.
#[must_use]
pub fn about_the_load(log: &[String]) -> Vec<String> {
    // LoadPin names the process and the file; type information is told of in the verifier's own words, and
    // where a kernel does not insist that it fits, nobody looks whether it does.
    let noise = [
        "alg: ",
        "clocksource: ",
        "tsc: ",
        "input: ",
        "Spectre V2 : ",
        "LoadPin: ",
        "BPF: ",
        "distilled base BTF type ",
        "Kernel module BTF mismatch detected",
    ];
    let mut dump_ends: Option<&str> = None;
    let mut out = Vec::new();
    for line in log.iter().map(|line| normal(line)) {
        dump_ends = dump_ends.or(match line.as_str() {
            line if line.starts_with("------------[ cut here") => Some("---[ end trace"),
            line if line.starts_with("CPU: ") => Some("</TASK>"),
            _ => None,
        });
        let about = !noise.iter().any(|start| line.starts_with(start))
            && !line.contains("callbacks suppressed")
            // It goes on with addresses.
            && !line.contains("relocation target, existing value is nonzero")
            && !line.ends_with(": loading module not compiled with retpoline compiler.");
        let over = dump_ends.is_some_and(|end| line.starts_with(end));
        if dump_ends.is_none() && about {
            out.push(line);
        }
        dump_ends = dump_ends.filter(|_| !over);
    }
    out
}

/// What is still to be printed of the lines foretold for a first load after a boot, each with the row of the
/// table where it comes once a boot. Those that this start has `printed` need not come again; those that
/// are rationed may.
#[must_use]
pub fn expected<'l>(
    foretold: impl IntoIterator<Item = (&'l str, Option<&'l str>)>,
    actual: &[String],
    printed: &mut BTreeSet<String>,
) -> Vec<String> {
    let mut expected = Vec::new();
    for (line, once) in foretold {
        let line = normal(line);
        let key = match once {
            Some(row) => row.to_owned(),
            None if line.starts_with("Lockdown: ") => "lockdown".to_owned(),
            None if line == LOCK_DEBUGGING => line.clone(),
            None => String::new(),
        };
        let known = !key.is_empty() && !printed.insert(key.clone());
        let rationed = key == "lockdown" && actual.contains(&line);
        if !known || rationed {
            expected.push(line);
        }
    }
    expected
}

/// Where the kernel's lines differ from those foretold, a sentence each: one that did not come, and one of
/// the loading that nobody foretold.
pub(crate) fn differing(
    foretold: &[Line],
    log: &[String],
    table: &Log,
    printed: &mut BTreeSet<String>,
) -> Vec<String> {
    let actual = about_the_load(log);
    let lines = foretold.iter().map(|line| (line.text.as_str(), line.once.then_some(line.row)));
    let expected = expected(lines, &actual, printed);
    let mut rest = actual.iter();
    let mut came = BTreeSet::new();
    let mut out = Vec::new();
    for line in &expected {
        // In their order; what a driver says stands between them.
        let before = rest.clone();
        if rest.any(|found| found == line) {
            came.insert(line);
        } else {
            rest = before;
            out.push(format!("foretold and not printed: {line}"));
        }
    }
    let of_loading =
        |line: &&String| table.rows().iter().any(|row| reads(&row.text, line) && !row.once);
    let others = actual.iter().filter(of_loading).filter(|line| !came.contains(line));
    out.extend(others.map(|line| format!("printed and not foretold: {line}")));
    out
}

/// Whether `line` is the wording `text`, whose gaps stand for anything.
fn reads(text: &str, line: &str) -> bool {
    let text = text.replace("Lockdown: {0}: ", "Lockdown: *: ");
    let mut pieces = text.split('{').enumerate().map(|(n, piece)| match n {
        0 => piece,
        _ => piece.split_once('}').map_or(piece, |(_, rest)| rest),
    });
    let Some(mut rest) = pieces.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let mut last = "";
    for piece in pieces {
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        (rest, last) = (behind, piece);
    }
    rest.is_empty() || (last.is_empty() && text.ends_with('}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadworthy_core::tables::Tables;

    fn line(text: &str, once: bool) -> Line {
        Line { row: if once { "row" } else { "" }, text: text.to_owned(), once }
    }

    fn own(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn a_drivers_words_are_its_own_and_those_of_loading_are_compared() {
        let tables = Tables::built_in().unwrap();
        let mut printed = BTreeSet::new();
        let mut differ =
            |told: &[Line], log: &[&str]| differing(told, &own(log), &tables.log, &mut printed);
        let taints = "demo: loading out-of-tree module taints kernel.";
        let told = [line(taints, true)];
        assert!(differ(&told, &[taints, "demo: hello, 4 ports"]).is_empty());
        // Once a boot: it need not come again.
        assert!(differ(&told, &["other: hello"]).is_empty());
        let rejected = "Loading of unsigned module is rejected";
        assert_eq!(differ(&[], &[rejected]), [format!("printed and not foretold: {rejected}")]);
        assert_eq!(
            differ(&[line(rejected, false)], &["demo: hello"]),
            [format!("foretold and not printed: {rejected}")]
        );
        let lockdown = |by: &str| {
            format!(
                "Lockdown: {by}: unsigned module loading is restricted; see man kernel_lockdown.7"
            )
        };
        let told = [line(&lockdown("modprobe"), false)];
        assert!(differ(&told, &[&lockdown("init")]).is_empty());
    }
}

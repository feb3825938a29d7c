//! Sections of `setupapi.dev.log` and its siblings, also as tools print them into their own logs.
//!
//! A section that ends in success has nothing to tell, save a device that has a problem
//! afterwards. Of one that fails, errors (`!!!`) and warnings (`!`) are told; a first look at a
//! catalog that a second one settles is no evidence. What failed and was installed later is not told
//! either. Sources: Microsoft, Format of a Text Log Section, Format of a Text Log Body, Using
//! SetupAPI to verify driver Authenticode signatures.

use crate::evidence::windows::statement::{Statement, file_name};
use std::collections::BTreeMap;

/// Lines of one section that are kept: the first ones.
const KEPT: usize = 400;
/// Packages whose failures are kept.
const PACKAGES: usize = 1000;
/// Characters of a line that are looked at.
const WIDE: usize = 1000;

/// Ends of sections that are no failures, though not 0: nothing better to install
/// (`ERROR_NO_MORE_ITEMS`), a restart wanted (`ERROR_SUCCESS_REBOOT_REQUIRED`).
const NO_FAILURE: [&str; 4] = ["0x00000000", "0x00000103", "0x00000bc2", "0x00000bc3"];

/// Problems a device can have after a good installation that a signature can be behind.
const OF_SIGNATURES: [&str; 6] = [
    "problem: 0x34",
    "problem: 0x27",
    "problem: 0x30",
    "cm_prob_unsigned_driver",
    "cm_prob_driver_failed_load",
    "cm_prob_driver_blocked",
];

/// Reads a log line by line.
#[derive(Debug, Default)]
pub struct Sections {
    open: Option<Section>,
    failed: BTreeMap<String, Vec<Statement>>,
    nameless: Vec<Statement>,
    /// Sections that ended well.
    pub settled: u64,
    /// Sections that did not.
    pub failures: u64,
    /// Lines of sections and failures that were not kept.
    pub left_off: u64,
    /// Whether a section's own beginning was seen.
    pub whole: bool,
}

#[derive(Debug, Default)]
struct Section {
    inf: Option<String>,
    stamp: Option<String>,
    lines: Vec<Statement>,
    /// Warnings of the look at a catalog that is under way or was just taken.
    first_look: usize,
    problems: Vec<Statement>,
}

impl Sections {
    /// Takes a line; whether it is one of a section.
    pub fn line(&mut self, number: u64, line: &str) -> bool {
        let line: &str =
            line.char_indices().nth(WIDE).map_or(line, |(at, _)| line.get(..at).unwrap_or(line));
        let line = bare(line);
        if let Some(title) = line.strip_prefix(">>>") {
            let title = title.trim();
            if let Some(at) = title.strip_prefix("Section start") {
                let section = self.open.get_or_insert_default();
                section.stamp = Some(at.trim().to_owned());
            } else if title.starts_with('[') {
                self.end(None);
                let inf = inf_in(title);
                self.open = Some(Section { inf, ..Section::default() });
                self.whole = true;
            }
            return true;
        }
        if let Some(end) = line.strip_prefix("<<<") {
            let end = end.trim().trim_start_matches('[').trim_end_matches(']');
            if let Some(status) = end.strip_prefix("Exit status:") {
                self.open.get_or_insert_default();
                self.end(Some(status.trim()));
            }
            return true;
        }
        if let Some(version) = line.trim_start().strip_prefix("OS Version = ") {
            let said = format!("OS Version = {version}");
            self.nameless.push(Statement { line: number, said, ..Statement::default() });
            return true;
        }
        let Some((mark, category, said)) = body(line) else { return false };
        let section = self.open.get_or_insert_default();
        section.body(number, mark, category, said, &mut self.left_off);
        true
    }

    fn end(&mut self, status: Option<&str>) {
        let Some(mut section) = self.open.take() else { return };
        let code = status.and_then(|s| s.strip_prefix("FAILURE(")).map(|c| c.trim_end_matches(')'));
        let well = status.is_some_and(|s| s.starts_with("SUCCESS"))
            || code.is_some_and(|c| NO_FAILURE.iter().any(|n| c.eq_ignore_ascii_case(n)));
        let inf = section.inf.clone();
        let with = |mut of: Vec<Statement>| {
            for statement in &mut of {
                statement.about.clone_from(&inf);
                statement.stamp.clone_from(&section.stamp);
            }
            of
        };
        self.nameless.extend(with(std::mem::take(&mut section.problems)));
        if well {
            self.settled = self.settled.saturating_add(1);
            if let Some(inf) = &inf {
                self.failed.remove(inf);
            }
            return;
        }
        let mut lines = std::mem::take(&mut section.lines);
        if let Some(code) = code {
            let line = lines.last().map_or(0, |l| l.line.saturating_add(1));
            lines.push(Statement {
                line,
                said: format!("Exit status: FAILURE({code})"),
                ..Statement::default()
            });
        } else if !lines.iter().any(|l| l.said.starts_with('!')) {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        let lines = with(lines);
        match inf {
            Some(inf) if self.failed.len() < PACKAGES || self.failed.contains_key(&inf) => {
                self.failed.insert(inf, lines);
            }
            None if self.nameless.len() < PACKAGES => self.nameless.extend(lines),
            _ => self.left_off = self.left_off.saturating_add(1),
        }
    }

    /// Everything that failed, at the end of the log.
    #[must_use]
    pub fn statements(&mut self) -> Vec<Statement> {
        self.end(None);
        let failed = std::mem::take(&mut self.failed).into_values().flatten();
        let mut all: Vec<Statement> = std::mem::take(&mut self.nameless);
        all.extend(failed);
        all.sort_by_key(|s| s.line);
        all
    }
}

impl Section {
    fn body(&mut self, line: u64, mark: &str, category: &str, said: &str, left_off: &mut u64) {
        if self.inf.is_none() {
            self.inf = inf_in(said);
        }
        let lower = said.to_ascii_lowercase();
        if OF_SIGNATURES.iter().any(|problem| lower.contains(problem)) {
            self.problems.push(Statement { line, said: said.to_owned(), ..Statement::default() });
            return;
        }
        if category == "sig" && lower.starts_with("{_verify_file_signature}") {
            self.first_look = self.lines.len();
        }
        if category == "sig" && lower.starts_with("success:") {
            // The first look failed and this one did not: what the first one said is settled.
            self.settle();
        }
        // An answer of setup that stands without a mark: accepted, or a publisher to ask about.
        let answer = category == "sig" && lower.starts_with("error 0x");
        let trusted = lower.contains("0xe0000241");
        if mark.is_empty() && !answer || trusted {
            return;
        }
        if self.lines.len() >= KEPT {
            *left_off = left_off.saturating_add(1);
            return;
        }
        let said =
            if mark.is_empty() { said.to_owned() } else { format!("{mark} {category}: {said}") };
        self.lines.push(Statement { line, said, ..Statement::default() });
    }

    /// Takes back the warnings about a file whose catalog was accepted after all.
    fn settle(&mut self) {
        let warnings = self
            .lines
            .iter()
            .rev()
            .take_while(|l| l.said.starts_with("! ") && l.said.contains("sig:"));
        let keep = self.lines.len().saturating_sub(warnings.count());
        self.lines.truncate(keep);
    }
}

/// The line without what tools that print setup's log put before it.
fn bare(line: &str) -> &str {
    let line = line.trim_end_matches(['\r', '\n', '\0']);
    match line.find("[syslog]") {
        Some(at) => {
            let rest = line.get(at.saturating_add(8)..).unwrap_or(line);
            rest.strip_prefix(' ').unwrap_or(rest)
        }
        None => line.trim_start_matches(['|', '\u{feff}']),
    }
}

/// Mark, category and text of a line of a section's body.
fn body(line: &str) -> Option<(&str, &str, &str)> {
    let rest = line.trim_start_matches([' ', '\t']);
    let marked = rest.trim_start_matches('!');
    let (mark, _) = rest.split_at_checked(rest.len().saturating_sub(marked.len()))?;
    let text = marked.trim_start();
    let (category, said) = text.split_at_checked(4)?;
    let category = category.strip_suffix(':')?;
    let known = CATEGORIES.contains(&category);
    let aligned =
        marked.len().saturating_sub(text.len()) >= 1 || !mark.is_empty() || line.starts_with(' ');
    (known && aligned && mark.len() <= 3).then(|| (mark, category, said.trim()))
}

/// Event categories of the text log (Microsoft, Format of a Text Log Body), and those that newer versions have.
const CATEGORIES: [&str; 27] = [
    "sig", "sto", "inf", "dvi", "ndv", "flq", "cpy", "ump", "pol", "cci", "set", "reg", "prp",
    "bak", "ui ", "dvs", "idb", "cmd", "cat", "msg", "lan", "umd", "utl", "dvu", "cfg", "srv",
    "tqr",
];

/// The INF that a line names, as setup names packages.
fn inf_in(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find(".inf")?;
    let after = lower.get(at.saturating_add(4)..)?.chars().next();
    if after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let path = text.get(..at.saturating_add(4))?;
    let name = file_name(path);
    let name = name.rsplit([' ', '\t', '=', '{', '\'', '"', ':', '(']).next()?;
    (name.len() > 4).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(log: &str) -> (Vec<Statement>, Sections) {
        let mut sections = Sections::default();
        for (n, line) in (0..).zip(log.lines()) {
            sections.line(n, line);
        }
        let all = sections.statements();
        (all, sections)
    }

    const REFUSED: &str = ">>>  [Device Install (DiInstallDriver) - C:\\t\\Acme.inf]
>>>  Section start 2020/11/06 10:20:56.528
     sig:                     {_VERIFY_FILE_SIGNATURE} 14:44:49.158
!    sig:                          Verifying file against specific (valid) catalog failed! (0x800b0109)
!    sig:                          Error 0x800b0109: A certificate chain processed, but terminated in a root certificate which is not trusted by the trust provider.
!!!  sig:                     Driver package failed signature validation. Error = 0xE0000247
<<<  Section end 2020/11/06 10:20:57.000
<<<  [Exit status: FAILURE(0xe0000247)]
";

    #[test]
    fn a_section_that_fails_is_told_with_its_package() {
        let (all, sections) = read(REFUSED);
        assert_eq!((sections.failures, sections.settled), (1, 0));
        let said: Vec<&str> = all.iter().map(|s| s.said.as_str()).collect();
        assert_eq!(all.len(), 4, "{said:?}");
        assert_eq!(all[0].line, 3);
        assert!(all.iter().all(|s| s.about.as_deref() == Some("acme.inf")));
        assert_eq!(all[0].stamp.as_deref(), Some("2020/11/06 10:20:56.528"));
    }

    #[test]
    fn what_was_installed_later_is_no_failure() {
        let later = ">>>  [SetupCopyOEMInf - C:\\t\\acme.inf]\n<<<  [Exit status: SUCCESS]\n";
        assert_eq!(read(&format!("{REFUSED}{later}")).0, []);
    }

    #[test]
    fn a_first_look_that_a_second_one_settles_is_nothing() {
        let log = "!    sig:     Error 0x800b0109: A certificate chain processed, but terminated in a root certificate\n     sig: {_VERIFY_FILE_SIGNATURE exit(0x800b0109)}\n     sig:      Success: File is signed in Authenticode(tm) catalog.\n     sig:      Error 0xe0000241: The INF was signed with an Authenticode(tm) catalog from a trusted publisher.\n";
        assert_eq!(read(log).0, []);
        let (all, _) = read(&log.replace("0xe0000241", "0xe0000242"));
        assert_eq!(all, []);
    }

    #[test]
    fn a_device_with_a_problem_is_told_even_after_success() {
        let log = ">>>  [Device Install (DiInstallDevice) - ROOT\\X\\0000]\n!    dvi: Device not started: Device has problem: 0x34 (CM_PROB_UNSIGNED_DRIVER), problem status: 0xc0000428.\n<<<  [Exit status: SUCCESS]\n";
        let (all, _) = read(log);
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn lines_of_anything_else_are_left_alone() {
        let mut sections = Sections::default();
        assert!(!sections.line(0, "the device shows Code 52"));
        assert!(!sections.line(1, "note: sig is wrong"));
        assert!(
            sections
                .line(2, "libwdi:debug [syslog] !!!  sto: Failed to import. Error = 0xE0000243")
        );
        assert_eq!(sections.statements().len(), 1);
    }
}

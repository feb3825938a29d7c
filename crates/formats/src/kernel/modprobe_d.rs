//! modprobe.d: aliases, options and prohibitions that user space adds.
//!
//! Sources: kmod `libkmod-config.c` (`kmod_config_parse`, `conf_files_list`), `shared/util.c`
//! (`getline_wrapped`), modprobe.d(5).

use crate::error::{Error, Kind, Parsed};
use crate::kernel::modules_softdep::{self, SoftDependency};
use crate::kernel::name;
use crate::limits::Limits;
use crate::text;
use std::collections::BTreeMap;

/// One directive. Names of modules are written with `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    /// `alias PATTERN MODULE`
    Alias {
        /// The pattern, normalised.
        pattern: String,
        /// The module that answers.
        module: String,
    },
    /// `blacklist MODULE`: not through an alias.
    Blacklist {
        /// The module.
        module: String,
    },
    /// `install MODULE COMMAND`: instead of loading.
    Install {
        /// The module.
        module: String,
        /// The shell command.
        command: String,
    },
    /// `remove MODULE COMMAND`: instead of unloading.
    Remove {
        /// The module.
        module: String,
        /// The shell command.
        command: String,
    },
    /// `options MODULE PARAMETERS`
    Options {
        /// The module, or an alias of it.
        module: String,
        /// The parameters, as written.
        parameters: String,
    },
    /// `softdep` or `weakdep`.
    Dependency(SoftDependency),
    /// `allow_unsupported_modules 0` or `1`, an addition of SUSE.
    AllowUnsupported(bool),
}

/// A directive and the line it ends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of its last physical line, counted from one, as kmod reports it.
    pub number: usize,
    /// What it says.
    pub directive: Directive,
}

/// Reads one file. Lines that kmod ignores with a message are deviations.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Vec<Line>>, Error> {
    text::bounded("modprobe.d", bytes, limits)?;
    let mut parsed = Parsed::clean(Vec::new());
    for (number, line) in wrapped(bytes) {
        if line.starts_with('#') || line.trim_matches(is_blank).is_empty() {
            continue;
        }
        match directive(&line) {
            Some(directive) => parsed.value.push(Line { number, directive }),
            None => {
                parsed.deviations.push(Error::new("modprobe.d line", number, Kind::Unsupported));
            }
        }
    }
    Ok(parsed)
}

/// Logical lines: a backslash joins what follows the line end, and before anything else it is lost.
fn wrapped(bytes: &[u8]) -> Vec<(usize, String)> {
    let (mut lines, mut line, mut number) = (Vec::new(), Vec::new(), 1_usize);
    let mut rest = bytes.iter();
    let mut close = |number, line: &mut Vec<u8>| {
        lines.push((number, String::from_utf8_lossy(line).into_owned()));
        line.clear();
    };
    while let Some(byte) = rest.next() {
        match byte {
            b'\n' => {
                close(number, &mut line);
                number = number.saturating_add(1);
            }
            b'\\' => match rest.next() {
                Some(b'\n') => number = number.saturating_add(1),
                Some(other) => line.push(*other),
                None => {}
            },
            byte => line.push(*byte),
        }
    }
    close(number, &mut line);
    lines
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// The next word and the rest of the line after one blank, as `strtok_r` leaves it.
fn word(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches(is_blank);
    (!line.is_empty()).then(|| line.split_once(is_blank).unwrap_or((line, "")))
}

fn directive(line: &str) -> Option<Directive> {
    let (command, rest) = word(line)?;
    let (first, rest) = word(rest)?;
    let module = || name::normalized(first);
    let text = || (!rest.is_empty()).then(|| rest.to_owned());
    match command {
        "alias" => {
            let (target, _) = word(rest)?;
            Some(Directive::Alias { pattern: module()?, module: name::normalized(target)? })
        }
        "blacklist" => Some(Directive::Blacklist { module: module()? }),
        "install" => Some(Directive::Install { module: module()?, command: text()? }),
        "remove" => Some(Directive::Remove { module: module()?, command: text()? }),
        "options" => Some(Directive::Options { module: module()?, parameters: text()? }),
        "softdep" => Some(Directive::Dependency(modules_softdep::soft(&module()?, &text()?))),
        "weakdep" => Some(Directive::Dependency(modules_softdep::weak(&module()?, &text()?))),
        "allow_unsupported_modules" => match first {
            "0" => Some(Directive::AllowUnsupported(false)),
            "1" => Some(Directive::AllowUnsupported(true)),
            _ => None,
        },
        _ => None,
    }
}

/// The files that count, in the order kmod reads them: sorted by base name; of several with one
/// base name the first given counts, so give them from the strongest directory to the weakest
/// (`/etc`, `/run`, `/usr/local/lib`, `/usr/lib`, `/lib`). Names kmod passes over are left out.
pub fn order<'a>(paths: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut by_name = BTreeMap::new();
    for path in paths {
        let base = path.rsplit('/').next().unwrap_or(path);
        let read = base.ends_with(".conf") || base.ends_with(".alias");
        if read && base.len() >= 6 && !base.starts_with('.') {
            by_name.entry(base).or_insert(path);
        }
    }
    by_name.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_kmod_reads_it() {
        // kmod 30, `modprobe -C DIR -c`: the same lines taken, the same ones ignored.
        let file =
            b"options foo a=\\\n b\\c  d\nblacklist x-y # z\n  # indented\nalias a-[b-c]-d e-f\n\
            install i-j /bin/true; echo \"x\"\nsoftdep s-t pre: a-b post: c\nremove r-r true\n#c\n\
            alias usb:*] foo\nbogus line\nalias only\noptions q\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        let s = str::to_owned;
        let expected = [
            (2, Directive::Options { module: s("foo"), parameters: s("a= bc  d") }),
            (3, Directive::Blacklist { module: s("x_y") }),
            (5, Directive::Alias { pattern: s("a_[b-c]_d"), module: s("e_f") }),
            (6, Directive::Install { module: s("i_j"), command: s("/bin/true; echo \"x\"") }),
            (
                7,
                Directive::Dependency(SoftDependency {
                    module: s("s_t"),
                    before: vec![s("a-b")],
                    after: vec![s("c")],
                    weak: Vec::new(),
                }),
            ),
            (8, Directive::Remove { module: s("r_r"), command: s("true") }),
        ];
        let expected: Vec<_> =
            expected.into_iter().map(|(number, directive)| Line { number, directive }).collect();
        assert_eq!(got.value, expected);
        let ignored: Vec<_> = got.deviations.iter().map(|deviation| deviation.at).collect();
        assert_eq!(ignored, [4, 10, 11, 12, 13]);
    }

    #[test]
    fn the_first_of_one_base_name_counts() {
        let got = order([
            "/etc/modprobe.d/b.conf",
            "/etc/modprobe.d/x.bak",
            "/lib/modprobe.d/b.conf",
            "/lib/modprobe.d/a.conf",
            "/lib/modprobe.d/.h.conf",
        ]);
        assert_eq!(got, ["/lib/modprobe.d/a.conf", "/etc/modprobe.d/b.conf"]);
    }
}

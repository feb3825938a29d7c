//! A kernel command line, split and compared as the kernel does it.
//!
//! The kernel offers a word to its early parameters, then to built-in module parameters
//! (`module.sig_enforce`), then to the old `__setup` list; `modprobe` reads the same line again for
//! `NAME.param=value`. This room keeps the words in order and answers with what those readers would
//! find; it does not know which of them a kernel has. Sources: `lib/cmdline.c` (`next_arg`),
//! `kernel/params.c` (`parse_args`, `parameq`), `lib/kstrtox.c` (`kstrtobool`), kmod
//! `libkmod-config.c` (`kmod_config_parse_kcmdline`).

use crate::error::{Error, Kind, Parsed};
use crate::kernel::name;
use crate::limits::Limits;
use crate::text;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The name, as written.
    pub name: String,
    /// What stands after the first `=`; `None` for a bare word.
    pub value: Option<String>,
}

/// A command line in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The kernel's own parameters.
    pub words: Vec<Word>,
    /// What follows `--`: arguments of init, none of the kernel's business.
    pub for_init: Vec<Word>,
}

impl CommandLine {
    /// Whether a parameter of this name stands there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Every occurrence of a parameter, in order; the inner value is `None` for a bare word.
    pub fn all(&self, name: &str) -> impl Iterator<Item = Option<&str>> {
        self.words
            .iter()
            .filter(move |word| name::same(&word.name, name))
            .map(|word| word.value.as_deref())
    }

    /// The value of the last occurrence that has one. This is what a string parameter keeps
    /// (`module_blacklist=`, `lsm=`), because each occurrence replaces the one before.
    #[must_use]
    pub fn last(&self, name: &str) -> Option<&str> {
        self.all(name).flatten().last()
    }

    /// The last occurrence of a boolean parameter that can be parsed; a bare word is true.
    #[must_use]
    pub fn switch(&self, name: &str) -> Option<bool> {
        self.all(name).filter_map(|value| value.map_or(Some(true), boolean)).last()
    }

    /// Whether `module.sig_enforce` is switched on. The parameter can only ever be raised, so one
    /// true occurrence is enough (`param_set_bool_enable_only`).
    #[must_use]
    pub fn sig_enforce(&self) -> bool {
        self.all("module.sig_enforce").any(|value| value.is_none_or(|v| boolean(v) == Some(true)))
    }

    /// Names in the `module_blacklist=` that counts, the last one. They are compared exactly with a
    /// module's `name=`, without making `-` and `_` equal.
    pub fn module_blacklist(&self) -> impl Iterator<Item = &str> {
        self.last("module_blacklist").into_iter().flat_map(|list| list.split(','))
    }

    /// Modules `modprobe` will not load through an alias: every `modprobe.blacklist=`, normalised.
    pub fn modprobe_blacklist(&self) -> impl Iterator<Item = String> {
        self.all("modprobe.blacklist")
            .flatten()
            .flat_map(|list| list.split(','))
            .filter(|name| !name.is_empty())
            .map(|name| name.replace('-', "_"))
    }

    /// Options `modprobe` passes to a module: each `NAME.param=value`, as `param=value`.
    pub fn options_of(&self, module: &str) -> impl Iterator<Item = String> {
        self.words.iter().filter_map(move |word| {
            let (owner, parameter) = word.name.split_once('.')?;
            let value = word.value.as_deref()?;
            name::same(owner, module).then(|| format!("{parameter}={value}"))
        })
    }

    /// Tokens of every `efi=`, such as `runtime` and `noruntime`, in order.
    pub fn efi(&self) -> impl Iterator<Item = &str> {
        self.all("efi").flatten().flat_map(|list| list.split(','))
    }

    /// Names in every `ima_policy=`; they add up, and `|` separates them as spaces do.
    pub fn ima_policies(&self) -> impl Iterator<Item = &str> {
        self.all("ima_policy")
            .flatten()
            .flat_map(|list| list.split([' ', '|', '\n']))
            .filter(|name| !name.is_empty())
    }
}

/// A boolean as `kstrtobool` understands it; `None` for what it refuses.
#[must_use]
pub fn boolean(value: &str) -> Option<bool> {
    let mut chars = value.bytes();
    match (chars.next()?, chars.next()) {
        (b'y' | b'Y' | b't' | b'T' | b'1', _) | (b'o' | b'O', Some(b'n' | b'N')) => Some(true),
        (b'n' | b'N' | b'f' | b'F' | b'0', _) | (b'o' | b'O', Some(b'f' | b'F')) => Some(false),
        _ => None,
    }
}

/// Reads a command line; everything from the first NUL or line end on is left out.
///
/// # Errors
/// `TooLarge` when it is larger than [`Limits::text_bytes`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<CommandLine>, Error> {
    text::bounded("kernel command line", bytes, limits)?;
    let line = bytes.split(|b| matches!(b, 0 | b'\n')).next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut parsed = Parsed::clean(CommandLine::default());
    let mut init = false;
    let mut rest = line.trim_start_matches(is_space);
    while !rest.is_empty() {
        let (word, after, closed) = next_word(rest);
        if !closed {
            let at = line.len().saturating_sub(rest.len());
            parsed.deviations.push(Error::new("kernel command line quote", at, Kind::Missing));
        }
        rest = after.trim_start_matches(is_space);
        if init {
            parsed.value.for_init.push(word);
        } else if word.name == "--" && word.value.is_none() {
            init = true;
        } else {
            parsed.value.words.push(word);
        }
    }
    Ok(parsed)
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

/// The next word, what follows it, and whether its quotes were closed.
fn next_word(line: &str) -> (Word, &str, bool) {
    // 1. A quote at the very beginning surrounds name and value together.
    let (text, whole) = line.strip_prefix('"').map_or((line, false), |text| (text, true));
    let (mut quoted, mut equals, mut end) = (whole, None, text.len());
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '=' if equals.is_none() => equals = Some(at),
            c if is_space(c) && !quoted => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    // 2. One pair of quotes around the value goes; quotes elsewhere stay as they are.
    let split = equals.and_then(|at| word.split_at_checked(at));
    let word = match split {
        Some((name, value)) => {
            let value = value.strip_prefix('=').unwrap_or(value);
            let bare = value.strip_prefix('"');
            let value = bare.unwrap_or(value);
            let shut = whole || bare.is_some();
            let value = if shut { value.strip_suffix('"').unwrap_or(value) } else { value };
            Word { name: name.to_owned(), value: Some(value.to_owned()) }
        }
        None => {
            let name = if whole { word.strip_suffix('"').unwrap_or(word) } else { word };
            Word { name: name.to_owned(), value: None }
        }
    };
    (word, rest, !quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> CommandLine {
        read(text.as_bytes(), &Limits::DEFAULT).unwrap().value
    }

    #[test]
    fn words_are_split_as_the_kernel_splits_them() {
        let got = line("  a=\"b c\" \"d=e f\" g\"h i\" j==k \t-- module.sig_enforce\n");
        let words: Vec<_> =
            got.words.iter().map(|w| (w.name.as_str(), w.value.as_deref())).collect();
        assert_eq!(
            words,
            [("a", Some("b c")), ("d", Some("e f")), ("g\"h i\"", None), ("j", Some("=k"))]
        );
        assert_eq!(got.for_init.len(), 1);
        assert!(!got.sig_enforce());
        assert_eq!(read(b"a=\"b c", &Limits::DEFAULT).unwrap().deviations.len(), 1);
    }

    #[test]
    fn module_signing_can_only_be_raised() {
        assert!(line("module.sig_enforce").sig_enforce());
        assert!(line("module.sig-enforce=1 module.sig_enforce=0").sig_enforce());
        assert!(line("module.sig_enforce=on").sig_enforce());
        assert!(!line("module.sig_enforce=x module.sig_enforce=off").sig_enforce());
        assert_eq!(
            line("module.sig_enforce=1 module.sig_enforce=0").switch("module.sig_enforce"),
            Some(false)
        );
    }

    #[test]
    fn repeated_parameters_keep_their_own_rule() {
        let got = line(
            "module_blacklist=a module-blacklist=b,c-d lsm=x efi=a efi=noruntime,b noefi \
             modprobe.blacklist=e-f modprobe.blacklist=g snd-hda.p=1 snd_hda.q=2 snd_hda.r \
             ima_policy=tcb|secure_boot lockdown=integrity fips=1",
        );
        assert_eq!(got.module_blacklist().collect::<Vec<_>>(), ["b", "c-d"]);
        assert_eq!(got.modprobe_blacklist().collect::<Vec<_>>(), ["e_f", "g"]);
        assert_eq!(got.options_of("snd_hda").collect::<Vec<_>>(), ["p=1", "q=2"]);
        assert_eq!(got.efi().collect::<Vec<_>>(), ["a", "noruntime", "b"]);
        assert_eq!(got.ima_policies().collect::<Vec<_>>(), ["tcb", "secure_boot"]);
        assert_eq!(got.last("lockdown"), Some("integrity"));
        assert!(got.has("noefi") && !got.has("ima_appraise"));
        assert_eq!(got.all("fips").collect::<Vec<_>>(), [Some("1")]);
    }
}

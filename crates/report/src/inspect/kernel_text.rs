//! Texts of a kernel: its configuration, what it says of itself, and what `modprobe` reads.
//!
//! Known by name first. A name that only this file has keeps its kind even where the content cannot be
//! read; a name that others may have, and content without a name, must be read without trouble. What
//! holds bytes that texts do not have is none of these, whatever its name.

mod config;
mod command_line;
mod keys;
mod state;
mod loaded;
mod indexes;
mod symbols;
mod modprobe;

use std::path::Path;

use loadworthy_formats::error::{Deviation, Error, Parsed};
use loadworthy_formats::kernel::name::is_module;
use loadworthy_formats::limits::Limits;
use serde::Serialize;

pub use command_line::{CommandLine, Parameter};
pub use config::Config;
pub use indexes::{Aliases, Builtin, Dependencies, SoftDependencies, SoftDependency};
pub use keys::{Keyring, Keys, PublicKey};
pub use loaded::{Loaded, Module};
pub use modprobe::{Directive, Modprobe};
pub use state::{Lockdown, Mark, Taint, Version};
pub use symbols::{Symbols, Symvers};

use crate::inspect::kind::Kind;
use crate::inspect::page::Page;

#[cfg(test)]
mod tests;

/// Bytes of a text that are read: twice the largest index of a distribution, and of a hostile one few
/// enough that its lines fit into 200 MB.
pub(super) const LARGEST: usize = 6 << 20;
/// Deviations that are told; the rest is counted.
const TOLD: usize = 20;

/// The block of a text, under the name of its kind.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// `/boot/config-*`.
    KernelConfig(Config),
    /// `/proc/cmdline`.
    KernelCommandLine(CommandLine),
    /// `/proc/keys`.
    ProcKeys(Keys),
    /// `/sys/kernel/security/lockdown`.
    Lockdown(Lockdown),
    /// `/proc/sys/kernel/tainted`.
    Taint(Taint),
    /// `modules.dep`.
    ModulesDep(Dependencies),
    /// `modules.alias`.
    ModulesAlias(Aliases),
    /// `modules.softdep`.
    ModulesSoftdep(SoftDependencies),
    /// `modules.builtin`, `modules.builtin.modinfo`.
    ModulesBuiltin(Builtin),
    /// `modules.symbols`.
    ModulesSymbols(Symbols),
    /// `Module.symvers`.
    ModuleSymvers(Symvers),
    /// A file of `modprobe.d`.
    ModprobeConfig(Modprobe),
    /// `/proc/modules`.
    ProcModules(Loaded),
    /// `/proc/version`.
    ProcVersion(Version),
}

/// Which text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Config,
    CommandLine,
    Keys,
    Lockdown,
    Taint,
    Dep,
    Alias,
    Softdep,
    Builtin,
    BuiltinInfo,
    Symbols,
    Symvers,
    Modprobe,
    Loaded,
    Version,
}

/// Those that content alone can tell, in the order they are tried: the stricter first.
const BY_CONTENT: [Sort; 14] = [
    Sort::Version,
    Sort::Keys,
    Sort::Loaded,
    Sort::Lockdown,
    Sort::Symvers,
    Sort::Config,
    Sort::Dep,
    Sort::Builtin,
    Sort::BuiltinInfo,
    Sort::Symbols,
    Sort::Softdep,
    Sort::Alias,
    Sort::Modprobe,
    Sort::CommandLine,
];

/// The sort a path stands for, and whether nothing else is called so.
fn named(path: &Path) -> Option<(Sort, bool)> {
    let name = path.file_name()?.to_string_lossy();
    let name =
        [".gz", ".xz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let parent = path.parent().and_then(Path::file_name).unwrap_or_default();
    Some(match name {
        "modules.dep" => (Sort::Dep, true),
        "modules.alias" => (Sort::Alias, true),
        "modules.softdep" | "modules.weakdep" => (Sort::Softdep, true),
        "modules.builtin" => (Sort::Builtin, true),
        "modules.builtin.modinfo" => (Sort::BuiltinInfo, true),
        "modules.symbols" => (Sort::Symbols, true),
        "Module.symvers" => (Sort::Symvers, true),
        ".config" | "config" => (Sort::Config, parent == "proc"),
        "cmdline" => (Sort::CommandLine, parent == "proc"),
        "keys" => (Sort::Keys, parent == "proc"),
        "modules" => (Sort::Loaded, parent == "proc"),
        "version" => (Sort::Version, parent == "proc"),
        "lockdown" => (Sort::Lockdown, parent == "security"),
        "tainted" => (Sort::Taint, parent == "kernel"),
        "taint" => (Sort::Taint, false),
        _ if name.starts_with("config-") => (Sort::Config, parent == "boot"),
        _ if name.starts_with("symvers") || name.ends_with(".symvers") => (Sort::Symvers, false),
        _ if name.ends_with(".conf") || name.ends_with(".alias") => {
            (Sort::Modprobe, parent == "modprobe.d")
        }
        _ => return None,
    })
}

/// Whether these bytes can be a text; `modules.builtin.modinfo` has NUL bytes besides.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| matches!(b, 0 | b'\t' | b'\n' | b'\r' | 0x0c | b' '..=b'~' | 0x80..))
}

/// Reads a text of a kernel, with what was wrong with it; `None` where it is none.
pub(super) fn read(
    path: &Path,
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<(Kind, Option<Text>)> {
    let limits = Limits { text_bytes: LARGEST.min(limits.text_bytes), ..*limits };
    let by_name = named(path);
    if !is_text(bytes) {
        return None;
    }
    let nul = bytes.contains(&0);
    let mut tried = BY_CONTENT.iter().copied().filter(|sort| nul == (*sort == Sort::BuiltinInfo));
    let found = match by_name {
        Some((sort, _)) if nul && sort != Sort::BuiltinInfo => None,
        Some((sort, true)) => match block(sort, bytes, &limits) {
            Ok(found) => Some(found),
            Err(e) => {
                errors.push(e.to_string());
                return Some((sort.kind(), None));
            }
        },
        Some((sort, false)) => well(sort, bytes, &limits),
        None => None,
    };
    let found = found.or_else(|| {
        tried.find_map(|sort| begins(sort, bytes).then(|| well(sort, bytes, &limits)).flatten())
    })?;
    deviations.extend(found.deviations.iter().take(TOLD).map(told));
    if let Some(more @ 1..) = found.deviations.len().checked_sub(TOLD) {
        deviations.push(format!("{more} more of these"));
    }
    Some((found.value.kind(), Some(found.value)))
}

/// A text that says something, and more than it leaves unsaid.
fn well(sort: Sort, bytes: &[u8], limits: &Limits) -> Option<Parsed<Text>> {
    if sort == Sort::CommandLine && !is_line(bytes) {
        return None;
    }
    block(sort, bytes, limits).ok().filter(|found| found.value.items() > found.deviations.len())
}

/// Whether the first lines are those of a sort, so that what is something else costs nothing.
fn begins(sort: Sort, bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(bytes.get(..4096).unwrap_or(bytes));
    let mut lines = head.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let first = lines.next().unwrap_or_default();
    let mut words = first.split_ascii_whitespace();
    let word = words.next().unwrap_or_default();
    match sort {
        Sort::Version => head.starts_with("Linux version "),
        Sort::Keys => word.len() == 8 && words.next().is_some_and(|flags| flags.len() == 7),
        Sort::Loaded => {
            words.nth(3).is_some_and(|state| matches!(state, "Live" | "Loading" | "Unloading"))
        }
        Sort::Lockdown => bytes.len() < 100 && first.contains('['),
        Sort::Symvers => first.starts_with("0x") && first.contains("\tEXPORT_"),
        Sort::Config => first.starts_with("CONFIG_") || head.contains("\n# CONFIG_"),
        Sort::Dep => first.split_once(':').is_some_and(|(path, _)| is_module(path.as_bytes())),
        Sort::Builtin => is_module(first.as_bytes()) && first.contains('/'),
        Sort::BuiltinInfo => first.split_once('=').is_some_and(|(key, _)| {
            key.contains('.')
                && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        }),
        Sort::Symbols => first.starts_with("alias symbol:"),
        Sort::Softdep => matches!(word, "softdep" | "weakdep") && head.starts_with("# "),
        Sort::Alias => word == "alias" && head.starts_with("# Aliases extracted from modules"),
        Sort::Modprobe => matches!(
            word,
            "alias" | "blacklist" | "install" | "remove" | "options" | "softdep" | "weakdep"
        ),
        // Nearly every boot loader passes one of these.
        Sort::CommandLine => {
            is_line(bytes)
                && first
                    .split(' ')
                    .any(|word| word.starts_with("BOOT_IMAGE=") || word.starts_with("root="))
        }
        Sort::Taint => false,
    }
}

/// Whether it is a single line.
fn is_line(bytes: &[u8]) -> bool {
    !bytes.strip_suffix(b"\n").unwrap_or(bytes).contains(&b'\n')
}

fn block(sort: Sort, bytes: &[u8], limits: &Limits) -> Result<Parsed<Text>, Error> {
    fn of<T>(found: Parsed<T>, text: fn(T) -> Text) -> Parsed<Text> {
        Parsed { value: text(found.value), deviations: found.deviations }
    }
    Ok(match sort {
        Sort::Config => of(config::read(bytes, limits)?, Text::KernelConfig),
        Sort::CommandLine => of(command_line::read(bytes, limits)?, Text::KernelCommandLine),
        Sort::Keys => of(keys::read(bytes, limits)?, Text::ProcKeys),
        Sort::Lockdown => of(state::lockdown(bytes, limits)?, Text::Lockdown),
        Sort::Taint => of(state::taint(bytes, limits)?, Text::Taint),
        Sort::Dep => of(indexes::dependencies(bytes, limits)?, Text::ModulesDep),
        Sort::Alias => of(indexes::aliases(bytes, limits)?, Text::ModulesAlias),
        Sort::Softdep => of(indexes::soft_dependencies(bytes, limits)?, Text::ModulesSoftdep),
        Sort::Builtin => of(indexes::builtin(bytes, limits)?, Text::ModulesBuiltin),
        Sort::BuiltinInfo => of(indexes::builtin_modinfo(bytes, limits)?, Text::ModulesBuiltin),
        Sort::Symbols => of(symbols::index(bytes, limits)?, Text::ModulesSymbols),
        Sort::Symvers => of(symbols::symvers(bytes, limits)?, Text::ModuleSymvers),
        Sort::Modprobe => of(modprobe::read(bytes, limits)?, Text::ModprobeConfig),
        Sort::Loaded => of(loaded::read(bytes, limits)?, Text::ProcModules),
        Sort::Version => of(state::version(bytes, limits)?, Text::ProcVersion),
    })
}

/// A deviation in words; those of lines carry a number of a line, not an offset.
fn told(deviation: &Deviation) -> String {
    let text = deviation.to_string();
    if !deviation.what.ends_with("line") {
        return text;
    }
    text.replacen(&format!(" at {:#x}: ", deviation.at), &format!(" {}: ", deviation.at), 1)
}

impl Sort {
    /// The word for it.
    const fn kind(self) -> Kind {
        match self {
            Self::Config => Kind::KernelConfig,
            Self::CommandLine => Kind::KernelCommandLine,
            Self::Keys => Kind::ProcKeys,
            Self::Lockdown => Kind::Lockdown,
            Self::Taint => Kind::Taint,
            Self::Dep => Kind::ModulesDep,
            Self::Alias => Kind::ModulesAlias,
            Self::Softdep => Kind::ModulesSoftdep,
            Self::Builtin | Self::BuiltinInfo => Kind::ModulesBuiltin,
            Self::Symbols => Kind::ModulesSymbols,
            Self::Symvers => Kind::ModuleSymvers,
            Self::Modprobe => Kind::ModprobeConfig,
            Self::Loaded => Kind::ProcModules,
            Self::Version => Kind::ProcVersion,
        }
    }
}

impl Text {
    /// The word for its kind.
    const fn kind(&self) -> Kind {
        match self {
            Self::KernelConfig(_) => Kind::KernelConfig,
            Self::KernelCommandLine(_) => Kind::KernelCommandLine,
            Self::ProcKeys(_) => Kind::ProcKeys,
            Self::Lockdown(_) => Kind::Lockdown,
            Self::Taint(_) => Kind::Taint,
            Self::ModulesDep(_) => Kind::ModulesDep,
            Self::ModulesAlias(_) => Kind::ModulesAlias,
            Self::ModulesSoftdep(_) => Kind::ModulesSoftdep,
            Self::ModulesBuiltin(_) => Kind::ModulesBuiltin,
            Self::ModulesSymbols(_) => Kind::ModulesSymbols,
            Self::ModuleSymvers(_) => Kind::ModuleSymvers,
            Self::ModprobeConfig(_) => Kind::ModprobeConfig,
            Self::ProcModules(_) => Kind::ProcModules,
            Self::ProcVersion(_) => Kind::ProcVersion,
        }
    }

    /// How many things it says.
    const fn items(&self) -> usize {
        match self {
            Self::KernelConfig(block) => block.options,
            Self::KernelCommandLine(block) => block.parameters.len(),
            Self::ProcKeys(block) => block.entries,
            Self::Lockdown(_) | Self::Taint(_) | Self::ProcVersion(_) => 1,
            Self::ModulesDep(block) => block.modules,
            Self::ModulesAlias(block) => block.aliases,
            Self::ModulesSoftdep(block) => block.entries.len(),
            Self::ModulesBuiltin(block) => block.modules.len(),
            Self::ModulesSymbols(block) => block.symbols,
            Self::ModuleSymvers(block) => block.symbols,
            Self::ModprobeConfig(block) => block.directives.len(),
            Self::ProcModules(block) => block.modules.len(),
        }
    }

    /// What it is.
    pub(super) fn headline(&self) -> String {
        match self {
            Self::KernelConfig(block) => block.headline(),
            Self::KernelCommandLine(block) => block.headline(),
            Self::ProcKeys(block) => block.headline(),
            Self::Lockdown(block) => block.level.to_owned(),
            Self::Taint(block) => block.headline(),
            Self::ModulesDep(block) => format!("{} modules", block.modules),
            Self::ModulesAlias(block) => format!("{} aliases", block.aliases),
            Self::ModulesSoftdep(block) => format!("{} modules", block.entries.len()),
            Self::ModulesBuiltin(block) => block.headline(),
            Self::ModulesSymbols(block) => format!("{} symbols", block.symbols),
            Self::ModuleSymvers(block) => format!("{} symbols", block.symbols),
            Self::ModprobeConfig(block) => block.headline(),
            Self::ProcModules(block) => block.headline(),
            Self::ProcVersion(block) => block.release.clone(),
        }
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        match self {
            Self::KernelConfig(block) => block.text(page),
            Self::KernelCommandLine(block) => block.text(page),
            Self::ProcKeys(block) => block.text(page),
            Self::Lockdown(block) => block.text(page),
            Self::Taint(block) => block.text(page),
            Self::ModulesDep(block) => block.text(page),
            Self::ModulesAlias(block) => block.text(page),
            Self::ModulesSoftdep(block) => block.text(page),
            Self::ModulesBuiltin(block) => block.text(page),
            Self::ModulesSymbols(block) => block.text(page),
            Self::ModuleSymvers(block) => block.text(page),
            Self::ModprobeConfig(block) => block.text(page),
            Self::ProcModules(block) => block.text(page),
            Self::ProcVersion(block) => block.text(page),
        }
    }
}

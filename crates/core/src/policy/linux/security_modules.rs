//! Security modules that look at a module's file before the loader does: which are started, and what
//! `LoadPin` and IPE make of modules.

use super::Ground;
use crate::fact::Fact;
use crate::fact::step::draw;
use crate::proof::{Claim, Rule, text};
use crate::tables::Version;
use crate::tables::behaviours::Point;
use alloc::format;
use loadworthy_formats::kernel::image::Probe;
use loadworthy_formats::kernel::kconfig::Setting;

/// Whether the security module of this name is among those that are started.
pub(super) fn started(ground: &Ground<'_>, name: &'static str) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/security-module-started",
        source: "linux, security/security.c ordered_lsm_init, CONFIG_LSM",
    };
    let named = |list: &str| list.split(',').any(|one| one == name);
    let asked = ground.host.cmdline.fact(|c| {
        let list = c.last("lsm");
        (list.map(named), list.map_or_else(|| "no lsm=".into(), |list| format!("lsm={list}")))
    });
    let configured = ground.configured(&["LSM"], |c| match c.get("LSM") {
        Some(Setting::Text(list)) => (named(list), format!("CONFIG_LSM=\"{list}\"")),
        // Before 5.1 there was no such list.
        _ => (true, "no CONFIG_LSM".into()),
    });
    draw(&RULE, |step| {
        let on = match *step.consult(&asked)? {
            Some(on) => on,
            None => *step.consult(&configured)?,
        };
        Ok((on, Claim::SecurityModuleStarted(text(name), on)))
    })
}

/// Whether `LoadPin` lets modules come from one file system only.
#[derive(Clone, Debug)]
pub struct FileSystemPinned {
    /// Modules as the kernel takes them: files that are not packed, and bytes that a program unpacked.
    pub modules: Fact<bool>,
    /// Files that the kernel unpacks itself.
    pub packed: Fact<bool>,
}

/// Whether `LoadPin` lets modules come from one file system only.
pub(super) fn file_system_pinned(ground: &Ground<'_>) -> FileSystemPinned {
    static APART: Rule = Rule {
        name: "linux/file-kinds-left-out",
        source: "linux, include/linux/kernel_read_file.h; security/loadpin/loadpin.c parse_exclude",
    };
    let excludes = |word: &'static str| {
        ground.host.cmdline.fact(move |c| {
            let list = c.last("loadpin.exclude").unwrap_or_default();
            (list.split(',').any(|one| one == word), format!("loadpin.exclude={list}"))
        })
    };
    let (plain, own) = (excludes("kernel-module"), excludes("kernel-module-compressed"));
    let packed = draw(&APART, |step| {
        let (plain_out, own_out) = (*step.consult(&plain)?, *step.consult(&own)?);
        // Where both are left out, or neither is, the kernel's word for them does not matter.
        let apart = plain_out != own_out && *step.consult(&ground.does(Point::PackedReadApart))?;
        let out = if apart { own_out } else { plain_out };
        Ok((out, Claim::FileSystemPinned(!out)))
    });
    FileSystemPinned { modules: pinned(ground, &plain), packed: pinned(ground, &packed) }
}

/// Whether `LoadPin` is there, started and enforcing, and files of this kind are not left out.
fn pinned(ground: &Ground<'_>, left_out: &Fact<bool>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/file-system-pinned",
        source: "linux, security/loadpin/loadpin.c loadpin_check, enforce, exclude_read_files",
    };
    static RUNNING: Rule = Rule {
        name: "linux/file-system-pinned-now",
        source: "linux, security/loadpin/loadpin.c loadpin_sysctl_table",
    };
    let asked = ground.host.cmdline.fact(|c| {
        // A value that is no number is an error, and the one before it stays.
        let last = c.all("loadpin.enforce").flatten().filter_map(number).last();
        let said = |n| format!("loadpin.enforce={n}");
        (last.map(|n| n != 0), last.map_or_else(|| "no loadpin.enforce=".into(), said))
    });
    let now = draw(&RUNNING, |step| {
        let on = *step.consult(&ground.host.running.loadpin)?;
        Ok((on, Claim::FileSystemPinned(on)))
    });
    draw(&RULE, |step| {
        let enforced = match step.consult(&now) {
            Ok(_) => now.clone(),
            Err(_) => match *step.consult(&asked)? {
                Some(on) => Fact::because(on, asked.proof()),
                None => ground.option("SECURITY_LOADPIN_ENFORCE"),
            },
        };
        let counted = left_out.map(|out| !out);
        // Its messages are in the image exactly where it is built in.
        let built = ground.option("SECURITY_LOADPIN").or(|| probed(ground, Probe::LoadPin));
        let on = step.all(&[&enforced, &built, &started(ground, "loadpin"), &counted])?;
        Ok((on, Claim::FileSystemPinned(on)))
    })
}

/// A number as parameters of a kernel are written (`lib/kstrtox.c kstrtoint`, base 0).
fn number(word: &str) -> Option<i64> {
    let plain = word.strip_prefix('+').or_else(|| word.strip_prefix('-')).unwrap_or(word);
    let (digits, base) = match plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if plain.starts_with('0') => (plain, 8),
        None => (plain, 10),
    };
    let all = digits.chars().all(|c| c.is_digit(base));
    let value = i64::from_str_radix(digits, base).ok().filter(|_| all)?;
    let signed = if word.starts_with('-') { value.checked_neg()? } else { value };
    i32::try_from(signed).ok().map(i64::from)
}

/// Whether a policy of IPE that is compiled in says which modules may be loaded.
pub(super) fn ipe_decides(ground: &Ground<'_>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/ipe-decides",
        source: "linux, security/ipe/ipe.c ipe_init, CONFIG_IPE_BOOT_POLICY; security/ipe/eval.c ipe_evaluate_event",
    };
    /// The first version that has it.
    const SINCE: Version = Version { major: 6, minor: 12 };
    draw(&RULE, |step| {
        if super::version(ground.identity, step)? < SINCE {
            return Ok((false, Claim::IpeDecides(false)));
        }
        let permissive = ground.host.cmdline.fact(|c| {
            let off = c.last("ipe.enforce").is_some_and(|w| matches!(w, "0" | "n" | "N"));
            (!off, if off { "ipe.enforce=0".into() } else { "no ipe.enforce=0".into() })
        });
        let policy = ground.configured(&["IPE_BOOT_POLICY"], |c| match c.get("IPE_BOOT_POLICY") {
            Some(Setting::Text(path)) if !path.is_empty() => {
                (true, format!("CONFIG_IPE_BOOT_POLICY=\"{path}\""))
            }
            _ => (false, "no CONFIG_IPE_BOOT_POLICY".into()),
        });
        let built = ground.option("SECURITY_IPE");
        let on = step.all(&[&policy, &built, &started(ground, "ipe"), &permissive])?;
        Ok((on, Claim::IpeDecides(on)))
    })
}

/// Whether a string of the kernel image is there.
pub(super) fn probed(ground: &Ground<'_>, probe: Probe) -> Fact<bool> {
    ground.host.image.fact(|i| {
        let there = i.probes.contains(&probe);
        (there, format!("{probe:?}: {there}"))
    })
}

#[cfg(test)]
mod tests {
    use super::number;

    /// `lib/kstrtox.c _parse_integer_fixup_radix`, `kstrtoint`.
    #[test]
    fn numbers_are_read_as_parameters_are() {
        for (word, read) in [
            ("0", Some(0)),
            ("1", Some(1)),
            ("-1", Some(-1)),
            ("0x10", Some(16)),
            ("010", Some(8)),
            ("08", None),
            ("n", None),
            ("Y", None),
            ("", None),
            ("+-1", None),
            ("0x", None),
            ("4294967296", None),
        ] {
            assert_eq!(number(word), read, "{word}");
        }
    }
}

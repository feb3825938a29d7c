//! Names that built-in code occupies below `/sys/module`, out of `__param` and `__modver`.
//!
//! While it boots, the kernel makes a folder for every parameter with permissions, named by what
//! stands before the first dot, or `kernel` where there is none; and one for every version.
//! Versions lie one after the other since 5.11; before, there are pointers to them. How much stands
//! in front of the names inside a version depends on the configuration and is found by trying.
//! Sources: `kernel/params.c` `param_sysfs_builtin`, `version_sysfs_builtin`;
//! `include/linux/moduleparam.h` `struct kernel_param`; `include/linux/module.h`
//! `struct module_version_attribute`.

use super::layout::{Layout, Section};
use crate::error::{Error, Kind};
use crate::limits::Limits;
use std::collections::BTreeSet;

/// `struct kernel_param` in words: name, module, operations, permissions (16 bits), value.
const PARAMETER: usize = 5;
const PERMISSIONS: usize = 3;

/// Sizes of `struct module_version_attribute` in words, without and with `DEBUG_LOCK_ALLOC`. The
/// first word names the attribute, the last two the module and its version.
const VERSIONS: [usize; 2] = [9, 12];

/// The names, or `None` when the image has no such sections or they cannot be read.
pub(super) fn names(
    layout: &Layout<'_>,
    limits: &Limits,
    deviations: &mut Vec<Error>,
) -> Option<BTreeSet<String>> {
    let parameters = layout.named("__param")?;
    let found = of_parameters(layout, parameters, limits).ok_or("vmlinux __param").and_then(|p| {
        let versions = layout.named("__modver").filter(|section| !section.bytes.is_empty());
        let versions =
            versions.map_or(Some(BTreeSet::new()), |section| of_versions(layout, section));
        Ok(&p | &versions.ok_or("vmlinux __modver")?)
    });
    match found {
        Ok(names) => Some(names.into_iter().map(str::to_owned).collect()),
        Err(what) => {
            deviations.push(Error::new(what, 0, Kind::Unsupported));
            None
        }
    }
}

fn of_parameters<'a>(
    layout: &Layout<'a>,
    section: Section<'a>,
    limits: &Limits,
) -> Option<BTreeSet<&'a str>> {
    let parameters = section.bytes.chunks_exact(layout.word_size().checked_mul(PARAMETER)?);
    if !parameters.remainder().is_empty() || parameters.len() > limits.items {
        return None;
    }
    let mut names = BTreeSet::new();
    for parameter in parameters {
        let name = layout.text(layout.nth_word(parameter, 0)?).filter(|name| !name.is_empty())?;
        let at = layout.word_size().checked_mul(PERMISSIONS)?;
        if parameter.get(at..)?.first_chunk::<2>()? != &[0; 2] {
            names.insert(name.split_once('.').map_or("kernel", |(module, _)| module));
        }
    }
    Some(names)
}

fn of_versions<'a>(layout: &Layout<'a>, section: Section<'a>) -> Option<BTreeSet<&'a str>> {
    let word = layout.word_size();
    VERSIONS.into_iter().find_map(|words| {
        let size = word.checked_mul(words)?;
        let name = |version: &'a [u8]| {
            let text = |at| layout.text(layout.nth_word(version, at)?);
            text(words.checked_sub(1)?)?;
            (text(0)? == "version").then_some(text(words.checked_sub(2)?)?)
        };
        let rows = section.bytes.chunks_exact(size);
        let pointers = section.bytes.chunks_exact(word);
        let in_rows = rows.remainder().is_empty().then(|| rows.map(name).collect()).flatten();
        in_rows.or_else(|| {
            let row = |pointer| layout.from(layout.nth_word(pointer, 0)?);
            pointers.remainder().is_empty().then(|| pointers.map(|p| name(row(p)?)).collect())?
        })
    })
}

/// Tests against kernels of which it is known what they show.
#[cfg(test)]
mod tests {
    use super::super::forge::elf;
    use super::super::read;
    use super::*;
    use crate::reader::wide;

    /// Texts that lie together from this address on.
    const TEXTS: u64 = 0x9000;

    /// Where a text lies, and all of them.
    struct Texts(Vec<u8>);

    impl Texts {
        fn put(&mut self, text: &str) -> u64 {
            let at = TEXTS.wrapping_add(wide(self.0.len()));
            self.0.extend(text.bytes().chain([0]));
            at
        }
    }

    fn words(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// What a kernel of these sections, and of texts they refer to, gives.
    fn names_of(sections: &[(&str, u64, Vec<u8>)], texts: Texts) -> Option<Vec<String>> {
        let banner = b"Linux version 6.1.0 (a) #1 SMP\0".to_vec();
        let mut all = vec![(".rodata", 0x1000, banner), (".texts", TEXTS, texts.0)];
        all.extend(sections.iter().cloned());
        let image = read(&elf(&all), &Limits::DEFAULT).unwrap();
        assert_eq!(image.deviations.is_empty(), image.value.builtin_names.is_some());
        Some(image.value.builtin_names?.into_iter().collect())
    }

    fn parameters(texts: &mut Texts, of: &[(&str, u64)]) -> Vec<u8> {
        // Level and flags stand behind the permissions.
        let rows = of.iter().map(|(name, permissions)| {
            words(&[texts.put(name), 0, 0x1000, permissions | 0xff_0000, 0x1000])
        });
        rows.collect::<Vec<_>>().concat()
    }

    #[test]
    fn parameters_that_are_shown_have_a_folder() {
        let mut texts = Texts(vec![0]);
        let shown =
            [("printk.time", 0o644), ("printk.x.y", 0o444), ("quiet", 0o400), ("core.z", 0)];
        let section = parameters(&mut texts, &shown);
        let names = names_of(&[("__param", 0x5000, section)], texts);
        assert_eq!(names.unwrap(), ["kernel", "printk"]);
    }

    #[test]
    fn versions_have_one_too_wherever_they_stand() {
        for size in VERSIONS {
            for apart in [false, true] {
                let mut texts = Texts(vec![0]);
                let version = texts.put("version");
                let mut row = |name| {
                    let mut row = vec![0; size];
                    row[0] = version;
                    row[size - 2] = texts.put(name);
                    row[size - 1] = texts.put("1.0");
                    words(&row)
                };
                let rows = [row("first"), row("second")];
                let second = 0x6000_u64.wrapping_add(wide(rows[0].len()));
                let mut sections = vec![("__param", 0x5000, Vec::new())];
                if apart {
                    sections.push((".data", 0x6000, rows.concat()));
                    sections.push(("__modver", 0x7000, words(&[0x6000, second])));
                } else {
                    sections.push(("__modver", 0x6000, rows.concat()));
                }
                assert_eq!(names_of(&sections, texts).unwrap(), ["first", "second"]);
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_nothing() {
        // Names in no section, as where relocations are not applied; half a row; strange versions.
        let mut texts = Texts(vec![0]);
        let good = parameters(&mut texts, &[("a.b", 0o644)]);
        let lost = words(&[0, 0, 0x1000, 0o644, 0x1000]);
        let strange = words(&[TEXTS; 9]);
        for sections in [
            vec![("__param", 0x5000, lost)],
            vec![("__param", 0x5000, good[..32].to_vec())],
            vec![("__param", 0x5000, good), ("__modver", 0x6000, strange)],
        ] {
            assert_eq!(names_of(&sections, Texts(texts.0.clone())), None);
        }
    }
}

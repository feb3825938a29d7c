//! Taints: bits of `/proc/sys/kernel/tainted`, letters of `/sys/module/*/taint`.
//!
//! Source: `kernel/panic.c` (`taint_flags`), `Documentation/admin-guide/tainted-kernels.rst`.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text;

/// One reason why a kernel is no longer what was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Taint {
    /// Its bit in the number.
    pub bit: u8,
    /// Its letter.
    pub letter: char,
    /// What it stands for, in the words of the kernel's documentation.
    pub name: &'static str,
}

/// All taints in the order of their bits.
pub const TAINTS: &[Taint] = &[
    Taint { bit: 0, letter: 'P', name: "proprietary module was loaded" },
    Taint { bit: 1, letter: 'F', name: "module was force loaded" },
    Taint { bit: 2, letter: 'S', name: "kernel running on an out of specification system" },
    Taint { bit: 3, letter: 'R', name: "module was force unloaded" },
    Taint { bit: 4, letter: 'M', name: "processor reported a machine check exception" },
    Taint { bit: 5, letter: 'B', name: "bad page referenced or some unexpected page flags" },
    Taint { bit: 6, letter: 'U', name: "taint requested by userspace application" },
    Taint { bit: 7, letter: 'D', name: "kernel died recently" },
    Taint { bit: 8, letter: 'A', name: "ACPI table overridden by user" },
    Taint { bit: 9, letter: 'W', name: "kernel issued warning" },
    Taint { bit: 10, letter: 'C', name: "staging driver was loaded" },
    Taint { bit: 11, letter: 'I', name: "workaround for bug in platform firmware applied" },
    Taint { bit: 12, letter: 'O', name: "externally-built module was loaded" },
    Taint { bit: 13, letter: 'E', name: "unsigned module was loaded" },
    Taint { bit: 14, letter: 'L', name: "soft lockup occurred" },
    Taint { bit: 15, letter: 'K', name: "kernel has been live patched" },
    Taint { bit: 16, letter: 'X', name: "auxiliary taint, defined for and used by distros" },
    Taint { bit: 17, letter: 'T', name: "kernel was built with the struct randomization plugin" },
    Taint { bit: 18, letter: 'N', name: "an in-kernel test has been run" },
    Taint { bit: 19, letter: 'J', name: "userspace used a mutating debug operation in fwctl" },
];

/// The taint a letter stands for.
#[must_use]
pub fn of_letter(letter: char) -> Option<Taint> {
    TAINTS.iter().copied().find(|taint| taint.letter == letter)
}

/// The letters of a number, in the order of the bits. Bits without a letter are left out.
#[must_use]
pub fn letters(number: u64) -> String {
    TAINTS.iter().filter(|taint| number >> taint.bit & 1 == 1).map(|taint| taint.letter).collect()
}

/// The number that letters stand for; letters nobody knows, and `G`, count for nothing.
#[must_use]
pub fn number(letters: &str) -> u64 {
    letters.chars().filter_map(of_letter).fold(0, |sum, taint| sum | 1_u64 << taint.bit)
}

/// Reads either form: the number of `/proc/sys/kernel/tainted` or the letters of
/// `/sys/module/NAME/taint`, which may be none.
///
/// # Errors
/// `Illegal` for what is neither; `TooLarge` for what is no such line.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<u64>, Error> {
    text::bounded("taint", bytes, limits)?;
    let line = String::from_utf8_lossy(bytes);
    let line = line.trim();
    if let Ok(number) = line.parse() {
        return Ok(Parsed::clean(number));
    }
    match line.chars().find(|c| !c.is_ascii_uppercase()) {
        Some(c) => Err(Error::new("taint", 0, Kind::Illegal { value: u64::from(u32::from(c)) })),
        None => {
            let unknown = line.chars().filter(|c| *c != 'G' && of_letter(*c).is_none());
            let deviations = unknown
                .map(|c| {
                    let value = u64::from(u32::from(c));
                    Error::new("taint letter", 0, Kind::Illegal { value })
                })
                .collect();
            Ok(Parsed { value: number(line), deviations })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_number_say_the_same() {
        // 12288 is what a kernel with an unsigned out-of-tree module shows.
        assert_eq!(letters(12288), "OE");
        assert_eq!(number("OE"), 12288);
        assert_eq!(read(b"12288\n", &Limits::DEFAULT).unwrap().value, 12288);
        assert_eq!(read(b"OE\n", &Limits::DEFAULT).unwrap().value, 12288);
        assert_eq!(read(b"\n", &Limits::DEFAULT).unwrap().value, 0);
        assert!(read(b"?", &Limits::DEFAULT).is_err());
        for (bit, taint) in TAINTS.iter().enumerate() {
            assert_eq!(usize::from(taint.bit), bit);
        }
    }
}

//! Generations and revocation levels, compared as shim compares them.
//!
//! Source: shim 16.1, `sbat.c` (`verify_sbat_helper`, `preserve_sbat_uefi_variable`), `csv.c`.

use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::uefi::sbat::{self, Row};

/// `SBAT_VAR_ORIGINAL`: the level of a machine on which nothing was revoked.
pub const ORIGINAL: &str = "sbat,1,2021030218\n";

/// An image that is too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooOld {
    /// The component.
    pub component: String,
    /// The generation it has.
    pub has: u16,
    /// The generation asked for.
    pub wants: u16,
}

/// The first component of `image` that `level` asks a newer generation of.
#[must_use]
pub fn too_old(image: &[Row], level: &str) -> Option<TooOld> {
    let level = rows(level);
    image.iter().find_map(|row| {
        let asked = level.iter().find(|asked| asked.component() == row.component())?;
        let (has, wants) = (number(row.generation_text()), number(asked.generation_text()));
        (has < wants).then(|| TooOld { component: row.component().into(), has, wants })
    })
}

/// Whether the level a machine has is kept where shim brings another: it is as new or newer.
#[must_use]
pub fn is_kept(has: &str, brings: &str) -> bool {
    if has.len() < ORIGINAL.len() || !has.starts_with("sbat,") {
        return false;
    }
    let (has_version, has_date) = version_and_date(has);
    let (version, date) = version_and_date(brings);
    let newer = has_version.len() > version.len()
        || (has_version.len() == version.len() && has_version > version);
    newer || has_date >= date
}

/// The lines of a level.
#[must_use]
pub fn rows(level: &str) -> Vec<Row> {
    sbat::read(level.as_bytes(), &Limits::DEFAULT).value
}

/// Second field and the first ten characters from the third on.
fn version_and_date(level: &str) -> (&str, &str) {
    let mut fields = level.splitn(3, ',').skip(1);
    let version = fields.next().unwrap_or("");
    let rest = fields.next().unwrap_or("");
    (version, rest.get(..10).unwrap_or(rest))
}

/// What `atoi` makes of it, in sixteen bits: digits up to the first other character, else zero.
fn number(text: &str) -> u16 {
    let digits = text.trim_start().bytes().take_while(u8::is_ascii_digit);
    digits.fold(0_u16, |n, d| n.wrapping_mul(10).wrapping_add(u16::from(d.wrapping_sub(b'0'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRUB: &str =
        "sbat,1,SBAT,sbat,1,url\ngrub,4,FSF,grub,2.06,url\ngrub.x,2,x,grub2,2.06,url\n";

    #[test]
    fn the_first_component_that_is_too_old_is_told() {
        let image = rows(GRUB);
        assert_eq!(too_old(&image, "sbat,1,2024010900\nshim,4\ngrub,4\ngrub.x,2\n"), None);
        assert_eq!(too_old(&image, ORIGINAL), None);
        let found = too_old(&image, "sbat,1,2025021800\nshim,4\ngrub,5\n").unwrap();
        assert_eq!((found.component.as_str(), found.has, found.wants), ("grub", 4, 5));
        // Names are compared whole; what is no number counts as zero.
        assert_eq!(too_old(&image, "sbat,1,2025021800\ngrub.y,9\n"), None);
        assert_eq!(too_old(&rows("grub,x,FSF,grub,2,url\n"), "grub,1\n").unwrap().has, 0);
    }

    #[test]
    fn a_level_is_kept_unless_shim_brings_a_newer_one() {
        let automatic = "sbat,1,2025021800\nshim,4\ngrub,5\n";
        assert!(is_kept("sbat,1,2099010100\ngrub,99\n", automatic));
        assert!(is_kept(automatic, automatic));
        assert!(!is_kept("sbat,1,2024010900\nshim,4\n", automatic));
        assert!(is_kept("sbat,2,2024010900\nshim,4\n", automatic));
        assert!(!is_kept("grub,99\nsbat,1,2099010100\n", automatic));
        assert!(!is_kept("sbat,1", automatic));
    }
}

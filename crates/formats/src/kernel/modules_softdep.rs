//! `modules.softdep` and `modules.weakdep`: what a module would like to have beside it.
//!
//! Failing to load these is ignored; weak ones only tell builders of an initramfs what to take
//! along. Sources: kmod `libkmod-config.c` (`kmod_config_add_softdep`), modprobe.d(5).

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text;

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoftDependency {
    /// The module, with `_`.
    pub module: String,
    /// To be loaded before it.
    pub before: Vec<String>,
    /// To be loaded after it.
    pub after: Vec<String>,
    /// To be at hand.
    pub weak: Vec<String>,
}

/// What follows `softdep NAME`: words before the first `pre:` or `post:` are lost, as in kmod.
#[must_use]
pub fn soft(module: &str, rest: &str) -> SoftDependency {
    let mut found = SoftDependency { module: module.replace('-', "_"), ..Default::default() };
    let mut lost = Vec::new();
    let mut list = &mut lost;
    for word in rest.split_ascii_whitespace() {
        match word {
            "pre:" => list = &mut found.before,
            "post:" => list = &mut found.after,
            word => list.push(word.to_owned()),
        }
    }
    found
}

/// What follows `weakdep NAME`.
#[must_use]
pub fn weak(module: &str, rest: &str) -> SoftDependency {
    SoftDependency {
        module: module.replace('-', "_"),
        weak: rest.split_ascii_whitespace().map(str::to_owned).collect(),
        ..Default::default()
    }
}

/// Reads either file.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`]. An empty file is an empty list.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Vec<SoftDependency>>, Error> {
    text::bounded("modules.softdep", bytes, limits)?;
    let mut parsed = Parsed::clean(Vec::new());
    for (number, line) in text::lines(bytes) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.splitn(3, [' ', '\t']);
        match (words.next(), words.next(), words.next()) {
            (Some("softdep"), Some(module), Some(rest)) => parsed.value.push(soft(module, rest)),
            (Some("weakdep"), Some(module), Some(rest)) => parsed.value.push(weak(module, rest)),
            _ => parsed.deviations.push(Error::new(
                "modules.softdep line",
                number,
                Kind::Unsupported,
            )),
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_where_the_last_label_points() {
        let file = b"# c\nsoftdep a-b x pre: c d post: e\nweakdep f g h\nsoftdep z\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        assert_eq!(got.value[0].module, "a_b");
        assert_eq!(got.value[0].before, ["c", "d"]);
        assert_eq!(got.value[0].after, ["e"]);
        assert_eq!(got.value[1].weak, ["g", "h"]);
        assert_eq!(got.deviations.len(), 1);
    }
}

//! The rules of the house hold.

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("tidy", || {
        let told: Vec<String> =
            xtask::tidy::complaints().iter().filter(|c| c.fails).map(ToString::to_string).collect();
        match told.is_empty() {
            true => Ok(()),
            false => Err(told.join("\n").into()),
        }
    })]
}

//! FIPS mode: what it takes away from the kernel's cryptography.

use super::Ground;
use crate::fact::Fact;
use crate::fact::step::draw;
use crate::proof::{Claim, Rule};

/// Whether FIPS mode is on.
pub(super) fn mode(ground: &Ground<'_>) -> Fact<bool> {
    static RULE: Rule =
        Rule { name: "linux/fips-mode", source: "linux, crypto/fips.c fips_enable" };
    let asked = ground.host.cmdline.fact(|c| {
        let on = c.last("fips").is_some_and(|v| v != "0");
        (on, if on { "fips=1".into() } else { "no fips=1".into() })
    });
    draw(&RULE, |step| {
        let on = step.all(&[&asked, &ground.option("CRYPTO_FIPS")])?;
        Ok((on, Claim::FipsMode(on)))
    })
}

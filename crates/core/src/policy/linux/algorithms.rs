//! Which cryptographic algorithms are there when a module is loaded: built in, or a module that the
//! kernel can fetch with modprobe at that moment.

use super::{Ground, fips};
use crate::fact::Fact;
use crate::fact::step::draw;
use crate::proof::{Claim, Question, Rule, Why, gap, text};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::kernel::kconfig::Setting;

/// The answers for every algorithm of the table.
#[derive(Clone, Debug)]
pub(super) struct Available(BTreeMap<Arc<str>, Moments>);

/// One algorithm at the two moments that matter.
#[derive(Clone, Debug)]
struct Moments {
    /// When the keyrings are filled, early at boot: only what is built in.
    at_boot: Fact<bool>,
    /// When a module is loaded.
    later: Fact<bool>,
}

static RULE: Rule = Rule {
    name: "linux/algorithm-available",
    source: "linux, crypto/api.c crypto_larval_lookup (request_module \"crypto-NAME\")",
};

impl Available {
    pub(super) fn of(ground: &Ground<'_>) -> Self {
        let names = ground.tables.algorithms.names();
        let moments = |name| Moments {
            at_boot: available(ground, name, true),
            later: available(ground, name, false),
        };
        Self(names.map(|name| (text(name), moments(name))).collect())
    }

    pub(super) fn named(&self, name: &str) -> Fact<bool> {
        self.0.get(name).map_or_else(|| no_row(name), |m| m.later.clone())
    }

    pub(super) fn at_boot(&self, name: &str) -> Fact<bool> {
        self.0.get(name).map_or_else(|| no_row(name), |m| m.at_boot.clone())
    }
}

fn no_row(name: &str) -> Fact<bool> {
    let row = text(format!("linux/algorithms.toml, {name}"));
    Fact::unknown(gap(Question::CryptoAlgorithm, Why::NoRow(row)))
}

fn available(ground: &Ground<'_>, name: &str, at_boot: bool) -> Fact<bool> {
    draw(&RULE, |step| {
        let version = super::version(ground.identity, step)?;
        let found = |on| Ok((on, Claim::AlgorithmAvailable(text(name), on)));
        let Some((row, reason)) = ground.tables.algorithms.row(name, version) else {
            return found(false);
        };
        let listed = Fact::listed((), reason);
        step.consult(&listed)?;
        // FIPS mode leaves out what its rules do not allow, whatever was built.
        if !row.fips && *step.consult(&fips::mode(ground))? {
            return found(false);
        }
        let options: Vec<&str> = row.options.iter().map(String::as_str).collect();
        let setting = ground.configured(&options, |c| {
            let built = row.options.iter().find(|o| matches!(c.get(o), Some(Setting::Yes)));
            let module = row.options.iter().find(|o| matches!(c.get(o), Some(Setting::Module)));
            match (built, module) {
                (Some(o), _) => (Some(true), format!("CONFIG_{o}=y")),
                (None, Some(o)) => (Some(false), format!("CONFIG_{o}=m")),
                (None, None) => {
                    (None, format!("CONFIG_{} is not set", row.options.join(", CONFIG_")))
                }
            }
        });
        match step.consult(&setting)? {
            Some(true) => found(true),
            Some(false) if at_boot => found(false),
            None => found(false),
            // A module: the kernel must be able to run modprobe, and a provider must be there.
            Some(false) => {
                let there = ground
                    .host
                    .available
                    .map(|names| row.modules.iter().any(|m| names.contains(m.as_str())));
                found(step.all(&[&ground.host.modprobe, &there])?)
            }
        }
    })
}

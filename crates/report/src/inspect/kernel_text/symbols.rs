//! `modules_symbols` and `module_symvers`: which symbols there are, and who may use them.

use std::collections::{BTreeMap, BTreeSet};

use loadworthy_formats::error::{Error, Parsed};
use loadworthy_formats::kernel::{modules_symbols, symvers as versions};
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::page::Page;

/// `modules.symbols`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Symbols {
    /// How many symbols modules export.
    pub symbols: usize,
    /// How many modules that are.
    pub modules: usize,
}

pub(super) fn index(bytes: &[u8], limits: &Limits) -> Result<Parsed<Symbols>, Error> {
    let Parsed { value: index, deviations } = modules_symbols::read(bytes, limits)?;
    let modules: BTreeSet<&str> = index.iter().map(|(_, module)| module).collect();
    Ok(Parsed { value: Symbols { symbols: index.len(), modules: modules.len() }, deviations })
}

impl Symbols {
    pub(super) fn text(self, page: &mut Page) {
        page.field("symbols", format!("{} of {} modules", self.symbols, self.modules));
    }
}

/// `Module.symvers`.
#[derive(Clone, Debug, Serialize)]
pub struct Symvers {
    /// How many symbols there are.
    pub symbols: usize,
    /// How many of them the kernel itself exports.
    pub of_kernel: usize,
    /// How many modules export the others.
    pub modules: usize,
    /// How many are for modules under a licence compatible with the GPL only.
    pub gpl_only: usize,
    /// How many have a CRC; none where a kernel was built without `MODVERSIONS`.
    pub with_crc: usize,
    /// How many symbols each namespace holds.
    pub namespaces: BTreeMap<String, usize>,
}

pub(super) fn symvers(bytes: &[u8], limits: &Limits) -> Result<Parsed<Symvers>, Error> {
    let Parsed { value: table, deviations } = versions::read(bytes, limits)?;
    let symbols = table.symbols();
    let owners: BTreeSet<&str> = symbols.iter().map(|symbol| symbol.owner.as_str()).collect();
    let mut namespaces = BTreeMap::new();
    for namespace in symbols.iter().filter_map(|symbol| symbol.namespace.as_ref()) {
        *namespaces.entry(namespace.clone()).or_default() += 1;
    }
    let value = Symvers {
        symbols: symbols.len(),
        of_kernel: symbols.iter().filter(|symbol| symbol.owner == "vmlinux").count(),
        modules: owners.iter().filter(|owner| **owner != "vmlinux").count(),
        gpl_only: symbols.iter().filter(|symbol| symbol.gpl_only).count(),
        with_crc: symbols.iter().filter(|symbol| symbol.crc != 0).count(),
        namespaces,
    };
    Ok(Parsed { value, deviations })
}

impl Symvers {
    pub(super) fn text(&self, page: &mut Page) {
        page.field(
            "symbols",
            format!(
                "{}: {} of the kernel, the others of {} modules",
                self.symbols, self.of_kernel, self.modules
            ),
        );
        page.field("GPL only", self.gpl_only.to_string());
        page.field("with a CRC", self.with_crc.to_string());
        let names: Vec<_> = self.namespaces.iter().map(|(of, n)| format!("{of} {n}")).collect();
        page.several("namespaces", &names, 10);
    }
}

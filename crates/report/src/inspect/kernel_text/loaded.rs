//! `proc_modules`: what is loaded.

use loadworthy_formats::error::{Error, Parsed};
use loadworthy_formats::kernel::proc_modules;
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::page::Page;

/// Loaded modules.
#[derive(Clone, Debug, Serialize)]
pub struct Loaded {
    /// Them in their order.
    pub modules: Vec<Module>,
    /// How many of them taint the kernel.
    pub tainting: usize,
}

/// One loaded module.
#[derive(Clone, Debug, Serialize)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Bytes of memory it takes.
    pub size: u64,
    /// How often it is in use; `null` where it cannot be unloaded at all.
    pub users: Option<u64>,
    /// The modules that use it.
    pub used_by: Vec<String>,
    /// Whether it can never be unloaded.
    pub permanent: bool,
    /// `Live`, `Loading` or `Unloading`.
    pub state: String,
    /// Taint letters, followed by `-` or `+` while it goes or comes.
    pub taint: String,
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Loaded>, Error> {
    let Parsed { value, deviations } = proc_modules::read(bytes, limits)?;
    let one = |module: proc_modules::Loaded| Module {
        name: module.name,
        size: module.size,
        users: module.users,
        used_by: module.used_by,
        permanent: module.permanent,
        state: module.state,
        taint: module.taint,
    };
    let modules: Vec<_> = value.into_iter().map(one).collect();
    let tainting = modules.iter().filter(|module| !module.taint.is_empty()).count();
    Ok(Parsed { value: Loaded { modules, tainting }, deviations })
}

impl Loaded {
    pub(super) fn headline(&self) -> String {
        format!("{} modules", self.modules.len())
    }

    pub(super) fn text(&self, page: &mut Page) {
        let tainting = self.modules.iter().filter(|module| !module.taint.is_empty());
        let tainting = tainting.map(|module| format!("{} {}", module.name, module.taint));
        page.several("tainting", &tainting.collect::<Vec<_>>(), 20);
        let names: Vec<_> = self.modules.iter().map(|module| module.name.as_str()).collect();
        page.several("modules", &names, 10);
    }
}

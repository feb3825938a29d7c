//! `kernel_command_line`: its parameters, and what those about modules come to.

use loadworthy_formats::error::{Error, Parsed};
use loadworthy_formats::kernel::cmdline::{self, Word};
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::page::Page;

/// A command line.
#[derive(Clone, Debug, Serialize)]
pub struct CommandLine {
    /// The kernel's parameters in their order.
    pub parameters: Vec<Parameter>,
    /// What follows `--`.
    pub for_init: Vec<Parameter>,
    /// Whether `module.sig_enforce` is switched on; one true occurrence is enough.
    pub sig_enforce: bool,
    /// The names of the last `module_blacklist=`.
    pub module_blacklist: Vec<String>,
    /// The names of every `modprobe.blacklist=`.
    pub modprobe_blacklist: Vec<String>,
    /// The last `lockdown=`.
    pub lockdown: Option<String>,
    /// The last `lsm=`.
    pub lsm: Option<String>,
    /// Tokens of every `efi=`.
    pub efi: Vec<String>,
    /// Names of every `ima_policy=`.
    pub ima_policies: Vec<String>,
}

/// One parameter.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What stands after the `=`.
    pub value: Option<String>,
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<CommandLine>, Error> {
    let Parsed { value: line, deviations } = cmdline::read(bytes, limits)?;
    let value = CommandLine {
        sig_enforce: line.sig_enforce(),
        module_blacklist: line.module_blacklist().map(str::to_owned).collect(),
        modprobe_blacklist: line.modprobe_blacklist().collect(),
        lockdown: line.last("lockdown").map(str::to_owned),
        lsm: line.last("lsm").map(str::to_owned),
        efi: line.efi().map(str::to_owned).collect(),
        ima_policies: line.ima_policies().map(str::to_owned).collect(),
        parameters: line.words.into_iter().map(parameter).collect(),
        for_init: line.for_init.into_iter().map(parameter).collect(),
    };
    Ok(Parsed { value, deviations })
}

fn parameter(word: Word) -> Parameter {
    Parameter { name: word.name, value: word.value }
}

impl Parameter {
    fn written(&self) -> String {
        match &self.value {
            Some(value) => format!("{}={value}", self.name),
            None => self.name.clone(),
        }
    }
}

impl CommandLine {
    pub(super) fn headline(&self) -> String {
        format!("{} parameters", self.parameters.len())
    }

    pub(super) fn text(&self, page: &mut Page) {
        page.several("parameters", &written(&self.parameters), 40);
        page.several("for init", &written(&self.for_init), 10);
        page.field("sig_enforce", if self.sig_enforce { "on" } else { "not here" });
        page.several("blacklist", &self.module_blacklist, 20);
        page.several("modprobe's", &self.modprobe_blacklist, 20);
    }
}

fn written(parameters: &[Parameter]) -> Vec<String> {
    parameters.iter().map(Parameter::written).collect()
}

//! `modprobe_config`: what user space adds to the loading of modules.

use std::collections::BTreeMap;

use loadworthy_formats::error::{Error, Parsed};
use loadworthy_formats::kernel::modprobe_d::{self, Directive as Read};
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::page::Page;

/// A file of `modprobe.d`.
#[derive(Clone, Debug, Serialize)]
pub struct Modprobe {
    /// How many of each directive there are.
    pub counts: BTreeMap<&'static str, usize>,
    /// Them in their order.
    pub directives: Vec<Directive>,
}

/// One directive.
#[derive(Clone, Debug, Serialize)]
pub struct Directive {
    /// The number of its last line.
    pub line: usize,
    /// `alias`, `blacklist`, `install`, `remove`, `options`, `softdep`, `weakdep` or
    /// `allow_unsupported_modules`.
    pub directive: &'static str,
    /// The module it is about, with `_`; of an `alias` the one that answers.
    pub module: Option<String>,
    /// The pattern of an `alias`, the command of `install` and `remove`, the parameters of `options`,
    /// the modules of a dependency, the number of `allow_unsupported_modules`.
    pub value: Option<String>,
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Modprobe>, Error> {
    let Parsed { value: lines, deviations } = modprobe_d::read(bytes, limits)?;
    let directives: Vec<_> =
        lines.into_iter().map(|line| directive(line.number, line.directive)).collect();
    let mut counts = BTreeMap::new();
    for directive in &directives {
        *counts.entry(directive.directive).or_default() += 1;
    }
    Ok(Parsed { value: Modprobe { counts, directives }, deviations })
}

fn directive(line: usize, read: Read) -> Directive {
    let (directive, module, value) = match read {
        Read::Alias { pattern, module } => ("alias", Some(module), Some(pattern)),
        Read::Blacklist { module } => ("blacklist", Some(module), None),
        Read::Install { module, command } => ("install", Some(module), Some(command)),
        Read::Remove { module, command } => ("remove", Some(module), Some(command)),
        Read::Options { module, parameters } => ("options", Some(module), Some(parameters)),
        Read::Dependency(of) if of.weak.is_empty() => {
            let lists = [("pre:", of.before), ("post:", of.after)];
            let words = lists.iter().filter(|(_, names)| !names.is_empty());
            let words = words.map(|(label, names)| format!("{label} {}", names.join(" ")));
            ("softdep", Some(of.module), Some(words.collect::<Vec<_>>().join(" ")))
        }
        Read::Dependency(of) => ("weakdep", Some(of.module), Some(of.weak.join(" "))),
        Read::AllowUnsupported(yes) => {
            ("allow_unsupported_modules", None, Some(u8::from(yes).to_string()))
        }
    };
    Directive { line, directive, module, value }
}

impl Modprobe {
    pub(super) fn headline(&self) -> String {
        format!("{} directives", self.directives.len())
    }

    pub(super) fn text(&self, page: &mut Page) {
        let lines = self.directives.iter().map(|d| {
            let (module, value) = (d.module.as_deref(), d.value.as_deref());
            let words = match d.directive {
                "alias" => [Some(d.directive), value, module],
                _ => [Some(d.directive), module, value],
            };
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        page.several("directives", &lines.collect::<Vec<_>>(), 40);
    }
}

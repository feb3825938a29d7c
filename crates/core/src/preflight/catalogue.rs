//! The modules of one kernel, as far as they can be asked for.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::facts::hardware::Hardware;
use crate::proof::text;

/// What the kernel asked about has. Names are written with `_`.
pub trait Catalogue {
    /// Whether there is a module of this name.
    fn has_module(&self, name: &str) -> bool;
    /// Whether a driver of this name is inside the image.
    fn is_built_in(&self, name: &str) -> bool;
    /// Modules that answer to an alias and that nothing keeps from being loaded by it, in order.
    fn answering(&self, alias: &str) -> Vec<Arc<str>>;
    /// Drivers inside the image that answer to an alias.
    fn built_in_answering(&self, alias: &str) -> Vec<Arc<str>>;
    /// Whether the kernel that runs has a module of this name in its tree.
    fn running_has(&self, name: &str) -> bool;
}

/// What something asks the kernel for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// The driver of a device.
    Driver {
        /// The driver's name.
        driver: Arc<str>,
        /// The module it comes from now.
        module: Option<Arc<str>>,
        /// What the device says it is.
        modalias: Option<Arc<str>>,
        /// Whether the device is of a class that matters.
        matters: bool,
    },
    /// An alias, and the name that stands for it where no index of aliases was seen.
    Alias {
        /// The alias.
        alias: String,
        /// The name.
        name: String,
    },
    /// A module that is used now.
    Used(String),
    /// A module by name, whatever there is.
    Named(String),
}

/// How a kernel has what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// As a module.
    Module,
    /// Inside the image.
    BuiltIn,
    /// Not at all, although it is used now or was asked for by name.
    Missing,
}

/// A driver that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    /// Its name, with `_`.
    pub name: Arc<str>,
    /// How the kernel has it.
    pub presence: Presence,
}

/// What answers to `want`; nothing where nobody needs to.
#[must_use]
pub fn answer(want: &Want, catalogue: &dyn Catalogue, hardware: &Hardware) -> Option<Answering> {
    match want {
        Want::Driver { driver, module, modalias, matters } => {
            let own = normal(driver);
            let loaded = || hardware.loaded(&own).map(|loaded| text(loaded.name.as_str()));
            match module.clone().map(|m| text(normal(&m))).or_else(loaded) {
                Some(module) => Some(driving(module, modalias.as_deref(), catalogue, hardware)),
                None => inside(&own, modalias.as_deref()?, *matters, catalogue),
            }
        }
        Want::Alias { alias, name } => {
            let first = catalogue.answering(alias).into_iter().next();
            first
                .map(|name| found(name, Presence::Module))
                .or_else(|| there(name, catalogue))
                .or_else(|| {
                    let inside = catalogue.built_in_answering(alias).into_iter().next()?;
                    Some(found(inside, Presence::BuiltIn))
                })
                .or_else(|| used(name, catalogue, hardware))
        }
        Want::Used(name) => {
            let name = normal(name);
            there(&name, catalogue).or_else(|| used(&name, catalogue, hardware))
        }
        Want::Named(name) => {
            let name = normal(name);
            let aliased = || {
                let name = catalogue.answering(&name).into_iter().next()?;
                Some(found(name, Presence::Module))
            };
            there(&name, catalogue)
                .or_else(aliased)
                .or_else(|| Some(found(text(name.as_str()), Presence::Missing)))
        }
    }
}

fn found(name: Arc<str>, presence: Presence) -> Answering {
    Answering { name, presence }
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}

/// A module or built-in driver of this name.
fn there(name: &str, catalogue: &dyn Catalogue) -> Option<Answering> {
    let presence = match () {
        () if catalogue.has_module(name) => Presence::Module,
        () if catalogue.is_built_in(name) => Presence::BuiltIn,
        () => return None,
    };
    Some(found(text(name), presence))
}

/// A module that is used now and that the kernel asked about does not have.
fn used(name: &str, catalogue: &dyn Catalogue, hardware: &Hardware) -> Option<Answering> {
    let is_module = hardware.loaded(name).is_some() || catalogue.running_has(name);
    is_module.then(|| found(text(name), Presence::Missing))
}

/// What will drive a device that `module` drives now.
fn driving(
    module: Arc<str>,
    modalias: Option<&str>,
    catalogue: &dyn Catalogue,
    hardware: &Hardware,
) -> Answering {
    if let Some(same) = there(&module, catalogue) {
        return same;
    }
    // Somebody put a module that is not the kernel's own there on purpose; another driver for the
    // device is no replacement. Of the kernel's own drivers one may have taken the place of another.
    let own = hardware.loaded(&module).is_none_or(|loaded| !loaded.taint.contains('O'));
    let other = modalias.filter(|_| own).and_then(|alias| {
        let answering = catalogue.answering(alias).into_iter().next();
        answering.map(|name| found(name, Presence::Module)).or_else(|| {
            let inside = catalogue.built_in_answering(alias).into_iter().next()?;
            Some(found(inside, Presence::BuiltIn))
        })
    });
    other.unwrap_or_else(|| found(module, Presence::Missing))
}

/// What will drive a device whose driver came from no module that was seen: it is inside the running
/// kernel, and may be a module of the one asked about.
fn inside(
    driver: &str,
    modalias: &str,
    matters: bool,
    catalogue: &dyn Catalogue,
) -> Option<Answering> {
    let answering = catalogue.answering(modalias);
    if let Some(same) = answering.iter().find(|name| ***name == *driver) {
        return Some(found(same.clone(), Presence::Module));
    }
    if catalogue.is_built_in(driver) {
        return Some(found(text(driver), Presence::BuiltIn));
    }
    if let Some(name) = catalogue.built_in_answering(modalias).into_iter().next() {
        return Some(found(name, Presence::BuiltIn));
    }
    // Modules with an alias for a whole class of bridges are not drivers of this one.
    let first = answering.into_iter().next().filter(|_| matters);
    first.map(|name| found(name, Presence::Module)).or_else(|| {
        let driver = driver.to_owned();
        catalogue.has_module(&driver).then(|| found(text(driver), Presence::Module))
    })
}

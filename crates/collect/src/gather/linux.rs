//! A Linux machine and one of its kernels → facts.
//!
//! What only the running kernel knows is taken for the kernel asked about only where that is the
//! one that runs, or where nothing tells which one runs (a folder of captured pseudo files).

pub mod kernels;
mod runtime;
pub mod tree;
mod boot;
mod image;
mod symbols;
mod builtin;
pub mod modprobe;
pub mod hardware;
pub mod module;

use loadworthy_core::facts::linux::LinuxFacts;

use super::looking::Looking;
use kernels::{Kernel, Kernels};
use tree::Tree;

/// Everything about `kernel` on this machine. `tree` is that of the same kernel.
#[must_use]
pub fn gather(
    looking: &Looking<'_>,
    kernels: &Kernels,
    kernel: &Kernel,
    tree: &Tree,
) -> LinuxFacts {
    let about = runtime::About::of(kernels, kernel);
    let image = image::read(looking, &kernel.release);
    LinuxFacts {
        release: kernel.fact.clone(),
        builtin_keys: image.certificates(looking),
        config: image.config(looking, &kernel.release, &about),
        cmdline: boot::command_line(looking, &about),
        os_release: boot::distribution(looking),
        running: runtime::gather(looking, &about),
        modprobe: modprobe::program(looking),
        available: tree.names(),
        symbols: symbols::gather(looking, &kernel.release, &image),
        module_struct_size: image.module_struct_size(looking),
        builtin_names: builtin::names(looking, tree, &about),
        image: image.source(looking),
    }
}

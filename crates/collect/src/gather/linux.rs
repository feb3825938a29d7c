//! A Linux machine and one of its kernels → facts.
//!
//! What only the running kernel knows is taken for the kernel asked about only where that is the
//! one that runs, or where nothing tells which one runs (a folder of captured pseudo files).

pub mod kernels;
mod runtime;
pub mod tree;
pub(super) mod boot;
pub mod boot_loader;
pub mod image;
mod symbols;
mod builtin;
pub mod modprobe;
pub mod depmod;
pub mod dkms;
pub mod hardware;
pub mod stack;
pub mod builds;
pub mod manifest;
pub mod module;
pub mod type_information;
mod struct_size;
pub mod initramfs;
pub mod logs;
pub mod way_back;
pub mod cluster;
pub mod health;

use loadworthy_core::facts::linux::LinuxFacts;

use super::certificate;
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
        ima_policy: boot::ima_policy(looking),
        running: runtime::gather(looking, &about),
        modprobe: modprobe::program(looking, &about, tree.is_indexed()),
        available: tree.names(),
        symbols: symbols::gather(looking, &kernel.release, &image),
        module_struct_size: image
            .module_struct_size(looking)
            .or(|| struct_size::of_its_own(looking, tree, &kernel.release)),
        own_certificates: certificate::own(looking),
        own_keys: dkms::keys(looking).into_iter().chain(certificate::own_keys(looking)).collect(),
        builtin_names: builtin::names(looking, tree, &image, &about),
        image: image.source(looking),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::{Host, opened, value};
    use loadworthy_core::fact::Fact;
    use loadworthy_core::proof::{Why, text};

    fn facts(host: &Host, release: &str) -> LinuxFacts {
        let looking = host.looking();
        let kernels = kernels::gather(&looking);
        let kernel = kernels.named(release, Fact::unknown(Vec::new()));
        gather(&looking, &kernels, &kernel, &tree::gather(&looking, release))
    }

    #[test]
    fn a_folder_of_captured_files_gives_what_it_holds_and_gaps_for_the_rest() {
        let host = Host::new()
            .with("usr/lib/modules/1.2/config", "CONFIG_MODULE_SIG=y\n")
            .with("usr/src/linux-headers-1.2/Module.symvers", "0x0000002a\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n0x00000001\tother\tdrivers/x\tEXPORT_SYMBOL\t\n")
            .with("proc/cmdline", "quiet module.sig_enforce\n")
            .with("usr/lib/os-release", "NAME=\"x\"\nID=\"debian\"\n")
            .with_link("etc/os-release", "../usr/lib/os-release");
        let facts = facts(&host, "1.2");
        let signed = facts.config.fact(|c| (c.is_yes("MODULE_SIG"), String::new()));
        assert_eq!(opened(&signed), Ok((true, "seen usr/lib/modules/1.2/config".into())));
        let enforced = facts.cmdline.fact(|c| (c.sig_enforce(), String::new()));
        assert_eq!(opened(&enforced), Ok((true, "seen proc/cmdline".into())));
        let (id, item) = opened(&facts.os_release).unwrap();
        assert_eq!((id.as_deref(), &*item), (Some("debian"), "seen etc/os-release"));
        let symbols = facts.symbols.fact(|s| (s.clone(), String::new()));
        let symbols = value(&symbols);
        assert_eq!(symbols.len(), 1);
        assert_eq!(symbols.get("printk").map(|export| export.crc), Some(Some(42)));
        // The tree is there and holds no image.
        let image = facts.image.fact(|_| ((), String::new()));
        assert_eq!(opened(&image), Err(Why::Missing(text("usr/lib/modules/1.2/vmlinuz"))));
        assert!(opened(facts.builtin_keys.whole()).is_err());
    }

    #[test]
    fn a_damaged_image_is_not_passed_over_for_another_place() {
        let host = Host::new()
            .with("boot/vmlinuz-1.2", "MZ is no kernel")
            .with("lib/modules/1.2/vmlinuz", "neither is this");
        let facts = facts(&host, "1.2");
        let image = facts.image.fact(|_| ((), String::new()));
        let place = text("boot/vmlinuz-1.2");
        assert!(matches!(opened(&image), Err(Why::Unreadable(item, _)) if item == place));
    }

    #[test]
    fn a_release_that_is_no_name_leads_nowhere() {
        let facts = facts(&Host::new().with("etc/shadow", "secret"), "../../etc/shadow");
        assert!(opened(&facts.image.fact(|_| ((), String::new()))).is_err());
        assert!(opened(&facts.available).is_err());
    }
}

//! Words for what starts a machine.

use loadworthy_core::boot_claim::{BootClaim, By, Lack, Loader};

/// A claim as a sentence.
pub(super) fn claim(claim: &BootClaim) -> String {
    match claim {
        BootClaim::FirmwareStarts { option, file, by } => {
            format!("firmware starts {file}, \"{option}\": {}", because(*by))
        }
        BootClaim::LoaderFound(found) => {
            format!("{} is the boot loader that is installed", loader(*found))
        }
        BootClaim::EntryChosen { loader: Loader::Firmware, title, by } => {
            format!("the unified kernel image \"{title}\" starts next: {}", because(*by))
        }
        BootClaim::EntryChosen { loader: of, title, by } => {
            format!("{} starts \"{title}\": {}", loader(*of), because(*by))
        }
        BootClaim::OtherReading(what) => {
            format!("not all that decides is in files; it can be read another way: {what}")
        }
        BootClaim::OtherSystemFirst(what) => {
            format!("\"{what}\" stands first, and is no kernel of this system")
        }
        BootClaim::ImageThere(true) => "the image is where it is looked for".into(),
        BootClaim::ImageThere(false) => "the image is not where it is looked for".into(),
        BootClaim::AuthorityRotates { old, new } => {
            format!("db trusts \"{old}\", which signs nothing new, and not \"{new}\", which does")
        }
        BootClaim::NoWayBack => "no older kernel would bring this machine back".into(),
        BootClaim::FewWaysBack(good, wanted) => {
            format!("{good} older kernels would bring this machine back, of {wanted} that should")
        }
        BootClaim::WayBack { release, lacks } => format!("{release}: {}", lack(lacks)),
        BootClaim::DenyListWaits { file, stops, changes } => {
            let does = match &**stops {
                "" => "would stop nothing of this boot chain".to_owned(),
                stops => format!("would stop {stops}"),
            };
            let with = if *changes { "; the kernel changes at the same boot" } else { "" };
            format!("the update of dbx in {file} is not in force; it {does}{with}")
        }
        BootClaim::ChainOpen(what) => format!("{what} could not be judged"),
        BootClaim::KexecLoaded => {
            "a kernel waits in memory (kexec); a reboot by kexec starts that one".into()
        }
    }
}

fn lack(lack: &Lack) -> String {
    match lack {
        Lack::Image => "its image is not there".into(),
        Lack::Initramfs(file) => format!("its initramfs is not there: {file}"),
        Lack::Module(name) => format!("it has no {name}, which this host needs"),
        Lack::Entry => "no boot-loader entry starts it".into(),
        Lack::Boots => "its boot-loader entry has no boots left".into(),
        Lack::Remote => "it can be chosen at the keyboard alone".into(),
        Lack::Consent => "its image would not be let in".into(),
        Lack::Quiet(what) => format!("{what} waits for a person at the next boot"),
        Lack::Restart => "a kernel that hangs or panics stays where it is (no panic=)".into(),
        Lack::Room(free, takes) => {
            format!("{free} bytes are free where it lies, and one more kernel takes {takes}")
        }
        Lack::Variables(free) => {
            format!("the firmware has room for {free} bytes more of variables")
        }
        Lack::Turn(by) => {
            format!("this node of a cluster reboots by itself, out of its turn ({by})")
        }
        Lack::Place(kept) => {
            format!("{kept} kernels stay installed; the next update removes the oldest")
        }
    }
}

/// A boot loader's name.
#[must_use]
pub fn loader(loader: Loader) -> &'static str {
    match loader {
        Loader::Grub => "GRUB",
        Loader::SystemdBoot => "systemd-boot",
        Loader::Firmware => "the firmware",
    }
}

/// What asks for an entry.
#[must_use]
pub fn because(by: By) -> &'static str {
    match by {
        By::NextEntry => "next_entry asks for it, for one boot",
        By::Default => "it is the default",
        By::OneShot => "LoaderEntryOneShot asks for it, for one boot",
        By::DefaultVariable => "LoaderEntryDefault asks for it",
        By::LastBooted => "it was started last, and that is what is asked for",
        By::LoaderConf => "loader.conf asks for it",
        By::First => "it is the first",
        By::BootNext => "BootNext asks for it, for one boot",
        By::BootOrder => "it is the first in BootOrder that starts a kernel here",
    }
}

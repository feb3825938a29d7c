//! Everything this program may ever read of a machine.
//!
//! An [`Item`] names one thing; [`READS`] is the closed list of what an item may name, with what it
//! is read for and what it may tell about the machine's people. A view refuses an item that no row
//! of the list covers, so the list is the whole privacy review. Private keys are on no row.

use std::fmt;

use loadworthy_formats::uefi::guid::Guid;

/// A path on the host that is looked at, from its root; it cannot name anything above that root.
///
/// Kept and shown without the leading slash, as users name things below `--root`. It is made of
/// bytes because file names on Linux are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPath(Vec<u8>);

impl HostPath {
    /// The path that `path` names when read from the root: empty steps and `.` name nothing, `..`
    /// takes back one step and stops at the root.
    #[must_use]
    pub fn new(path: impl AsRef<[u8]>) -> Self {
        let mut kept = Self(Vec::with_capacity(path.as_ref().len()));
        kept.walk(path.as_ref());
        kept
    }

    /// The path of `further`, read from here instead of from the root.
    #[must_use]
    pub fn join(&self, further: impl AsRef<[u8]>) -> Self {
        let mut joined = self.clone();
        joined.walk(further.as_ref());
        joined
    }

    fn walk(&mut self, path: &[u8]) {
        for step in path.split(|b| *b == b'/') {
            match step {
                b"" | b"." => {}
                b".." => self.0.truncate(self.0.iter().rposition(|b| *b == b'/').unwrap_or(0)),
                _ => {
                    if !self.0.is_empty() {
                        self.0.push(b'/');
                    }
                    self.0.extend_from_slice(step);
                }
            }
        }
    }

    /// The folder it is in; `None` for the root itself.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let cut = self.0.iter().rposition(|b| *b == b'/').unwrap_or(0);
        (!self.0.is_empty()).then(|| Self(self.0.get(..cut).unwrap_or_default().to_vec()))
    }

    /// Its last step; empty for the root.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|b| *b == b'/').next().unwrap_or_default()
    }

    /// The bytes, without a leading slash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(path) = str::from_utf8(&self.0) {
            return f.write_str(if path.is_empty() { "/" } else { path });
        }
        self.0.utf8_chunks().try_for_each(|chunk| {
            f.write_str(chunk.valid())?;
            chunk.invalid().iter().try_for_each(|b| write!(f, "\\x{b:02x}"))
        })
    }
}

impl fmt::Debug for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// The bytes of a file.
    File(HostPath),
    /// The names in a folder.
    Entries(HostPath),
    /// Where a symbolic link leads, as written in it.
    Link(HostPath),
    /// A variable of the firmware, with its four attribute bytes in front.
    Variable {
        /// Its name.
        name: String,
        /// Its vendor.
        vendor: Guid,
    },
    /// A table that shim handed to the kernel, raw.
    MokVariable(String),
    /// What `uname(2)` says: release and machine, a line each.
    Uname,
    /// What `statvfs(2)` says of the file system with this folder: bytes that are free for
    /// everybody, and all bytes, on one line.
    Room(HostPath),
}

impl Item {
    /// The file at `path`.
    #[must_use]
    pub fn file(path: impl AsRef<[u8]>) -> Self {
        Self::File(HostPath::new(path))
    }

    /// The names in the folder at `path`.
    #[must_use]
    pub fn entries(path: impl AsRef<[u8]>) -> Self {
        Self::Entries(HostPath::new(path))
    }

    /// Where a Linux host shows it; `None` for what no path leads to.
    #[must_use]
    pub fn path(&self) -> Option<HostPath> {
        match self {
            Self::File(path) | Self::Entries(path) | Self::Link(path) => Some(path.clone()),
            Self::Variable { name, vendor } => {
                Some(HostPath::new(EFIVARS).join(format!("{}-{vendor}", flat(name))))
            }
            Self::MokVariable(name) => Some(HostPath::new(MOK_VARIABLES).join(flat(name))),
            Self::Uname | Self::Room(_) => None,
        }
    }

    /// The row of [`READS`] that allows it; views answer *out of reach* where there is none.
    #[must_use]
    pub fn row(&self) -> Option<&'static Read> {
        let sort = match self {
            Self::Entries(_) => Sort::Folder,
            Self::Link(_) => Sort::Link,
            Self::File(_) | Self::Variable { .. } | Self::MokVariable(_) => Sort::File,
            Self::Uname | Self::Room(_) => Sort::Call,
        };
        let called;
        let path = self.path();
        let path = match (&path, self) {
            (Some(path), _) => path.as_bytes(),
            (None, Self::Room(_)) => {
                called = self.to_string();
                called.as_bytes()
            }
            (None, _) => b"uname(2)",
        };
        let private = PRIVATE.iter().any(|end| path.ends_with(end.as_bytes()));
        READS
            .iter()
            .filter(|_| !private)
            .find(|row| row.sort == sort && covers(row.pattern.as_bytes(), path))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.path(), self) {
            (Some(path), _) => path.fmt(f),
            (None, Self::Room(path)) => write!(f, "statvfs(2) {path}"),
            (None, _) => f.write_str("uname"),
        }
    }
}

/// Where efivarfs is mounted.
pub const EFIVARS: &str = "sys/firmware/efi/efivars";
/// Where the kernel shows shim's tables (`drivers/firmware/efi/mokvar-table.c`).
pub const MOK_VARIABLES: &str = "sys/firmware/efi/mok-variables";

/// Where the kernel shows the device tree (`drivers/of/kobj.c`).
pub const DEVICE_TREE: &str = "sys/firmware/devicetree/base";
/// Where IBM Z shows how it was loaded (`arch/s390/kernel/ipl.c`).
pub const IPL: &str = "sys/firmware/ipl";

/// A variable's name as one step of a path.
fn flat(name: &str) -> String {
    name.replace(['/', '\0'], "_")
}

/// How a row of [`READS`] is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The bytes of a file.
    File,
    /// The names in a folder.
    Folder,
    /// Where a symbolic link leads.
    Link,
    /// A system call.
    Call,
}

/// A row of the list of everything that may be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// How it is read.
    pub sort: Sort,
    /// Which paths: `*` stands for any characters of one step, `**` for any number of steps.
    pub pattern: &'static str,
    /// What it is read for.
    pub what: &'static str,
    /// What it may tell about the machine beyond its trust policy; empty for nothing.
    pub privacy: &'static str,
}

/// Endings of files that may hold private keys; never read, whatever a row says.
pub const PRIVATE: &[&str] = &[".priv", ".key", ".pem", ".p12", ".pfx"];

/// What an initramfs may tell; its bytes are recorded only where the owner asks for it (`--full`).
pub const KEYS_OF_DISKS: &str = "may hold keys of disks; its bytes are recorded with `--full` only";

/// What a unit of the owner's may tell.
const UNIT: &str = "settings of the owner's services";

/// The whole list.
pub static READS: &[Read] = &[
    file("boot/vmlinu[xz]-*", "kernel image: release, built-in keys and configuration", ""),
    file("boot/[Ii]mage-*", "kernel image", ""),
    file("lib/modules/*/vmlinu[xz]", "kernel image", ""),
    file("boot/config-*", "how the kernel was configured", ""),
    file("lib/modules/*/config", "how the kernel was configured", ""),
    file("proc/config.gz", "how the running kernel was configured", ""),
    folder("boot", "which kernels are installed", "names of files in /boot"),
    folder("lib/modules", "which kernels are installed", ""),
    folder("lib/modules/**", "the tree of modules", "names of drivers built on this machine"),
    file("lib/modules/*/**.ko", "a module", ""),
    file("lib/modules/*/**.ko.[gxz][zs]*", "a module", ""),
    file("lib/modules/*.ko", "a module in an initramfs of booster", ""),
    file(
        "etc/booster.init.yaml",
        "which kernel an initramfs of booster is for; in the initramfs alone, and never kept",
        "the key of its SSH server",
    ),
    file("lib/modules/*/modules.*", "indexes of the module tree", ""),
    file("lib/modules/*/build/Module.symvers", "symbols the kernel exports", ""),
    file("usr/src/*/Module.symvers", "symbols the kernel exports", ""),
    file("boot/symvers-*", "symbols the kernel exports", ""),
    file("lib/modules/*/symvers*", "symbols the kernel exports", ""),
    file("boot/initr*", "the initramfs: modules and configuration in it", KEYS_OF_DISKS),
    file("boot/booster-*.img", "the initramfs", KEYS_OF_DISKS),
    file("var/lib/kdump/initr*", "the initramfs for crash dumps", KEYS_OF_DISKS),
    file("var/lib/kdump/kernel-version", "the kernel for crash dumps", ""),
    file("usr/sbin/update-initramfs", "who makes the initramfs (whether it is there only)", ""),
    file("usr/bin/dracut", "who makes the initramfs (whether it is there only)", ""),
    file("usr/bin/mkinitcpio", "who makes the initramfs (whether it is there only)", ""),
    file("usr/bin/booster", "who makes the initramfs (whether it is there only)", ""),
    file("boot/*/*/initrd*", "the initramfs", KEYS_OF_DISKS),
    file("boot/efi/*/*/initrd*", "the initramfs", KEYS_OF_DISKS),
    file("efi/*/*/initrd*", "the initramfs", KEYS_OF_DISKS),
    file("lib/modules/*/initrd", "the initramfs", KEYS_OF_DISKS),
    file("lib/modules/*/pkgbase", "how the initramfs of the kernel is called", ""),
    folder("lib/firmware", "firmware that modules name (whether it is there only)", ""),
    file("lib/firmware/**", "firmware that modules name (whether it is there only)", ""),
    folder("usr/lib/*-linux-gnu", "versions of the programs that use a driver", ""),
    folder("usr/lib64", "versions of the programs that use a driver", ""),
    folder("usr/lib", "versions of the programs that use a driver", ""),
    folder("var/lib/dpkg/info", "which package has a module", "which packages are installed"),
    file("var/lib/dpkg/info/linux-*.list", "which package has a module", ""),
    file("var/lib/dpkg/info/kmod-*.list", "which package has a module", ""),
    file("var/lib/dpkg/info/*-modules*.list", "which package has a module", ""),
    file("var/lib/dpkg/info/*-dkms*.list", "which package has a module", ""),
    file(
        "var/lib/dpkg/status",
        "versions of the programs that use a driver",
        "which packages are installed",
    ),
    file("sbin/modprobe", "whether the kernel can load a module by itself (size only)", ""),
    folder("etc/modprobe.d", "configuration of modprobe", ""),
    file("etc/modprobe.d/*.conf", "configuration of modprobe", "options the owner set"),
    folder("run/modprobe.d", "configuration of modprobe", ""),
    file("run/modprobe.d/*.conf", "configuration of modprobe", "options the owner set"),
    folder("usr/local/lib/modprobe.d", "configuration of modprobe", ""),
    file("usr/local/lib/modprobe.d/*.conf", "configuration of modprobe", ""),
    folder("lib/modprobe.d", "configuration of modprobe", ""),
    file("lib/modprobe.d/*.conf", "configuration of modprobe", ""),
    folder("etc/depmod.d", "which of several copies of a module counts", ""),
    file("etc/depmod.d/*.conf", "which of several copies of a module counts", ""),
    folder("run/depmod.d", "which of several copies of a module counts", ""),
    file("run/depmod.d/*.conf", "which of several copies of a module counts", ""),
    folder("usr/local/lib/depmod.d", "which of several copies of a module counts", ""),
    file("usr/local/lib/depmod.d/*.conf", "which of several copies of a module counts", ""),
    folder("lib/depmod.d", "which of several copies of a module counts", ""),
    file("lib/depmod.d/*.conf", "which of several copies of a module counts", ""),
    folder("usr/src", "which modules DKMS would build", ""),
    folder("usr/src/akmods", "which modules akmods would build", ""),
    folder("var/cache/akmods/*", "whether akmods could not build a module", ""),
    file("usr/src/*/dkms.conf", "which modules DKMS would build", ""),
    file("sbin/weak-modules", "whether kABI modules are linked to other kernels (size only)", ""),
    file(
        "usr/lib/module-init-tools/weak-modules2",
        "whether kABI modules are linked to other kernels (size only)",
        "",
    ),
    file("etc/kubernetes/**/*ca.crt", "which cluster this is a node of", "the cluster's authority"),
    folder("etc/kubernetes/manifests", "whether this node votes in its cluster", ""),
    file(
        "var/lib/rancher/*/agent/server-ca.crt",
        "which cluster this is a node of",
        "the cluster's authority",
    ),
    folder("var/lib/rancher/*/server/db", "whether this node votes in its cluster", ""),
    file(
        "var/snap/microk8s/current/certs/ca.crt",
        "which cluster this is a node of",
        "the cluster's authority",
    ),
    folder("etc/corosync", "whether this is a node of a cluster", ""),
    file("etc/corosync/corosync.conf", "which cluster this is a node of", "addresses of its nodes"),
    file("etc/keys/x509_ima.der", "certificate that the kernel loads into .ima", ""),
    folder("etc/keys/ima", "certificates that are loaded into .ima", ""),
    file("etc/keys/ima/*", "certificates that are loaded into .ima", ""),
    file("var/lib/dkms/mok.pub", "certificate that DKMS signs with", ""),
    file("var/lib/shim-signed/mok/MOK.der", "certificate that DKMS signs with", ""),
    file("etc/pki/akmods/certs/public_key.der", "certificate that akmods signs with", ""),
    file("etc/os-release", "which distribution this is", ""),
    file("usr/lib/os-release", "which distribution this is", ""),
    file("proc/cmdline", "kernel command line", "may hold host names, volume ids, even secrets"),
    file("proc/version", "which kernel runs", "who built the kernel"),
    file("proc/sys/kernel/osrelease", "which kernel runs", ""),
    file("proc/sys/kernel/tainted", "marks on the running kernel", ""),
    file("proc/sys/kernel/modules_disabled", "whether loading is switched off", ""),
    file("proc/sys/kernel/loadpin/enforce", "whether LoadPin refuses modules", ""),
    file("proc/sys/kernel/modprobe", "what the kernel runs to load a module", ""),
    file("proc/sys/crypto/fips_enabled", "whether FIPS mode is on", ""),
    file("proc/keys", "keys in the running kernel's keyrings", "names of logged-in users' keys"),
    file("proc/modules", "modules that are loaded", "which hardware and software is in use"),
    file("sys/kernel/security/lockdown", "lockdown of the running kernel", ""),
    file("sys/kernel/security/lsm", "security modules of the running kernel", ""),
    file("sys/kernel/security/ima/policy", "integrity policy in force", ""),
    file("etc/ima/ima-policy", "integrity policy loaded at boot", ""),
    file("sys/module/module/parameters/sig_enforce", "whether signatures are enforced", ""),
    file("sys/module/*/taint", "marks a loaded module carries", ""),
    folder("sys/module", "names that built-in code and modules occupy", ""),
    folder("sys/kernel/security", "whether security modules show their state", ""),
    folder("sys/firmware", "whether the machine was started by UEFI", ""),
    folder("sys/firmware/efi", "whether the machine was started by UEFI", ""),
    folder(EFIVARS, "which variables the firmware has", ""),
    file("sys/firmware/efi/efivars/*-*", "Secure Boot state, db, dbx, MOK variables", ""),
    folder(MOK_VARIABLES, "which tables shim handed over", ""),
    file("sys/firmware/efi/mok-variables/*", "machine owner keys", "names on enrolled keys"),
    folder(DEVICE_TREE, "whether Power's firmware wants signed code", ""),
    file(
        "sys/firmware/devicetree/base/ibm,secure-boot",
        "whether Power's firmware wants signed code",
        "",
    ),
    file(
        "sys/firmware/devicetree/base/ibm,secureboot/os-secureboot-enforcing",
        "whether Power's firmware wants signed code",
        "",
    ),
    folder(IPL, "whether IBM Z loaded securely", ""),
    file("sys/firmware/ipl/secure", "whether IBM Z loaded securely", ""),
    folder("boot/efi/EFI", "which boot loaders are installed", "names of other systems"),
    folder("boot/efi/EFI/*", "which boot loaders are installed", ""),
    file("boot/efi/EFI/*/*.[eE][fF][iI]", "shim: whom its vendor trusts and denies", ""),
    folder("efi/EFI", "which boot loaders are installed", "names of other systems"),
    folder("efi/EFI/*", "which boot loaders are installed", ""),
    file("efi/EFI/*/*.[eE][fF][iI]", "shim: whom its vendor trusts and denies", ""),
    folder("boot/EFI", "which boot loaders are installed", "names of other systems"),
    folder("boot/EFI/*", "which boot loaders are installed", ""),
    file("boot/EFI/*/*.[eE][fF][iI]", "shim: whom its vendor trusts and denies", ""),
    file("boot/grub/grub.cfg", "which kernel starts next", "kernel command line, disk ids"),
    file("boot/grub2/grub.cfg", "which kernel starts next", "kernel command line, disk ids"),
    file("boot/grub*/custom.cfg", "which kernel starts next", "what the owner added"),
    file("boot/grub*/user.cfg", "which kernel starts next", "a hashed password of GRUB"),
    file("boot/grub*/grubenv", "which kernel starts next", ""),
    file("boot/efi/EFI/*/grub.cfg", "which kernel starts next", "disk ids"),
    file("efi/EFI/*/grub.cfg", "which kernel starts next", "disk ids"),
    file("boot/EFI/*/grub.cfg", "which kernel starts next", "disk ids"),
    folder("boot/efi", "whether the EFI system partition is mounted", ""),
    folder("efi", "whether the EFI system partition is mounted", ""),
    folder("boot/grub", "whether GRUB is installed", ""),
    folder("boot/grub2", "whether GRUB is installed", ""),
    folder("boot/loader/entries", "which kernel starts next", ""),
    folder("boot/efi/loader/entries", "which kernel starts next", ""),
    folder("efi/loader/entries", "which kernel starts next", ""),
    file("boot/loader/entries/*.conf", "which kernel starts next", "kernel command line, disk ids"),
    file("boot/efi/loader/entries/*.conf", "which kernel starts next", "kernel command line"),
    file("efi/loader/entries/*.conf", "which kernel starts next", "kernel command line"),
    file("boot/loader/loader.conf", "which kernel starts next", ""),
    file("boot/efi/loader/loader.conf", "which kernel starts next", ""),
    file("efi/loader/loader.conf", "which kernel starts next", ""),
    file("vmlinu[xz]*", "kernel image", ""),
    file("boot/vmlinu[xz]", "kernel image", ""),
    file("boot/*/*/linux", "kernel image", ""),
    file("boot/efi/*/*/linux", "kernel image", ""),
    file("efi/*/*/linux", "kernel image", ""),
    file("boot/efi/vmlinu[xz]*", "kernel image", ""),
    file("efi/vmlinu[xz]*", "kernel image", ""),
    file("boot/kernel-*", "kernel image", ""),
    file("boot/initr*", "initial file system of a kernel", "configuration copied into it"),
    file("boot/*/*/initrd*", "initial file system of a kernel", "configuration copied into it"),
    file("boot/efi/*/*/initrd*", "initial file system of a kernel", "configuration copied into it"),
    file("efi/*/*/initrd*", "initial file system of a kernel", "configuration copied into it"),
    file("sys/kernel/kexec_loaded", "whether a kernel waits in memory", ""),
    file("lib/grub/*/grub*.efi.signed", "GRUB as its package installs it", ""),
    file("lib/shim/shim*.efi.signed", "shim: whom its vendor trusts and denies", ""),
    folder("sys/bus", "hardware in use", ""),
    folder("sys/bus/*/devices", "hardware in use", "which hardware the machine has"),
    file("sys/bus/*/devices/*/modalias", "hardware in use", "which hardware the machine has"),
    file("sys/bus/*/devices/*/uevent", "hardware in use", "which hardware the machine has"),
    file("sys/bus/*/devices/*/sriov_numvfs", "virtual functions in use", ""),
    file(
        "sys/bus/pci/devices/*/current_link_width",
        "whether a PCIe link is as wide as before",
        "",
    ),
    file(
        "sys/bus/pci/devices/*/current_link_speed",
        "whether a PCIe link is as fast as before",
        "",
    ),
    link("sys/bus/*/devices/*", "where a device stands", "which hardware the machine has"),
    link("sys/bus/*/devices/*/driver", "driver a device is bound to", ""),
    link("sys/bus/*/devices/*/driver/module", "module that driver came from", ""),
    file("dev/kmsg", "what the kernel said, for a diagnosis", "names of devices and hosts"),
    file(
        "var/log/kern.log.1",
        "what the kernel said, for a diagnosis",
        "names of devices and hosts",
    ),
    file("var/log/syslog.1", "what happened, for a diagnosis", "anything a program wrote there"),
    file(
        "var/log/dpkg.log.1",
        "what was installed before a failure",
        "which packages are installed",
    ),
    file(
        "var/log/apt/*.log.1.gz",
        "what was installed before a failure",
        "commands of the administrator",
    ),
    file("var/log/dmesg", "what the kernel said, for a diagnosis", "names of devices and hosts"),
    file("var/log/kern.log", "what the kernel said, for a diagnosis", "names of devices and hosts"),
    file("var/log/boot.log", "what happened at boot, for a diagnosis", "names of services"),
    file("var/log/syslog", "what happened, for a diagnosis", "anything a program wrote there"),
    file("var/log/messages", "what happened, for a diagnosis", "anything a program wrote there"),
    file("var/log/audit/audit.log", "what SELinux denied, for a diagnosis", "names of users"),
    file("var/log/dpkg.log", "what was installed before a failure", "which packages are installed"),
    file(
        "var/log/apt/*.log",
        "what was installed before a failure",
        "commands of the administrator",
    ),
    file("var/log/dnf.log", "what was installed before a failure", "which packages are installed"),
    file(
        "var/log/dnf.rpm.log",
        "what was installed before a failure",
        "which packages are installed",
    ),
    file("var/log/zypp/history", "what was installed before a failure", "names of administrators"),
    file(
        "var/log/pacman.log",
        "what was installed before a failure",
        "which packages are installed",
    ),
    folder("var/log/journal", "what happened, for a diagnosis", ""),
    folder("var/log/journal/*", "what happened, for a diagnosis", ""),
    file(
        "var/log/journal/*/system*.journal*",
        "what happened, for a diagnosis",
        "anything a program wrote there",
    ),
    folder("run/log/journal", "what happened, for a diagnosis", ""),
    folder("run/log/journal/*", "what happened, for a diagnosis", ""),
    file(
        "run/log/journal/*/system*.journal*",
        "what happened, for a diagnosis",
        "anything a program wrote there",
    ),
    link("sys/bus/*/drivers/*/module", "module that driver came from", ""),
    folder("sys/block", "block devices", "which disks the machine has"),
    folder("sys/block/*", "partitions of a disk", "which disks the machine has"),
    link("sys/block/*", "where a disk stands", "which disks the machine has"),
    link("sys/block/*/device", "the device of a disk", ""),
    file("sys/block/**dev", "numbers of block devices and partitions", ""),
    folder("sys/block/*/slaves", "what a block device lies on", ""),
    file("sys/block/*/device/state", "whether a path to a disk answers", ""),
    file("sys/block/*/dm/name", "names of volumes", "names of volumes"),
    file("sys/block/*/dm/uuid", "sorts of volumes: LVM, multipath, encrypted", ""),
    file("sys/block/*/md/level", "sorts of arrays", ""),
    folder("sys/class/net", "network interfaces", "names of network interfaces"),
    folder("sys/class/net/*", "what an interface lies on", ""),
    link("sys/class/net/*", "where an interface stands", ""),
    link("sys/class/net/*/device", "the device of an interface", ""),
    link("sys/class/net/*/master", "the bond or bridge of an interface", ""),
    file("sys/class/net/*/operstate", "whether an interface is up", ""),
    file("sys/class/net/*/flags", "whether an interface is up", ""),
    file("sys/class/net/*/speed", "whether a link is as fast as before", ""),
    file("sys/class/net/*/dev_port", "which port of a device an interface is", ""),
    file("sys/class/net/*/bonding/mode", "how a bond works", ""),
    file("sys/class/net/*/bonding/slaves", "members of a bond", "names of network interfaces"),
    file("sys/class/net/*/bonding/active_slave", "which member of a bond is in use", ""),
    file("sys/class/net/*/bonding_slave/mii_status", "whether the link of a member is up", ""),
    file("sys/class/net/*/uevent", "sorts of interfaces", ""),
    folder("proc/net/vlan", "VLAN interfaces", "names of network interfaces"),
    folder("sys/class/scsi_host", "host adapters", ""),
    file("sys/class/scsi_host/*/proc_name", "drivers of host adapters", ""),
    folder("sys/class/fc_host", "Fibre Channel adapters", ""),
    folder("sys/class/iscsi_host", "iSCSI adapters", ""),
    folder("sys/class/nvme", "NVMe controllers", ""),
    link("sys/class/nvme/*", "where an NVMe controller stands", ""),
    file("sys/class/nvme/*/transport", "how an NVMe controller is reached", ""),
    file("sys/class/nvme/*/state", "whether a path to an NVMe subsystem answers", ""),
    folder("sys/class/nvme-subsystem", "NVMe subsystems", ""),
    folder("sys/class/nvme-subsystem/*", "ways to an NVMe subsystem", ""),
    folder("sys/fs/btrfs", "btrfs file systems", "ids of file systems"),
    folder("sys/fs/btrfs/*/devices", "devices of a btrfs file system", ""),
    file("proc/self/mountinfo", "mounted file systems", "paths, hosts and shares in use"),
    file("proc/mounts", "mounted file systems", "paths, hosts and shares in use"),
    file("etc/fstab", "file systems to mount", "paths, hosts and shares in use"),
    link("dev/disk/*/*", "names of disks", "labels and ids of disks"),
    link("dev/mapper/*", "names of volumes", "names of volumes"),
    file("proc/stat", "when the machine was started", "load of the machine"),
    file("proc/uptime", "when the machine was started", ""),
    file("sys/module/*/srcversion", "which build of a module is loaded", ""),
    file("sys/module/*/notes/.note.gnu.build-id", "which build of a module is loaded", ""),
    file("sys/module/*/initstate", "whether a module is loaded", ""),
    folder("var/lib/dkms", "modules that DKMS builds", "names of drivers built on this machine"),
    folder(
        "var/lib/dkms/**",
        "modules that DKMS has built",
        "names of drivers built on this machine",
    ),
    file("var/lib/loadworthy/enrolments", "keys that were asked to be enrolled", ""),
    file("proc/sys/kernel/random/boot_id", "whether the machine was started since", "the boot"),
    file("var/lib/dkms/*/*/*/*/module/*.ko", "a module that DKMS has built", ""),
    file("var/lib/dkms/*/*/*/*/module/*.ko.[gxz][zs]*", "a module that DKMS has built", ""),
    file("etc/dkms/framework.conf", "what DKMS signs with", "where the owner's key lies"),
    folder("etc/dkms/framework.conf.d", "what DKMS signs with", ""),
    file("etc/dkms/framework.conf.d/*.conf", "what DKMS signs with", "where the owner's key lies"),
    file("lib/loadworthy/manifest.toml", "what must load here", ""),
    folder("lib/loadworthy/manifest.d", "what must load here", ""),
    file("lib/loadworthy/manifest.d/*.toml", "what must load here", ""),
    file("run/loadworthy/manifest.toml", "what must load here", ""),
    folder("run/loadworthy/manifest.d", "what must load here", ""),
    file("run/loadworthy/manifest.d/*.toml", "what must load here", ""),
    file(
        "var/lib/loadworthy/ledger",
        "who opened the gate of the machine, and which boots went as foretold",
        "names of those who opened it, and their reasons",
    ),
    file("etc/loadworthy/manifest.toml", "what must load here", "the owner's own words"),
    folder("etc/loadworthy/manifest.d", "what must load here", ""),
    file("etc/loadworthy/manifest.d/*.toml", "what must load here", "the owner's own words"),
    folder("etc/systemd/system.conf.d", "whether a watchdog starts a hung machine anew", ""),
    file("etc/systemd/system.conf", "whether a watchdog starts a hung machine anew", ""),
    file("etc/systemd/system.conf.d/*.conf", "whether a watchdog starts a hung machine anew", ""),
    folder("lib/systemd/system.conf.d", "whether a watchdog starts a hung machine anew", ""),
    file("lib/systemd/system.conf.d/*.conf", "whether a watchdog starts a hung machine anew", ""),
    folder("run/systemd/system.conf.d", "whether a watchdog starts a hung machine anew", ""),
    file("run/systemd/system.conf.d/*.conf", "whether a watchdog starts a hung machine anew", ""),
    file("etc/watchdog.conf", "whether a watchdog starts a hung machine anew", ""),
    file("etc/sysctl.conf", "whether a panic starts the machine anew", "settings of the kernel"),
    folder("etc/sysctl.d", "whether a panic starts the machine anew", ""),
    file(
        "etc/sysctl.d/*.conf",
        "whether a panic starts the machine anew",
        "settings of the kernel",
    ),
    folder("run/sysctl.d", "whether a panic starts the machine anew", ""),
    file("run/sysctl.d/*.conf", "whether a panic starts the machine anew", ""),
    folder("usr/local/lib/sysctl.d", "whether a panic starts the machine anew", ""),
    file("usr/local/lib/sysctl.d/*.conf", "whether a panic starts the machine anew", ""),
    folder("lib/sysctl.d", "whether a panic starts the machine anew", ""),
    file("lib/sysctl.d/*.conf", "whether a panic starts the machine anew", ""),
    folder("sys/class/ipmi", "whether a board controller reaches the console", ""),
    folder("etc/apt/apt.conf.d", "whether the machine reboots by itself", ""),
    file("etc/apt/apt.conf.d/*", "whether the machine reboots by itself", "settings of apt"),
    file("etc/dnf/automatic.conf", "whether the machine reboots by itself", "addresses for mail"),
    folder("usr/lib/zincati/config.d", "whether the machine reboots by itself", ""),
    file("usr/lib/zincati/config.d/*.toml", "whether the machine reboots by itself", ""),
    folder("run/zincati/config.d", "whether the machine reboots by itself", ""),
    file("run/zincati/config.d/*.toml", "whether the machine reboots by itself", ""),
    folder("etc/zincati/config.d", "whether the machine reboots by itself", ""),
    file("etc/zincati/config.d/*.toml", "whether the machine reboots by itself", "servers"),
    file("usr/share/rebootmgr/rebootmgr.conf", "whether the machine reboots by itself", ""),
    file("etc/rebootmgr.conf", "whether the machine reboots by itself", ""),
    file("etc/flatcar/update.conf", "whether the machine reboots by itself", "servers"),
    file("etc/dnf/dnf.conf", "how many kernels stay installed", "addresses of proxies"),
    folder("var/lib/kubelet", "whether the machine is a node of a cluster (that it is there)", ""),
    folder("var/lib/rancher/k3s/agent", "whether the machine is a node of a cluster", ""),
    folder("var/lib/rancher/rke2/agent", "whether the machine is a node of a cluster", ""),
    folder("usr/share/secureboot/updates/dbx", "updates of dbx that lie ready", ""),
    file("usr/share/secureboot/updates/dbx/*.bin", "updates of dbx that lie ready", ""),
    folder("usr/share/dbxtool", "updates of dbx that lie ready", ""),
    file("usr/share/dbxtool/*.bin", "updates of dbx that lie ready", ""),
    folder("var/cache/fwupd", "updates of dbx that lie ready", ""),
    file("var/cache/fwupd/*.[cb][ai][bn]", "updates of dbx that lie ready", ""),
    folder("usr/share/fwupd/remotes.d/vendor/firmware", "updates of dbx that lie ready", ""),
    file(
        "usr/share/fwupd/remotes.d/vendor/firmware/*.[cb][ai][bn]",
        "updates of dbx that lie ready",
        "",
    ),
    folder("run/systemd/units", "which units are active", "names of services"),
    folder("sys/fs/cgroup", "whether a service that must be active has processes", ""),
    folder("sys/fs/cgroup/**.slice", "whether a service that must be active has processes", ""),
    file(
        "sys/fs/cgroup/**.service/cgroup.events",
        "whether a service that must be active has processes",
        "",
    ),
    file(
        "sys/fs/cgroup/**.service/cgroup.procs",
        "whether a service that must be active has processes",
        "",
    ),
    folder("etc/systemd/system/*.d", "of which sort a unit is that must be active", ""),
    file("etc/systemd/system/*", "of which sort a unit is that must be active", UNIT),
    file("etc/systemd/system/*.d/*.conf", "of which sort a unit is that must be active", UNIT),
    folder("run/systemd/system/*.d", "of which sort a unit is that must be active", ""),
    file("run/systemd/system/*", "of which sort a unit is that must be active", UNIT),
    file("run/systemd/system/*.d/*.conf", "of which sort a unit is that must be active", UNIT),
    file("run/systemd/generator*/*", "of which sort a unit is that must be active", UNIT),
    folder("lib/systemd/system/*.d", "of which sort a unit is that must be active", ""),
    file("lib/systemd/system/*", "of which sort a unit is that must be active", ""),
    file("lib/systemd/system/*.d/*.conf", "of which sort a unit is that must be active", ""),
    file("run/loadworthy/statvfs", "free space, as somebody wrote it down below a folder", ""),
    Read { sort: Sort::Call, pattern: "uname(2)", what: "which kernel runs", privacy: "" },
    room("statvfs(2) boot"),
    room("statvfs(2) boot/efi"),
    room("statvfs(2) efi"),
    room("statvfs(2) sys/firmware/efi/efivars"),
];

const fn room(pattern: &'static str) -> Read {
    Read {
        sort: Sort::Call,
        pattern,
        what: "whether one more kernel or variable fits",
        privacy: "",
    }
}

const fn file(pattern: &'static str, what: &'static str, privacy: &'static str) -> Read {
    Read { sort: Sort::File, pattern, what, privacy }
}

const fn folder(pattern: &'static str, what: &'static str, privacy: &'static str) -> Read {
    Read { sort: Sort::Folder, pattern, what, privacy }
}

const fn link(pattern: &'static str, what: &'static str, privacy: &'static str) -> Read {
    Read { sort: Sort::Link, pattern, what, privacy }
}

/// Whether `pattern` covers the whole of `path`. `lib/…` in a pattern stands for `usr/lib/…` too
/// and `sbin/…` for `usr/sbin/…`: where `/usr` is merged the same folder has both names.
fn covers(pattern: &[u8], path: &[u8]) -> bool {
    let twin = path.strip_prefix(b"usr/").filter(|rest| {
        [b"lib/".as_slice(), b"sbin/"].iter().any(|at| rest.starts_with(at)) || *rest == b"lib"
    });
    matches(pattern, path) || twin.is_some_and(|twin| matches(pattern, twin))
}

/// Shell-like matching with `*`, `**` and `[…]`. Few stars stand in one pattern and paths are short,
/// so every place is simply tried.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', rest @ ..] => somewhere(rest, path, path.len()),
        [b'*', rest @ ..] => {
            let step = path.iter().position(|b| *b == b'/').unwrap_or(path.len());
            somewhere(rest, path, step)
        }
        [b'[', set @ ..] => {
            let Some(end) = set.iter().position(|b| *b == b']') else { return false };
            let (Some((first, tail)), Some((set, rest))) =
                (path.split_first(), set.split_at_checked(end))
            else {
                return false;
            };
            set.contains(first) && matches(rest.get(1..).unwrap_or_default(), tail)
        }
        [same, rest @ ..] => {
            path.split_first().is_some_and(|(b, tail)| b == same && matches(rest, tail))
        }
    }
}

/// Whether `pattern` matches what is left of `path` after so many bytes at most.
fn somewhere(pattern: &[u8], path: &[u8], most: usize) -> bool {
    let begins = pattern.first().filter(|first| !matches!(first, b'*' | b'['));
    (0..=most).any(|cut| {
        let tail = path.get(cut..).filter(|tail| begins.is_none_or(|b| tail.first() == Some(b)));
        tail.is_some_and(|tail| matches(pattern, tail))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_names_what_is_above_the_root() {
        for (given, kept) in [
            ("/proc/cmdline", "proc/cmdline"),
            ("lib//modules/./6.1/", "lib/modules/6.1"),
            ("../../etc/shadow", "etc/shadow"),
            ("lib/../../..", ""),
            ("", ""),
        ] {
            assert_eq!(HostPath::new(given).as_bytes(), kept.as_bytes(), "{given}");
        }
        let tree = HostPath::new("lib/modules/6.1");
        assert_eq!(tree.join("/kernel/a.ko").to_string(), "lib/modules/6.1/kernel/a.ko");
        assert_eq!(tree.parent().map(|p| p.to_string()), Some("lib/modules".into()));
        assert_eq!(HostPath::new("a").parent(), Some(HostPath::new("")));
        assert_eq!(HostPath::new("/").parent(), None);
        assert_eq!(HostPath::new(b"a\xff").to_string(), "a\\xff");
    }

    #[test]
    fn only_what_is_listed_may_be_read() {
        let read = |path: &str| Item::file(path).row().is_some();
        for path in [
            "boot/vmlinuz-6.1.0-56-amd64",
            "usr/lib/modules/6.1/kernel/drivers/net/e1000e.ko.xz",
            "lib/modules/6.1/x.ko",
            "lib/modules/6.1/updates/x.ko.zst",
            "lib/modules/6.1/modules.dep",
            "usr/src/linux-headers-6.1/Module.symvers",
        ] {
            assert!(read(path), "{path}");
        }
        for path in [
            "etc/shadow",
            "var/lib/dkms/mok.key",
            "lib/modules/6.1/build/certs/signing_key.pem",
            "etc/modprobe.d/sub/a.conf",
            "usr/etc/modprobe.d/a.conf",
            "proc/1/environ",
        ] {
            assert!(!read(path), "{path}");
        }
        let db = Item::Variable { name: "db".into(), vendor: Guid::IMAGE_SECURITY };
        assert_eq!(
            db.to_string(),
            "sys/firmware/efi/efivars/db-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
        );
        assert!(db.row().is_some() && Item::Uname.row().is_some());
        let out = Item::Variable { name: "../../x".into(), vendor: Guid::IMAGE_SECURITY };
        assert!(out.to_string().starts_with(EFIVARS));
    }
}

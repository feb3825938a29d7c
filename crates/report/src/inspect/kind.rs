//! The kinds of files that are told apart.

use serde::Serialize;

/// What a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A Linux kernel module, compressed or not.
    LinuxModule,
    /// An image of firmware or Windows; a Linux kernel with an EFI stub is one too.
    Pe,
    /// A Linux kernel that firmware cannot start itself.
    KernelImage,
    /// An initramfs image.
    Initramfs,
    /// A `.deb` or `.rpm`.
    Package,
    /// Lists of signatures, or an update of them.
    SignatureList,
    /// A firmware variable that holds something else.
    EfiVariable,
    /// An X.509 certificate, as DER or PEM.
    Certificate,
    /// A signed message on its own.
    Pkcs7,
    /// A catalog of files.
    Catalog,
    /// Keys and certificates, locked by a password.
    Pkcs12,
    /// A private key of Microsoft's tools of old.
    Pvk,
    /// The text of a Windows driver package.
    Inf,
    /// A cabinet.
    Cab,
    /// A package of Windows Installer.
    Msi,
    /// A policy of App Control, or a block list in its form.
    AppControlPolicy,
    /// A registry hive, or an exported text.
    Registry,
    /// The configuration that a kernel was built with.
    KernelConfig,
    /// A kernel's command line.
    KernelCommandLine,
    /// The keys of a running kernel.
    ProcKeys,
    /// How far a kernel is locked down.
    Lockdown,
    /// Marks on a kernel or a module.
    Taint,
    /// What modules need.
    ModulesDep,
    /// Which modules answer to a device.
    ModulesAlias,
    /// What modules would like to have beside them.
    ModulesSoftdep,
    /// What is compiled into a kernel.
    ModulesBuiltin,
    /// Which module exports a symbol.
    ModulesSymbols,
    /// Exported symbols with their CRC.
    ModuleSymvers,
    /// Directives for `modprobe`.
    ModprobeConfig,
    /// What is loaded.
    ProcModules,
    /// The banner of a kernel.
    ProcVersion,
    /// None of what is known here.
    #[default]
    Unknown,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinuxModule => "linux-module",
            Self::Pe => "pe",
            Self::KernelImage => "kernel-image",
            Self::Initramfs => "initramfs",
            Self::Package => "package",
            Self::SignatureList => "signature-list",
            Self::EfiVariable => "efi-variable",
            Self::Certificate => "certificate",
            Self::Pkcs7 => "pkcs7",
            Self::Catalog => "catalog",
            Self::Pkcs12 => "pkcs12",
            Self::Pvk => "pvk",
            Self::Inf => "inf",
            Self::Cab => "cab",
            Self::Msi => "msi",
            Self::AppControlPolicy => "app-control-policy",
            Self::Registry => "registry",
            Self::KernelConfig => "kernel-config",
            Self::KernelCommandLine => "kernel-command-line",
            Self::ProcKeys => "proc-keys",
            Self::Lockdown => "lockdown",
            Self::Taint => "taint",
            Self::ModulesDep => "modules-dep",
            Self::ModulesAlias => "modules-alias",
            Self::ModulesSoftdep => "modules-softdep",
            Self::ModulesBuiltin => "modules-builtin",
            Self::ModulesSymbols => "modules-symbols",
            Self::ModuleSymvers => "module-symvers",
            Self::ModprobeConfig => "modprobe-config",
            Self::ProcModules => "proc-modules",
            Self::ProcVersion => "proc-version",
            Self::Unknown => "unknown",
        }
    }
}

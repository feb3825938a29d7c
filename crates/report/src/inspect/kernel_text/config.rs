//! `kernel_config`: what decides about modules in a kernel's configuration.

use loadworthy_formats::error::{Error, Parsed};
use loadworthy_formats::kernel::kconfig::{self, Setting};
use loadworthy_formats::limits::Limits;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::inspect::page::Page;

/// Options that decide which modules load and whose keys count, without `CONFIG_`.
const TRUST: &[&str] = &[
    "MODULES",
    "MODULE_SIG",
    "MODULE_SIG_FORCE",
    "MODULE_SIG_ALL",
    "MODULE_SIG_HASH",
    "MODULE_SIG_KEY",
    "MODVERSIONS",
    "EXTENDED_MODVERSIONS",
    "MODULE_FORCE_LOAD",
    "MODULE_DECOMPRESS",
    "MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS",
    "MODULE_ALLOW_BTF_MISMATCH",
    "DEBUG_INFO_BTF_MODULES",
    "STRICT_MODULE_RWX",
    "LIVEPATCH",
    "SECONDARY_TRUSTED_KEYRING",
    "SYSTEM_TRUSTED_KEYS",
    "SYSTEM_BLACKLIST_KEYRING",
    "SYSTEM_BLACKLIST_HASH_LIST",
    "SYSTEM_REVOCATION_LIST",
    "SYSTEM_REVOCATION_KEYS",
    "INTEGRITY_PLATFORM_KEYRING",
    "INTEGRITY_MACHINE_KEYRING",
    "INTEGRITY_CA_MACHINE_KEYRING",
    "INTEGRITY_CA_MACHINE_KEYRING_MAX",
    "LOAD_UEFI_KEYS",
    "LOAD_IPL_KEYS",
    "LOAD_PPC_KEYS",
    "IMA",
    "IMA_APPRAISE",
    "IMA_ARCH_POLICY",
    "IMA_SECURE_AND_OR_TRUSTED_BOOT",
    "IMA_APPRAISE_MODSIG",
    "IMA_APPRAISE_REQUIRE_MODULE_SIGS",
    "SECURITY_LOCKDOWN_LSM",
    "SECURITY_LOCKDOWN_LSM_EARLY",
    "LOCK_DOWN_KERNEL_FORCE_NONE",
    "LOCK_DOWN_KERNEL_FORCE_INTEGRITY",
    "LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY",
    "LOCK_DOWN_IN_EFI_SECURE_BOOT",
    "LOCK_DOWN_IN_SECURE_BOOT",
    "LOCK_DOWN_KERNEL",
    "SECURITY_LOADPIN",
    "SECURITY_LOADPIN_ENFORCE",
    "SECURITY_IPE",
    "EFI_DISABLE_RUNTIME",
    "PREEMPT_RT",
    "KEXEC_SIG",
    "KEXEC_SIG_FORCE",
    "KEXEC_BZIMAGE_VERIFY_SIG",
    "CRYPTO_SHA256",
    "CRYPTO_SHA512",
    "CRYPTO_SHA3",
    "CRYPTO_ECDSA",
    "CRYPTO_MLDSA",
];
/// Beginnings of options of the same sort; only those that the file names are listed.
const FAMILIES: [&str; 2] = ["MODULE_COMPRESS", "RANDSTRUCT"];

/// A configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// The version in its heading.
    pub version: Option<String>,
    /// How many options it names.
    pub options: usize,
    /// How many of them are built in.
    pub built_in: usize,
    /// How many of them are modules.
    pub modules: usize,
    /// How many of them it says are not set.
    pub not_set: usize,
    /// Options that matter to the trust in modules: `y`, `m`, `n`, a text or a number as it is
    /// written; `null` where the file does not name it, which is not the same as `n`.
    pub trust: Map<String, Value>,
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Config>, Error> {
    let Parsed { value: all, deviations } = kconfig::read(bytes, limits)?;
    let said = |setting: Option<&Setting>| match setting {
        Some(Setting::Yes) => "y".into(),
        Some(Setting::Module) => "m".into(),
        Some(Setting::No) => "n".into(),
        Some(Setting::Text(text) | Setting::Number(text)) => Value::from(text.as_str()),
        None => Value::Null,
    };
    let families = all.iter().filter(|(name, _)| FAMILIES.iter().any(|f| name.starts_with(f)));
    let families: Vec<_> = families.map(|(name, setting)| (name, Some(setting))).collect();
    let named = TRUST.iter().map(|name| (*name, all.get(name)));
    let count = |wanted: Setting| all.iter().filter(|(_, setting)| **setting == wanted).count();
    let value = Config {
        version: all.version.clone(),
        options: all.iter().count(),
        built_in: count(Setting::Yes),
        modules: count(Setting::Module),
        not_set: count(Setting::No),
        trust: named.chain(families).map(|(name, s)| (name.to_owned(), said(s))).collect(),
    };
    Ok(Parsed { value, deviations })
}

impl Config {
    pub(super) fn headline(&self) -> String {
        self.version.clone().unwrap_or_default()
    }

    pub(super) fn text(&self, page: &mut Page) {
        page.field(
            "options",
            format!(
                "{}: {} built in, {} modules, {} not set",
                self.options, self.built_in, self.modules, self.not_set
            ),
        );
        let (set, absent): (Vec<_>, Vec<_>) =
            self.trust.iter().partition(|(_, value)| !value.is_null());
        let set: Vec<_> = set
            .iter()
            .map(|(name, value)| match value.as_str().unwrap_or_default() {
                "" => format!("{name}=\"\""),
                value => format!("{name}={value}"),
            })
            .collect();
        page.several("trust", &set, usize::MAX);
        let absent: Vec<_> = absent.iter().map(|(name, _)| name.as_str()).collect();
        if !absent.is_empty() {
            page.field("not named", absent.join(" "));
        }
    }
}

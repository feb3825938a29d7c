//! What a Linux kernel will demand of a module, on this machine, at the boot asked about.

use crate::crypt::digest::DigestAlgorithm;
use crate::elf_rules::rules::Rules;
use crate::fact::Fact;
use crate::fact::step::{Step, draw};
use crate::facts::firmware::FirmwareFacts;
use crate::facts::linux::{BuiltinNames, LinuxFacts, Symbols};
use crate::pkcs7::dialect::{Dialect, Knowledge};
use crate::proof::{Claim, Gaps, Proof, Question, Row, Rule, Why, gap, text};
use crate::tables::behaviours::Point;
use crate::tables::{Tables, Version};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::kernel::kconfig::{Kconfig, Setting};

mod fips;
mod algorithms;
mod elf;
mod identity;
pub mod ima;
pub mod keyrings;
pub mod security_modules;
mod lockdown;

pub use identity::Identity;
use security_modules::FileSystemPinned;

/// The policy of one kernel on one machine.
#[derive(Clone, Debug)]
pub struct LinuxPolicy {
    /// Whose kernel it is, and which.
    pub identity: Fact<Identity>,
    /// Whether Secure Boot is on as the kernel will see it.
    pub secure_boot: Fact<bool>,
    /// Whether the kernel looks at module signatures at all.
    pub signatures_checked: Fact<bool>,
    /// Whether a module nobody vouches for is refused.
    pub signatures_enforced: Fact<bool>,
    /// Whether lockdown keeps such modules out.
    pub locked_down: Fact<bool>,
    /// Where the running kernel shows something else than its files lead one to expect.
    pub disagreements: Vec<Proof>,
    /// The keys that count, and what counts against them.
    pub keyrings: keyrings::Keyrings,
    /// Whether module loading was switched off.
    pub loading_disabled: Fact<bool>,
    /// Whether FIPS mode is on.
    pub fips: Fact<bool>,
    /// Whether modules may come from one file system only (`LoadPin`).
    pub file_system_pinned: FileSystemPinned,
    /// Whether a policy of IPE that is compiled in says which modules may be loaded.
    pub ipe_decides: Fact<bool>,
    /// What signature of its own IMA wants on the module's file.
    pub file_signature: Fact<ima::FileSignature>,
    /// Names the kernel refuses (`module_blacklist=`).
    pub blocked_names: Fact<Vec<Arc<str>>>,
    /// The exact version magic, trailing blank included.
    pub vermagic: Fact<Vec<u8>>,
    /// The symbols of built-in code.
    pub symbols: Fact<Arc<Symbols>>,
    /// How the ELF file is looked over.
    pub elf_rules: Fact<Rules>,
    /// The size of `struct module` in bytes.
    pub module_struct_size: Fact<u64>,
    /// Names that built-in code occupies below `/sys/module`.
    pub builtin_names: BuiltinNames,
    /// Configuration that later checks ask about.
    pub options: Options,
    /// What this kernel does in points where kernels differ.
    pub behaviours: Behaviours,
    algorithms: algorithms::Available,
}

/// Configuration options that decide in single checks.
#[derive(Clone, Debug)]
pub struct Options {
    /// `CONFIG_MODVERSIONS`.
    pub modversions: Fact<bool>,
    /// `CONFIG_MODULE_FORCE_LOAD`.
    pub force_load: Fact<bool>,
    /// `CONFIG_LIVEPATCH`.
    pub livepatch: Fact<bool>,
    /// `CONFIG_PPC_KERNEL_PCREL`.
    pub power_pcrel: Fact<bool>,
    /// `CONFIG_STRICT_MODULE_RWX`.
    pub strict_rwx: Fact<bool>,
    /// `CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS`.
    pub namespaces_lax: Fact<bool>,
    /// `CONFIG_KALLSYMS`.
    pub kallsyms: Fact<bool>,
    /// `CONFIG_MODULE_DECOMPRESS`.
    pub decompress: Fact<bool>,
    /// `CONFIG_MODULE_COMPRESS_XZ`.
    pub decompress_xz: Fact<bool>,
    /// Whether type information of modules is looked at and must fit.
    pub types_must_fit: Fact<bool>,
    /// `CONFIG_SUSE_KERNEL_SUPPORTED`.
    pub support_flag: Fact<bool>,
    /// `unsupported=`, with `CONFIG_SUSE_KERNEL_SUPPORTED`: 0 refuses modules that nobody supports,
    /// 1 tells of them.
    pub unsupported: Fact<u8>,
}

/// What this kernel does in points where kernels differ.
#[derive(Clone, Debug)]
pub struct Behaviours {
    /// What becomes of a module that nobody vouches for, as in [`Point::Gate`].
    pub gate: Fact<Arc<str>>,
    /// Whether taints are set late (since 6.4).
    pub taints_late: Fact<bool>,
    /// Whether a module that cannot be shown in sysfs is refused (since 6.12).
    pub sysfs_strict: Fact<bool>,
    /// Whether extended symbol versions are known.
    pub extended_versions: Fact<bool>,
    /// Whether exporters must carry symbol flags.
    pub symbol_flags: Fact<bool>,
    /// Whether `module:` namespaces are known.
    pub module_namespaces: Fact<bool>,
    /// Whether riscv64's loader knows only the relocations that compilers made first.
    pub riscv_few_relocations: Fact<bool>,
}

impl LinuxPolicy {
    /// Draws the policy of `host` under `firmware` with what `tables` know.
    #[must_use]
    pub fn of(host: &LinuxFacts, firmware: &FirmwareFacts, tables: &Tables) -> Self {
        let identity = identity::draw_identity(host, tables);
        let ground = Ground { host, firmware, tables, identity: &identity };
        let secure_boot = lockdown::secure_boot(&ground);
        let enforced = lockdown::signatures_enforced(&ground, &secure_boot);
        let locked = lockdown::locked_down(&ground, &secure_boot);
        let algorithms = algorithms::Available::of(&ground);
        let dialect = dialect(&ground);
        let keyrings = keyrings::Keyrings::of(&ground, &secure_boot, &algorithms, dialect);
        Self {
            signatures_checked: signatures_checked(&ground),
            signatures_enforced: enforced.settled(),
            locked_down: locked.settled(),
            disagreements: [
                enforced.disagreement("signatures-enforced"),
                locked.disagreement("locked-down"),
            ]
            .into_iter()
            .flatten()
            .collect(),
            loading_disabled: loading_disabled(&ground),
            fips: fips::mode(&ground),
            file_system_pinned: security_modules::file_system_pinned(&ground),
            ipe_decides: security_modules::ipe_decides(&ground),
            file_signature: ima::file_signature(&ground, &secure_boot),
            blocked_names: host.cmdline.fact(|c| {
                let names: Vec<_> = c.module_blacklist().map(text).collect();
                let said = c.last("module_blacklist").map_or_else(
                    || "no module_blacklist=".into(),
                    |list| format!("module_blacklist={list}"),
                );
                (names, said)
            }),
            vermagic: vermagic(host),
            symbols: host.symbols.fact(|s| (s.clone(), format!("{} exported symbols", s.len()))),
            elf_rules: elf::rules(&ground),
            module_struct_size: host.module_struct_size.clone(),
            builtin_names: host.builtin_names.clone(),
            options: Options::of(&ground),
            behaviours: Behaviours::of(&ground),
            secure_boot,
            keyrings,
            algorithms,
            identity,
        }
    }

    /// Whether a digest algorithm is there when a module is loaded.
    #[must_use]
    pub fn digest(&self, algorithm: DigestAlgorithm) -> Fact<bool> {
        self.algorithms.named(algorithm.name())
    }

    /// That a digest algorithm is there only once a module was loaded for it.
    #[must_use]
    pub fn digest_loaded_first(&self, algorithm: DigestAlgorithm) -> Option<Proof> {
        static RULE: Rule = Rule {
            name: "linux/algorithm-loaded-first",
            source: "linux, crypto/api.c crypto_larval_lookup (request_module \"crypto-NAME\")",
        };
        let name = algorithm.name();
        let mut step = Step::of(&RULE);
        let built_in = *step.consult(&self.algorithms.at_boot(name)).ok()?;
        let later = *step.consult(&self.algorithms.named(name)).ok()?;
        (later && !built_in).then(|| step.concludes(Claim::AlgorithmLoadedFirst(text(name))))
    }

    /// Whether a public-key algorithm is there when a module is loaded, by the kernel's name for it.
    #[must_use]
    pub fn public_key(&self, name: &str) -> Fact<bool> {
        self.algorithms.named(name)
    }
}

/// What every rule of this room stands on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) host: &'a LinuxFacts,
    pub(crate) firmware: &'a FirmwareFacts,
    pub(crate) tables: &'a Tables,
    pub(crate) identity: &'a Fact<Identity>,
}

impl Ground<'_> {
    /// Whether a configuration option is set to `y` (or, with `modules`, to `m`).
    pub(crate) fn option(&self, name: &str) -> Fact<bool> {
        self.configured(&[name], |c| (c.is_yes(name), said(name, c.get(name))))
    }

    /// What the configuration says of these options, where it tells what they are set to: one that is
    /// built in is enough.
    pub(crate) fn configured<U>(
        &self,
        names: &[&str],
        ask: impl FnOnce(&Kconfig) -> (U, String),
    ) -> Fact<U> {
        self.host.config.fact_if(|c| {
            let untold = names.iter().find(|name| !c.tells(name));
            match untold.filter(|_| !names.iter().any(|name| c.is_yes(name))) {
                Some(name) => {
                    Err(gap(Question::KernelConfig, Why::NoRow(text(format!("CONFIG_{name}")))))
                }
                None => Ok(ask(c)),
            }
        })
    }

    /// Whether one of several configuration options is set to `y`.
    pub(crate) fn one_of(&self, names: &[&str]) -> Fact<bool> {
        self.configured(names, |c| {
            names.iter().find(|n| c.is_yes(n)).map_or_else(
                || (false, format!("neither of CONFIG_{} is set", names.join(", CONFIG_"))),
                |n| (true, format!("CONFIG_{n}=y")),
            )
        })
    }

    /// What this kernel does in a point where kernels differ.
    pub(crate) fn behaviour(&self, point: Point) -> Fact<Arc<str>> {
        static RULE: Rule =
            Rule { name: "linux/behaviour", source: "knowledge/linux/behaviours.toml" };
        let mut row: Option<(Arc<str>, Row)> = None;
        let drawn = draw(&RULE, |step| {
            let who = step.consult(self.identity)?;
            let image = self.host.image.fact(|i| (i.clone(), "its messages".into()));
            let seen = Step::of(&RULE).consult(&image).ok().cloned();
            let config = self.host.config.fact(|c| (c.clone(), "its options".into()));
            let config = Step::of(&RULE).consult(&config).ok().cloned();
            let probe = |name: &str| match name.strip_prefix("CONFIG_") {
                // An option that is not there may have been hidden by another one.
                Some(option) => config.as_ref()?.get(option).map(|_| true),
                None => seen.as_ref().map(|i| i.probes.iter().any(|p| format!("{p:?}") == name)),
            };
            row = self
                .tables
                .behaviours
                .of(point, &who.distro, who.version, elf::architecture(self), probe)
                .map(|(answer, row)| (text(answer), row));
            Ok(((), Claim::Verified))
        });
        match (row, drawn) {
            (Some((answer, row)), _) => Fact::listed(answer, row),
            (None, drawn) => match Step::of(&RULE).consult(&drawn) {
                Err(gaps) => Fact::unknown(gaps),
                Ok(()) => Fact::unknown(gap(
                    Question::KernelBehaviour,
                    Why::NoRow(text(format!("linux/behaviours.toml, {point:?}"))),
                )),
            },
        }
    }

    /// The same for points that are answered with yes or no.
    pub(crate) fn does(&self, point: Point) -> Fact<bool> {
        self.behaviour(point).map(|answer| &**answer == "yes")
    }
}

/// A setting as its file writes it.
fn said(name: &str, setting: Option<&Setting>) -> String {
    match setting {
        Some(Setting::Yes) => format!("CONFIG_{name}=y"),
        Some(Setting::Module) => format!("CONFIG_{name}=m"),
        Some(Setting::Text(text)) => format!("CONFIG_{name}=\"{text}\""),
        Some(Setting::Number(number)) => format!("CONFIG_{name}={number}"),
        Some(Setting::No) | None => format!("CONFIG_{name} is not set"),
    }
}

fn signatures_checked(ground: &Ground<'_>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/signatures-checked",
        source: "linux, kernel/module/signing.c, CONFIG_MODULE_SIG",
    };
    draw(&RULE, |step| {
        let checked = *step.consult(&ground.option("MODULE_SIG"))?;
        Ok((checked, Claim::SignaturesChecked(checked)))
    })
}

/// How this kernel reads signatures and certificates: what its parsers know, by version.
fn dialect(ground: &Ground<'_>) -> Fact<Arc<Dialect>> {
    static RULE: Rule = Rule {
        name: "linux/dialect",
        source: "linux, include/linux/oid_registry.h; knowledge/linux/oids.toml",
    };
    draw(&RULE, |step| {
        let version = version(ground.identity, step)?;
        let knowledge = Knowledge::built_in()
            .map_err(|_| gap(Question::KernelBehaviour, Why::NoRow(text("linux/oids.toml"))))?;
        Ok((Arc::new(Dialect::new(&knowledge, version)), Claim::DialectKnown))
    })
}

fn loading_disabled(ground: &Ground<'_>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/loading-disabled",
        source: "linux, kernel/module/main.c may_init_module",
    };
    static AFTER_BOOT: Rule = Rule {
        name: "linux/loading-open-after-boot",
        source: "linux, kernel/module/main.c, modules_disabled starts at 0",
    };
    let running = &ground.host.running.modules_disabled;
    draw(&RULE, |step| {
        let off = *step.consult(running)?;
        Ok((off, Claim::LoadingDisabled(off)))
    })
    .or(|| draw(&AFTER_BOOT, |_| Ok((false, Claim::LoadingDisabled(false)))))
}

fn vermagic(host: &LinuxFacts) -> Fact<Vec<u8>> {
    let found = host.image.fact(|i| {
        (
            i.vermagic.clone(),
            i.vermagic.as_deref().map_or_else(
                || "no version magic found".into(),
                |v| format!("version magic '{}'", String::from_utf8_lossy(v)),
            ),
        )
    });
    static RULE: Rule = Rule { name: "linux/vermagic", source: "linux, include/linux/vermagic.h" };
    let mut step = Step::of(&RULE);
    match step.consult(&found) {
        Ok(Some(v)) => Fact::because(v.clone(), found.proof()),
        Ok(None) => Fact::unknown(gap(
            Question::Vermagic,
            Why::Missing(text("version magic of the kernel image")),
        )),
        Err(gaps) => Fact::unknown(gaps),
    }
}

impl Options {
    fn of(ground: &Ground<'_>) -> Self {
        static TYPES: Rule = Rule {
            name: "linux/types-must-fit",
            source: "linux, kernel/bpf/btf.c btf_module_notify",
        };
        Self {
            modversions: ground.option("MODVERSIONS"),
            force_load: ground.option("MODULE_FORCE_LOAD"),
            livepatch: ground.option("LIVEPATCH"),
            power_pcrel: ground.option("PPC_KERNEL_PCREL"),
            strict_rwx: ground.option("STRICT_MODULE_RWX"),
            namespaces_lax: ground.option("MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS"),
            kallsyms: ground.option("KALLSYMS"),
            decompress: ground.option("MODULE_DECOMPRESS"),
            decompress_xz: ground.option("MODULE_COMPRESS_XZ"),
            support_flag: ground.option("SUSE_KERNEL_SUPPORTED"),
            unsupported: ground.host.cmdline.fact(|c| match c.last("unsupported") {
                Some(word) => (word.parse().unwrap_or(2), format!("unsupported={word}")),
                None => (2, "no unsupported=".into()),
            }),
            types_must_fit: draw(&TYPES, |step| {
                let looked_at = ground.option("DEBUG_INFO_BTF_MODULES");
                let lax = ground.option("MODULE_ALLOW_BTF_MISMATCH").map(|lax| !lax);
                let must = step.all(&[&looked_at, &lax])?;
                Ok((must, Claim::TypesFit(!must)))
            }),
        }
    }
}

impl Behaviours {
    fn of(ground: &Ground<'_>) -> Self {
        Self {
            gate: ground.behaviour(Point::Gate),
            taints_late: ground.behaviour(Point::TaintOrder).map(|a| &**a == "late"),
            sysfs_strict: ground.does(Point::SysfsStrict),
            extended_versions: ground.does(Point::ExtendedVersions),
            symbol_flags: ground.does(Point::SymbolFlags),
            module_namespaces: ground.does(Point::ModuleNamespaces),
            riscv_few_relocations: ground.behaviour(Point::RiscvRelocations).map(|a| &**a == "few"),
        }
    }
}

/// The version of the kernel, where its identity is known.
pub(crate) fn version(identity: &Fact<Identity>, step: &mut Step) -> Result<Version, Gaps> {
    Ok(step.consult(identity)?.version)
}

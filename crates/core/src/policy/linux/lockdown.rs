//! Secure Boot, signature enforcement and lockdown.

use super::Ground;
use super::elf::architecture;
use super::security_modules::{probed, started};
use crate::fact::Fact;
use crate::fact::step::{Step, draw};
use crate::proof::{Claim, Proof, Rule};
use crate::tables::behaviours::Point;
use alloc::format;
use loadworthy_formats::kernel::image::Probe;
use loadworthy_formats::kernel::lockdown::Level;

/// Whether Secure Boot is on, as kernels of the architecture see it.
pub(super) fn secure_boot(ground: &Ground<'_>) -> Fact<bool> {
    static POWER: Rule = Rule {
        name: "linux/secure-boot-of-power",
        source: "linux, arch/powerpc/kernel/secure_boot.c is_ppc_secureboot_enabled, CONFIG_PPC_SECURE_BOOT",
    };
    static Z: Rule = Rule {
        name: "linux/secure-load-of-z",
        source: "linux, arch/s390/boot/ipl_report.c, arch/s390/kernel/ipl.c ipl_secure_flag",
    };
    match architecture(ground) {
        Some("ppc64") => draw(&POWER, |step| {
            let compiled = ground.option("PPC_SECURE_BOOT");
            let on = step.all(&[&compiled, &ground.firmware.power_secure_boot])?;
            Ok((on, Claim::SecureBoot(on)))
        }),
        Some("s390x") => draw(&Z, |step| {
            let on = *step.consult(&ground.firmware.z_secure_load)?;
            Ok((on, Claim::SecureBoot(on)))
        }),
        _ => of_uefi(ground),
    }
}

/// Whether Secure Boot is on as the kernel's EFI stub sees it.
fn of_uefi(ground: &Ground<'_>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/secure-boot",
        source: "linux, drivers/firmware/efi/libstub/secureboot.c efi_get_secureboot; include/linux/efi.h efi_get_secureboot_mode",
    };
    let firmware = ground.firmware;
    draw(&RULE, |step| {
        let on = match step.consult(&firmware.secure_boot)? {
            // 1. No variable, or zero: disabled.
            None | Some(0) => false,
            Some(_) => {
                // 2. Setup mode: disabled; an unreadable one counts as zero.
                let setup = matches!(step.consult(&firmware.setup_mode)?, Some(1));
                // 3. Shim does not validate: disabled, unless the variable was planted.
                !setup
                    && !step
                        .consult(&firmware.mok_sb_state)?
                        .is_some_and(|state| state.value == 1 && !state.non_volatile)
            }
        };
        Ok((on, Claim::SecureBoot(on)))
    })
}

/// What the running kernel shows, and what its files and its firmware lead one to expect.
#[derive(Clone, Debug)]
pub(super) struct Twofold {
    shown: Fact<bool>,
    expected: Fact<bool>,
}

impl Twofold {
    /// The nearest to the code that enforces: what the kernel shows, else what is expected.
    pub(super) fn settled(&self) -> Fact<bool> {
        self.shown.clone().or(|| self.expected.clone())
    }

    /// That the two are known and differ.
    pub(super) fn disagreement(&self, about: &'static str) -> Option<Proof> {
        static RULE: Rule = Rule {
            name: "linux/sources-disagree",
            source: "two sources of one fact, side by side",
        };
        let mut step = Step::of(&RULE);
        let shown = *step.consult(&self.shown).ok()?;
        let expected = *step.consult(&self.expected).ok()?;
        (shown != expected).then(|| step.concludes(Claim::SourcesDisagree { about, shown }))
    }
}

/// Whether a module nobody vouches for is refused.
pub(super) fn signatures_enforced(ground: &Ground<'_>, secure_boot: &Fact<bool>) -> Twofold {
    static RULE: Rule = Rule {
        name: "linux/signatures-enforced",
        source: "linux, kernel/module/signing.c sig_enforce, set_module_sig_enforced",
    };
    static BY_IMA: Rule = Rule {
        name: "linux/enforced-by-secure-boot",
        source: "linux, security/integrity/ima/ima_efi.c arch_get_ima_policy",
    };
    static RUNNING: Rule = Rule {
        name: "linux/signatures-enforced-now",
        source: "linux, kernel/module/signing.c, parameter sig_enforce",
    };
    let shown = draw(&RUNNING, |step| {
        let on = *step.consult(&ground.host.running.sig_enforce)?;
        Ok((on, Claim::SignaturesEnforced(on)))
    });
    let expected = draw(&RULE, |step| {
        let forced = ground.option("MODULE_SIG_FORCE");
        let asked = ground.host.cmdline.fact(|c| {
            let on = c.sig_enforce();
            (on, if on { "module.sig_enforce".into() } else { "no module.sig_enforce".into() })
        });
        let by_ima = draw(&BY_IMA, |step| {
            let compiled = ground.option("IMA_ARCH_POLICY");
            let does = ground.does(Point::ImaEnforces);
            let on = step.all(&[&compiled, &does, secure_boot])?;
            Ok((on, Claim::SignaturesEnforced(on)))
        });
        let on = step.any(&[&forced, &asked, &by_ima])?;
        Ok((on, Claim::SignaturesEnforced(on)))
    });
    Twofold { shown, expected }
}

/// Whether lockdown keeps unverified modules out.
pub(super) fn locked_down(ground: &Ground<'_>, secure_boot: &Fact<bool>) -> Twofold {
    static RULE: Rule = Rule {
        name: "linux/locked-down",
        source: "linux, security/lockdown/lockdown.c lock_kernel_down, lockdown_param; AlmaLinux 8.10, security/lock_down.c lockdown_param",
    };
    static AUTOMATIC: Rule = Rule {
        name: "linux/locked-down-by-secure-boot",
        source: "the distribution's lockdown patch: arch/x86/kernel/setup.c, drivers/firmware/efi/efi-init.c (arm64, riscv64), arch/powerpc/kernel/setup-common.c, arch/s390/kernel/setup.c",
    };
    static RUNNING: Rule = Rule {
        name: "linux/locked-down-now",
        source: "linux, security/lockdown/lockdown.c lockdown_read",
    };
    let shown = draw(&RUNNING, |step| {
        let on = *step.consult(&ground.host.running.lockdown)? >= Level::Integrity;
        Ok((on, Claim::LockedDown(on)))
    });
    let expected = draw(&RULE, |step| {
        // The patches from before there was a security module lock at the mere word.
        let older = ground.option("LOCK_DOWN_KERNEL");
        let older = Step::of(&RULE).consult(&older).is_ok_and(|on| *on);
        // Without the security module nothing locks; it is listed by `lsm=` or initialised early.
        let built = ground.option("SECURITY_LOCKDOWN_LSM");
        let early = ground.option("SECURITY_LOCKDOWN_LSM_EARLY");
        let listed = started(ground, "lockdown");
        if !older && (!*step.consult(&built)? || !step.any(&[&early, &listed])?) {
            return Ok((false, Claim::LockedDown(false)));
        }
        let asked = ground.host.cmdline.fact(|c| {
            let counts =
                |w: &Option<&str>| older || matches!(w, Some("integrity" | "confidentiality"));
            let word = c.all("lockdown").find(counts).map(Option::unwrap_or_default);
            let said = word.map_or_else(|| "no lockdown=".into(), |w| format!("lockdown={w}"));
            (word.is_some(), said)
        });
        let forced = ground.one_of(&[
            "LOCK_DOWN_KERNEL_FORCE_INTEGRITY",
            "LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY",
        ]);
        let automatic = draw(&AUTOMATIC, |step| {
            let configured = ground.one_of(&[
                "LOCK_DOWN_IN_EFI_SECURE_BOOT",
                "LOCK_DOWN_IN_SECURE_BOOT",
                "LOCK_DOWN_KERNEL",
            ]);
            // On Power and Z the patches of some need no option: their words are in the image.
            let words = match architecture(ground) {
                Some("ppc64") => Some(Probe::LockdownPower),
                Some("s390x") => Some(Probe::LockdownSecureIpl),
                _ => None,
            };
            let worded = words.map(|words| probed(ground, words));
            let worded = worded.filter(|w| Step::of(&AUTOMATIC).consult(w).is_ok_and(|on| *on));
            // The option came with the patch: where it is known, it says all there is to say.
            let patched = ground.behaviour(Point::AutomaticLockdown).map(|a| &**a != "none");
            let configured = match Step::of(&AUTOMATIC).consult(&configured) {
                Ok(_) => configured,
                Err(_) => draw(&AUTOMATIC, |step| {
                    let on = step.all(&[&patched, &configured])?;
                    Ok((on, Claim::LockedDown(on)))
                }),
            };
            let configured = worded.unwrap_or(configured);
            let on = step.all(&[&configured, secure_boot])?;
            Ok((on, Claim::LockedDown(on)))
        });
        let on = step.any(&[&forced, &asked, &automatic])?;
        Ok((on, Claim::LockedDown(on)))
    });
    Twofold { shown, expected }
}

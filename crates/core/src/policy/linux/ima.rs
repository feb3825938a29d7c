//! Whether IMA wants a signature in an extended attribute of every module file.

use super::Ground;
use crate::fact::Fact;
use crate::fact::step::draw;
use crate::proof::{Claim, Rule};
use alloc::format;

pub(super) fn file_signature_wanted(ground: &Ground<'_>, secure_boot: &Fact<bool>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/file-signature-wanted",
        source: "linux, security/integrity/ima/ima_policy.c ima_init_policy; ima_appraise.c default_appraise_setup",
    };
    static BY_POLICY: Rule = Rule {
        name: "linux/appraisal-policy",
        source: "linux, security/integrity/ima/ima_policy.c policy_setup, secure_boot_rules, default_appraise_rules",
    };
    static MODE: Rule = Rule {
        name: "linux/appraisal-enforced",
        source: "linux, security/integrity/ima/ima_appraise.c default_appraise_setup, ima_appraise_parse_cmdline",
    };
    draw(&RULE, |step| {
        let appraises = ground.option("IMA_APPRAISE");
        let rules = draw(&BY_POLICY, |step| {
            let asked = ground.host.cmdline.fact(|c| {
                let word = c.ima_policies().find(|p| matches!(*p, "secure_boot" | "appraise_tcb"));
                let old = c.has("ima_appraise_tcb");
                let said = match (word, old) {
                    (Some(word), _) => format!("ima_policy={word}"),
                    (None, true) => "ima_appraise_tcb".into(),
                    (None, false) => "no ima_policy= that appraises modules".into(),
                };
                (word.is_some() || old, said)
            });
            let built_in = ground.option("IMA_APPRAISE_REQUIRE_MODULE_SIGS");
            let on = step.any(&[&built_in, &asked])?;
            Ok((on, Claim::FileSignatureWanted(on)))
        });
        let enforced = draw(&MODE, |step| {
            // `ima_appraise=` is read only where it was compiled in, and not under Secure Boot.
            let heard = ground.option("IMA_APPRAISE_BOOTPARAM");
            let softened = ground.host.cmdline.fact(|c| {
                let word = c.last("ima_appraise").unwrap_or("enforce");
                (matches!(word, "off" | "log" | "fix"), format!("ima_appraise={word}"))
            });
            let not_secure = secure_boot.map(|on| !on);
            let soft = step.all(&[&softened, &heard, &not_secure])?;
            Ok((!soft, Claim::FileSignatureWanted(!soft)))
        });
        let wanted = step.all(&[&rules, &appraises, &enforced])?;
        Ok((wanted, Claim::FileSignatureWanted(wanted)))
    })
}

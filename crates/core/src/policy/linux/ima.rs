//! What IMA wants of module files: its built-in rules, those of the command line, and a policy of the
//! machine's own.

use super::Ground;
use crate::fact::Fact;
use crate::fact::step::draw;
use crate::proof::{Claim, Question, Rule, Why, gap, text};
use alloc::format;
use loadworthy_formats::kernel::ima_policy::{Action, ImaRule, Relation, Term};

/// The signature that IMA wants on a module's file, beside what the loader asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSignature {
    /// None.
    NotWanted,
    /// One in the attribute `security.ima`.
    InAttribute,
    /// One there, or one at the end of the file by a key of `.ima` (`appraise_type=imasig|modsig`).
    InAttributeOrAppended,
}

/// What signature IMA wants on a module's file.
pub(super) fn file_signature(ground: &Ground<'_>, secure_boot: &Fact<bool>) -> Fact<FileSignature> {
    static RULE: Rule = Rule {
        name: "linux/file-signature-wanted",
        source: "linux, security/integrity/ima/ima_policy.c ima_init_policy, ima_match_policy; ima_appraise.c default_appraise_setup",
    };
    static MODE: Rule = Rule {
        name: "linux/appraisal-enforced",
        source: "linux, security/integrity/ima/ima_appraise.c default_appraise_setup, ima_appraise_parse_cmdline",
    };
    draw(&RULE, |step| {
        let appraises = ground.option("IMA_APPRAISE");
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
        let by_kernel = by_kernel(ground);
        let own = by_machine(ground);
        let by_machine = own.map(|wanted| *wanted != FileSignature::NotWanted);
        // Whatever one of them wants is wanted: rules that are compiled in stay when a policy is loaded.
        let some = draw(&RULE, |step| {
            let on = step.any(&[&by_kernel, &by_machine])?;
            Ok((on, Claim::FileSignatureWanted(on)))
        });
        let wanted = step.all(&[&some, &appraises, &enforced])?;
        let claim = Claim::FileSignatureWanted(wanted);
        if !wanted {
            return Ok((FileSignature::NotWanted, claim));
        }
        let (own, by_kernel) = (step.consult(&own).copied(), step.consult(&by_kernel).copied());
        let found = match (own, by_kernel) {
            (_, Ok(true)) | (Err(_), _) => FileSignature::InAttribute,
            (Ok(own), _) => own,
        };
        Ok((found, claim))
    })
}

/// Whether the kernel brings a rule that wants it, or the command line asks for one.
fn by_kernel(ground: &Ground<'_>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/appraisal-policy",
        source: "linux, security/integrity/ima/ima_policy.c policy_setup, secure_boot_rules, default_appraise_rules",
    };
    draw(&RULE, |step| {
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
    })
}

/// What the machine's own policy wants.
fn by_machine(ground: &Ground<'_>) -> Fact<FileSignature> {
    static RULE: Rule = Rule {
        name: "linux/appraisal-policy-own",
        source: "linux, security/integrity/ima/ima_policy.c ima_match_rules, ima_update_policy; systemd, src/core/ima-setup.c",
    };
    draw(&RULE, |step| {
        let Some(rules) = step.consult(&ground.host.ima_policy)?.clone() else {
            return Ok((FileSignature::NotWanted, Claim::FileSignatureWanted(false)));
        };
        let found = of_rules(&rules).map_err(|line| {
            let rule = text(format!("line {line} of the policy: whether it meets module files"));
            gap(Question::ImaPolicy, Why::Missing(rule))
        })?;
        Ok((found, Claim::FileSignatureWanted(found != FileSignature::NotWanted)))
    })
}

/// What the first rule that meets a module wants; the line of one of which that is open and would
/// change the answer.
fn of_rules(rules: &[ImaRule]) -> Result<FileSignature, usize> {
    let mut open = None;
    let mut settled = FileSignature::NotWanted;
    for rule in rules {
        let wants = match rule.action {
            Action::DontAppraise => FileSignature::NotWanted,
            Action::Appraise
                if rule.value("appraise_type").is_some_and(|t| t.contains("modsig")) =>
            {
                FileSignature::InAttributeOrAppended
            }
            Action::Appraise => FileSignature::InAttribute,
            Action::Measure
            | Action::DontMeasure
            | Action::Audit
            | Action::Hash
            | Action::DontHash => continue,
        };
        // One term that is not met is enough, whatever the others are.
        if rule.terms.iter().any(|term| meets(term) == Some(false)) {
            continue;
        }
        if rule.terms.iter().all(|term| meets(term) == Some(true)) {
            settled = wants;
            break;
        }
        open = open.or(Some((rule.line, wants)));
    }
    match open {
        Some((line, wants)) if wants != settled => Err(line),
        _ => Ok(settled),
    }
}

/// File systems that hold no module trees (`include/uapi/linux/magic.h`): rules leave them out.
const ELSEWHERE: [u32; 17] = [
    0x9fa0,
    0x6265_6572,
    0x6462_6720,
    0x0102_1994,
    0x8584_58f6,
    0x7363_6673,
    0xf97c_ff8c,
    0x4341_5d53,
    0x0027_e0eb,
    0x6367_7270,
    0x6e73_6673,
    0xde5e_81e4,
    0x1cd1,
    0x4249_4e4d,
    0x1980_0202,
    0x6165_676c,
    0x7472_6163,
];

/// Whether a term is met when a module of the root is loaded; `None`: not to be told from here.
/// Modules belong to root, as packages install them, and root loads them.
fn meets(term: &Term) -> Option<bool> {
    let value = term.value.as_str();
    match term.name.as_str() {
        "func" => Some(value == "MODULE_CHECK"),
        "mask" => Some(value.trim_start_matches('^') == "MAY_READ"),
        "uid" | "euid" | "gid" | "egid" | "fowner" | "fgroup" => {
            let than: u32 = value.parse().ok()?;
            Some(match term.relation {
                Relation::Equal => than == 0,
                Relation::Less => than > 0,
                Relation::Greater => false,
            })
        }
        "fsmagic" => {
            let digits = value.trim_start_matches("0x").trim_start_matches("0X");
            let magic = u32::from_str_radix(digits, 16).ok()?;
            ELSEWHERE.contains(&magic).then_some(false)
        }
        "fsname" => {
            matches!(value, "rootfs" | "tmpfs" | "ramfs" | "proc" | "sysfs").then_some(false)
        }
        "appraise_type" | "appraise_flag" | "appraise_algos" | "digest_type"
        | "permit_directio" | "pcr" | "template" | "label" | "keyrings" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{FileSignature, of_rules};
    use alloc::format;
    use loadworthy_formats::kernel::ima_policy;
    use loadworthy_formats::limits::Limits;

    fn wants(policy: &str) -> Result<FileSignature, usize> {
        of_rules(&ima_policy::read(policy.as_bytes(), &Limits::DEFAULT).unwrap().value)
    }

    /// `Documentation/ABI/testing/ima_policy`: rules are tried in order, the first that meets decides.
    #[test]
    fn the_first_rule_that_meets_a_module_decides() {
        use FileSignature::{InAttribute, InAttributeOrAppended, NotWanted};
        // The default policies for measuring and for root's files.
        let usual = "dont_appraise fsmagic=0x9fa0\ndont_appraise fsmagic=0x62656572\n";
        for (rules, wanted) in [
            ("", NotWanted),
            ("measure func=MODULE_CHECK\n", NotWanted),
            ("appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig\n", NotWanted),
            ("appraise func=MODULE_CHECK appraise_type=imasig\n", InAttribute),
            ("appraise func=MODULE_CHECK appraise_type=imasig|modsig\n", InAttributeOrAppended),
            ("appraise fowner=0\n", InAttribute),
            ("appraise fowner=1000\n", NotWanted),
            ("dont_appraise func=MODULE_CHECK\nappraise fowner=0\n", NotWanted),
            ("appraise mask=MAY_EXEC fowner=0\n", NotWanted),
        ] {
            assert_eq!(wants(&format!("{usual}{rules}")), Ok(wanted), "{rules}");
        }
    }

    #[test]
    fn a_term_that_cannot_be_told_leaves_it_open_only_where_it_matters() {
        assert_eq!(wants("appraise func=MODULE_CHECK obj_type=modules_object_t\n"), Err(1));
        let again = "appraise func=MODULE_CHECK fsuuid=1\nappraise func=MODULE_CHECK\n";
        assert_eq!(wants(again), Ok(FileSignature::InAttribute));
        let other = "appraise func=FILE_CHECK obj_type=etc_t\n";
        assert_eq!(wants(other), Ok(FileSignature::NotWanted));
    }
}

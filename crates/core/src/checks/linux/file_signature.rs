//! IMA may want a signature of the file itself, in an extended attribute, before anything else.

use super::unpacking::unpacker;
use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Line, Passage};
use crate::codes::FILE_SIGNATURE_WANTED;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::policy::linux::ima::FileSignature;
use crate::proof::{Claim, Question, Rule, Unpacker, Why, gap, text};
use alloc::borrow::ToOwned;
use loadworthy_formats::modsig::Appended;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/file-signature",
        source: "linux, security/integrity/ima/ima_main.c ima_post_read_file, ima_load_data; ima_appraise.c ima_appraise_measurement",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let wanted = *step.consult(&case.policy.file_signature)?;
    let claim = Claim::FileSignatureWanted(wanted != FileSignature::NotWanted);
    if wanted == FileSignature::NotWanted {
        return Ok(Passage::pass(claim));
    }
    if unpacker(case, step)? == Unpacker::Program {
        // Without a file there is nothing to appraise: the loader's own check stands for it, if it insists.
        if *step.consult(&case.policy.signatures_enforced)? {
            return Ok(Passage::pass(claim));
        }
        let text = "ima: impossible to appraise a module without a file descriptor. sig_enforce kernel parameter might help";
        let line = Line { row: "ima", text: text.to_owned(), once: false };
        return Ok(Passage::refuse(claim, &FILE_SIGNATURE_WANTED, Errno::EACCES).saying(line));
    }
    if wanted == FileSignature::InAttributeOrAppended
        && let Some(bytes) = case.bytes(step)?
        && bytes.appended != Appended::Nothing
    {
        let why = Why::Missing(text("the keys of .ima, one of which must have signed it"));
        return Err(gap(Question::ImaPolicy, why));
    }
    // Without the attribute the answer is certain; with it, the keys of `.ima` would decide.
    step.consult(&case.module.without_file_signature)?;
    Ok(Passage::refuse(claim, &FILE_SIGNATURE_WANTED, Errno::EACCES))
}

//! The signature must be one the kernel can read, and hold, by a key that counts for modules.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule, text};
use crate::signature::{Stage, signer};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/signature",
        source: "linux, certs/system_keyring.c verify_pkcs7_message_sig; crypto/asymmetric_keys/pkcs7_parser.c, pkcs7_verify.c, pkcs7_trust.c",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    if !*step.consult(&case.policy.signatures_checked)? {
        return Ok(Passage::pass(Claim::SignaturesChecked(false)));
    }
    let mut passage = match step.consult(&case.signature.verified)? {
        Stage::NotReached => return Ok(Passage::pass(Claim::SignaturePresent(false))),
        Stage::Passed(by) => {
            Passage::pass(Claim::SignatureVerifies { ring: by.ring, key: by.key.clone() })
        }
        Stage::Failed(failure) if failure.errno == Errno::ENOKEY => {
            let signer = signer(case.module).unwrap_or_else(|| text(""));
            Passage::pass(Claim::SignerUnknown { signer })
        }
        Stage::Failed(failure) => {
            let claim = Claim::SignatureFails { errno: failure.errno, rule: text(failure.rule) };
            // Soft errors go to the door: it depends on enforcement what becomes of them.
            if case.left_to_gate(failure, step)? {
                Passage::pass(claim)
            } else {
                Passage::refuse(claim, failure.code, failure.errno)
            }
        }
    };
    passage.says.extend(case.signature.lines.iter().cloned());
    Ok(passage)
}

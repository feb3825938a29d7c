//! A well-signed file can still be denied by its digest, where the distribution looks.

use super::{LinuxCase, LinuxCheck, unread};
use crate::check::{Answer, Check, Passage};
use crate::codes::FILE_DIGEST_DENIED;
use crate::errno::Errno;
use crate::fact::step::Step;
use crate::proof::{Claim, Rule};
use crate::signature::Stage;
use loadworthy_formats::text::hex;

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/file-digest",
        source: "Debian linux and openSUSE, kernel/module/signing.c mod_is_hash_blacklisted",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    // Asked only after the signature was found good.
    if !matches!(step.consult(&case.signature.verified)?, Stage::Passed(_)) {
        return Ok(Passage::pass(Claim::FileDigestDenied(false)));
    }
    if !*step.consult(&case.policy.keyrings.file_digests_denied)? {
        return Ok(Passage::pass(Claim::FileDigestsDenied(false)));
    }
    let Some(bytes) = case.bytes(step)? else { return unread() };
    if step.find(&case.policy.keyrings.denied_files, |d| *d == bytes.sha256)?.is_none() {
        return Ok(Passage::pass(Claim::FileDigestDenied(false)));
    }
    let mut passage =
        Passage::refuse(Claim::FileDigestDenied(true), &FILE_DIGEST_DENIED, Errno::EKEYREJECTED);
    passage.says.extend(case.line("file-digest-denied", &[&hex(&bytes.sha256)], step)?);
    Ok(passage)
}

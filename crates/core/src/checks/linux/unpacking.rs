//! Who unpacks a packed module: the program that loads it, which hands over bytes and no file, or the
//! kernel, which does not take every stream.

use super::{LinuxCase, LinuxCheck};
use crate::check::{Answer, Check, Passage};
use crate::fact::step::Step;
use crate::proof::{Claim, Gaps, Question, Rule, Unpacker, Why, gap, text};
use loadworthy_formats::compress::{Check as Guard, Compression};

pub(super) static CHECK: LinuxCheck = Check {
    rule: Rule {
        name: "linux/unpacked",
        source: "linux, kernel/module/decompress.c module_xz_decompress, lib/xz/xz_dec_stream.c; kmod, libkmod/libkmod-module.c do_finit_module",
    },
    run: check,
};

fn check(case: &LinuxCase<'_>, step: &mut Step) -> Answer {
    let Some(packed) = case.module.packed else {
        return Ok(Passage::pass(Claim::UnpackedBy(Unpacker::Nobody)));
    };
    let taken = packed.by != Compression::Xz
        || matches!(packed.check, None | Some(Guard::None | Guard::Crc32));
    if taken || !handed_over(case, step)? {
        return Ok(Passage::pass(Claim::UnpackedBy(Unpacker::Program)));
    }
    // The kernel's decoder knows CRC32 and no check; kmod since 31 gives it the file as it is.
    let why = "whether it is older than 31; later ones let the kernel unpack, and it refuses this xz stream (EINVAL): pack it with --check=crc32";
    Err(gap(Question::Kmod, Why::Missing(text(why))))
}

/// Whether this kernel unpacks streams of this sort, and kmod since 31 leaves it to it.
fn handed_over(case: &LinuxCase<'_>, step: &mut Step) -> Result<bool, Gaps> {
    let options = &case.policy.options;
    Ok(*step.consult(&options.decompress)? && *step.consult(&options.decompress_xz)?)
}

/// Who unpacks the module. The kernel can where it was built to; whether it is asked depends on kmod.
pub(super) fn unpacker(case: &LinuxCase<'_>, step: &mut Step) -> Result<Unpacker, Gaps> {
    if case.module.packed.is_none() {
        return Ok(Unpacker::Nobody);
    }
    if *step.consult(&case.policy.options.decompress)? {
        let why = "whether it is 31 or later, which lets the kernel unpack";
        return Err(gap(Question::Kmod, Why::Missing(text(why))));
    }
    Ok(Unpacker::Program)
}

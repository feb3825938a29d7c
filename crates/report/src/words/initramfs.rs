//! Words for what is said of an initramfs.

use loadworthy_core::initramfs_claim::{CopySignature, InitramfsClaim};

/// A claim as a sentence.
pub(super) fn claim(claim: &InitramfsClaim) -> String {
    match claim {
        InitramfsClaim::There(true) => "there is an initramfs for this kernel".into(),
        InitramfsClaim::There(false) => {
            "there is no initramfs, and the root file system needs modules: it cannot be mounted"
                .into()
        }
        InitramfsClaim::Whole => "the initramfs can be read to its end".into(),
        InitramfsClaim::Damaged(how) => {
            format!("the initramfs does not hold together ({how}): the root cannot be mounted")
        }
        InitramfsClaim::Unpacked => "this kernel can unpack it".into(),
        InitramfsClaim::NotUnpacked(by) => {
            format!("this kernel was built without unpacking {by}: the root cannot be mounted")
        }
        InitramfsClaim::ForThisKernel => "its modules are for this kernel".into(),
        InitramfsClaim::ForAnotherKernel(others) => {
            format!("its modules are for {others}: the root cannot be mounted")
        }
        InitramfsClaim::Holds(name) => format!("{name} is in the initramfs"),
        InitramfsClaim::Lacks(name) => {
            format!("{name} is not in the initramfs: the root cannot be mounted")
        }
        InitramfsClaim::SameCopy(name) => {
            format!("{name} in the initramfs is the one in the module tree")
        }
        InitramfsClaim::OtherCopy(name) => {
            format!("{name} in the initramfs is another build than the one in the module tree")
        }
        InitramfsClaim::SameBuild { name, signature } => {
            let how = match signature {
                CopySignature::None => "without the signature",
                CopySignature::StrippedOff => "stripped, which took off the signature",
                CopySignature::Another => "with another signature than that",
            };
            format!(
                "{name} in the initramfs is the same build, {how} of the one in the module tree"
            )
        }
        InitramfsClaim::CopyLoads(name) => format!("{name} of the initramfs loads"),
        InitramfsClaim::CopyRefused { name, errno: Some(errno) } => {
            format!("{name} of the initramfs will not load ({errno}): the root cannot be mounted")
        }
        InitramfsClaim::CopyRefused { name, errno: None } => {
            format!("{name} of the initramfs will not load: the root cannot be mounted")
        }
        InitramfsClaim::CopyUnsigned { name, errno, signature } => {
            let errno = errno.map(|errno| format!(" ({errno})")).unwrap_or_default();
            let since = match signature {
                CopySignature::StrippedOff => "it was stripped of its signature",
                CopySignature::None | CopySignature::Another => {
                    "it is the file of the module tree without its signature"
                }
            };
            format!(
                "{name} of the initramfs will not load{errno}, since {since}: the root cannot be \
                 mounted"
            )
        }
        InitramfsClaim::Blocks(name) => {
            format!("the initramfs is configured not to load {name}: the root cannot be mounted")
        }
        InitramfsClaim::ForCrashes { file, refused } if refused.is_empty() => {
            format!("{file} cannot be used: a crash leaves no dump")
        }
        InitramfsClaim::ForCrashes { file, refused } => {
            format!("{file} has modules that would be refused after a crash: {refused}")
        }
    }
}

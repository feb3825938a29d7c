//! Words for what looks like trust and is not.

use loadworthy_core::advice_claim::AdviceClaim;

/// A claim as a sentence.
pub(super) fn claim(claim: &AdviceClaim) -> String {
    let files = |n: usize| if n == 1 { "the firmware file" } else { "any firmware file" };
    match claim {
        AdviceClaim::NoFirmware { module, named } => {
            format!("{module} loads, and will not find {} it names", files(*named))
        }
        AdviceClaim::NoFirmwareInInitramfs { module, lacking, there } => {
            let which = match (*lacking, *there) {
                (1, 1) => "the firmware file that the machine has for it".to_owned(),
                (lacking, there) if lacking == there => {
                    format!("any of the {there} firmware files that the machine has for it")
                }
                (lacking, there) => {
                    format!("{lacking} of the {there} firmware files that the machine has for it")
                }
            };
            format!("the initramfs holds {module} without {which}")
        }
        AdviceClaim::NoParameter { module, parameter } => {
            format!("{module} has no parameter \"{parameter}\": the kernel ignores it")
        }
        AdviceClaim::PackageLists { module, package } => {
            format!("the package {package} lists a file of {module}")
        }
        AdviceClaim::OtherVersion { module, own, user } => {
            format!("{module} is of version {own}, and the programs that use it of {user}")
        }
    }
}

//! What a claim, a gap, a piece of evidence or a remedy is called when people read it.
//!
//! One exhaustive `match` a kind: what core learns to assert and nobody has words for does not
//! compile. Sentences begin small, have no full stop and name the kernel's own word beside the
//! plain one. What comes from files is quoted as it is; making it harmless is for the renderer.

use loadworthy_core::proof::{
    Claim, Fit, Gap, Gate, Origin, Question, Ring, Standing, Support, Unpacker, Why,
};
use loadworthy_formats::elf::relocations::Obstacle;

pub mod boot;
mod initramfs;
mod advice;
pub mod remedies;
pub mod windows;

/// A claim as a sentence.
#[must_use]
pub fn claim(claim: &Claim) -> String {
    match claim {
        Claim::SourcesDisagree { about, shown } => format!(
            "{about}: the running kernel shows {}, its files lead one to expect the opposite",
            if *shown { "yes" } else { "no" }
        ),
        Claim::NextGuessed => {
            "the boot loader does not tell; the newest kernel is usually the next".into()
        }
        Claim::OnlyForAnotherKernel { running } if running.is_empty() => {
            "the module is loaded now, and there is none for this kernel".into()
        }
        Claim::OnlyForAnotherKernel { running } => {
            format!("the module is there for {running}, which runs, and not for this kernel")
        }
        Claim::LeftBehind(names) => {
            format!("there now, not there for this kernel, and nothing asks for it: {names}")
        }
        Claim::LoadedBuildDiffers { module, loaded, stored } => {
            format!("{module} is loaded as build {loaded}, and its file holds build {stored}")
        }
        Claim::WouldBeRefusedNow { module, code } => {
            format!("{module} is loaded, and would be refused if it were loaded again ({code})")
        }
        Claim::SinceStart { days, newer } => {
            let since = match days {
                Some(1) => "this machine was last started a day ago".to_owned(),
                Some(days) => format!("this machine was last started {days} days ago"),
                None => "when this machine was last started was not seen".into(),
            };
            match newer {
                0 => format!("{since}; no newer kernel has been installed"),
                1 => format!("{since}; a newer kernel is installed that has not run since"),
                n => format!("{since}; {n} newer kernels are installed that have not run since"),
            }
        }
        Claim::ExceptionExpired { code, subject, owner, until } => {
            format!("the exception for {subject} ({code}, {owner}) ended on {until}")
        }
        Claim::ForeignKeyTrusted { digest, name, ring } => format!(
            "the manifest names sha256:{digest} as a key of another environment, and \"{name}\" \
             in {} is that key",
            ring.name()
        ),
        Claim::ProfileDiffers { key, wants, is } => {
            format!("{key}: the profile wants {wants}, and it is {is}")
        }
        Claim::DeviceAbsent(device) => {
            format!("the manifest asks for {device}, and no such device is there")
        }
        Claim::AlgorithmLoadedFirst(name) => format!(
            "{name} is a module here: the kernel must load it before it can check the signature"
        ),
        Claim::SecureBoot(true) => "Secure Boot is on, as the kernel will see it".into(),
        Claim::SecureBoot(false) => "Secure Boot is off, as the kernel will see it".into(),
        Claim::SignaturesChecked(true) => "this kernel looks at module signatures".into(),
        Claim::SignaturesChecked(false) => {
            "this kernel was built without looking at module signatures".into()
        }
        Claim::SignaturesEnforced(true) => {
            "this kernel insists on signatures: a module nobody vouches for is refused".into()
        }
        Claim::SignaturesEnforced(false) => "this kernel does not insist on signatures".into(),
        Claim::LockedDown(true) => {
            "the kernel is locked down, which keeps unverified modules out".into()
        }
        Claim::LockedDown(false) => "the kernel is not locked down".into(),
        Claim::MokTakenIn(true) => "the machine owner's keys (MOK) reach the kernel".into(),
        Claim::MokTakenIn(false) => "the machine owner's keys (MOK) do not reach the kernel".into(),
        Claim::MokInMachineRing(true) => "machine owner keys land in the keyring .machine".into(),
        Claim::MokInMachineRing(false) => "machine owner keys land in the keyring .platform".into(),
        Claim::PlatformRingCounts(true) => {
            "the firmware's keys (.platform) count for modules here".into()
        }
        Claim::PlatformRingCounts(false) => {
            "the firmware's keys (.platform) do not count for modules here".into()
        }
        Claim::FileDigestsDenied(true) => {
            "this kernel refuses files named in dbx or MokListX".into()
        }
        Claim::FileDigestsDenied(false) => {
            "this kernel does not look for modules in dbx or MokListX".into()
        }
        Claim::SignersRevocable(true) => {
            "certificates in dbx or MokListX revoke module signers".into()
        }
        Claim::SignersRevocable(false) => {
            "certificates in dbx or MokListX do not revoke module signers here".into()
        }
        Claim::FileReadable(true) => "the file is one the kernel reads".into(),
        Claim::FileReadable(false) => "the file is empty or no ordinary file".into(),
        Claim::LoadingDisabled(true) => "loading modules has been switched off".into(),
        Claim::LoadingDisabled(false) => "loading modules is allowed".into(),
        Claim::FileSignatureWanted(true) => {
            "the integrity policy (IMA) wants a signature of its own on the file".into()
        }
        Claim::FileSignatureWanted(false) => {
            "no integrity policy (IMA) asks for a signature on the file".into()
        }
        Claim::FileSystemPinned(true) => {
            "modules may come from one file system only (LoadPin), and none without a file".into()
        }
        Claim::FileSystemPinned(false) => "modules may come from any file system".into(),
        Claim::IpeDecides(true) => {
            "a policy of IPE in the kernel says which modules may be loaded".into()
        }
        Claim::IpeDecides(false) => "no policy of IPE is compiled in".into(),
        Claim::SecurityModuleStarted(name, true) => {
            format!("the security module {name} is started")
        }
        Claim::SecurityModuleStarted(name, false) => {
            format!("the security module {name} is not started")
        }
        Claim::UnpackedBy(Unpacker::Nobody) => "the file is not packed".into(),
        Claim::UnpackedBy(Unpacker::Program) => {
            "the program that loads it can unpack the file, and so can the kernel if it is asked to"
                .into()
        }
        Claim::UnpackedBy(Unpacker::Kernel) => "the kernel unpacks the file".into(),
        Claim::FipsMode(true) => "FIPS mode is on".into(),
        Claim::FipsMode(false) => "FIPS mode is off".into(),
        Claim::BringsCryptography(true) => "the module registers cryptography".into(),
        Claim::BringsCryptography(false) => "the module registers no cryptography".into(),
        Claim::SignaturePresent(true) => "the file ends in a signature".into(),
        Claim::SignaturePresent(false) => "the file does not end in a signature that counts".into(),
        Claim::TrailerSound => "the frame of the signature is well formed".into(),
        Claim::Verified => "the signature is in order".into(),
        Claim::FileDigestDenied(true) => "this very file is on the deny list".into(),
        Claim::FileDigestDenied(false) => "the file is not on the deny list".into(),
        Claim::Unverified(Gate::Enforced) => {
            "nobody the kernel trusts vouches for the module, and it insists on that".into()
        }
        Claim::Unverified(Gate::LockedDown) => {
            "nobody the kernel trusts vouches for the module, and lockdown keeps it out".into()
        }
        Claim::Unverified(Gate::Tolerated) => {
            "nobody the kernel trusts vouches for the module; it is let in and marked".into()
        }
        Claim::ElfSound => "the file is a module this kernel can take apart".into(),
        Claim::ElfRefused => "the file is no module this kernel can take apart".into(),
        Claim::NameBlocked(true) => "the kernel command line forbids the name".into(),
        Claim::NameBlocked(false) => "the kernel command line does not forbid the name".into(),
        Claim::LayoutFits(Fit::Fits) => "the version of the kernel's structures fits".into(),
        Claim::LayoutFits(Fit::Differs) => "the version of the kernel's structures differs".into(),
        Claim::LayoutFits(Fit::Absent) => {
            "the module names no version of the kernel's structures".into()
        }
        Claim::LayoutFits(Fit::NotCompared) => {
            "this kernel does not compare versions of its structures".into()
        }
        Claim::VermagicFits(Fit::Fits) => "the module was built for this kernel (vermagic)".into(),
        Claim::VermagicFits(Fit::Differs) => {
            "the module says it was built for another kernel (vermagic)".into()
        }
        Claim::VermagicFits(Fit::Absent) => {
            "the module does not say which kernel it was built for (vermagic)".into()
        }
        Claim::VermagicFits(Fit::NotCompared) => {
            "this kernel does not compare which kernel it was built for (vermagic)".into()
        }
        Claim::ForcedLoad(true) => "this kernel lets modules without version information in".into(),
        Claim::ForcedLoad(false) => {
            "this kernel refuses modules without version information".into()
        }
        Claim::LivepatchSupported(true) => "live patching is supported, or not needed".into(),
        Claim::LivepatchSupported(false) => {
            "the module is a live patch, and this kernel takes none".into()
        }
        Claim::WritableCode(true) => "a part of the module is both writable and executable".into(),
        Claim::WritableCode(false) => {
            "no part of the module is both writable and executable".into()
        }
        Claim::Relocations(None) => "every place to be filled in is empty".into(),
        Claim::Relocations(Some(Obstacle::UnknownType { kind })) => {
            format!("a relocation is of type {kind}, which the loader does not know")
        }
        Claim::Relocations(Some(Obstacle::TargetNotZero { kind, section, offset })) => format!(
            "offset {offset} of section {section} is to be filled in (relocation type {kind}) and is not empty"
        ),
        Claim::InTree(true) => "the module was built inside the kernel tree".into(),
        Claim::InTree(false) => "the module was built outside the kernel tree".into(),
        Claim::Supported(support) => match support {
            Support::Vendor => "the module says that the distribution supports it".into(),
            Support::External => "the module says that others support it".into(),
            Support::Unasked => "this machine does not ask who supports a module".into(),
            Support::Nobody => "the module does not say that anybody supports it".into(),
        },
        Claim::Staging(true) => "the driver is from the staging area".into(),
        Claim::Staging(false) => "the driver is not from the staging area".into(),
        Claim::Livepatch(true) => "the module is a live patch".into(),
        Claim::Livepatch(false) => "the module is no live patch".into(),
        Claim::TestModule(true) => "the module is a test".into(),
        Claim::TestModule(false) => "the module is no test".into(),
        Claim::ExportsSound(true) => {
            "what the module exports carries what this kernel wants of it".into()
        }
        Claim::ExportsSound(false) => {
            "what the module exports or imports lacks what this kernel wants of it".into()
        }
        Claim::ExportsFree => "nobody else offers a function the module exports".into(),
        Claim::SectionNames(None) => "no two of its sections share a name".into(),
        Claim::SectionNames(Some(name)) => format!("two of its sections are named {name}"),
        Claim::NameFree(true) => "no code built into the kernel has its name".into(),
        Claim::NameFree(false) => "code built into the kernel has its name".into(),
        Claim::TypesFit(true) => "type information fits, or does not matter here".into(),
        Claim::TypesFit(false) => {
            "the type information in the module is not for this kernel".into()
        }
        Claim::ModprobeRuns { instead: None } => "modprobe loads it".into(),
        Claim::KeyringHolds { ring, keys } => {
            format!("{} holds {}, and that is all", ring_name(*ring), count(*keys, "key"))
        }
        Claim::KeyAdmitted { ring, name } => format!("{} takes in {name}", ring_name(*ring)),
        Claim::KeyNotAdmitted { ring, name, errno } => {
            format!("{} does not take in {name} ({errno})", ring_name(*ring))
        }
        Claim::AlgorithmAvailable(name, true) => format!("this kernel can compute {name}"),
        Claim::AlgorithmAvailable(name, false) => format!("this kernel cannot compute {name}"),
        Claim::TrailerRefused(errno) => {
            format!("the frame of the signature is not acceptable ({errno})")
        }
        Claim::MessageSound { signer } => format!("it is signed by {signer}"),
        Claim::MessageRefused { errno, rule } => {
            format!("the signature is of a form the kernel refuses: {} ({errno})", spaced(rule))
        }
        Claim::SignatureVerifies { ring, key } => {
            format!("the signature verifies with {key}, a key of {}", ring_name(*ring))
        }
        Claim::SignerUnknown { signer } => {
            format!("no keyring this kernel asks holds the key of {signer}")
        }
        Claim::SignatureFails { errno, rule } => {
            format!("the signature does not hold: {} ({errno})", spaced(rule))
        }
        Claim::LicenceFree { free: true, licence } => {
            format!("the licence \"{licence}\" counts as free software")
        }
        Claim::LicenceFree { free: false, licence } => {
            format!("the licence \"{licence}\" does not count as free software")
        }
        Claim::SymbolsResolve { needed } => {
            format!("{} it needs from the kernel fit", count(*needed, "function"))
        }
        Claim::SymbolsFail { symbol, failing: 1, errno } => {
            format!("the function {symbol} is not there or does not fit ({errno})")
        }
        Claim::SymbolsFail { symbol, failing, errno } => {
            format!("{failing} functions are not there or do not fit, the first {symbol} ({errno})")
        }
        Claim::SymbolTaken { symbol, owner } => {
            format!("it exports {symbol}, which {owner} offers already")
        }
        Claim::NotInIndex => {
            "modprobe finds no file for the name in the index of this kernel".into()
        }
        Claim::Kernel { release, distro } if distro.is_empty() => {
            format!("the kernel is {release}, of no distribution we know")
        }
        Claim::Kernel { release, distro } => format!("the kernel is {release}, by {distro}"),
        Claim::FirmwareAsked(true) => "the kernel can ask the firmware for its keys".into(),
        Claim::FirmwareAsked(false) => "the kernel cannot ask the firmware for its keys".into(),
        Claim::DbTakenIn(true) => "the firmware's keys (db) reach the kernel".into(),
        Claim::DbTakenIn(false) => "the firmware's keys (db) do not reach the kernel".into(),
        Claim::DialectKnown => "how this kernel reads signatures is known".into(),
        Claim::BuiltIn(name) => format!("{name} is part of the kernel image: nothing is to load"),
        Claim::DependenciesLoad(0) => "it depends on no other module".into(),
        Claim::DependenciesLoad(n) => {
            format!("{} it depends on will load", count(*n, "module"))
        }
        Claim::DependencyFails { name, errno: Some(errno) } => {
            format!("it depends on {name}, which will not load ({errno})")
        }
        Claim::DependencyFails { name, errno: None } => {
            format!("it depends on {name}, which will not load")
        }
        Claim::Boot(claim) => boot::claim(claim),
        Claim::Advice(claim) => advice::claim(claim),
        Claim::Initramfs(claim) => initramfs::claim(claim),
        Claim::ModprobeRuns { instead: Some(command) } => {
            format!("modprobe runs \"{command}\" and does not load it")
        }
        Claim::ImagesChecked(stage, true) => format!("{} checks images here", stage.name()),
        Claim::ImagesChecked(stage, false) => {
            format!("{} does not check this image", stage.name())
        }
        Claim::ShimIs(which) => format!("shim starts what comes next: {which}"),
        Claim::WithoutShim => "firmware starts boot loaders without shim".into(),
        Claim::SbatLevelIs(level) => format!("the revocation level (SBAT) will be {level}"),
        Claim::NxWanted(true) => "shim insists on images without writable code".into(),
        Claim::NxWanted(false) => "shim does not insist on images without writable code".into(),
        Claim::NxCompatible(true) => "the image runs without writable code".into(),
        Claim::NxCompatible(false) => {
            "the image does not say that it runs without writable code".into()
        }
        Claim::ImageSound(true) => "the parts of the image fit together".into(),
        Claim::ImageSound(false) => "the parts of the image do not fit together".into(),
        Claim::ImageDigestDenied(None) => "the image is on no deny list".into(),
        Claim::ImageDigestDenied(Some(list)) => {
            format!("this very image is on a deny list: {}", list.name())
        }
        Claim::ImageSignerDenied(None) => "no signer of the image is on a deny list".into(),
        Claim::ImageSignerDenied(Some(list)) => {
            format!("the image's signer is on a deny list: {}", list.name())
        }
        Claim::ImageTrusted { list, by } if by.is_empty() => {
            format!("{} names this very image", list.name())
        }
        Claim::ImageTrusted { list, by } => {
            format!("the image's signature leads to \"{by}\" in {}", list.name())
        }
        Claim::ImageUnsigned => "the image is not signed".into(),
        Claim::ImageAltered { signer } => {
            format!("the signature of \"{signer}\" is not for this image as it is now")
        }
        Claim::ImageSignerForModules { signer } => {
            format!("the key of \"{signer}\" is trusted for kernel modules and not for images")
        }
        Claim::ImageSignerUnknown { signer } => {
            format!("the image is signed by \"{signer}\", whom no list here trusts")
        }
        Claim::Windows(claim) => windows::claim(claim),
        Claim::SbatFits => "the generations of the image (SBAT) are not revoked".into(),
        Claim::SbatMissing => "the image does not say of which generation it is (SBAT)".into(),
        Claim::SbatTooOld { component, has, wants } => {
            format!("{component} is of generation {has}, and {wants} is asked for (SBAT)")
        }
    }
}

/// A keyring, by the kernel's name and the plain one.
fn ring_name(ring: Ring) -> &'static str {
    match ring {
        Ring::Builtin => ".builtin_trusted_keys (built into the kernel)",
        Ring::Secondary => ".secondary_trusted_keys (added by the administrator)",
        Ring::Machine => ".machine (the machine owner's keys)",
        Ring::Platform => ".platform (the firmware's keys)",
        Ring::Blacklist => ".blacklist (the deny list)",
    }
}

/// A rule's short name as words.
fn spaced(rule: &str) -> String {
    rule.replace('-', " ")
}

/// `1 key`, `2 keys`.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Who wants a driver, behind the words `wanted by`.
#[must_use]
pub fn wanted(required_by: &[String]) -> String {
    let each = required_by.iter().map(|who| {
        if let Some(module) = who.strip_prefix("needed by ") {
            return module.to_owned();
        }
        match who.strip_prefix("loaded") {
            Some("") => "what is loaded now".to_owned(),
            Some(how) => format!("what is loaded now ({})", how.trim_start_matches([',', ' '])),
            None => who.clone(),
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

/// A list that certificates stand in, as people call it.
#[must_use]
pub fn key_list(list: &str, of_vendor: bool) -> String {
    match list {
        "kernel image" => "built into the kernel image".into(),
        "db" => "the firmware's db".into(),
        "dbx" => "the firmware's deny list (dbx)".into(),
        "MokListRT" if of_vendor => "shim's own vendor certificate (MokListRT)".into(),
        "MokListRT" => "enrolled machine owner key (MokListRT)".into(),
        "MokListXRT" => "shim's deny list (MokListXRT)".into(),
        "MokNew" => "a request that waits for the next boot (MokNew)".into(),
        "PK" => "the firmware's platform key (PK)".into(),
        "KEK" => "the firmware's key exchange key (KEK)".into(),
        file => file.into(),
    }
}

/// Where evidence was looked for, as JSON and text name it.
#[must_use]
pub const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Live => "live",
        Origin::Root => "root",
        Origin::Bundle => "bundle",
        Origin::Argument => "argument",
        Origin::BuiltIn => "example",
        Origin::Profile => "profile",
    }
}

/// How far a rule is backed, as JSON and text name it.
#[must_use]
pub const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Extrapolated => "extrapolated",
        Standing::Documented => "documented",
        Standing::Confirmed => "confirmed",
    }
}

/// A question's short name in JSON, what it asks in words, and how to supply the answer.
#[must_use]
pub const fn question(question: Question) -> (&'static str, &'static str, &'static str) {
    const ROOT: &str = "run as root on the machine itself";
    const FILES: &str = "copy the missing file below the root, or check on the machine itself";
    const BOOT: &str = "give boot/vmlinuz-VERSION and boot/config-VERSION of that kernel";
    match question {
        Question::KernelRelease => {
            ("kernel-release", "which kernel it is", "name it: --kernel VERSION")
        }
        Question::KernelImage => ("kernel-image", "what the kernel image says of itself", BOOT),
        Question::Vermagic => {
            ("vermagic", "for which builds of modules this kernel was made (vermagic)", BOOT)
        }
        Question::BuiltinKeys => ("builtin-keys", "which keys are built into the kernel", BOOT),
        Question::KernelConfig => {
            ("kernel-config", "how the kernel was configured", "give boot/config-VERSION")
        }
        Question::CommandLine => {
            ("command-line", "what the kernel command line says", "give proc/cmdline")
        }
        Question::SecureBoot => (
            "secure-boot",
            "whether Secure Boot is on",
            "say --assume secure-boot=on (or off), or check on the machine itself",
        ),
        Question::Db => (
            "db",
            "which keys the firmware trusts (db)",
            "give the firmware variables, or say --assume secure-boot=on for an ordinary machine",
        ),
        Question::Dbx => (
            "dbx",
            "what the firmware denies (dbx)",
            "give the firmware variables, or say --assume secure-boot=on for an ordinary machine",
        ),
        Question::MokList => (
            "mok-list",
            "which keys the machine owner enrolled (MOK)",
            "give sys/firmware/efi/mok-variables, or say --assume enroll=CERT.der",
        ),
        Question::MokListX => ("mok-list-x", "what the machine owner denied (MokListX)", FILES),
        Question::MokTrusted => {
            ("mok-trusted", "whether machine owner keys count like built-in ones", FILES)
        }
        Question::Lockdown => {
            ("lockdown", "whether the kernel is locked down", "say --assume lockdown=none")
        }
        Question::SigEnforce => (
            "sig-enforce",
            "whether the kernel insists on signatures",
            "say --assume sig-enforce=on (or off)",
        ),
        Question::KernelSymbols => (
            "kernel-symbols",
            "which functions the kernel offers, and in which version",
            "install the kernel's headers (Module.symvers), or give them below the root",
        ),
        Question::ModuleStructSize => {
            ("module-struct-size", "how large the kernel's record of a module is", BOOT)
        }
        Question::ModuleBytes => ("module-bytes", "what is in the module's file", ROOT),
        Question::ModuleIndex => (
            "module-index",
            "which modules this kernel has",
            "name a kernel that is installed, or run depmod for this one",
        ),
        Question::ModprobeConfig => ("modprobe-config", "what modprobe is configured to do", FILES),
        Question::BuiltinNames => {
            ("builtin-names", "which names code inside the kernel uses", FILES)
        }
        Question::CryptoAlgorithm => {
            ("crypto-algorithm", "whether the kernel can compute what the signature needs", FILES)
        }
        Question::KernelBehaviour => (
            "kernel-behaviour",
            "what this kernel does where kernels differ",
            "give tables of this kernel: --knowledge DIR",
        ),
        Question::ImaPolicy => ("ima-policy", "what the integrity policy (IMA) asks for", ROOT),
        Question::IpePolicy => ("ipe-policy", "what the policy of IPE in the kernel allows", ROOT),
        Question::PinnedFileSystem => (
            "pinned-file-system",
            "which file system modules may come from (LoadPin)",
            "say which one the first module is loaded from, and boot with loadpin.enforce=0 to be sure",
        ),
        Question::Kmod => ("kmod", "which version of kmod loads modules", FILES),
        Question::TypeInformation => {
            ("type-information", "whether type information (BTF) fits", FILES)
        }
        Question::Hardware => ("hardware", "which hardware there is", FILES),
        Question::ModulesDisabled => (
            "modules-disabled",
            "whether module loading is switched off",
            "give proc/sys/kernel/modules_disabled",
        ),
        Question::PendingRequests => (
            "pending-requests",
            "which requests wait for MokManager",
            "give the folder sys/firmware/efi/efivars",
        ),
        Question::Taint => (
            "taint",
            "which marks the running kernel carries",
            "give proc/sys/kernel/tainted and sys/module",
        ),
        Question::ImageBytes => ("image-bytes", "what is in the image's file", ROOT),
        Question::InnerFileSystem => (
            "inner-file-system",
            "what is in the file system inside the initramfs",
            "squashfs is read: have dracut make it with the module squash-squashfs",
        ),
        Question::Shim => (
            "shim",
            "which shim is installed, and whom its vendor trusts",
            "give boot/efi/EFI, or usr/lib/shim/shimx64.efi.signed",
        ),
        Question::BootEntry => (
            "boot-entry",
            "which boot-loader entry starts next",
            "run as root, or name the kernel with --kernel",
        ),
        Question::Windows(question) => windows::question(question),
        Question::SbatLevel => (
            "sbat-level",
            "which generations are revoked (SBAT)",
            "give the firmware variables (SbatLevelRT), or the installed shim",
        ),
    }
}

/// Why a question stayed open: the item, and the reason as a phrase.
#[must_use]
pub fn why(why: &Why) -> (&str, String) {
    match why {
        Why::Denied(item) => (item, "reading it is not allowed".to_owned()),
        Why::OutOfReach(item) => (item, "this source cannot know it".to_owned()),
        Why::Missing(item) => (item, "it is not there".to_owned()),
        Why::Unreadable(item, error) => (item, format!("it cannot be read: {error}")),
        Why::Broken(item, said) => (item, format!("the system says: {said}")),
        Why::NotRead(item, said) => (item, said.to_string()),
        Why::NoRow(item) => (item, "no row of our tables covers it".to_owned()),
        Why::OtherKernel(item) => (item, "it speaks of another kernel only".to_owned()),
        Why::Disputed(one, other) => ("", format!("sources disagree: {one}; {other}")),
    }
}

/// A gap as a sentence, without how to close it.
#[must_use]
pub fn gap(gap: &Gap) -> String {
    let (item, reason) = why(&gap.why);
    if item.is_empty() {
        format!("{}: {reason}", question(gap.question).1)
    } else {
        format!("{}: {item}: {reason}", question(gap.question).1)
    }
}

/// How to close a gap.
#[must_use]
pub const fn supply(gap: &Gap) -> &'static str {
    match gap.why {
        Why::Denied(_) => "run the same command as root",
        Why::OutOfReach(_)
        | Why::Missing(_)
        | Why::Unreadable(..)
        | Why::Broken(..)
        | Why::NotRead(..)
        | Why::NoRow(_)
        | Why::OtherKernel(_)
        | Why::Disputed(..) => question(gap.question).2,
    }
}

//! What is asserted of Windows, and what stays open about it, when people read it.

use loadworthy_core::check::WindowsSays;
use loadworthy_core::proof::windows::{
    DriverPolicy, Exempt, HvciFault, Unasked, WindowsClaim, WindowsQuestion,
};
use loadworthy_core::windows_words::Prompt;

/// A claim as a sentence.
#[must_use]
pub fn claim(claim: &WindowsClaim) -> String {
    use WindowsClaim as C;
    match claim {
        C::TableOld { table, day } => {
            format!("{table} is of {day}: what came later is not known here")
        }
        C::TestSigning(true) => "test signing is in effect".into(),
        C::TestSigning(false) => "test signing is not in effect".into(),
        C::SignaturesWanted(None) => "Windows asks for a signature here".into(),
        C::SignaturesWanted(Some(why)) => unasked(*why).into(),
        C::PortalWanted => "this system asks for a signature of Microsoft's portal".into(),
        C::PortalNotWanted(exempt) => {
            format!("no signature of Microsoft's portal is asked for: {}", because(*exempt))
        }
        C::BlockListOn(true) => "the list of vulnerable drivers is in force".into(),
        C::BlockListOn(false) => "the list of vulnerable drivers is not in force".into(),
        C::ImageFits(machine) => format!("it is an image for {}", machine.name()),
        C::ImageOther { image, system } => {
            format!("it is an image for {}, and the system is {}", image.name(), system.name())
        }
        C::NotAnImage => "the file is no image (PE), or is cut short".into(),
        C::NotAsked => "nothing is asked here".into(),
        C::SignedBy { signer, by } => format!("signed by \"{signer}\" ({by})"),
        C::Unsigned => "nobody signed it, and no catalog at hand names it".into(),
        C::NothingEmbedded => {
            "the boot loader loads it, and no signature is inside that it takes".into()
        }
        C::Matches { signer } => format!("the signature of \"{signer}\" is for these bytes"),
        C::Altered { signer, part } => {
            format!("the signature of \"{signer}\" does not hold: {part} is not what was signed")
        }
        C::DigestKnown(digest) => format!("this Windows understands {digest}"),
        C::DigestUnknown(digest) => format!("this Windows does not understand {digest}"),
        C::Anchored { signer, root } => {
            format!("\"{signer}\" leads to a root the kernel knows: \"{root}\"")
        }
        C::NotAnchored { signer, root } => {
            format!("\"{signer}\" leads to \"{root}\", which the kernel does not know")
        }
        C::CrossMissing { signer, root } => format!(
            "\"{signer}\" leads to the public authority \"{root}\", and no cross-certificate of \
             Microsoft is inside"
        ),
        C::TestAccepted { signer } => {
            format!("test signing takes any signature, and so that of \"{signer}\"")
        }
        C::UsageFits => "the signer's certificate is for this".into(),
        C::UsageMissing { signer, wants } => {
            format!("the certificate of \"{signer}\" does not name the usage {wants}")
        }
        C::PortalSigned { signer } => {
            format!("\"{signer}\" signed for Microsoft's portal or for Windows itself")
        }
        C::NotPortalSigned { signer } => {
            format!("the signature of \"{signer}\" is none of Microsoft's portal")
        }
        C::AttestationNotYet { signer } => {
            format!("\"{signer}\" attested it, which counts from Windows 10 on")
        }
        C::InTime { signer } => {
            format!("the certificate of \"{signer}\" is valid, or was when a stamp was made")
        }
        C::LifetimeOver { signer } => {
            format!("the certificate of \"{signer}\" has expired, and its signatures with it")
        }
        C::NotRevoked => "no list at hand revokes it".into(),
        C::Revoked { by } => format!("the revocation list of drivers names it: {by}"),
        C::NotBlocked { list } => format!("{list}: no entry at hand names it"),
        C::NotPublishedAsBlocked { list } => format!(
            "the list of vulnerable drivers is in force: no rule at hand of the published one \
             ({list}) names it"
        ),
        C::Blocked { by } => format!("the list of vulnerable drivers names it: {by}"),
        C::DriverPolicyIs(state) => {
            format!("the Windows Driver Policy of 2026 is {}", policy_state(*state))
        }
        C::DriverPolicyTakes { signer } => {
            format!("the Windows Driver Policy of 2026 takes what \"{signer}\" signed")
        }
        C::DriverPolicyMinds { signer, state } => format!(
            "the Windows Driver Policy of 2026 does not take what \"{signer}\" signed, and is {}",
            policy_state(*state)
        ),
        C::PolicyAllows { policy } => format!("the policy {policy} lets it in"),
        C::PolicyDenies { policy, by } if by.is_empty() => {
            format!("{policy} does not let it in")
        }
        C::PolicyDenies { policy, by } => {
            format!("the policy {policy} does not let it in: {by}")
        }
        C::NoPolicy => "no other policy was named".into(),
        C::MemoryIntegrityOff => "memory integrity is off".into(),
        C::MemoryIntegrityFits => {
            "the image is made so that memory integrity can map it; what it does once it runs \
             cannot be told"
                .into()
        }
        C::MemoryIntegrityFault(fault) => match fault {
            HvciFault::WritableCode(section) => {
                format!("the section {section} is both writable and executable")
            }
            HvciFault::Alignment(to) => {
                format!("sections are aligned to {to:#x} and not to pages (0x1000)")
            }
            HvciFault::ImportsInCode(section) => {
                format!("the table of imported addresses lies in the executable section {section}")
            }
        },
        C::InfSound => "the INF is one that Windows installs".into(),
        C::InfUnsound(why) => format!("the INF is none that Windows installs: {why}"),
        C::Restricted(false) => "no group policy forbids it".into(),
        C::Restricted(true) => "group policy forbids it".into(),
        C::ModelFits { model } => format!("its models for this system are in [{model}]"),
        C::NoModel => "it has no models for this processor and version".into(),
        C::CatalogThere { catalog } => format!("the catalog it names is there: {catalog}"),
        C::NoCatalogNamed => "the INF names no catalog for this system".into(),
        C::CatalogAbsent { catalog } => {
            format!("the INF names the catalog {catalog}, which is not there")
        }
        C::CatalogSignedBy { catalog, signer } => format!("{catalog} is signed by \"{signer}\""),
        C::CatalogUnsigned { catalog } => format!("{catalog} carries no signature"),
        C::CatalogAltered { catalog } => {
            format!("no signature of {catalog} that this Windows understands holds")
        }
        C::CertificatesSorted => {
            "the certificates in its signature are in order, or there are none".into()
        }
        C::CertificatesNotSorted { catalog } => format!(
            "the certificates in the signature of {catalog} are not in the order of their bytes: \
             it counts as not signed since October 2020"
        ),
        C::FilesNotNamed { inf, files } => {
            format!("beside {inf} lie files that no INF names: {files}")
        }
        C::ForeignImage { inf, file, section, image } => format!(
            "{inf} brings {file} to {}, and that is a driver for {}",
            section.name(),
            image.name()
        ),
        C::DateAhead { inf, written } => {
            format!("DriverVer of {inf} is later than the day asked about: \"{written}\"")
        }
        C::BootFromCatalog { inf, file } => {
            format!("{inf} has the boot loader start {file}, which carries no signature itself")
        }
        C::InfListed { catalog } => format!("{catalog} lists the INF as it is"),
        C::InfUnlisted { catalog, change: None } => {
            format!("{catalog} does not list the INF as it is")
        }
        C::InfUnlisted { catalog, change: Some(change) } => {
            format!("{catalog} does not list the INF as it is; {}", would(change))
        }
        C::FilesListed(0) => "it copies no file that would have to be listed".into(),
        C::FilesListed(1) => "the one file it copies is listed as it is".into(),
        C::FilesListed(n) => format!("all {n} files it copies are listed as they are"),
        C::FileUnlisted { file, change: None } => {
            format!("{file} is not in the catalog as it is")
        }
        C::FileUnlisted { file, change: Some(change) } => {
            format!("{file} is not in the catalog as it is; {}", would(change))
        }
        C::FileMissing { file } => format!("{file} is not in the package"),
        C::ByMicrosoft { signer } => {
            format!("\"{signer}\" vouches for it on Microsoft's behalf: nobody is asked")
        }
        C::NotByMicrosoft { signer } => format!("\"{signer}\" is a publisher, not Microsoft"),
        C::OtherSystems { systems } => {
            format!("the catalog says that it is for {systems}, not for this version")
        }
        C::ChainWhole => "the chain of certificates is whole, or can be made so".into(),
        C::ChainBroken { signer } => {
            format!("a certificate above \"{signer}\" is missing and cannot be fetched")
        }
        C::RootTrusted { root } => format!("the machine trusts the root above \"{root}\""),
        C::RootUntrusted { root } => format!("the machine does not trust \"{root}\""),
        C::Expired { signer } => {
            format!("the certificate of \"{signer}\" has expired, and no stamp that counts helps")
        }
        C::SignerRevoked { signer } => format!("the certificate of \"{signer}\" was revoked"),
        C::PublisherNotDistrusted => "the machine does not distrust the publisher".into(),
        C::PublisherDistrusted { signer } => {
            format!("the machine distrusts \"{signer}\" (LocalMachine\\Disallowed)")
        }
        C::StateFits => "the trust state of the account lets publishers in".into(),
        C::StateForbids => {
            "the trust state of the account (State) takes listed publishers only".into()
        }
        C::EditionTakes => "this edition takes packages of publishers".into(),
        C::EditionWantsMicrosoft => "this edition takes packages signed by Microsoft only".into(),
        C::PublisherTrusted { signer } => {
            format!("the machine trusts \"{signer}\" (LocalMachine\\TrustedPublisher)")
        }
        C::PublisherAsked { signer } => {
            format!("the administrator is asked whether to trust \"{signer}\", and says yes")
        }
        C::PublisherUnknown { signer } => {
            format!("\"{signer}\" is not known to the machine, and nobody can be asked")
        }
        C::AskedInRed => "the administrator is warned, and says yes".into(),
    }
}

const fn unasked(why: Unasked) -> &'static str {
    match why {
        Unasked::SwitchedOff => "enforcement is switched off for this boot",
        Unasked::Debugger => "a kernel debugger is attached: what fails is logged and loaded",
        Unasked::ThirtyTwoBit => {
            "32-bit Windows asks only drivers of the boot and of protected media for a signature"
        }
        Unasked::UserMode => {
            "it does not run in the kernel: nobody asks for a signature to load it"
        }
    }
}

const fn because(exempt: Exempt) -> &'static str {
    match exempt {
        Exempt::Version => "this version takes cross-signed drivers, too",
        Exempt::TestSigning => "test signing is in effect",
        Exempt::SecureBootOff => "Secure Boot is off",
        Exempt::Upgraded => "the system was upgraded from an earlier one",
        Exempt::UpgradeRunning => "an upgrade is running",
        Exempt::Developer => "a setting for developers is on",
        Exempt::OldCertificate => "the certificate was issued before 2015-07-29",
        Exempt::BootUpgraded => "it is loaded at boot of an upgraded system",
        Exempt::Role => "early launch and HAL extensions have a rule of their own",
    }
}

const fn policy_state(state: DriverPolicy) -> &'static str {
    match state {
        DriverPolicy::Absent => "not there",
        DriverPolicy::Evaluation => "in evaluation (it logs and lets through)",
        DriverPolicy::Enforced => "enforced",
    }
}

/// What would have to be done so that it is listed.
fn would(change: &str) -> String {
    format!("after this change it would be: {change}")
}

/// A question's short name in JSON, what it asks in words, and how to supply the answer.
#[must_use]
pub const fn question(question: WindowsQuestion) -> (&'static str, &'static str, &'static str) {
    use WindowsQuestion as Q;
    match question {
        Q::DriverBytes => ("driver-bytes", "what is in the driver's file", "give the whole file"),
        Q::CatalogStore => (
            "catalog-store",
            "whether a catalog in the machine's own store covers it",
            "give the package's .cat beside the file, or check the package (INF or folder)",
        ),
        Q::DriverPolicy => (
            "driver-policy",
            "whether the Windows Driver Policy of 2026 is absent, in evaluation or enforced there",
            "citool -lp -json tells; then say driver-policy=absent, evaluation or enforced in --on",
        ),
        Q::SeveralEntries => (
            "several-entries",
            "how Windows reads a certificate table with several entries",
            "have the vendor sign it in the usual form (second signatures are nested)",
        ),
        Q::CatalogAtBoot => (
            "catalog-at-boot",
            "whether a catalog is enough for a driver that the boot loader loads",
            "embed a signature, or start it later: start=demand in --on",
        ),
        Q::ExpiredUnstamped => (
            "expired-unstamped",
            "whether a signature whose certificate expired loads without a usable time stamp",
            "try it on a machine of that version, or judge as of an earlier time with --at",
        ),
        Q::AttestationOnServers => (
            "attestation-on-servers",
            "whether this server takes attested drivers with Secure Boot on",
            "try it on a machine of that version, or get the tested (HLK) build",
        ),
        Q::PortalIn1507 => (
            "portal-in-1507",
            "whether Windows 10 1507 asks for a signature of the portal",
            "try it on a machine of that version",
        ),
        Q::BootDriversOf1703 => (
            "boot-drivers-of-1703",
            "whether this version lets cross-signed drivers of the boot through",
            "try it on a machine of that version",
        ),
        Q::ProtectedMedia => (
            "protected-media",
            "what the protected media path asks of the driver",
            "try it on a machine of that version",
        ),
        Q::MissingState => (
            "missing-state",
            "whether the missing value State stops the installation",
            "restore the default: State = 0x23c00 for the account that installs",
        ),
        Q::Revocation => (
            "revocation",
            "whether the signer's certificate was revoked",
            "let the machine reach the authority's list",
        ),
        Q::BlockList => (
            "block-list",
            "whether the system's own list of vulnerable drivers names it",
            "give that list: --assume blocklist=driversipolicy.p7b",
        ),
        Q::AppControl => (
            "app-control",
            "what the App Control policy says to this driver",
            "event 3076 or 3077 of the machine tells",
        ),
        Q::PackageBytes => ("package-bytes", "what is in the package", "give the whole package"),
        Q::ChainTop => (
            "chain-top",
            "where the chain of the signer ends",
            "give the missing certificates: sign with the whole chain inside",
        ),
    }
}

/// What Windows will say, in the order in which a person meets it.
#[must_use]
pub fn says(says: &WindowsSays) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(status) = says.status {
        said.push(format!("{} ({status})", status.name()));
    }
    if let Some(hresult) = says.hresult {
        said.push(match says.inner {
            Some(inner) => {
                format!("{} ({hresult}), below it {} ({inner})", hresult.name(), inner.name())
            }
            None => format!("{} ({hresult})", hresult.name()),
        });
    }
    if let Some(problem) = says.problem {
        said.push(format!("Code {problem} in Device Manager"));
    }
    if !says.events.is_empty() {
        let ids: Vec<String> = says.events.iter().map(u16::to_string).collect();
        let noun = if ids.len() == 1 { "event" } else { "events" };
        said.push(format!("Code Integrity {noun} {}", ids.join(", ")));
    }
    said
}

/// What a person at the console is asked.
#[must_use]
pub const fn prompt(prompt: Prompt) -> &'static str {
    match prompt {
        Prompt::Publisher => {
            "Windows asks the administrator whether to install software of this publisher; \
             yes is assumed"
        }
        Prompt::Unsigned => {
            "Windows warns in red that it cannot verify the publisher; going on is assumed"
        }
    }
}

//! What a Windows system demands of drivers, drawn from its version and its switches.
//!
//! Sources: Microsoft, *Kernel-Mode Code Signing Policy*, *Signature categories and driver
//! installation*, *Microsoft recommended driver block rules*; Chappell, *Back Doors for Cross-Signed
//! Drivers* (the order in which exemptions are asked). docs/windows.md grades each.

use crate::fact::Fact;
use crate::fact::step::{Step, draw};
use crate::facts::windows::WindowsFacts;
use crate::proof::windows::{Exempt, WindowsClaim, WindowsQuestion};
use crate::proof::{Claim, Gaps, Question, Rule, Why, gap};
use crate::tables::windows::{BlockList, Portal, Sha2};

/// The policy of one system.
#[derive(Debug)]
pub struct WindowsPolicy<'a> {
    /// The system.
    pub facts: &'a WindowsFacts,
    /// Test signing is in effect: with Secure Boot on the switch has none.
    pub test_signing: Fact<bool>,
    /// SHA-2 signatures are understood.
    pub sha2: Fact<bool>,
    /// Whether a signature of the portal is asked for.
    pub portal: Fact<Demand>,
    /// The list of vulnerable drivers holds.
    pub block_list_on: Fact<bool>,
}

/// Whether a signature of the portal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Not of anybody.
    Nobody(Exempt),
    /// Of every driver, whatever its age.
    Everybody {
        /// With extended verification.
        extended: bool,
        /// It only watches.
        audit: bool,
    },
    /// Of drivers whose certificate was issued since 2015-07-29.
    Newcomers,
    /// Of such drivers, say some.
    Disputed,
}

/// Builds from which things hold.
pub mod build {
    /// Windows 8.
    pub const WINDOWS_8: u32 = 9200;
    /// Windows 10 1607.
    pub const V1607: u32 = 14393;
    /// Windows 10 1703.
    pub const V1703: u32 = 15063;
}

/// Certificates issued before this time are exempt: 2015-07-29T00:00:00Z, FILETIME
/// 0x01D0C991830F4000.
pub const CUT_OFF: i64 = 1_438_128_000;

/// `WhqlSettings`: the demand holds although Secure Boot is off.
const DEMAND_ALWAYS: u32 = 0x2;
/// `WhqlSettings`: nothing is demanded.
const DEMAND_NOTHING: u32 = 0x1;

impl<'a> WindowsPolicy<'a> {
    /// Draws the policy of `facts`.
    #[must_use]
    pub fn of(facts: &'a WindowsFacts) -> Self {
        let test_signing = test_signing(facts);
        Self {
            sha2: sha2(facts),
            portal: draw(&PORTAL, |step| {
                let demand = demand(facts, &test_signing, step)?;
                let claim = match demand {
                    Demand::Nobody(exempt) => WindowsClaim::PortalNotWanted(exempt),
                    Demand::Everybody { .. } | Demand::Newcomers | Demand::Disputed => {
                        WindowsClaim::PortalWanted
                    }
                };
                Ok((demand, Claim::Windows(claim)))
            }),
            block_list_on: block_list_on(facts),
            test_signing,
            facts,
        }
    }
}

static PORTAL: Rule = Rule {
    name: "windows/portal-demanded",
    source: "Kernel-Mode Code Signing Policy; Back Doors for Cross-Signed Drivers, order of factors",
};

fn test_signing(facts: &WindowsFacts) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "windows/test-signing",
        source: "The TESTSIGNING Boot Configuration Option: Secure Boot protects the setting",
    };
    draw(&RULE, |step| {
        let set = *step.consult(&facts.test_signing)?;
        let on = set && !*step.consult(&facts.secure_boot)?;
        Ok((on, Claim::Windows(WindowsClaim::TestSigning(on))))
    })
}

fn sha2(facts: &WindowsFacts) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "windows/sha-2",
        source: "KB3033929, KB4474419, KB4039648; Appendix 4: Driver Signing Issues",
    };
    draw(&RULE, |step| {
        let understood = match step.consult(&facts.version)?.sha2 {
            Sha2::Yes => true,
            Sha2::Never => false,
            Sha2::Update => *step.consult(&facts.sha2_update)?,
        };
        let claim =
            if understood { WindowsClaim::DigestKnown } else { WindowsClaim::DigestUnknown };
        Ok((understood, Claim::Windows(claim("SHA-2".into()))))
    })
}

/// The published order of factors; the first that applies decides.
fn demand(
    facts: &WindowsFacts,
    test_signing: &Fact<bool>,
    step: &mut Step,
) -> Result<Demand, Gaps> {
    let version = step.consult(&facts.version)?.clone();
    let (settings, from) = (&facts.portal, version.build);
    if from >= build::V1607 && *step.consult(test_signing)? {
        return Ok(Demand::Nobody(Exempt::TestSigning));
    }
    if let Some(demanded) = step.consult(&settings.demanded)? {
        return Ok(Demand::Everybody { extended: demanded.extended, audit: demanded.audit });
    }
    if version.portal == Portal::Never {
        return Ok(Demand::Nobody(Exempt::Version));
    }
    if from >= build::V1607 && *step.consult(&settings.upgrading)? {
        return Ok(Demand::Nobody(Exempt::UpgradeRunning));
    }
    let flags = *step.consult(&settings.settings)?;
    if from >= build::V1703 && flags & DEMAND_ALWAYS != 0 {
        return Ok(Demand::Everybody { extended: false, audit: false });
    }
    // In 1607 the same bit only takes two exemptions away.
    let strict = flags & DEMAND_ALWAYS != 0;
    if !*step.consult(&facts.secure_boot)? {
        return Ok(Demand::Nobody(Exempt::SecureBootOff));
    }
    if !strict && *step.consult(&settings.upgraded)? {
        return Ok(Demand::Nobody(Exempt::Upgraded));
    }
    if from >= build::V1607 && *step.consult(&settings.developer)? {
        return Ok(Demand::Nobody(Exempt::Developer));
    }
    if from >= build::V1607 && !strict && flags & DEMAND_NOTHING != 0 {
        return Ok(Demand::Nobody(Exempt::Developer));
    }
    Ok(if version.portal == Portal::Disputed { Demand::Disputed } else { Demand::Newcomers })
}

/// Whether the list of vulnerable drivers holds.
fn block_list_on(facts: &WindowsFacts) -> Fact<bool> {
    static RULE: Rule =
        Rule { name: "windows/block-list-on", source: "Microsoft recommended driver block rules" };
    draw(&RULE, |step| {
        let row = step.consult(&facts.version)?.block_list;
        // An answer given for the machine itself is as good as a table's row.
        let forced = row != BlockList::Never && step.any(&[&facts.hvci, &facts.s_mode])?;
        let on = forced
            || match (row, *step.consult(&facts.block_list)?) {
                (BlockList::Never, _) => false,
                (_, Some(said)) => said,
                (BlockList::WithHvci, None) => false,
                (BlockList::On, None) => true,
            };
        Ok((on, Claim::Windows(WindowsClaim::BlockListOn(on))))
    })
}

/// A question that sources answer in two ways.
#[must_use]
pub fn disputed(about: WindowsQuestion) -> Gaps {
    let (one, other) = match about {
        WindowsQuestion::CatalogAtBoot => (
            "the signing requirements ask for a signature inside every driver of the boot",
            "the page on embedded signatures (2021) says that a catalog is enough by now",
        ),
        WindowsQuestion::ExpiredUnstamped => (
            "the signing rules ask for a time stamp, without which a signature ends with its certificate",
            "the event reference and reports from the field have it load all the same",
        ),
        WindowsQuestion::AttestationOnServers => (
            "the portal's page says that servers from 2016 on take tested (HLK) drivers only",
            "the kernel is reported to look for the one usage that attested signatures carry, too",
        ),
        WindowsQuestion::PortalIn1507 => (
            "the documents let cross-signed drivers load on Windows 10 1507",
            "an analysis of its kernel finds that it asks for a signature of the portal",
        ),
        WindowsQuestion::BootDriversOf1703 => (
            "the announcement of 1607 exempts drivers of the boot",
            "later releases no longer do, and it is not written from which on",
        ),
        WindowsQuestion::BlockList => (
            "the published list of vulnerable drivers names it",
            "the list that comes with Windows leaves rules out and gets others later; whether \
             this one is on it was not seen",
        ),
        WindowsQuestion::SeveralEntries => (
            "some verifiers read the first entry of the certificate table alone",
            "others take every entry that holds a signature",
        ),
        WindowsQuestion::MissingState => (
            "Windows Server 2003 refused with the value missing",
            "for later versions nobody has published what happens",
        ),
        _ => ("one source says yes", "another says no"),
    };
    gap(Question::Windows(about), Why::Disputed(one, other))
}

#[cfg(test)]
mod tests {
    use super::CUT_OFF;

    #[test]
    fn the_cut_off_is_the_file_time_that_was_published() {
        // Units of 100 ns since 1601, which is 11644473600 seconds before 1970.
        let ticks: i64 = 0x01D0_C991_830F_4000;
        assert_eq!(ticks.div_euclid(10_000_000).saturating_sub(11_644_473_600), CUT_OFF);
    }
}

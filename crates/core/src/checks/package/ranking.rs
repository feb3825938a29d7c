//! Which of several packages for one device wins: the lower rank 0xSSGGTHHH, then the newer date,
//! then the higher version.
//!
//! Source: Microsoft, *How Windows Ranks Driver Packages*, *AllSigningEqual Group Policy*.

use core::cmp::Reverse;

/// What a package offers for one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Who vouches for it.
    pub signed: Signed,
    /// `FeatureScore` of the section that installs it; 0xFF where it gives none.
    pub feature: u8,
    /// How its identifier matches the device's.
    pub matches: Match,
    /// The place of the matching identifier in its list, from 0.
    pub position: u16,
    /// `DriverVer`: days since 1970, and four numbers.
    pub version: (i64, [u16; 4]),
}

/// Who vouches for a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signed {
    /// Microsoft: tested, or a part of Windows.
    Microsoft,
    /// A publisher this machine trusts.
    Publisher,
    /// Nobody, from a section with `.nt`.
    UnsignedNt,
    /// Nobody, from a section without.
    Unsigned,
}

/// How identifiers match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// A hardware id of the device is a hardware id of the INF.
    Hardware,
    /// A hardware id of the device is a compatible id of the INF.
    HardwareCompatible,
    /// A compatible id of the device is a hardware id of the INF.
    CompatibleHardware,
    /// A compatible id of the device is a compatible id of the INF.
    Compatible,
}

impl Offer {
    /// Its rank; with `all_signing_equal` every signed package ties.
    #[must_use]
    pub fn rank(&self, all_signing_equal: bool) -> u32 {
        let score: u32 = match self.signed {
            Signed::Microsoft => 0x00,
            Signed::Publisher if all_signing_equal => 0x00,
            Signed::Publisher => 0x0F,
            Signed::UnsignedNt => 0x80,
            Signed::Unsigned => 0xC0,
        };
        let kind: u32 = match self.matches {
            Match::Hardware => 0,
            Match::HardwareCompatible => 1,
            Match::CompatibleHardware => 2,
            Match::Compatible => 3,
        };
        let place = u32::from(self.position).min(0xFFF);
        score << 24 | u32::from(self.feature) << 16 | kind << 12 | place
    }
}

/// The place of the offer that wins.
#[must_use]
pub fn winner(offers: &[Offer], all_signing_equal: bool) -> Option<usize> {
    let all = offers.iter().enumerate();
    all.min_by_key(|(_, o)| (o.rank(all_signing_equal), Reverse(o.version))).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTAL: Offer = Offer {
        signed: Signed::Microsoft,
        feature: 0xFF,
        matches: Match::Compatible,
        position: 0,
        version: (18_000, [1, 0, 0, 0]),
    };
    const VENDOR: Offer = Offer { signed: Signed::Publisher, matches: Match::Hardware, ..PORTAL };

    #[test]
    fn i44_signed_packages_tie_and_the_better_match_wins() {
        assert_eq!(winner(&[PORTAL, VENDOR], true), Some(1));
    }

    #[test]
    fn i45_without_the_policy_microsoft_s_signature_outranks() {
        assert_eq!(winner(&[PORTAL, VENDOR], false), Some(0));
    }

    #[test]
    fn among_equals_the_newer_date_wins() {
        let newer = Offer { version: (18_001, [0, 0, 0, 1]), ..PORTAL };
        assert_eq!(winner(&[PORTAL, newer], true), Some(1));
    }
}

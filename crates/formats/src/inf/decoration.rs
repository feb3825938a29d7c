//! Processors and Windows versions in the names of sections: `NTamd64.10.0...16299`.

/// The processors an INF can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Architecture {
    /// 32-bit Intel.
    X86,
    /// 64-bit Intel and AMD.
    Amd64,
    /// 32-bit ARM.
    Arm,
    /// 64-bit ARM.
    Arm64,
    /// Itanium.
    Ia64,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::X86, Self::Amd64, Self::Arm, Self::Arm64, Self::Ia64];

    /// How decorations write it, without `nt`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86",
            Self::Amd64 => "amd64",
            Self::Arm => "arm",
            Self::Arm64 => "arm64",
            Self::Ia64 => "ia64",
        }
    }

    /// The processor of that name, whatever its case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name))
    }
}

/// A `TargetOSVersion`: `NT[arch][.major[.minor[.product[.suite[.build]]]]]`.
///
/// Source: `inf-manufacturer-section`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoration {
    /// The processor; nothing stands for x86.
    pub architecture: Option<Architecture>,
    /// The least major version.
    pub major: Option<u32>,
    /// The least minor version.
    pub minor: Option<u32>,
    /// `VER_NT_WORKSTATION` 1, domain controller 2, server 3.
    pub product: Option<u32>,
    /// `VER_SUITE_*`, one bit or several.
    pub suite: Option<u32>,
    /// The least build; honoured from build 14310 on.
    pub build: Option<u32>,
}

impl Decoration {
    /// Reads a decoration; nothing where it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (nt, rest) = text.split_at_checked(2)?;
        if !nt.eq_ignore_ascii_case("nt") {
            return None;
        }
        let mut parts = rest.split('.');
        let architecture = match parts.next() {
            None | Some("") => None,
            Some(name) => Some(Architecture::named(name)?),
        };
        let mut numbers = [None; 5];
        for number in &mut numbers {
            match parts.next().map(str::trim) {
                None => break,
                Some("") => {}
                Some(part) => *number = Some(super::version::number(part)?),
            }
        }
        if parts.next().is_some() {
            return None;
        }
        let [major, minor, product, suite, build] = numbers;
        Some(Self { architecture, major, minor, product, suite, build })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decorations_of_the_documentation() {
        let d = Decoration::read("NTamd64.10.0...16299").unwrap();
        assert_eq!(d.architecture, Some(Architecture::Amd64));
        assert_eq!(
            (d.major, d.minor, d.product, d.suite, d.build),
            (Some(10), Some(0), None, None, Some(16299))
        );
        let d = Decoration::read("ntx86.5.1..0x80").unwrap();
        assert_eq!((d.minor, d.suite), (Some(1), Some(0x80)));
        assert_eq!(Decoration::read("NT"), Some(Decoration::default()));
        assert_eq!(Decoration::read("NTarm64").unwrap().architecture, Some(Architecture::Arm64));
        for none in ["amd64", "NTmips", "NT.6.0.1.2.3.4", "", "é", "NT.six"] {
            assert_eq!(Decoration::read(none), None, "{none}");
        }
    }
}

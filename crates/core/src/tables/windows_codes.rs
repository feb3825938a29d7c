//! *What does this number of Windows mean when a driver is installed or loaded?*

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

use super::{TableError, read};

/// A code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its name in Microsoft's headers.
    pub name: String,
    /// Its value.
    pub value: u32,
    /// Of an NTSTATUS: the code that programs print for it.
    pub shown: Option<u32>,
    /// What it means.
    pub means: String,
    /// What to look at, or what helps.
    pub tell: Option<String>,
    /// Where it is written.
    pub source: String,
}

/// The families that codes belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// What the kernel returns: 0xC0000428.
    NtStatus,
    /// What trust and installation return: 0x800B0109.
    HResult,
    /// What setup prints: 0xE0000247.
    SetupApi,
    /// What programs print: 577.
    Win32,
}

impl Family {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NtStatus => "ntstatus",
            Self::HResult => "hresult",
            Self::SetupApi => "setupapi",
            Self::Win32 => "win32",
        }
    }
}

/// A code that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'t> {
    /// What it is one of.
    pub family: Family,
    /// Its row.
    pub row: &'t Known,
}

/// A device problem code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// `CM_PROB_…`.
    pub name: String,
    /// Device Manager's *Code N*.
    pub number: u16,
    /// What it means.
    pub means: String,
    /// Whether a refused signature can be behind it: `yes`, `maybe`, `no`.
    pub signature: String,
    /// Where it is written.
    pub source: String,
}

/// An event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The row's name.
    pub id: String,
    /// The log, and behind a slash its provider or part.
    pub log: String,
    /// Its number.
    pub number: u16,
    /// What it means.
    pub means: String,
    /// What to look at.
    pub tell: Option<String>,
    /// Where it is written.
    pub source: String,
}

/// A number inside an event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventValue {
    /// The row's name.
    pub id: String,
    /// `verification-error`, `signature-type`, `signing-level`, `policy-option`, `ci-option`,
    /// `device-status`, `log-level`.
    pub kind: String,
    /// The number.
    pub number: u32,
    /// What it means.
    pub means: String,
    /// Where it is written.
    pub source: String,
}

impl EventValue {
    /// The bit of a mask that it is; `None` where numbers of its kind are no bits.
    #[must_use]
    pub fn mask(&self) -> Option<u32> {
        match self.kind.as_str() {
            "policy-option" => 1_u32.checked_shl(self.number),
            "ci-option" | "device-status" => Some(self.number),
            _ => None,
        }
    }
}

/// An object identifier.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oid {
    /// Dotted.
    pub oid: String,
    /// Its name in headers and standards.
    pub name: String,
    /// What it stands as: `use`, `attribute`, `content`, `catalog`, `digest`, `signature`.
    pub stands: String,
    /// What it means.
    pub means: String,
    /// Where it is written.
    pub source: String,
}

/// A bit of WinTrust's `State`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateBit {
    /// The bit.
    pub mask: u32,
    /// `WTPF_…`.
    pub name: String,
    /// The number of the choice in SetReg; zero: none.
    pub setreg: u8,
    /// Whether it is set in [`STATE_DEFAULT`].
    pub default: bool,
    /// What happens where it is set.
    pub set: String,
    /// What happens where it is not.
    pub clear: String,
    /// Where it is written.
    pub source: String,
}

/// A part of a driver's rank, or a signer score.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankPart {
    /// The row's name.
    pub id: String,
    /// `match`, `signature`, `signer-score`.
    pub part: String,
    /// Its value.
    pub value: u32,
    /// What it means.
    pub means: String,
    /// Where it is written.
    pub source: String,
}

/// A cross-certificate: what put a public authority below the Microsoft Code Verification Root.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossCertificate {
    /// The authority.
    pub name: String,
    /// How the SHA-1 of the cross-certificate begins; empty: not published.
    pub sha1: String,
    /// How it ends, where only that was published beside a short beginning.
    pub sha1_ends: Option<String>,
    /// The last day of its validity.
    pub not_after: String,
    /// Where it is written.
    pub source: String,
}

/// What WinTrust's `State` is where nobody changed it.
pub const STATE_DEFAULT: u32 = 0x0002_3c00;

#[derive(Clone, Debug, Deserialize)]
struct CodeRows {
    code: Vec<Known>,
}

#[derive(Clone, Debug, Deserialize)]
struct ProblemRows {
    problem: Vec<Problem>,
}

#[derive(Clone, Debug, Deserialize)]
struct EventRows {
    event: Vec<Event>,
}

#[derive(Clone, Debug, Deserialize)]
struct ValueRows {
    value: Vec<EventValue>,
}

/// A policy that events name by its GUID.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// In lower case, without braces.
    pub guid: String,
    /// What it is called.
    pub name: String,
    /// What it means when an event names it.
    pub means: String,
    /// What helps.
    pub tell: Option<String>,
    /// Where it is written.
    pub source: String,
}

#[derive(Clone, Debug, Deserialize)]
struct OidRows {
    oid: Vec<Oid>,
}

#[derive(Clone, Debug, Deserialize)]
struct PolicyRows {
    policy: Vec<Policy>,
}

#[derive(Clone, Debug, Deserialize)]
struct BitRows {
    bit: Vec<StateBit>,
}

#[derive(Clone, Debug, Deserialize)]
struct CrossRows {
    cross: Vec<CrossCertificate>,
}

#[derive(Clone, Debug, Deserialize)]
struct RankRows {
    part: Vec<RankPart>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct WindowsCodes {
    /// NTSTATUS values.
    pub ntstatus: Vec<Known>,
    /// HRESULT values.
    pub hresult: Vec<Known>,
    /// Setup's codes.
    pub setupapi: Vec<Known>,
    /// Win32 codes.
    pub win32: Vec<Known>,
    /// Device problem codes.
    pub problems: Vec<Problem>,
    /// Events.
    pub events: Vec<Event>,
    /// Numbers inside events.
    pub values: Vec<EventValue>,
    /// Object identifiers.
    pub oids: Vec<Oid>,
    /// Policies by their GUID.
    pub policies: Vec<Policy>,
    /// The bits of `State`.
    pub state: Vec<StateBit>,
    /// Parts of ranks.
    pub ranks: Vec<RankPart>,
    /// Cross-certificates.
    pub crosses: Vec<CrossCertificate>,
}

/// The rows of a table of ours.
macro_rules! table {
    ($rows:ident, $field:ident, $path:literal) => {
        read::<$rows>($path, include_str!(concat!("../../knowledge/", $path)))?.$field
    };
}

impl WindowsCodes {
    /// The tables built into this program.
    pub(super) fn built_in() -> Result<Self, TableError> {
        Ok(Self {
            ntstatus: table!(CodeRows, code, "errors/ntstatus.toml"),
            hresult: table!(CodeRows, code, "errors/hresult.toml"),
            setupapi: table!(CodeRows, code, "errors/setupapi.toml"),
            win32: table!(CodeRows, code, "errors/win32.toml"),
            problems: table!(ProblemRows, problem, "errors/problem.toml"),
            events: table!(EventRows, event, "windows/events.toml"),
            values: table!(ValueRows, value, "windows/event_values.toml"),
            oids: table!(OidRows, oid, "windows/oids.toml"),
            policies: table!(PolicyRows, policy, "windows/policies.toml"),
            state: table!(BitRows, bit, "windows/state_bits.toml"),
            ranks: table!(RankRows, part, "windows/ranks.toml"),
            crosses: table!(CrossRows, cross, "windows/cross_certificates.toml"),
        })
    }

    /// Every code with its family.
    pub fn all(&self) -> impl Iterator<Item = Found<'_>> {
        [
            (Family::NtStatus, &self.ntstatus),
            (Family::HResult, &self.hresult),
            (Family::SetupApi, &self.setupapi),
            (Family::Win32, &self.win32),
        ]
        .into_iter()
        .flat_map(|(family, rows)| rows.iter().map(move |row| Found { family, row }))
    }

    /// The code of that name: `CERT_E_UNTRUSTEDROOT`, `SPAPI_E_DRIVER_STORE_ADD_FAILED`; of several
    /// words, also without what stands before them: `DRIVER_STORE_ADD_FAILED`.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Found<'_>> {
        let setup = name.get(..8).filter(|p| p.eq_ignore_ascii_case("SPAPI_E_"));
        let setup = setup.and_then(|_| name.get(8..)).unwrap_or("-");
        let whole = |found: &Found<'_>| {
            found.row.name.eq_ignore_ascii_case(name)
                || (found.family == Family::SetupApi
                    && found
                        .row
                        .name
                        .strip_prefix("ERROR_")
                        .is_some_and(|n| n.eq_ignore_ascii_case(setup)))
        };
        self.all().find(whole).or_else(|| self.all().find(|f| is_tail(&f.row.name, name)))
    }

    /// The cross-certificate of this SHA-1 (40 digits, in either case).
    #[must_use]
    pub fn cross_certificate(&self, sha1: &str) -> Option<&CrossCertificate> {
        let sha1 = sha1.to_ascii_lowercase();
        let is_digest = sha1.len() == 40 && sha1.bytes().all(|b| b.is_ascii_hexdigit());
        let mut rows = self.crosses.iter().filter(|row| is_digest && !row.sha1.is_empty());
        rows.find(|row| {
            let ends = row.sha1_ends.as_deref().unwrap_or("");
            sha1.starts_with(&row.sha1) && sha1.ends_with(ends)
        })
    }

    /// The codes that a number stands for, itself or wrapped: 0x80070241 and 0xD0000428 are 577 and
    /// 0xC0000428, 0x800F0247 is 0xE0000247.
    #[must_use]
    pub fn of_number(&self, number: u32) -> Vec<Found<'_>> {
        let direct = self.all().filter(|found| found.row.value == number);
        let inner = match number {
            0x8007_0000..=0x8007_ffff => Some((Family::Win32, number & 0xffff)),
            0x800f_0000..=0x800f_ffff => Some((Family::SetupApi, 0xe000_0000 | number & 0xffff)),
            _ if number & 0x1000_0000 != 0 => Some((Family::NtStatus, number & !0x1000_0000)),
            _ => None,
        };
        let wrapped = self.all().filter(|found| inner == Some((found.family, found.row.value)));
        direct.chain(wrapped).collect()
    }
}

/// Whether `asked` is `name` without the prefix of its family; short words are none.
#[must_use]
pub fn is_tail(name: &str, asked: &str) -> bool {
    let prefixes = ["ERROR_", "STATUS_", "CERT_E_", "TRUST_E_", "CRYPT_E_", "CM_PROB_"].into_iter();
    let mut tails = prefixes.filter_map(|prefix| name.strip_prefix(prefix));
    asked.len() > 8 && tails.any(|tail| tail.eq_ignore_ascii_case(asked))
}

impl Found<'_> {
    /// The ways in which this code is written, each with the name of the way.
    #[must_use]
    pub fn forms(&self) -> Vec<(&'static str, String)> {
        let value = self.row.value;
        let hex = format!("0x{value:08X}");
        let signed = format!("{}", value.cast_signed());
        match self.family {
            Family::Win32 => Vec::from([
                ("win32", format!("{value}")),
                ("hresult", format!("0x{:08X}", 0x8007_0000 | value)),
                ("signed", format!("{}", (0x8007_0000 | value).cast_signed())),
            ]),
            Family::SetupApi => Vec::from([
                ("setupapi", hex),
                ("hresult", format!("0x{:08X}", 0x800f_0000 | value & 0xffff)),
                ("unsigned", format!("{value}")),
                ("signed", signed),
            ]),
            Family::NtStatus => {
                let shown = self.row.shown.map(|shown| match shown {
                    0..=0xffff => ("win32", format!("{shown}")),
                    _ => ("shown", format!("0x{shown:08X}")),
                });
                let mut forms = Vec::from([
                    ("ntstatus", hex),
                    ("unsigned", format!("{value}")),
                    ("signed", signed),
                ]);
                forms.extend(shown);
                forms.push(("hresult", format!("0x{:08X}", value | 0x1000_0000)));
                forms
            }
            Family::HResult => {
                Vec::from([("hresult", hex), ("unsigned", format!("{value}")), ("signed", signed)])
            }
        }
    }
}

/// A driver's rank, taken apart. Microsoft, *How Windows Ranks Driver Packages*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// SS: the signature score.
    pub signature: u8,
    /// GG: the feature score; 0xFF where the INF says nothing.
    pub feature: u8,
    /// T: how the ids match.
    pub matching: u8,
    /// HHH: the place in the lists of ids.
    pub position: u16,
}

impl Rank {
    /// Takes a rank apart.
    #[must_use]
    pub fn of(rank: u32) -> Self {
        let [signature, feature, upper, lower] = rank.to_be_bytes();
        let position = u16::from(upper & 0xf) << 8 | u16::from(lower);
        Self { signature, feature, matching: upper >> 4, position }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Tables;

    #[test]
    fn codes_are_found_however_they_are_written() {
        let codes = Tables::explaining().unwrap().windows_codes;
        let names = |n| codes.of_number(n).iter().map(|f| f.row.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(0x800b_0109), ["CERT_E_UNTRUSTEDROOT"]);
        assert_eq!(names(577), ["ERROR_INVALID_IMAGE_HASH"]);
        assert_eq!(names(0x8007_0241), ["ERROR_INVALID_IMAGE_HASH"]);
        assert_eq!(names(0xd000_0428), ["STATUS_INVALID_IMAGE_HASH"]);
        assert_eq!(names(0x800f_0247), ["ERROR_DRIVER_STORE_ADD_FAILED"]);
        assert_eq!(names(0xe000_0247), ["ERROR_DRIVER_STORE_ADD_FAILED"]);
        let named = codes.named("spapi_e_file_hash_not_in_catalog").unwrap();
        assert_eq!(named.row.value, 0xe000_024b);
        let short = codes.named("driver_store_add_failed").unwrap();
        assert_eq!(short.row.value, 0xe000_0247);
        let globalsign =
            codes.cross_certificate("CC1DEEBF6D55C2C9061BA16F10A0BFA6979A4A32").unwrap();
        assert_eq!(
            (globalsign.name.as_str(), globalsign.not_after.as_str()),
            ("GlobalSign Root CA", "2021-04-15")
        );
        assert!(codes.cross_certificate("cc1deebf").is_none());
        let forms = codes.of_number(0xc000_0428)[0].forms();
        assert!(forms.contains(&("signed", "-1073740760".into())), "{forms:?}");
        assert!(forms.contains(&("win32", "577".into())), "{forms:?}");
    }

    #[test]
    fn names_and_numbers_are_unique() {
        let codes = Tables::explaining().unwrap().windows_codes;
        let mut names: Vec<_> = codes.all().map(|f| f.row.name.clone()).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        let default: u32 = codes.state.iter().filter(|b| b.default).map(|b| b.mask).sum();
        assert_eq!(default, STATE_DEFAULT);
        assert!(codes.problems.is_sorted_by_key(|p| p.number));
        assert!((1..=57).all(|n| codes.problems.iter().any(|p| p.number == n)));
    }

    #[test]
    fn a_rank_is_taken_apart() {
        let rank = Rank::of(0x00ff_2001);
        assert_eq!((rank.signature, rank.feature, rank.matching, rank.position), (0, 0xff, 2, 1));
    }
}

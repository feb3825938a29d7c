//! Names and values of shim's variables: what it mirrors for the operating system, and what the
//! operating system asks of the next boot.
//!
//! A mirror is found as a file of efivarfs (attributes first) or below
//! `/sys/firmware/efi/mok-variables` (no attributes). A request is found in efivarfs only; while one
//! is there, the next boot goes through MokManager, where a person confirms or declines it.
//!
//! Sources: shim `mok.c` (`mok_state_variables`), `shim.c` (`check_mok_request`), `MokVars.txt`;
//! mokutil `mokutil.c` (`set_toggle`); Linux `drivers/firmware/efi/mokvar-table.c`.

use crate::error::{Error, Kind, Parsed};
use crate::reader::{Reader, wide};

/// A variable that shim writes at each boot for the operating system to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mirror {
    /// `MokListRT`: signature lists of keys and digests that shim accepts, its vendor's certificate first.
    List,
    /// `MokListXRT`: signature lists of what shim refuses.
    ListX,
    /// `MokSBStateRT`: one byte, 1 when validation is switched off in shim.
    SbState,
    /// `MokDBStateRT`, also written as `MokIgnoreDB`: there when the firmware's `db` is not consulted.
    IgnoreDb,
    /// `MokListTrustedRT`: there when the machine owner's keys may count as the kernel's own.
    ListTrusted,
    /// `SbatLevelRT`: the revocation level in force, as SBAT text.
    SbatLevel,
    /// `MokPolicyRT`: one byte of policy bits.
    Policy,
    /// `HSIStatus`: text of lines `name: 0` or `name: 1` about what the firmware can do.
    HsiStatus,
}

const MIRRORS: [(Mirror, &str); 9] = [
    (Mirror::List, "MokListRT"),
    (Mirror::ListX, "MokListXRT"),
    (Mirror::SbState, "MokSBStateRT"),
    (Mirror::IgnoreDb, "MokDBStateRT"),
    (Mirror::IgnoreDb, "MokIgnoreDB"),
    (Mirror::ListTrusted, "MokListTrustedRT"),
    (Mirror::SbatLevel, "SbatLevelRT"),
    (Mirror::Policy, "MokPolicyRT"),
    (Mirror::HsiStatus, "HSIStatus"),
];

impl Mirror {
    /// The mirror called `name`, and which part of it: firmware with little room makes shim write
    /// `MokListRT`, `MokListRT1`, `MokListRT2` and so on; part 0 is the one without a number.
    #[must_use]
    pub fn named(name: &str) -> Option<(Self, u32)> {
        MIRRORS.iter().find_map(|(mirror, stem)| {
            let rest = name.strip_prefix(stem)?;
            let split = matches!(mirror, Self::List | Self::ListX);
            let numbered =
                split && rest.bytes().all(|b| b.is_ascii_digit()) && !rest.starts_with('0');
            match rest {
                "" => Some((*mirror, 0)),
                _ if numbered => rest.parse().ok().map(|part| (*mirror, part)),
                _ => None,
            }
        })
    }

    /// The name shim gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        MIRRORS.iter().find(|(mirror, _)| *mirror == self).map_or("", |(_, name)| name)
    }

    /// Whether its value is signature lists.
    #[must_use]
    pub const fn is_signature_lists(self) -> bool {
        matches!(self, Self::List | Self::ListX)
    }
}

/// Something the operating system asks of the next boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Request {
    /// `MokNew`: signature lists to enrol.
    Enrol,
    /// `MokDel`: signature lists to remove.
    Remove,
    /// `MokXNew`: signature lists to refuse from then on.
    EnrolRefused,
    /// `MokXDel`: signature lists to refuse no longer.
    RemoveRefused,
    /// `MokSB`: validation in shim on or off; see [`toggle`].
    Validation,
    /// `MokDB`: whether the firmware's `db` is consulted; see [`toggle`].
    UseDb,
    /// `MokListTrustedNew`: whether the machine owner's keys count as the kernel's own; see [`toggle`].
    TrustList,
    /// `MokPW`: a password for MokManager.
    Password,
    /// `SbatPolicy`: which built-in revocation level shim applies once. Needs no confirmation.
    SbatPolicy,
}

const REQUESTS: [(Request, &str); 9] = [
    (Request::Enrol, "MokNew"),
    (Request::Remove, "MokDel"),
    (Request::EnrolRefused, "MokXNew"),
    (Request::RemoveRefused, "MokXDel"),
    (Request::Validation, "MokSB"),
    (Request::UseDb, "MokDB"),
    (Request::TrustList, "MokListTrustedNew"),
    (Request::Password, "MokPW"),
    (Request::SbatPolicy, "SbatPolicy"),
];

impl Request {
    /// The request called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        REQUESTS.iter().find(|(_, n)| *n == name).map(|(request, _)| *request)
    }

    /// The variable's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        REQUESTS.iter().find(|(request, _)| *request == self).map_or("", |(_, name)| name)
    }

    /// The variable that holds the password's digest for a request with signature lists. Its being
    /// there without the request still brings up MokManager: a request to reset the list.
    #[must_use]
    pub const fn authorisation(self) -> Option<&'static str> {
        match self {
            Self::Enrol => Some("MokAuth"),
            Self::Remove => Some("MokDelAuth"),
            Self::EnrolRefused => Some("MokXAuth"),
            Self::RemoveRefused => Some("MokXDelAuth"),
            Self::Validation
            | Self::UseDb
            | Self::TrustList
            | Self::Password
            | Self::SbatPolicy => None,
        }
    }

    /// Whether its value is signature lists.
    #[must_use]
    pub const fn is_signature_lists(self) -> bool {
        self.authorisation().is_some()
    }
}

/// Reads the value of [`Request::Validation`], [`Request::UseDb`] or [`Request::TrustList`]: a
/// 32-bit state, then the length and sixteen UTF-16 units of a password, which is passed over.
///
/// State 0 asks for validation off, for `db` to be ignored, for the list to be trusted; any other
/// state for the opposite. A value without its password, or with more, is a deviation.
///
/// # Errors
/// `Truncated` when there are fewer than four bytes.
pub fn toggle(data: &[u8]) -> Result<Parsed<u32>, Error> {
    const PASSWORD: usize = 4 + 2 * 16;
    let mut reader = Reader::new("MokManager toggle", data);
    let mut parsed = Parsed::clean(reader.u32_le()?);
    if let Err(e) = reader.skip(PASSWORD) {
        parsed.deviations.push(e);
    } else if !reader.is_done() {
        parsed.deviations.push(reader.error(Kind::Trailing { left: wide(reader.left()) }));
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_and_their_parts_are_known_by_name() {
        assert_eq!(Mirror::named("MokListRT"), Some((Mirror::List, 0)));
        assert_eq!(Mirror::named("MokListRT12"), Some((Mirror::List, 12)));
        assert_eq!(Mirror::named("MokListXRT1"), Some((Mirror::ListX, 1)));
        for name in [
            "MokList",
            "MokListRT0",
            "MokListRT01",
            "MokListRTx",
            "SbatLevelRT1",
            "MokListRT99999999999",
        ] {
            assert_eq!(Mirror::named(name), None, "{name}");
        }
        for (mirror, name) in MIRRORS {
            assert_eq!(Mirror::named(name), Some((mirror, 0)));
        }
    }

    #[test]
    fn requests_are_known_by_name() {
        for (request, name) in REQUESTS {
            assert_eq!(Request::named(name), Some(request));
            assert_eq!(request.name(), name);
        }
        assert_eq!(Request::named("MokNewX"), None);
        assert_eq!(Request::Enrol.authorisation(), Some("MokAuth"));
    }

    #[test]
    fn a_toggle_is_its_first_number() {
        assert_eq!(toggle(&[0; 40]), Ok(Parsed::clean(0)));
        assert_eq!(toggle(&[1; 4]).unwrap().deviations.len(), 1);
        assert_eq!(toggle(&[0; 44]).unwrap().deviations.len(), 1);
        assert!(toggle(&[0; 3]).is_err());
    }
}

//! A policy: what it says, without judging any file by it.

use crate::app_control::{body, envelope};
use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::{Reader, wide};
use crate::uefi::guid::Guid;

pub use super::fields::Version;

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The number of its format, 1 to 8.
    pub format: u32,
    /// Whether it stands inside a signed message; not whether that signature holds.
    pub is_signed: bool,
    /// The kind of policy: `a244370e-44c9-4c06-b551-f6016e563076` for all of single-policy form.
    pub policy_type: Guid,
    /// The platform.
    pub platform: Guid,
    /// Bits of its options, the first bit being number zero ([`option_name`]).
    pub options: u32,
    /// Its version.
    pub version: Version,
    /// The policy's own id, from format 6.
    pub id: Option<Guid>,
    /// The id of the policy that this one supplements, or its own, from format 6.
    pub base_id: Option<Guid>,
    /// Extended key usages that signers name, DER of their identifiers with 1 for the tag.
    pub ekus: Vec<Vec<u8>>,
    /// Rules about files.
    pub files: Vec<FileRule>,
    /// Rules about signers.
    pub signers: Vec<Signer>,
    /// Signers who may sign an update of this policy, as numbers of signers.
    pub update_signers: Vec<u32>,
    /// Signers of user-mode code, as numbers of signers.
    pub ci_signers: Vec<u32>,
    /// Signers who may sign supplements.
    pub supplemental_signers: Vec<u32>,
    /// What holds for the kernel (131), user mode (12) and others.
    pub scenarios: Vec<Scenario>,
    /// Memory integrity: 1 enabled, 2 strict, 4 debug mode allowed, 8 disabling allowed.
    pub hvci: u32,
    /// Settings: name and other information of the policy among them.
    pub settings: Vec<Setting>,
}

/// What a file rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The file is refused.
    Deny,
    /// The file is let through.
    Allow,
    /// Nothing by itself: a signer's rule is narrowed to such files.
    Attribute,
    /// A rule for something else than loading.
    Other(u32),
}

impl Action {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
            Self::Attribute => "attribute",
            Self::Other(_) => "other",
        }
    }
}

/// A rule about files. What is not said does not restrict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRule {
    /// What it does.
    pub action: Action,
    /// `OriginalFilename` of the version resource; `*` stands for any.
    pub file_name: Option<String>,
    /// The least version; zero: not said.
    pub least: Version,
    /// The greatest version, from format 3; zero: not said.
    pub greatest: Version,
    /// A digest of the file (Authenticode, page or flat; SHA-1 or SHA-256 by its length).
    pub hash: Vec<u8>,
    /// `InternalName`, from format 4.
    pub internal_name: Option<String>,
    /// `FileDescription`, from format 4.
    pub description: Option<String>,
    /// `ProductName`, from format 4.
    pub product: Option<String>,
    /// The package family, from format 5.
    pub package_family: Option<String>,
    /// The version of the package, from format 5.
    pub package_version: Version,
    /// A path, from format 7; never applied to kernel drivers.
    pub path: Option<String>,
}

/// By what a signer is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The digest of the signed part of a certificate somewhere in the chain.
    ToBeSigned(Vec<u8>),
    /// One of Microsoft's roots by its number.
    WellKnown(u32),
}

/// A rule about signers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The certificate of the chain.
    pub root: Root,
    /// Usages that the signer's certificate must have, as numbers of [`Policy::ekus`].
    pub ekus: Vec<u32>,
    /// The common name of the issuer.
    pub issuer: Option<String>,
    /// The common name of the signer.
    pub publisher: Option<String>,
    /// The OEM in a certificate of Microsoft's hardware programme.
    pub oem: Option<String>,
    /// File rules of which one must hold too, as numbers of [`Policy::files`].
    pub attributes: Vec<u32>,
    /// Signatures must be younger, in units of 100 ns since 1601; zero: not said. From format 3.
    pub signed_after: u64,
}

/// What holds for one kind of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// 131 kernel, 12 user mode.
    pub number: u32,
    /// Scenarios whose rules hold here too.
    pub inherits: Vec<u32>,
    /// The least hash algorithm; 0x800c: none is asked for.
    pub least_hash: u32,
    /// Rules for signatures that count as products'.
    pub product: Group,
    /// Rules for test signatures.
    pub test: Group,
    /// Rules while test signing is on.
    pub test_signing: Group,
}

/// Who is let through and who is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Signers that are let through, each with file rules that are excepted.
    pub allowed: Vec<(u32, Vec<u32>)>,
    /// Signers that are refused, each with file rules that are excepted.
    pub denied: Vec<(u32, Vec<u32>)>,
    /// File rules that hold.
    pub files: Vec<u32>,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Whose it is: `PolicyInfo`.
    pub provider: String,
    /// Its key: `Information`.
    pub key: String,
    /// Its name: `Name`, `Id`.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Yes or no.
    Boolean(bool),
    /// A number.
    Number(u32),
    /// Bytes.
    Binary(Vec<u8>),
    /// A text.
    Text(String),
}

impl Policy {
    /// A setting of `PolicyInfo`: `Name`, `Id`.
    #[must_use]
    pub fn information(&self, name: &str) -> Option<&str> {
        let of_policy = |s: &&Setting| {
            s.provider.eq_ignore_ascii_case("PolicyInfo") && s.name.eq_ignore_ascii_case(name)
        };
        self.settings.iter().find(of_policy).and_then(|setting| match &setting.value {
            Value::Text(text) => Some(text.as_str()),
            Value::Boolean(_) | Value::Number(_) | Value::Binary(_) => None,
        })
    }

    /// Whether it only tells what it would refuse.
    #[must_use]
    pub const fn is_audit(&self) -> bool {
        self.options & 1 << 16 != 0
    }
}

/// The name of an option by the number of its bit; nothing where the bit has none.
///
/// Source: Microsoft, *Understanding App Control event tags*, "Policy Rule Options".
#[must_use]
pub const fn option_name(bit: u32) -> Option<&'static str> {
    Some(match bit {
        2 => "Enabled:UMCI",
        3 => "Enabled:Boot Menu Protection",
        4 => "Enabled:Intelligent Security Graph Authorization",
        5 => "Enabled:Invalidate EAs on Reboot",
        7 => "Required:WHQL",
        10 => "Enabled:Allow Supplemental Policies",
        11 => "Disabled:Runtime FilePath Rule Protection",
        13 => "Enabled:Revoked Expired As Unsigned",
        16 => "Enabled:Audit Mode",
        17 => "Disabled:Flight Signing",
        18 => "Enabled:Inherit Default Policy",
        19 => "Enabled:Unsigned System Integrity Policy",
        20 => "Enabled:Dynamic Code Security",
        21 => "Required:EV Signers",
        22 => "Enabled:Boot Audit On Failure",
        23 => "Enabled:Advanced Boot Options Menu",
        24 => "Disabled:Script Enforcement",
        25 => "Required:Enforce Store Applications",
        27 => "Enabled:Managed Installer",
        28 => "Enabled:Update Policy No Reboot",
        _ => return None,
    })
}

/// Bytes of the header, whose length stands in its last field.
const HEADER: u32 = 0x40;

/// Whether bytes may be a policy, signed or not.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    let policy = envelope::content(bytes).unwrap_or(bytes);
    let number = |at: usize| -> Option<u32> {
        let field = policy.get(at..at.checked_add(4)?)?;
        field.first_chunk().map(|b| u32::from_le_bytes(*b))
    };
    matches!(number(0), Some(1..=16)) && number(0x40) == Some(HEADER)
}

/// Reads a policy. Where its body ends early, what was read stands and the reason is the last
/// deviation.
///
/// # Errors
/// When the header is not one of a policy.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Policy>, Error> {
    let inside = envelope::content(bytes);
    let policy = inside.unwrap_or(bytes);
    if policy.len() > limits.text_bytes {
        let kind = Kind::TooLarge { limit: wide(limits.text_bytes) };
        return Err(Error::new("App Control policy", 0, kind));
    }
    let mut reader = Reader::new("App Control policy", policy);
    let header = body::header(&mut reader, inside.is_some(), HEADER)?;
    Ok(body::read(reader, header))
}

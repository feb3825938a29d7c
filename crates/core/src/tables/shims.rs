//! *Whom does a shim trust that was not seen?* and *what does a revocation level say?*

use crate::proof::{Row, Standing, text};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::Deserialize;

/// Bytes, written as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hex(pub Arc<[u8]>);

impl TryFrom<String> for Hex {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WHAT: &str = "an even number of hexadecimal digits";
        let digits: Option<Vec<u8>> = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
            .collect();
        let digits = digits.ok_or(WHAT)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(WHAT);
        }
        Ok(Self(pairs.iter().map(|[high, low]| high << 4 | low).collect()))
    }
}

/// A shim as a distribution ships it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownShim {
    /// The row's name.
    pub id: String,
    /// `ID` in the `os-release` of systems that install it.
    pub os_release: Vec<String>,
    /// The name of its vendor's certificate.
    pub name: String,
    /// Its vendor's certificate (DER).
    pub certificate: Hex,
    /// SHA-256 Authenticode digests of images its vendor denies.
    pub denied: Vec<Hex>,
    /// Date of the revocation level it applies by itself.
    pub automatic: String,
    /// Date of the revocation level it applies when asked.
    pub latest: String,
    /// Where it is written.
    pub source: String,
    /// Whether a recorded machine booted with it.
    #[serde(default)]
    pub confirmed: bool,
}

impl KnownShim {
    /// The row as a reason.
    #[must_use]
    pub fn row(&self) -> Row {
        row(format!("firmware/authorities.toml#{}", self.id), &self.source, self.confirmed)
    }
}

/// A certification authority of db, as machines are sold with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// The certificate's name.
    pub name: String,
    /// The certificate (DER).
    pub certificate: Hex,
    /// Where it is written.
    pub source: String,
}

impl Authority {
    /// The row as a reason.
    #[must_use]
    pub fn row(&self) -> Row {
        row(format!("firmware/authorities.toml#{}", self.name), &self.source, false)
    }
}

/// The table of shims and authorities.
#[derive(Clone, Debug, Deserialize)]
pub struct Shims {
    shim: Vec<KnownShim>,
    authority: Vec<Authority>,
}

impl Shims {
    /// The shims of the distribution with this `ID` in its `os-release`.
    pub fn of(&self, id: &str) -> impl Iterator<Item = &KnownShim> {
        self.shim.iter().filter(move |s| s.os_release.iter().any(|o| o == id))
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[KnownShim] {
        &self.shim
    }

    /// What db holds on machines as they are sold.
    #[must_use]
    pub fn authorities(&self) -> &[Authority] {
        &self.authority
    }
}

/// A revocation level that shim has brought along.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownLevel {
    /// Its date: third field of its first line.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Where it is written.
    pub source: String,
}

impl KnownLevel {
    /// The row as a reason.
    #[must_use]
    pub fn row(&self) -> Row {
        row(format!("firmware/sbat.toml#{}", self.id), &self.source, true)
    }
}

/// The table of revocation levels.
#[derive(Clone, Debug, Deserialize)]
pub struct Levels {
    level: Vec<KnownLevel>,
}

impl Levels {
    /// The level of this date.
    #[must_use]
    pub fn of(&self, date: &str) -> Option<&KnownLevel> {
        self.level.iter().find(|l| l.id == date)
    }
}

fn row(id: String, source: &str, confirmed: bool) -> Row {
    let standing = if confirmed { Standing::Confirmed } else { Standing::Documented };
    Row { id: text(id), source: text(source), standing }
}

//! What keeps a package from having a catalog, by the numbers of Inf2Cat and MakeCat.
//!
//! Inf2Cat's numbers are not documented; these are the ones that public build logs show, with what they say
//! there. 22.9.8 (a file of Windows redistributed) asks for Windows' own list of its files, and is not tested.
//! MakeCat's are those of `mscat.h`.

use alloc::format;
use alloc::string::{String, ToString};
use loadworthy_formats::inf::text::Span;

/// What stops a catalog from being made, or should be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Inf2Cat's number for it, or MakeCat's name; nothing: they say it without.
    pub number: Option<&'static str>,
    /// Whether no catalog is made.
    pub stops: bool,
    /// The path of the INF, or of the definition.
    pub inf: String,
    /// Where in it.
    pub at: Option<Span>,
    /// What it is.
    pub what: What,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The INF is for none of its devices on a system.
    NoDevices {
        /// The system, as `/os` takes it.
        system: String,
    },
    /// No `CatalogFile` counts on this processor.
    NoCatalogFile {
        /// The processor.
        architecture: &'static str,
    },
    /// A file that is copied is not in the package.
    Missing {
        /// Where it should lie.
        path: String,
        /// Where one of that name lies.
        elsewhere: Option<String>,
    },
    /// A file that is copied is packed; it has to be unpacked first.
    Packed {
        /// The file.
        path: String,
    },
    /// A file that is copied is not in `[SourceDisksFiles]`.
    NotListed {
        /// The file.
        name: String,
    },
    /// There is no `DriverVer`, or it is none.
    NoDriverVer {
        /// What is written.
        written: Option<String>,
    },
    /// `DriverVer` is later than today.
    Future {
        /// What is written.
        written: String,
        /// What time it is, in UTC and here.
        now: String,
        /// Whether it is that day here already, or past.
        has_come_here: bool,
    },
    /// `DriverVer` is older than a system allows.
    TooOld {
        /// What is written.
        written: String,
        /// The system.
        system: String,
        /// The first day that is taken.
        since: String,
    },
    /// `CatalogFile` names a place, not a file.
    CatalogElsewhere {
        /// What is written.
        written: String,
    },
    /// A definition says what cannot be done.
    Definition {
        /// In words.
        said: String,
    },
}

/// A day: year, month, day of the month.
pub type Day = (u16, u8, u8);

/// What day it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Today {
    /// The latest day that `DriverVer` may name.
    pub latest: Day,
    /// The day it is here, where that is known.
    pub here: Option<Day>,
    /// What time it is, in UTC and here, for people.
    pub told: String,
}

impl core::fmt::Display for What {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let said = match self {
            Self::NoDevices { system } => format!("it is for no device on {system}"),
            Self::NoCatalogFile { architecture } => {
                format!("no CatalogFile in [Version] counts on {architecture}")
            }
            Self::Missing { path, elsewhere: None } => format!("{path} is not in the package"),
            Self::Missing { path, elsewhere: Some(other) } => {
                format!("{path} is not in the package; {other} is, where setup does not look")
            }
            Self::Packed { path } => format!("{path} is packed: unpack it, and change the INF"),
            Self::NotListed { name } => format!("{name} is not in [SourceDisksFiles]"),
            Self::NoDriverVer { written: None } => "there is no DriverVer in [Version]".to_string(),
            Self::NoDriverVer { written: Some(text) } => {
                format!("DriverVer = {text} is not mm/dd/yyyy[,w.x.y.z]")
            }
            Self::Future { written, now, has_come_here: false } => {
                format!("DriverVer = {written} lies in the future: it is {now}")
            }
            Self::Future { written, now, has_come_here: true } => format!(
                "DriverVer = {written} lies in the future: it is {now}; what is made where it is already \
                 that day wants --local-time (Inf2Cat: /uselocaltime), or a DriverVer in UTC"
            ),
            Self::TooOld { written, system, since } => {
                format!("DriverVer = {written} is older than {system} allows: {since} or later")
            }
            Self::CatalogElsewhere { written } => {
                format!("CatalogFile = {written} is not the name of a file beside the INF")
            }
            Self::Definition { said } => said.clone(),
        };
        f.write_str(&said)
    }
}

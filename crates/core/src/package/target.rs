//! *Which models of an INF apply to this system?*
//!
//! Each line of `[Manufacturer]` is decided on its own: of the decorations that apply, the one with
//! the highest version wins, then the highest build, then the one that names the kind of product, then
//! the suite. Only x86 takes sections without a processor in their name.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::inf::decoration::{Architecture, Decoration};
use loadworthy_formats::inf::document::Inf;
use loadworthy_formats::inf::models::Manufacturer;

/// A system, as far as decorations tell systems apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The processor.
    pub architecture: Architecture,
    /// The version: (6, 1) is Windows 7, (10, 0) Windows 10 and all later ones.
    pub version: (u32, u32),
    /// The build.
    pub build: u32,
    /// Whether it is a server.
    pub server: bool,
}

/// What `inf-manufacturer-section` calls `ProductType`.
const WORKSTATION: u32 = 1;
const DOMAIN_CONTROLLER: u32 = 2;
const SERVER: u32 = 3;

/// Builds before this one do not understand a build in a decoration.
const FIRST_WITH_BUILDS: u32 = 14310;

impl Target {
    /// Whether a section with this decoration is for this system.
    #[must_use]
    pub fn is_meant_by(&self, by: &Decoration) -> bool {
        if by.architecture.unwrap_or(Architecture::X86) != self.architecture {
            return false;
        }
        let least = (by.major.unwrap_or(0), by.minor.unwrap_or(0));
        if least > self.version {
            return false;
        }
        let product = match by.product {
            None | Some(0) => true,
            Some(WORKSTATION) => !self.server,
            Some(DOMAIN_CONTROLLER | SERVER) => self.server,
            Some(_) => false,
        };
        // The build counts only for the very version it is written with.
        let build = by.build.is_none_or(|least_build| {
            least < self.version || (self.build >= FIRST_WITH_BUILDS && self.build >= least_build)
        });
        product && build && by.suite.is_none_or(|suite| suite == 0)
    }

    /// How the system is written as a decoration: `NTamd64.10.0.1..26100`.
    #[must_use]
    pub fn decoration(&self) -> String {
        let (major, minor) = self.version;
        let product = if self.server { SERVER } else { WORKSTATION };
        format!("NT{}.{major}.{minor}.{product}..{}", self.architecture.name(), self.build)
    }
}

/// How near a decoration comes to a system; the higher, the nearer.
type Nearness = ((u32, u32), u32, bool, bool);

fn nearness(by: &Decoration) -> Nearness {
    let version = (by.major.unwrap_or(0), by.minor.unwrap_or(0));
    (version, by.build.unwrap_or(0), by.product.is_some(), by.suite.is_some())
}

/// The Models section of a manufacturer that applies to a system, by its full name; nothing where
/// none does.
///
/// Decorations that name a suite of products are not chosen: which suite a system has is not asked.
#[must_use]
pub fn choose(inf: &Inf, made: &Manufacturer, on: &Target) -> Option<String> {
    let decorated = made.targets.iter().filter_map(|target| {
        let by = target.decoration.filter(|d| on.is_meant_by(d))?;
        let name = format!("{}.{}", made.models, target.text);
        inf.section(&name).map(|section| (nearness(&by), section.name.clone()))
    });
    let plain = (on.architecture == Architecture::X86)
        .then(|| inf.section(&made.models))
        .flatten()
        .map(|section| (Nearness::default(), section.name.clone()));
    let mut all: Vec<_> = plain.into_iter().chain(decorated).collect();
    // Of equals the first one written; `plain` gives way to any other.
    all.reverse();
    all.into_iter().max_by_key(|(near, _)| *near).map(|(_, name)| name)
}

//! Facts of a Windows system, of a driver and of a package, from what a scenario says of them.
//!
//! Nobody but Microsoft can make a signature of Microsoft, so these scenarios begin at the facts;
//! real files pass through the readers in the tests of the corpus.

use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, digest};
use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::driver::{
    Anchor, DriverFacts, DriverImage, DriverSignature, Holds, Role, Start, usage,
};
use loadworthy_core::facts::package::{
    CatalogState, Membership, Oddity, PackageCatalog, PackageFacts, PackageFile,
};
use loadworthy_core::facts::windows::{
    Account, AppControl, Debugger, Demanded, Denied, Deny, FileField, MachineRoot, Restriction,
    Revocation, SignerRoot, State, WindowsFacts,
};
use loadworthy_core::profile::Profile;
use loadworthy_core::proof::windows::{HvciFault, Machine, NoTime, WindowsQuestion};
use loadworthy_core::proof::{Assumption, Evidence, Origin, Question, Why, gap, text};
use loadworthy_core::tables::Tables;
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::x509::time::seconds;
use serde::Deserialize;
use std::sync::Arc;

/// What a scenario says of a system: the keys of `toml windows` (`proving/scenarios/README.md`).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct System {
    pub on: String,
    pub at: String,
    pub debugger: String,
    pub developer: bool,
    pub boot_upgraded: bool,
    pub whql_settings: u32,
    pub demanded: String,
    pub blocked: Vec<String>,
    pub blocked_version: Option<[String; 2]>,
    pub revoked: Vec<String>,
    pub app_control: Option<Policy>,
    pub roots: Vec<String>,
    pub publishers: Vec<String>,
    pub disallowed: Vec<String>,
    pub network: bool,
    pub state: String,
    pub revocation: String,
    pub restricted: String,
    pub account: String,
}

impl Default for System {
    fn default() -> Self {
        Self {
            on: "windows-11-23h2".to_owned(),
            at: "2026-11-21".to_owned(),
            debugger: String::new(),
            developer: false,
            boot_upgraded: false,
            whql_settings: 0,
            demanded: String::new(),
            blocked: Vec::new(),
            blocked_version: None,
            revoked: Vec::new(),
            app_control: None,
            roots: Vec::new(),
            publishers: Vec::new(),
            disallowed: Vec::new(),
            network: true,
            state: String::new(),
            revocation: String::new(),
            restricted: String::new(),
            account: String::new(),
        }
    }
}

/// An App Control policy of a scenario.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct Policy {
    pub name: String,
    pub audit: bool,
    pub denies: Vec<String>,
    pub allows: Option<Vec<String>>,
}

/// What a scenario says of a signature.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct Signature {
    pub by: String,
    pub digest: String,
    pub issued: String,
    pub expires: String,
    pub stamped: String,
    pub lifetime: bool,
    pub holds: bool,
    pub page: String,
    pub chain: String,
    pub usages: Option<Vec<String>>,
    pub signer: String,
    pub issuer: String,
    pub program: String,
    pub second: bool,
    pub entry: usize,
}

impl Default for Signature {
    fn default() -> Self {
        Self {
            by: "whql".to_owned(),
            digest: "sha256".to_owned(),
            issued: "2016-01-01".to_owned(),
            expires: "2099-01-01".to_owned(),
            stamped: String::new(),
            lifetime: false,
            holds: true,
            page: String::new(),
            chain: "whole".to_owned(),
            usages: None,
            signer: String::new(),
            issuer: String::new(),
            program: String::new(),
            second: false,
            entry: 0,
        }
    }
}

/// What a scenario says of a driver: the keys of `toml driver`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct Driver {
    pub name: String,
    pub signatures: Vec<Signature>,
    pub catalogs: Vec<Signature>,
    pub catalogs_seen: bool,
    pub machine: String,
    pub start: String,
    pub role: String,
    pub kernel: bool,
    pub sound: bool,
    pub odd_entries: bool,
    pub hvci: String,
    pub image: String,
    pub first_page: String,
    pub original_name: String,
    pub product: String,
    pub version: String,
}

impl Default for Driver {
    fn default() -> Self {
        Self {
            name: "demo.sys".to_owned(),
            signatures: Vec::new(),
            catalogs: Vec::new(),
            catalogs_seen: true,
            machine: String::new(),
            start: String::new(),
            role: String::new(),
            kernel: true,
            sound: true,
            odd_entries: false,
            hvci: String::new(),
            image: String::new(),
            first_page: String::new(),
            original_name: String::new(),
            product: String::new(),
            version: String::new(),
        }
    }
}

/// What a scenario says of a package: the keys of `toml package`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct Package {
    pub sound: bool,
    pub model: bool,
    pub catalog: String,
    pub signed: Signature,
    pub systems: Vec<String>,
    pub certificates: String,
    pub oddity: String,
    pub inf: String,
    pub files: String,
}

impl Default for Package {
    fn default() -> Self {
        Self {
            sound: true,
            model: true,
            catalog: "signed".to_owned(),
            signed: Signature::default(),
            systems: vec!["2:6.1".to_owned(), "2:10.0".to_owned()],
            certificates: "in-order".to_owned(),
            oddity: String::new(),
            inf: "listed".to_owned(),
            files: "listed".to_owned(),
        }
    }
}

/// The digest of the image of every scenario.
fn image_digest() -> Digest {
    digest(DigestAlgorithm::Sha256, b"the image")
}

/// A digest in hex, by whose length its algorithm is known.
fn named(hex: &str) -> Result<(DigestAlgorithm, Digest), String> {
    let wrong = || format!("no digest: {hex:?}");
    let bytes: Vec<u8> = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    let by = if bytes.len() == 20 { DigestAlgorithm::Sha1 } else { DigestAlgorithm::Sha256 };
    Ok((by, Digest::from_bytes(&bytes).ok_or_else(wrong)?))
}

/// The digest of the signed part of every signer's certificate.
const SIGNER: [u8; 20] = [7; 20];

fn seen<T>(value: T) -> Fact<T> {
    let said = text("the scenario");
    Fact::seen(value, Evidence { origin: Origin::Argument, item: text("scenario"), said })
}

fn said<T>(value: T, key: &str) -> Fact<T> {
    Fact::assumed(value, Assumption { key: text(key), value: text("") })
}

fn time(typed: &str) -> Result<i64, String> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let whole = if digits.len() == 8 { format!("{digits}000000Z") } else { format!("{digits}Z") };
    seconds(tag::GENERALIZED_TIME, whole.as_bytes()).ok_or_else(|| format!("no time: {typed:?}"))
}

fn numbers(typed: &str) -> [u16; 4] {
    let mut parts = typed.split('.').map(|n| n.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

fn machine(name: &str) -> Result<Machine, String> {
    [Machine::X86, Machine::X64, Machine::Arm64, Machine::Arm, Machine::Ia64]
        .into_iter()
        .find(|m| m.name() == name)
        .ok_or_else(|| format!("machine = {name:?}"))
}

/// An entry of a list: `this`, `signer`, or a file's name.
fn entry(name: &str, versions: Option<&[String; 2]>) -> Deny {
    let what = match name {
        "this" => Denied::Digest(DigestAlgorithm::Sha256, image_digest()),
        "signer" => Denied::Signer {
            root: SignerRoot::SignedPart(Arc::from(SIGNER)),
            usages: Vec::new(),
            publisher: None,
            program: None,
            files: Vec::new(),
        },
        file => Denied::File {
            field: FileField::OriginalName,
            name: text(file),
            least: versions.map_or([0; 4], |v| numbers(&v[0])),
            most: versions.map_or([u16::MAX; 4], |v| numbers(&v[1])),
        },
    };
    Deny { name: text(name), what, certain: true }
}

fn entries(names: &[String], versions: Option<&[String; 2]>) -> Listing<Deny> {
    Listing::new(names.iter().map(|n| seen(entry(n, versions))).collect(), seen(()))
}

impl System {
    /// The system.
    ///
    /// # Errors
    /// When a key has no such value.
    pub fn facts(&self, tables: &Tables) -> Result<Profile, String> {
        let mut profile = Profile::of(&self.on, time(&self.at)?, tables)?;
        let facts = &mut profile.facts;
        facts.debugger = seen(match self.debugger.as_str() {
            "" => None,
            "attached" => Some(Debugger { refuses: false }),
            "attached, DebugFlags 0x10" => Some(Debugger { refuses: true }),
            other => return Err(format!("debugger = {other:?}")),
        });
        facts.portal.developer = seen(self.developer);
        facts.portal.boot_upgraded = seen(self.boot_upgraded);
        facts.portal.settings = seen(self.whql_settings);
        facts.portal.demanded = seen(match self.demanded.as_str() {
            "" => None,
            "whql" => Some(Demanded { extended: false, audit: false }),
            "whql, audit" => Some(Demanded { extended: false, audit: true }),
            "ev" => Some(Demanded { extended: true, audit: false }),
            other => return Err(format!("demanded = {other:?}")),
        });
        if !self.blocked.is_empty() {
            facts.blocked = entries(&self.blocked, self.blocked_version.as_ref());
            facts.stands_for_list = None;
        }
        facts.revoked = entries(&self.revoked, None);
        if let Some(policy) = &self.app_control {
            let all = |names: &[String]| names.iter().map(|n| entry(n, None)).collect();
            let policy = AppControl {
                name: text(policy.name.as_str()),
                audit: policy.audit,
                denies: all(&policy.denies),
                allows: policy.allows.as_deref().map(all),
                open: false,
            };
            facts.app_control = Listing::new(vec![seen(policy)], seen(()));
        }
        self.stores(facts)?;
        Ok(profile)
    }

    fn stores(&self, facts: &mut WindowsFacts) -> Result<(), String> {
        let store = |names: &[String]| {
            let one = |_: &String| seen(SIGNER);
            Listing::new(names.iter().map(one).collect(), seen(()))
        };
        let installer = &mut facts.installer;
        let root = |_: &String| seen(MachineRoot { thumbprint: SIGNER, der: Arc::from([]) });
        installer.roots = Listing::new(self.roots.iter().map(root).collect(), seen(()));
        installer.publishers = store(&self.publishers);
        installer.disallowed = store(&self.disallowed);
        installer.network = seen(self.network);
        if !self.state.is_empty() {
            installer.state = seen(match self.state.as_str() {
                "no value" => State::NoValue,
                "no key" => State::NoKey,
                hex => State::Value(
                    u32::from_str_radix(hex.trim_start_matches("0x"), 16)
                        .map_err(|e| format!("state = {hex:?}: {e}"))?,
                ),
            });
        }
        installer.revocation = seen(match self.revocation.as_str() {
            "" => Revocation::Good,
            "revoked" => Revocation::Revoked,
            "offline" => Revocation::Offline,
            other => return Err(format!("revocation = {other:?}")),
        });
        installer.restricted = seen(match self.restricted.as_str() {
            "" => None,
            "device" => Some(Restriction::Device),
            "driver" => Some(Restriction::Driver),
            other => return Err(format!("restricted = {other:?}")),
        });
        match self.account.as_str() {
            "" => {}
            "administrator" => installer.account = said(Account::Administrator, "account"),
            "user" => installer.account = said(Account::User, "account"),
            "system" => installer.account = said(Account::System, "account"),
            other => return Err(format!("account = {other:?}")),
        }
        Ok(())
    }
}

impl Signature {
    /// The digests of the signed parts on its chain: its own, and that of its issuer.
    fn signed_parts(&self) -> Result<Vec<(DigestAlgorithm, Digest)>, String> {
        let own = Digest::from_bytes(&SIGNER).ok_or("a digest of 20 bytes")?;
        let mut parts = vec![(DigestAlgorithm::Sha1, own)];
        if !self.issuer.is_empty() {
            let bytes: Option<Vec<u8>> = self
                .issuer
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                .collect();
            let digest = bytes.and_then(|b| Digest::from_bytes(&b));
            parts.push((DigestAlgorithm::Sha256, digest.ok_or("issuer takes a digest in hex")?));
        }
        Ok(parts)
    }

    fn facts(&self, place: &str, first: bool) -> Result<DriverSignature, String> {
        let (anchor, root, usages): (_, _, &[&str]) = match self.by.as_str() {
            "whql" => (
                Anchor::Product,
                "Microsoft Root Certificate Authority 2010",
                &[usage::WHQL, usage::EV_WHQL, usage::CODE_SIGNING],
            ),
            "attestation" => (
                Anchor::Product,
                "Microsoft Root Certificate Authority 2010",
                &[usage::WHQL, usage::ATTESTED, usage::CODE_SIGNING],
            ),
            "inbox" => (
                Anchor::Product,
                "Microsoft Root Certificate Authority 2010",
                &[usage::WINDOWS, usage::CODE_SIGNING],
            ),
            "cross-signed" => (
                Anchor::CodeVerification,
                "Microsoft Code Verification Root",
                &[usage::CODE_SIGNING],
            ),
            "vendor-no-cross" => (Anchor::Public, "Public Authority", &[usage::CODE_SIGNING]),
            "test" => (Anchor::Private, "Test", &[usage::CODE_SIGNING]),
            "test-root" => (Anchor::TestRoot, "Microsoft Testing Root CA 2010", &[usage::WHQL]),
            other => return Err(format!("by = {other:?}")),
        };
        let usages =
            self.usages.clone().unwrap_or_else(|| usages.iter().map(|u| (*u).to_owned()).collect());
        Ok(DriverSignature {
            signer: text(if self.signer.is_empty() { &self.by } else { &self.signer }.as_str()),
            program: (!self.program.is_empty()).then(|| text(self.program.as_str())),
            place: text(place),
            first: first && !self.second,
            entry: self.entry,
            holds: match (self.holds, self.page.as_str()) {
                (true, _) => Holds::Yes,
                (false, "") => Holds::ImageAltered,
                (false, section) => Holds::PageAltered(text(section)),
            },
            digest: DigestAlgorithm::from_name(&self.digest)
                .ok_or_else(|| format!("digest = {:?}", self.digest))?,
            anchor,
            root: text(root),
            usages: usages.iter().map(|u| text(u.as_str())).collect(),
            not_before: time(&self.issued)?,
            not_after: time(&self.expires)?,
            lifetime: self.lifetime,
            stamp: match self.stamped.as_str() {
                "" => Err(NoTime::NoStamp),
                "private" => Err(NoTime::PrivateStamp),
                at => Ok(time(at)?),
            },
            signed_parts: self.signed_parts()?,
            well_known: Vec::new(),
            thumbprint: SIGNER,
            inside: vec![SIGNER],
            chain_whole: self.chain == "whole",
            tops: Vec::new(),
        })
    }
}

fn signatures(all: &[Signature], place: &str) -> Result<Vec<Fact<DriverSignature>>, String> {
    let one = |(n, s): (usize, &Signature)| Ok(seen(s.facts(place, n == 0)?));
    all.iter().enumerate().map(one).collect()
}

impl Driver {
    /// The driver, on this system.
    ///
    /// # Errors
    /// When a key has no such value.
    pub fn facts(&self, on: &Profile) -> Result<DriverFacts, String> {
        let filled = |s: &str| (!s.is_empty()).then(|| text(s));
        let image = DriverImage {
            sound: self.sound,
            machine: if self.machine.is_empty() { on.machine } else { machine(&self.machine)? },
            kernel: self.kernel,
            odd_entries: self.odd_entries,
            hvci: match self.hvci.as_str() {
                "" => None,
                "writable-code" => Some(HvciFault::WritableCode(text("PAGE"))),
                "alignment" => Some(HvciFault::Alignment(0x200)),
                "imports-in-code" => Some(HvciFault::ImportsInCode(text(".text"))),
                other => return Err(format!("hvci = {other:?}")),
            },
            original_name: filled(&self.original_name),
            internal_name: None,
            description: None,
            product: filled(&self.product),
            version: filled(&self.version).map(|v| numbers(&v)),
            digests: match self.image.as_str() {
                "" => vec![(DigestAlgorithm::Sha256, image_digest())],
                hex => vec![named(hex)?],
            },
            first_page: match self.first_page.as_str() {
                "" => Vec::new(),
                hex => vec![named(hex)?],
            },
        };
        let store =
            gap(Question::Windows(WindowsQuestion::CatalogStore), Why::OutOfReach(text("CatRoot")));
        Ok(DriverFacts {
            name: text(self.name.as_str()),
            path: text(self.name.as_str()),
            sha256: None,
            image: seen(Arc::new(image)),
            embedded: Listing::new(signatures(&self.signatures, "embedded")?, seen(())),
            catalogs: Listing::new(
                signatures(&self.catalogs, "demo.cat")?,
                if self.catalogs_seen { seen(()) } else { Fact::unknown(store) },
            ),
            start: seen(match (self.start.as_str(), on.start) {
                ("", None) | ("demand", _) => Start::Demand,
                ("", Some(start)) => start,
                ("boot", _) => Start::Boot,
                (other, _) => return Err(format!("start = {other:?}")),
            }),
            role: seen(match self.role.as_str() {
                "" => Role::Ordinary,
                "elam" => Role::EarlyLaunch,
                "hal" => Role::HalExtension,
                "protected-media" => Role::ProtectedMedia,
                other => return Err(format!("role = {other:?}")),
            }),
        })
    }
}

impl Package {
    /// The package, as this system takes it apart.
    ///
    /// # Errors
    /// When a key has no such value.
    pub fn facts(&self) -> Result<PackageFacts, String> {
        let name = text("demo.cat");
        let signed = |held: bool| -> Result<CatalogState, String> {
            let mut signature = self.signed.facts("demo.cat", true)?;
            if !held {
                signature.holds = Holds::Broken;
            }
            Ok(CatalogState::Present(PackageCatalog {
                name: name.clone(),
                signatures: vec![signature],
                is_sorted: self.certificates == "in-order",
                systems: self.systems.iter().map(|s| text(s.as_str())).collect(),
            }))
        };
        let catalog = match self.catalog.as_str() {
            "signed" => signed(true)?,
            "altered" => signed(false)?,
            "unsigned" => CatalogState::Present(PackageCatalog {
                name: name.clone(),
                signatures: Vec::new(),
                is_sorted: true,
                systems: Vec::new(),
            }),
            "not-named" => CatalogState::NotNamed,
            "absent" => CatalogState::Absent(name.clone()),
            other => return Err(format!("catalog = {other:?}")),
        };
        let member = |word: &str| {
            Ok(match word {
                "listed" => Membership::Listed,
                "altered" => Membership::Unlisted(None),
                "line-ends" => Membership::Unlisted(Some(text("LF->CRLF"))),
                "missing" => Membership::Missing,
                other => return Err(format!("{other:?} says nothing of a file")),
            })
        };
        Ok(PackageFacts {
            name: text("demo.inf"),
            path: text("demo.inf"),
            sha256: None,
            unsound: seen((!self.sound).then(|| text("no Signature in [Version]"))),
            model: seen(self.model.then(|| text("Demo.NTamd64"))),
            catalog: seen(catalog),
            inf: seen(member(&self.inf)?),
            files: seen(vec![PackageFile { name: text("demo.sys"), member: member(&self.files)? }]),
        })
    }

    /// What is odd about it.
    ///
    /// # Errors
    /// When there is no such oddity.
    pub fn oddity(&self) -> Result<Option<Fact<Oddity>>, String> {
        let file = text("demo.sys");
        let oddity = match self.oddity.split_once(' ').unwrap_or((&self.oddity, "")) {
            ("", _) => return Ok(None),
            ("file", name) => Oddity::NotNamed { files: vec![text(name)] },
            ("image-for", name) => {
                Oddity::ForeignImage { file, section: Machine::X64, image: machine(name)? }
            }
            ("boot", _) => Oddity::BootFromCatalog { file },
            ("dated", day) => Oddity::Dated { written: text(day), at: time(day)? },
            (other, _) => return Err(format!("oddity = {other:?}")),
        };
        Ok(Some(seen(oddity)))
    }
}

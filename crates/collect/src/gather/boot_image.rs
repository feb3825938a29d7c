//! Images that boot, and what stands before them → facts.
//!
//! Variables come in two shapes: as a running system sees them (`SecureBoot`, `MokListRT` …) and as
//! the firmware keeps them while no system runs (`SecureBootEnable`, `MokList` …), which is what an
//! image of a machine's store holds. What shim itself reads is taken where it is there.

use std::collections::BTreeMap;
use std::fmt;
use std::iter;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use loadworthy_core::authenticode::Digested;
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, DigestSet, Hasher, digest};
use loadworthy_core::crypt::paired;
use loadworthy_core::fact::{Fact, Listing, Source};
use loadworthy_core::facts::boot_image::{
    BootFacts, BootImage, BootImageFacts, Entry, Level, Part, Shim,
};
use loadworthy_core::proof::{Evidence, Origin, Question, Stage, Why, counted, gap, text};
use loadworthy_formats::authenticode::coverage::{self, Coverage};
use loadworthy_formats::error::{Error, Kind};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::attribute_certificates::{self, PKCS_SIGNED_DATA};
use loadworthy_formats::pe::header::{self, Image, NX_COMPAT};
use loadworthy_formats::pe::shim;
use loadworthy_formats::processor::has_sha256;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::sbat::{self, Row};
use loadworthy_formats::uefi::signature_list;
use loadworthy_formats::uefi::signature_type::Type;

use super::certificate::named;
use super::firmware::{Firmware, Look, Variables};
use super::linux::boot;
use super::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::Outcome;
use crate::views::caller;

/// `gEfiSecureBootEnableDisableGuid` of EDK II.
const ENABLE: &str = "f0a30bc7-af08-4556-99c4-001009c93a44";
/// Bytes in which the headers of an image are.
const HEADERS: usize = 4096;
/// Subsystems of EFI images: application, boot service driver, runtime driver, ROM.
const EFI: std::ops::RangeInclusive<u16> = 10..=13;

/// Whether the file at `path` is an image that firmware or a boot loader starts.
#[must_use]
pub fn is_boot_image(path: &Path) -> bool {
    let beginning = caller::beginning(path, HEADERS);
    header::read(&beginning, &Limits::DEFAULT).is_ok_and(|i| EFI.contains(&i.value.subsystem))
}

/// The image at `path`, a path of the caller's.
#[must_use]
pub fn gather_argument(path: &Path, shown: &str, limits: &Limits) -> BootImageFacts {
    let mut bytes = Vec::new();
    let outcome = caller::look_into(path, limits.kernel_bytes, &mut bytes);
    let name = path.file_name().map_or(shown.into(), |n| n.to_string_lossy());
    let item = text(shown);
    let there = Evidence { origin: Origin::Argument, item: item.clone(), said: text("is there") };
    facts(
        &name,
        item,
        Fact::seen(true, there),
        Stage::Grub,
        Origin::Argument,
        &outcome,
        bytes,
        limits,
    )
}

/// The image at `item` on the machine itself, which `sought_by` looks for.
#[must_use]
pub fn gather_installed(
    looking: &Looking<'_>,
    path: &HostPath,
    sought_by: Stage,
) -> BootImageFacts {
    let (outcome, bytes) =
        looking.view.look(&Item::File(path.clone()), looking.limits.kernel_bytes);
    let item = text(path.to_string());
    let there = match &outcome {
        Outcome::Absent => Fact::absent(false, looking.evidence(&item, "")),
        Outcome::Bytes { .. } => Fact::seen(true, looking.evidence(&item, "is there")),
        other => Fact::unknown(gap(Question::ImageBytes, why(&item, other))),
    };
    let name = String::from_utf8_lossy(path.name()).into_owned();
    let origin = looking.view.origin();
    facts(&name, item, there, sought_by, origin, &outcome, bytes, looking.limits)
}

/// An image that a boot loader names and that is nowhere.
#[must_use]
pub fn missing(looking: &Looking<'_>, named: &str, sought_by: Stage) -> BootImageFacts {
    let item = text(named);
    let absent = looking.evidence(&item, "");
    let there = Fact::absent(false, absent);
    let name = named.rsplit('/').next().unwrap_or(named);
    let origin = looking.view.origin();
    facts(name, item, there, sought_by, origin, &Outcome::Absent, Vec::new(), looking.limits)
}

#[expect(clippy::too_many_arguments, reason = "what was asked and what came back, side by side")]
fn facts(
    name: &str,
    item: Arc<str>,
    there: Fact<bool>,
    sought_by: Stage,
    origin: Origin,
    outcome: &Outcome,
    bytes: Vec<u8>,
    limits: &Limits,
) -> BootImageFacts {
    let unknown = |why| Source::unknown(gap(Question::ImageBytes, why));
    let mut sha256 = None;
    let image = match matches!(outcome, Outcome::Bytes { .. }) {
        true => match image(bytes, Some(&mut sha256), limits) {
            Ok(image) => Source::read(Arc::new(image), origin, item.clone()),
            Err(error) => unknown(Why::Unreadable(item.clone(), error)),
        },
        false => unknown(why(&item, outcome)),
    };
    BootImageFacts { name: text(name), path: item, sha256, there, sought_by, image }
}

/// SHA-256 of the file and of what firmware covers of it, which nearly every list of digests names: both
/// in turns where that is faster, else the latter when somebody asks.
fn digests(bytes: &[u8], coverage: &Coverage) -> ([u8; 32], Option<Digest>) {
    if has_sha256() {
        let [of_file, covered] = paired::of_pieces(iter::once(bytes), coverage.pieces(bytes));
        return (of_file, Digest::from_bytes(&covered));
    }
    (sha256(bytes), None)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = digest(DigestAlgorithm::Sha256, bytes);
    digest.as_bytes().try_into().unwrap_or_default()
}

/// Digests by which images are looked for in lists (UEFI 2.10, 32.4.1).
const ALGORITHMS: [DigestAlgorithm; 4] = [
    DigestAlgorithm::Sha1,
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];

/// An image that is digested when somebody asks, by each algorithm once.
struct Covered {
    bytes: Vec<u8>,
    coverage: Coverage,
    made: Mutex<BTreeMap<DigestAlgorithm, Option<Digest>>>,
}

impl fmt::Debug for Covered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Covered({} bytes)", self.bytes.len())
    }
}

impl Digested for Covered {
    fn digest(&self, algorithm: DigestAlgorithm) -> Option<Digest> {
        if !ALGORITHMS.contains(&algorithm) {
            return None;
        }
        let make = || {
            let mut hasher = Hasher::new(DigestSet::of(algorithm));
            self.coverage.pieces(&self.bytes).for_each(|piece| hasher.update(piece));
            hasher.finish().into_iter().map(|(_, made)| made).next()
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        *made.entry(algorithm).or_insert_with(make)
    }
}

/// What an image holds; and the digest of its file, where somebody wants that.
fn image(
    bytes: Vec<u8>,
    mut of_file: Option<&mut Option<[u8; 32]>>,
    limits: &Limits,
) -> Result<BootImage, Error> {
    let read = header::read(&bytes, limits).inspect_err(|_| {
        if let Some(of_file) = &mut of_file {
            **of_file = Some(sha256(&bytes));
        }
    })?;
    let image = &read.value;
    let covered = coverage::of(image);
    let certificates = attribute_certificates::read(image, limits);
    let sbat = generations(image, limits);
    let fit = |odd: &Error| !matches!(odd.kind, Kind::Truncated { .. } | Kind::Illegal { .. });
    let columns = sbat.iter().flatten().all(|row: &Row| row.columns.len() >= 6);
    let part = part(image, sbat.as_deref());
    let sound = read.deviations.is_empty()
        && covered.deviations.is_empty()
        && certificates.deviations.iter().all(fit)
        && columns;
    let signatures = certificates
        .value
        .iter()
        .filter(|entry| entry.kind == PKCS_SIGNED_DATA)
        .map(|entry| Arc::from(entry.content))
        .collect();
    let shim = own(image, limits);
    let nx_compatible = image.dll_characteristics & NX_COMPAT != 0;
    let coverage = covered.value;
    let mut made = BTreeMap::new();
    if let Some(of_file) = of_file {
        let (sha256, covered) = digests(&bytes, &coverage);
        *of_file = Some(sha256);
        made.extend(covered.map(|covered| (DigestAlgorithm::Sha256, Some(covered))));
    }
    let made = Mutex::new(made);
    let digests = Arc::new(Covered { bytes, coverage, made });
    Ok(BootImage { part, sound, digests, signatures, sbat, nx_compatible, shim })
}

/// `.sbat`, where it is as large in the file as in memory at least; shim passes over another.
fn generations(image: &Image<'_>, limits: &Limits) -> Option<Vec<Row>> {
    let section = image.section(".sbat")?;
    (section.size > 0 && section.size >= section.virtual_size)
        .then(|| sbat::read(section.data.unwrap_or_default(), limits).value)
}

/// What sort of image it is: a Linux boot image says so in its header.
fn part(image: &Image<'_>, sbat: Option<&[Row]>) -> Part {
    let says =
        |at: usize, magic: &[u8]| image.bytes.get(at..).is_some_and(|rest| rest.starts_with(magic));
    if image.section(".vendor_cert").is_some()
        || sbat.is_some_and(|rows| rows.iter().any(|row| row.component() == "shim"))
    {
        Part::Shim
    } else if image.section(".linux").is_some() {
        Part::SecondStage
    } else if says(0x202, b"HdrS") || says(0x38, b"ARM\x64") || says(4, b"zimg") {
        Part::Kernel
    } else {
        Part::SecondStage
    }
}

fn own(image: &Image<'_>, limits: &Limits) -> Option<Shim> {
    let vendor = shim::vendor(image)?.ok();
    let levels = shim::levels(image).and_then(Result::ok);
    let level = |text: &[u8]| Arc::from(String::from_utf8_lossy(text));
    Some(Shim {
        authorized: vendor.map(|v| authorized(v.authorized, limits)).unwrap_or_default(),
        deauthorized: vendor.map(|v| entries(v.deauthorized, limits)).unwrap_or_default(),
        automatic: levels.map(|l| level(l.automatic)),
        latest: levels.map(|l| level(l.latest)),
    })
}

/// A certificate, or signature lists in its place.
fn authorized(bytes: &[u8], limits: &Limits) -> Vec<Entry> {
    let lists = entries(bytes, limits);
    if lists.is_empty() && !bytes.is_empty() {
        return vec![Entry::Certificate { certificate: named(bytes), first: true }];
    }
    lists
}

fn entries(bytes: &[u8], limits: &Limits) -> Vec<Entry> {
    let read = signature_list::read(bytes, limits).value;
    read.lists
        .iter()
        .flat_map(|list| {
            list.entries.iter().enumerate().map(|(n, entry)| match list.of {
                Type::X509 => Entry::Certificate { certificate: named(entry.data), first: n == 0 },
                of => digested(of, entry),
            })
        })
        .collect()
}

fn digested(of: Type, entry: &signature_list::Entry<'_>) -> Entry {
    let (algorithm, signed_part) = match of {
        Type::Sha1 => (DigestAlgorithm::Sha1, false),
        Type::Sha256 => (DigestAlgorithm::Sha256, false),
        Type::Sha384 => (DigestAlgorithm::Sha384, false),
        Type::Sha512 => (DigestAlgorithm::Sha512, false),
        Type::X509Sha256 => (DigestAlgorithm::Sha256, true),
        Type::X509Sha384 => (DigestAlgorithm::Sha384, true),
        Type::X509Sha512 => (DigestAlgorithm::Sha512, true),
        _ => return Entry::Other,
    };
    let bytes = if signed_part { entry.revocation(of).map(|(d, _)| d) } else { Some(entry.data) };
    match bytes.filter(|b| b.len() == algorithm.output_len()).and_then(Digest::from_bytes) {
        Some(digest) if signed_part => Entry::SignedPart(algorithm, digest),
        Some(digest) => Entry::Digest(algorithm, digest),
        None => Entry::Other,
    }
}

/// Everything that decides about images on this machine.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> BootFacts {
    let firmware = Firmware { looking, variables: Variables::of(looking) };
    let chain = Chain { firmware: &firmware };
    let os = boot::distribution(looking);
    BootFacts {
        secure_boot: firmware.byte("SecureBoot"),
        setup_mode: firmware.byte("SetupMode"),
        enable: chain.enable(),
        platform_key: chain.there("PK", Guid::GLOBAL_VARIABLE),
        mok_sb_state: chain.number(&["MokSBState", "MokSBStateRT"], Question::SecureBoot),
        db: chain.listing(Question::Db, firmware.variable("db", Guid::IMAGE_SECURITY)),
        dbx: chain.listing(Question::Dbx, firmware.variable("dbx", Guid::IMAGE_SECURITY)),
        ignore_db: chain
            .number(&["MokDBState", "MokIgnoreDB"], Question::Db)
            .map(|value| *value == Some(1)),
        mok_list: chain.listing(Question::MokList, chain.first("MokList", "MokListRT")),
        mok_list_x: chain.listing(Question::MokListX, chain.first("MokListX", "MokListXRT")),
        mirrored: chain.mirrored(),
        sbat_level: chain.level(),
        sbat_policy: chain.number(&["SbatPolicy"], Question::SbatLevel),
        mok_policy: chain.number(&["MokPolicy", "MokPolicyRT"], Question::SecureBoot),
        shim: installed_shim(looking),
        os,
    }
}

struct Chain<'f> {
    firmware: &'f Firmware<'f>,
}

impl Chain<'_> {
    /// What shim reads, else the table it hands over, else the variable it makes of it.
    fn first(&self, own: &str, mirror: &str) -> Look {
        match self.firmware.variable(own, Guid::SHIM_LOCK) {
            Look::Absent(_) => {}
            found => return found,
        }
        match self.firmware.table(mirror) {
            found @ Look::Found { .. } => found,
            Look::Absent(_) | Look::Failed(_) => self.firmware.variable(mirror, Guid::SHIM_LOCK),
        }
    }

    /// Whether what was found is shim's copies.
    fn mirrored(&self) -> Fact<bool> {
        let looking = self.firmware.looking;
        let own = |name| !matches!(self.firmware.variable(name, Guid::SHIM_LOCK), Look::Absent(_));
        if own("MokList") || own("MokListX") {
            return Fact::unknown(gap(Question::Shim, Why::Missing(text("copies made by shim"))));
        }
        match (self.first("MokList", "MokListRT"), self.first("MokListX", "MokListXRT")) {
            // shim makes a copy of the deny list where there is anything to deny.
            (Look::Found { item, .. }, Look::Found { .. } | Look::Absent(_)) => {
                Fact::seen(true, looking.evidence(&item, "with what shim's vendor trusts"))
            }
            (Look::Absent(evidence), Look::Found { .. } | Look::Absent(_)) => {
                Fact::absent(false, evidence)
            }
            (Look::Failed(why), _) | (_, Look::Failed(why)) => {
                Fact::unknown(gap(Question::Shim, why))
            }
        }
    }

    fn listing(&self, question: Question, look: Look) -> Listing<Entry> {
        let looking = self.firmware.looking;
        let (data, item) = match look {
            Look::Found { data, item, .. } => (data, item),
            Look::Absent(evidence) => return Listing::new(Vec::new(), Fact::absent((), evidence)),
            Look::Failed(why) => return Listing::unknown(gap(question, why)),
        };
        let items: Vec<_> = entries(&data, looking.limits)
            .into_iter()
            .map(|entry| {
                let said = said(&entry);
                Fact::seen(entry, looking.evidence(&item, said))
            })
            .collect();
        let said = format!("{}, and that is all", counted(items.len(), "entry", "entries"));
        Listing::new(items, Fact::seen((), looking.evidence(&item, said)))
    }

    /// The first of shim's variables of one byte that is there.
    fn number(&self, names: &[&'static str], question: Question) -> Fact<Option<u8>> {
        let mut absent = None;
        for name in names {
            match self.firmware.variable(name, Guid::SHIM_LOCK) {
                Look::Found { data, item, .. } => {
                    let value = data.first().copied();
                    let said = value.map_or("empty".into(), |v| v.to_string());
                    return Fact::seen(value, self.firmware.looking.evidence(&item, said));
                }
                Look::Absent(evidence) => absent = Some(evidence),
                Look::Failed(why) => return Fact::unknown(gap(question, why)),
            }
        }
        match absent {
            Some(evidence) => Fact::absent(None, evidence),
            None => Fact::unknown(gap(question, Why::NoRow(text("variables")))),
        }
    }

    fn enable(&self) -> Fact<Option<u8>> {
        let look =
            Guid::parse(ENABLE).map(|vendor| self.firmware.variable("SecureBootEnable", vendor));
        match look {
            Some(Look::Found { data, item, .. }) => {
                let value = data.first().copied();
                let said = value.map_or("empty".into(), |v| v.to_string());
                Fact::seen(value, self.firmware.looking.evidence(&item, said))
            }
            Some(Look::Absent(evidence)) => Fact::absent(None, evidence),
            Some(Look::Failed(why)) => Fact::unknown(gap(Question::SecureBoot, why)),
            None => Fact::unknown(gap(Question::SecureBoot, Why::NoRow(text(ENABLE)))),
        }
    }

    fn there(&self, name: &str, vendor: Guid) -> Fact<bool> {
        match self.firmware.variable(name, vendor) {
            Look::Found { data, item, .. } => {
                Fact::seen(!data.is_empty(), self.firmware.looking.evidence(&item, "is there"))
            }
            Look::Absent(evidence) => Fact::absent(false, evidence),
            Look::Failed(why) => Fact::unknown(gap(Question::SecureBoot, why)),
        }
    }

    fn level(&self) -> Fact<Option<Level>> {
        let own = self.firmware.variable("SbatLevel", Guid::SHIM_LOCK);
        let kept = matches!(own, Look::Found { .. });
        let look = match own {
            Look::Absent(_) => self.first("SbatLevel", "SbatLevelRT"),
            found => found,
        };
        match look {
            Look::Found { data, attributes, item } => {
                let level = String::from_utf8_lossy(&data);
                let level = level.trim_end_matches('\0');
                let said = level.trim_end().replace('\n', " ");
                let attributes = attributes.filter(|_| kept).map(|a| a.bits());
                let level = Level { text: text(level), attributes };
                Fact::seen(Some(level), self.firmware.looking.evidence(&item, said))
            }
            Look::Absent(evidence) => Fact::absent(None, evidence),
            Look::Failed(why) => Fact::unknown(gap(Question::SbatLevel, why)),
        }
    }
}

fn said(entry: &Entry) -> String {
    match entry {
        Entry::Digest(by, digest) => format!("{} {digest}", by.name()),
        Entry::Certificate { certificate, .. } => certificate.name.to_string(),
        Entry::SignedPart(by, digest) => format!("certificate with {} {digest}", by.name()),
        Entry::Other => "an entry of another kind".into(),
    }
}

/// Where EFI system partitions are mounted.
const PARTITIONS: [&str; 2] = ["boot/efi/EFI", "efi/EFI"];
/// Where packages keep shim until it is installed.
const PACKAGED: [&str; 2] = ["usr/lib/shim/shimx64.efi.signed", "usr/lib/shim/shimaa64.efi.signed"];

/// The shim on the boot partition; where that cannot be seen, the one that the package holds.
fn installed_shim(looking: &Looking<'_>) -> Source<Option<Arc<BootImage>>> {
    let origin = looking.view.origin();
    for partition in PARTITIONS {
        let Ok(folders) = looking.names(&Item::entries(partition)) else { continue };
        let root = HostPath::new(partition);
        let mut found: Vec<HostPath> = Vec::new();
        for folder in folders {
            let folder = root.join(&folder.name);
            let Ok(files) = looking.names(&Item::Entries(folder.clone())) else { continue };
            found.extend(files.iter().map(|file| folder.join(&file.name)).filter(is_shim_name));
        }
        // A shim in a folder of its own system comes before the copy for removable media.
        found.sort_by_key(|path| {
            (path.to_string().to_ascii_lowercase().contains("/boot/boot"), path.clone())
        });
        for path in found {
            if let Some(image) = shim_at(looking, &Item::File(path.clone())) {
                return Source::read(Some(image), origin, text(path.to_string()));
            }
        }
        return Source::read(None, origin, text(partition));
    }
    for path in PACKAGED {
        if let Some(image) = shim_at(looking, &Item::file(path)) {
            return Source::read(Some(image), origin, text(path));
        }
    }
    Source::unknown(gap(Question::Shim, Why::OutOfReach(text(PARTITIONS[0]))))
}

fn is_shim_name(path: &HostPath) -> bool {
    let path = path.to_string().to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with("shim") || (name.starts_with("boot") && name.ends_with(".efi"))
}

fn shim_at(looking: &Looking<'_>, item: &Item) -> Option<Arc<BootImage>> {
    let bytes = looking.bytes(item, looking.limits.module_bytes).ok()?;
    let image = image(bytes, None, looking.limits).ok()?;
    (image.part == Part::Shim).then(|| Arc::new(image))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::{Host, opened, value};

    const SHIM: &str = "605dab50-e046-4300-abb6-3dd810dd8b23";

    fn at(name: &str, vendor: &str) -> String {
        format!("sys/firmware/efi/efivars/{name}-{vendor}")
    }

    /// A list of SHA-256 digests (UEFI 2.10 §32.4.1), owned by nobody.
    fn digests(bytes: &[u8]) -> Vec<u8> {
        let mut list = Type::Sha256.guid().as_bytes().to_vec();
        let entries = bytes.iter().flat_map(|b| [[0; 16].as_slice(), &[*b; 32]].concat());
        let entries: Vec<u8> = entries.collect();
        let size = u32::try_from(28 + entries.len()).unwrap();
        list.extend([size, 0, 48].map(u32::to_le_bytes).as_flattened());
        [list, entries].concat()
    }

    fn variable(attributes: u8, data: &[u8]) -> Vec<u8> {
        [&[attributes, 0, 0, 0], data].concat()
    }

    fn names(listing: &Listing<Entry>) -> Vec<String> {
        listing.items().iter().map(|fact| said(&value(fact))[..9].to_owned()).collect()
    }

    #[test]
    fn what_shim_reads_comes_before_its_copies() {
        let host = Host::new()
            .with(&at("MokListRT", SHIM), variable(6, &digests(&[0x11])))
            .with(&at("SbatLevelRT", SHIM), variable(6, b"sbat,1,2021030218\n\0"));
        let facts = gather(&host.looking());
        assert_eq!(names(&facts.mok_list), ["sha256 11"]);
        assert!(value(&facts.mirrored));
        let level = value(&facts.sbat_level).unwrap();
        assert_eq!((&*level.text, level.attributes), ("sbat,1,2021030218\n", None));

        let host = host
            .with(&at("MokList", SHIM), variable(3, &digests(&[0x22, 0x33])))
            .with(&at("SbatLevel", SHIM), variable(3, b"sbat,1,2025021800\ngrub,5\n"));
        let facts = gather(&host.looking());
        assert_eq!(names(&facts.mok_list), ["sha256 22", "sha256 33"]);
        assert!(opened(&facts.mirrored).is_err());
        assert_eq!(value(&facts.sbat_level).unwrap().attributes, Some(3));
    }

    #[test]
    fn a_store_read_at_rest_tells_secure_boot_by_its_switch() {
        let host = Host::new()
            .with(&at("SecureBootEnable", ENABLE), variable(3, &[1]))
            .with(&at("PK", "8be4df61-93ca-11d2-aa0d-00e098032b8c"), variable(7, b"key"));
        let facts = gather(&host.looking());
        assert_eq!(value(&facts.secure_boot), None);
        assert_eq!(value(&facts.enable), Some(1));
        assert!(value(&facts.platform_key));
        assert!(!value(&facts.mirrored));
        let nothing = Host::new().with("etc/os-release", "ID=debian\n");
        assert!(opened(&gather(&nothing.looking()).enable).is_err());
    }

    #[test]
    fn a_boot_partition_without_shim_says_so_and_one_not_seen_says_nothing() {
        let shim = |host: Host| {
            let found = gather(&host.looking()).shim;
            opened(&found.fact(|s| (s.is_some(), String::new())))
        };
        let seen = Host::new().with("boot/efi/EFI/systemd/systemd-bootx64.efi", "MZ");
        assert_eq!(shim(seen), Ok((false, "seen boot/efi/EFI".into())));
        assert!(shim(Host::new().with_folder("boot/efi")).is_err());
    }
}

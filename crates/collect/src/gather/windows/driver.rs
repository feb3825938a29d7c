//! The bytes of a kernel image and the catalogs at hand → facts of a driver.

use std::sync::Arc;

use loadworthy_core::codesigning::catalog::Catalog;
use loadworthy_core::codesigning::image::{self, Signed};
use loadworthy_core::codesigning::signature::Signature;
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, DigestSet, Hasher};
use loadworthy_core::crypt::paired;
use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::driver::{BYTES, DriverFacts, DriverImage, Role, Start, usage};
use loadworthy_core::proof::windows::{HvciFault, Machine};
use loadworthy_core::proof::{Evidence, Origin, Why, gap, text};
use loadworthy_core::tables::authorities::{Authorities, Kind};
use loadworthy_formats::authenticode::{extent, pages};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::attribute_certificates::{self, PKCS_SIGNED_DATA};
use loadworthy_formats::pe::header::{self, Image};
use loadworthy_formats::pe::sections::Section;
use loadworthy_formats::pe::version;
use loadworthy_formats::processor::has_sha256;

use super::files::has_extension;
use super::signature;

/// A catalog and how it is called.
#[derive(Clone, Debug)]
pub struct NamedCatalog {
    /// Its name.
    pub name: Arc<str>,
    /// What it holds.
    pub catalog: Arc<Catalog>,
}

/// A file as it was read.
#[derive(Clone, Copy, Debug)]
pub struct FileOf<'f> {
    /// Its name.
    pub name: &'f str,
    /// How it is shown.
    pub shown: &'f str,
    /// What it holds.
    pub bytes: &'f [u8],
}

/// Digests of a file, as catalogs name files.
#[derive(Clone, Debug, Default)]
pub struct Digested {
    /// Of the image; `None`: it is none.
    pub image: Option<loadworthy_core::authenticode::Digests>,
    /// Of the bytes.
    pub flat: loadworthy_core::authenticode::Digests,
}

impl Digested {
    /// SHA-256 of the bytes.
    #[must_use]
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.flat.get(&DigestAlgorithm::Sha256)?.as_bytes().try_into().ok()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Digest> {
        self.image.iter().flat_map(|image| image.values()).chain(self.flat.values())
    }
}

/// `IMAGE_SUBSYSTEM_NATIVE`.
const NATIVE: u16 = 1;
/// `IMAGE_SCN_MEM_EXECUTE`, `IMAGE_SCN_MEM_WRITE`.
const EXECUTE: u32 = 0x2000_0000;
const WRITE: u32 = 0x8000_0000;
/// Number of the data directory of imported addresses.
const IMPORTED_ADDRESSES: usize = 12;

fn both() -> DigestSet {
    let mut set = DigestSet::of(DigestAlgorithm::Sha1);
    set.insert(DigestAlgorithm::Sha256);
    set
}

/// From how many bytes on it pays to make digests side by side.
const LARGE: usize = 4 << 20;

/// The digests of a file, which is gone through once.
#[must_use]
pub fn digested(bytes: &[u8], limits: &Limits) -> Digested {
    let covered = header::read(bytes, limits).ok().map(|read| extent::of(&read.value).value);
    let whole = |by| {
        let mut hasher = Hasher::new(by);
        hasher.update(bytes);
        hasher.finish().into_iter().collect()
    };
    let Some(covered) = covered else {
        return Digested { image: None, flat: whole(both()) };
    };
    let of_both = |by| [image::digests(&covered, bytes, by), whole(by)];
    let (sha1, sha256) =
        (DigestSet::of(DigestAlgorithm::Sha1), DigestSet::of(DigestAlgorithm::Sha256));
    let in_turns = || {
        if !has_sha256() {
            return of_both(sha256);
        }
        let made = paired::of_pieces(covered.pieces(bytes), std::iter::once(bytes));
        made.map(|made| {
            let made = Digest::from_bytes(&made).map(|made| (DigestAlgorithm::Sha256, made));
            made.into_iter().collect()
        })
    };
    let ([mut image, mut flat], others) = if bytes.len() < LARGE {
        (of_both(sha1), in_turns())
    } else {
        std::thread::scope(|scope| {
            let others = scope.spawn(in_turns);
            (of_both(sha1), others.join().unwrap_or_default())
        })
    };
    let [of_image, of_file] = others;
    image.extend(of_image);
    flat.extend(of_file);
    Digested { image: Some(image), flat }
}

/// Facts of the driver in `file`, which has these digests, with `catalogs` beside it. `closed` says
/// why no other catalog could name it; where that is not known, it is a gap.
#[must_use]
pub fn gather(
    file: FileOf<'_>,
    digested: &Digested,
    catalogs: &[NamedCatalog],
    closed: Fact<()>,
    authorities: &Authorities,
    limits: &Limits,
) -> DriverFacts {
    let FileOf { name, shown, bytes } = file;
    let item = text(shown);
    let seen =
        |said: String| Evidence { origin: Origin::Argument, item: item.clone(), said: text(said) };
    let sha256 = digested.sha256();
    let (own_name, path) = (text(name), text(shown));
    let read = match header::read(bytes, limits) {
        Ok(read) => read.value,
        Err(error) => {
            let unknown = gap(BYTES, Why::Unreadable(item.clone(), error));
            let no_image = DriverImage {
                sound: false,
                machine: Machine::Other,
                kernel: true,
                odd_entries: false,
                hvci: None,
                original_name: None,
                internal_name: None,
                description: None,
                product: None,
                version: None,
                digests: Vec::new(),
                first_page: Vec::new(),
            };
            let evidence = seen(error.to_string());
            return DriverFacts {
                sha256,
                image: Fact::seen(Arc::new(no_image), evidence.clone()),
                embedded: Listing::new(Vec::new(), Fact::absent((), evidence.clone())),
                start: Fact::seen(Start::Demand, evidence.clone()),
                role: Fact::seen(Role::Ordinary, evidence),
                ..DriverFacts::unknown(own_name, path, &unknown)
            };
        }
    };
    let mut digests = digested.image.clone().unwrap_or_default();
    let by = image::declared(&read, both(), limits);
    for by in by.iter().filter(|by| !digests.contains_key(by)).collect::<Vec<_>>() {
        let covered = extent::of(&read).value;
        digests.extend(image::digests(&covered, bytes, DigestSet::of(by)));
    }
    let signed = image::read_digested(&read, digests, authorities, limits);
    let image = describe(name, &read, &signed, limits);
    let said = format!(
        "an image for {}, {}",
        image.machine.name(),
        if image.kernel { "for the kernel" } else { "for programs" }
    );
    let place = text("embedded");
    let embedded = signed.signatures.iter().map(|one| {
        let page = signed.pages.iter().find(|(n, _)| *n == one.index);
        let page = page.and_then(|(_, pages)| pages.differ.first());
        let page = page.map(|p| p.section.clone().unwrap_or_else(|| text("the headers")));
        let read = signature::of(one, &place, page, None);
        let said = format!("{} signature of \"{}\"", one.class.name(), one.signer_name);
        Fact::seen(read, seen(said))
    });
    let embedded: Vec<_> = embedded.collect();
    let count = embedded.len();
    let covering: Vec<_> = catalogs
        .iter()
        .filter_map(|c| Some((c, c.catalog.covers(Some(&signed.digests), &digested.flat)?)))
        .flat_map(|(c, covers)| {
            let by = covers.by.first().copied();
            c.catalog.signatures.iter().map(move |one| {
                let read = signature::of(one, &c.name, None, by);
                let said =
                    format!("lists it, {} signature of \"{}\"", one.class.name(), one.signer_name);
                let evidence =
                    Evidence { origin: Origin::Argument, item: c.name.clone(), said: text(said) };
                Fact::seen(read, evidence)
            })
        })
        .collect();
    DriverFacts {
        name: own_name,
        path,
        sha256,
        image: Fact::seen(Arc::new(image), seen(said)),
        embedded: Listing::new(
            embedded,
            Fact::seen((), seen(format!("signatures inside: {count}, and no more"))),
        ),
        catalogs: Listing::new(covering, closed),
        start: Fact::seen(Start::Demand, seen("judged alone: started on demand".into())),
        role: match signed.signatures.iter().find_map(role_of) {
            Some((role, usage)) => {
                Fact::seen(role, seen(format!("Microsoft signed it for {usage}")))
            }
            None => Fact::seen(Role::Ordinary, seen("an ordinary driver".into())),
        },
    }
}

/// What Microsoft signed a driver for: no other driver gets these usages (Microsoft, *Early launch
/// antimalware*; *HAL extensions*). An INF that says otherwise is asked later.
fn role_of(signature: &Signature) -> Option<(Role, &'static str)> {
    let own = signature.signer.as_ref().filter(|_| signature.reaches(Kind::Product))?;
    let roles = [
        (usage::EARLY_LAUNCH, Role::EarlyLaunch, "early launch"),
        (usage::HAL_EXTENSION, Role::HalExtension, "HAL extensions"),
    ];
    let found = roles.into_iter().find(|(usage, ..)| own.is_for(usage))?;
    Some((found.1, found.2))
}

fn describe(name: &str, read: &Image<'_>, signed: &Signed, limits: &Limits) -> DriverImage {
    let told = version::read(read);
    let entries = attribute_certificates::read(read, limits).value;
    DriverImage {
        sound: read.sections.iter().all(|s| s.size == 0 || s.data.is_some()),
        machine: machine(read.machine),
        kernel: read.subsystem == NATIVE || has_extension(name, "sys"),
        odd_entries: entries.len() > 1 || entries.iter().any(|e| e.kind != PKCS_SIGNED_DATA),
        hvci: hvci(read),
        original_name: told.as_ref().and_then(|v| v.original_filename.as_deref()).map(text),
        internal_name: told.as_ref().and_then(|v| v.internal_name.as_deref()).map(text),
        description: told.as_ref().and_then(|v| v.description.as_deref()).map(text),
        product: told.as_ref().and_then(|v| v.product.as_deref()).map(text),
        version: told.and_then(|v| v.file),
        digests: signed.digests.iter().map(|(by, digest)| (*by, *digest)).collect(),
        first_page: first_page(read, limits),
    }
}

/// The digests of the first page, by which lists name images whose end changes.
fn first_page(read: &Image<'_>, limits: &Limits) -> Vec<(DigestAlgorithm, Digest)> {
    let Some(page) = pages::of(read, limits).into_iter().next() else { return Vec::new() };
    let mut hasher = Hasher::new(both());
    for range in page.ranges {
        hasher.update(read.bytes.get(range).unwrap_or_default());
    }
    hasher.update(&vec![0; page.zeros]);
    hasher.finish()
}

const fn machine(number: u16) -> Machine {
    match number {
        0x014c => Machine::X86,
        0x8664 => Machine::X64,
        0xaa64 => Machine::Arm64,
        0x01c0 | 0x01c4 => Machine::Arm,
        0x0200 => Machine::Ia64,
        _ => Machine::Other,
    }
}

/// What memory integrity would not take, as far as the file tells.
fn hvci(read: &Image<'_>) -> Option<HvciFault> {
    const PAGE: u32 = 0x1000;
    if !read.section_alignment.is_multiple_of(PAGE) {
        return Some(HvciFault::Alignment(read.section_alignment));
    }
    let both = EXECUTE | WRITE;
    // Old linkers made INIT writable; Windows takes that away before it maps the section
    // (Microsoft, Driver compatibility with Device Guard in Windows 10).
    let faulty = |s: &&Section<'_>| s.characteristics & both == both && s.name != "INIT";
    if let Some(section) = read.sections.iter().find(faulty) {
        return Some(HvciFault::WritableCode(text(section.name.as_str())));
    }
    let (address, size) = *read.directories.get(IMPORTED_ADDRESSES)?;
    let within = |s: &&Section<'_>| {
        address.checked_sub(s.address).is_some_and(|offset| offset < s.virtual_size.max(s.size))
    };
    let section = read.sections.iter().find(within).filter(|_| size > 0)?;
    (section.characteristics & EXECUTE != 0)
        .then(|| HvciFault::ImportsInCode(text(section.name.as_str())))
}

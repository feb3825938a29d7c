//! *Which catalog does a definition (`.cdf`) ask for?*
//!
//! What MakeCat decides, by the names that `mscat.h` has for what stops it. Sources: Microsoft, *MakeCat*;
//! `mscat.h`.

use crate::package::catalog::{Entry, Planned};
use crate::package::contents::base;
use crate::package::signability::{Fault, What};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use loadworthy_formats::catalog::definition::{Attribute, Definition, File};
use loadworthy_formats::catalog::member::{BYTES, FLAT_TYPE, NameValue, PE_TYPE};
use loadworthy_formats::inf::text::Span;

/// What a definition asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The catalog.
    pub planned: Planned,
    /// Its version, 1 or 2.
    pub version: u8,
    /// Whether images get digests of their pages.
    pub page_hashes: bool,
    /// `ResultDir`: the folder it goes to.
    pub folder: Option<String>,
}

/// What became of a file that a definition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is not there.
    Missing,
    /// It is, by this number.
    There {
        /// The number.
        file: usize,
        /// Whether it is an image.
        is_image: bool,
        /// What it is, where Windows digests that in a way that is not known here.
        sort: Option<&'static str>,
    },
}

/// What a definition asks for, and what is wrong with that. `seen` is what became of its files, in their
/// order; `path` the definition's own.
#[must_use]
pub fn plan(definition: &Definition, path: &str, seen: &[Seen]) -> (Asked, Vec<Fault>) {
    let mut asking = Asking { path, faults: Vec::new() };
    let version = asking.version(definition);
    let name = match definition.option("Name") {
        Some((name, at)) if name.contains(['/', '\\', ':']) || name == ".." => {
            let said = format!("Name = {name} is a place: put its folder into ResultDir");
            asking.stop(None, at, said);
            String::new()
        }
        Some((name, _)) => name.to_owned(),
        None => {
            let said = "there is no Name in [CatalogHeader]".to_owned();
            asking.stop(Some("CRYPTCAT_E_CDF_TAGNOTFOUND"), Span::default(), said);
            String::new()
        }
    };
    if let Some((encoding, at)) = definition.option("EncodingType")
        && number(encoding) != Some(PKCS_7_X509)
    {
        let said = format!("EncodingType = {encoding}: catalogs are written as 0x00010001");
        asking.stop(Some("CRYPTCAT_E_CDF_UNSUPPORTED"), at, said);
    }
    for (line, at) in &definition.strays {
        let said = format!("\"{line}\" has no equals sign, so it names nothing");
        asking.stop(Some("CRYPTCAT_E_CDF_TAGNOTFOUND"), *at, said);
    }
    if !definition.ended {
        let said = "the last line has no end: MakeCat would pass over it".to_owned();
        asking.faults.push(asking.fault(None, false, None, said));
    }
    let attributes = asking.pairs(&definition.attributes);
    let mut entries = Vec::new();
    for (n, file) in definition.files.iter().enumerate() {
        let before = definition.files.get(..n).unwrap_or_default();
        if before.iter().any(|other| other.tag.eq_ignore_ascii_case(&file.tag)) {
            let said = format!("{} stands there twice", file.tag);
            asking.stop(Some("CRYPTCAT_E_CDF_DUPLICATE"), file.at, said);
        }
        let seen = seen.get(n).unwrap_or(&Seen::Missing);
        entries.extend(asking.entry(file, seen, version));
    }
    let planned = Planned { name, attributes, entries, ..Planned::default() };
    let page_hashes =
        definition.option("PageHashes").is_some_and(|(v, _)| v.eq_ignore_ascii_case("true"));
    let folder = definition.option("ResultDir").map(|(folder, _)| folder.to_owned());
    (Asked { planned, version, page_hashes, folder }, asking.faults)
}

/// What a file is that Windows digests by its structure, and not byte for byte; images are none of these,
/// since their digests are known.
#[must_use]
pub fn structured(name: &str, beginning: &[u8]) -> Option<&'static str> {
    const SCRIPTS: [&str; 11] =
        ["ps1", "psm1", "psd1", "ps1xml", "psc1", "cdxml", "mof", "vbs", "js", "wsf", "jse"];
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let extension = extension.unwrap_or_default();
    match beginning {
        [b'M', b'S', b'C', b'F', ..] => Some("a cabinet"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] if ["msi", "msp", "mst"].contains(&extension.as_str()) => {
            Some("an installer")
        }
        [0xca, 0xfe, 0xba, 0xbe, ..] => Some("a Java class"),
        [0x30, ..] if ["cat", "ctl", "stl"].contains(&extension.as_str()) => Some("a trust list"),
        [b'P', b'K', 3, 4, ..]
            if extension.starts_with("appx") || extension.starts_with("msix") =>
        {
            Some("an application package")
        }
        _ if SCRIPTS.contains(&extension.as_str()) => Some("a script"),
        _ => None,
    }
}

/// `PKCS_7_ASN_ENCODING | X509_ASN_ENCODING`.
const PKCS_7_X509: u32 = 0x0001_0001;
/// `CRYPTCAT_ATTR_DATAASCII`: a value is text.
const TEXT: u32 = 0x0001_0000;
/// `CRYPTCAT_ATTR_NAMEASCII` and `…_NAMEOBJID`: how a name is meant.
const NAME: u32 = 1;
const OBJECT_IDENTIFIER: u32 = 2;
/// `CRYPTCAT_ATTR_UNAUTHENTICATED`.
const UNSIGNED: u32 = 0x2000_0000;

struct Asking<'a> {
    path: &'a str,
    faults: Vec<Fault>,
}

impl Asking<'_> {
    fn fault(
        &self,
        number: Option<&'static str>,
        stops: bool,
        at: Option<Span>,
        said: String,
    ) -> Fault {
        Fault { number, stops, inf: self.path.to_owned(), at, what: What::Definition { said } }
    }

    fn stop(&mut self, number: Option<&'static str>, at: Span, said: String) {
        let at = (at != Span::default()).then_some(at);
        self.faults.push(self.fault(number, true, at, said));
    }

    fn version(&mut self, definition: &Definition) -> u8 {
        let (wanted, at) = definition.option("CatalogVersion").unwrap_or(("1", Span::default()));
        let (version, needs) = match number(wanted) {
            Some(1) => (1, "SHA1"),
            Some(2) => (2, "SHA256"),
            _ => {
                let said = format!("CatalogVersion = {wanted}: there are 1 and 2");
                self.stop(Some("CRYPTCAT_E_CDF_UNSUPPORTED"), at, said);
                return 1;
            }
        };
        let (digests, at) = definition.option("HashAlgorithms").unwrap_or(("", at));
        let has = |name: &str| digests.split(',').any(|d| d.trim().eq_ignore_ascii_case(name));
        if !(has(needs) || version == 1 && digests.is_empty()) {
            let said = match digests {
                "" => format!("CatalogVersion = {version} wants HashAlgorithms = {needs}"),
                _ => format!("HashAlgorithms = {digests}: version {version} wants {needs}"),
            };
            self.stop(Some("CRYPTCAT_E_CDF_UNSUPPORTED"), at, said);
        }
        version
    }

    fn entry(&mut self, file: &File, seen: &Seen, version: u8) -> Option<Entry> {
        let path = file.path.as_str();
        if path.is_empty() {
            let said = format!("{} names no file", file.tag);
            self.stop(Some("CRYPTCAT_E_CDF_MEMBER_FILE_PATH"), file.at, said);
            return None;
        }
        let tag = file.text_tag().map(ToOwned::to_owned);
        if version == 2 && tag.is_some() {
            let said = format!(
                "version 2 knows files by their digests: <HASH>{tag} = {path}",
                tag = file.tag
            );
            self.stop(Some("CRYPTCAT_E_CDF_UNSUPPORTED"), file.at, said);
        }
        let attributes = self.pairs(&file.attributes);
        let (number, is_image, sort) = match seen {
            Seen::Missing => {
                let said = format!("{path} is not there");
                self.stop(Some("CRYPTCAT_E_CDF_MEMBER_FILENOTFOUND"), file.at, said);
                return None;
            }
            Seen::There { file, is_image, sort } => (*file, *is_image, *sort),
        };
        let given = file.subject_type.as_deref();
        let is = |known: &str| given.is_some_and(|guid| guid.eq_ignore_ascii_case(known));
        let problem = match given {
            Some(guid) if !is_guid(guid) => Some((
                "CRYPTCAT_E_CDF_BAD_GUID_CONV",
                format!("{guid} is no GUID"),
            )),
            Some(_) if is(FLAT_TYPE) || is(PE_TYPE) && is_image => None,
            Some(guid) => Some((
                INDIRECT,
                format!("{path} cannot be digested as {guid}"),
            )),
            None => sort.map(|sort| {
                (
                    INDIRECT,
                    format!(
                        "{path} is {sort}, which Windows digests in a way of its own; byte for byte it is with {}ALTSIPID={FLAT_TYPE}",
                        file.tag
                    ),
                )
            }),
        };
        if let Some((number, said)) = problem {
            self.stop(Some(number), file.at, said);
        }
        let systems = attributes.iter().find(|pair| pair.name == "OSAttr");
        Some(Entry {
            file: number,
            name: base(path).to_owned(),
            systems: systems.map(|pair| pair.value.clone()).unwrap_or_default(),
            tag,
            is_flat: is(FLAT_TYPE),
            attributes,
        })
    }

    fn pairs(&mut self, attributes: &[Attribute]) -> Vec<NameValue> {
        let mut pairs = Vec::new();
        for attribute in attributes {
            let told = attribute.text.as_str();
            let problem = match &attribute.pair {
                None => Some((
                    Some("CRYPTCAT_E_CDF_ATTR_TOOFEWVALUES"),
                    format!("{told} is not TYPE:NAME:VALUE"),
                )),
                Some(pair) => refused(pair.flags, told),
            };
            match (problem, &attribute.pair) {
                (Some((number, said)), _) => self.stop(number, attribute.at, said),
                (None, Some(pair)) => pairs.push(pair.clone()),
                (None, None) => {}
            }
        }
        pairs
    }
}

const INDIRECT: &str = "CRYPTCAT_E_CDF_MEMBER_INDIRECTDATA";

/// Why an attribute of this type is not written.
fn refused(flags: u32, told: &str) -> Option<(Option<&'static str>, String)> {
    let one_of = |one: u32, other: u32| (flags & one != 0) != (flags & other != 0);
    if !one_of(NAME, OBJECT_IDENTIFIER) || !one_of(TEXT, BYTES) {
        let said = format!("{told}: its type asks for two things at once, or for neither");
        return Some((Some("CRYPTCAT_E_CDF_ATTR_TYPECOMBO"), said));
    }
    let said = match () {
        () if flags & OBJECT_IDENTIFIER != 0 => {
            "attributes that are named by an object identifier are not written here"
        }
        () if flags & UNSIGNED != 0 => "attributes that are not signed are not written here",
        () => return None,
    };
    Some((None, format!("{told}: {said}")))
}

fn number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match digits {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn is_guid(text: &str) -> bool {
    let inside = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let sizes = inside.map(|inside| {
        let parts = inside.split('-');
        let all = inside.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        (all, parts.map(str::len).map(|n| n.to_string()).collect::<Vec<_>>().join(" "))
    });
    sizes == Some((true, "8 4 4 4 12".to_owned()))
}

//! What an installer installs: files with their paths, and the cabinets that hold them.

use std::collections::BTreeMap;

use crate::cab::{cabinet, data};
use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::msi::database::{self, Database};
use crate::reader::wide;

/// An installer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installer {
    /// The `Property` table: `ProductName`, `ProductVersion`, `Manufacturer`, …
    pub properties: BTreeMap<String, String>,
    /// Files in the order of their table.
    pub files: Vec<File>,
    /// Cabinets that hold them.
    pub cabinets: Vec<Cabinet>,
    /// Components whose INFs the installer hands to DIFx (`MsiDriverPackages`).
    pub driver_components: Vec<String>,
    /// Whether the installer itself is signed.
    pub is_signed: bool,
}

/// A file that is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its name in the tables and in the cabinet.
    pub key: String,
    /// Its component.
    pub component: String,
    /// Where it goes, with `/` between names, below the root that the user chooses.
    pub path: String,
    /// Its size, as the table says.
    pub size: u64,
}

/// A cabinet of an installer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cabinet {
    /// Its name.
    pub name: String,
    /// Its bytes; nothing where it is a file beside the installer.
    pub bytes: Option<Vec<u8>>,
}

/// A file inside, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its path, with `/` between names.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Directories are nested no deeper than this.
const DEEPEST: usize = 64;

/// Reads an installer.
///
/// # Errors
/// When it is none.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Installer>, Error> {
    let mut deviations = Vec::new();
    let mut database = database::open(bytes, limits, &mut deviations)?;
    let mut installer = Installer {
        is_signed: database.streams().any(|name| name == "\u{5}DigitalSignature"),
        ..Installer::default()
    };
    let table = database.table("Property");
    let pairs = table.texts("Property").zip(table.texts("Value"));
    installer.properties = pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let table = database.table("MsiDriverPackages");
    installer.driver_components = table.texts("Component").map(str::to_owned).collect();
    installer.files = files(&mut database);
    let table = database.table("Media");
    let names: Vec<String> = table.texts("Cabinet").map(str::to_owned).collect();
    let mut left = limits.package_bytes;
    for name in names.into_iter().filter(|name| !name.is_empty()).take(256) {
        let content = name.strip_prefix('#').and_then(|stream| database.stream(stream));
        let size = content.as_ref().map_or(0, Vec::len);
        if name.starts_with('#') && content.is_none() {
            deviations.push(Error::new("installer cabinet", 0, Kind::Missing));
        }
        if size > left {
            let kind = Kind::TooLarge { limit: wide(limits.package_bytes) };
            deviations.push(Error::new("installer cabinets", 0, kind));
            break;
        }
        left = left.saturating_sub(size);
        let name = name.trim_start_matches('#').to_owned();
        installer.cabinets.push(Cabinet { name, bytes: content });
    }
    Ok(Parsed { value: installer, deviations })
}

fn files(database: &mut Database<'_>) -> Vec<File> {
    let table = database.table("Directory");
    let names = table.texts("Directory_Parent").zip(table.texts("DefaultDir"));
    let directories: BTreeMap<String, (String, String)> = table
        .texts("Directory")
        .zip(names)
        .map(|(key, (parent, name))| (key.to_owned(), (parent.to_owned(), long(name).to_owned())))
        .collect();
    let table = database.table("Component");
    let components: BTreeMap<String, String> = table
        .texts("Component")
        .zip(table.texts("Directory_"))
        .map(|(key, directory)| (key.to_owned(), directory.to_owned()))
        .collect();
    let table = database.table("File");
    let named = table.texts("Component_").zip(table.texts("FileName"));
    let rows = table.texts("File").zip(named).zip(table.numbers("FileSize"));
    rows.map(|((key, (component, name)), size)| {
        let directory = components.get(component).map_or("", String::as_str);
        let mut path = folder(directory, &directories);
        path.push_str(long(name));
        File {
            key: key.to_owned(),
            component: component.to_owned(),
            path,
            size: size.and_then(|s| u64::try_from(s).ok()).unwrap_or(0),
        }
    })
    .collect()
}

/// The path of a directory, with `/` behind it; without the root, which has no name of its own.
fn folder(key: &str, directories: &BTreeMap<String, (String, String)>) -> String {
    let mut names = Vec::new();
    let mut key = key;
    for _ in 0..DEEPEST {
        let Some((parent, name)) = directories.get(key) else { break };
        if parent.is_empty() || parent == key {
            break;
        }
        if name != "." && names.len() < DEEPEST {
            // Names that only the running installer knows are called by their key.
            names.push(if name.is_empty() { key } else { name });
        }
        key = parent;
    }
    names.iter().rev().flat_map(|name| [*name, "/"]).collect()
}

/// The long name of `target:source` and `short|long`.
fn long(name: &str) -> &str {
    let target = name.split(':').next().unwrap_or(name);
    target.split_once('|').map_or(target, |(_, long)| long)
}

impl Installer {
    /// The bytes of every file that lies in the cabinets inside, under the paths where they go.
    #[must_use]
    pub fn members(&self, limits: &Limits) -> Parsed<Vec<Member>> {
        let mut parsed = Parsed::clean(Vec::new());
        let paths: BTreeMap<&str, &str> =
            self.files.iter().map(|f| (f.key.as_str(), f.path.as_str())).collect();
        let mut left = limits.package_bytes;
        for bytes in self.cabinets.iter().filter_map(|c| c.bytes.as_deref()) {
            let small = Limits { package_bytes: left, ..*limits };
            let found = members(bytes, &small);
            parsed.deviations.extend(found.deviations);
            for mut member in found.value {
                left = left.saturating_sub(member.bytes.len());
                if let Some(path) = paths.get(member.path.as_str()) {
                    member.path = (*path).to_owned();
                }
                parsed.value.push(member);
            }
        }
        parsed
    }
}

/// The files of a cabinet, or those of an installer; nothing where it is neither.
#[must_use]
pub fn inside(bytes: &[u8], limits: &Limits) -> Option<Parsed<Vec<Member>>> {
    if cabinet::begins(bytes) {
        return Some(members(bytes, limits));
    }
    let installer = read(bytes, limits).ok()?;
    let mut members = installer.value.members(limits);
    members.deviations.extend(installer.deviations);
    Some(members)
}

fn members(bytes: &[u8], limits: &Limits) -> Parsed<Vec<Member>> {
    let parsed = match cabinet::read(bytes, limits) {
        Ok(parsed) => parsed,
        Err(problem) => return Parsed { value: Vec::new(), deviations: vec![problem] },
    };
    let unpacked = data::unpack(&parsed.value, limits);
    let mut left = limits.package_bytes;
    let mut members = Vec::new();
    let mut deviations = parsed.deviations;
    deviations.extend(unpacked.deviations.iter().copied());
    for file in &parsed.value.files {
        let Some(bytes) = unpacked.bytes(file) else { continue };
        // Files of a hostile cabinet may lie one over the other.
        let Some(less) = left.checked_sub(bytes.len()) else {
            let kind = Kind::TooLarge { limit: wide(limits.package_bytes) };
            deviations.push(Error::new("cabinet files", 0, kind));
            break;
        };
        left = less;
        members.push(Member { path: file.name.clone(), bytes: bytes.to_vec() });
    }
    Parsed { value: members, deviations }
}

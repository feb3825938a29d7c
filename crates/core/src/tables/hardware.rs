//! *What is this device, file system, volume or interface for, and which module does it ask for?*

use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::kernel::modules_alias::matches;
use loadworthy_formats::manifest::Class;
use serde::Deserialize;

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    device: Vec<DeviceRow>,
    file_system: Vec<FileSystem>,
    link: Vec<Named>,
    volume: Vec<Volume>,
    disk: Vec<Named>,
    transport: Vec<Named>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Word(Class);

impl TryFrom<String> for Word {
    type Error = &'static str;
    fn try_from(word: String) -> Result<Self, Self::Error> {
        Class::named(&word).map(Self).ok_or("a class is boot, storage, network, gpu or other")
    }
}

/// What devices are for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceRow {
    #[expect(dead_code, reason = "rows are named for those who read the table")]
    id: String,
    r#match: Vec<String>,
    class: Word,
    #[expect(dead_code, reason = "rows cite their source for those who read the table")]
    source: String,
}

/// File systems without data of their own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSystem {
    id: String,
    kinds: Vec<String>,
    class: Word,
    #[expect(dead_code, reason = "rows cite their source for those who read the table")]
    source: String,
}

/// A name that the kernel shows, and the module behind it: an interface made of others, a block
/// device that a driver makes by itself, a way to an NVMe controller.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    module: String,
    #[expect(dead_code, reason = "rows cite their source for those who read the table")]
    source: String,
}

/// A sort of volumes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// The row's name.
    pub id: String,
    uuid: String,
    #[serde(default)]
    name: Vec<String>,
    /// What people call it.
    pub word: String,
    /// The modules it needs.
    pub modules: Vec<String>,
    #[expect(dead_code, reason = "rows cite their source for those who read the table")]
    source: String,
}

/// What a mounted file system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The kernel's own; nothing is lost.
    Kernels,
    /// It lies over others.
    Over,
    /// It holds data.
    Data,
}

impl Hardware {
    /// What a device with this modalias is for.
    #[must_use]
    pub fn class(&self, modalias: &str) -> Class {
        let fits = |row: &&DeviceRow| {
            row.r#match.iter().any(|pattern| matches(pattern.as_bytes(), modalias.as_bytes()))
        };
        self.device.iter().find(fits).map_or(Class::Other, |row| row.class.0)
    }

    /// What a file system of this type is, and what it is for.
    #[must_use]
    pub fn file_system(&self, kind: &str) -> (Sort, Class) {
        let row = self.file_system.iter().find(|row| row.kinds.iter().any(|k| k == kind));
        match row {
            Some(row) if row.id == "overlay" => (Sort::Over, row.class.0),
            Some(row) => (Sort::Kernels, row.class.0),
            None => (Sort::Data, Class::Storage),
        }
    }

    /// The module that makes interfaces of this sort.
    #[must_use]
    pub fn link(&self, kind: &str) -> Option<&str> {
        self.link.iter().find(|row| row.name == kind).map(|row| row.module.as_str())
    }

    /// The sort of a volume of device mapper.
    #[must_use]
    pub fn volume(&self, name: &str, uuid: &str) -> Option<&Volume> {
        self.volume.iter().find(|row| {
            let named = row.name.is_empty() || row.name.iter().any(|part| name.contains(&**part));
            uuid.starts_with(&row.uuid) && named
        })
    }

    /// The module that makes the block device of this name by itself.
    #[must_use]
    pub fn disk(&self, name: &str) -> Option<&str> {
        let fits = |row: &&Named| {
            name.strip_prefix(&*row.name)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        self.disk.iter().find(fits).map(|row| row.module.as_str())
    }

    /// The module that reaches NVMe controllers this way.
    #[must_use]
    pub fn transport(&self, name: &str) -> Option<&str> {
        self.transport.iter().find(|row| row.name == name).map(|row| row.module.as_str())
    }
}

//! The manifest: files of three folders, the strongest last.

use std::collections::BTreeMap;

use loadworthy_formats::manifest::{self, Fault, Manifest};

use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::Outcome;

/// Folders that may hold a manifest, the strongest last.
pub const FOLDERS: [&str; 3] = ["usr/lib/loadworthy", "run/loadworthy", "etc/loadworthy"];

/// The manifest of a machine.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// All files together.
    pub manifest: Manifest,
    /// The files, in the order in which they were laid over one another.
    pub files: Vec<String>,
    /// What is not in order.
    pub faults: Vec<Fault>,
}

impl Found {
    /// Lays a file over what is there.
    pub fn add(&mut self, file: &str, bytes: &[u8], looking: &Looking<'_>) {
        let read = manifest::read(file, bytes, looking.limits);
        self.manifest.merge(read.manifest);
        self.faults.extend(read.faults);
        self.files.push(file.to_owned());
    }
}

/// Reads `manifest.toml` and then `manifest.d/*.toml` of each folder. A file of a stronger folder's
/// `manifest.d` stands for those of the same name in weaker ones, as drop-ins of systemd do.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Found {
    let mut strongest: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut inside: Vec<Vec<Vec<u8>>> = Vec::new();
    for (at, folder) in FOLDERS.iter().enumerate() {
        let folder = HostPath::new(folder).join("manifest.d");
        let names = looking.names(&Item::Entries(folder)).unwrap_or_default();
        let names: Vec<Vec<u8>> =
            names.into_iter().map(|e| e.name).filter(|name| name.ends_with(b".toml")).collect();
        strongest.extend(names.iter().map(|name| (name.clone(), at)));
        inside.push(names);
    }
    let mut found = Found::default();
    for (at, (folder, names)) in FOLDERS.iter().zip(inside).enumerate() {
        let folder = HostPath::new(folder);
        let mut files = vec![folder.join("manifest.toml")];
        let own = names.iter().filter(|name| strongest.get(*name) == Some(&at));
        files.extend(own.map(|name| folder.join("manifest.d").join(name)));
        for file in files {
            let shown = file.to_string();
            match looking.bytes(&Item::File(file), looking.limits.text_bytes) {
                Ok(bytes) => found.add(&shown, &bytes, looking),
                Err(Outcome::Absent | Outcome::OutOfReach) => {}
                // A manifest that is there and cannot be read must not be passed over.
                Err(outcome) => {
                    let said = format!("cannot be read: {:?}", why(&shown, &outcome));
                    found.faults.push(Fault { file: shown.as_str().into(), line: 1, said });
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::Host;
    use loadworthy_formats::manifest::What;

    #[test]
    fn stronger_folders_go_over_weaker_ones_and_drop_ins_replace_their_namesakes() {
        let one = |name: &str| format!("[[require]]\nmodule = \"{name}\"\n");
        let host = Host::new()
            .with("usr/lib/loadworthy/manifest.toml", one("vendor"))
            .with("usr/lib/loadworthy/manifest.d/10.toml", one("replaced"))
            .with("usr/lib/loadworthy/manifest.d/20.toml", one("kept"))
            .with("etc/loadworthy/manifest.d/10.toml", one("site"))
            .with("etc/loadworthy/manifest.d/notes.txt", "not TOML at all")
            .with("etc/loadworthy/manifest.toml", one("host"));
        let found = gather(&host.looking());
        let names: Vec<_> = found
            .manifest
            .require
            .iter()
            .map(|r| match &r.what {
                What::Module(name) => name.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(names, ["vendor", "kept", "host", "site"]);
        assert_eq!(found.faults, []);
        assert_eq!(found.files.len(), 4);
    }
}

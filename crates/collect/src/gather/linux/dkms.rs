//! Sources of modules that DKMS builds when they are installed.
//!
//! `dkms.conf` is a shell script that DKMS sources; only its plain assignments are read, and nothing
//! is executed.

use std::sync::Arc;

use loadworthy_core::facts::linux::KeyPair;
use loadworthy_core::proof::text;

use crate::gather::looking::Looking;
use crate::item::{HostPath, Item};
use crate::sighting::Entry;

/// One source tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its folder.
    pub path: HostPath,
    /// `PACKAGE_NAME` and `PACKAGE_VERSION`.
    pub name: String,
    /// The modules it would build, without `.ko`.
    pub modules: Vec<Arc<str>>,
}

/// What the `dkms.conf` at `path` would build.
#[must_use]
pub fn source(looking: &Looking<'_>, path: &HostPath) -> Option<Source> {
    let bytes = looking.bytes(&Item::File(path.clone()), looking.limits.text_bytes).ok()?;
    let folder = path.parent()?;
    let script = String::from_utf8_lossy(&bytes);
    let assigned = |wanted: &'static str| {
        script.lines().filter_map(move |line| {
            let (key, value) = line.trim().split_once('=')?;
            let key = key.split('[').next().unwrap_or(key);
            (key == wanted).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
        })
    };
    let package = assigned("PACKAGE_NAME").next().unwrap_or_default();
    let version = assigned("PACKAGE_VERSION").next().unwrap_or_default();
    let plain = |name: &str| !name.is_empty() && !name.contains(['$', '`', ' ']);
    let mut modules: Vec<Arc<str>> =
        assigned("BUILT_MODULE_NAME").filter(|name| plain(name)).map(text).collect();
    // One module that is not named is called like its package (dkms(8), BUILT_MODULE_NAME).
    if modules.is_empty() && plain(&package) {
        modules.push(text(&*package));
    }
    modules.dedup();
    let name = if plain(&package) { format!("{package} {version}") } else { folder.to_string() };
    Some(Source { path: folder, name, modules })
}

/// The sources below `usr/src` that are registered with DKMS (`var/lib/dkms/PACKAGE`).
#[must_use]
pub fn registered(looking: &Looking<'_>) -> Vec<Source> {
    let names = |folder: &str| looking.names(&Item::entries(folder)).unwrap_or_default();
    let packages = names("var/lib/dkms");
    let known = |source: &Source| {
        let package = source.name.split(' ').next().unwrap_or_default();
        packages.iter().any(|entry| *entry.name == *package.as_bytes())
    };
    let folder = HostPath::new("usr/src");
    let of = |entry: &Entry| source(looking, &folder.join(&entry.name).join(b"dkms.conf"));
    names("usr/src").iter().filter_map(of).filter(known).collect()
}

/// The files that DKMS signs with, where its configuration names one of them (dkms(8), `framework.conf`:
/// `mok_signing_key`, `mok_certificate`; what is set last counts).
#[must_use]
pub fn keys(looking: &Looking<'_>) -> Option<KeyPair> {
    let mut files = vec![HostPath::new("etc/dkms/framework.conf")];
    let more = HostPath::new("etc/dkms/framework.conf.d");
    let mut names = looking.names(&Item::Entries(more.clone())).unwrap_or_default();
    names.sort_by(|a, b| a.name.cmp(&b.name));
    let names = names.iter().filter(|entry| entry.name.ends_with(b".conf"));
    files.extend(names.map(|entry| more.join(&entry.name)));
    let (mut key, mut certificate) = (None, None);
    for path in files {
        let Ok(bytes) = looking.bytes(&Item::File(path), looking.limits.text_bytes) else {
            continue;
        };
        for line in String::from_utf8_lossy(&bytes).lines() {
            let Some((name, value)) = line.trim().split_once('=') else { continue };
            let value = value.trim().trim_matches(['"', '\'']);
            // Another key for each kernel is nothing that could be named here.
            let value = (!value.is_empty() && !value.contains(['$', '`'])).then(|| text(value));
            match name {
                "mok_signing_key" => key = value,
                "mok_certificate" => certificate = value,
                _ => {}
            }
        }
    }
    if key.is_none() && certificate.is_none() {
        return None;
    }
    Some(KeyPair {
        key: key.unwrap_or_else(|| text("/var/lib/dkms/mok.key")),
        certificate: certificate.unwrap_or_else(|| text("/var/lib/dkms/mok.pub")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::Host;

    #[test]
    fn plain_assignments_are_read_and_nothing_is_run() {
        let conf = "PACKAGE_NAME=\"r8168\"\nPACKAGE_VERSION=8.0\nBUILT_MODULE_NAME[0]=\"r8168\"\n\
                    BUILT_MODULE_NAME[1]=$(touch /tmp/x)\nDEST_MODULE_LOCATION[0]=/updates/dkms\n";
        let host = Host::new().with("usr/src/r8168-8.0/dkms.conf", conf);
        let path = HostPath::new("usr/src/r8168-8.0/dkms.conf");
        let source = source(&host.looking(), &path).unwrap();
        assert_eq!((source.name.as_str(), source.modules), ("r8168 8.0", vec![text("r8168")]));
    }

    #[test]
    fn the_files_that_are_signed_with_are_those_set_last() {
        let named = |host: &Host| keys(&host.looking()).map(|k| (k.key, k.certificate));
        let host = Host::new().with(
            "etc/dkms/framework.conf",
            "# mok_signing_key=/a\nmok_signing_key=\"/root/old.key\"\nmok_certificate=/root/own.der\n",
        );
        assert_eq!(named(&host), Some((text("/root/old.key"), text("/root/own.der"))));
        let host = host
            .with("etc/dkms/framework.conf.d/b.conf", "mok_signing_key=/root/new.key\n")
            .with("etc/dkms/framework.conf.d/a.conf", "mok_signing_key=/root/other.key\n");
        assert_eq!(named(&host), Some((text("/root/new.key"), text("/root/own.der"))));
        let host = Host::new().with("etc/dkms/framework.conf", "mok_signing_key=/k/$kernelver\n");
        assert_eq!(named(&host), None);
    }
}

//! A Linux platform that is only named (`--on debian-12,secure-boot=on`), as facts: whose kernel it is
//! and how it is configured are listed, and what only a kernel's image or a machine tells stays open.

use crate::fact::{Fact, Source};
use crate::facts::linux::LinuxFacts;
use crate::proof::text;
use crate::tables::distros::Distros;
use crate::tables::platforms::Platform;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::kernel::cmdline;
use loadworthy_formats::limits::Limits;

/// A platform as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it was given.
    pub given: Arc<str>,
    /// Its row.
    pub platform: Platform,
    /// The release of the kernel that is judged.
    pub kernel: String,
    /// What was said besides, as `--assume` takes it, in the order in which it is applied.
    pub assumed: Vec<(String, String)>,
}

/// The keys of a Linux platform beside `kernel`: those of `--assume`, and what each takes.
pub const KEYS: [(&str, &str); 6] = [
    ("arch", "amd64 | arm64 | ppc64el | s390x | riscv64; not given: amd64"),
    ("secure-boot", "on | off; not given: on"),
    ("lockdown", "none | integrity | confidentiality; not given: what Secure Boot brings there"),
    ("sig-enforce", "on | off; not given: what Secure Boot brings there"),
    ("enroll", "a certificate file; repeatable"),
    ("kernel", "a release; not given: the current one there"),
];

impl Named {
    /// The platform that `given` names.
    ///
    /// # Errors
    /// A sentence, where a key is none.
    pub fn of(given: &str, platform: &Platform) -> Result<Self, String> {
        let mut parts = given.split(',').skip(1).map(str::trim);
        let architecture = parts.find_map(|part| part.strip_prefix("arch=")).unwrap_or("amd64");
        let platform = platform.on(architecture).ok_or_else(|| {
            let all = platform.architectures().collect::<Vec<_>>().join(", ");
            format!("{} is not known on {architecture:?}, only on {all}", platform.name)
        })?;
        let mut kernel = platform.kernel.clone();
        let mut assumed = Vec::new();
        for part in given.split(',').skip(1) {
            let (key, value) = part.trim().split_once('=').unwrap_or((part.trim(), ""));
            match key {
                "kernel" if !value.is_empty() => value.clone_into(&mut kernel),
                "arch" if !value.is_empty() => {}
                _ if !["kernel", "arch"].contains(&key)
                    && KEYS.iter().any(|(known, _)| *known == key) =>
                {
                    assumed.push((key.to_owned(), value.to_owned()));
                }
                _ => {
                    let all = KEYS.map(|(known, _)| known).join(", ");
                    return Err(format!(
                        "{part:?} is no key of {}; there are {all}",
                        platform.name
                    ));
                }
            }
        }
        // Secure Boot comes first: what is said of lockdown and enforcement stands above it.
        if !assumed.iter().any(|(key, _)| key == "secure-boot") {
            assumed.push(("secure-boot".to_owned(), "on".to_owned()));
        }
        assumed.sort_by_key(|(key, _)| key != "secure-boot");
        Ok(Self { given: text(given), platform, kernel, assumed })
    }

    /// Writes what is listed into the facts of its kernel.
    pub fn apply(&self, distros: &Distros, facts: &mut LinuxFacts) {
        let row = self.platform.row();
        facts.config = Source::listed(Arc::new(self.platform.config()), row.clone());
        if let Ok(plain) = cmdline::read(b"", &Limits::DEFAULT) {
            facts.cmdline = Source::listed(Arc::new(plain.value), row.clone());
        }
        let own = distros.rows().iter().find(|d| d.name == self.platform.distro);
        if let Some(id) = own.and_then(|d| d.os_release.first()) {
            facts.os_release = Fact::listed(Some(text(id.as_str())), row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Named;
    use crate::tables::Tables;
    use alloc::format;

    #[test]
    fn what_is_said_and_what_is_not() {
        let platforms = Tables::platforms().unwrap();
        let debian = platforms.named("debian-12").unwrap();
        let named =
            Named::of("debian-12,lockdown=none,secure-boot=off,kernel=6.1.0-9-amd64", debian);
        let named = named.unwrap();
        assert_eq!(named.kernel, "6.1.0-9-amd64");
        let keys: alloc::vec::Vec<_> = named.assumed.iter().map(|(k, _)| k.as_str()).collect();
        assert_eq!(keys, ["secure-boot", "lockdown"]);
        assert_eq!(Named::of("debian-12", debian).unwrap().assumed[0].1, "on");
        let on = |arch: &str| Named::of(&format!("debian-12,arch={arch}"), debian);
        assert_eq!(on("x64").unwrap().kernel, debian.kernel);
        assert!(on("aarch64").unwrap().kernel.ends_with("-arm64"));
        let other = on("riscv64").unwrap_err();
        assert!(other.ends_with("only on amd64, arm64, ppc64el, s390x"), "{other}");
        assert!(Named::of("debian-12,kernel", debian).is_err());
        assert!(Named::of("debian-12,arch", debian).is_err());
    }
}

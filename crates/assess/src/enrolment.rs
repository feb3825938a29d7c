//! How far a key has come on its way into a machine.

use std::sync::Arc;

use loadworthy_collect::item::{EFIVARS, Item, MOK_VARIABLES};
use loadworthy_collect::sighting::Outcome;
use loadworthy_core::keys::described::Described;
use loadworthy_core::keys::enrolment::{Obstacle, Recorded, Seen, State, state};
use loadworthy_core::keys::found::{Counts, OfKernel};
use loadworthy_core::keys::lint::{Asks, Lint};
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::mok::Request as Waiting;
use loadworthy_formats::uefi::variable::FileName;

use crate::check::summary_of;
use crate::host::{Host, OneKernel, known};
use crate::keys;
use crate::request::{Request, Trouble};

/// Where requests are recorded, below the root: a line each, time, boot, digest and name.
pub const RECORD: &str = "var/lib/loadworthy/enrolments";

/// Looks where the certificate stands.
///
/// # Errors
/// When our own work cannot be done.
pub fn look(request: &Request, certificate: &Described, at: i64) -> Result<Seen, Trouble> {
    let host = Host::of(request)?;
    let kernel = host.asked(&request.kernel)?.into_iter().next();
    let kernel = kernel.ok_or_else(|| Trouble::NoKernel { asked: String::new(), there: vec![] })?;
    let kernel = host.kernel(kernel, request)?;
    let found = keys::of_kernel(&host, &kernel, request, at)?;
    let seen = Looking { host: &host, kernel: &kernel, certificate }.seen(&found, at);
    host.sound()?;
    Ok(seen)
}

struct Looking<'a> {
    host: &'a Host,
    kernel: &'a OneKernel,
    certificate: &'a Described,
}

impl Looking<'_> {
    fn seen(&self, found: &OfKernel, at: i64) -> Seen {
        let key = found.keys.iter().find(|key| key.certificate.der == self.certificate.der);
        let lists: Vec<Arc<str>> =
            key.map(|key| key.places.iter().map(|p| p.list.clone()).collect()).unwrap_or_default();
        let keyrings = key.map(|key| key.keyrings.clone()).unwrap_or_default();
        let stands = |list: &str| lists.iter().any(|l| &**l == list);
        let counts = key.map_or(Counts::No, |key| key.counts);
        let firmware = &self.kernel.firmware;
        let in_list = match known(firmware.mok_list.whole()) {
            _ if stands("MokListRT") => Some(true),
            Some(()) => Some(false),
            None => None,
        };
        let request = self.variable("MokNew");
        let in_request = match &request {
            _ if stands("MokNew") => Some(true),
            Ok(_) => Some(false),
            Err(()) => None,
        };
        let trusted = match counts {
            Counts::Yes => Some(true),
            Counts::No | Counts::Against => Some(false),
            Counts::Unknown => None,
        };
        let recorded = self.recorded();
        let boot = self.text("proc/sys/kernel/random/boot_id").unwrap_or_default();
        let state = state(trusted, in_list, in_request, recorded.as_ref(), boot.trim());
        let verifiable = self.verifiable();
        let lint = Lint(&self.host.tables.key_lints);
        let asks = Asks { at: Some(at), verifiable, ..Asks::default() };
        let mut findings = lint.certificate(self.certificate, &asks);
        if let Some(key) = key.filter(|key| !key.findings.is_empty()) {
            findings.clone_from(&key.findings);
        }
        let mut obstacles = Vec::new();
        if verifiable == Some(false) || self.certificate.kernel_algorithm().is_none() {
            obstacles.push(Obstacle::NotVerified);
        }
        if stands("dbx") || stands("MokListXRT") {
            obstacles.push(Obstacle::Denied);
        }
        if self.has_shim() == Some(false) {
            obstacles.push(Obstacle::NoShim);
        } else if self.has_manager() == Some(false) {
            obstacles.push(Obstacle::NoManager);
        }
        let ring = found.keyrings.iter().find(|ring| match state {
            State::Trusted => keyrings.contains(&ring.name),
            _ => ring.name == ".machine",
        });
        Seen {
            host: summary_of(self.host, self.kernel),
            state,
            because: ring.and_then(|ring| ring.because.clone()),
            keyrings,
            lists,
            findings,
            recorded,
            waiting: self.waiting(),
            obstacles,
            request: request.unwrap_or_default(),
            boot: boot.trim().to_owned(),
        }
    }

    fn verifiable(&self) -> Option<bool> {
        known(&self.kernel.policy.public_key(self.certificate.kernel_algorithm()?))
    }

    /// The value of one of shim's variables; empty where it is not there.
    fn variable(&self, name: &str) -> Result<Vec<u8>, ()> {
        let looking = self.host.looking();
        let item = Item::Variable { name: name.to_owned(), vendor: Guid::SHIM_LOCK };
        match looking.view.look(&item, looking.limits.text_bytes) {
            (Outcome::Bytes { .. }, bytes) => Ok(bytes.get(4..).unwrap_or_default().to_vec()),
            (Outcome::Absent, _) => Ok(Vec::new()),
            _ => Err(()),
        }
    }

    fn names(&self, folder: &str) -> Option<Vec<String>> {
        match self.host.looking().view.look(&Item::entries(folder), 0) {
            (Outcome::Entries(names), _) => {
                Some(names.iter().map(|e| String::from_utf8_lossy(&e.name).into_owned()).collect())
            }
            _ => None,
        }
    }

    fn text(&self, path: &str) -> Option<String> {
        let looking = self.host.looking();
        match looking.view.look(&Item::file(path), looking.limits.text_bytes) {
            (Outcome::Bytes { .. }, bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        }
    }

    fn waiting(&self) -> Vec<Waiting> {
        let names = self.names(EFIVARS).unwrap_or_default();
        let parsed = names.iter().filter_map(|name| FileName::parse(name));
        parsed
            .filter(|file| file.vendor == Guid::SHIM_LOCK)
            .filter_map(|file| Waiting::named(file.name))
            .collect()
    }

    /// Whether shim was in the way of the last boot: it leaves tables and variables.
    fn has_shim(&self) -> Option<bool> {
        let tables = self.names(MOK_VARIABLES).is_some_and(|names| !names.is_empty());
        let names = self.names(EFIVARS).filter(|names| !names.is_empty())?;
        let left = |name: &String| {
            FileName::parse(name).is_some_and(|file| {
                file.vendor == Guid::SHIM_LOCK && Waiting::named(file.name).is_none()
            })
        };
        Some(tables || names.iter().any(left))
    }

    /// Whether MokManager lies beside shim on the system partition, where that was seen.
    fn has_manager(&self) -> Option<bool> {
        let mut shim = false;
        for top in ["boot/efi/EFI", "efi/EFI", "boot/EFI"] {
            for folder in self.names(top).unwrap_or_default() {
                let names = self.names(&format!("{top}/{folder}")).unwrap_or_default();
                let begins = |with: &str| {
                    names.iter().any(|n| {
                        let name = n.to_ascii_lowercase();
                        name.starts_with(with) && name.ends_with(".efi")
                    })
                };
                if begins("shim") {
                    shim = true;
                    if begins("mm") {
                        return Some(true);
                    }
                }
            }
        }
        shim.then_some(false)
    }

    /// The last request for this certificate that was recorded.
    fn recorded(&self) -> Option<Recorded> {
        let text = self.text(RECORD)?;
        text.lines().rev().find_map(|line| {
            let mut words = line.split(' ');
            let (at, boot, sha256) = (words.next()?, words.next()?, words.next()?);
            let boot = if boot == "-" { "" } else { boot };
            (sha256 == self.certificate.sha256).then(|| Recorded {
                at: at.to_owned(),
                boot: boot.to_owned(),
                sha256: sha256.to_owned(),
            })
        })
    }
}

//! The policies that a live kernel is started under.

use crate::forge::firmware::{
    GLOBAL, IMAGE_SECURITY, SHIM, certificate, digests, sha256, variable,
};
use crate::forge::key::Key;
use crate::oracles::live::cases::Case;
use crate::oracles::live::variables::vendor;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_rehearse::store::{AUTHENTICATED, BOOT, SECURE_BOOT_ENABLE, Store};
use std::collections::BTreeMap;

/// A policy: what is in the firmware's memory, and what stands on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// Its name.
    pub name: &'static str,
    /// In words.
    pub what: &'static str,
    /// Whether Secure Boot is on.
    pub secure_boot: bool,
    /// Keys in `MokList`.
    pub owner: &'static [&'static str],
    /// Keys in `db`.
    pub db: &'static [&'static str],
    /// Keys in `dbx`.
    pub dbx: &'static [&'static str],
    /// Keys in `MokListX`.
    pub denied: &'static [&'static str],
    /// Cases whose whole file's hash is in `MokListX`.
    pub denied_files: &'static [&'static str],
    /// Whether the owner does not trust those keys for the kernel (`mokutil --untrust-mok`).
    pub untrusted: bool,
    /// What is added to the command line.
    pub cmdline: &'static str,
    /// Only cases with this in their name are asked.
    pub only: &'static str,
}

/// All of them. The first is the one of the bounded run.
pub const ALL: [Policy; 9] = [
    Policy {
        name: "sb-on-mok",
        what: "Secure Boot on; the owner's key enrolled",
        secure_boot: true,
        owner: &["owner"],
        db: &[],
        dbx: &[],
        denied: &[],
        denied_files: &[],
        untrusted: false,
        cmdline: "",
        only: "",
    },
    Policy { name: "sb-on-nomok", what: "Secure Boot on; no key enrolled", owner: &[], ..ON },
    Policy {
        name: "sb-on-db",
        what: "Secure Boot on; the owner's key in db",
        db: &["owner"],
        ..ON
    },
    Policy {
        name: "sb-on-revoked",
        what: "Secure Boot on; two keys enrolled, one of them in MokListX; a file's hash there too",
        owner: &["owner", "stranger"],
        denied: &["stranger"],
        denied_files: &["crc_owner_sha384"],
        ..ON
    },
    Policy {
        name: "sb-on-dbx",
        what: "Secure Boot on; two keys enrolled, one of them in dbx",
        owner: &["owner", "stranger"],
        dbx: &["owner"],
        ..ON
    },
    Policy { name: "sb-off", what: "Secure Boot off", ..OFF },
    Policy {
        name: "sb-off-mok",
        what: "Secure Boot off; a key enrolled",
        owner: &["owner"],
        ..OFF
    },
    Policy {
        name: "sb-off-sig_enforce",
        what: "Secure Boot off; module.sig_enforce=1",
        cmdline: " module.sig_enforce=1",
        ..OFF
    },
    Policy {
        name: "sb-off-lockdown",
        what: "Secure Boot off; lockdown=integrity",
        cmdline: " lockdown=integrity",
        ..OFF
    },
];

/// Those that tell kernels apart which Debian does not ship.
pub const MORE: [Policy; 6] = [
    Policy {
        name: "sb-on-untrusted",
        what: "Secure Boot on; the owner's key enrolled, and not trusted for the kernel",
        owner: &["owner"],
        untrusted: true,
        ..ON
    },
    Policy {
        name: "sb-on-authority",
        what: "Secure Boot on; the key of an authority enrolled, and one of a person",
        owner: &["owner", "authority"],
        ..ON
    },
    Policy {
        name: "sb-off-appraise",
        what: "Secure Boot off; IMA appraises what the kernel reads",
        cmdline: " ima_policy=secure_boot ima_appraise=enforce",
        ..OFF
    },
    Policy {
        name: "sb-off-loadpin",
        what: "Secure Boot off; LoadPin enforces, whatever words that are no number say",
        cmdline: " loadpin.enforce=1 loadpin.enforce=n loadpin.enabled=0",
        only: "_pinned_",
        ..OFF
    },
    Policy {
        name: "sb-off-loadpin-0",
        what: "Secure Boot off; LoadPin watches and refuses nothing",
        cmdline: " loadpin.enforce=1 loadpin.enforce=0",
        ..OFF
    },
    Policy {
        name: "sb-off-loadpin-exclude",
        what: "Secure Boot off; LoadPin leaves modules alone",
        cmdline: " loadpin.enforce=1 loadpin.exclude=kernel-module",
        ..OFF
    },
];

const OFF: Policy = Policy {
    name: "",
    what: "",
    secure_boot: false,
    owner: &[],
    db: &[],
    dbx: &[],
    denied: &[],
    denied_files: &[],
    untrusted: false,
    cmdline: "",
    only: "",
};
const ON: Policy = Policy { secure_boot: true, ..OFF };

/// What a policy is on the machine.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The firmware's memory before it starts.
    pub store: Vec<u8>,
    /// The variables a running system will show: name with vendor, and bytes with attributes.
    pub variables: BTreeMap<String, Vec<u8>>,
    /// The tables that shim hands over, raw.
    pub tables: BTreeMap<String, Vec<u8>>,
    /// The command line as the kernel will show it.
    pub cmdline: String,
}

impl Policy {
    /// The policy of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self, String> {
        let every = || ALL.into_iter().chain(MORE);
        let there = || every().map(|p| p.name).collect::<Vec<_>>().join(", ");
        every().find(|p| p.name == name).ok_or_else(|| format!("{name}: not one of {}", there()))
    }

    /// Draws it up, on a store with Microsoft's keys and for a given shim. `images` are keys that
    /// the firmware trusts beside them, so that an image starts.
    ///
    /// # Errors
    /// When something does not fit.
    pub fn draw(
        &self,
        store: &[u8],
        shim: &[u8],
        cases: &[Case],
        images: &[&str],
    ) -> Result<Drawn, String> {
        let mut store = Store::open(store)?;
        let lists = |names: &[&str]| -> Result<Vec<u8>, String> {
            let all: Result<Vec<_>, String> =
                names.iter().map(|n| Ok(certificate(&Key::named(n)?.certificate))).collect();
            Ok(all?.concat())
        };
        let enable = u8::from(self.secure_boot);
        store.set("SecureBootEnable", SECURE_BOOT_ENABLE, BOOT, &[enable])?;
        let had = |store: &Store, name| {
            store.get(name, Guid::IMAGE_SECURITY).unwrap_or_default().to_vec()
        };
        let db = [had(&store, "db"), lists(self.db)?, lists(images)?].concat();
        let dbx = [had(&store, "dbx"), lists(self.dbx)?].concat();
        store.set("db", Guid::IMAGE_SECURITY, AUTHENTICATED, &db)?;
        store.set("dbx", Guid::IMAGE_SECURITY, AUTHENTICATED, &dbx)?;
        let owner = lists(self.owner)?;
        let mut denied = lists(self.denied)?;
        for name in self.denied_files {
            if let Some(case) = cases.iter().find(|c| c.name == *name) {
                denied.extend(digests(&[sha256(&case.bytes)]));
            }
        }
        for (name, list) in [("MokList", &owner), ("MokListX", &denied)] {
            if !list.is_empty() {
                store.set(name, Guid::SHIM_LOCK, BOOT, list)?;
            }
        }
        if self.untrusted {
            store.set("MokListTrusted", Guid::SHIM_LOCK, BOOT, &[1])?;
        }
        // What shim makes of it: the vendor's lists first.
        let (mut trusted, mut refused) = vendor(shim)?;
        trusted.extend(owner);
        refused.extend(denied);
        let global = |store: &Store, name| {
            store.get(name, Guid::GLOBAL_VARIABLE).unwrap_or_default().to_vec()
        };
        let mut drawn = Drawn {
            store: Vec::new(),
            variables: BTreeMap::new(),
            tables: BTreeMap::new(),
            cmdline: format!(
                "BOOT_IMAGE=/vmlinuz console=ttyS0,115200 quiet loglevel=3 log_buf_len=4M \
                 panic=-1 module_blacklist=denied_name{}",
                self.cmdline
            ),
        };
        for (name, vendor, lasting, data) in [
            ("SecureBoot", GLOBAL, false, vec![enable]),
            ("SetupMode", GLOBAL, false, vec![0]),
            ("PK", GLOBAL, true, global(&store, "PK")),
            ("KEK", GLOBAL, true, global(&store, "KEK")),
            ("db", IMAGE_SECURITY, true, db),
            ("dbx", IMAGE_SECURITY, true, dbx),
            ("MokListRT", SHIM, false, trusted),
            ("MokListXRT", SHIM, false, refused),
            ("MokListTrustedRT", SHIM, false, vec![1]),
        ] {
            if name == "MokListTrustedRT" && self.untrusted {
                continue;
            }
            drawn.variables.insert(format!("{name}-{vendor}"), variable(lasting, &data));
            drawn.tables.insert(name.to_owned(), data);
        }
        drawn.store = store.finish();
        Ok(drawn)
    }
}

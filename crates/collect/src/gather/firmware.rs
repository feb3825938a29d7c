//! Variables of the firmware and the tables of shim → facts.
//!
//! Reads what the kernel reads, where the kernel reads it (`security/integrity/platform_certs/
//! load_uefi.c`, `drivers/firmware/efi/mokvar-table.c`): `MokListRT` from shim's table first, then
//! from the variable; everything else from the variable.

use std::sync::Arc;

use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::firmware::{Certificate, Denied, FirmwareFacts, MokSbState};
use loadworthy_core::proof::{Evidence, Origin, Question, Why, gap, text};
use loadworthy_formats::error::Kind;
use loadworthy_formats::text::hex;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::signature_list::{self, Entry};
use loadworthy_formats::uefi::signature_type::Type;
use loadworthy_formats::uefi::variable::{self, Attributes};

use super::certificate::named;
use super::looking::{Looking, why};
use crate::item::{EFIVARS, Item, MOK_VARIABLES};
use crate::sighting::Outcome;

/// Bytes one variable may hold. Firmware keeps some 100 KiB for all of them; shim's tables may be
/// larger than a variable, but not than this.
const VARIABLE: usize = 4 << 20;

/// Everything the firmware and shim hold that decides about modules.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> FirmwareFacts {
    let firmware = Firmware { looking, variables: Variables::of(looking) };
    let shim = Guid::SHIM_LOCK;
    FirmwareFacts {
        secure_boot: firmware.byte("SecureBoot"),
        setup_mode: firmware.byte("SetupMode"),
        mok_sb_state: firmware.mok_sb_state(),
        db: firmware.certificates(Question::Db, firmware.variable("db", Guid::IMAGE_SECURITY)),
        dbx: firmware.denied(Question::Dbx, firmware.variable("dbx", Guid::IMAGE_SECURITY)),
        mok_ignore_db: firmware.is_there("MokIgnoreDB", Question::Db),
        mok_list: firmware.mok_list(),
        mok_list_x: firmware.denied(Question::MokListX, firmware.variable("MokListXRT", shim)),
        mok_list_trusted: firmware.mok_list_trusted(),
    }
}

/// What is known of the firmware's variables as a whole.
enum Variables {
    /// Their folder is there: a variable that is not in it does not exist.
    There,
    /// The machine was not started by UEFI, so there are none.
    None(Evidence),
    /// Nothing is known.
    Hidden(Why),
}

impl Variables {
    fn of(looking: &Looking<'_>) -> Self {
        let live = looking.view.origin() == Origin::Live;
        match looking.names(&Item::entries(EFIVARS)) {
            // efivarfs that nobody mounted, or that a container hides: firmware always has some.
            Ok(names) if live && names.is_empty() => Self::Hidden(Why::OutOfReach(text(EFIVARS))),
            Ok(_) => Self::There,
            Err(Outcome::Absent | Outcome::OutOfReach) => Self::without_folder(looking, live),
            Err(outcome) => Self::Hidden(why(EFIVARS, &outcome)),
        }
    }

    /// No `efivars`. Where even `efi` is missing from a `sys/firmware` that is there, the kernel was
    /// not started by UEFI. Containers put an empty folder in place of `/sys/firmware`.
    fn without_folder(looking: &Looking<'_>, live: bool) -> Self {
        let hidden = Self::Hidden(Why::OutOfReach(text(EFIVARS)));
        let Err(Outcome::Absent) = looking.names(&Item::entries("sys/firmware/efi")) else {
            return hidden;
        };
        match looking.names(&Item::entries("sys/firmware")) {
            Ok(names) if live && names.is_empty() => hidden,
            Ok(_) => Self::None(looking.evidence(&text("sys/firmware/efi"), "")),
            Err(_) => hidden,
        }
    }
}

/// What looking for a variable gave.
enum Look {
    Found { data: Vec<u8>, attributes: Option<Attributes>, item: Arc<str> },
    Absent(Evidence),
    Failed(Why),
}

struct Firmware<'l> {
    looking: &'l Looking<'l>,
    variables: Variables,
}

impl Firmware<'_> {
    fn variable(&self, name: &str, vendor: Guid) -> Look {
        match &self.variables {
            Variables::There => {}
            Variables::None(evidence) => return Look::Absent(evidence.clone()),
            Variables::Hidden(why) => return Look::Failed(why.clone()),
        }
        let item = Item::Variable { name: name.into(), vendor };
        let shown = text(item.to_string());
        match self.looking.bytes(&item, VARIABLE) {
            Ok(bytes) => match variable::read(&bytes) {
                Ok(read) => Look::Found {
                    data: read.value.data.to_vec(),
                    attributes: Some(read.value.attributes),
                    item: shown,
                },
                Err(error) => Look::Failed(Why::Unreadable(shown, error)),
            },
            Err(Outcome::Absent) => Look::Absent(self.looking.evidence(&shown, "")),
            Err(outcome) => Look::Failed(why(&shown, &outcome)),
        }
    }

    /// A table that shim handed over. On a live host a missing folder means that there are none; in
    /// a folder of captured files it means that nobody captured them.
    fn table(&self, name: &str) -> Look {
        let item = Item::MokVariable(name.into());
        let shown = text(item.to_string());
        match self.looking.bytes(&item, VARIABLE) {
            Ok(data) => Look::Found { data, attributes: None, item: shown },
            Err(Outcome::Absent) => Look::Absent(self.looking.evidence(&shown, "")),
            Err(Outcome::OutOfReach) if self.has_no_tables() => {
                Look::Absent(self.looking.evidence(&text(MOK_VARIABLES), ""))
            }
            Err(outcome) => Look::Failed(why(&shown, &outcome)),
        }
    }

    fn has_no_tables(&self) -> bool {
        let absent = || {
            let folder = self.looking.names(&Item::entries(MOK_VARIABLES));
            matches!(folder, Err(Outcome::Absent))
        };
        match &self.variables {
            Variables::None(_) => true,
            Variables::There => self.looking.view.origin() == Origin::Live && absent(),
            Variables::Hidden(_) => false,
        }
    }

    /// A variable of one byte.
    fn byte(&self, name: &'static str) -> Fact<Option<u8>> {
        match self.variable(name, Guid::GLOBAL_VARIABLE) {
            Look::Found { data, item, .. } => match variable::byte(name, &data) {
                // The kernel asks for one byte; firmware that has more answers with an error.
                Ok(read) => match read.deviations.first() {
                    None => Fact::seen(
                        Some(read.value),
                        self.looking.evidence(&item, format!("{}", read.value)),
                    ),
                    Some(odd) => unknown(Question::SecureBoot, Why::Unreadable(item, *odd)),
                },
                Err(error) => unknown(Question::SecureBoot, Why::Unreadable(item, error)),
            },
            Look::Absent(evidence) => Fact::absent(None, evidence),
            Look::Failed(why) => unknown(Question::SecureBoot, why),
        }
    }

    fn mok_sb_state(&self) -> Fact<Option<MokSbState>> {
        match self.variable("MokSBStateRT", Guid::SHIM_LOCK) {
            Look::Found { data, attributes, item } => match variable::byte("MokSBStateRT", &data) {
                Ok(read) => {
                    let non_volatile =
                        attributes.is_some_and(|a| a.contains(Attributes::NON_VOLATILE));
                    let said = format!("{}", read.value);
                    let state = MokSbState { value: read.value, non_volatile };
                    Fact::seen(Some(state), self.looking.evidence(&item, said))
                }
                Err(error) => unknown(Question::SecureBoot, Why::Unreadable(item, error)),
            },
            Look::Absent(evidence) => Fact::absent(None, evidence),
            Look::Failed(why) => unknown(Question::SecureBoot, why),
        }
    }

    /// Whether a variable of shim is there, whatever it holds.
    fn is_there(&self, name: &str, question: Question) -> Fact<bool> {
        match self.variable(name, Guid::SHIM_LOCK) {
            Look::Found { item, .. } => Fact::seen(true, self.looking.evidence(&item, "is there")),
            Look::Absent(evidence) => Fact::absent(false, evidence),
            Look::Failed(why) => unknown(question, why),
        }
    }

    /// The kernel looks for the table only. That it is there can be seen without reading it, which
    /// only root may. Where no tables were captured, shim's variable of the same name stands for it.
    fn mok_list_trusted(&self) -> Fact<bool> {
        let item = Item::MokVariable("MokListTrustedRT".into());
        let shown = text(item.to_string());
        match self.looking.view.metadata(&item) {
            Ok(_) => Fact::seen(true, self.looking.evidence(&shown, "is there")),
            Err(Outcome::Absent) => Fact::absent(false, self.looking.evidence(&shown, "")),
            Err(_) if self.has_no_tables() => {
                Fact::absent(false, self.looking.evidence(&text(MOK_VARIABLES), ""))
            }
            Err(Outcome::OutOfReach) => self.is_there("MokListTrustedRT", Question::MokTrusted),
            Err(outcome) => unknown(Question::MokTrusted, why(&shown, &outcome)),
        }
    }

    /// The table counts, and the variable too where there is no table or it does not hold together
    /// (`load_moklist_certs`). Only root may read the table; the variable has the same content
    /// unless it was too large for one variable, in which case there is a second.
    fn mok_list(&self) -> Listing<Certificate> {
        let variable = || self.variable("MokListRT", Guid::SHIM_LOCK);
        let table = self.table("MokListRT");
        match table {
            Look::Found { ref data, .. } => {
                let stopped = signature_list::read(data, self.looking.limits).value.stopped;
                let mut listing = self.certificates(Question::MokList, table);
                if stopped.is_some() {
                    for more in self.certificates(Question::MokList, variable()).items() {
                        listing.push(more.clone());
                    }
                }
                listing
            }
            Look::Absent(_) | Look::Failed(Why::OutOfReach(_)) => {
                self.certificates(Question::MokList, variable())
            }
            Look::Failed(denied) => match self.variable("MokListRT1", Guid::SHIM_LOCK) {
                Look::Absent(_) => self.certificates(Question::MokList, variable()),
                Look::Found { .. } | Look::Failed(_) => {
                    Listing::unknown(gap(Question::MokList, denied))
                }
            },
        }
    }

    fn certificates(&self, question: Question, look: Look) -> Listing<Certificate> {
        self.listing(question, look, |of, entry| {
            (of == Type::X509).then(|| {
                let certificate = named(entry.data);
                let said = certificate.name.to_string();
                (certificate, said)
            })
        })
    }

    fn denied(&self, question: Question, look: Look) -> Listing<Denied> {
        self.listing(question, look, |of, entry| {
            Some(match of {
                Type::X509 => {
                    let certificate = named(entry.data);
                    let said = certificate.name.to_string();
                    (Denied::Certificate(certificate), said)
                }
                Type::Sha256 => match entry.data.try_into() {
                    Ok(digest) => (Denied::Sha256(digest), format!("sha256 {}", hex(&digest))),
                    Err(_) => (Denied::Other, of.name()),
                },
                Type::X509Sha256 => {
                    let digest = entry.revocation(of).and_then(|(d, _)| d.try_into().ok());
                    match digest {
                        Some(digest) => (
                            Denied::CertificateSha256(digest),
                            format!("x509-sha256 {}", hex(&digest)),
                        ),
                        None => (Denied::Other, of.name()),
                    }
                }
                _ => (Denied::Other, of.name()),
            })
        })
    }

    fn listing<T>(
        &self,
        question: Question,
        look: Look,
        pick: impl Fn(Type, &Entry<'_>) -> Option<(T, String)>,
    ) -> Listing<T> {
        let (data, item) = match look {
            Look::Found { data, item, .. } => (data, item),
            Look::Absent(evidence) => return Listing::new(Vec::new(), Fact::absent((), evidence)),
            Look::Failed(why) => return Listing::unknown(gap(question, why)),
        };
        let read = signature_list::read(&data, self.looking.limits).value;
        let items: Vec<_> = read
            .entries()
            .filter_map(|(of, entry)| pick(of, entry))
            .map(|(value, said)| Fact::seen(value, self.looking.evidence(&item, said)))
            .collect();
        let whole = match read.stopped {
            // Our own bound, not the kernel's.
            Some(error) if matches!(error.kind, Kind::TooMany { .. }) => {
                unknown(question, Why::Unreadable(item, error))
            }
            // The kernel stops at the same place and keeps what came before.
            Some(error) => {
                let said = format!("{} entries, then damaged: {error}", items.len());
                Fact::seen((), self.looking.evidence(&item, said))
            }
            None => {
                let said = format!("{} entries, and that is all", items.len());
                Fact::seen((), self.looking.evidence(&item, said))
            }
        };
        Listing::new(items, whole)
    }
}

fn unknown<T>(question: Question, why: Why) -> Fact<T> {
    Fact::unknown(gap(question, why))
}

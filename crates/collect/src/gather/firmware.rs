//! Variables of the firmware and the tables of shim → facts.
//!
//! Reads what the kernel reads, where the kernel reads it (`security/integrity/platform_certs/
//! load_uefi.c`, `drivers/firmware/efi/mokvar-table.c`): `MokListRT` from shim's table first, then
//! from the variable; everything else from the variable.

use std::sync::Arc;

use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::firmware::{Certificate, Denied, FirmwareFacts, MokSbState};
use loadworthy_core::proof::{Evidence, Origin, Question, Why, counted, gap, text};
use loadworthy_formats::error::Kind;
use loadworthy_formats::text::hex;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::signature_list::{self, Entry};
use loadworthy_formats::uefi::signature_type::Type;
use loadworthy_formats::uefi::variable::{self, Attributes};

use super::certificate::named;
use super::looking::{Looking, why};
use super::other_firmware;
use crate::item::{EFIVARS, Item, MOK_VARIABLES};
use crate::sighting::Outcome;

/// Bytes one variable may hold. Firmware keeps some 100 KiB for all of them; shim's tables may be
/// larger than a variable, but not than this.
const VARIABLE: usize = 16 << 20;

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
        power_secure_boot: other_firmware::power(looking),
        z_secure_load: other_firmware::z(looking),
    }
}

/// What is known of the firmware's variables as a whole.
pub(super) enum Variables {
    /// Their folder is there: a variable that is not in it does not exist.
    There,
    /// The machine was not started by UEFI, so there are none.
    None(Evidence),
    /// Nothing is known.
    Hidden(Why),
}

impl Variables {
    pub(super) fn of(looking: &Looking<'_>) -> Self {
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
pub(super) enum Look {
    Found { data: Vec<u8>, attributes: Option<Attributes>, item: Arc<str> },
    Absent(Evidence),
    Failed(Why),
}

pub(super) struct Firmware<'l> {
    pub(super) looking: &'l Looking<'l>,
    pub(super) variables: Variables,
}

impl Firmware<'_> {
    pub(super) fn variable(&self, name: &str, vendor: Guid) -> Look {
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
    pub(super) fn table(&self, name: &str) -> Look {
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
    pub(super) fn byte(&self, name: &'static str) -> Fact<Option<u8>> {
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
    pub(super) fn is_there(&self, name: &str, question: Question) -> Fact<bool> {
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
        self.listing(question, look, |of, entry| Some(denied(of, entry)))
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
                let said =
                    format!("{}, then damaged: {error}", counted(items.len(), "entry", "entries"));
                Fact::seen((), self.looking.evidence(&item, said))
            }
            None => {
                let said = format!("{}, and that is all", counted(items.len(), "entry", "entries"));
                Fact::seen((), self.looking.evidence(&item, said))
            }
        };
        Listing::new(items, whole)
    }
}

/// What an entry of a deny list denies, and the same in a few words.
#[must_use]
pub fn denied(of: Type, entry: &Entry<'_>) -> (Denied, String) {
    match of {
        Type::X509 => {
            let certificate = named(entry.data);
            let said = certificate.name.to_string();
            (Denied::Certificate(certificate), said)
        }
        Type::Sha256 => match entry.data.try_into() {
            Ok(digest) => (Denied::Sha256(digest), format!("sha256 {}", hex(&digest))),
            Err(_) => (Denied::Other, of.name()),
        },
        Type::X509Sha256 => match entry.revocation(of).and_then(|(d, _)| d.try_into().ok()) {
            Some(digest) => {
                (Denied::CertificateSha256(digest), format!("x509-sha256 {}", hex(&digest)))
            }
            None => (Denied::Other, of.name()),
        },
        _ => (Denied::Other, of.name()),
    }
}

fn unknown<T>(question: Question, why: Why) -> Fact<T> {
    Fact::unknown(gap(question, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::{Host, opened, value};
    use crate::sighting::Metadata;
    use crate::view::View;
    use loadworthy_formats::limits::Limits;

    const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
    const SECURITY: &str = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
    const SHIM: &str = "605dab50-e046-4300-abb6-3dd810dd8b23";

    fn at(name: &str, vendor: &str) -> String {
        format!("{EFIVARS}/{name}-{vendor}")
    }

    /// One signature list of entries of equal length (UEFI 2.10 §32.4.1), owned by nobody.
    fn list(of: Type, entries: &[&[u8]]) -> Vec<u8> {
        let size = 16 + entries[0].len();
        let word = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
        let mut out = of.guid().as_bytes().to_vec();
        out.extend([word(28 + size * entries.len()), word(0), word(size)].as_flattened());
        for entry in entries {
            out.extend([0; 16]);
            out.extend_from_slice(entry);
        }
        out
    }

    fn variable(data: &[u8]) -> Vec<u8> {
        [&[6, 0, 0, 0], data].concat()
    }

    fn ders(listing: &Listing<Certificate>) -> Vec<Vec<u8>> {
        listing.items().iter().map(|fact| value(fact).der.to_vec()).collect()
    }

    #[test]
    fn what_is_not_in_the_folder_is_absent_and_without_the_folder_nothing_is_known() {
        let host = Host::new().with(&at("SecureBoot", GLOBAL), variable(&[1]));
        let facts = gather(&host.looking());
        assert_eq!(value(&facts.secure_boot), Some(1));
        assert_eq!(
            opened(&facts.setup_mode),
            Ok((None, format!("absent {}", at("SetupMode", GLOBAL))))
        );
        assert_eq!(value(facts.db.whole()), ());
        assert!(!value(&facts.mok_ignore_db));
        // No folder of shim's tables was captured: the variables stand for them.
        assert!(!value(&facts.mok_list_trusted));

        let facts = gather(&Host::new().with("etc/os-release", "").looking());
        let unknown = Why::OutOfReach(text(EFIVARS));
        assert_eq!(opened(&facts.secure_boot), Err(unknown.clone()));
        assert_eq!(opened(facts.mok_list.whole()), Err(unknown.clone()));
        let facts = gather(&Host::new().with_folder("sys/firmware/efi").looking());
        assert_eq!(opened(&facts.secure_boot), Err(unknown));
    }

    #[test]
    fn a_machine_that_was_not_started_by_uefi_has_no_variables() {
        let facts = gather(&Host::new().with_folder("sys/firmware/acpi").looking());
        assert_eq!(opened(&facts.secure_boot), Ok((None, "absent sys/firmware/efi".into())));
        assert_eq!(opened(facts.mok_list_x.whole()), Ok(((), "absent sys/firmware/efi".into())));
    }

    #[test]
    fn lists_are_read_in_order_and_their_end_is_known() {
        let digest = [7; 32];
        let dbx = [
            list(Type::Sha256, &[&digest, &[8; 32]]),
            list(Type::X509Sha256, &[&[[9; 32].as_slice(), &[0; 16]].concat()]),
            list(Type::Sha384, &[&[1; 48]]),
        ];
        let host = Host::new()
            .with(&at("db", SECURITY), variable(&list(Type::X509, &[b"one", b"two"])))
            .with(&at("dbx", SECURITY), variable(&dbx.concat()));
        let facts = gather(&host.looking());
        assert_eq!(ders(&facts.db), [b"one", b"two"]);
        let denied: Vec<_> = facts.dbx.items().iter().map(value).collect();
        assert_eq!(
            denied,
            [
                Denied::Sha256(digest),
                Denied::Sha256([8; 32]),
                Denied::CertificateSha256([9; 32]),
                Denied::Other
            ]
        );
        assert_eq!(value(facts.dbx.whole()), ());
    }

    #[test]
    fn the_table_of_shim_counts_before_the_variable() {
        let table = list(Type::X509, &[b"table"]);
        let host = |table: &[u8]| {
            Host::new()
                .with(&at("MokListRT", SHIM), variable(&list(Type::X509, &[b"variable"])))
                .with(&format!("{MOK_VARIABLES}/MokListRT"), table)
        };
        let facts = gather(&host(&table).looking());
        assert_eq!(ders(&facts.mok_list), [b"table"]);
        // The folder of tables is there and holds no such table.
        let trusted = opened(&facts.mok_list_trusted);
        assert_eq!(trusted, Ok((false, format!("absent {MOK_VARIABLES}/MokListTrustedRT"))));
        // A table that breaks off: what came before it counts, and the variable too.
        let facts = gather(&host(&[&table[..], b"broken off"].concat()).looking());
        assert_eq!(ders(&facts.mok_list), [b"table".to_vec(), b"variable".to_vec()]);
        let host = host(&table).with(&format!("{MOK_VARIABLES}/MokListTrustedRT"), [1]);
        assert!(value(&gather(&host.looking()).mok_list_trusted));
    }

    #[test]
    fn the_state_shim_mirrors_keeps_how_it_is_kept() {
        let of = |bytes: [u8; 5]| {
            let host = Host::new().with(&at("MokSBStateRT", SHIM), bytes);
            value(&gather(&host.looking()).mok_sb_state)
        };
        assert_eq!(of([6, 0, 0, 0, 1]), Some(MokSbState { value: 1, non_volatile: false }));
        assert_eq!(of([7, 0, 0, 0, 1]), Some(MokSbState { value: 1, non_volatile: true }));
        let host = Host::new().with(&at("SecureBoot", GLOBAL), [6, 0]);
        let short = opened(&gather(&host.looking()).secure_boot);
        assert!(matches!(short, Err(Why::Unreadable(..))));
    }

    /// A live host as a container or an ordinary user sees it.
    struct Live {
        efivars: Outcome,
        table: Outcome,
        variable: Outcome,
    }

    impl View for Live {
        fn origin(&self) -> Origin {
            Origin::Live
        }

        fn look_into(&self, item: &Item, _: usize, buffer: &mut Vec<u8>) -> Outcome {
            *buffer = variable(&list(Type::X509, &[b"variable"]));
            match item {
                Item::Entries(path) if path.to_string() == EFIVARS => self.efivars.clone(),
                Item::Entries(path) if path.to_string() == "sys/firmware" => {
                    Outcome::Entries(vec![])
                }
                Item::Variable { name, .. } if name == "MokListRT" => self.variable.clone(),
                Item::MokVariable(_) => self.table.clone(),
                _ => Outcome::Absent,
            }
        }

        fn metadata(&self, _: &Item) -> Result<Metadata, Outcome> {
            Err(Outcome::Absent)
        }
    }

    #[test]
    fn an_empty_folder_of_a_live_host_is_hidden_and_not_evidence() {
        let limits = Limits::default();
        let gather = |efivars| {
            let live = Live { efivars, table: Outcome::Absent, variable: Outcome::Absent };
            opened(&gather(&Looking::new(&live, &limits)).secure_boot)
        };
        let hidden = Err(Why::OutOfReach(text(EFIVARS)));
        assert_eq!(gather(Outcome::Entries(vec![])), hidden);
        assert_eq!(gather(Outcome::OutOfReach), hidden);
        assert_eq!(gather(Outcome::Denied), Err(Why::Denied(text(EFIVARS))));
    }

    #[test]
    fn the_variable_stands_for_a_table_that_only_root_may_read() {
        let limits = Limits::default();
        let name =
            crate::sighting::Entry { name: b"x".to_vec(), kind: crate::sighting::Kind::File };
        let bytes = Outcome::Bytes { file_signature: None };
        let live =
            Live { efivars: Outcome::Entries(vec![name]), table: Outcome::Denied, variable: bytes };
        let facts = gather(&Looking::new(&live, &limits));
        assert_eq!(ders(&facts.mok_list), [b"variable"]);
    }
}

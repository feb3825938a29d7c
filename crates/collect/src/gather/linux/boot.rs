//! What the boot hands to the kernel, and whose system it is.

use std::sync::Arc;

use loadworthy_core::fact::{Fact, Source};
use loadworthy_core::proof::{Question, Row, Standing, Why, counted, gap, text};
use loadworthy_formats::error::Parsed;
use loadworthy_formats::kernel::cmdline::{self, CommandLine};
use loadworthy_formats::kernel::ima_policy::{self, ImaRule};

use super::runtime::About;
use crate::gather::looking::Looking;
use crate::item::Item;
use crate::sighting::Outcome;

/// The command line. That of the running kernel counts for the kernel asked about unless another
/// one is known to run.
pub(super) fn command_line(looking: &Looking<'_>, about: &About) -> Source<Arc<CommandLine>> {
    if let Err(gaps) = about.applies(Question::CommandLine) {
        return Source::unknown(gaps);
    }
    let read = looking.first(&[Item::file("proc/cmdline")], looking.limits.text_bytes, |bytes| {
        cmdline::read(bytes, looking.limits)
    });
    looking.source(Question::CommandLine, read)
}

/// The integrity policy that systemd loads once the root is there (`src/core/ima-setup.c`), or dracut's
/// module `integrity`. One line that the kernel refuses makes it refuse the whole.
pub(super) fn ima_policy(looking: &Looking<'_>) -> Fact<Option<Arc<[ImaRule]>>> {
    let item = Item::file("etc/ima/ima-policy");
    match looking.view.metadata(&item) {
        Err(Outcome::Absent) => Fact::absent(None, looking.evidence(&text(item.to_string()), "")),
        // Where nothing of the folder was seen, the machine is as distributions set it up.
        Err(Outcome::OutOfReach) => no_ima_policy(),
        _ => looking
            .fact(
                &item,
                Question::ImaPolicy,
                |bytes| {
                    let read = ima_policy::read(bytes, looking.limits)?;
                    match read.deviations.into_iter().next() {
                        Some(refused) => Err(refused),
                        None => Ok(Parsed::clean(Arc::from(read.value))),
                    }
                },
                |rules: &Arc<[ImaRule]>| counted(rules.len(), "rule", "rules"),
            )
            .map(|rules| Some(rules.clone())),
    }
}

/// No integrity policy beside what the kernel brings: as distributions set a machine up, and as it is
/// before the root is there.
pub(super) fn no_ima_policy() -> Fact<Option<Arc<[ImaRule]>>> {
    let row = Row {
        id: text("linux/no-integrity-policy"),
        source: text("packages of systemd and dracut: neither brings /etc/ima/ima-policy"),
        // The kernels that were asked had none either.
        standing: Standing::Confirmed,
    };
    Fact::listed(None, row)
}

/// `ID` of os-release(5).
pub(in crate::gather) fn distribution(looking: &Looking<'_>) -> Fact<Option<Arc<str>>> {
    let items = ["etc/os-release", "usr/lib/os-release"].map(Item::file);
    match looking.first(&items, looking.limits.text_bytes, |bytes| Ok(Parsed::clean(id(bytes)))) {
        Ok(read) => {
            let said = read.value.as_ref().map_or("no ID".into(), |id| format!("ID={id}"));
            Fact::seen(read.value, looking.evidence(&read.item, said))
        }
        Err(Why::Missing(item)) => Fact::absent(None, looking.evidence(&item, "")),
        Err(why) => Fact::unknown(gap(Question::KernelBehaviour, why)),
    }
}

fn id(bytes: &[u8]) -> Option<Arc<str>> {
    let lines = String::from_utf8_lossy(bytes);
    let id = lines.lines().filter_map(|line| line.trim().strip_prefix("ID=")).next_back()?;
    Some(text(id.trim_matches(['"', '\''])))
}

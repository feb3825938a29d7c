//! What the boot hands to the kernel, and whose system it is.

use std::sync::Arc;

use loadworthy_core::fact::{Fact, Source};
use loadworthy_core::proof::{Question, Why, gap, text};
use loadworthy_formats::error::Parsed;
use loadworthy_formats::kernel::cmdline::{self, CommandLine};

use super::runtime::About;
use crate::gather::looking::Looking;
use crate::item::Item;

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

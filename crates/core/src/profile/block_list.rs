//! The list of vulnerable drivers of a named platform, from the published one.
//!
//! Windows comes with a list of its own, which is smaller than the published one and grows with
//! updates. A rule counts where it was on the list of a machine by a day on which the version was
//! serviced; any other one may be there or not.

use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::fact::{Fact, Listing};
use crate::facts::windows::{Denied, Deny, FileField, SignerRoot};
use crate::proof::{Row, Standing, text};
use crate::tables::block_rules::{BlockRules, BlockedFile, Blocks, NamedBy};
use crate::tables::windows::WindowsVersion;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::der::grammar::tag;
use loadworthy_formats::x509::time::seconds;

/// What stands for the system's own list.
pub(super) struct BlockList {
    /// Rules that are on it.
    pub(super) on_system: Listing<Deny>,
    /// Rules that are published, and perhaps on it.
    pub(super) published: Listing<Deny>,
    /// The published list.
    pub(super) name: Arc<str>,
}

/// The list of this version as of `at`.
pub(super) fn of(version: &WindowsVersion, at: i64, rules: &BlockRules) -> BlockList {
    // A table that is not in order was refused when it was given.
    let list = rules.read().ok();
    let (day, policy) = list.as_ref().map_or(("", ""), |l| (l.day, l.policy));
    let name: Arc<str> = text(format!("{policy} of {day}"));
    let row = |since: &str| Row {
        id: text(format!("windows/block_rules.tsv#{policy}")),
        source: text(format!("Microsoft recommended driver block rules {name}{since}")),
        standing: Standing::Documented,
    };
    let grows_until = time(&version.serviced_until).unwrap_or(i64::MAX).min(at);
    let (mut on_system, mut published) = (Vec::new(), Vec::new());
    for rule in list.into_iter().flat_map(|list| list.rules) {
        let Some(deny) = deny(&rule.what) else { continue };
        let there = rule.since.and_then(time).is_some_and(|since| since <= grows_until);
        if there {
            let since = rule.since.unwrap_or_default();
            let since = format!("; on machines since {since} or before");
            on_system.push(Fact::listed(deny, row(&since)));
        } else {
            published.push(Fact::listed(deny, row("")));
        }
    }
    let whole = || Fact::listed((), row(""));
    BlockList {
        on_system: Listing::new(on_system, whole()),
        published: Listing::new(published, whole()),
        name,
    }
}

/// Seconds since 1970 of a day such as `2026-05-15`.
fn time(day: &str) -> Option<i64> {
    let digits: String = day.chars().filter(char::is_ascii_digit).collect();
    seconds(tag::GENERALIZED_TIME, format!("{digits}000000Z").as_bytes())
}

fn deny(what: &Blocks<'_>) -> Option<Deny> {
    let mut certain = true;
    Some(match what {
        Blocks::File(named) => {
            Deny { name: text(named.name), what: file(named, &mut certain), certain }
        }
        Blocks::Digest(bytes, of) => {
            let by = match bytes.len() {
                20 => DigestAlgorithm::Sha1,
                _ => DigestAlgorithm::Sha256,
            };
            let what = Denied::Digest(by, Digest::from_bytes(bytes)?);
            Deny { name: text(format!("a digest of {of}")), what, certain }
        }
        Blocks::Signer { part, issuer, publisher, program, files } => {
            let who = publisher.or(*program).unwrap_or(issuer);
            let name = match files.as_slice() {
                [] => format!("what {who} signed"),
                [one] => format!("{} of {who}", one.name),
                _ => format!("files of {who}"),
            };
            let what = Denied::Signer {
                root: SignerRoot::SignedPart(Arc::from(part.as_slice())),
                usages: Vec::new(),
                publisher: publisher.map(text),
                program: program.map(text),
                files: files.iter().map(|f| file(f, &mut certain)).collect(),
            };
            Deny { name: text(name), what, certain }
        }
    })
}

/// A rule with one bound alone is read in two ways: it may be about any version.
fn file(named: &BlockedFile<'_>, certain: &mut bool) -> Denied {
    *certain &= named.most.is_some();
    Denied::File {
        field: match named.text {
            NamedBy::Original => FileField::OriginalName,
            NamedBy::Product => FileField::Product,
            NamedBy::Internal => FileField::InternalName,
            NamedBy::Description => FileField::Description,
        },
        name: text(named.name),
        least: if named.most.is_some() { named.least } else { [0; 4] },
        most: named.most.unwrap_or([u16::MAX; 4]),
    }
}

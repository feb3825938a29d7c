//! What becomes of the boot when the initramfs is made again: it holds the modules of the tree then.

use std::collections::BTreeSet;

use loadworthy_core::answer::{Maker, Remedy, Tried};
use loadworthy_core::checks::initramfs::{InitramfsCase, Needed, judge};
use loadworthy_core::fact::Fact;
use loadworthy_core::proof::{Evidence, Gaps, text};
use loadworthy_core::verdict::Verdict;

use super::inside::{copied, one};
use crate::host::known;
use crate::judging::{Asked, Wanted};

/// The remedy, if what is judged then is better.
pub(super) fn tried(
    asked: &Asked<'_>,
    roots: &BTreeSet<String>,
    path: &str,
    maker: Option<Maker>,
    case: &InitramfsCase,
) -> Option<Tried> {
    let evidence = |said: &str| Evidence {
        origin: asked.host.looking().view.origin(),
        item: text(path),
        said: text(said),
    };
    let mut made = InitramfsCase::of(Fact::seen(true, evidence("made again")));
    // How it is packed is the choice of whoever makes it.
    made.not_unpacked = case.not_unpacked.clone();
    let paths: Vec<_> = roots.iter().filter_map(|root| one(asked.names, root)).collect();
    let wanted: Vec<Wanted> =
        paths.iter().map(|path| Wanted { path: path.clone(), required_by: Vec::new() }).collect();
    let judged = asked.judge_tree(&wanted, &asked.names.closure(&paths), &mut Vec::new());
    for root in roots {
        let own = one(asked.names, root).map(|path| path.to_string());
        let verdict = judged.iter().find(|a| a.subject.path.as_deref() == own.as_deref());
        made.needed.push(Needed {
            name: text(root.as_str()),
            inside: Fact::seen(own.is_some(), evidence(root)),
            loads: verdict
                .map_or_else(|| Fact::unknown(Gaps::new()), |answer| copied(&answer.judgement)),
            unsigned: None,
        });
    }
    let judged = judge(&made).verdict;
    let lacking = case.needed.iter().filter(|needed| known(&needed.inside) == Some(false));
    matches!(judged, Verdict::Loads | Verdict::LoadsTainted).then(|| Tried {
        remedy: Remedy::RemakeInitramfs {
            release: asked.kernel.kernel.release.clone(),
            path: text(path),
            there: known(&case.there) != Some(false),
            maker,
            modules: lacking.map(|needed| needed.name.clone()).collect(),
            // Where one was stripped for certain, making it again alone is no help.
            unsigned: case.needed.iter().filter_map(|n| known(n.unsigned.as_ref()?)).max(),
        },
        judged,
        helps: true,
    })
}

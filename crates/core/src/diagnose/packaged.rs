//! Packages and drivers of Windows that were given beside a log: where the judge refuses what the
//! log says was refused, with the same code and for a reason that the log's own evidence speaks
//! for, the finding is proven.

use crate::diagnose::joined::Judged;
use crate::diagnose::scene::Scene;
use crate::diagnose::weigh::Candidate;
use alloc::string::String;
use alloc::vec::Vec;

/// The judgement that says what the scene says, and the cause that both name.
pub(super) fn proves<'j>(
    scene: &Scene<'_>,
    candidates: &[Candidate<'_, '_>],
    judged: &'j [Judged],
) -> Option<(&'j Judged, &'static str)> {
    let quotes: Vec<String> =
        scene.clues.iter().map(|c| c.seen.quote.to_ascii_lowercase()).collect();
    let says = |code: &String| {
        let code = code.to_ascii_lowercase();
        quotes.iter().any(|quote| quote.contains(&code))
    };
    let packages = judged.iter().filter(|j| j.windows && j.name.ends_with(".inf")).count();
    // A package is published under a number; with one package given, that number is its.
    let published =
        |module: &str| packages == 1 && module.starts_with("oem") && module.ends_with(".inf");
    let of = |j: &&Judged| match scene.module.as_deref() {
        None => true,
        Some(module) => j.name == module || published(module) && j.name.ends_with(".inf"),
    };
    let same = |cause: &str| {
        let speaks = |of: &str| candidates.iter().any(|c| c.reason.cause == of);
        // Converted line ends look like any other change, save to who counts digests.
        speaks(cause) || cause == "catalog-hash-line-endings" && speaks("catalog-hash-file-edited")
    };
    judged
        .iter()
        .filter(|j| j.windows && j.outcome == "refused")
        .filter(of)
        .filter(|j| j.log.iter().any(says))
        .find_map(|j| Some((j, j.causes().iter().copied().find(|c| same(c))?)))
}

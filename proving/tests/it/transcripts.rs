//! What documents show of the program is what it prints.

use crate::updating;
use libtest_mimic::Trial;
use loadworthy_proving::transcript::renewed;
use xtask::tree::{root, sources};

pub(crate) fn trials() -> Vec<Trial> {
    let root = root();
    let mut pages = sources(&root, "proving/transcripts", &[".md"]);
    pages.extend(sources(&root, "", &["README.md"]).into_iter().filter(|p| p.path == "README.md"));
    pages
        .into_iter()
        .map(|page| {
            Trial::test(format!("transcript {}", page.path), move || {
                let now = renewed(&page.text)?;
                if now == page.text {
                    return Ok(());
                }
                if updating() {
                    std::fs::write(xtask::tree::root().join(&page.path), now)?;
                    return Ok(());
                }
                let differs = now.lines().zip(page.text.lines()).find(|(a, b)| a != b);
                Err(format!("stale; LOADWORTHY_UPDATE=1 renews it; first: {differs:?}").into())
            })
        })
        .collect()
}

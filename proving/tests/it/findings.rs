//! Every example of a cause's page, and every sample of `proving/diagnoses`, comes out as it says.

use libtest_mimic::Trial;
use loadworthy_proving::finding::examples;
use xtask::tree::{root, sources};

pub(crate) fn trials() -> Vec<Trial> {
    let root = root();
    let mut pages = sources(&root, "crates/core/codes", &[".md"]);
    pages.extend(sources(&root, "proving/diagnoses", &[".md"]));
    pages.retain(|page| !page.path.ends_with("README.md"));
    pages
        .iter()
        .flat_map(|page| examples(&page.path, &page.text))
        .map(|example| Trial::test(example.name.clone(), move || Ok(example.run()?)))
        .collect()
}

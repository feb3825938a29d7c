//! Every scenario and every page's example comes out as it says.

use libtest_mimic::Trial;
use loadworthy_proving::scenario::{Scenario, scenarios};
use std::collections::BTreeMap;
use toml::Table;
use xtask::tree::{root, sources};

pub(crate) fn trials() -> Vec<Trial> {
    let root = root();
    let divergences = divergences();
    let mut pages = sources(&root, "crates/core/codes", &[".md"]);
    pages.extend(sources(&root, "proving/scenarios", &[".md"]));
    pages.retain(|p| !p.path.ends_with("README.md"));
    let mut trials = Vec::new();
    let mut names = Vec::new();
    for page in pages {
        match scenarios(&page.path, &page.text) {
            Ok(found) => {
                for scenario in found {
                    let known = divergences.get(&scenario.name).cloned();
                    names.push(scenario.name.clone());
                    let name = scenario.name.clone();
                    trials.push(Trial::test(name, move || Ok(run(&scenario, known.as_deref())?)));
                }
            }
            Err(problem) => {
                let path = page.path.clone();
                trials.push(Trial::test(path, move || Err(problem.into())));
            }
        }
    }
    let stray: Vec<String> = divergences.into_keys().filter(|name| !names.contains(name)).collect();
    trials.push(Trial::test("divergences name scenarios that are there", move || {
        match stray.is_empty() {
            true => Ok(()),
            false => Err(stray.join("\n").into()),
        }
    }));
    trials
}

/// A scenario that is known not to come out must not come out: a stale entry fails.
fn run(scenario: &Scenario, known: Option<&str>) -> Result<(), String> {
    match (scenario.run(), known) {
        (Ok(()), None) | (Err(_), Some(_)) => Ok(()),
        (Err(problem), None) => Err(problem),
        (Ok(()), Some(reason)) => {
            Err(format!("comes out now; strike it from proving/divergences.toml ({reason})"))
        }
    }
}

/// Scenarios that do not come out yet, with the reason.
fn divergences() -> BTreeMap<String, String> {
    let table: Table = include_str!("../../divergences.toml").parse().unwrap_or_default();
    let rows = table.get("scenario").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    rows.iter()
        .filter_map(|row| {
            let word = |name| row.get(name).and_then(toml::Value::as_str).map(str::to_owned);
            Some((word("name")?, word("reason").filter(|r| !r.is_empty())?))
        })
        .collect()
}

//! `blscfg`: entries of the Boot Loader Specification in GRUB's menu.

use super::menu::{Pending, Run, Runs};
use super::values::Filled;

/// `blscfg [default | non-default | ID]`
pub(super) fn import(run: &mut Run<'_, '_>, which: Option<&Filled>) -> Option<bool> {
    run.takes_snippets = true;
    let Some(snippets) = run.given.snippets else {
        run.doubt("blscfg: the entries were not seen");
        run.sure = false;
        return None;
    };
    let default = run.variables.get("default").map(str::to_owned);
    for (n, snippet) in snippets.iter().enumerate() {
        if run.shown.contains(&n) {
            continue;
        }
        let is_default = default.as_deref().map(|wanted| {
            wanted == snippet.id
                || snippet.entry.first("title") == Some(wanted)
                || wanted.parse() == Ok(n)
        });
        let (there, sure) = match which.and_then(Filled::value) {
            None => (true, true),
            Some("default") => (is_default.unwrap_or(true), is_default.is_some()),
            Some("non-default") => (!is_default.unwrap_or(false), is_default.is_some()),
            Some(folder) if folder.starts_with('(') => (true, true),
            Some(id) => (id == snippet.id, true),
        };
        let Some(linux) = snippet.entry.first("linux").filter(|_| there) else { continue };
        run.shown.insert(n);
        run.entries.push(Pending {
            title: snippet.entry.first("title").unwrap_or(linux).to_owned(),
            id: snippet.id.clone(),
            sure: sure && run.sure,
            runs: Runs::Snippet(snippet),
        });
    }
    Some(true)
}

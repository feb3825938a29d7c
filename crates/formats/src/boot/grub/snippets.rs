//! Entries of the Boot Loader Specification, as Fedora's GRUB reads them.

use super::choices::Boot;
use super::values::Variables;
use crate::boot::entry::Entry;
use crate::boot::version::compare_packages;
use core::cmp::Ordering;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The file's name without `.conf`.
    pub id: String,
    /// What it says.
    pub entry: Entry,
}

/// Entries in the order of the menu: newest first; of two with one version the first read stays.
pub fn sort(snippets: &mut Vec<Snippet>) {
    snippets.sort_by(|a, b| compare_packages(&b.id, &a.id));
    snippets.dedup_by(|a, b| compare_packages(&a.id, &b.id) == Ordering::Equal);
}

/// What an entry starts.
pub(super) fn boot(snippet: &Snippet, variables: &Variables) -> Boot {
    let entry = &snippet.entry;
    let mut sure = true;
    let own = entry.first("options").map(str::to_owned);
    let options = own.or_else(|| {
        let usual = variables.get("default_kernelopts").map(str::to_owned);
        sure &= usual.is_some();
        usual
    });
    let mut expand = |text: &str| {
        let (text, known) = expanded(text, variables);
        sure &= known;
        text
    };
    let options = expand(options.as_deref().unwrap_or_default());
    let initrds: Vec<String> = entry.all("initrd").map(&mut expand).collect();
    Boot {
        kernel: entry.first("linux").unwrap_or_default().to_owned(),
        options: options.trim_end().to_owned(),
        initrds: initrds.iter().flat_map(|i| i.split_whitespace()).map(str::to_owned).collect(),
        sure,
    }
}

/// `$name` replaced by its value; false where one is not known.
fn expanded(text: &str, variables: &Variables) -> (String, bool) {
    let (mut out, mut known) = (String::new(), true);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, behind) = after.split_at_checked(end.unwrap_or(after.len())).unwrap_or_default();
        match variables.get(name) {
            Some(value) => out.push_str(value),
            None => {
                known = false;
                out.push_str(&format!("${name}"));
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    (out, known)
}

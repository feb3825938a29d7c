//! A catalog of what a definition (`.cdf`) names.

use std::path::{Component, Path, PathBuf};

use loadworthy_collect::sighting::Outcome;
use loadworthy_collect::views::caller;
use loadworthy_core::codesigning::catalogued::Created;
use loadworthy_core::codesigning::cataloguing::How;
use loadworthy_core::package::definition::{Seen, plan, structured};
use loadworthy_formats::catalog::definition;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;

use super::{Order, made, open, parent};
use crate::request::Trouble;

/// Makes the catalog that a definition asks for; nothing is written. Files are looked for from its own
/// folder, and then from the current one, which is MakeCat's.
pub(super) fn create(order: &Order, limits: &Limits) -> Result<Created, Trouble> {
    let path = &order.subject;
    let text = bytes_of(path, limits).ok_or_else(|| open(path, "cannot be read"))?;
    let read = definition::read(&text, limits);
    let read = read.map_err(|e| open(path, &format!("cannot be read as a definition: {e}")))?;
    let definition = read.value;
    let folder = parent(path);
    let mut contents: Vec<Vec<u8>> = Vec::new();
    let mut seen = Vec::new();
    for file in &definition.files {
        let found = [folder.as_path(), Path::new(".")].into_iter().find_map(|from| {
            let at = walked(from, &file.path)?;
            bytes_of(&at, limits)
        });
        seen.push(found.map_or(Seen::Missing, |bytes| {
            let is_image = header::begins(&bytes) && header::read(&bytes, limits).is_ok();
            let sort = if is_image { None } else { structured(&file.path, &bytes) };
            contents.push(bytes);
            Seen::There { file: contents.len() - 1, is_image, sort }
        }));
    }
    let (asked, faults) = plan(&definition, &path.display().to_string(), &seen);
    let created = Created { faults, ..Created::default() };
    if created.is_stopped() {
        return Ok(created);
    }
    let how = How {
        version: asked.version,
        identifier: [0; 16],
        time: order.time,
        page_hashes: asked.page_hashes,
        link: order.link,
        attributes: Vec::new(),
    };
    let mut bytes = |file: usize| Ok(contents.get(file).cloned().unwrap_or_default());
    let mut catalog = made(asked.planned, how, order, &mut bytes, limits)?;
    catalog.folder = asked.folder;
    Ok(Created { catalogs: vec![catalog], ..created })
}

fn bytes_of(path: &Path, limits: &Limits) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let outcome = caller::look_into(path, limits.kernel_bytes, &mut bytes);
    matches!(outcome, Outcome::Bytes { .. }).then_some(bytes)
}

/// The file at a path as Windows writes it, from a folder: names in any case.
fn walked(from: &Path, written: &str) -> Option<PathBuf> {
    let mut at = from.to_owned();
    for part in Path::new(&written.replace('\\', "/")).components() {
        let Component::Normal(name) = part else {
            at.push(part);
            continue;
        };
        let exact = at.join(name);
        if caller::metadata_of(&exact).is_ok() {
            at = exact;
            continue;
        }
        let wanted = name.to_string_lossy().to_lowercase();
        let Outcome::Entries(entries) = caller::names_in(&at) else { return None };
        let names = entries.into_iter().filter_map(|entry| String::from_utf8(entry.name).ok());
        at.push(names.into_iter().find(|name| name.to_lowercase() == wanted)?);
    }
    Some(at)
}

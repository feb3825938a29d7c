//! `loadworthy catalog`: make Windows catalogs, hold packages against them, list them.

use crate::args::{self, CatalogCreate, CatalogWhat};
use crate::exit;
use crate::request::{self, Surroundings};
use crate::trouble::{Trouble, written};
use loadworthy_assess::catalogs::{self, Order};
use loadworthy_assess::clock;
use loadworthy_assess::request::Trouble as Assess;
use loadworthy_core::tables::Tables;
use loadworthy_formats::authenticode::write::Link;
use loadworthy_report::catalog as text;
use loadworthy_report::json::catalog as json;
use loadworthy_trust::whole;
use std::io::Write;
use std::path::Path;

pub(crate) fn run(
    args: &args::Catalog,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    match &args.what {
        CatalogWhat::Create(args) => create(args, around, out),
        CatalogWhat::Verify { subject, output } => {
            let held = catalogs::verify(subject)?;
            written(match output.is_json() {
                true => json::held(&held, out),
                false => text::held(&held, &around.style, out),
            })?;
            Ok(match held.is_empty() || held.iter().all(|h| h.files.is_empty()) {
                true => exit::UNKNOWN,
                false if held.iter().all(|h| h.is_whole()) => exit::LOADS,
                false => exit::REFUSED,
            })
        }
        CatalogWhat::List { file, output } => {
            let catalog = catalogs::list(file)?;
            written(match output.is_json() {
                true => json::list(&catalog, out),
                false => text::list(&catalog, &around.style, out),
            })?;
            Ok(exit::LOADS)
        }
        CatalogWhat::Systems { output } => {
            let table = Tables::catalog_systems().map_err(|e| Assess::Table(e.to_string()))?;
            written(match output.is_json() {
                true => json::systems(table.all(), out),
                false => text::systems(table.all(), out),
            })?;
            Ok(exit::LOADS)
        }
    }
}

fn create(args: &CatalogCreate, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Trouble> {
    let now = request::at(args.time.as_deref(), around)
        .map_err(|e| Trouble::Usage(e.replace("--at", "--time")))?;
    let today = request::at(args.today.as_deref(), around)
        .map_err(|e| Trouble::Usage(e.replace("--at", "--today")))?;
    let seconds = clock::seconds(&now).and_then(|s| i64::try_from(s).ok()).unwrap_or_default();
    let order = Order {
        subject: args.subject.clone(),
        systems: args.os.clone(),
        version: args.catalog_version,
        identifier: args.id.as_deref().map(identifier).transpose()?,
        time: seconds,
        today: day(&today),
        page_hashes: args.page_hashes,
        link: if args.obsolete_links { Link::Obsolete } else { Link::Empty },
        attributes: args.attribute.iter().map(|a| pair(a)).collect::<Result<_, _>>()?,
    };
    let created = catalogs::create(&order)?;
    let folder = match &args.output_folder {
        Some(folder) => folder.clone(),
        None if args.subject.is_dir() => args.subject.clone(),
        None => args.subject.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let mut paths = Vec::new();
    for made in &created.catalogs {
        let name = Path::new(&made.planned.name);
        if name.components().count() != 1 || name.file_name().is_none() {
            return Err(Trouble::Usage(format!(
                "CatalogFile = {}: not the name of a file",
                made.planned.name
            )));
        }
        let path = folder.join(name);
        if !args.force && catalogs::list(&path).is_ok_and(|old| !old.signatures.is_empty()) {
            return Err(Trouble::Usage(format!(
                "{}: somebody signed this catalog; --force replaces it",
                path.display()
            )));
        }
        paths.push(path);
    }
    for (made, path) in created.catalogs.iter().zip(&paths) {
        whole::replace(path, &made.bytes, 0o644).map_err(|e| Trouble::File(path.clone(), e))?;
    }
    let shown: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    written(match args.output.is_json() {
        true => json::created(&created, &shown, out),
        false => text::created(&created, &shown, &around.style, out),
    })?;
    Ok(if created.is_stopped() { exit::REFUSED } else { exit::LOADS })
}

fn identifier(typed: &str) -> Result<[u8; 16], Trouble> {
    let digits: String = typed.chars().filter(|c| *c != '-').collect();
    let wrong = || Trouble::Usage(format!("--id {typed}: not thirty-two hexadecimal digits"));
    let number = u128::from_str_radix(&digits, 16).map_err(|_| wrong())?;
    if digits.len() == 32 { Ok(number.to_be_bytes()) } else { Err(wrong()) }
}

fn pair(typed: &str) -> Result<(String, String), Trouble> {
    let (name, value) = typed
        .split_once('=')
        .ok_or_else(|| Trouble::Usage(format!("--attribute {typed}: write NAME=VALUE")))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn day(at: &str) -> (u16, u8, u8) {
    let number =
        |from, to| at.get(from..to).and_then(|n| n.parse::<u16>().ok()).unwrap_or_default();
    let small = |n: u16| u8::try_from(n).unwrap_or_default();
    (number(0, 4), small(number(5, 7)), small(number(8, 10)))
}

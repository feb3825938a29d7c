//! `loadworthy catalog`: make Windows catalogs, hold packages against them, list them.

use crate::args::package::HeldFormat;
use crate::args::{self, CatalogCreate, CatalogWhat};
use crate::exit;
use crate::request::{self, Surroundings};
use crate::trouble::{Trouble, written};
use loadworthy_assess::catalogs::{self, Order};
use loadworthy_assess::clock;
use loadworthy_assess::request::Trouble as Assess;
use loadworthy_core::package::signability::{Day, Today};
use loadworthy_core::tables::Tables;
use loadworthy_formats::authenticode::write::Link;
use loadworthy_report::catalog as text;
use loadworthy_report::json::catalog as json;
use loadworthy_report::{github, sarif};
use loadworthy_trust::whole;
use std::fs;
use std::io::Write;
use std::path::Path;

pub(crate) fn run(
    args: &args::Catalog,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    match &args.what {
        CatalogWhat::Create(args) => create(args, around, out),
        CatalogWhat::Verify { subject, format, json } => {
            let held = catalogs::verify(subject)?;
            let at = clock::stamp(around.now);
            let folder = match subject.is_dir() {
                true => subject.as_path(),
                false => subject.parent().unwrap_or(subject),
            };
            let found = || text::findings(&held, folder, &at);
            written(match format {
                _ if *json => json::held(&held, out),
                HeldFormat::Json => json::held(&held, out),
                HeldFormat::Text => text::held(&held, &around.style, out),
                HeldFormat::Sarif => sarif::check(&found(), out),
                HeldFormat::Junit => text::junit(&held, &at, out),
                HeldFormat::Github => github::check(&found(), out),
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
    let seconds = clock::seconds(&now).and_then(|s| i64::try_from(s).ok()).unwrap_or_default();
    if catalogs::is_definition(&args.subject) {
        said_inside(args)?;
    } else if args.os.is_empty() {
        let said = "--os is missing: the systems it is for, as `catalog systems` lists them";
        return Err(Trouble::Usage(said.to_owned()));
    }
    let order = Order {
        subject: args.subject.clone(),
        systems: args.os.clone(),
        version: args.catalog_version,
        identifier: args.id.as_deref().map(identifier).transpose()?,
        time: seconds,
        today: today(args, around)?,
        page_hashes: args.page_hashes,
        link: if args.obsolete_links { Link::Obsolete } else { Link::Empty },
        attributes: args.attribute.iter().map(|a| pair(a)).collect::<Result<_, _>>()?,
    };
    let created = catalogs::create(&order)?;
    let beside = match args.subject.is_dir() {
        true => args.subject.clone(),
        false => args.subject.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let mut paths = Vec::new();
    for made in &created.catalogs {
        let wanted = made.folder.as_ref().map(|f| beside.join(f.replace('\\', "/")));
        let folder = match (&args.output_folder, wanted) {
            (Some(folder), _) => folder.clone(),
            (None, Some(wanted)) if !cfg!(windows) && wanted.to_string_lossy().contains(':') => {
                let said = "ResultDir names a drive of Windows: say --output-folder DIR";
                return Err(Trouble::Usage(said.to_owned()));
            }
            (None, Some(wanted)) => {
                fs::create_dir_all(&wanted).map_err(|e| Trouble::File(wanted.clone(), e))?;
                wanted
            }
            (None, None) => beside.clone(),
        };
        let path = folder.join(&made.planned.name);
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

/// What a definition says itself is not said beside it.
fn said_inside(args: &CatalogCreate) -> Result<(), Trouble> {
    let given = [
        (!args.os.is_empty(), "--os", "CATATTR1=0x10010001:OSAttr:2:10.0"),
        (args.catalog_version.is_some(), "--catalog-version", "CatalogVersion"),
        (args.page_hashes, "--page-hashes", "PageHashes=true"),
        (!args.attribute.is_empty(), "--attribute", "CATATTRn"),
        (args.today.is_some(), "--today", "nothing: it has no DriverVer"),
        (args.local_time, "--local-time", "nothing: it has no DriverVer"),
    ];
    match given.iter().find(|(given, ..)| *given) {
        None => Ok(()),
        Some((_, flag, inside)) => {
            Err(Trouble::Usage(format!("{flag}: a definition says that itself, by {inside}")))
        }
    }
}

/// What day it is, by the clock or as it was typed.
fn today(args: &CatalogCreate, around: &Surroundings) -> Result<Today, Trouble> {
    let told = request::at(args.today.as_deref(), around)
        .map_err(|e| Trouble::Usage(e.replace("--at", "--today")))?;
    let minutes = |at: &str| at.replace('T', " ").get(..16).unwrap_or(at).to_owned();
    if args.today.is_some() {
        return Ok(Today {
            latest: day(&told),
            here: None,
            told: minutes(&told) + ", as --today says",
        });
    }
    let offset = (around.offset)(around.now);
    let here = offset.map(|offset| clock::stamp(around.now.saturating_add_signed(offset.into())));
    let latest = match (&here, args.local_time) {
        (Some(here), true) => day(here),
        (None, true) => {
            let said = "--local-time: what time it is here cannot be told: say --today DATE";
            return Err(Trouble::Usage(said.to_owned()));
        }
        (_, false) => day(&told),
    };
    let both = match &here {
        None => format!("{} in UTC", minutes(&told)),
        Some(here) => format!("{} in UTC and {} here", minutes(&told), minutes(here)),
    };
    Ok(Today { latest, here: here.as_deref().map(day), told: both })
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

fn day(at: &str) -> Day {
    let number =
        |from, to| at.get(from..to).and_then(|n| n.parse::<u16>().ok()).unwrap_or_default();
    let small = |n: u16| u8::try_from(n).unwrap_or_default();
    (number(0, 4), small(number(5, 7)), small(number(8, 10)))
}

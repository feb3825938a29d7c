//! `loadworthy key list`: what keyrings hold, and what depends on it.

use crate::args;
use crate::commands::told::depth;
use crate::exit;
use crate::request::{Surroundings, bundles, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::clock::seconds;
use loadworthy_assess::host::Host;
use loadworthy_assess::keys;
use loadworthy_assess::preflight::seen;
use loadworthy_assess::request::{Request, Source, Subjects};
use loadworthy_core::keys::found::Keys;
use loadworthy_core::tables::key_lints::Weight;
use loadworthy_formats::manifest::Profile;
use loadworthy_report::json::keys as json;
use loadworthy_report::keys as page;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

pub(crate) fn run(
    args: &args::KeyList,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let (found, _) = machines(args, around)?;
    written(if args.output.is_json() {
        json::v1(&found, out)
    } else {
        page::text(&found, depth(args.proof), &around.style, out)
    })?;
    let bad = found
        .hosts
        .iter()
        .flat_map(|host| &host.kernels)
        .flat_map(|kernel| &kernel.keys)
        .flat_map(|key| &key.findings)
        .any(|finding| finding.weight == Weight::Bad);
    Ok(if bad && args.exit_code { exit::REFUSED } else { exit::LOADS })
}

/// The keys of every machine that is asked about, and where each was read.
pub(super) fn machines(
    args: &args::KeyList,
    around: &Surroundings,
) -> Result<(Keys, Vec<Source>), Trouble> {
    let subjects = || if args.all { Subjects::All } else { Subjects::Used };
    let bundles = bundles(&args.source.bundle).map_err(Trouble::Usage)?;
    if bundles.len() <= 1 {
        let request = request(&args.source, subjects(), around).map_err(Trouble::Usage)?;
        let found = keys::list(&request, at(&request), &|_, _| {})?;
        return Ok((found, vec![request.source]));
    }
    let mut several = Keys { at: String::new(), hosts: Vec::new() };
    let mut named: Vec<(Arc<str>, Profile)> = Vec::new();
    let (mut lints, mut sources) = (None, Vec::new());
    for bundle in &bundles {
        let alone = args::Source { bundle: vec![bundle.clone()], ..args.source.clone() };
        let mut request = request(&alone, subjects(), around).map_err(Trouble::Usage)?;
        // A folder of bundles was looked through already.
        if let Source::Root(path) = &request.source {
            request.source = Source::Bundle(path.clone());
        }
        let host = Host::open_with(&request.source, &request.with)?;
        named.push((name(bundle), seen::manifest(&host, &request)?.manifest.profile));
        several.hosts.push(keys::list_on(&host, &request, at(&request), &|_, _| {})?);
        several.at = request.at;
        sources.push(request.source);
        lints.get_or_insert(host.tables.key_lints.clone());
    }
    if let Some(lints) = &lints {
        keys::among(&mut several, lints, &named);
    }
    Ok((several, sources))
}

/// The time as of which the keys are looked at.
fn at(request: &Request) -> i64 {
    seconds(&request.at).and_then(|at| i64::try_from(at).ok()).unwrap_or_default()
}

/// A machine is called like its bundle, without the ending.
fn name(bundle: &Path) -> Arc<str> {
    let stem = bundle.file_stem().or_else(|| bundle.file_name()).unwrap_or_default();
    Arc::from(stem.to_string_lossy())
}

//! `loadworthy config`: the merged manifest, each key with its origin.

use crate::args;
use crate::exit;
use crate::request::Surroundings;
use crate::trouble::{Trouble, written};
use loadworthy_assess::host::Host;
use loadworthy_assess::preflight::seen;
use loadworthy_assess::request::Source;
use loadworthy_report::json::config as json;
use loadworthy_report::terminal;
use std::io::Write;

pub(crate) fn run(
    args: &args::Config,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let host = Host::open(&args.root.clone().map_or(Source::Live, Source::Root))?;
    let found = seen::manifest_of(&host, args.manifest.as_deref())?;
    written(if args.output.is_json() {
        json::v1(&found.manifest, &found.files, out)
    } else {
        terminal::config::config(&found.manifest, &found.files, &around.style, out)
    })?;
    Ok(exit::LOADS)
}

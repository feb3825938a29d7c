//! `loadworthy policy`: what does this machine demand of a driver?

use super::told::depth;
use crate::args;
use crate::exit;
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::policy;
use loadworthy_assess::request::Subjects;
use loadworthy_report::json::v1;
use loadworthy_report::terminal::{self, Options};
use std::io::Write;

pub(crate) fn run(
    args: &args::Policy,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let request = request(&args.source, Subjects::Used, around).map_err(Trouble::Usage)?;
    let policies = policy::policy(&request)?;
    let kernels: Vec<_> =
        policies.iter().map(|p| (p.kernel.as_str(), p.demands.as_slice())).collect();
    let source = request.source.origin();
    written(if args.output.is_json() {
        v1::policy(&request.at, source, &kernels, out)
    } else {
        let options =
            Options { style: around.style, proof: depth(args.proof), verbose: false, quiet: false };
        terminal::policy(&kernels, &options, out)
    })?;
    Ok(exit::LOADS)
}

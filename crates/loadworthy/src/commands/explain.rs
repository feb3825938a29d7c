//! `loadworthy explain`: what does this mean?

use crate::args;
use crate::exit;
use crate::request::Surroundings;
use crate::trouble::{Trouble, written};
use loadworthy_assess::diagnose::knowledge;
use loadworthy_assess::request::Trouble as Assess;
use loadworthy_core::tables::Tables;
use loadworthy_report::diagnose::text;
use loadworthy_report::json::{diagnose as json, explain};
use loadworthy_report::{lookup, page};
use std::io::Write;

pub(crate) fn run(
    args: &args::Explain,
    around: &Surroundings,
    out: &mut dyn Write,
) -> Result<u8, Trouble> {
    let tables = Tables::explaining().map_err(|e| Assess::Table(e.to_string()))?;
    // Words may begin with a hyphen (`-129`), so the flag is found among them where it stands last.
    let (what, is_json) = match args.what.split_last() {
        Some((last, what)) if last == "--json" => (what, true),
        _ => (args.what.as_slice(), args.output.is_json()),
    };
    if args.causes {
        let known = knowledge(&[])?;
        written(match args.output.is_json() {
            true => json::causes(&known, out),
            false => text::causes(&known, &around.style, out),
        })?;
        return Ok(exit::LOADS);
    }
    if args.list {
        written(match args.output.is_json() {
            true => explain::v1(&lookup::all(&tables), out),
            false => page::list(&tables, out),
        })?;
        return Ok(exit::LOADS);
    }
    // A log line comes in one argument or, unquoted, in many; codes come one or many, too.
    let whole = what.join(" ");
    let mut topics = lookup::find(&whole, &tables);
    if topics.is_empty() {
        for one in what {
            let found = lookup::find(one, &tables);
            if found.is_empty() {
                return Err(Trouble::Usage(not_found(one, &whole, &tables)));
            }
            topics.extend(found);
        }
    }
    written(if is_json {
        explain::v1(&topics, out)
    } else {
        topics.iter().enumerate().try_for_each(|(n, topic)| {
            if n > 0 {
                writeln!(out)?;
            }
            page::explain(topic, &around.style, out)
        })
    })?;
    Ok(exit::LOADS)
}

fn not_found(one: &str, whole: &str, tables: &Tables) -> String {
    match lookup::nearest(one, tables) {
        Some(near) => format!("nothing is known of {one:?}: did you mean {near}?"),
        None => format!("nothing is known of {whole:?}: see loadworthy explain --list"),
    }
}

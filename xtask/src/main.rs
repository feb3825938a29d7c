//! `cargo x …`: everything a developer does beside writing.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use xtask::{
    alone_bench, bench, block_rules, cases, ci, drivers, gate_bench, generate, growth, kernels,
    oracle, preflight_bench, sign_bench, tidy, tree, whole_trees, wine,
};

const USAGE: &str = "\
cargo x ci                   fmt, clippy, also without signing, test, tidy, doc, deny
cargo x tidy                 the rules of the house
cargo x generate [--check]   renews (or only checks) the generated pages
cargo x kernels              fetches the Debian kernel packages by name into target/kernels
cargo x whole-trees          judges those kernels' whole trees
cargo x oracle [--live …]    asks real kernels, recorded or live; docs/oracle.md
cargo x wine                 the Windows program, cross-built and tested under Wine
cargo x counts [--renew]     instructions beside cryptography, held against proving/counts.toml
cargo x cases FILE [PLATFORM] field cases (JSON, one a line) put to diagnose, and scored
cargo x block-rules POLICY.xml@DAY… --machine POLICY.xml@DAY…
                             makes the table of vulnerable drivers of published lists and those of machines
cargo x bench [ID…] [--tree DIR] [--pairs N] [--program FILE]
                             B1 to B10, D1, G1, N1, P1, S1, S2: our figure, its peer's, and the ratio
cargo x bench --plot [--tree DIR] [--program FILE]
                             how cost grows, drawn into docs/growth.svg
cargo x bench --drivers DIR  W1 to W4: the same for signatures over the drivers and catalogs of a folder, and the memory they take
";

fn main() -> ExitCode {
    let mut out = std::io::stdout();
    // A closed pipe is no error of ours.
    let mut say = move |line: &str| drop(writeln!(out, "{line}"));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let good = match command {
        "ci" => {
            let failed = ci::run(&mut say);
            say(&match failed.is_empty() {
                true => "ci: everything passed".to_owned(),
                false => format!("ci: failed: {}", failed.join(", ")),
            });
            Ok(failed.is_empty())
        }
        "tidy" => Ok(ci::tidy(&mut say) == 0),
        "generate" if rest.iter().any(|a| a == "--check") => {
            let stale = tidy::generated::check(&tree::root());
            stale.iter().for_each(|c| say(&c.to_string()));
            Ok(stale.is_empty())
        }
        "generate" => generate::write(&tree::root())
            .map(|written| {
                written.iter().for_each(|path| say(&format!("wrote {path}")));
                true
            })
            .map_err(|e| e.to_string()),
        "kernels" => kernels::fetch(&mut say).map(|_| true),
        "whole-trees" => whole_trees::run(&mut say),
        "wine" => wine::run(&mut say),
        "block-rules" => block_rules::run(&tree::root(), rest, &mut say),
        "oracle" => oracle::run("oracle", rest),
        "counts" => oracle::run("counts", rest),
        "cases" => match rest {
            [file] => cases::run(Path::new(file), &["linux", "efi", "windows"], &mut say),
            [file, platform] => cases::run(Path::new(file), &[platform], &mut say),
            _ => Err("cargo x cases FILE [PLATFORM]".to_owned()),
        },
        "bench" => options(rest).and_then(|options| match &options.drivers {
            Some(folder) => drivers::run(folder, &options, &mut say),
            None if options.plot => growth::run(&options, &mut say),
            None => bench::run(&options, &mut say)
                .and_then(|reached| Ok(preflight_bench::run(&options, &mut say)? && reached))
                .and_then(|reached| Ok(sign_bench::run(&options, &mut say)? && reached))
                .and_then(|reached| Ok(gate_bench::run(&options, &mut say)? && reached)),
        }),
        // Of the benchmarks: the most memory that a program takes.
        "peak" => alone_bench::peak(rest).map(|peak| {
            say(&peak.to_string());
            true
        }),
        _ => {
            say(USAGE);
            Ok(command == "help")
        }
    };
    match good {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            say(&format!("error: {problem}"));
            ExitCode::from(2)
        }
    }
}

/// The options of `bench`.
fn options(arguments: &[String]) -> Result<bench::Options, String> {
    let mut options = bench::Options::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--tree" => options.tree = Some(PathBuf::from(value()?)),
            "--program" => options.program = Some(PathBuf::from(value()?)),
            "--plot" => options.plot = true,
            "--drivers" => options.drivers = Some(PathBuf::from(value()?)),
            "--pairs" => options.pairs = value()?.parse().map_err(|e| format!("--pairs: {e}"))?,
            id if bench::IDS.contains(&&*id.to_uppercase()) => options.ids.push(id.to_uppercase()),
            other => {
                return Err(format!("{other} is no option, and none of {}", bench::IDS.join(" ")));
            }
        }
    }
    Ok(options)
}

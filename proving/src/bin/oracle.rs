//! `cargo x oracle …`: real kernels as judges of our verdicts.

use loadworthy_proving::oracles::archive::Archive;
use loadworthy_proving::oracles::live::built;
use loadworthy_proving::oracles::live::enrolled;
use loadworthy_proving::oracles::live::gate;
use loadworthy_proving::oracles::live::images;
use loadworthy_proving::oracles::live::packages::home;
use loadworthy_proving::oracles::live::rehearsed;
use loadworthy_proving::oracles::live::run::{self, Options};
use loadworthy_proving::oracles::recorded;
use loadworthy_proving::oracles::roots::{Shown, policies};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
oracle                       asks every recorded case again and compares
oracle record --from DIR     renews the recorded archive from a folder of recordings
oracle record --add DIR      adds a folder of recordings to it
oracle --rehearse            rehearses the next boot of a small host, and one that is refused
oracle --enroll              a key through MokManager, and a module signed with it; images signed here
oracle --gate                the gate in a Debian that is started twice; needs root
oracle --live [OPTION…]      starts a signed kernel in a virtual machine and compares
    --bounded                the newer kernel, one policy, all cases
    --all                    every kernel and policy
    --kernel 6.1|6.12|sid|NAME  only this kernel (6.12 unless told otherwise); sid: the newest of
                             unstable, which insists on type information; NAME: one built here
    --built                  every kernel of proving/kernels, each under its own policies
    --policy NAME            only this policy; may be given several times
    --cases TEXT             only cases with this in their name
    --generate N --seed S    N cases made at random instead of the listed ones
    --out FILE               where the answers go, a line of JSON each
    --keep DIR               keeps cases and answers as a folder of recordings
";

fn main() -> ExitCode {
    let mut say = |line: &str| drop(writeln!(std::io::stdout(), "{line}"));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] => replay(&mut say),
        ["--rehearse"] => rehearsed::run(&mut say),
        ["--gate"] => gate::run(&mut say),
        ["--enroll"] => enrolled::run(&mut say).and_then(|good| Ok(images::run(&mut say)? && good)),
        ["--live", ..] => live(&arguments[1..], &mut say),
        ["record", "--from", from] => record(Ok(Archive::default()), from, &mut say),
        ["record", "--add", from] => record(recorded::archive(), from, &mut say),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            say(&format!("error: {problem}"));
            ExitCode::from(2)
        }
    }
}

fn live(arguments: &[String], say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let (mut kernels, mut named) = (Vec::new(), Vec::new());
    let (mut all, mut bounded, mut generate, mut seed) = (false, false, None, 1);
    let (mut cases, mut out, mut keep) = (String::new(), home().join("live.jsonl"), None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().cloned().ok_or_else(|| format!("{argument} needs a value"));
        let number = |text: String| text.parse().map_err(|e| format!("{argument} {text}: {e}"));
        match argument.as_str() {
            "--bounded" => bounded = true,
            "--all" => all = true,
            "--built" => kernels.extend(built::all()?.into_iter().map(|k| k.name)),
            "--kernel" => kernels.push(value()?),
            "--policy" => named.push(value()?),
            "--cases" => cases = value()?,
            "--generate" => generate = Some(number(value()?)? as usize),
            "--seed" => seed = number(value()?)?,
            "--out" => out = value()?.into(),
            "--keep" => keep = Some(value()?.into()),
            other => return Err(format!("{other}: unknown\n{USAGE}")),
        }
    }
    if kernels.is_empty() {
        let both: &[&str] = if all { &["6.1", "6.12"] } else { &["6.12"] };
        kernels = both.iter().map(|k| (*k).to_owned()).collect();
    }
    if named.is_empty() && (bounded || generate.is_some() && !all) {
        named.push("sb-on-mok".to_owned());
    }
    let policies = run::policies(&named)?;
    let generate = generate.map(|count| (count, seed));
    let score = run::run(&Options { kernels, policies, cases, generate, out, keep }, say)?;
    Ok(score.answered > 0 && score.agreed == score.answered && score.unanswered == 0)
}

fn record(
    archive: Result<Archive, String>,
    from: &str,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    let mut archive = archive?;
    recorded::add(&mut archive, Path::new(from), say)?;
    let packed = archive.pack()?;
    let path = xtask::tree::root().join(recorded::PATH);
    std::fs::write(&path, &packed).map_err(|e| format!("{}: {e}", path.display()))?;
    say(&format!("wrote {}, {} bytes", recorded::PATH, packed.len()));
    Ok(true)
}

fn replay(say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let archive = recorded::archive()?;
    let mut good = true;
    for policy in policies(&archive) {
        for (runtime, headers) in [(false, true), (true, true), (false, false)] {
            let done = recorded::replay(&archive, &policy, Shown { runtime, headers })?;
            good &= done.differences.is_empty();
            say(&format!(
                "{policy} (runtime {runtime}, headers {headers}): {} of {} agree, {} with lines",
                done.cases - done.differences.len(),
                done.cases,
                done.with_lines
            ));
            done.differences.iter().for_each(|(case, how)| say(&format!("  {case}: {how}")));
        }
    }
    Ok(good)
}

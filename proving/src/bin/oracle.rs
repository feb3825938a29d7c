//! `cargo x oracle …`: real kernels as judges of our verdicts.

use loadworthy_proving::oracles::recorded;
use loadworthy_proving::oracles::roots::{Shown, policies};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
oracle                       asks every recorded case again and compares
oracle record --from DIR     renews the recorded archive from a folder of recordings
";

fn main() -> ExitCode {
    let mut say = |line: &str| drop(writeln!(std::io::stdout(), "{line}"));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] => replay(&mut say),
        ["record", "--from", from] => record(Path::new(from), &mut say).map(|()| true),
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

fn record(from: &Path, say: &mut dyn FnMut(&str)) -> Result<(), String> {
    let packed = recorded::make(from, say)?.pack()?;
    let path = xtask::tree::root().join(recorded::PATH);
    std::fs::write(&path, &packed).map_err(|e| format!("{}: {e}", path.display()))?;
    say(&format!("wrote {}, {} bytes", recorded::PATH, packed.len()));
    Ok(())
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

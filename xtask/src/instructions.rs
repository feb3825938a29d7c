//! Instructions that the program executes, counted by callgrind: a figure that is the same on a busy
//! machine and on an idle one.
//!
//! Callgrind's processor has none of the instructions for hashing that real ones have, so what
//! cryptography takes there says nothing, and is counted apart.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Beginnings of the names of functions that are cryptography: AWS-LC's own, and its assembly.
const CRYPTOGRAPHY: [&str; 10] =
    ["aws_lc_", "bignum_", "bn_", "ecp_", "p256_", "p384_", "p521_", "rsaz_", "sha1_", "sha256_"];

/// What a run executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Instructions of cryptography.
    pub cryptography: u64,
    /// All others.
    pub other: u64,
}

/// All instructions of a run; `None` without valgrind.
///
/// # Errors
/// When the program fails.
pub fn all(program: &Path, arguments: &[&str]) -> Result<Option<u64>, String> {
    Ok(counted(program, arguments)?.map(|counted| counted.cryptography + counted.other))
}

/// What a run executes; `None` without valgrind.
///
/// # Errors
/// When the program ends by a signal, or the profile cannot be read.
pub fn counted(program: &Path, arguments: &[&str]) -> Result<Option<Counted>, String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(None);
    }
    let profile = std::env::temp_dir().join(format!("instructions-{}", std::process::id()));
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|e| format!("valgrind: {e}"))?;
    let text = fs::read_to_string(&profile).map_err(|e| format!("{}: {e}", profile.display()));
    drop(fs::remove_file(&profile));
    status.code().ok_or("valgrind: ended by a signal")?;
    Ok(Some(summed(&text?)))
}

/// Sums a profile: what each function took itself, without what it called.
fn summed(profile: &str) -> Counted {
    let mut cryptographic: HashMap<&str, bool> = HashMap::new();
    let mut counted = Counted::default();
    let (mut here, mut called) = (false, false);
    for line in profile.lines() {
        if let Some(named) = line.strip_prefix("fn=") {
            // A name stands where its number comes first.
            let (number, name) = named.split_once(' ').unwrap_or((named, ""));
            here = *cryptographic
                .entry(number)
                .or_insert_with(|| CRYPTOGRAPHY.iter().any(|begin| name.starts_with(begin)));
        } else if let Some(named) = line.strip_prefix("cfn=") {
            if let Some((number, name)) = named.split_once(' ') {
                cryptographic
                    .insert(number, CRYPTOGRAPHY.iter().any(|begin| name.starts_with(begin)));
            }
        } else if line.starts_with("calls=") {
            called = true;
        } else if line.starts_with(['+', '-', '*'])
            || line.starts_with(|c: char| c.is_ascii_digit())
        {
            // The line behind a call is what the call took.
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse().ok()).unwrap_or(0);
            match (std::mem::take(&mut called), here) {
                (true, _) => {}
                (false, true) => counted.cryptography += cost,
                (false, false) => counted.other += cost,
            }
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_counts_without_what_it_calls() {
        // The example of valgrind's manual, "Callgrind Format Specification", with one more function.
        let profile = "events: Ir\n\nfl=(1) file1.c\nfn=(1) main\n16 20\ncfn=(2) func1\n\
                       calls=1 50\n16 400\ncfi=(2) file2.c\ncfn=(3) aws_lc_0_1_RSA_verify\n\
                       calls=3 20\n+0 400\n\nfn=(2)\n51 100\n\nfl=(2)\nfn=(3)\n20 700\n";
        assert_eq!(summed(profile), Counted { cryptography: 700, other: 120 });
    }
}

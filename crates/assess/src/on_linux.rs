//! Named Linux platforms: `check --on debian-12,…` judges a caller's modules against one, `--policy` the
//! files of a machine under the ordinary boot of one.

use std::path::PathBuf;

use loadworthy_core::answer::Answers;
use loadworthy_core::platform::Named;
use loadworthy_core::profile::closest;

use crate::check::check_on;
use crate::host::Host;
use crate::knowledge;
use crate::request::{Request, Source, Trouble, Which};

/// The Linux platform that `given` names; `None`: it names none.
///
/// # Errors
/// When a key or a value is not known.
pub fn named(given: &str) -> Result<Option<Named>, Trouble> {
    named_with(given, &[])
}

/// The same with the tables in `folders` as well.
///
/// # Errors
/// As [`named`]; when a table is not in order.
pub fn named_with(given: &str, folders: &[PathBuf]) -> Result<Option<Named>, Trouble> {
    let platforms = knowledge::platforms(folders)?;
    let name = given.split(',').next().unwrap_or_default().trim();
    let trouble = |problem| Trouble::Profile { given: given.to_owned(), problem };
    let Some(platform) = platforms.named(name) else {
        if name.is_empty() || name.starts_with("win") {
            return Ok(None);
        }
        let near = closest(name, platforms.names());
        return Err(trouble(format!(
            "{name:?} is no platform; did you mean {near}? --on list prints them all"
        )));
    };
    Named::of(given, platform).map(Some).map_err(trouble)
}

/// What a name stands for as the policy over a machine's files: assumptions, in the order in which they
/// are applied. What a kernel brings with it is read from the files.
///
/// # Errors
/// A sentence, where the name, a key or a value is none.
pub fn policy(given: &str) -> Result<Vec<(String, String)>, String> {
    let of_files = |part: &str| part.starts_with("kernel") || part.starts_with("arch");
    match named(given) {
        Ok(Some(_)) if given.split(',').map(str::trim).any(of_files) => {
            Err(format!("--policy {given}: the kernel is that of the files; use --kernel"))
        }
        Ok(Some(named)) => Ok(named.assumed),
        Ok(None) => Err(format!("--policy {given}: no such file, and no platform of Linux")),
        Err(Trouble::Profile { problem, .. }) => {
            Err(format!("--policy {given}: no such file, and {problem}"))
        }
        Err(other) => Err(other.to_string()),
    }
}

/// A question put to a named platform; what it assumes stands above what the name says.
#[must_use]
pub fn asking(named: &Named, request: &Request) -> Request {
    Request {
        source: Source::Named(Box::new(named.clone())),
        kernel: Which::Release(named.kernel.clone()),
        assume: named.assumed.iter().chain(&request.assume).cloned().collect(),
        ..request.clone()
    }
}

/// Answers a request about a named platform; what it assumes stands above what the name says.
///
/// # Errors
/// When an argument is not there or something cannot be assumed.
pub fn check(named: &Named, request: &Request) -> Result<Answers, Trouble> {
    let request = asking(named, request);
    let host = Host::of(&request)?;
    let mut answers = check_on(&host, &request, &|_, _| ())?;
    for answer in &mut answers.answers {
        answer.on = Some(named.given.clone());
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::policy;

    #[test]
    fn a_name_is_an_ordinary_boot_and_what_is_said_besides() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(policy("debian-12").unwrap(), [pair("secure-boot", "on")]);
        assert_eq!(
            policy("ubuntu-24.04,lockdown=integrity,secure-boot=off").unwrap(),
            [pair("secure-boot", "off"), pair("lockdown", "integrity")]
        );
        for wrong in [
            "",
            "prod.lwb",
            "windows-7",
            "debian-12,x=y",
            "debian-12,kernel=6.1.0-9-amd64",
            "debian-12,arch=arm64",
        ] {
            assert!(policy(wrong).is_err(), "{wrong}");
        }
    }
}

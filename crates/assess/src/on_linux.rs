//! `check --on debian-12,…`: a caller's modules, judged against named Linux platforms.

use loadworthy_core::answer::Answers;
use loadworthy_core::platform::Named;
use loadworthy_core::tables::Tables;

use crate::check::check_on;
use crate::host::Host;
use crate::request::{Request, Trouble, Which};

/// The Linux platform that `given` names; `None`: it names none.
///
/// # Errors
/// When a key or a value is not known.
pub fn named(given: &str) -> Result<Option<Named>, Trouble> {
    let platforms = Tables::platforms().map_err(|e| Trouble::Table(e.to_string()))?;
    let name = given.split(',').next().unwrap_or_default().trim();
    let trouble = |problem| Trouble::Profile { given: given.to_owned(), problem };
    let Some(platform) = platforms.named(name) else {
        if name.is_empty() || name.starts_with("win") {
            return Ok(None);
        }
        let near = platforms.names().min_by_key(|known| strsim::levenshtein(name, known));
        let near = near.unwrap_or_default();
        return Err(trouble(format!(
            "{name:?} is no platform; did you mean {near}? --on list prints them all"
        )));
    };
    Named::of(given, platform).map(Some).map_err(trouble)
}

/// Answers a request about a named platform; what it assumes stands above what the name says.
///
/// # Errors
/// When an argument is not there or something cannot be assumed.
pub fn check(named: &Named, request: &Request) -> Result<Answers, Trouble> {
    let request = Request {
        kernel: Which::Release(named.kernel.clone()),
        assume: named.assumed.iter().chain(&request.assume).cloned().collect(),
        ..request.clone()
    };
    let host = Host::named(named.clone())?;
    let mut answers = check_on(&host, &request, &|_, _| ())?;
    for answer in &mut answers.answers {
        answer.on = Some(named.given.clone());
    }
    Ok(answers)
}

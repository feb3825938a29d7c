//! The INF and every file it copies must be in the catalog as they are.

use super::{PackageCase, PackageCheck, pass, refused};
use crate::check::{Answer, Check};
use crate::codes::{FILE_NOT_IN_CATALOG, INF_NOT_IN_CATALOG, PACKAGE_FILE_MISSING};
use crate::fact::step::Step;
use crate::facts::package::Membership;
use crate::proof::Rule;
use crate::proof::windows::WindowsClaim;
use crate::windows_words::Hresult;

pub(super) static INF: PackageCheck = Check {
    rule: Rule {
        name: "pnp/inf-in-catalog",
        source: "setupapi.dev.log: INF file hash is not present in catalog file",
    },
    run: inf,
};

pub(super) static FILES: PackageCheck = Check {
    rule: Rule {
        name: "pnp/files-in-catalog",
        source: "Digital Signatures and PnP Device Installation; ERROR_FILE_HASH_NOT_IN_CATALOG",
    },
    run: files,
};

fn inf(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    let Some(catalog) = case.catalog(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let name = catalog.name.clone();
    let change = match step.consult(&case.package.inf)? {
        Membership::Listed => return Ok(pass(WindowsClaim::InfListed { catalog: name })),
        Membership::Unlisted(change) => change.clone(),
        Membership::Missing => None,
    };
    let claim = WindowsClaim::InfUnlisted { catalog: name, change };
    case.unvouched(step, claim, &INF_NOT_IN_CATALOG, Hresult::FILE_HASH_NOT_IN_CATALOG, None)
}

fn files(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    let files = step.consult(&case.package.files)?;
    if let Some(missing) = files.iter().find(|f| f.member == Membership::Missing) {
        let claim = WindowsClaim::FileMissing { file: missing.name.clone() };
        return Ok(refused(claim, &PACKAGE_FILE_MISSING, Hresult::FILE_NOT_FOUND, None));
    }
    if case.catalog(step)?.is_none() {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let unlisted = files.iter().find_map(|f| match &f.member {
        Membership::Unlisted(change) => Some((f.name.clone(), change.clone())),
        Membership::Listed | Membership::Missing => None,
    });
    let Some((file, change)) = unlisted else {
        return Ok(pass(WindowsClaim::FilesListed(files.len())));
    };
    let claim = WindowsClaim::FileUnlisted { file, change };
    case.unvouched(step, claim, &FILE_NOT_IN_CATALOG, Hresult::FILE_HASH_NOT_IN_CATALOG, None)
}

//! The catalog: whether the INF names one that is there, whether it is signed, whether that holds.

use super::{PackageCase, PackageCheck, pass};
use crate::check::{Answer, Check};
use crate::codes::{
    CATALOG_ALTERED, CATALOG_CERTIFICATES_NOT_SORTED, CATALOG_NOT_SIGNED, NO_CATALOG,
};
use crate::fact::step::Step;
use crate::facts::package::CatalogState;
use crate::proof::Rule;
use crate::proof::windows::WindowsClaim;
use crate::windows_words::Hresult;

pub(super) static NAMED: PackageCheck = Check {
    rule: Rule {
        name: "pnp/catalog-named",
        source: "INF Version Section, CatalogFile; ERROR_NO_CATALOG_FOR_OEM_INF",
    },
    run: named,
};

pub(super) static SIGNED: PackageCheck = Check {
    rule: Rule {
        name: "pnp/catalog-signed",
        source: "setupapi.dev.log: catalog file does not contain a signature",
    },
    run: signed,
};

pub(super) static SOUND: PackageCheck = Check {
    rule: Rule { name: "pnp/catalog-sound", source: "WinVerifyTrust, TRUST_E_BAD_DIGEST" },
    run: sound,
};

/// Since the updates of October 2020 the certificates in a catalog's signature have to be in the order
/// of their bytes, as DER asks of a SET OF (X.690, 11.6); others count as no signature.
pub(super) static SORTED: PackageCheck = Check {
    rule: Rule {
        name: "pnp/catalog-certificates-sorted",
        source: "KB4580358 and others of 2020-10-13, known issues: DER-encoded PKCS #7 in catalogs",
    },
    run: sorted,
};

fn sorted(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    let Some(catalog) = case.catalog(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let facts = case.policy.facts;
    if catalog.is_sorted || catalog.signatures.is_empty() {
        return Ok(pass(WindowsClaim::CertificatesSorted));
    }
    if !step.consult(&facts.version)?.sorted_catalogs || facts.at < SORTED_SINCE {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    let claim = WindowsClaim::CertificatesNotSorted { catalog: catalog.name.clone() };
    let (code, inner) = (&CATALOG_CERTIFICATES_NOT_SORTED, Some(Hresult::NO_SIGNATURE));
    case.unvouched(step, claim, code, Hresult::DRIVER_STORE_ADD_FAILED, inner)
}

/// 2020-10-13.
const SORTED_SINCE: i64 = 1_602_547_200;

fn named(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    let claim = match step.consult(&case.package.catalog)? {
        CatalogState::Present(catalog) => {
            return Ok(pass(WindowsClaim::CatalogThere { catalog: catalog.name.clone() }));
        }
        CatalogState::Unreadable(catalog) => {
            let claim = WindowsClaim::CatalogUnsigned { catalog: catalog.clone() };
            let (code, inner) = (&CATALOG_NOT_SIGNED, Some(Hresult::NO_SIGNATURE));
            return case.unvouched(step, claim, code, Hresult::DRIVER_STORE_ADD_FAILED, inner);
        }
        CatalogState::NotNamed => WindowsClaim::NoCatalogNamed,
        CatalogState::Absent(catalog) => WindowsClaim::CatalogAbsent { catalog: catalog.clone() },
    };
    case.unvouched(step, claim, &NO_CATALOG, Hresult::NO_CATALOG_FOR_OEM_INF, None)
}

fn signed(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    let Some(catalog) = case.catalog(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let name = catalog.name.clone();
    if let Some(first) = catalog.signatures.first() {
        let signer = first.signer.clone();
        return Ok(pass(WindowsClaim::CatalogSignedBy { catalog: name, signer }));
    }
    let claim = WindowsClaim::CatalogUnsigned { catalog: name };
    let (code, inner) = (&CATALOG_NOT_SIGNED, Some(Hresult::NO_SIGNATURE));
    case.unvouched(step, claim, code, Hresult::DRIVER_STORE_ADD_FAILED, inner)
}

fn sound(case: &PackageCase<'_>, step: &mut Step) -> Answer {
    let Some(catalog) = case.catalog(step)? else { return Ok(pass(WindowsClaim::NotAsked)) };
    let name = catalog.name.clone();
    if catalog.signatures.is_empty() {
        return Ok(pass(WindowsClaim::NotAsked));
    }
    if let Some(signature) = case.signature(step)? {
        return Ok(pass(WindowsClaim::Matches { signer: signature.signer.clone() }));
    }
    let claim = WindowsClaim::CatalogAltered { catalog: name };
    let (code, inner) = (&CATALOG_ALTERED, Some(Hresult::BAD_DIGEST));
    case.unvouched(step, claim, code, Hresult::DRIVER_STORE_ADD_FAILED, inner)
}

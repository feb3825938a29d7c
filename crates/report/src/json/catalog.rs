//! `catalog … --json`, version 1.

use crate::json::document::{Tool, document};
use loadworthy_core::codesigning::catalog::Catalog;
use loadworthy_core::codesigning::catalogued::{Covered, Created, Held};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::tables::catalog_systems::CatalogSystem;
use loadworthy_formats::catalog::member::Kind;
use loadworthy_formats::text::hex;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Default, Serialize)]
struct CatalogDto<'a> {
    schema: &'static str,
    tool: Option<Tool>,
    did: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    created: Vec<MadeDto<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultDto<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held: Vec<HeldDto<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<ListDto<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    systems: Vec<SystemDto<'a>>,
}

#[derive(Debug, Serialize)]
struct MadeDto<'a> {
    path: &'a str,
    sha256: String,
    version: u8,
    list_id: String,
    os: &'a [String],
    hwids: &'a [String],
    files: Vec<EntryDto<'a>>,
}

#[derive(Debug, Serialize)]
struct EntryDto<'a> {
    file: &'a str,
    os: &'a str,
}

#[derive(Debug, Serialize)]
struct FaultDto<'a> {
    number: Option<&'a str>,
    stops: bool,
    inf: &'a str,
    line: Option<u32>,
    what: String,
}

#[derive(Debug, Serialize)]
struct HeldDto<'a> {
    catalog: &'a str,
    whole: bool,
    signers: Vec<SignerDto<'a>>,
    files: Vec<HeldFileDto<'a>>,
    without_file: &'a [String],
}

#[derive(Debug, Serialize)]
struct SignerDto<'a> {
    name: &'a str,
    verifies: bool,
}

#[derive(Debug, Serialize)]
struct HeldFileDto<'a> {
    path: &'a str,
    covered: &'static str,
    by: &'a [&'static str],
    after: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ListDto<'a> {
    version: Option<u8>,
    list_id: String,
    os: Vec<&'a str>,
    hwids: Vec<&'a str>,
    members: Vec<MemberDto<'a>>,
}

#[derive(Debug, Serialize)]
struct MemberDto<'a> {
    tag: &'a str,
    kind: &'static str,
    file: Option<&'a str>,
    os: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct SystemDto<'a> {
    id: &'a str,
    token: &'a str,
    attributes: &'a [String],
    source: &'a str,
}

fn dto(did: &'static str) -> CatalogDto<'static> {
    CatalogDto {
        schema: "loadworthy/catalog/v1",
        tool: Some(Tool::this()),
        did,
        ..CatalogDto::default()
    }
}

/// What was made, and where it was written.
///
/// # Errors
/// When `out` does not take it.
pub fn created(created: &Created, written: &[String], out: &mut dyn Write) -> io::Result<()> {
    let made = created.catalogs.iter().zip(written).map(|(made, path)| MadeDto {
        path,
        sha256: hex(digest(DigestAlgorithm::Sha256, &made.bytes).as_bytes()),
        version: made.how.version,
        list_id: hex(&made.how.identifier),
        os: &made.planned.systems,
        hwids: &made.planned.hardware_ids,
        files: made
            .planned
            .entries
            .iter()
            .map(|entry| EntryDto { file: &entry.name, os: &entry.systems })
            .collect(),
    });
    let faults = created.faults.iter().map(|fault| FaultDto {
        number: fault.number,
        stops: fault.stops,
        inf: &fault.inf,
        line: fault.at.map(|at| at.line),
        what: fault.what.to_string(),
    });
    let dto = CatalogDto { created: made.collect(), faults: faults.collect(), ..dto("create") };
    document(&dto, out)
}

/// How packages and their catalogs agree.
///
/// # Errors
/// When `out` does not take it.
pub fn held(all: &[Held], out: &mut dyn Write) -> io::Result<()> {
    let held = all.iter().map(|held| HeldDto {
        catalog: &held.catalog,
        whole: held.is_whole(),
        signers: held
            .signers
            .iter()
            .map(|(name, verifies)| SignerDto { name, verifies: *verifies })
            .collect(),
        files: held
            .files
            .iter()
            .map(|file| {
                let (covered, by, after): (_, &[_], _) = match &file.covered {
                    Covered::By(by, true) => ("image", by, None),
                    Covered::By(by, false) => ("flat", by, None),
                    Covered::After(change) => ("changed", &[], Some(change.as_str())),
                    Covered::No => ("changed", &[], None),
                    Covered::Missing => ("missing", &[], None),
                };
                HeldFileDto { path: &file.path, covered, by, after }
            })
            .collect(),
        without_file: &held.without_file,
    });
    document(&CatalogDto { held: held.collect(), ..dto("verify") }, out)
}

/// What a catalog names.
///
/// # Errors
/// When `out` does not take it.
pub fn list(catalog: &Catalog, out: &mut dyn Write) -> io::Result<()> {
    let members = catalog.members.iter().map(|member| MemberDto {
        tag: &member.tag_text,
        kind: match member.kind {
            Kind::Pe => "pe",
            Kind::Flat => "flat",
            Kind::Cab => "cab",
            Kind::Unknown => "unknown",
        },
        file: member.file.as_deref(),
        os: member.systems.as_deref(),
    });
    let list = ListDto {
        version: catalog.version,
        list_id: hex(&catalog.list_id),
        os: catalog.systems.iter().map(|s| &**s).collect(),
        hwids: catalog.hardware_ids.iter().map(|s| &**s).collect(),
        members: members.collect(),
    };
    document(&CatalogDto { catalog: Some(list), ..dto("list") }, out)
}

/// The systems that catalogs are made for.
///
/// # Errors
/// When `out` does not take it.
pub fn systems(all: &[CatalogSystem], out: &mut dyn Write) -> io::Result<()> {
    let systems = all.iter().map(|system| SystemDto {
        id: &system.id,
        token: &system.token,
        attributes: &system.attributes,
        source: &system.source,
    });
    document(&CatalogDto { systems: systems.collect(), ..dto("systems") }, out)
}

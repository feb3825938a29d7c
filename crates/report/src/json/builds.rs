//! `loadworthy/dkms/v1`: what DKMS and akmods built, opened and verified.

use crate::json::document::{Tool, document};
use crate::json::proofs::{ProofTable, Table};
use loadworthy_core::keys::builds::{Builds, Form};
use serde::Serialize;
use std::cell::RefCell;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct BuildsDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    setup: SetupDto<'a>,
    built: Vec<BuiltDto<'a>>,
    proof: ProofTable<'a>,
}

#[derive(Debug, Serialize)]
struct SetupDto<'a> {
    form: Option<&'static str>,
    tool: Option<&'a str>,
    key: Option<&'a str>,
    certificate: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct BuiltDto<'a> {
    by: &'static str,
    package: &'a str,
    kernel: &'a str,
    module: Option<&'a str>,
    path: Option<&'a str>,
    worth: &'static str,
    signer: Option<&'a str>,
    outcome: Option<&'static str>,
    because: Vec<u32>,
}

/// Writes the document.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(builds: &Builds, out: &mut dyn Write) -> io::Result<()> {
    let table = RefCell::new(Table::default());
    let built = builds.built.iter().map(|b| BuiltDto {
        by: b.by,
        package: &b.package,
        kernel: &b.kernel,
        module: Some(&*b.module).filter(|m| !m.is_empty()),
        path: b.path.as_deref(),
        worth: b.worth.name(),
        signer: b.signer.as_deref(),
        outcome: Some(b.outcome).filter(|o| !o.is_empty()),
        because: b.because.iter().map(|proof| table.borrow_mut().number(proof)).collect(),
    });
    let built = built.collect();
    let value = BuildsDto {
        schema: "loadworthy/dkms/v1",
        tool: Tool::this(),
        at: &builds.at,
        setup: SetupDto {
            form: builds.setup.form.map(Form::name),
            tool: builds.setup.tool.as_deref(),
            key: builds.setup.key.as_deref(),
            certificate: builds.setup.certificate.as_deref(),
        },
        built,
        proof: ProofTable(&table),
    };
    document(&value, out)
}

//! `loadworthy/key-rotate/v1`: a plan for replacing a key.

use crate::json::document::{Tool, document};
use crate::json::keys::{CertificateDto, UserDto};
use loadworthy_core::keys::rotation::Rotation;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct RotationDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    old: CertificateDto<'a>,
    new: CertificateDto<'a>,
    sign_with: Option<&'static str>,
    hosts: Vec<MachineDto<'a>>,
}

#[derive(Debug, Serialize)]
struct MachineDto<'a> {
    name: &'a str,
    next: &'static str,
    trusts_old: &'static str,
    trusts_new: &'static str,
    modules: Vec<UserDto<'a>>,
}

/// Writes the document.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(plan: &Rotation, out: &mut dyn Write) -> io::Result<()> {
    let hosts = plan.machines.iter().map(|machine| MachineDto {
        name: &machine.name,
        next: machine.step.name(),
        trusts_old: machine.old.name(),
        trusts_new: machine.new.name(),
        modules: machine.modules.iter().map(UserDto::from).collect(),
    });
    let value = RotationDto {
        schema: "loadworthy/key-rotate/v1",
        tool: Tool::this(),
        at: &plan.at,
        old: CertificateDto::from(&plan.old),
        new: CertificateDto::from(&plan.new),
        sign_with: plan.sign_with,
        hosts: hosts.collect(),
    };
    document(&value, out)
}

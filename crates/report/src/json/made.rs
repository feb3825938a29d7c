//! `loadworthy/key-new/v1`: a key that was made, and who verifies it. Never the key.

use crate::json::document::{Tool, document};
use crate::json::keys::CertificateDto;
use crate::made::Made;
use loadworthy_core::signed::{Reach, Says};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct MadeDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    made: bool,
    algorithm: &'static str,
    kernels: Vec<KernelDto<'a>>,
    certificate: Option<CertificateDto<'a>>,
    files: Option<FilesDto<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<Vec<ReachDto<'a>>>,
}

#[derive(Debug, Serialize)]
struct ReachDto<'a> {
    platform: &'a str,
    install: Option<SaysDto>,
    install_trusted: Option<SaysDto>,
    load: Option<SaysDto>,
    load_without_secure_boot: Option<SaysDto>,
    load_in_test_mode: Option<SaysDto>,
}

#[derive(Debug, Serialize)]
struct SaysDto {
    outcome: &'static str,
    code: Option<&'static str>,
}

impl From<Says> for SaysDto {
    fn from(says: Says) -> Self {
        Self { outcome: says.outcome, code: says.code }
    }
}

#[derive(Debug, Serialize)]
struct KernelDto<'a> {
    target: &'a str,
    release: &'a str,
    verifies: &'static str,
}

#[derive(Debug, Serialize)]
struct FilesDto<'a> {
    key: &'a str,
    certificate: &'a str,
    also: &'a [String],
    locked: bool,
}

/// Writes the document.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(made: &Made, out: &mut dyn Write) -> io::Result<()> {
    let kernels = made.kernels.iter().map(|kernel| KernelDto {
        target: &kernel.target,
        release: &kernel.release,
        verifies: match kernel.verifies {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        },
    });
    let pair = made.pair.as_ref();
    let value = MadeDto {
        schema: "loadworthy/key-new/v1",
        tool: Tool::this(),
        at: &made.at,
        made: pair.is_some(),
        algorithm: made.algorithm,
        kernels: kernels.collect(),
        certificate: pair.map(|pair| CertificateDto::from(&pair.certificate)),
        files: pair.map(|pair| FilesDto {
            key: &pair.key,
            certificate: &pair.cert,
            also: &pair.also,
            locked: pair.locked,
        }),
        reach: made.reach.as_ref().map(|all| all.iter().map(reach).collect()),
    };
    document(&value, out)
}

fn reach(r: &Reach) -> ReachDto<'_> {
    ReachDto {
        platform: &r.platform,
        install: r.install.map(SaysDto::from),
        install_trusted: r.trusted.map(SaysDto::from),
        load: r.load.map(SaysDto::from),
        load_without_secure_boot: r.without.map(SaysDto::from),
        load_in_test_mode: r.test.map(SaysDto::from),
    }
}

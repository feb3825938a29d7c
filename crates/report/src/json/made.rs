//! `loadworthy/key-new/v1`: a key that was made, and who verifies it. Never the key.

use crate::json::document::{Tool, document};
use crate::json::keys::CertificateDto;
use crate::made::Made;
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
            locked: pair.locked,
        }),
    };
    document(&value, out)
}

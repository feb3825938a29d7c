//! `loadworthy sign`: what is said of code for Windows.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How code for Windows is signed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Code for Windows")]
pub(crate) struct Windows {
    /// Nest the signature in the one that is there, in place of it
    #[arg(long)]
    pub(crate) append: bool,
    /// With digests of the pages of images
    #[arg(long)]
    pub(crate) page_hashes: bool,
    /// What the program is called
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Where more is told of it
    #[arg(long, value_name = "URL")]
    pub(crate) description_url: Option<String>,
    /// Certificates between the key's and a root: PEM, DER or PKCS#7; repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) chain: Vec<PathBuf>,
    /// The certificate that Microsoft issued for the root of the chain; repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) cross_cert: Vec<PathBuf>,
    /// Ask this authority for a time-stamp; repeatable: the next is asked where one fails
    #[arg(long, value_name = "URL", conflicts_with_all = ["strip", "to_sign"])]
    pub(crate) timestamp: Vec<String>,
    /// How authorities are spoken to
    #[arg(long, value_enum, value_name = "PROTOCOL", default_value_t = Protocol::Rfc3161)]
    pub(crate) timestamp_protocol: Protocol,
    /// The digest that is stamped
    #[arg(long, value_enum, value_name = "DIGEST", default_value_t = super::Digest::Sha256)]
    pub(crate) timestamp_digest: super::Digest,
    /// A certificate that authorities may stand below, beside those that systems know; repeatable
    #[arg(long, value_name = "CERT")]
    pub(crate) timestamp_root: Vec<PathBuf>,
    /// How long one authority may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) timestamp_timeout: u64,
    /// Stamp the signatures that are there and have no time-stamp, and sign nothing (SignTool's `timestamp`,
    /// osslsigncode's `add`)
    #[arg(long, requires = "timestamp")]
    #[arg(conflicts_with_all = ["key", "key_command", "cert", "to_sign", "signature", "append", "strip"])]
    pub(crate) timestamp_only: bool,
    /// Take signatures off, in place of making one
    #[arg(long, conflicts_with_all = ["key", "key_command", "to_sign", "signature", "on", "append"])]
    pub(crate) strip: bool,
}

/// How a time-stamping authority is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// RFC 3161
    #[default]
    Rfc3161,
    /// Microsoft's of old, which Windows before 7 understands
    Authenticode,
}

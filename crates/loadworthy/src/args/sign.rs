//! `loadworthy sign`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

use super::{Format, Source};

/// What to sign, with what, and who has to accept it.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// Modules (.ko, .ko.gz, .ko.xz, .ko.zst), EFI images, code of Windows (.sys, .dll, .exe, .cat); folders
    /// with --recursive
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The private key: a PEM, DER, PKCS#12 or PVK file, or a `pkcs11:` URI
    #[arg(short = 'k', long, value_name = "KEY")]
    #[arg(required_unless_present_any = ["key_command", "to_sign", "signature", "strip", "timestamp_only"])]
    pub(crate) key: Option<String>,
    /// A program that signs: see docs/signing.md
    #[arg(long, value_name = "PROGRAM", conflicts_with = "key")]
    pub(crate) key_command: Option<String>,
    /// The certificate, PEM, DER or PKCS#7 (.spc) [default: what comes with the key]
    #[arg(short = 'c', long, value_name = "CERT")]
    pub(crate) cert: Option<PathBuf>,
    /// The digest that is signed
    #[arg(short = 'd', long, value_enum, default_value_t = Digest::Sha256)]
    pub(crate) digest: Digest,
    /// Name the certificate in modules by key identifier, as `sign-file -k` does
    #[arg(long)]
    pub(crate) key_id: bool,
    /// Write there and leave the file as it is; a folder, where several are signed
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Sign all modules, .efi images and code of Windows below folders
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Release what a target refuses, too; the receipt says so
    #[arg(long)]
    pub(crate) force: bool,
    /// Judge on a named platform, too: `debian-12,enroll=CERT.der`, for drivers and catalogs
    /// `windows-11-24h2`; repeatable; `check --on list` prints all of them
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) on: Vec<String>,
    /// Judge nothing: the machine that this is for is not known here
    #[arg(long, conflicts_with_all = ["root", "bundle", "policy", "assume", "on"])]
    pub(crate) unjudged: bool,
    /// Where the passphrase or PIN is: the first line of FILE
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_env")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Where the passphrase or PIN is: a variable of the environment
    #[arg(long, value_name = "NAME")]
    pub(crate) passphrase_env: Option<String>,
    /// Write what a key elsewhere has to sign, the bare digest, to FILE (`-`: hexadecimal, to
    /// standard output)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "key_command", "output"])]
    pub(crate) to_sign: Option<PathBuf>,
    /// Take the signature that a key elsewhere made of that: bare, or for modules a CMS message
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "key_command", "to_sign"])]
    pub(crate) signature: Option<PathBuf>,
    /// The signing log [default: /var/lib/loadworthy/sign.log, or below $XDG_STATE_HOME]
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Name every file, too, where there are many
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) windows: Windows,
    #[command(flatten)]
    pub(crate) source: Source,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

/// The digests that platforms verify signatures over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Digest {
    /// SHA-256: everything takes it
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
    /// SHA-1, on code for Windows that knows no other
    Sha1,
}

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
    pub(crate) timestamp_digest: Digest,
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

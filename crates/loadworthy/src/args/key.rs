//! `loadworthy key …`.

use super::{Output, Proof, Source};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// What keyrings hold, where it came from, and which modules depend on it
    #[command(before_help = "\
Examples:
  loadworthy key list                   this machine, at its next boot
  loadworthy key list --root /mnt/disk --json
  loadworthy key list --bundle hosts/   several machines, and who trusts whose")]
    #[command(after_help = "\
Exit codes: 0 listed · 1 with --exit-code, a finding of weight `bad` · 2 usage
error, or our own work failed")]
    List(KeyList),
    /// Ask for a key to be enrolled, and follow it until the kernel trusts it
    #[command(before_help = "\
Examples:
  loadworthy key enroll signing.der             where does it stand?
  loadworthy key enroll signing.der --firmware  ask MokManager at the next boot
  loadworthy key enroll signing.der --status    is it trusted, waiting, lost?
  loadworthy key enroll signing.der --store OVMF_VARS.fd -o enrolled.fd")]
    #[command(after_help = "\
Nothing is written without --firmware or --store.

Exit codes: 0 the kernel trusts it, or it was written · 1 refused, lost or
without effect · 3 not asked for, waiting (--status), or not known · 2 usage
error, or our own work failed")]
    Enroll(KeyEnroll),
}

#[derive(Debug, Args)]
pub(crate) struct KeyList {
    #[command(flatten)]
    pub(crate) source: Source,
    /// Look at the signature of every module of the tree, not only of what is
    /// needed and what was added to the kernel's own
    #[arg(long)]
    pub(crate) all: bool,
    /// Exit with 1 where a finding is of weight `bad`
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    /// How much of the proof is shown [default: short]
    #[arg(long, value_enum)]
    pub(crate) proof: Option<Proof>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyEnroll {
    /// The certificate, as DER or PEM
    #[arg(value_name = "CERT")]
    pub(crate) certificate: PathBuf,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Tell only how far it has come: trusted, requested, lost, without effect
    #[arg(long, conflicts_with_all = ["firmware", "store"])]
    pub(crate) status: bool,
    /// Write a request into the firmware's variables; MokManager asks for the
    /// password at the next boot
    #[arg(long, conflicts_with = "bundle")]
    pub(crate) firmware: bool,
    /// Write into this file with OVMF's variables
    #[arg(long, value_name = "FILE", conflicts_with = "firmware")]
    pub(crate) store: Option<PathBuf>,
    /// Write the file here and leave the other as it is
    #[arg(short = 'o', long = "output", value_name = "FILE", requires = "store")]
    pub(crate) out: Option<PathBuf>,
    /// Write a request into the store, in place of the enrolled key
    #[arg(long, requires = "store")]
    pub(crate) request: bool,
    /// The password for MokManager is the first line of FILE
    #[arg(long, value_name = "FILE", group = "password")]
    pub(crate) password_file: Option<PathBuf>,
    /// The password is in a variable of the environment
    #[arg(long, value_name = "NAME", group = "password")]
    pub(crate) password_env: Option<String>,
    /// Ask for the password on the terminal [default: one is made and shown]
    #[arg(long, group = "password")]
    pub(crate) password_ask: bool,
    /// Ask for the key although something speaks against it
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    /// How much of the proof is shown [default: short]
    #[arg(long, value_enum)]
    pub(crate) proof: Option<Proof>,
}

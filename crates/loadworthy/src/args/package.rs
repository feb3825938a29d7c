//! `package`, and how `catalog verify` answers.

use super::Output;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Package {
    /// Make the cabinet that the hardware portal takes, after checks
    #[command(after_help = "\
Exit codes: 0 the cabinet was written · 1 an error stops it, or was overridden ·
2 usage error, or our own work failed")]
    Prepare(Prepare),
    /// Hold what the portal gave back against what was sent
    #[command(after_help = "\
Exit codes: 0 it is what was sent, and loads everywhere · 1 it is not, or is
refused somewhere · 3 nothing is refused and something is unknown · 2 usage
error, or our own work failed")]
    Compare(Compare),
}

#[derive(Debug, Args)]
pub(crate) struct Prepare {
    /// The package; a folder with several drivers has one folder for each
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// The cabinet; replaced where it is there
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) cab: PathBuf,
    /// Write it although an error stands in its way
    #[arg(long)]
    pub(crate) force: bool,
    /// Name everything that the portal may object to
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// What was sent: the cabinet
    #[arg(long, value_name = "CAB|FOLDER")]
    pub(crate) submitted: PathBuf,
    /// What came back: the archive as it was downloaded, or its folder
    #[arg(long, value_name = "ZIP|CAB|FOLDER")]
    pub(crate) returned: PathBuf,
    /// Judge what came back against a named platform; repeatable
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) on: Vec<String>,
    /// Judge as of this time [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What the answer of `catalog verify` looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HeldFormat {
    /// For people
    Text,
    /// For programs: `loadworthy schema catalog`
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For test reports: JUnit XML
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

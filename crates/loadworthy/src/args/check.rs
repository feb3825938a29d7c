//! `loadworthy check`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

use super::Source;

/// What the answer of `check` looks like.
#[derive(Debug, Args)]
pub(crate) struct CheckOutput {
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

impl CheckOutput {
    /// The format that is wanted.
    pub(crate) const fn wanted(&self) -> CheckFormat {
        if self.json { CheckFormat::Json } else { self.format }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Module names, files, folders of modules and packages
    #[arg(value_name = "SUBJECT", conflicts_with = "all")]
    pub(crate) subjects: Vec<String>,
    /// Judge the whole module tree
    #[arg(long)]
    pub(crate) all: bool,
    /// Judge a small host that is built into this program
    #[arg(long, conflicts_with_all = ["subjects", "all", "root", "bundle", "kernel"])]
    pub(crate) example: bool,
    /// Judge Windows drivers and packages against a named platform:
    /// `windows-11-24h2,secure-boot=off`; repeatable; `list` prints all of them. With --root a
    /// mounted volume of Windows: its own catalogs vouch for its drivers
    #[arg(long, value_name = "PLATFORM", conflicts_with_all = ["all", "example"])]
    pub(crate) on: Vec<String>,
    /// A table of Windows drivers and packages against all platforms, or those given with --on
    #[arg(long, conflicts_with_all = ["all", "example"])]
    pub(crate) matrix: bool,
    /// Is everything up that the manifest names: devices, modules, paths, mounts, units,
    /// interfaces? For after a reboot or a recovery
    #[arg(long, conflicts_with_all = ["subjects", "all", "example", "matrix", "on"])]
    pub(crate) health: bool,
    /// With --health: and as it was when this bundle was made (or this folder copied)?
    #[arg(long, value_name = "BUNDLE", requires = "health")]
    pub(crate) since: Option<PathBuf>,
    #[cfg(feature = "sign")]
    #[command(flatten)]
    pub(crate) statement: StatementOf,
    #[command(flatten)]
    pub(crate) source: Source,
    #[command(flatten)]
    pub(crate) output: CheckOutput,
    /// How much of the proof is shown [default: short]; with `--all --json`, short leaves out
    /// the proofs of modules that simply load
    #[arg(long, value_enum)]
    pub(crate) proof: Option<Proof>,
    /// Exit with 1 for this, too; repeatable
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOn>,
    /// Answer `unknown` for kernels newer than the tables
    #[arg(long)]
    pub(crate) strict_knowledge: bool,
    /// Name everything that loads, too
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Name only what does not load
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// Signed statements of what loads on Windows.
#[cfg(feature = "sign")]
#[derive(Debug, Args)]
pub(crate) struct StatementOf {
    /// Write a signed statement of the verdicts (in-toto, in a DSSE envelope) to FILE
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with_all = ["all", "example", "root"])]
    pub(crate) attest: Option<PathBuf>,
    /// Verify a statement, and tell what changed since it was made
    #[arg(long, value_name = "STATEMENT", conflicts_with_all = ["attest", "all", "example", "root"])]
    pub(crate) against: Option<PathBuf>,
    /// With --attest: the key, as `sign` takes it
    #[arg(long, value_name = "KEY", requires = "attest")]
    pub(crate) key: Option<String>,
    /// The certificate of the key; with --against: whose the signature has to be
    #[arg(long, value_name = "CERT")]
    pub(crate) cert: Option<PathBuf>,
    /// Where the passphrase or PIN of the key is: the first line of FILE
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Where the passphrase or PIN is: a variable of the environment
    #[arg(long, value_name = "NAME", requires = "key", conflicts_with = "passphrase_file")]
    pub(crate) passphrase_env: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Text,
    /// For programs: `loadworthy schema check`
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For test reports: JUnit XML
    Junit,
    /// A page of its own
    Html,
    /// For issues and step summaries
    Markdown,
    /// For the textfile collector
    Prometheus,
    /// One line and the exit codes of monitoring plug-ins
    Nagios,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Proof {
    /// The steps that decided
    Short,
    /// Every step
    Full,
    /// Nothing
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Something loads and marks the kernel
    Taint,
    /// Something cannot be told
    Unknown,
    /// A verdict that no real kernel of the release confirms
    Unconfirmed,
    /// A line of an INF keeps it from being installed as written
    Finding,
}

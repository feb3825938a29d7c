//! `loadworthy catalog`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

use super::{Output, package};

#[derive(Debug, Args)]
pub(crate) struct Catalog {
    #[command(subcommand)]
    pub(crate) what: CatalogWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogWhat {
    /// Make the catalogs of a package, as Inf2Cat does; nobody has signed them yet
    #[command(after_help = "\
Exit codes: 0 the catalogs were made · 1 a test of signability stops them ·
2 usage error, or our own work failed")]
    Create(CatalogCreate),
    /// Hold every file of a package against its catalogs
    #[command(after_help = "\
Exit codes: 0 every file is there and covered · 1 one is not · 3 there was
nothing to hold · 2 usage error, or our own work failed")]
    Verify {
        /// A folder, an INF or a catalog
        #[arg(value_name = "FOLDER|FILE")]
        subject: PathBuf,
        /// How the answer is written
        #[arg(long, value_enum, default_value_t = package::HeldFormat::Text)]
        format: package::HeldFormat,
        /// The same as `--format json`
        #[arg(long, conflicts_with = "format")]
        json: bool,
    },
    /// What a catalog names
    List {
        /// The catalog
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// The systems that `create --os` takes
    Systems {
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CatalogCreate {
    /// An INF, a folder: all its INFs, or a definition as MakeCat takes it (.cdf)
    #[arg(value_name = "INF|FOLDER|CDF")]
    pub(crate) subject: PathBuf,
    /// Systems it is for, as Inf2Cat takes them: `10_X64`; see `catalog systems`
    #[arg(long, value_name = "SYSTEM", value_delimiter = ',')]
    pub(crate) os: Vec<String>,
    /// The folder into which catalogs are written [default: the package's, or what the
    /// definition says]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output_folder: Option<PathBuf>,
    /// 1: SHA-1, for systems before Windows 8 too; 2: SHA-256 [default: 2 where every
    /// system is Windows 10 or later]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) catalog_version: Option<u8>,
    /// The sixteen bytes that name the catalog, in hexadecimal digits [default: they
    /// follow from what is in it]
    #[arg(long, value_name = "HEX")]
    pub(crate) id: Option<String>,
    /// When it was made, as 2026-11-21T00:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<String>,
    /// `DriverVer` may name a day up to this one, for a place where it is already
    /// tomorrow [default: the day it is in UTC]
    #[arg(long, value_name = "DATE", conflicts_with = "local_time")]
    pub(crate) today: Option<String>,
    /// `DriverVer` may name the day it is here, not that in UTC (Inf2Cat: /uselocaltime)
    #[arg(long)]
    pub(crate) local_time: bool,
    /// Write digests of each page of an image
    #[arg(long)]
    pub(crate) page_hashes: bool,
    /// Put `<<<Obsolete>>>` where makers of old did
    #[arg(long)]
    pub(crate) obsolete_links: bool,
    /// A further attribute, as the portal adds them; repeatable, in order
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) attribute: Vec<String>,
    /// Replace a catalog that somebody signed
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

//! Every test that needs more than one room: scenarios, transcripts, corpus, peers, tidy.
//!
//! A test that needs a tool which is not there says `skipped: TOOL not found`, and all of those
//! are counted at the end. Renew transcripts and seeds with `LOADWORTHY_UPDATE=1`.

mod bootchain;
mod anchored;
mod arguments;
mod before_install;
mod builders;
mod bundles;
mod cases;
mod catalog_inputs;
mod catalogs;
mod copies;
mod corpus;
mod findings;
#[cfg(unix)]
mod dkms;
mod diagnosed;
mod documented;
mod drift;
mod forged;
mod formats;
mod gate;
#[cfg(unix)]
mod gate_debian;
mod hostile;
mod inspected;
mod joined;
mod journals;
#[cfg(target_os = "linux")]
mod kept;
#[cfg(unix)]
mod keys;
mod laws;
mod mended;
mod numbered;
mod oracle;
mod packages;
mod peers;
mod scenarios;
#[cfg(unix)]
mod secrets;
#[cfg(unix)]
mod sign_files;
mod code_peers;
mod catalog_peers;
mod signed;
mod signing;
#[cfg(unix)]
mod sign_codes;
#[cfg(unix)]
mod sign_trouble;
mod signing_windows;
mod stamping;
mod skipped;
mod walk;
mod waves;
mod stories;
mod tidy;
#[cfg(unix)]
mod tokens;
mod transcripts;
mod volumes;
mod in_hand;
mod windows;
mod on_linux;
mod on_windows;
mod wine;

use libtest_mimic::{Arguments, run};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = [
        scenarios::trials(),
        findings::trials(),
        anchored::trials(),
        diagnosed::trials(),
        transcripts::trials(),
        copies::trials(),
        corpus::trials(),
        forged::trials(),
        arguments::trials(),
        drift::trials(),
        formats::trials(),
        gate::trials(),
        #[cfg(unix)]
        gate_debian::trials(),
        hostile::trials(),
        inspected::trials(),
        #[cfg(target_os = "linux")]
        kept::trials(),
        #[cfg(unix)]
        keys::trials(),
        laws::trials(),
        mended::trials(),
        numbered::trials(),
        oracle::trials(),
        joined::trials(),
        bootchain::trials(),
        before_install::trials(),
        bundles::trials(),
        cases::trials(),
        catalogs::trials(),
        catalog_inputs::trials(),
        packages::trials(),
        stories::trials(),
        builders::trials(),
        peers::trials(),
        code_peers::trials(),
        catalog_peers::trials(),
        signed::trials(),
        signing::trials(),
        #[cfg(unix)]
        sign_codes::trials(),
        #[cfg(unix)]
        sign_trouble::trials(),
        #[cfg(unix)]
        tokens::trials(),
        #[cfg(unix)]
        sign_files::trials(),
        #[cfg(unix)]
        dkms::trials(),
        documented::trials(),
        #[cfg(unix)]
        secrets::trials(),
        signing_windows::trials(),
        stamping::trials(),
        volumes::trials(),
        in_hand::trials(),
        walk::trials(),
        waves::trials(),
        windows::trials(),
        on_linux::trials(),
        on_windows::trials(),
        wine::trials(),
        tidy::trials(),
    ];
    let mut trials: Vec<_> = trials.into_iter().flatten().collect();
    trials.push(numbered::complete(trials.iter().map(|trial| trial.name().to_owned()).collect()));
    let conclusion = run(&arguments, trials);
    drop(writeln!(std::io::stdout(), "{}", skipped::summary()));
    conclusion.exit_code()
}

/// Whether recorded outputs are to be renewed instead of compared.
fn updating() -> bool {
    std::env::var_os("LOADWORTHY_UPDATE").is_some()
}

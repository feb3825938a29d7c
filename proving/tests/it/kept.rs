//! What `--cache` keeps of modules: an unchanged file is not read again, and a changed one always is.

use crate::skipped;
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::{Forged, Host};
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// What a proof says of a file that was not read.
const KEPT: &str = "as kept: same inode, size and times";

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("kept: a file that was changed is read, whatever its times say", changed)]
}

/// The outcome, the digest, and whether the module's file was left unread.
fn judged(root: &Path, forged: &Forged, cached: bool) -> Result<(Value, Value, bool), Failed> {
    let mut arguments = vec!["check", &forged.name, "--json", "--root", ".", "--kernel"];
    arguments.extend([&forged.release, "--assume", "secure-boot=on"]);
    if cached {
        arguments.extend(["--cache", "../kept"]);
    }
    let document = program::document(&arguments, root)?;
    let verdict = &document["verdicts"][0];
    let outcome = verdict["outcome"].clone();
    let unread = document["proof"].to_string().contains(KEPT);
    Ok((outcome, verdict["subject"]["sha256"].clone(), unread))
}

fn changed() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("root");
    fs::create_dir(&root)?;
    let forged = Host::default().forge(&Module::default(), &root)?;
    let (outcome, digest, unread) = judged(&root, &forged, true)?;
    assert!(outcome == "loads" && !unread, "{outcome} {unread}");
    // What was changed less than two seconds before a run is not kept by it.
    sleep(Duration::from_millis(3200));
    let first = judged(&root, &forged, true)?;
    assert_eq!((&first.0, &first.1), (&outcome, &digest));
    let again = judged(&root, &forged, true)?;
    assert_eq!((&again.0, &again.1), (&outcome, &digest));
    if !again.2 {
        skipped::told("a file system that keeps its own times");
        return Ok(());
    }
    // A kept thing that is damaged is none.
    let kept = fs::read_dir(folder.path().join("kept"))?.flatten();
    let mut modules = kept.filter(|e| e.file_name().to_string_lossy().starts_with("modules-"));
    let kept = modules.next().ok_or("nothing is kept")?.path();
    let good = fs::read(&kept)?;
    for at in [0, 40, good.len() / 2, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(&kept, bad)?;
        assert_eq!(judged(&root, &forged, true)?, (outcome.clone(), digest.clone(), false));
    }
    fs::write(&kept, &good)?;
    // One bit of the module, with the time of its last change put back.
    let modified = fs::metadata(&forged.module)?.modified()?;
    let mut bytes = fs::read(&forged.module)?;
    bytes[0x200] ^= 1;
    fs::write(&forged.module, &bytes)?;
    File::options().write(true).open(&forged.module)?.set_modified(modified)?;
    let (now, other, unread) = judged(&root, &forged, true)?;
    assert!(now == "refused" && other != digest && !unread, "{now} {other} {unread}");
    assert_eq!(judged(&root, &forged, false)?, (now, other, false));
    Ok(())
}

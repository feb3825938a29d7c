//! Modules against Linux platforms that are only named.

use libtest_mimic::{Failed, Trial};
use loadworthy_assess::on_linux;
use loadworthy_assess::request::{Request, Source, Subjects, Trouble, Which};
use loadworthy_core::answer::Answered;
use loadworthy_core::verdict::Verdict;
use loadworthy_proving::forge::kernel::Kernel;
use loadworthy_proving::forge::module::Module;
use std::fs;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("on linux: an unsigned module on named platforms", unsigned),
        Trial::test("on linux: what is no platform is a usage error", usage),
    ]
}

fn judged(on: &str) -> Result<Answered, Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("demo.ko");
    fs::write(
        &path,
        Module { signed_by: "none".into(), ..Module::default() }
            .forge(&Kernel::new("6.1", &[])?)?,
    )?;
    let request = Request {
        source: Source::Live,
        with: Vec::new(),
        kernel: Which::Next,
        subjects: Subjects::Named(vec![path.to_string_lossy().into_owned()]),
        assume: Vec::new(),
        manifest: None,
        at: "2026-11-21T00:00:00Z".to_owned(),
        cache: None,
        knowledge: Vec::new(),
        jobs: 1,
    };
    let named = on_linux::named(on).map_err(|e| e.to_string())?.ok_or("no Linux platform")?;
    let answers = on_linux::check(&named, &request).map_err(|e| e.to_string())?;
    answers.answers.into_iter().next().ok_or_else(|| "no answer".into())
}

/// Secure Boot makes these kernels insist on signatures (IMA's policy since they have it), or lock
/// themselves down: facts of the distributions' own configurations.
fn unsigned() -> Result<(), Failed> {
    for (on, errno) in [
        ("debian-11", "EPERM"),
        ("debian-12", "EKEYREJECTED"),
        ("debian-13,secure-boot=on", "EKEYREJECTED"),
        ("ubuntu-24.04", "EKEYREJECTED"),
        ("fedora-43", "EKEYREJECTED"),
        ("almalinux-9.6", "EKEYREJECTED"),
        ("debian-12,secure-boot=off,sig-enforce=on", "EKEYREJECTED"),
    ] {
        let answer = judged(on)?;
        let said = answer.judgement.says.errno.map(|e| e.to_string());
        if !matches!(answer.judgement.verdict, Verdict::Refused(_))
            || said.as_deref() != Some(errno)
        {
            return Err(format!("{on}: {:?}, {said:?}", answer.judgement.verdict).into());
        }
        if answer.on.as_deref() != Some(on) {
            return Err(format!("{on}: the answer is about {:?}", answer.on).into());
        }
    }
    // Whose symbols the kernel has is told by no name: never `loads`.
    let open = judged("debian-12,secure-boot=off")?.judgement.verdict;
    match open {
        Verdict::Unknown(_) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn usage() -> Result<(), Failed> {
    for (on, near) in
        [("debian-1", "debian-11"), ("fedora", "fedora-4"), ("arch,hvci=on", "no key of arch")]
    {
        match on_linux::named(on) {
            Err(trouble @ Trouble::Profile { .. }) if trouble.to_string().contains(near) => {}
            other => return Err(format!("--on {on}: {other:?}").into()),
        }
    }
    Ok(())
}

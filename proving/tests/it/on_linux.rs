//! Modules against Linux platforms that are only named.

use libtest_mimic::{Failed, Trial};
use loadworthy_assess::on_linux;
use loadworthy_assess::request::{Request, Source, Subjects, Trouble, Which};
use loadworthy_core::answer::Answered;
use loadworthy_core::verdict::Verdict;
use loadworthy_proving::forge::kernel::Kernel;
use loadworthy_proving::forge::module::Module;
use std::fs;
use std::path::PathBuf;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("on linux: an unsigned module on named platforms", unsigned),
        Trial::test("on linux: the gate from before 5.4 knows one error", older_gate),
        Trial::test("on linux: a row of the caller's counts before ours", own_row),
        Trial::test("on linux: what is no platform is a usage error", usage),
    ]
}

fn judged(on: &str) -> Result<Answered, Failed> {
    judged_ending(on, b"", &[])
}

/// What `on` makes of an unsigned module with `end` behind it, with these tables beside ours.
fn judged_ending(on: &str, end: &[u8], knowledge: &[PathBuf]) -> Result<Answered, Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("demo.ko");
    let unsigned = Module { signed_by: "none".into(), ..Module::default() };
    let module = unsigned.forge(&Kernel::new("6.1", &[])?)?;
    fs::write(&path, [&module, end].concat())?;
    let request = Request {
        source: Source::Live,
        with: Vec::new(),
        kernel: Which::Next,
        subjects: Subjects::Named(vec![path.to_string_lossy().into_owned()]),
        assume: Vec::new(),
        manifest: None,
        at: "2026-11-21T00:00:00Z".to_owned(),
        cache: None,
        knowledge: knowledge.to_vec(),
        jobs: 1,
        short: false,
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
        ("ubuntu-20.04", "EPERM"),
        ("ubuntu-22.04", "EPERM"),
        ("ubuntu-24.04", "EKEYREJECTED"),
        ("opensuse-15.3", "EKEYREJECTED"),
        ("opensuse-15.6", "EKEYREJECTED"),
        ("fedora-43", "EKEYREJECTED"),
        ("almalinux-9.6", "EKEYREJECTED"),
        ("debian-12,secure-boot=off,sig-enforce=on", "EKEYREJECTED"),
        ("debian-12,arch=x64", "EKEYREJECTED"),
        ("debian-12,arch=arm64", "EKEYREJECTED"),
        ("ubuntu-24.04,arch=aarch64", "EKEYREJECTED"),
        ("ubuntu-24.04,arch=ppc64el", "EKEYREJECTED"),
        // IMA enforces on neither; lockdown does.
        ("ubuntu-24.04,arch=s390x", "EPERM"),
        ("ubuntu-26.04,arch=riscv64", "EPERM"),
        ("debian-13,arch=riscv64", "EPERM"),
        // Nothing insists: the module gets as far as its architecture.
        ("debian-13,arch=s390x", "ENOEXEC"),
        ("debian-12,arch=ppc64le", "ENOEXEC"),
        ("ubuntu-24.04,arch=s390x,secure-boot=off", "ENOEXEC"),
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

/// RHEL 8 answers `ENOKEY` to all that nobody vouches for, and `ENOPKG` whatever is demanded
/// (AlmaLinux 8.3 and 8.10, `kernel/module.c module_sig_check`).
fn older_gate() -> Result<(), Failed> {
    let line =
        "Lockdown: insmod: Loading of untrusted modules is restricted; see man kernel_lockdown.7";
    // The kind in the trailer is not PKCS#7.
    let other_kind = [&[0; 12][..], b"~Module signature appended~\n"].concat();
    for (on, end, errno, log) in [
        ("rhel-8", &b""[..], "ENOKEY", None),
        ("rhel-8.3", b"", "ENOKEY", Some(line)),
        ("rhel-8,secure-boot=off", &other_kind, "ENOPKG", None),
    ] {
        let says = judged_ending(on, end, &[])?.judgement.says;
        let errno_said = says.errno.map(|e| e.to_string());
        let said = says.lines.iter().any(|l| Some(l.text.as_str()) == log);
        if errno_said.as_deref() != Some(errno) || said != log.is_some() {
            return Err(format!("{on}: {errno_said:?}, {:?}", says.lines).into());
        }
    }
    Ok(())
}

fn own_row() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("linux"))?;
    let row = "[[behaviour]]\nid = \"gate-own\"\npoint = \"gate\"\nanswer = \"no-key\"\n\
               distro = [\"debian\"]\nsource = \"our patch series\"\n";
    fs::write(folder.path().join("linux/behaviours.toml"), row)?;
    let own = [folder.path().to_owned()];
    for (on, errno) in [("debian-12", "ENOKEY"), ("fedora-42", "EKEYREJECTED")] {
        let said = judged_ending(on, b"", &own)?.judgement.says.errno.map(|e| e.to_string());
        if said.as_deref() != Some(errno) {
            return Err(format!("{on}: {said:?}").into());
        }
    }
    Ok(())
}

fn usage() -> Result<(), Failed> {
    for (on, near) in [
        ("debian-1", "did you mean debian-1"),
        ("fedora", "fedora-4"),
        ("arch,hvci=on", "no key of arch"),
        ("debian-12,arch=riscv64", "only on amd64, arm64, ppc64el, s390x"),
        ("fedora-42,arch=arm64", "only on amd64"),
    ] {
        match on_linux::named(on) {
            Err(trouble @ Trouble::Profile { .. }) if trouble.to_string().contains(near) => {}
            other => return Err(format!("--on {on}: {other:?}").into()),
        }
    }
    Ok(())
}

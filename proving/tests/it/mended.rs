//! What the preflight says would help, done as it is told, on a real Debian: afterwards it loads.
//!
//! DKMS, initramfs-tools and the program itself run as they are, in the tree of the stories.
//! Opt-in as those are.

use crate::gate_debian::Machine;
use crate::stories::installed;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("stories: each is mended by the commands that are told", mended)]
}

fn mended() -> Result<(), Failed> {
    let Some(debian) = installed()? else { return Ok(()) };
    let Some(host) = Machine::over(debian.root.clone(), debian.old.clone())? else {
        return Ok(());
    };
    let (old, new) = (&debian.old, &debian.new);
    let driver = format!("/lib/modules/{new}/updates/dkms/acmedisk.ko");
    // The root of this machine is an overlay, and no initramfs was made for that.
    mend(&host, new, "LW3105", "remake-initramfs")?;
    // A DKMS rebuild that nobody signed.
    host.must(&format!("strip --strip-debug {driver}"), 0)?;
    mend(&host, new, "LW1003", "sign")?;
    // A vendor's update whose signer is not enrolled.
    host.must(
        &format!(
            "cd /root && loadworthy key new --name Vendor --key v.key --cert v.der && \
             strip --strip-debug {driver} && \
             loadworthy sign --force --key v.key --cert v.der {driver}"
        ),
        0,
    )?;
    mend(&host, new, "LW1004", "sign")?;
    // The driver is there for the running kernel alone.
    host.must(&format!("dkms uninstall acmedisk/1.0 -k {new}"), 0)?;
    mend(&host, new, "LW1101", "rebuild")?;
    // The initramfs is that of the kernel before; it is cut off; it is not there.
    let image = format!("/boot/initrd.img-{new}");
    host.must(&format!("cp /boot/initrd.img-{old} {image}"), 0)?;
    mend(&host, new, "LW3104", "remake-initramfs")?;
    host.must(&format!("truncate -s 1M {image}"), 0)?;
    mend(&host, new, "LW3102", "remake-initramfs")?;
    host.must(&format!("rm {image}"), 0)?;
    mend(&host, new, "LW3101", "remake-initramfs")
}

/// That this is refused, and that what is told to help does.
fn mend(host: &Machine, release: &str, code: &str, does: &str) -> Result<(), Failed> {
    let check = format!("loadworthy check --json --kernel {release} 2>/dev/null");
    let said = host.must(&check, 1)?;
    let document: Value = serde_json::from_str(&said)?;
    let mut verdicts = document["verdicts"].as_array().into_iter().flatten();
    let refused = verdicts.find(|verdict| verdict["code"] == code);
    let refused = refused.ok_or_else(|| format!("{code} is not told: {said}"))?;
    let mut remedies = refused["remedies"].as_array().into_iter().flatten();
    let remedy = remedies.find(|remedy| remedy["does"] == does);
    let remedy = remedy.ok_or_else(|| format!("{code}: nobody says {does}: {refused}"))?;
    let first = remedy["first"].as_array().into_iter().flatten();
    for command in first.chain([&remedy["command"]]) {
        let command = command.as_str().ok_or_else(|| format!("no command: {remedy}"))?;
        host.must(command, 0)?;
    }
    host.must(&check, 0).map(drop)
}

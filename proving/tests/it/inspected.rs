//! `inspect` of packages: what they bring that decides about drivers, and what their scripts would run.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::kernel::Kernel;
use loadworthy_proving::forge::key;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::forge::package::deb;
use loadworthy_proving::program;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("inspect tells what a package brings and runs", package),
        Trial::test("inspect of a package that breaks off tells what came before", cut),
    ]
}

const POSTINST: &str = "#!/bin/sh
# depmod is run by the trigger
set -e
if [ \"$1\" = configure ]; then
    dkms add -m demo -v 1.0 || true
    /sbin/depmod -a 6.1.0-99-amd64
    echo mydepmodder; rm -f /etc/bash_completion.d/dkms
    update-initramfs -u -k 6.1.0-99-amd64
fi
";

fn forged(at: &Path) -> Result<Vec<u8>, Failed> {
    let kernel = Kernel::new("6.1", &[])?;
    let modules = "usr/lib/modules/6.1.0-99-amd64";
    let unsigned =
        Module { name: "bare".to_owned(), signed_by: "none".to_owned(), ..Module::default() };
    let file = |path: &str, data: &[u8]| (path.to_owned(), data.to_vec());
    let files = [
        file("DEBIAN/postinst", POSTINST.as_bytes()),
        file(&format!("{modules}/updates/demo.ko"), &Module::default().forge(&kernel)?),
        file(&format!("{modules}/updates/bare.ko"), &unsigned.forge(&kernel)?),
        file("usr/lib/firmware/demo.bin", b"firmware"),
        file("usr/share/demo/vendor.der", &key::certificate("owner")?),
        file("usr/share/demo/no-certificate.der", b"nothing of the sort"),
        file("usr/src/demo-1.0/dkms.conf", b"PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\n"),
        file("etc/modprobe.d/demo.conf", b"options demo x=1\n"),
        file("boot/vmlinuz-6.1.0-99-amd64", &kernel.image()),
        file("usr/share/doc/demo/README", b"read me"),
    ];
    let package = deb("demo-kmod", &files);
    fs::write(at.join("demo.deb"), &package)?;
    Ok(package)
}

fn same(what: &str, found: &Value, wanted: &Value) -> Result<(), Failed> {
    match found == wanted {
        true => Ok(()),
        false => Err(format!("{what}: {found:#} and not {wanted:#}").into()),
    }
}

fn package() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    forged(folder.path())?;
    let told = program::document(&["inspect", "--json", "demo.deb"], folder.path())?;
    let file = &told["files"][0];
    same("kind", &file["kind"], &json!("package"))?;
    same("errors", &file["errors"], &json!([]))?;
    let package = &file["package"];
    let strings = |list: &str, key: &str| -> Value {
        package[list].as_array().into_iter().flatten().map(|e| e[key].clone()).collect()
    };
    same("form", &package["form"], &json!("deb"))?;
    same("name", &package["name"], &json!("demo-kmod"))?;
    same("members", &package["members"], &json!(9))?;
    same("releases", &package["releases"], &json!(["6.1.0-99-amd64"]))?;
    same("modules", &strings("modules", "name"), &json!(["demo", "bare"]))?;
    same("signed", &strings("modules", "signed"), &json!([true, false]))?;
    same("images", &strings("images", "path"), &json!(["boot/vmlinuz-6.1.0-99-amd64"]))?;
    same("image release", &strings("images", "release"), &json!(["6.1.0-99-amd64"]))?;
    same("firmware", &package["firmware"], &json!(["usr/lib/firmware/demo.bin"]))?;
    same("certificates", &strings("certificates", "path"), &json!(["usr/share/demo/vendor.der"]))?;
    same("sources", &strings("sources", "by"), &json!(["dkms"]))?;
    same("settings", &package["settings"], &json!(["etc/modprobe.d/demo.conf"]))?;
    let runs = json!([
        "dkms add -m demo -v 1.0 || true",
        "/sbin/depmod -a 6.1.0-99-amd64",
        "update-initramfs -u -k 6.1.0-99-amd64"
    ]);
    same("scripts", &package["scripts"], &json!([{"name": "postinst", "runs": runs}]))?;
    let said = program::run(&["inspect", "demo.deb"], folder.path())?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let wanted = [
        "demo.deb: package, demo-kmod 1.0 for all\n",
        "  form          deb, 9 members\n  for kernels   6.1.0-99-amd64\n",
        "  modules       usr/lib/modules/6.1.0-99-amd64/updates/demo.ko, signed",
        "usr/lib/modules/6.1.0-99-amd64/updates/bare.ko, not signed\n",
        "  postinst      dkms add -m demo -v 1.0 || true\n                /sbin/depmod -a 6.1.0-99-amd64\n",
    ];
    match wanted.iter().find(|line| !text.contains(**line)) {
        None => Ok(()),
        Some(line) => Err(format!("{line:?} is not in\n{text}").into()),
    }
}

fn cut() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let whole = forged(folder.path())?;
    fs::write(folder.path().join("cut.deb"), &whole[..whole.len() / 2])?;
    let told = program::document(&["inspect", "--json", "cut.deb"], folder.path())?;
    let file = &told["files"][0];
    let told_so = file["errors"].as_array().is_some_and(|errors| !errors.is_empty());
    match file["kind"] == "package" && file["package"]["name"] == "demo-kmod" && told_so {
        true => Ok(()),
        false => Err(format!("{file:#}").into()),
    }
}

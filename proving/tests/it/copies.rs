//! A module in the tree and its copy in the initramfs lie at one path: what is told of them says which is
//! which.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::program;
use serde_json::Value;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("copies: a copy is told behind the initramfs in which it lies", told)]
}

const MANIFEST: &str = "[[require]]\nmodule = \"demo\"\nclass = \"boot\"\n";

fn told() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("root");
    let mut host: Host = toml::from_str("initramfs = { copy = \"rebuilt\" }")?;
    host.files.insert("etc/loadworthy/manifest.toml".to_owned(), MANIFEST.to_owned());
    let module: Module = toml::from_str("srcversion = \"EVEN\"\ndebug = \"kept\"")?;
    let forged = host.forge(&module, &root)?;
    let at = forged.module.strip_prefix(&root)?.to_string_lossy().into_owned();
    let image = format!("boot/initrd.img-{}", forged.release);
    let name = root.to_string_lossy().into_owned();
    let document = program::document(&["check", "--json", "--root", &name], folder.path())?;
    let notes = document["notes"].as_array().ok_or("no notes")?;
    let note = notes.iter().find(|note| note["code"] == "LW3108").ok_or("no LW3108")?;
    let steps = document["proof"].as_array().ok_or("no proof")?;
    let step = |id: &Value| steps.iter().find(|step| step["id"] == *id);
    let drawn = step(&note["because"][0]).ok_or("no such step")?;
    let from = drawn["from"].as_array().into_iter().flatten().filter_map(step);
    let mut items: Vec<&str> = from.filter_map(|seen| seen["item"].as_str()).collect();
    items.sort_unstable();
    let expected = [format!("{image}: {at}"), at];
    match items == expected {
        true => Ok(()),
        false => Err(format!("{items:?}, not {expected:?}").into()),
    }
}

//! What is forged is read as it was forged: the forge and the readers share no code.

use libtest_mimic::{Failed, Trial};
use loadworthy_formats::kernel::image;
use loadworthy_formats::limits::Limits;
use loadworthy_proving::forge::kernel::{Export, Kernel, STRUCT_MODULE, sum};
use loadworthy_proving::forge::key::Key;

pub(crate) fn trials() -> Vec<Trial> {
    ["6.1", "6.12", "newer-than-tables"]
        .map(|family| Trial::test(format!("forged kernel {family} is read"), move || read(family)))
        .into()
}

fn read(family: &str) -> Result<(), Failed> {
    let mut kernel = Kernel::new(family, &[])?;
    kernel.certificates.push(Key::named("distribution")?.certificate);
    kernel.exports.push(Export::of("gpl:demo_gpl"));
    kernel.exports.push(Export::of("ns:SPACE:demo_inner"));
    kernel.builtin.push("demo".to_owned());
    let read = image::read(&kernel.image(), &Limits::DEFAULT).map_err(|e| e.to_string())?.value;
    let same = |what: &str, good: bool| match good {
        true => Ok(()),
        false => Err(format!("{what} is not as forged: {read:?}")),
    };
    same("release", read.release.as_deref() == Some(kernel.release.as_str()))?;
    same("banner", read.banner == Some(kernel.banner()))?;
    same("vermagic", read.vermagic.as_deref() == Some(kernel.vermagic().as_bytes()))?;
    same("certificates", read.certificates == kernel.certificates && read.certificates_delimited)?;
    same("struct module", read.struct_module_size == Some(STRUCT_MODULE as u64))?;
    let names = read.builtin_names.iter().flatten();
    same("names of built-in code", names.eq(["demo", "loop"]))?;
    let exports = read.exports.as_deref().unwrap_or_default();
    for export in &kernel.exports {
        let found = exports.iter().find(|e| e.name == export.name);
        let good = found.is_some_and(|f| {
            f.crc == Some(sum(&export.name))
                && f.gpl_only == export.gpl_only
                && f.namespace.as_deref().unwrap_or_default() == export.namespace
        });
        same(&export.name, good)?;
    }
    Ok(())
}

//! Kernels built here, whose options stand for the choices of other distributions.
//!
//! `proving/kernels/kernels.toml` names them. Sources come as packages of Debian's suites, and
//! what Debian changed is undone by its own patches; everything is kept below
//! `target/kernels/built`. A kernel's image is signed by the test key `distribution`, which the
//! policies then have in `db`, so that shim starts it.

use crate::forge::key::Key;
use crate::program;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::kernels::{Kernel, at, home, output};
use xtask::suites::Suite;

/// The key that signs the images.
pub const IMAGE_KEY: &str = "distribution";

/// The table of kernels.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    base: Vec<String>,
    kernel: Vec<Recipe>,
}

/// A kernel to build.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Its name, which is also the end of its release.
    pub name: String,
    /// The suite of Debian whose newest source it is built of.
    pub suite: String,
    /// Patches of Debian's that are undone, below `debian/patches`.
    #[serde(default)]
    pub without: Vec<String>,
    /// What such a kernel confirms.
    pub stands_for: String,
    /// Options beside the base, as in a configuration file, without `CONFIG_`.
    pub options: Vec<String>,
    /// The policies under which it is asked.
    pub policies: Vec<String>,
}

/// All kernels that can be built.
///
/// # Errors
/// When the table is not in order.
pub fn all() -> Result<Vec<Recipe>, String> {
    Ok(table()?.kernel)
}

fn table() -> Result<Table, String> {
    toml::from_str(include_str!("../../../kernels/kernels.toml"))
        .map_err(|e| format!("kernels.toml: {e}"))
}

/// The kernel of this name, built if it is not there yet; `None` where there is none of the name.
///
/// # Errors
/// When it cannot be built.
pub fn named(name: &str, say: &mut dyn FnMut(&str)) -> Result<Option<Kernel>, String> {
    let table = table()?;
    let Some(recipe) = table.kernel.iter().find(|k| k.name == name) else { return Ok(None) };
    let root = home().join("built").join(name);
    if !root.is_dir() {
        build(recipe, &table.base, &root, say)?;
    }
    at(&root).map(Some)
}

fn build(
    recipe: &Recipe,
    base: &[String],
    root: &Path,
    say: &mut dyn FnMut(&str),
) -> Result<(), String> {
    let source = source(&recipe.suite, say)?;
    undone(&source, recipe)?;
    say(&format!("building {}: {}", recipe.name, recipe.stands_for));
    // Objects are shared by the kernels of a source: what an option does not touch is not built
    // again.
    let objects = source.with_file_name("objects");
    fs::create_dir_all(&objects).map_err(|e| format!("{}: {e}", objects.display()))?;
    let half = root.with_file_name(format!("{}.part", recipe.name));
    compile(recipe, base, &source, &objects, &half)?;
    fs::rename(&half, root).map_err(|e| format!("{}: {e}", root.display()))
}

fn compile(
    recipe: &Recipe,
    base: &[String],
    source: &Path,
    objects: &Path,
    into: &Path,
) -> Result<(), String> {
    let make = |goals: &[&str]| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut make = Command::new("make");
        make.arg("-C").arg(source).arg(format!("O={}", objects.display()));
        make.args(["-s", &format!("-j{cores}")]).args(goals);
        make.env("KBUILD_BUILD_USER", "builder").env("KBUILD_BUILD_HOST", "nowhere");
        output(&mut make)
    };
    make(&["tinyconfig"])?;
    let config = objects.join(".config");
    let read = || fs::read_to_string(&config).map_err(|e| format!("{}: {e}", config.display()));
    let mut text = read()?;
    let name = format!("LOCALVERSION=\"-{}\"", recipe.name);
    let wanted: Vec<&String> = base.iter().chain(&recipe.options).chain([&name]).collect();
    for option in &wanted {
        text += &format!("CONFIG_{option}\n");
    }
    fs::write(&config, text).map_err(|e| format!("{}: {e}", config.display()))?;
    make(&["olddefconfig"])?;
    let became = read()?;
    for (n, option) in wanted.iter().enumerate() {
        let (key, value) = option.split_once('=').unwrap_or((option, "y"));
        let again = |later: &&&String| later.split('=').next() == Some(key);
        let stands = match value {
            "n" => !became.contains(&format!("\nCONFIG_{key}=")),
            _ => became.contains(&format!("\nCONFIG_{option}\n")),
        };
        if !stands && !wanted[n + 1..].iter().any(|later| again(&later)) {
            return Err(format!("{}: CONFIG_{option} does not hold in this source", recipe.name));
        }
    }
    make(&["bzImage", "modules"])?;
    drop(fs::remove_dir_all(into));
    make(&["modules_install", &format!("INSTALL_MOD_PATH={}", into.display())])?;
    let release = make(&["kernelrelease"])?.trim().to_owned();
    let boot = into.join("boot");
    fs::create_dir_all(&boot).map_err(|e| format!("{}: {e}", boot.display()))?;
    for link in ["build", "source"] {
        drop(fs::remove_file(into.join(format!("lib/modules/{release}/{link}"))));
    }
    let copy = |from: PathBuf, name: &str| {
        let to = boot.join(format!("{name}-{release}"));
        fs::copy(&from, &to).map(drop).map_err(|e| format!("{}: {e}", from.display()))
    };
    copy(config.clone(), "config")?;
    signed(&objects.join("arch/x86/boot/bzImage"), &boot, &release)
}

/// Signs the image as its builder would.
fn signed(image: &Path, boot: &Path, release: &str) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (key, certificate) = (folder.path().join("key"), folder.path().join("certificate"));
    let told = |e: std::io::Error| format!("{}: {e}", key.display());
    let signer = Key::named(IMAGE_KEY)?;
    fs::write(&key, signer.private).map_err(told)?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).map_err(told)?;
    fs::write(&certificate, signer.certificate).map_err(told)?;
    let to = boot.join(format!("vmlinuz-{release}"));
    let paths = [image, &key, &certificate, &to].map(|path| path.display().to_string());
    let [image, key, certificate, to] = paths.each_ref().map(String::as_str);
    let arguments = ["sign", image, "--key", key, "--cert", certificate, "-o", to, "--force"];
    let done = program::run(&arguments, boot)?;
    match done.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()),
    }
}

/// The unpacked source of a suite.
fn source(suite: &str, say: &mut dyn FnMut(&str)) -> Result<PathBuf, String> {
    let into = home().join("built").join(suite).join("source");
    // Without this file it was left in the middle of a change.
    if into.join(UNDONE).is_file() {
        return Ok(into);
    }
    let opened = Suite::open(suite)?;
    let numbered = |name: &String| name.chars().skip("linux-source-".len()).all(|c| c != '-');
    let names = opened.names("linux-source-")?;
    let package = names.into_iter().rfind(numbered).ok_or("no linux-source package")?;
    say(&format!("fetching {package} of {suite}"));
    let archive = opened.unpacked(&package)?.join(format!("usr/src/{package}.tar.xz"));
    drop(fs::remove_dir_all(&into));
    fs::create_dir_all(&into).map_err(|e| format!("{}: {e}", into.display()))?;
    let mut tar = Command::new("tar");
    output(tar.arg("xf").arg(archive).arg("--strip-components=1").arg("-C").arg(&into))?;
    fs::write(into.join(UNDONE), "").map_err(|e| format!("{}: {e}", into.display()))?;
    Ok(into)
}

/// In a source: which of Debian's patches are undone, a line each.
const UNDONE: &str = ".undone";

/// Brings a source to what the recipe wants undone.
fn undone(source: &Path, recipe: &Recipe) -> Result<(), String> {
    let note = source.join(UNDONE);
    let told = |e: std::io::Error| format!("{}: {e}", note.display());
    let before = fs::read_to_string(&note).map_err(told)?;
    let wanted: String = recipe.without.iter().map(|patch| format!("{patch}\n")).collect();
    if before == wanted {
        return Ok(());
    }
    let patches = Suite::sources(&recipe.suite)?.packaging("linux")?.join("patches");
    fs::remove_file(&note).map_err(told)?;
    let patch = |name: &str, words: &[&str]| {
        let mut patch = Command::new("patch");
        patch.args(["-s", "-f", "-p1", "-r", "-", "-i"]).arg(patches.join(name)).args(words);
        output(patch.current_dir(source)).map_err(|e| format!("{name}: {e}"))
    };
    // The last one was laid on the others.
    for name in before.lines() {
        patch(name, &[])?;
    }
    for name in wanted.lines().rev() {
        patch(name, &["-R"])?;
    }
    fs::write(&note, wanted).map_err(told)
}

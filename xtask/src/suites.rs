//! Packages of other suites of Debian, fetched by name and unpacked below `target/suites`.
//!
//! From the archive that this machine's own `apt` is set up for; nothing of the machine is changed. Needs
//! `apt-get`, `apt-cache` and `dpkg-deb`, and no rights.

use crate::kernels::{Kernel, at, home, output};
use crate::tree::root;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The suites that are tried.
pub const SUITES: [&str; 6] =
    ["bullseye", "bookworm", "bookworm-backports", "trixie", "trixie-backports", "sid"];

/// The keys of all suites, where Debian's package of them puts them.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A suite and what was unpacked of it.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Whose packages, as Debian names processors.
    architecture: String,
    home: PathBuf,
}

impl Suite {
    /// Fetches the list of packages, unless it is there.
    ///
    /// # Errors
    /// When the suite cannot be reached: not every one is kept for ever.
    pub fn open(name: &str) -> Result<Self, String> {
        Self::at(name, "deb", "amd64", root().join("target/suites").join(name))
    }

    /// The same of another processor's packages.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_for(name: &str, architecture: &str) -> Result<Self, String> {
        let folder = format!("{name}-{architecture}");
        Self::at(name, "deb", architecture, root().join("target/suites").join(folder))
    }

    /// Fetches the list of source packages, unless it is there.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn sources(name: &str) -> Result<Self, String> {
        let folder = format!("{name}-sources");
        Self::at(name, "deb-src", "amd64", root().join("target/suites").join(folder))
    }

    fn at(name: &str, kind: &str, architecture: &str, home: PathBuf) -> Result<Self, String> {
        let suite = Self { name: name.to_owned(), architecture: architecture.to_owned(), home };
        let told = |e: io::Error| format!("{}: {e}", suite.home.display());
        if suite.home.join("fetched").exists() {
            return Ok(suite);
        }
        for folder in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(suite.home.join(folder)).map_err(told)?;
        }
        let archive = archive()?;
        let keys = Path::new(KEYS).exists().then(|| format!("[signed-by={KEYS}] "));
        let line = format!("{kind} {}{archive} {name} main\n", keys.unwrap_or_default());
        fs::write(suite.home.join("sources.list"), line).map_err(told)?;
        output(&mut suite.apt("apt-get", &["-q", "update"]))?;
        fs::write(suite.home.join("fetched"), "").map_err(told)?;
        Ok(suite)
    }

    /// Every package whose name begins so, in the order of the numbers in it.
    ///
    /// # Errors
    /// When `apt-cache` fails.
    pub fn names(&self, beginning: &str) -> Result<Vec<String>, String> {
        let text = output(&mut self.apt("apt-cache", &["pkgnames", beginning]))?;
        let mut names: Vec<String> = text.lines().map(str::to_owned).collect();
        names.sort_by_key(|name| {
            let numbers = name.split(|c: char| !c.is_ascii_digit());
            numbers.filter_map(|n| n.parse::<u64>().ok()).collect::<Vec<_>>()
        });
        Ok(names)
    }

    /// The folder with what is in a package; no script of it is run.
    ///
    /// # Errors
    /// When there is none, or it cannot be fetched.
    pub fn unpacked(&self, package: &str) -> Result<PathBuf, String> {
        self.kept("packages", package, &["download"], "deb", "dpkg-deb -x \"$1\" .")
    }

    /// The folder `debian` of a source package: how Debian makes its packages of what it gets.
    ///
    /// # Errors
    /// As [`Suite::unpacked`]; of a suite that was opened by [`Suite::sources`].
    pub fn packaging(&self, package: &str) -> Result<PathBuf, String> {
        let words = ["source", "--diff-only"];
        let kept = self.kept("packaging", package, &words, "xz", "tar xf \"$1\"")?;
        Ok(kept.join("debian"))
    }

    /// What apt fetches with these words, unpacked once by a line of shell in the folder it goes to.
    fn kept(
        &self,
        shelf: &str,
        package: &str,
        words: &[&str],
        ending: &str,
        unpack: &str,
    ) -> Result<PathBuf, String> {
        let shelf = self.home.join(shelf);
        let into = shelf.join(package);
        if into.is_dir() {
            return Ok(into);
        }
        let half = self.home.join("half").join(package);
        let told = |e: io::Error| format!("{}: {e}", half.display());
        drop(fs::remove_dir_all(&half));
        fs::create_dir_all(half.join("files")).map_err(told)?;
        let words = [&["-q"], words, &[package]].concat();
        output(self.apt("apt-get", &words).current_dir(&half))?;
        let mut found = fs::read_dir(&half).map_err(told)?.flatten().map(|e| e.path());
        let archive = found.find(|path| path.extension().is_some_and(|end| end == ending));
        let archive = archive.ok_or_else(|| format!("{package}: nothing was downloaded"))?;
        let mut shell = Command::new("sh");
        shell.args(["-ec", unpack, "sh"]).arg(archive).current_dir(half.join("files"));
        output(&mut shell)?;
        fs::create_dir_all(&shelf).map_err(told)?;
        fs::rename(half.join("files"), &into).map_err(told)?;
        fs::remove_dir_all(&half).map_err(told)?;
        Ok(into)
    }

    fn apt(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        let home = self.home.display();
        for option in [
            format!("Dir::Etc::sourcelist={home}/sources.list"),
            "Dir::Etc::sourceparts=-".to_owned(),
            format!("Dir::State::lists={home}/lists"),
            "Dir::State::status=/dev/null".to_owned(),
            format!("Dir::Cache={home}/cache"),
            format!("APT::Architecture={}", self.architecture),
            format!("APT::Architectures::={}", self.architecture),
            "Acquire::Languages=none".to_owned(),
            "Acquire::Check-Valid-Until=false".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command.args(words);
        command
    }
}

/// The newest signed kernel of unstable, whose image and modules come in packages of their own.
///
/// # Errors
/// When the suite cannot be reached, or has none.
pub fn unstable(say: &mut dyn FnMut(&str)) -> Result<Kernel, String> {
    let there = |path: &PathBuf| path.join("boot").is_dir();
    let suite = Suite::open("sid")?;
    let plain = |name: &String| {
        let release = name.strip_prefix("linux-binary-").and_then(|n| n.strip_suffix("-amd64"));
        release.is_some_and(|release| !release.contains('-'))
    };
    let names = suite.names("linux-binary-")?;
    let binary = names.into_iter().rfind(plain).ok_or("no linux-binary-*-amd64 in sid")?;
    let release = binary.trim_start_matches("linux-binary-");
    let into = home().join(format!("linux-{release}"));
    if !there(&into) {
        say(&format!("fetching {binary} of sid"));
        let half = home().join(format!("linux-{release}.part"));
        let told = |e: io::Error| format!("{}: {e}", half.display());
        drop(fs::remove_dir_all(&half));
        fs::create_dir_all(half.join("boot")).map_err(told)?;
        for package in [&binary, &format!("linux-modules-{release}")] {
            let from = suite.unpacked(package)?.join(".");
            output(Command::new("cp").arg("-a").arg(from).arg(&half))?;
        }
        // Where older packages have them.
        for name in ["vmlinuz", "config"] {
            let from = half.join(format!("usr/lib/modules/{release}/{name}"));
            fs::copy(from, half.join(format!("boot/{name}-{release}"))).map_err(told)?;
        }
        fs::rename(&half, &into).map_err(told)?;
    }
    at(&into)
}

/// A program, run with the libraries of these unpacked packages and no others.
///
/// # Errors
/// When the C library is not among them.
pub fn command(program: &Path, packages: &[PathBuf]) -> Result<Command, String> {
    let folders = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"];
    let all = packages.iter().flat_map(|package| folders.map(|folder| package.join(folder)));
    let all: Vec<PathBuf> = all.filter(|folder| folder.is_dir()).collect();
    let mut loaders = all.iter().map(|folder| folder.join("ld-linux-x86-64.so.2"));
    let loader = loaders.find(|path| path.is_file());
    let mut command = Command::new(loader.ok_or("no C library: libc6 of amd64")?);
    let all: Vec<String> = all.iter().map(|folder| folder.display().to_string()).collect();
    command.args(["--library-path", &all.join(":")]).arg(program);
    Ok(command)
}

/// Where this machine gets Debian from.
fn archive() -> Result<String, String> {
    let format = "$(REPO_URI)|$(ORIGIN)|$(CODENAME)";
    let mut asked = Command::new("apt-get");
    let text = output(asked.args(["indextargets", "--format", format, "Created-By: Packages"]))?;
    let main = text.lines().find_map(|line| {
        let mut parts = line.split('|');
        let (uri, origin, name) = (parts.next()?, parts.next()?, parts.next()?);
        // bookworm, and not bookworm-security, which lies elsewhere.
        (origin == "Debian" && !name.contains('-')).then(|| uri.to_owned())
    });
    main.ok_or_else(|| "apt knows of no archive of Debian here".to_owned())
}

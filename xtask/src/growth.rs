//! How cost grows: with the number and the size of modules, with certificates, with deny lists and with
//! dependencies. `cargo x bench --plot` measures it and draws `docs/growth.svg`.
//!
//! Each figure is of a whole run of the program: processor time, the least of three. What a run costs
//! with the smallest size is what there is to do anyway; beyond it, twice as much of something may cost
//! twice as much, and not more.

use std::fs::{self, hard_link};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plotters::prelude::*;

mod ends;

use crate::bench::Options;
use crate::bench_runs::{forget_modules, kept};
use crate::kernels::{self, Kernel, output};
use crate::pairs::Clock;
use crate::tree::root;

/// Runs of which the cheapest counts.
const RUNS: usize = 3;
/// Most that the cost of one more may grow over the last step, as a share: what is within it is linear.
const LINEAR: f64 = 1.25;
/// `EFI_CERT_X509_GUID` and `EFI_CERT_SHA256_GUID` (UEFI 2.10, 32.4.1), as they lie in a list.
const X509: [u8; 16] = [
    0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72,
];
const SHA256: [u8; 16] = [
    0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28,
];
const VARIABLES: &str = "sys/firmware/efi/efivars";
const DBX: &str = "dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f";
const MOK: &str = "MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23";
/// What firmware shows with Secure Boot on, beside its lists.
const BOOTED: [(&str, u8); 2] = [
    ("SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", 1),
    ("SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c", 0),
];
/// The most certificates in a keyring, and the most entries of dbx.
const CERTIFICATES: usize = 10_000;
const ENTRIES: usize = 100_000;

/// One measured thing.
struct Series {
    title: &'static str,
    points: Vec<(f64, f64)>,
}

impl Series {
    /// What the last step adds for each more, over what all steps before it added.
    fn bend(&self) -> Option<f64> {
        let slope = |a: &(f64, f64), b: &(f64, f64)| (b.1 - a.1) / (b.0 - a.0);
        let [first, .., before, last] = self.points.as_slice() else { return None };
        Some(slope(before, last) / slope(first, before))
    }
}

type Steps<'a> = (&'static str, &'a [usize], &'a dyn Fn(usize) -> Result<Run, String>);

/// A run of the program: its arguments, and the exit codes that it may end with.
type Run = (Vec<String>, &'static [i32]);

/// Measures and draws; whether nothing grows faster than what it grows with.
///
/// # Errors
/// When a tree cannot be made, or the program does not run.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let program = options.program()?;
    let kernel = match &options.tree {
        Some(tree) => kernels::at(tree)?,
        None => kernels::fetch(say)?.stable,
    };
    let at = Folder { kernel: &kernel, home: kernels::home().with_file_name("bench-growth") };
    drop(fs::remove_dir_all(&at.home));
    fs::create_dir_all(&at.home).map_err(|e| e.to_string())?;
    let template = at.certificate()?;
    let few = 250;
    let all: [Steps<'_>; 5] = [
        ("modules", &[250, 500, 1000, 2000, 4000], &|n| at.modules("modules", n)),
        ("size of one module, MiB", &[1, 8, 32, 64, 96], &|n| at.large(n)),
        ("certificates in a keyring", &[10, 100, 1000, 3000, CERTIFICATES], &|n| {
            let run = at.with_firmware("certificates", few)?;
            at.variable("certificates", MOK, &list(&X509, &certificates(&template, n)))?;
            Ok(run)
        }),
        ("entries of dbx", &[400, 1000, 10_000, 30_000, ENTRIES], &|n| {
            let run = at.with_firmware("dbx", few)?;
            let digests = (0..n).map(|n| [[0x5a; 24].as_slice(), &n.to_be_bytes()].concat());
            at.variable("dbx", DBX, &list(&SHA256, &digests.collect::<Vec<_>>()))?;
            Ok(run)
        }),
        ("dependencies of one module", &[10, 100, 500, 1000, 2000], &|n| at.dependencies(n)),
    ];
    let mut measured = Vec::new();
    let mut good = true;
    for (title, sizes, prepare) in all {
        let mut points = Vec::new();
        for &size in sizes {
            let run = prepare(size)?;
            let mut least = f64::INFINITY;
            for _ in 0..RUNS {
                least = least.min(Clock::Processor.of(|| judged(&program, &run))?);
            }
            points.push((size as f64, least));
        }
        let series = Series { title, points };
        let bend = series.bend().unwrap_or(f64::NAN);
        // Where a step adds next to nothing, its slope is noise.
        let flat = series.points.last().is_some_and(|(_, cost)| *cost < 0.05);
        let linear = flat || bend <= LINEAR;
        good &= linear;
        let shown: Vec<String> =
            series.points.iter().map(|(n, cost)| format!("{n}: {cost:.3} s")).collect();
        say(&format!(
            "{title}: {}; one more costs {bend:.2} times what it did {}",
            shown.join(", "),
            if linear { "(linear or better)" } else { "MISSED" }
        ));
        measured.push(series);
    }
    let picture = root().join("docs/growth.svg");
    good &= ends::reached(&program, &at, say)?;
    draw(&picture, &measured).map_err(|e| format!("{}: {e}", picture.display()))?;
    say(&format!("wrote {}", picture.display()));
    Ok(good)
}

fn judged(program: &Path, (arguments, wanted): &Run) -> Result<(), String> {
    forget_modules()?;
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let ended = status.code().is_some_and(|code| wanted.contains(&code));
    ended
        .then_some(())
        .ok_or_else(|| format!("{} {}: {status}", program.display(), arguments.join(" ")))
}

/// Where trees are made.
struct Folder<'a> {
    kernel: &'a Kernel,
    home: PathBuf,
}

impl Folder<'_> {
    /// A root with the image, what the kernel was configured with, its list of built-in drivers, and of
    /// its modules `modules` alone.
    fn lay(&self, name: &str, modules: &[&PathBuf]) -> Result<PathBuf, String> {
        let into = self.home.join(name);
        drop(fs::remove_dir_all(&into));
        let release = &self.kernel.release;
        let beside = [
            format!("boot/vmlinuz-{release}"),
            format!("boot/config-{release}"),
            format!("lib/modules/{release}/modules.builtin"),
            format!("lib/modules/{release}/modules.builtin.modinfo"),
        ]
        .map(|path| self.kernel.root.join(path));
        let beside = beside.iter().filter(|path| path.is_file());
        for path in modules.iter().copied().chain(beside) {
            let below = path.strip_prefix(&self.kernel.root).map_err(|e| e.to_string())?;
            let to = into.join(below);
            let told = |e: std::io::Error| format!("{}: {e}", to.display());
            fs::create_dir_all(to.parent().ok_or("no folder")?).map_err(told)?;
            hard_link(path, &to).map_err(told)?;
        }
        Ok(into)
    }

    fn check(&self, root: &Path, what: &str, wanted: &'static [i32]) -> Run {
        let root = root.display().to_string();
        let kept = kept().display().to_string();
        let all = ["check", what, "--json", "--kernel", &self.kernel.release, "--root", &root];
        let more = ["--assume", "secure-boot=on", "--cache", &kept];
        (all.iter().chain(&more).map(|&argument| argument.to_owned()).collect(), wanted)
    }

    /// Every n-th module of the tree, `count` in all.
    fn modules(&self, name: &str, count: usize) -> Result<Run, String> {
        let all = &self.kernel.modules;
        let count = count.min(all.len());
        let some: Vec<&PathBuf> = (0..count).map(|n| &all[n * all.len() / count]).collect();
        // Those whose needs are not among them are refused.
        Ok(self.check(&self.lay(name, &some)?, "--all", &[0, 1]))
    }

    /// The same on a machine whose firmware and command line show all, so that its lists are read.
    fn with_firmware(&self, name: &str, count: usize) -> Result<Run, String> {
        let all = &self.kernel.modules;
        let some: Vec<&PathBuf> = (0..count).map(|n| &all[n * all.len() / count]).collect();
        let (mut run, wanted) = self.check(&self.firmware(name, &some)?, "--all", &[0, 1]);
        // What firmware shows is not assumed.
        run.retain(|argument| argument != "--assume" && argument != "secure-boot=on");
        Ok((run, wanted))
    }

    /// A root as [`Folder::lay`] makes it, with Secure Boot on in its firmware.
    fn firmware(&self, name: &str, modules: &[&PathBuf]) -> Result<PathBuf, String> {
        let root = self.lay(name, modules)?;
        for (variable, value) in BOOTED {
            self.variable(name, variable, &[value])?;
        }
        let line = root.join("proc/cmdline");
        fs::create_dir_all(root.join("proc")).map_err(|e| e.to_string())?;
        fs::write(line, "ro\n").map_err(|e| e.to_string())?;
        Ok(root)
    }

    /// One module with so many MiB behind it, which are part of no section.
    fn large(&self, mib: usize) -> Result<Run, String> {
        let told = |e: std::io::Error| e.to_string();
        let small =
            self.kernel.modules.iter().min_by_key(|p| fs::metadata(p).map_or(0, |m| m.len()));
        let mut bytes = fs::read(small.ok_or("no module")?).map_err(told)?;
        bytes.resize(bytes.len() + (mib << 20), 0x5a);
        let path = self.home.join("large.ko");
        fs::write(&path, bytes).map_err(told)?;
        let root = self.lay("large", &[])?;
        // What stands behind a signature makes it none: all is read and digested, and refused.
        Ok(self.check(&root, &path.display().to_string(), &[1]))
    }

    /// The first module of the tree, and an index that lets it depend on so many others.
    fn dependencies(&self, count: usize) -> Result<Run, String> {
        let some: Vec<&PathBuf> = self.kernel.modules.iter().take(count + 1).collect();
        let root = self.lay("dependencies", &some)?;
        let tree = self.kernel.root.join("lib/modules").join(&self.kernel.release);
        let below = |path: &PathBuf| {
            path.strip_prefix(&tree).map(|p| p.display().to_string()).map_err(|e| e.to_string())
        };
        let named: Result<Vec<String>, String> = some.into_iter().map(below).collect();
        let named = named?;
        let (first, rest) = named.split_first().ok_or("no module")?;
        let mut index = format!("{first}: {}\n", rest.join(" "));
        index.extend(rest.iter().map(|path| format!("{path}:\n")));
        let at = root.join("lib/modules").join(&self.kernel.release).join("modules.dep");
        fs::write(&at, index).map_err(|e| format!("{}: {e}", at.display()))?;
        let name = first.rsplit('/').next().unwrap_or(first);
        Ok(self.check(&root, name.split(".ko").next().unwrap_or(name), &[0, 1]))
    }

    fn variable(&self, root: &str, name: &str, value: &[u8]) -> Result<(), String> {
        let folder = self.home.join(root).join(VARIABLES);
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        // Attributes of a variable that lasts and is seen at run time, then its value (efivarfs).
        fs::write(folder.join(name), [&[7, 0, 0, 0], value].concat()).map_err(|e| e.to_string())
    }

    /// A certificate that somebody else issued, with `A`s for its serial number and `B`s for its key's
    /// identifier.
    fn certificate(&self) -> Result<Vec<u8>, String> {
        let identifier = ["42"; 20].join(":");
        let extension = format!("subjectKeyIdentifier={identifier}");
        let openssl = |arguments: &[&str]| {
            output(Command::new("openssl").args(arguments).current_dir(&self.home))
        };
        let key = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-x509"];
        let issuer = ["req", "-subj", "/CN=issuer", "-keyout", "ca.key", "-out", "ca.pem"];
        openssl(&[&issuer[..], &key].concat())?;
        let one = ["req", "-subj", "/CN=one of many", "-keyout", "key", "-outform", "DER"];
        let issued = ["-CA", "ca.pem", "-CAkey", "ca.key", "-out", "der", "-addext", &extension];
        let serial = ["-set_serial", "0x4141414141414141"];
        openssl(&[&one[..], &key, &issued, &serial].concat())?;
        fs::read(self.home.join("der")).map_err(|e| e.to_string())
    }
}

/// So many certificates, each with a serial number and a key identifier of its own.
fn certificates(template: &[u8], count: usize) -> Vec<Vec<u8>> {
    let place = |what: &[u8]| template.windows(what.len()).position(|w| w == what);
    let places = [place(b"AAAAAAAA"), place(&[b'B'; 20])];
    (0..count)
        .map(|n| {
            let mut der = template.to_vec();
            for at in places.into_iter().flatten() {
                der[at + 1..at + 5].copy_from_slice(&u32::try_from(n).unwrap_or(0).to_be_bytes());
            }
            der
        })
        .collect()
}

/// An `EFI_SIGNATURE_LIST` whose entries all have the same size (UEFI 2.10, 32.4.1).
fn list(kind: &[u8; 16], entries: &[Vec<u8>]) -> Vec<u8> {
    let size = 16 + entries.first().map_or(0, Vec::len);
    let word = |n: usize| u32::try_from(n).unwrap_or(0).to_le_bytes();
    let mut list =
        [kind.as_slice(), &word(28 + size * entries.len()), &word(0), &word(size)].concat();
    for entry in entries {
        list.extend([[0; 16].as_slice(), entry].concat());
    }
    list
}

/// One picture a series, each with the line that the first step and the last point would give.
fn draw(path: &Path, all: &[Series]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::new(path, (1000, 780)).into_drawing_area();
    area.fill(&WHITE)?;
    for (place, series) in area.split_evenly((3, 2)).iter().zip(all) {
        let most = |of: fn(&(f64, f64)) -> f64| series.points.iter().map(of).fold(0.0, f64::max);
        let (right, top) = (most(|p| p.0), most(|p| p.1));
        let mut chart = ChartBuilder::on(place)
            .caption(series.title, ("sans-serif", 16))
            .margin(12)
            .x_label_area_size(28)
            .y_label_area_size(48)
            .build_cartesian_2d(0.0..right * 1.05, 0.0..top * 1.15)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_labels(6)
            .y_labels(5)
            .y_desc("CPU seconds")
            .draw()?;
        let ends = [series.points.first(), series.points.last()];
        let straight = LineSeries::new(ends.into_iter().flatten().copied(), &BLACK.mix(0.3));
        chart.draw_series(straight)?;
        chart.draw_series(LineSeries::new(series.points.iter().copied(), &BLUE))?;
        let dots = series.points.iter().map(|&point| Circle::new(point, 3, BLUE.filled()));
        chart.draw_series(dots)?;
    }
    area.present()?;
    Ok(())
}

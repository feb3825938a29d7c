//! What DKMS and akmods built on a machine, opened and verified.
//!
//! Sources: DKMS 2.8, 3.0, 3.2 (`/var/lib/dkms/NAME/VERSION/KERNEL/ARCH/module`, `framework.conf`);
//! akmods (`/lib/modules/KERNEL/extra`, `/etc/pki/akmods`).

use std::collections::BTreeMap;

use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::item::{HostPath, Item};
use loadworthy_collect::sighting::{Kind, Outcome};
use loadworthy_core::fact::step::Step;
use loadworthy_core::keys::builds::{Builds, Built, Form, Setup, Worth};
use loadworthy_core::proof::{Rule, text};
use loadworthy_core::signature::{Examined, Stage, signer};
use loadworthy_formats::kernel::name;

use crate::host::{Host, OneKernel};
use crate::judging::{Asked, Wanted};
use crate::names::{Found, Names};
use crate::request::{Progress, Request, Trouble, Which};

static RULE: Rule = Rule { name: "builds/worth", source: "" };
/// Where DKMS keeps what it builds.
const TREE: &str = "var/lib/dkms";
/// Its configuration.
const FRAMEWORK: &str = "etc/dkms/framework.conf";
const FRAMEWORK_D: &str = "etc/dkms/framework.conf.d";
/// What tells that akmods is at work.
const AKMODS: &str = "etc/pki/akmods/certs/public_key.der";

/// Looks at everything that was built.
///
/// # Errors
/// When our own work cannot be done.
pub fn builds(request: &Request, progress: Progress<'_>) -> Result<Builds, Trouble> {
    let host = Host::of(request)?;
    builds_on(&host, request, progress)
}

/// The same on a machine that is open already.
///
/// # Errors
/// As [`builds`].
pub fn builds_on(
    host: &Host,
    request: &Request,
    progress: Progress<'_>,
) -> Result<Builds, Trouble> {
    let setup = setup(host);
    let found = registered(host);
    let mut built = Vec::new();
    let akmods = is_file(host, AKMODS);
    for kernel in host.kernels.installed.clone() {
        let release = kernel.release.clone();
        let one = Request { kernel: Which::Release(release.to_string()), ..request.clone() };
        let kernel = host.kernel(kernel, &one)?;
        let names = Names::of(&host.looking(), &kernel);
        let asked = Asked { host, kernel: &kernel, names: &names, request: &one, progress };
        for package in &found {
            // A build that failed leaves a folder with nothing but its log.
            match package.kernels.get(&*release).filter(|modules| !modules.is_empty()) {
                None => built.push(missing(package, &release)),
                Some(modules) => {
                    built.extend(modules.iter().map(|path| of_dkms(&asked, package, path)));
                }
            }
        }
        if akmods {
            built.extend(of_akmods(&asked));
        }
    }
    for package in &found {
        for (release, modules) in &package.kernels {
            if host.kernels.installed.iter().all(|kernel| *kernel.release != **release) {
                built.extend(modules.iter().map(|path| gone(package, release, path)));
            }
        }
    }
    host.sound()?;
    Ok(Builds { at: request.at.clone(), setup, built })
}

/// A package that DKMS builds, and what it built for which kernel.
struct Package {
    name: String,
    kernels: BTreeMap<String, Vec<HostPath>>,
}

fn entries(host: &Host, folder: &HostPath) -> Vec<(String, Kind)> {
    match host.looking().view.look(&Item::Entries(folder.clone()), 0) {
        (Outcome::Entries(names), _) => names
            .iter()
            .map(|entry| (String::from_utf8_lossy(&entry.name).into_owned(), entry.kind))
            .collect(),
        _ => Vec::new(),
    }
}

fn is_file(host: &Host, path: &str) -> bool {
    host.looking().view.metadata(&Item::file(path)).is_ok()
}

fn read(host: &Host, path: &str) -> Option<String> {
    let looking = host.looking();
    match looking.view.look(&Item::file(path), looking.limits.text_bytes) {
        (Outcome::Bytes { .. }, bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    }
}

fn registered(host: &Host) -> Vec<Package> {
    let tree = HostPath::new(TREE);
    let mut all = Vec::new();
    for (package, _) in entries(host, &tree).into_iter().filter(|(_, kind)| is_folder(*kind)) {
        let at = tree.join(&package);
        // `kernel-RELEASE-ARCH` are links to what is installed.
        for (version, _) in entries(host, &at).into_iter().filter(|(_, kind)| is_folder(*kind)) {
            let at = at.join(&version);
            let mut kernels = BTreeMap::new();
            for (release, kind) in entries(host, &at) {
                if !is_folder(kind) || matches!(release.as_str(), "build" | "source") {
                    continue;
                }
                let mut modules = Vec::new();
                for (arch, _) in entries(host, &at.join(&release)) {
                    let folder = at.join(&release).join(&arch).join("module");
                    for (file, _) in entries(host, &folder) {
                        if file.contains(".ko") {
                            modules.push(folder.join(&file));
                        }
                    }
                }
                kernels.insert(release, modules);
            }
            all.push(Package { name: format!("{package} {version}"), kernels });
        }
    }
    all
}

const fn is_folder(kind: Kind) -> bool {
    matches!(kind, Kind::Folder | Kind::Unknown)
}

fn row(by: &'static str, package: &str, kernel: &str, module: &str, worth: Worth) -> Built {
    Built {
        by,
        package: package.to_owned(),
        kernel: text(kernel),
        module: text(module),
        path: None,
        kept: None,
        worth,
        signer: None,
        outcome: "",
        because: None,
    }
}

fn missing(package: &Package, release: &str) -> Built {
    row("dkms", &package.name, release, "", Worth::NotBuilt)
}

fn gone(package: &Package, release: &str, path: &HostPath) -> Built {
    let shown = path.to_string();
    let mut row = row("dkms", &package.name, release, &name::of_path(&shown), Worth::KernelGone);
    row.path = Some(text(shown));
    row
}

fn of_dkms(asked: &Asked<'_>, package: &Package, path: &HostPath) -> Built {
    let shown = path.to_string();
    let module = name::of_path(&shown);
    // What modprobe takes counts, not what DKMS keeps.
    let installed = match asked.names.find(&module) {
        Found::Files(paths) => paths.into_iter().next(),
        Found::None(_) => None,
    };
    judged(asked, "dkms", &package.name, &module, installed.as_ref(), path)
}

fn of_akmods(asked: &Asked<'_>) -> Vec<Built> {
    let Ok(base) = &asked.kernel.tree.base else { return Vec::new() };
    let extra = base.join("extra");
    let mut built = Vec::new();
    for (package, _) in entries(asked.host, &extra) {
        for (file, _) in entries(asked.host, &extra.join(&package)) {
            if file.contains(".ko") {
                let path = extra.join(&package).join(&file);
                let module = name::of_path(&path.to_string());
                built.push(judged(asked, "akmods", &package, &module, Some(&path), &path));
            }
        }
    }
    built
}

fn judged(
    asked: &Asked<'_>,
    by: &'static str,
    package: &str,
    module: &str,
    installed: Option<&HostPath>,
    kept: &HostPath,
) -> Built {
    let OneKernel { kernel, policy, .. } = asked.kernel;
    let path = installed.unwrap_or(kept);
    let mut row = row(by, package, &kernel.release, module, Worth::Unknown);
    row.path = Some(text(path.to_string()));
    row.kept = Some(text(kept.to_string()));
    let facts = module::gather(&asked.host.looking(), path, &mut Scratch::default());
    let examined = Examined::of(&facts, policy);
    let mut step = Step::of(&RULE);
    row.because = Some(examined.outcome.proof());
    row.signer = signer(&facts).as_deref().map(str::to_owned);
    row.worth = match (step.consult(&examined.trailer), step.consult(&examined.verified)) {
        (Ok(Stage::NotReached), _) => Worth::Unsigned,
        (Ok(Stage::Failed(_)), _) => Worth::Broken,
        (_, Ok(Stage::Passed(voucher))) => {
            row.signer = Some(voucher.key.to_string());
            Worth::Trusted
        }
        (_, Ok(Stage::Failed(failure))) if failure.code.id == "LW1004" => Worth::KeyNotEnrolled,
        (_, Ok(Stage::Failed(_) | Stage::NotReached)) => Worth::Broken,
        _ => Worth::Unknown,
    };
    let Some(installed) = installed else {
        if row.worth == Worth::Trusted {
            row.worth = Worth::NotInstalled;
        }
        return row;
    };
    let wanted = [Wanted { path: installed.clone(), required_by: Vec::new() }];
    let paths = asked.names.closure(std::slice::from_ref(installed));
    let answers = asked.judge_tree(&wanted, &paths, &mut Vec::new());
    if let Some(answer) = answers.first() {
        row.outcome = answer.judgement.verdict.name();
    }
    row
}

/// How DKMS is set up to sign: the files that it sources, in its own order; nothing is executed.
#[must_use]
pub fn setup(host: &Host) -> Setup {
    let Some(main) = read(host, FRAMEWORK) else { return Setup::default() };
    let folder = HostPath::new(FRAMEWORK_D);
    let is_there = matches!(
        host.looking().view.look(&Item::Entries(folder.clone()), 0),
        (Outcome::Entries(_), _)
    );
    // Each version explains its own variables in the file that it ships.
    let old = main.contains("sign_tool") && !is_there && !main.contains("mok_signing_key");
    let form = if old { Form::SignTool } else { Form::SignFile };
    let mut texts = vec![main];
    if form == Form::SignFile {
        let mut names: Vec<String> =
            entries(host, &folder).into_iter().map(|(name, _)| name).collect();
        names.sort();
        let confs = names.iter().filter(|name| name.ends_with(".conf"));
        texts.extend(confs.filter_map(|name| read(host, &format!("{FRAMEWORK_D}/{name}"))));
    }
    let assigned = |wanted: &str| {
        let lines = texts.iter().flat_map(|text| text.lines());
        let mut values = lines.filter_map(|line| {
            let (key, value) = line.trim().split_once('=')?;
            (key == wanted).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
        });
        values.next_back().filter(|value| !value.is_empty())
    };
    let tool = if old { assigned("sign_tool") } else { assigned("sign_file") };
    Setup {
        form: Some(form),
        tool,
        key: assigned("mok_signing_key"),
        certificate: assigned("mok_certificate"),
    }
}

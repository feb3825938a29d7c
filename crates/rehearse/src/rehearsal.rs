//! The rehearsal: foretell, start, compare.

use crate::boot_files::{self, Loaders};
use crate::cargo::{self, Cargo};
use crate::equipment::{self, Equipment};
use crate::lines;
use crate::machine::{self, Booted, Machine};
use crate::runner::{Call, Heard, Load, PROGRAM, initramfs};
use crate::variables::{self, Memory};
use loadworthy_assess::check::check_on;
use loadworthy_assess::host::{Host, OneKernel};
use loadworthy_assess::names::Names;
use loadworthy_assess::request::{Request, Subjects, Trouble as Assess, Which};
use loadworthy_collect::gather::certificate::named;
use loadworthy_collect::gather::inventory;
use loadworthy_collect::item::{HostPath, Item};
use loadworthy_core::answer::{Answered, Answers, Kind};
use loadworthy_core::fact::step::Step;
use loadworthy_core::proof::Rule;
use loadworthy_core::rehearsed::{self, OnTrial, Outcome, Rehearsed, Seen};
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::kernel::name;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::mok::Request as Mok;
use loadworthy_formats::uefi::signature_list;
use loadworthy_formats::uefi::signature_type::Type;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// How the machine is made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A folder with OVMF.
    pub firmware: Option<PathBuf>,
    /// The longest it may take.
    pub patience: Option<Duration>,
}

/// Why there was no rehearsal.
#[derive(Debug)]
pub enum Trouble {
    /// The question could not be put.
    Assess(Assess),
    /// The machine could not be made: a sentence.
    Machine(String),
}

impl From<Assess> for Trouble {
    fn from(trouble: Assess) -> Self {
        Self::Assess(trouble)
    }
}

impl From<String> for Trouble {
    fn from(sentence: String) -> Self {
        Self::Machine(sentence)
    }
}

/// A start takes so long at most, and so much more for each module.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(240), Duration::from_millis(500));
/// Memory of the machine, in MiB, beside what it carries three times over.
const MEMORY: usize = 1024;
/// What a FAT disk made of a folder holds at most, in bytes.
const DISK: usize = 500 << 20;
/// What the start of a driver answers where there is nothing to drive. The loader itself never does:
/// `EIO`, `ENXIO`, `EBUSY`, `ENODEV`, `ENOSYS`, `EOPNOTSUPP`, `ETIMEDOUT`, and the kernel's own `ENOTSUPP`.
const OWN_START: [i32; 8] = [5, 6, 16, 19, 38, 95, 110, 524];

static RULE: Rule = Rule { name: "rehearse/look", source: "" };

/// Rehearses one kernel of a host.
///
/// # Errors
/// When it cannot be foretold, or the machine cannot be made.
pub fn rehearse(host: &Host, request: &Request, options: &Options) -> Result<Rehearsed, Trouble> {
    if PROGRAM.is_empty() {
        return Err("this build rehearses x86-64 Linux hosts on x86-64 Linux only"
            .to_owned()
            .into());
    }
    let equipment = equipment::find(options.firmware.as_deref())?;
    let kernel = match host.asked(&request.kernel)?.as_slice() {
        [one] => host.kernel(one.clone(), request)?,
        _ => return Err("--kernel all: a machine starts one kernel".to_owned().into()),
    };
    let asked = check_on(host, request, &|_, _| ())?;
    let names = Names::of(&host.looking(), &kernel);
    // Kernels to fall back to are judged too; the machine starts this one.
    let own = format!("lib/modules/{}/", kernel.kernel.release);
    let wanted: Vec<HostPath> = asked
        .answers
        .iter()
        .filter(|a| a.subject.kind == Kind::LinuxModule)
        .filter_map(|a| a.subject.path.as_deref())
        .filter(|path| path.contains(&own))
        .map(HostPath::new)
        .collect();
    let order = names.load_order(&wanted);
    let foretold = foretold(host, request, &kernel, &asked, &order)?;
    let plan = Plan { host, kernel: &kernel, names: &names, order: &order, foretold: &foretold };
    let staged = Staged::new(&plan, request, &equipment)?;
    let patience = PATIENCE.0 + PATIENCE.1 * u32::try_from(order.len()).unwrap_or(u32::MAX);
    let folder = tempfile::tempdir().map_err(|e| format!("a folder for the machine: {e}"))?;
    let patience = options.patience.unwrap_or(patience);
    let booted = machine::boot(folder.path(), &staged.machine, patience)?;
    let waiting = waiting(host);
    Ok(staged.compared((asked, waiting), &plan, &equipment, &booted))
}

/// Requests that MokManager would ask somebody about.
fn waiting(host: &Host) -> Vec<String> {
    let looking = host.looking();
    let pending = inventory::gather(&looking).pending;
    let pending = Step::of(&RULE).consult(&pending).cloned().unwrap_or_default();
    let mut said = Vec::new();
    // Shim takes up its own level without asking.
    for request in pending.iter().filter(|name| Mok::named(name) != Some(Mok::SbatPolicy)) {
        let item = Item::Variable { name: request.to_string(), vendor: Guid::SHIM_LOCK };
        let (_, bytes) = looking.view.look(&item, looking.limits.text_bytes);
        let lists = signature_list::read(bytes.get(4..).unwrap_or_default(), looking.limits).value;
        let names: Vec<String> =
            lists.data(Type::X509).map(|der| format!("\"{}\"", named(der).name)).collect();
        said.push(match names.as_slice() {
            [] => format!("{request} waits for somebody at MokManager, who has ten seconds"),
            names => format!(
                "{request} waits for somebody at MokManager, who has ten seconds: {}; rehearsed as when \
                 nobody answers, --assume enroll=FILE rehearses with a certificate enrolled",
                names.join(", ")
            ),
        });
    }
    said
}

/// What is foretold of each module in `order`, by path: what was asked about, and what that needs.
fn foretold(
    host: &Host,
    request: &Request,
    kernel: &OneKernel,
    asked: &Answers,
    order: &[HostPath],
) -> Result<BTreeMap<String, Answered>, Assess> {
    let by_path = |a: Answered| Some((a.subject.path.as_deref()?.to_owned(), a));
    let mut all: BTreeMap<_, _> = asked.answers.iter().cloned().filter_map(by_path).collect();
    let rest = order.iter().map(ToString::to_string).filter(|path| !all.contains_key(path));
    let named: Vec<String> = rest.map(|path| name::of_path(&path)).collect();
    if !named.is_empty() {
        let kernel = Which::Release(kernel.kernel.release.to_string());
        let request = Request { kernel, subjects: Subjects::Named(named), ..request.clone() };
        all.extend(check_on(host, &request, &|_, _| ())?.answers.into_iter().filter_map(by_path));
    }
    Ok(all)
}

/// What is rehearsed.
struct Plan<'a> {
    host: &'a Host,
    kernel: &'a OneKernel,
    names: &'a Names,
    order: &'a [HostPath],
    foretold: &'a BTreeMap<String, Answered>,
}

/// A machine, ready to start.
struct Staged {
    machine: Machine,
    memory: Memory,
    loaders: Option<Loaders>,
    carried: BTreeSet<String>,
    left_out: Vec<String>,
    command_line: String,
}

impl Staged {
    fn new(plan: &Plan<'_>, request: &Request, equipment: &Equipment) -> Result<Self, String> {
        let Plan { host, kernel, names, order, foretold } = *plan;
        let looking = host.looking();
        let release = &kernel.kernel.release;
        let mut left_out = Vec::new();
        let known = |fact| Step::of(&RULE).consult(fact).ok().copied();
        let secure_boot = known(&kernel.policy.secure_boot).unwrap_or_else(|| {
            left_out.push("Secure Boot: not known here, off in the machine".to_owned());
            false
        });
        let image = boot_files::kernel(&looking, release)
            .ok_or_else(|| format!("boot/vmlinuz-{release}: cannot be read"))?;
        let line = kernel.facts.cmdline.fact(|line| (line.clone(), String::new()));
        let line = Step::of(&RULE).consult(&line).ok().cloned();
        if line.is_none() {
            left_out.push("command line: not known here".to_owned());
        }
        let mut command_line = boot_files::command_line(line.as_deref());
        for (key, value) in &request.assume {
            match (key.as_str(), value.as_str()) {
                ("lockdown", level) => command_line += &format!(" lockdown={level}"),
                ("sig-enforce", "on" | "yes" | "true" | "1") => {
                    command_line += " module.sig_enforce=1";
                }
                _ => {}
            }
        }
        let template = fs::read(&equipment.variables)
            .map_err(|e| format!("{}: {e}", equipment.variables.display()))?;
        let memory = variables::memory(&looking, &template, secure_boot, &request.assume)?;
        if memory.taken.is_empty() {
            left_out.push("firmware variables: not seen here, the firmware's own keys".to_owned());
        }
        let loaders = boot_files::loaders(&looking);
        if loaders.is_none() {
            left_out
                .push("shim and GRUB: no signed ones here, the firmware starts the kernel".into());
        }
        let cargo = Cargo::of(&looking, order);
        let stays = |path: &HostPath| foretold.get(&path.to_string()).is_some_and(handed_over);
        let paths: Vec<(&HostPath, String)> =
            order.iter().filter(|path| stays(path)).map(|path| (path, path.to_string())).collect();
        let loads: Vec<Load<'_>> = paths
            .iter()
            .filter_map(|(path, name)| {
                Some(Load { name, bytes: cargo.get(path)?, call: Call::File, stays: true })
            })
            .collect();
        let carried = loads.iter().map(|load| load.name.to_owned()).collect();
        let initramfs = initramfs(&loads, &cargo::autoload(&looking, names));
        if initramfs.len() + image.bytes.len() > DISK {
            let size = cargo.size() >> 20;
            return Err(format!("{size} MiB of modules are too much for the machine: name fewer"));
        }
        let mut machine = Machine {
            code: equipment.code.clone(),
            store: memory.store.clone(),
            memory: MEMORY + 3 * (initramfs.len() >> 20),
            disk: BTreeMap::new(),
            direct: None,
        };
        let mut put =
            |path: &str, bytes: &[u8]| machine.disk.insert(path.to_owned(), bytes.to_vec());
        put("vmlinuz", &image.bytes);
        put("initrd.img", &initramfs);
        match &loaders {
            Some(Loaders { shim, grub, folders }) => {
                put("EFI/BOOT/BOOTX64.EFI", &shim.bytes);
                put("EFI/BOOT/grubx64.efi", &grub.bytes);
                for folder in folders {
                    put(
                        &format!("EFI/{folder}/grub.cfg"),
                        boot_files::menu(&command_line).as_bytes(),
                    );
                }
            }
            None => machine.direct = Some(command_line.clone()),
        }
        Ok(Self { machine, memory, loaders, carried, left_out, command_line })
    }

    fn compared(
        &self,
        (asked, waiting): (Answers, Vec<String>),
        plan: &Plan<'_>,
        equipment: &Equipment,
        booted: &Booted,
    ) -> Rehearsed {
        let Plan { order, foretold, .. } = *plan;
        let required: BTreeMap<&str, &[String]> = asked
            .answers
            .iter()
            .filter_map(|a| Some((a.subject.path.as_deref()?, a.subject.required_by.as_slice())))
            .collect();
        let log = &plan.host.tables.log;
        let mut printed = BTreeSet::new();
        let mut modules = Vec::new();
        for path in order.iter().map(ToString::to_string) {
            let Some(answered) = foretold.get(&path) else { continue };
            let heard = booted.heard.iter().find(|h| h.case == path);
            let by = required.get(path.as_str()).copied().unwrap_or_default();
            let mut module = on_trial(path, answered, heard, by);
            if let (Some(heard), Some(agrees)) = (heard, module.agrees) {
                let lines = &answered.judgement.says.lines;
                module.lines_differ = lines::differing(lines, &heard.log, log, &mut printed);
                module.agrees = Some(agrees && module.lines_differ.is_empty());
            }
            modules.push(module);
        }
        let loaders = self.loaders.iter().flat_map(|l| [&l.shim.path, &l.grub.path]);
        Rehearsed {
            at: asked.at,
            host: asked.host,
            machine: rehearsed::Machine {
                firmware: equipment.code.display().to_string(),
                accelerator: booted.accelerator,
                seconds: booted.took.as_secs(),
                loaders: loaders.cloned().collect(),
                started: booted.started,
                console: if booted.started { Vec::new() } else { booted.console.clone() },
                seen: self.seen(booted),
                waiting,
                left_out: self.left_out.iter().cloned().chain(self.unread(order)).collect(),
            },
            modules,
        }
    }

    /// Modules whose bytes could not be had.
    fn unread(&self, order: &[HostPath]) -> Option<String> {
        let missing = order.iter().filter(|p| !self.carried.contains(&p.to_string())).count();
        (missing > 0).then(|| format!("{missing} modules: not handed over"))
    }

    /// What the kernel in the machine showed, held against what it was started with.
    fn seen(&self, booted: &Booted) -> Vec<Seen> {
        let mut seen = Vec::new();
        for (item, bytes) in &booted.facts {
            let table = item.strip_prefix("/sys/firmware/efi/mok-variables/");
            let host = table.and_then(|name| self.memory.taken.iter().find(|(n, _)| *n == name));
            let (said, same) = match table {
                Some(_) => (format!("{} bytes", bytes.len()), host.map(|(_, had)| had == bytes)),
                None => {
                    let text = String::from_utf8_lossy(bytes).trim().to_owned();
                    let line = item == "/proc/cmdline";
                    let same = line.then(|| text.ends_with(&self.command_line));
                    (text, same)
                }
            };
            seen.push(Seen { item: item.clone(), said, same });
        }
        seen
    }
}

/// Whether a module reaches the kernel at all: modprobe is not asked where what it depends on fails or
/// another command runs in its place.
fn handed_over(answered: &Answered) -> bool {
    match &answered.judgement.verdict {
        Verdict::Refused(_) => answered.judgement.says.errno.is_some(),
        Verdict::Loads | Verdict::LoadsTainted | Verdict::Unknown(_) => true,
    }
}

fn on_trial(
    path: String,
    answered: &Answered,
    heard: Option<&Heard>,
    required_by: &[String],
) -> OnTrial {
    let judgement = &answered.judgement;
    let says = &judgement.says;
    let taint: String = says.taint.iter().map(|letter| letter.name()).collect();
    let foretold = Outcome {
        word: judgement.verdict.name(),
        errno: says.errno.map(|e| e.name().to_owned()),
        taint: taint.clone(),
        log: says.lines.iter().map(|line| line.text.clone()).collect(),
    };
    let lets_in = matches!(judgement.verdict, Verdict::Loads | Verdict::LoadsTainted);
    let own_start = lets_in && heard.and_then(|h| h.errno).is_some_and(|e| OWN_START.contains(&e));
    let observed = heard.map(|heard| {
        let marked: BTreeSet<char> = heard.mod_taint.chars().filter(|c| *c != ' ').collect();
        Outcome {
            word: match heard.errno {
                Some(_) => "refused",
                None if marked.is_empty() => "loads",
                None => "loads-tainted",
            },
            errno: heard.errno.map(error),
            taint: marked.into_iter().collect(),
            log: heard.log.clone(),
        }
    });
    let agrees = match (&judgement.verdict, heard, &observed) {
        (Verdict::Unknown(_), _, _) | (_, None, _) | (_, _, None) => None,
        (Verdict::Refused(_), Some(heard), _) => {
            Some(says.errno.is_some_and(|e| heard.errno == Some(e.number())))
        }
        (_, Some(heard), Some(observed)) => {
            Some(own_start || (heard.errno.is_none() && sorted(&observed.taint) == sorted(&taint)))
        }
    };
    let required_by = required_by.to_vec();
    let name = answered.subject.name.clone();
    let lines_differ = Vec::new();
    OnTrial { name, path, required_by, foretold, observed, own_start, lines_differ, agrees }
}

fn sorted(letters: &str) -> BTreeSet<char> {
    letters.chars().collect()
}

/// The name of an error number, or the number (`include/uapi/asm-generic/errno*.h`).
fn error(number: i32) -> String {
    let known = loadworthy_core::errno::Errno::ALL.iter().find(|e| e.number() == number);
    known.map_or_else(|| format!("error {number}"), |e| e.name().to_owned())
}

//! `loadworthy gate`: the door of a host.

use crate::args::Output;
use crate::args::gate::{Accept, Gate, Install, Moment, Override, Run, Status, Uninstall, Verb};
use crate::exit;
use crate::request::{Surroundings, at};
use crate::trouble::{Trouble, written};
use loadworthy_gate::breakglass::{self, Standing, Wish};
use loadworthy_gate::ground::Ground;
use loadworthy_gate::install::{self, Became, Choice, Line};
use loadworthy_gate::ledger::{Entry, Event, Ledger};
use loadworthy_gate::look::{Question, digest_of};
use loadworthy_gate::places;
use loadworthy_gate::run::{self, Adapter, Ask, Ran};
use loadworthy_gate::{status, words};
use serde::Serialize;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

mod confirm;
mod trial;
mod told;

/// The program, where hooks of an image will find it.
const PROGRAM: &str = "/usr/bin/loadworthy";
/// Bytes of apt's list that are read: thousands of packages.
const LIST: u64 = 4 << 20;

pub(crate) fn run(
    gate: &Gate,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    match &gate.verb {
        Verb::Run(args) => judge(args, around, out, err),
        Verb::Install(args) => install(args, around, out),
        Verb::Uninstall(args) => uninstall(args, out),
        Verb::Status(args) => show(args, around, out),
        Verb::Override(args) => open(args, around, out, err),
        Verb::Accept(args) => accept(args, around, out),
        Verb::Confirm(args) => confirm::run(args, around, out),
        Verb::Trial(args) => trial::run(args, around, out),
    }
}

fn judge(
    args: &Run,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    let adapter = adapter(args);
    let ask = match ask(args, adapter, around) {
        Ok(ask) => ask,
        Err(said) => return Err(Trouble::Usage(said)),
    };
    // Nothing arrives with apt that could be judged: no package of a kernel or of modules.
    if adapter == Adapter::Apt && ask.question.with.is_empty() {
        return Ok(exit::LOADS);
    }
    match run::run(&ask) {
        Ok(Ran { document, code, said }) => {
            written(if args.output.is_json() {
                told::json(&document, out)
            } else {
                out.write_all(said.as_bytes())
            })?;
            Ok(code)
        }
        Err(trouble) if adapter == Adapter::Plain => Err(trouble.into()),
        // Whoever asks by a contract gets a code of that contract, and the reason beside it.
        Err(trouble) => {
            let line = Trouble::from(trouble).line().unwrap_or_default();
            let said = words::paragraph(&format!("loadworthy: {line}"));
            written(if adapter == Adapter::Nagios {
                out.write_all(said.as_bytes())
            } else {
                err.write_all(said.as_bytes())
            })?;
            Ok(adapter.failed())
        }
    }
}

fn adapter(args: &Run) -> Adapter {
    match args.hook {
        Some(Moment::KernelInstalled) => Adapter::Hook(run::Moment::KernelInstalled),
        Some(Moment::KernelRemoved) => Adapter::Hook(run::Moment::KernelRemoved),
        Some(Moment::Boot) => Adapter::Hook(run::Moment::Boot),
        Some(_) => Adapter::Hook(run::Moment::Other),
        None if args.kernel_install => Adapter::KernelInstall,
        None if args.apt => Adapter::Apt,
        None if args.kured => Adapter::Kured,
        None if args.molly_guard => Adapter::MollyGuard,
        None if args.nagios => Adapter::Nagios,
        None if args.fleet_lock => Adapter::FleetLock,
        None => Adapter::Plain,
    }
}

fn ask(args: &Run, adapter: Adapter, around: &Surroundings) -> Result<Ask, String> {
    let given = |n: usize| args.given.get(n).filter(|word| !word.is_empty()).cloned();
    let (kernel, image) = match adapter {
        // VERSION IMAGE
        Adapter::Hook(run::Moment::KernelInstalled) => (given(0), given(1)),
        // add VERSION FOLDER IMAGE
        Adapter::KernelInstall => (given(1), given(3)),
        _ => (None, None),
    };
    let mut with = args.with.clone();
    if adapter == Adapter::Apt {
        with.extend(arriving());
    }
    let question = Question {
        root: args.root.clone(),
        with,
        assume: args.assume.clone(),
        manifest: args.manifest.clone(),
        at: at(args.at.as_deref(), around)?,
        cache: None,
        jobs: args.jobs.map_or(around.processors, usize::from),
    };
    // What is only supposed is never acted upon.
    let supposed = !question.with.is_empty() || !question.assume.is_empty();
    Ok(Ask {
        act: (args.root.is_none() || args.act) && !args.dry_run && !supposed,
        fresh: args.no_cache || is_transaction(args),
        question,
        kernel: args.kernel.clone().or(kernel),
        image,
        adapter,
    })
}

/// Whether files have just changed: then every byte is read again.
fn is_transaction(args: &Run) -> bool {
    args.kernel_install
        || args.hook.is_some_and(|moment| !matches!(moment, Moment::Boot | Moment::Timer))
}

/// Packages that bring kernels or modules, as apt lists them on standard input: one file a line.
fn arriving() -> Vec<PathBuf> {
    let mut list = String::new();
    if io::stdin().take(LIST).read_to_string(&mut list).is_err() {
        return Vec::new();
    }
    let brings = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let kernel = name.starts_with("linux-image-") || name.starts_with("linux-modules-");
        (kernel || name.contains("-modules-") || name.contains("-dkms_")) && name.ends_with(".deb")
    };
    list.lines().filter(brings).map(PathBuf::from).filter(|path| path.is_file()).collect()
}

fn ground(root: Option<&Path>) -> Result<Ground, Trouble> {
    let path = root.unwrap_or(Path::new("/")).to_owned();
    Ground::open(root).map_err(|error| Trouble::File(path, error))
}

/// Held while the host is changed.
fn locked(ground: &Ground) -> Result<loadworthy_gate::ground::Lock, Trouble> {
    ground
        .make_folder(places::RUN)
        .and_then(|_| ground.lock(places::LOCK))
        .map_err(|error| Trouble::File(Path::new("/").join(places::LOCK), error))
}

#[derive(Serialize)]
struct Installed<'a> {
    schema: &'static str,
    files: &'a [Line],
}

fn install(args: &Install, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Trouble> {
    let ground = ground(args.root.as_deref())?;
    let own = std::env::current_exe().ok().and_then(|path| path.to_str().map(str::to_owned));
    let own = own.filter(|_| args.root.is_none()).unwrap_or_else(|| PROGRAM.to_owned());
    let program = args.program.clone().unwrap_or(own);
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c);
    if !program.starts_with('/') || !program.chars().all(plain) {
        let said =
            format!("--program {program}: a path from the root, of letters, digits and /._+-");
        return Err(Trouble::Usage(said));
    }
    let choice = Choice {
        only: args.only.clone(),
        without: args.without.clone(),
        program,
        dry: args.dry_run,
    };
    install::known(&choice).map_err(Trouble::Usage)?;
    let at = at(None, around).map_err(Trouble::Usage)?;
    let lines = install::install(&ground, &choice, &at)
        .map_err(|error| Trouble::File(Path::new("/").join(places::STATE), error))?;
    report(&lines, args.output.is_json(), args.dry_run, "loadworthy/gate-install/v1", out)?;
    let bad = |line: &Line| matches!(line.became, Became::Failed | Became::Foreign);
    Ok(if lines.iter().any(bad) { exit::FAILED } else { exit::LOADS })
}

fn uninstall(args: &Uninstall, out: &mut dyn Write) -> Result<u8, Trouble> {
    let ground = ground(args.root.as_deref())?;
    let lines = install::uninstall(&ground, args.purge, args.dry_run)
        .map_err(|error| Trouble::File(Path::new("/").join(places::STATE), error))?;
    report(&lines, args.output.is_json(), args.dry_run, "loadworthy/gate-uninstall/v1", out)?;
    Ok(exit::LOADS)
}

fn report(
    lines: &[Line],
    json: bool,
    dry: bool,
    schema: &'static str,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    written(if json {
        told::json(&Installed { schema, files: lines }, out)
    } else {
        told::lines(lines, dry, out)
    })
}

fn show(args: &Status, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Trouble> {
    let ground = ground(args.root.as_deref())?;
    let at = at(args.at.as_deref(), around).map_err(Trouble::Usage)?;
    let status = status::status(&ground, &at, args.noted.as_deref());
    written(if args.output.is_json() {
        told::json(&status, out)
    } else {
        told::status(&status, out)
    })?;
    let whole = status.ledger.sound
        && status.ledger.holds != Some(false)
        && status.files.iter().all(|file| file.is == Became::Kept);
    Ok(if args.verify && !whole { exit::REFUSED } else { exit::LOADS })
}

#[derive(Serialize)]
struct Overridden<'a> {
    schema: &'static str,
    #[serde(rename = "override")]
    opened: &'a breakglass::Opened,
    closed: bool,
    hooks: Vec<String>,
}

fn open(
    args: &Override,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    let ground = ground(args.root.as_deref())?;
    let at = at(args.at.as_deref(), around).map_err(Trouble::Usage)?;
    // The host as it stands says how long an override may last, and whether one may be closed.
    let ask = Ask {
        question: Question::plain(args.root.clone(), at.clone(), around.processors),
        kernel: None,
        image: None,
        adapter: Adapter::Plain,
        act: false,
        fresh: true,
    };
    let (opened, closed, hooks) = if let Some(id) = args.close {
        let opened = close(&ground, &ask, id, err)?;
        match opened {
            Some((opened, hooks)) => (opened, true, hooks),
            None => return Ok(exit::REFUSED),
        }
    } else {
        let lasts = args.lasts.as_deref().unwrap_or_default();
        let wish = Wish {
            owner: args.owner.clone().unwrap_or_default(),
            reason: args.reason.clone().unwrap_or_default(),
            lasts: loadworthy_formats::manifest::duration(lasts).ok_or_else(|| {
                Trouble::Usage(format!("--for {lasts}: not a time: write 30m, 4h or 2d"))
            })?,
            ticket: args.ticket.clone(),
        };
        let longest = run::longest_override(&ask);
        let _lock = locked(&ground)?;
        let mut ledger = Ledger::of(&ground);
        let opened =
            breakglass::open(&ground, &mut ledger, &wish, longest, &at).map_err(Trouble::Usage)?;
        let hooks = breakglass::tell(&ground, "open", &opened);
        (opened, false, hooks)
    };
    // The rungs follow at once: what was held back is let go, or held again.
    let after = run::run(&Ask { act: true, ..ask });
    if let Err(trouble) = &after {
        written(writeln!(err, "loadworthy: gate: {trouble}"))?;
    }
    let document =
        Overridden { schema: "loadworthy/gate-override/v1", opened: &opened, closed, hooks };
    written(if args.output.is_json() {
        told::json(&document, out)
    } else {
        told::overridden(&opened, closed, &document.hooks, out)
    })?;
    Ok(exit::LOADS)
}

/// Closes an override once the drivers that are required load and what the platform demands is what
/// it demanded before.
fn close(
    ground: &Ground,
    ask: &Ask,
    id: u64,
    err: &mut dyn Write,
) -> Result<Option<(breakglass::Opened, Vec<String>)>, Trouble> {
    let Ran { document, .. } = run::run(ask)?;
    let _lock = locked(ground)?;
    let mut ledger = Ledger::of(ground);
    let at = &ask.question.at;
    let (Standing::Open(opened) | Standing::Expired(opened)) = breakglass::standing(&ledger, at)
    else {
        return Err(Trouble::Usage(format!("--close {id}: no override is open")));
    };
    if opened.id != id {
        let said = format!("--close {id}: the override that is open is {}", opened.id);
        return Err(Trouble::Usage(said));
    }
    let mut open: Vec<String> = Vec::new();
    for kernel in document.kernels.iter().filter(|k| k.next && !k.worth.is_good()) {
        open.push(format!("kernel {}: {}", kernel.worth.kernel, words::why(&kernel.worth)));
    }
    open.extend(
        run::weaker(ask, ground).into_iter().map(|name| format!("{name} is weaker than before")),
    );
    if !open.is_empty() {
        let said = format!(
            "loadworthy: gate: override {id} stays open until {}: {}",
            opened.until,
            open.join("; ")
        );
        written(err.write_all(words::paragraph(&said).as_bytes()))?;
        return Ok(None);
    }
    breakglass::end(ground, &mut ledger, &opened, Event::OverrideClosed, at)
        .map_err(Trouble::Usage)?;
    let hooks = breakglass::tell(ground, "close", &opened);
    Ok(Some((opened, hooks)))
}

#[derive(Serialize)]
struct AcceptedManifest<'a> {
    schema: &'static str,
    owner: &'a str,
    files: &'a [String],
    sha256: &'a str,
}

fn accept(args: &Accept, around: &Surroundings, out: &mut dyn Write) -> Result<u8, Trouble> {
    let ground = ground(args.root.as_deref())?;
    let at = at(args.at.as_deref(), around).map_err(Trouble::Usage)?;
    let host = loadworthy_assess::host::Host::open(&args.root.clone().map_or(
        loadworthy_assess::request::Source::Live,
        loadworthy_assess::request::Source::Root,
    ))?;
    let found = loadworthy_assess::preflight::seen::manifest_of(&host, None)?;
    let Some(sha256) = digest_of(&found.manifest) else {
        let said = "there is no manifest: loadworthy collect --manifest -o /etc/loadworthy/manifest.toml drafts one";
        return Err(Trouble::Usage(said.to_owned()));
    };
    let _lock = locked(&ground)?;
    let entry = Entry {
        owner: Some(args.owner.clone()),
        reason: args.reason.clone(),
        sha256: Some(sha256.clone()),
        ..Entry::new(Event::ManifestAccepted)
    };
    let ledger = |error| Trouble::File(Path::new("/").join(places::LEDGER), error);
    Ledger::of(&ground).append(&ground, entry, &at).map_err(ledger)?;
    // What the platform demands from here on is measured anew.
    ground.remove(places::DEMANDS).map_err(ledger)?;
    let document = AcceptedManifest {
        schema: "loadworthy/gate-accept/v1",
        owner: &args.owner,
        files: &found.files,
        sha256: &sha256,
    };
    written(if args.output.is_json() {
        told::json(&document, out)
    } else {
        writeln!(out, "accepted  {} (sha256 {sha256})", found.files.join(", "))
    })?;
    Ok(exit::LOADS)
}

/// Whether JSON is wanted, for verbs that are told in a line.
pub(super) fn is_json(output: &Output) -> bool {
    output.is_json()
}

//! Arguments in, an exit code out.
//!
//! Only this file reads clock and environment, and only it ends the program.

use crate::args::{CheckFormat, Cli, Command};
use crate::request::Surroundings;
use crate::trouble::{Trouble, written};
use clap::{CommandFactory, Parser};
use loadworthy_core::tables::Tables;
use loadworthy_report::json::schema;
use loadworthy_report::nagios::{self, State};
use loadworthy_report::style::Style;
use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use time::{OffsetDateTime, UtcOffset};

mod args;
mod example;
mod request;
mod exit;
mod trouble;
mod commands;

fn main() -> ExitCode {
    // Scripts ask for the version alone at every start; that needs no description of all arguments.
    let alone = std::env::args_os().skip(1).eq(["--version"]);
    if alone && written(version(&mut io::stdout().lock())).is_ok() {
        return ExitCode::from(exit::LOADS);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(shown) => {
            // Help that was asked for is a result; a usage error is not.
            let _ = shown.print();
            return ExitCode::from(if shown.use_stderr() { exit::FAILED } else { exit::LOADS });
        }
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = io::stderr().lock();
    let done = run(&cli, &surroundings(), &mut out, &mut err)
        .and_then(|code| written(out.flush()).map(|()| code));
    match done {
        Ok(code) => code,
        Err(trouble) if monitored(&cli) => {
            // A plug-in's own failure is a state of its own, told where results are read.
            let _ = nagios::failed(&trouble.line().unwrap_or_default(), &mut out);
            let _ = out.flush();
            ExitCode::from(State::Unknown as u8)
        }
        Err(trouble) => {
            if let Some(line) = trouble.line() {
                let _ = writeln!(err, "loadworthy: {}{line}", what(&cli));
            }
            ExitCode::from(trouble.code())
        }
    }
}

fn version(out: &mut dyn Write) -> io::Result<()> {
    let (version, knowledge) = (env!("CARGO_PKG_VERSION"), Tables::KNOWLEDGE);
    writeln!(out, "loadworthy {version} (knowledge {knowledge})")
}

fn run(
    cli: &Cli,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<ExitCode, Trouble> {
    let Some(command) = &cli.command else {
        if cli.version {
            written(version(out))?;
            return Ok(ExitCode::from(exit::LOADS));
        }
        written(write!(err, "{}", Cli::command().render_help()))?;
        return Ok(ExitCode::from(exit::FAILED));
    };
    let code = match command {
        Command::Catalog(args) => commands::catalog::run(args, around, out)?,
        Command::Package(args) => commands::package::run(args, around, out)?,
        Command::Check(args) => commands::check::run(args, around, out, err)?,
        Command::Policy(args) => commands::policy::run(args, around, out)?,
        Command::Config(args) => commands::config::run(args, around, out)?,
        Command::Collect(args) => commands::collect::run(args, around, out, err)?,
        Command::Diagnose(args) => commands::diagnose::run(args, around, out)?,
        Command::Diff(args) => commands::diff::run(args, around, out)?,
        Command::Explain(args) => commands::explain::run(args, around, out)?,
        Command::Inspect(args) if args.brief => {
            return Ok(commands::brief::run(&args.files, out, err)?);
        }
        Command::Inspect(args) if args.needs => {
            return Ok(commands::needs::run(&args.files, out, err)?);
        }
        Command::Inspect(args) => {
            #[cfg(feature = "sign")]
            let open = commands::inspect::opener(args, around)?;
            #[cfg(not(feature = "sign"))]
            let open = |_: &[u8], _: &mut loadworthy_report::inspect::Pkcs12| {};
            return Ok(commands::inspect::run(
                &args.files,
                args.output.is_json(),
                &open,
                out,
                err,
            )?);
        }
        Command::Rehearse(args) => commands::rehearse::run(args, around, out)?,
        Command::Key(args) => commands::key::run(args, around, out, err)?,
        Command::Dkms(args) => commands::dkms::run(args, around, out, err)?,
        #[cfg(feature = "sign")]
        Command::Sign(args) => commands::sign::run(args, around, out, err)?,
        #[cfg(target_os = "linux")]
        Command::Gate(args) => commands::gate::run(args, around, out, err)?,
        Command::Schema(args) => {
            let text = schema::of(&args.command).unwrap_or_default();
            written(out.write_all(text.as_bytes()))?;
            exit::LOADS
        }
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "loadworthy", &mut script);
            written(out.write_all(&script))?;
            exit::LOADS
        }
    };
    Ok(ExitCode::from(code))
}

/// Whether a monitoring system asks.
fn monitored(cli: &Cli) -> bool {
    matches!(&cli.command, Some(Command::Check(args)) if args.output.wanted() == CheckFormat::Nagios)
}

/// The command, for messages.
fn what(cli: &Cli) -> &'static str {
    match cli.command {
        Some(Command::Catalog(_)) => "catalog: ",
        Some(Command::Package(_)) => "package: ",
        Some(Command::Check(_)) => "check: ",
        Some(Command::Policy(_)) => "policy: ",
        Some(Command::Config(_)) => "config: ",
        Some(Command::Collect(_)) => "collect: ",
        Some(Command::Diagnose(_)) => "diagnose: ",
        Some(Command::Diff(_)) => "diff: ",
        Some(Command::Explain(_)) => "explain: ",
        Some(Command::Inspect(_)) => "inspect: ",
        Some(Command::Rehearse(_)) => "rehearse: ",
        Some(Command::Key(_)) => "key: ",
        Some(Command::Dkms(_)) => "dkms: ",
        #[cfg(feature = "sign")]
        Some(Command::Sign(_)) => "sign: ",
        #[cfg(target_os = "linux")]
        Some(Command::Gate(_)) => "gate: ",
        Some(Command::Schema(_) | Command::Completions(_)) | None => "",
    }
}

fn surroundings() -> Surroundings {
    let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    let said = |name: &str| var(name).and_then(|v: OsString| v.into_string().ok());
    let terminal = io::stdout().is_terminal();
    let dumb = said("TERM").is_some_and(|t| t == "dumb");
    let locale = said("LC_ALL").or_else(|| said("LC_CTYPE")).or_else(|| said("LANG"));
    let locale = locale.unwrap_or_default().to_ascii_uppercase();
    let columns = said("COLUMNS").and_then(|c| c.parse().ok()).filter(|c| (40..=200).contains(c));
    #[cfg(feature = "sign")]
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| said(name));
    Surroundings {
        #[cfg(feature = "sign")]
        user: user.unwrap_or_else(number),
        #[cfg(feature = "sign")]
        state: var("XDG_STATE_HOME").map(std::path::PathBuf::from).or_else(|| {
            var("HOME").map(|home| std::path::PathBuf::from(home).join(".local/state"))
        }),
        variable: |name| std::env::var_os(name).map(OsString::into_encoded_bytes),
        #[cfg(feature = "sign")]
        clock,
        offset,
        now: said("SOURCE_DATE_EPOCH").and_then(|s| s.parse().ok()).unwrap_or_else(clock),
        style: Style {
            colour: terminal && !dumb && var("NO_COLOR").is_none(),
            unicode: locale.contains("UTF-8") || locale.contains("UTF8"),
            width: columns.unwrap_or(80),
        },
        watched: io::stderr().is_terminal() && !dumb,
        processors: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Who runs this where no variable says so, as below a build or a timer: the number of the user.
#[cfg(feature = "sign")]
fn number() -> String {
    #[cfg(target_os = "linux")]
    if let Ok(own) = std::fs::metadata("/proc/self") {
        return format!("uid {}", std::os::unix::fs::MetadataExt::uid(&own));
    }
    String::new()
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the clock")]
fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

fn offset(at: u64) -> Option<i32> {
    let moment = OffsetDateTime::from_unix_timestamp(i64::try_from(at).ok()?).ok()?;
    UtcOffset::local_offset_at(moment).ok().map(UtcOffset::whole_seconds)
}

//! `loadworthy key enroll`: asks MokManager for a key, or writes it into a store.

use crate::args;
use crate::commands::told::depth;
use crate::exit;
use crate::request::{Surroundings, request};
use crate::trouble::{Trouble, written};
use loadworthy_assess::assumptions::{bytes, certificate_der};
use loadworthy_assess::clock::seconds;
use loadworthy_assess::enrolment::{self, RECORD};
use loadworthy_assess::request::Subjects;
use loadworthy_core::keys::described::Described;
use loadworthy_core::keys::enrolment::{Done, Enrolment, Obstacle, Seen, State};
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_report::enrolment as page;
use loadworthy_report::json::enrolment as json;
use loadworthy_trust::password::Password;
use loadworthy_trust::request::{ATTRIBUTES, AUTH, NEW, Request};
use loadworthy_trust::variables::Variables;
use loadworthy_trust::{record, store};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

pub(crate) fn run(
    args: &args::KeyEnroll,
    around: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<u8, Trouble> {
    let named = args.certificate.display().to_string();
    let der = bytes(&named)
        .and_then(|bytes| certificate_der(&bytes))
        .map_err(|problem| Trouble::Usage(format!("{named}: {problem}")))?;
    let certificate =
        Described::of(&der).map_err(|problem| Trouble::Usage(format!("{named}: {problem}")))?;
    let request = request(&args.source, Subjects::Used, around).map_err(Trouble::Usage)?;
    let at = seconds(&request.at).and_then(|at| i64::try_from(at).ok()).unwrap_or_default();
    // A store alone is nobody's machine.
    let of_host = args.store.is_none() || args.source.root.is_some();
    let seen = of_host.then(|| enrolment::look(&request, &certificate, at)).transpose()?;
    let done = Done::Nothing;
    let mut enrolment =
        Enrolment { at: request.at.clone(), certificate, seen, room: (None, 0), done };
    if let Some(file) = &args.store {
        into_store(args, around, file, &mut enrolment)?;
    } else if args.firmware {
        into_firmware(args, around, &mut enrolment, err)?;
    }
    written(if args.output.is_json() {
        json::v1(&enrolment, out)
    } else {
        page::text(&enrolment, depth(args.proof), &around.style, out)
    })?;
    if enrolment.done == Done::Nothing && !args.status && !args.output.is_json() {
        hint(&enrolment, out)?;
    }
    Ok(code(args, &enrolment))
}

/// What would write it, where nothing was.
fn hint(enrolment: &Enrolment, out: &mut dyn Write) -> Result<(), Trouble> {
    let state = enrolment.seen.as_ref().map(|seen| seen.state);
    if !matches!(state, Some(State::Trusted | State::Requested)) {
        written(writeln!(
            out,
            "  nothing was written: --firmware asks MokManager for it at the next boot, \
             --store FILE writes a file"
        ))?;
    }
    Ok(())
}

fn code(args: &args::KeyEnroll, enrolment: &Enrolment) -> u8 {
    let Some(seen) = &enrolment.seen else { return exit::LOADS };
    if enrolment.done != Done::Nothing {
        return exit::LOADS;
    }
    match seen.state {
        State::Trusted => exit::LOADS,
        State::Requested if !args.status => exit::LOADS,
        State::Lost | State::WithoutEffect => exit::REFUSED,
        _ if !seen.obstacles.is_empty() && (args.firmware || args.store.is_some()) => exit::REFUSED,
        State::Requested | State::Withdrawn | State::NotRequested | State::Unknown => exit::UNKNOWN,
    }
}

fn into_store(
    args: &args::KeyEnroll,
    around: &Surroundings,
    file: &Path,
    enrolment: &mut Enrolment,
) -> Result<(), Trouble> {
    if !args.force && enrolment.seen.as_ref().is_some_and(not_verified) {
        return Ok(());
    }
    let mut opened = store::open(file).map_err(Trouble::Usage)?;
    let to = args.out.as_deref().unwrap_or(file);
    let shown = to.display().to_string();
    let told = |problem: String| Trouble::Usage(format!("{shown}: {problem}"));
    if args.request {
        let (password, secret) = password(args, around)?;
        let before = opened.get(NEW, Guid::SHIM_LOCK).unwrap_or_default().to_vec();
        let request = Request::of(&enrolment.certificate.der, &before, &password).map_err(told)?;
        store::request(&mut opened, &request).map_err(told)?;
        enrolment.room.1 = request.needs();
        enrolment.done = Done::Request { to: shown.clone(), password: secret, keys: request.keys };
    } else {
        store::enrol(&mut opened, &enrolment.certificate.der).map_err(told)?;
        enrolment.done = Done::Enrolled { to: shown.clone() };
    }
    store::write(opened, to).map_err(Trouble::Usage)
}

fn not_verified(seen: &Seen) -> bool {
    seen.obstacles.contains(&Obstacle::NotVerified)
}

fn into_firmware(
    args: &args::KeyEnroll,
    around: &Surroundings,
    enrolment: &mut Enrolment,
    err: &mut dyn Write,
) -> Result<(), Trouble> {
    let Some(seen) = &mut enrolment.seen else { return Ok(()) };
    if matches!(seen.state, State::Trusted | State::Requested) {
        return Ok(());
    }
    let root = args.source.root.clone().unwrap_or_else(|| PathBuf::from("/"));
    let variables =
        Variables::below(&root).map_err(|e| Trouble::File(root.join("sys/firmware/efi"), e))?;
    let (password, secret) = password(args, around)?;
    if password.hangs_on_layout() {
        let _ = writeln!(
            err,
            "loadworthy: key: MokManager knows the keyboard of the United States only: \
             type the password as if it were one"
        );
    }
    let request = Request::of(&enrolment.certificate.der, &seen.request, &password)
        .map_err(Trouble::Usage)?;
    enrolment.room = (variables.free(), request.needs());
    if !request.fits(enrolment.room.0) {
        seen.obstacles.push(Obstacle::NoRoom);
    }
    // What the firmware has no room for is not forced upon it.
    let full = seen.obstacles.contains(&Obstacle::NoRoom);
    if full || (!seen.obstacles.is_empty() && !args.force) {
        return Ok(());
    }
    let at = |name: &str| variables.folder().join(name);
    let put = |name: &str, data: &[u8]| {
        variables
            .write(name, Guid::SHIM_LOCK, ATTRIBUTES, data)
            .map_err(|e| Trouble::File(at(name), e))
    };
    put(NEW, &request.new)?;
    if let Err(trouble) = put(AUTH, &request.auth) {
        // A request without its password could only be declined.
        let _ = match seen.request.as_slice() {
            [] => variables.remove(NEW, Guid::SHIM_LOCK),
            before => variables.write(NEW, Guid::SHIM_LOCK, ATTRIBUTES, before),
        };
        return Err(trouble);
    }
    let key = &enrolment.certificate;
    let file = root.join(RECORD);
    if let Err(e) = record::append(&file, &enrolment.at, &seen.boot, &key.sha256, &key.name) {
        let _ = writeln!(
            err,
            "loadworthy: key: {}: {e}: it cannot be told later whether the request was lost",
            file.display()
        );
    }
    let to = variables.folder().display().to_string();
    enrolment.done = Done::Request { to, password: secret, keys: request.keys };
    Ok(())
}

/// The password, and whether to show it: one that was made here nobody else knows.
fn password(
    args: &args::KeyEnroll,
    around: &Surroundings,
) -> Result<(Password, Option<String>), Trouble> {
    let chosen = if let Some(path) = &args.password_file {
        let bytes = std::fs::read(path).map_err(|e| Trouble::File(path.clone(), e))?;
        Some(String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned())
    } else if let Some(name) = &args.password_env {
        let missing = || Trouble::Usage(format!("the variable {name} is not set"));
        let bytes = (around.variable)(name).ok_or_else(missing)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    } else if args.password_ask {
        if !io::stdin().is_terminal() {
            let hint = "--password-ask: there is no terminal; give --password-file FILE";
            return Err(Trouble::Usage(hint.to_owned()));
        }
        let ask = |prompt: &str| rpassword::prompt_password(prompt).map_err(Trouble::Write);
        let first = ask("Password for MokManager: ")?;
        if ask("The same again: ")? != first {
            return Err(Trouble::Usage("the two passwords differ".to_owned()));
        }
        Some(first)
    } else {
        None
    };
    match chosen {
        Some(text) => Ok((Password::chosen(&text).map_err(Trouble::Usage)?, None)),
        None => {
            let made = Password::made().map_err(Trouble::Usage)?;
            let shown = made.text().to_owned();
            Ok((made, Some(shown)))
        }
    }
}

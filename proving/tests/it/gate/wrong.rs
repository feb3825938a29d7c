//! The gate where its ground gives way: nothing is written, the ledger is spoilt, the clock lies, several
//! ask at once, the manifest has unknown keys, the server of the fleet says no.

use super::{armed, is};
use crate::skipped;
use libtest_mimic::Trial;
use loadworthy_proving::program;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn() -> Result<(), String>| {
        Trial::test(format!("gate: {name}"), move || Ok(test()?))
    };
    vec![
        trial("with /var read-only nothing is changed, and that is told", read_only),
        trial("with a full disk nothing is changed, and that is told", full),
        trial("a ledger that was written into opens nothing", spoilt),
        trial("a clock that is set back neither prolongs nor believes", set_back),
        trial("two package managers at once", at_once),
        trial("a manifest with unknown keys fails safe for each asker", unknown_keys),
        trial("the server of the fleet grants and denies", fleet),
    ]
}

/// The hook of a kernel's package, with another file system in place of the state folder.
fn on(options: &str, then: &str) -> Result<(), String> {
    if skipped::tool("unshare").is_none() {
        return Ok(());
    }
    let (tried, release) = armed()?;
    let root = tried.root();
    let state = root.join("var/lib/loadworthy");
    fs::create_dir_all(&state).map_err(|e| e.to_string())?;
    let before = fs::read(root.join("boot/grub/grubenv")).map_err(|e| e.to_string())?;
    let then = then.replace("STATE", &state.to_string_lossy());
    let script = format!(
        "mount -t tmpfs -o {options} tmpfs {0} || exit 99; {then} \
         exec {1} gate run --root {2} --act --at 2026-11-21 --hook kernel-installed -- {release}",
        state.display(),
        program::path()?.display(),
        root.display()
    );
    let done = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .current_dir(&state)
        .output()
        .map_err(|e| e.to_string())?;
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    if done.status.code() == Some(99) || said.contains("unshare failed") {
        skipped::told("mounts of one's own (unshare --user --mount)");
        return Ok(());
    }
    if done.status.code() != Some(0) {
        return Err(format!("the package manager is told {:?}: {said}", done.status));
    }
    // Without the way back written down the default is left alone, and everybody is told to wait.
    if fs::read(root.join("boot/grub/grubenv")).map_err(|e| e.to_string())? != before {
        return Err("the default was changed, and nothing says how to take it back".to_owned());
    }
    let verdict = tried.verdict()?;
    is(&verdict, "/blocked", &true.into())?;
    is(&verdict, "/outcome", &"refused".into())?;
    let told = said.contains("cannot be written") && root.join("run/loadworthy/block").exists();
    if told { Ok(()) } else { Err(format!("it is not told: {said}")) }
}

fn read_only() -> Result<(), String> {
    on("ro", "")
}

fn full() -> Result<(), String> {
    on("size=4k", "cat /dev/zero > STATE/filled 2>/dev/null;")
}

fn spoilt() -> Result<(), String> {
    let (tried, _) = armed()?;
    tried.must("override --owner lab --reason x --for 4h --at 2026-11-21", 0)?;
    tried.replace(
        "var/lib/loadworthy/ledger",
        "\"until\":\"2026-11-21",
        "\"until\":\"2036-11-21",
    )?;
    let said = tried.must("run --act --at 2026-11-21T01:00:00Z", 0)?;
    if !said.contains("LW7006") {
        return Err(format!("LW7006 is not told: {said}"));
    }
    // The override that was prolonged holds no more: the older kernel is the default.
    is(&tried.verdict()?, "/override", &Value::Null)?;
    is(&tried.verdict()?, "/next", &"5.10.0-9-amd64".into())?;
    // What was spoilt is put aside and named; the ledger goes on.
    tried.must("status --verify --at 2026-11-21T02:00:00Z", 0)?;
    let kept = fs::read_dir(tried.root().join("var/lib/loadworthy")).map_err(|e| e.to_string())?;
    match kept.flatten().any(|e| e.file_name().to_string_lossy().starts_with("ledger.broken-")) {
        true => Ok(()),
        false => Err("the spoilt ledger is gone".to_owned()),
    }
}

fn set_back() -> Result<(), String> {
    let (tried, _) = armed()?;
    tried.must("run --act --at 2026-11-21", 0)?;
    // What was judged later than now is judged again; who is held back since tomorrow is so for no day.
    tried.must("run --act --at 2020-01-01", 0)?;
    is(&tried.verdict()?, "/evidence/how", &"read".into())?;
    is(&tried.verdict()?, "/next", &"5.10.0-9-amd64".into())?;
    let days = tried.verdict()?["kernels"].clone();
    let days = days.as_array().into_iter().flatten().find_map(|k| k["held_days"].as_u64());
    if days != Some(0) {
        return Err(format!("held back for {days:?} days"));
    }
    tried.must("override --owner lab --reason x --for 1h --at 2020-01-01", 0)?;
    let status = tried.must("status --json --at 2026-11-21T02:00:00Z", 0)?;
    let status: Value = serde_json::from_str(&status).map_err(|e| e.to_string())?;
    is(&status, "/override", &Value::Null)
}

fn at_once() -> Result<(), String> {
    let (tried, release) = armed()?;
    let root = tried.root().to_string_lossy().into_owned();
    let moments = ["kernel-installed", "transaction", "built", "initramfs"];
    let mut running = Vec::new();
    for _ in 0..2 {
        for moment in moments {
            let program = program::path()?;
            let mut command = Command::new(program);
            command.args(["gate", "run", "--root", &root, "--act", "--at", "2026-11-21"]);
            command.args(["--hook", moment, "--", &release]);
            let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            running.push(child.map_err(|e| e.to_string())?);
        }
    }
    for mut child in running {
        let code = child.wait().map_err(|e| e.to_string())?.code();
        if code != Some(0) {
            return Err(format!("a hook answers {code:?}"));
        }
    }
    is(&tried.verdict()?, "/next", &"5.10.0-9-amd64".into())?;
    tried.must("status --verify --at 2026-11-21", 0)?;
    let ledger = fs::read_to_string(tried.root().join("var/lib/loadworthy/ledger"));
    let held = ledger.map_err(|e| e.to_string())?.matches("\"event\":\"held\"").count();
    if held == 1 { Ok(()) } else { Err(format!("{held} entries say that it is held back")) }
}

fn unknown_keys() -> Result<(), String> {
    let (tried, release) = armed()?;
    tried.put("etc/loadworthy/manifest.toml", "[gate]\nenfroce = \"gate\"\n")?;
    let before = tried.picture();
    for (words, code) in [
        ("run --act".to_owned(), 2),
        (format!("run --act --hook kernel-installed -- {release}"), 0),
        (format!("run --act --kernel-install -- add {release} /x /boot/vmlinuz"), 0),
        ("run --act --kured".to_owned(), 1),
        ("run --act --fleet-lock".to_owned(), 1),
        ("run --act --molly-guard".to_owned(), 0),
        ("run --act --nagios".to_owned(), 3),
    ] {
        let said = tried.must(&words, code)?;
        if !said.contains("enfroce") || !said.contains("did you mean `enforce`") {
            return Err(format!("{words} does not say which key: {said}"));
        }
    }
    // Our own folders may be made; everything else is as it was.
    let after = tried.picture();
    let changed = before.iter().find(|(path, held)| after.get(*path) != Some(*held));
    match changed.filter(|(path, _)| !path.contains("loadworthy/")) {
        None => Ok(()),
        Some((path, _)) => Err(format!("{path} was changed")),
    }
}

/// Answers so many requests in turn; what was asked, each as its first line and its body.
fn server(
    answers: &'static [(u16, &'static str)],
) -> Result<(String, thread::JoinHandle<Vec<String>>), String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let heard = thread::spawn(move || {
        let mut heard = Vec::new();
        for (code, body) in answers {
            let Ok((mut stream, _)) = listener.accept() else { break };
            let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
            while !bytes.ends_with(b"}}") {
                match stream.read(&mut part) {
                    Ok(n) if n > 0 => bytes.extend_from_slice(&part[..n]),
                    _ => break,
                }
            }
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {code} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            drop(stream.write_all(answer.as_bytes()));
            heard.push(String::from_utf8_lossy(&bytes).to_ascii_lowercase());
        }
        heard
    });
    Ok((format!("http://{address}"), heard))
}

/// The protocol's words: FleetLock protocol, `client_params`, `kind`, `value`.
fn fleet() -> Result<(), String> {
    let (base, heard) = server(&[
        (409, r#"{"kind":"failed_lock_semaphore_full","value":"semaphore currently full"}"#),
        (200, "{}"),
        (200, "{}"),
    ])?;
    let (tried, release) = armed()?;
    tried.put("etc/machine-id", "0123456789abcdef0123456789abcdef\n")?;
    let gate = format!("[gate]\nfleet-lock = \"{base}\"\nfleet-lock-group = \"web\"\n");
    tried.replace("etc/loadworthy/manifest.toml", "[gate]\n", &gate)?;
    // The older kernel is the default: a reboot is safe, and the server decides.
    tried.must(&format!("run --act --at 2026-11-21 --hook kernel-installed -- {release}"), 0)?;
    let said = tried.must("run --act --fleet-lock --at 2026-11-21T01:00:00Z", 1)?;
    if !said.contains("semaphore currently full") || !said.contains("failed_lock_semaphore_full") {
        return Err(format!("the reason is not told: {said}"));
    }
    tried.must("run --act --fleet-lock --at 2026-11-21T01:00:00Z", 0)?;
    tried.must("run --act --hook boot --at 2026-11-21T01:00:00Z", 0)?;
    let heard = heard.join().map_err(|_| "the server fell over")?;
    for (request, verb) in heard.iter().zip(["pre-reboot", "pre-reboot", "steady-state"]) {
        let first = format!("post /v1/{verb} http/1.1");
        let header = request.contains("fleet-lock-protocol: true");
        let group = request.contains(r#""group":"web"}}"#);
        if !request.starts_with(&first) || !header || !group || request.contains("0123456789abcdef")
        {
            return Err(format!("asked otherwise: {request}"));
        }
    }
    // A host that must not reboot takes nobody's turn; nobody answers here any more.
    tried.replace("etc/loadworthy/manifest.toml", "module = \"demo\"", "module = \"nosuch\"")?;
    let said = tried.must("run --act --fleet-lock --no-cache --at 2026-11-21T02:00:00Z", 1)?;
    match heard.len() == 3 && said.contains("nosuch") {
        true => Ok(()),
        false => Err(format!("{heard:?}: {said}")),
    }
}

//! The first and only program of the machine under test: hands every case to the kernel and tells
//! what it said, a line of JSON each, on the second serial port.
//!
//! Built by `rustc` alone, statically linked. Called as `/sbin/modprobe` by the kernel, it loads
//! the files that `/autoload` lists for an alias.

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_ulong, c_void};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const INIT_MODULE: c_long = 175;
const DELETE_MODULE: c_long = 176;
const FINIT_MODULE: c_long = 313;
const O_NONBLOCK: c_int = 0o4000;
const POWER_OFF: c_int = 0x4321_fedc;

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn mount(
        what: *const c_char,
        at: *const c_char,
        kind: *const c_char,
        flags: c_ulong,
        data: *const c_void,
    ) -> c_int;
    fn reboot(how: c_int) -> c_int;
    fn sync();
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.first().is_some_and(|name| name.ends_with("modprobe")) {
        return modprobe(arguments.last().map_or("", String::as_str));
    }
    for (kind, at) in [
        (c"proc", c"/proc"),
        (c"sysfs", c"/sys"),
        (c"devtmpfs", c"/dev"),
        (c"securityfs", c"/sys/kernel/security"),
        (c"efivarfs", c"/sys/firmware/efi/efivars"),
    ] {
        attach(kind, at);
    }
    if let Err(e) = work() {
        let mut console = OpenOptions::new().write(true).open("/dev/console").ok();
        console.as_mut().map(|c| writeln!(c, "runner: {e}"));
    }
    // SAFETY: neither call takes a pointer.
    unsafe {
        sync();
        reboot(POWER_OFF);
    }
}

fn attach(kind: &CStr, at: &CStr) {
    drop(fs::create_dir_all(at.to_str().unwrap_or("/")));
    // SAFETY: the strings end in NUL and outlive the call; no data is passed.
    unsafe {
        mount(kind.as_ptr(), at.as_ptr(), kind.as_ptr(), 0, std::ptr::null());
    }
}

/// What the kernel calls to fetch an algorithm. `-` and `_` are one letter, as to kmod.
fn modprobe(alias: &str) {
    let alias = alias.replace('-', "_");
    let listed = fs::read_to_string("/autoload").unwrap_or_default();
    for line in listed.lines() {
        let mut words = line.split(' ');
        if words.next().is_some_and(|listed| listed.replace('-', "_") == alias) {
            for file in words {
                let _ = load(&format!("/autoload.d/{file}"), true, 0);
            }
        }
    }
}

/// The system call; the number of the error where it refused.
fn load(path: &str, by_descriptor: bool, flags: c_int) -> Result<(), i32> {
    let mut file = File::open(path).map_err(|e| e.raw_os_error().unwrap_or(0))?;
    let parameters = c"".as_ptr();
    // SAFETY: descriptor, buffer and string live until the call is back.
    let back = unsafe {
        if by_descriptor {
            syscall(FINIT_MODULE, file.as_raw_fd(), parameters, flags)
        } else {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(|e| e.raw_os_error().unwrap_or(0))?;
            syscall(INIT_MODULE, bytes.as_ptr(), bytes.len(), parameters)
        }
    };
    if back == 0 { Ok(()) } else { Err(io::Error::last_os_error().raw_os_error().unwrap_or(0)) }
}

fn work() -> io::Result<()> {
    let mut out = OpenOptions::new().write(true).open("/dev/ttyS1")?;
    let mut log = OpenOptions::new();
    let mut log = log.read(true).write(true).custom_flags(O_NONBLOCK).open("/dev/kmsg")?;
    drop(fs::write("/proc/sys/kernel/printk_devkmsg", "on\n"));
    let facts = fs::read_to_string("/facts").unwrap_or_default();
    for path in facts.lines() {
        tell(&mut out, Path::new(path))?;
    }
    lines(&mut log);
    writeln!(out, "{{\"begin\":true}}")?;
    let cases = fs::read_to_string("/cases/list")?;
    for line in cases.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let &[name, file, call, flags, after] = words.as_slice() else { continue };
        let before = number("/proc/sys/kernel/tainted");
        lines(&mut log);
        let mut path = format!("/cases/{file}");
        if call == "elsewhere" {
            attach(c"tmpfs", c"/elsewhere");
            fs::copy(&path, "/elsewhere/case.ko")?;
            "/elsewhere/case.ko".clone_into(&mut path);
        }
        let back = load(&path, call != "init", flags.parse().unwrap_or_default());
        let said = lines(&mut log);
        let module = if back.is_ok() { newest() } else { String::new() };
        let taint = if back.is_ok() {
            text(&format!("/sys/module/{module}/taint"))
        } else {
            String::new()
        };
        let mut row = format!("{{\"case\":{},\"errno\":", quoted(name));
        row += &back.err().map_or("null".to_owned(), |e| e.to_string());
        let _ = write!(row, ",\"mod_taint\":{},\"tainted\":", quoted(&taint));
        let _ = write!(row, "[{},{}]", before, number("/proc/sys/kernel/tainted"));
        let (levels, texts): (Vec<_>, Vec<_>) = said.into_iter().unzip();
        let _ = write!(row, ",\"log\":[{}],\"level\":[{}]", texts.join(","), levels.join(","));
        if back.is_ok() && after == "leaves" {
            let _ = write!(row, ",\"removed\":{}", remove(&module));
            lines(&mut log);
        }
        writeln!(out, "{row}}}")?;
    }
    writeln!(out, "{{\"end\":true}}")
}

/// The module that was loaded last: the list begins with it.
fn newest() -> String {
    text("/proc/modules").split(' ').next().unwrap_or_default().to_owned()
}

fn remove(module: &str) -> bool {
    let Ok(name) = CString::new(module) else { return false };
    // SAFETY: the string ends in NUL and outlives the call.
    unsafe { syscall(DELETE_MODULE, name.as_ptr(), O_NONBLOCK) == 0 }
}

/// A file, or the files of a folder, in hexadecimal.
fn tell(out: &mut File, path: &Path) -> io::Result<()> {
    if path.is_dir() {
        let mut found: Vec<_> = fs::read_dir(path)?.flatten().map(|e| e.path()).collect();
        found.sort();
        return found.iter().try_for_each(|path| tell(out, path));
    }
    let Ok(bytes) = fs::read(path) else { return Ok(()) };
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    writeln!(out, "{{\"fact\":{},\"hex\":\"{hex}\"}}", quoted(&path.to_string_lossy()))
}

/// Everything the kernel printed since the last look: priority and quoted text.
fn lines(log: &mut File) -> Vec<(String, String)> {
    // A line that the kernel left open is shown once another one has begun.
    drop(log.write(b"end of what is asked for\n"));
    let mut found = Vec::new();
    let mut buffer = vec![0; 16384];
    loop {
        let record = match log.read(&mut buffer) {
            Ok(0) => return found,
            Ok(length) => String::from_utf8_lossy(&buffer[..length]).into_owned(),
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => continue,
            Err(_) => return found,
        };
        let Some((head, rest)) = record.split_once(';') else { continue };
        let priority: u32 = head.split(',').next().and_then(|p| p.parse().ok()).unwrap_or(7);
        let line = rest.lines().next().unwrap_or_default();
        // What programs write is not what the kernel says.
        if priority < 8 {
            found.push((priority.to_string(), quoted(line)));
        }
    }
}

fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn number(path: &str) -> u64 {
    text(path).parse().unwrap_or(0)
}

fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if u32::from(c) < 32 => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

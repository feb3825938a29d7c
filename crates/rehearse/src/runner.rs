//! The program that runs in the machine, what it is told and what it tells.

use crate::archive::newc;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The program, for x86-64; empty where this build has none.
pub static PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/init"));

/// What the running kernel is asked to show.
pub const FACTS: [&str; 8] = [
    "/proc/cmdline",
    "/sys/kernel/security/lockdown",
    "/sys/module/module/parameters/sig_enforce",
    "/sys/firmware/efi/mok-variables/SecureBoot",
    "/sys/firmware/efi/mok-variables/db",
    "/sys/firmware/efi/mok-variables/dbx",
    "/sys/firmware/efi/mok-variables/MokListRT",
    "/sys/firmware/efi/mok-variables/MokListXRT",
];

/// How a file is handed to the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Call {
    /// As a file of the first file system, `finit_module(2)`.
    #[default]
    File,
    /// As bytes, `init_module(2)`.
    Memory,
    /// As a file of another file system.
    Elsewhere,
}

/// A file that is handed to the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// How the answer is called.
    pub name: &'a str,
    /// The file.
    pub bytes: &'a [u8],
    /// How it is handed over.
    pub call: Call,
    /// Whether it stays loaded for what comes behind it.
    pub stays: bool,
}

/// What the kernel may fetch by itself: an alias and the files to load for it, in order.
pub type Autoload = (String, Vec<(String, Vec<u8>)>);

/// The kernel's answer to one file.
#[derive(Clone, Debug, Deserialize)]
pub struct Heard {
    /// How it is called.
    pub case: String,
    /// The number of the error.
    pub errno: Option<i32>,
    /// The letters on the module.
    pub mod_taint: String,
    /// The lines.
    pub log: Vec<String>,
}

/// A line that the program writes.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Row {
    /// An answer.
    Heard(Heard),
    /// What the running kernel shows of itself, in hexadecimal.
    Fact { fact: String, hex: String },
    /// It was reached.
    Begin { begin: bool },
    /// It came to the end of its list.
    End { end: bool },
}

/// The initramfs with the program and its work.
#[must_use]
pub fn initramfs(loads: &[Load<'_>], autoload: &[Autoload]) -> Vec<u8> {
    let mut files = BTreeMap::new();
    let mut put = |path: String, bytes: &[u8]| files.insert(path, bytes.to_vec());
    put("init".to_owned(), PROGRAM);
    put("sbin/modprobe".to_owned(), PROGRAM);
    put("facts".to_owned(), FACTS.join("\n").as_bytes());
    let mut aliases = String::new();
    for (alias, modules) in autoload {
        aliases += alias;
        for (name, bytes) in modules {
            aliases += &format!(" {name}");
            put(format!("autoload.d/{name}"), bytes);
        }
        aliases.push('\n');
    }
    put("autoload".to_owned(), aliases.as_bytes());
    let mut list = String::new();
    for (n, load) in loads.iter().enumerate() {
        put(format!("cases/{n}.ko"), load.bytes);
        let after = if load.stays { "stays" } else { "leaves" };
        let call = match load.call {
            Call::File => "finit",
            Call::Memory => "init",
            Call::Elsewhere => "elsewhere",
        };
        list += &format!("{}\t{n}.ko\t{call}\t0\t{after}\n", load.name);
    }
    put("cases/list".to_owned(), list.as_bytes());
    newc(&files)
}

//! What the commands of a script do to the menu.

use super::choices::Boot;
use super::conditions;
use super::import;
use super::menu::{Block, Pending, Run, Runs};
use super::options;
use super::script::Script;
use super::values::Filled;

/// Files whose absence was seen where no script of that name was given.
const LOOKED_FOR: [&str; 2] = ["custom.cfg", "user.cfg"];

impl<'s> Run<'s, '_> {
    pub(super) fn simple(&mut self, words: &[Filled], block: Option<&'s Script>) {
        let Some((name, rest)) = words.split_first() else { return };
        if let Some((variable, value)) = assignment(&name.text).filter(|_| rest.is_empty()) {
            self.variables.set(variable, name.known.then(|| value.to_owned()));
            self.status = Some(true);
            return;
        }
        let first = rest.first();
        self.status = match (name.text.as_str(), block) {
            ("menuentry", Some(body)) => self.entry(rest, body, false),
            ("submenu", Some(body)) => self.entry(rest, body, true),
            ("set", _) => self.set(rest),
            ("unset", _) => {
                rest.iter().for_each(|name| self.variables.unset(&name.text));
                Some(true)
            }
            ("export", _) => {
                rest.iter().for_each(|name| self.variables.export(&name.text));
                Some(true)
            }
            ("[", _) => self.test(rest.strip_suffix(&[closing()]).unwrap_or(rest)),
            ("test", _) => self.test(rest),
            ("true" | "echo" | "sleep", _) => Some(true),
            // Nobody holds a key when a machine starts by itself.
            ("false" | "keystatus" | "cmostest", _) => Some(false),
            ("load_env", _) => self.load(rest),
            ("source" | "." | "configfile" | "normal" | "extract_entries_configfile", _) => {
                self.other(&name.text, first)
            }
            ("blscfg" | "bls_import", _) => import::import(self, first),
            ("linux" | "linux16" | "linuxefi", _) => self.kernel(rest),
            ("initrd" | "initrd16" | "initrdefi", _) => self.initrds(rest),
            ("multiboot" | "multiboot2" | "xen_hypervisor", _) => {
                self.boot.hypervisor = true;
                Some(true)
            }
            ("module" | "module2" | "xen_module" | "xen_linux" | "xen_initrd", _) => {
                let rest = rest.strip_prefix(&[nounzip()]).unwrap_or(rest);
                if self.boot.boot.is_none() { self.kernel(rest) } else { self.initrds(rest) }
            }
            ("chainloader" | "fwsetup" | "halt" | "reboot" | "efifwsetup" | "uki", _) => {
                // `fwsetup --is-supported` asks and goes nowhere.
                if first.is_none_or(|f| f.text != "--is-supported") {
                    let text: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
                    self.boot.elsewhere = Some(text.join(" "));
                }
                None
            }
            ("return" | "exit", _) => {
                self.stopped = self.sure;
                if !self.sure {
                    self.doubt(format!("{} on a condition that cannot be told", name.text));
                }
                Some(true)
            }
            ("search" | "search.file" | "search.fs_uuid" | "search.fs_label" | "insmod", _) => None,
            ("regexp" | "probe" | "read" | "smbios" | "cpuid" | "hexdump" | "eval", _) => {
                self.unknown_result(rest);
                None
            }
            ("increment" | "decrement", _) => {
                let by = if name.text == "increment" { 1 } else { -1 };
                self.count(first, by);
                Some(true)
            }
            (function, _) => match self.functions.get(function).copied() {
                Some(body) => {
                    let outer = core::mem::replace(&mut self.positional, rest.to_vec());
                    self.script(body);
                    self.positional = outer;
                    // `return` ends the function alone.
                    self.stopped = false;
                    return;
                }
                None => None,
            },
        };
    }

    fn set(&mut self, rest: &[Filled]) -> Option<bool> {
        if let Some(word) = rest.first()
            && let Some((name, value)) = word.text.split_once('=')
        {
            self.variables.set(name, word.known.then(|| value.to_owned()));
        }
        Some(true)
    }

    fn test(&self, rest: &[Filled]) -> Option<bool> {
        conditions::holds(rest, &|path| self.exists(path))
    }

    fn exists(&self, path: &str) -> Option<bool> {
        let name = path.rsplit('/').next().unwrap_or_default();
        if name == "grubenv" {
            return match self.given.environment {
                Block::Read(_) => Some(true),
                Block::Absent => Some(false),
                Block::Unseen => None,
            };
        }
        match self.find(path) {
            Some(_) => Some(true),
            None if LOOKED_FOR.contains(&name) => Some(false),
            None => None,
        }
    }

    /// The script at `path`, which names a device and a path on that device's file system.
    fn find(&self, path: &str) -> Option<&'s Script> {
        let path = path.rsplit(')').next().unwrap_or_default().trim_start_matches('/');
        let mut scripts = self.given.scripts.iter();
        let under = |host: &str| {
            host.strip_suffix(path).is_some_and(|mount| mount.is_empty() || mount.ends_with('/'))
        };
        scripts.find(|(host, _)| !path.is_empty() && under(host)).map(|(_, script)| script)
    }

    fn load(&mut self, rest: &[Filled]) -> Option<bool> {
        let mut wanted: Vec<&str> = Vec::new();
        let mut words = rest.iter();
        while let Some(word) = words.next() {
            match word.text.as_str() {
                "-f" | "--file" => {
                    words.next();
                }
                flag if flag.starts_with('-') => {}
                name => wanted.push(name),
            }
        }
        let counts = |name: &str| wanted.is_empty() || wanted.contains(&name);
        match self.given.environment {
            Block::Read(environment) => {
                for (name, value) in environment.variables.iter().filter(|(n, _)| counts(n)) {
                    self.variables.set(name, Some(value.clone()));
                }
                Some(true)
            }
            Block::Absent => Some(false),
            Block::Unseen => {
                // What tools of distributions keep there and scripts go by.
                for name in [
                    "next_entry",
                    "saved_entry",
                    "prev_saved_entry",
                    "boot_counter",
                    "boot_success",
                    "kernelopts",
                    "tuned_params",
                    "tuned_initrd",
                    "recordfail",
                    "initrdfail",
                ] {
                    if counts(name) {
                        self.variables.set(name, None);
                    }
                }
                None
            }
        }
    }

    /// Another script: read in place, or as a menu of its own that takes this one's place.
    fn other(&mut self, command: &str, path: Option<&Filled>) -> Option<bool> {
        let found = path.and_then(Filled::value).and_then(|path| self.find(path));
        let Some(script) = found else {
            let named = path.map_or("", |p| p.text.as_str());
            let missing = path.and_then(Filled::value).and_then(|p| self.exists(p));
            if missing != Some(false) {
                self.boot.elsewhere = Some(format!("{command} {named}"));
                self.doubt(format!("{command} {named}: not seen"));
            }
            return missing;
        };
        if command == "configfile" && self.sure {
            self.entries.clear();
        }
        self.script(script);
        self.stopped = false;
        Some(true)
    }

    fn entry(&mut self, words: &[Filled], body: &'s Script, submenu: bool) -> Option<bool> {
        let read = options::of_entry(words);
        let positional = read.positional;
        let title = positional.first().map(|t| t.text.clone()).unwrap_or_default();
        let sure = self.sure && read.known;
        let runs = match submenu {
            true => Runs::Submenu { body, positional },
            false => Runs::Entry { body, positional },
        };
        let id = read.id.unwrap_or_else(|| title.clone());
        self.entries.push(Pending { title, id, sure, runs });
        Some(true)
    }

    fn kernel(&mut self, rest: &[Filled]) -> Option<bool> {
        let (kernel, options) = rest.split_first()?;
        self.boot.boot = Some(Boot {
            kernel: kernel.text.clone(),
            options: options::joined(options),
            initrds: Vec::new(),
            sure: self.sure && rest.iter().all(|word| word.known),
        });
        None
    }

    fn initrds(&mut self, rest: &[Filled]) -> Option<bool> {
        let sure = self.sure && rest.iter().all(|word| word.known);
        if let Some(boot) = &mut self.boot.boot {
            boot.initrds = rest.iter().map(|word| word.text.clone()).collect();
            boot.sure &= sure;
        }
        None
    }

    /// Variables that a command sets to what the machine says.
    fn unknown_result(&mut self, rest: &[Filled]) {
        let mut words = rest.iter().map(|word| word.text.as_str()).peekable();
        while let Some(word) = words.next() {
            let named = match word.strip_prefix("--set=") {
                Some(named) => Some(named),
                None if matches!(word, "--set" | "-s") => words.next(),
                None if words.peek().is_none() && !word.starts_with('-') => Some(word),
                None => None,
            };
            if let Some(named) = named {
                // `regexp --set=1:NAME`
                let name = named.rsplit(':').next().unwrap_or(named);
                self.variables.set(name, None);
            }
        }
    }

    fn count(&mut self, name: Option<&Filled>, by: i64) {
        let Some(name) = name.and_then(Filled::value) else { return };
        let value = self.variables.get(name).and_then(|v| v.parse::<i64>().ok());
        let counted = value.map(|v| v.saturating_add(by).to_string());
        self.variables.set(name, counted);
    }
}

fn closing() -> Filled {
    Filled { text: "]".into(), known: true }
}

fn nounzip() -> Filled {
    Filled { text: "--nounzip".into(), known: true }
}

/// `name=value` as a command.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let named = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    word.split_once('=').filter(|(name, _)| named(name))
}

//! Configuration by which DKMS signs each module after it was built, and the way back.
//!
//! 3.x sources every `framework.conf.d/*.conf` and calls `sign_file DIGEST KEY CERTIFICATE MODULE`
//! after stripping and before compressing; 2.x knows one file and calls `sign_tool RELEASE MODULE`.
//! One script answers to both calls. Sources: `dkms` 2.8.4 (`run_sign_tool`), 3.0.10 and 3.2.2
//! (`prepare_signing`, `read_framework_conf`).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::whole;

/// What is written below the root.
const SCRIPT: &str = "etc/dkms/loadworthy-sign";
const DROP_IN: &str = "etc/dkms/framework.conf.d/zz-loadworthy.conf";
const MAIN: &str = "etc/dkms/framework.conf";
/// Around what is added to a file that is not ours.
const BEGIN: &str = "# >>> loadworthy dkms setup: `loadworthy dkms undo` takes this out again";
const END: &str = "# <<< loadworthy dkms setup";

/// What DKMS is to sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct With {
    /// This program.
    pub program: PathBuf,
    /// The private key: a file or a `pkcs11:` address.
    pub key: String,
    /// Its certificate.
    pub certificate: PathBuf,
    /// Where a passphrase is, if the key is locked.
    pub passphrase: Option<PathBuf>,
    /// Whether DKMS is of the 2.x kind.
    pub old: bool,
}

/// A word of the shell, whatever it holds.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The script that DKMS calls.
fn script(with: &With) -> String {
    let program = quoted(&with.program.display().to_string());
    let key = quoted(&with.key);
    let certificate = quoted(&with.certificate.display().to_string());
    let passphrase = match &with.passphrase {
        Some(file) => format!(" --passphrase-file {}", quoted(&file.display().to_string())),
        None => String::new(),
    };
    format!(
        "#!/bin/sh\n\
         # Written by `loadworthy dkms setup`; `loadworthy dkms undo` removes it.\n\
         # DKMS 2: RELEASE MODULE. DKMS 3: DIGEST KEY CERTIFICATE MODULE.\n\
         case $# in\n\
         2) exec {program} sign \"$2\" --key {key} --cert {certificate}{passphrase} --unjudged ;;\n\
         4) exec {program} sign \"$4\" --digest \"$1\" --key \"$2\" --cert \"$3\"{passphrase} --unjudged ;;\n\
         esac\n\
         echo \"usage: RELEASE MODULE or DIGEST KEY CERTIFICATE MODULE\" >&2\n\
         exit 2\n"
    )
}

/// Lines for the file that DKMS sources.
fn lines(with: &With, script: &Path) -> String {
    let script = quoted(&script.display().to_string());
    if with.old {
        return format!("sign_tool={script}\n");
    }
    format!(
        "sign_file={script}\nmok_signing_key={}\nmok_certificate={}\n",
        quoted(&with.key),
        quoted(&with.certificate.display().to_string())
    )
}

/// Writes it below `root`; what was written, in order. Doing it again replaces what was there of it.
///
/// # Errors
/// A sentence; then nothing of it is left.
pub fn set_up(root: &Path, with: &With) -> Result<Vec<String>, String> {
    undo(root)?;
    let told = |path: &str, e: &io::Error| format!("{}: {e}", root.join(path).display());
    let place = root.join(SCRIPT);
    put(&place, script(with).as_bytes(), 0o755).map_err(|e| told(SCRIPT, &e))?;
    let lines = lines(with, &Path::new("/").join(SCRIPT));
    let done = if with.old {
        add(&root.join(MAIN), &lines).map(|()| MAIN).map_err(|e| told(MAIN, &e))
    } else {
        let header = "# Written by `loadworthy dkms setup`; `loadworthy dkms undo` removes it.\n";
        put(&root.join(DROP_IN), format!("{header}{lines}").as_bytes(), 0o644)
            .map(|()| DROP_IN)
            .map_err(|e| told(DROP_IN, &e))
    };
    match done {
        Ok(file) => Ok(vec![SCRIPT.to_owned(), file.to_owned()]),
        Err(problem) => {
            let _ = fs::remove_file(place);
            Err(problem)
        }
    }
}

/// Takes everything out again; what was changed, in order.
///
/// # Errors
/// A sentence.
pub fn undo(root: &Path) -> Result<Vec<String>, String> {
    let mut changed = Vec::new();
    let main = root.join(MAIN);
    if let Ok(text) = fs::read_to_string(&main)
        && let Some(before) = without(&text)
    {
        replace(&main, before.as_bytes()).map_err(|e| format!("{}: {e}", main.display()))?;
        changed.push(MAIN.to_owned());
    }
    for path in [DROP_IN, SCRIPT] {
        match fs::remove_file(root.join(path)) {
            Ok(()) => changed.push(path.to_owned()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(format!("{}: {e}", root.join(path).display())),
        }
    }
    Ok(changed)
}

/// The text without what was added; `None` where nothing was.
fn without(text: &str) -> Option<String> {
    let from = text.find(BEGIN)?;
    let after = text[from..].find(END)? + from + END.len();
    let rest = text[after..].strip_prefix('\n').unwrap_or(&text[after..]);
    // A line end was put before, where the file had none.
    let before = match text[..from].strip_suffix("\n\u{20}\n") {
        Some(before) => before,
        None => &text[..from],
    };
    Some(format!("{before}{rest}"))
}

fn add(path: &Path, lines: &str) -> io::Result<()> {
    let mut text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(e),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text += "\n\u{20}\n";
    }
    text += &format!("{BEGIN}\n{lines}{END}\n");
    replace(path, text.as_bytes())
}

/// A new file with these rights.
fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A file in place of the old one, whose folder is made where it is not there.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    whole::replace(path, bytes, 0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(old: bool) -> With {
        With {
            program: PathBuf::from("/usr/bin/loadworthy"),
            key: "/etc/keys/o'wner.key".to_owned(),
            certificate: PathBuf::from("/etc/keys/owner.der"),
            passphrase: None,
            old,
        }
    }

    #[test]
    fn what_is_set_up_is_taken_out_to_the_byte() {
        for before in ["", "# a\nverbose=\"1\"\n", "no line end"] {
            for old in [true, false] {
                let root = tempfile::tempdir().unwrap();
                let main = root.path().join(MAIN);
                fs::create_dir_all(main.parent().unwrap()).unwrap();
                fs::write(&main, before).unwrap();
                set_up(root.path(), &with(old)).unwrap();
                // Twice is once.
                set_up(root.path(), &with(old)).unwrap();
                let text = fs::read_to_string(&main).unwrap();
                assert_eq!(text.matches("sign_tool=").count(), usize::from(old));
                assert_eq!(root.path().join(DROP_IN).exists(), !old);
                undo(root.path()).unwrap();
                assert_eq!(fs::read_to_string(&main).unwrap(), before);
                assert!(!root.path().join(SCRIPT).exists() && !root.path().join(DROP_IN).exists());
                assert_eq!(undo(root.path()).unwrap(), [""; 0]);
            }
        }
    }

    #[test]
    fn the_shell_takes_names_as_they_are() {
        assert!(script(&with(true)).contains(r"--key '/etc/keys/o'\''wner.key' --cert"));
    }
}

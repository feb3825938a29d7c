//! Keeps what a live kernel answered, in the layout of the recordings, so that `record --add` takes
//! it into the archive.

use crate::oracles::answer::Answer;
use crate::oracles::live::cases::Case;
use crate::oracles::live::policies::{Drawn, Policy};
use crate::oracles::roots::put;
use serde_json::json;
use std::fs;
use std::path::Path;

/// A folder of recordings in the making, for one kernel.
#[derive(Clone, Copy, Debug)]
pub struct Keeper<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The family of the kernel.
    pub family: &'a str,
    /// The set of cases: `live`, or `generated-SEED`.
    pub set: &'a str,
    /// Its release.
    pub release: &'a str,
    /// The root directory that was made for it.
    pub root: &'a Path,
}

impl Keeper<'_> {
    /// Keeps image, configuration and module tree.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn kernel(&self) -> Result<(), String> {
        let at = format!("kernels/{}", self.release);
        for name in ["vmlinuz", "config"] {
            let path = self.root.join(format!("boot/{name}-{}", self.release));
            let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            put(self.folder, &format!("{at}/{name}"), &bytes)?;
        }
        self.tree(&self.root.join("lib"), &format!("{at}/lib"))
    }

    fn tree(&self, from: &Path, at: &str) -> Result<(), String> {
        let told = |e: std::io::Error| format!("{}: {e}", from.display());
        for entry in fs::read_dir(from).map_err(told)?.flatten() {
            let at = format!("{at}/{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => self.tree(&entry.path(), &at)?,
                false => put(self.folder, &at, &fs::read(entry.path()).map_err(told)?)?,
            }
        }
        Ok(())
    }

    /// Keeps a policy with its cases and what was answered.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn policy<'c>(
        &self,
        policy: &Policy,
        drawn: &Drawn,
        answers: impl Iterator<Item = (&'c Case, Answer)>,
    ) -> Result<(), String> {
        let (tag, name) = (
            format!("{}-{}", self.family, self.set),
            format!("{}-{}-{}", self.family, self.set, policy.name),
        );
        let words = json!({
            "policy": name,
            "tag": tag,
            "kernel": self.release,
            "what": policy.what,
            "modprobe": true,
        });
        let keep = |path: &str, bytes: &[u8]| put(self.folder, path, bytes);
        let own = format!("policies/{name}");
        keep(&format!("{own}/policy.json"), format!("{words:#}\n").as_bytes())?;
        keep(&format!("{own}/cmdline"), format!("{}\n", drawn.cmdline).as_bytes())?;
        for (variable, bytes) in &drawn.variables {
            keep(&format!("{own}/efivars/{variable}"), bytes)?;
        }
        for (table, bytes) in &drawn.tables {
            keep(&format!("{own}/mok-variables/{table}"), bytes)?;
        }
        let mut rows = String::new();
        for (case, answer) in answers {
            keep(&format!("cases/{tag}/{}", answer.file), &case.stored()?.1)?;
            rows += &serde_json::to_string(&answer).map_err(|e| e.to_string())?;
            rows.push('\n');
        }
        keep(&format!("answers/{name}.jsonl"), rows.as_bytes())
    }
}

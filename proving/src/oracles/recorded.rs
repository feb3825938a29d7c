//! The oracle `recorded`: answers of real kernels, kept in one archive and asked for again.

use crate::oracles::answer::{Answer, difference};
use crate::oracles::archive::Archive;
use crate::oracles::judge;
use crate::oracles::roots::{self, Shown};
use crate::oracles::stand_in::StandIn;
use loadworthy_formats::compress::{self, Compression};
use loadworthy_formats::limits::Limits;
use std::fs;
use std::path::Path;

/// Where the archive is kept, from the root of the repository.
pub const PATH: &str = "proving/recorded/oracle.cpio.xz";

/// A policy asked again.
#[derive(Clone, Debug, Default)]
pub struct Replayed {
    /// How many cases were compared.
    pub cases: usize,
    /// In how many the lines were compared too.
    pub with_lines: usize,
    /// Where ours differs: case, and how.
    pub differences: Vec<(String, String)>,
}

/// The archive of the repository.
///
/// # Errors
/// When it cannot be read.
pub fn archive() -> Result<Archive, String> {
    let path = xtask::tree::root().join(PATH);
    let packed = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Archive::read(&packed)
}

/// Asks every comparable case of a policy again.
///
/// # Errors
/// When the record is not whole or our own work fails.
pub fn replay(archive: &Archive, policy: &str, shown: Shown) -> Result<Replayed, String> {
    let policy = roots::policy(archive, policy)?;
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let root = folder.path().join("root");
    roots::write(archive, &policy, shown, &root)?;
    let answers = answers(archive, &policy.policy)?;
    let answers: Vec<&Answer> = answers.iter().filter(|a| a.comparable).collect();
    let mut files = Vec::new();
    for answer in &answers {
        let bytes = archive.get(&format!("cases/{}/{}", policy.tag, answer.file))?;
        roots::put(folder.path(), &format!("cases/{}", answer.file), bytes)?;
        files.push(format!("{}/cases/{}", folder.path().display(), answer.file));
    }
    let said = judge::ask(&root, &policy.kernel, &files)?;
    let mut out = Replayed { cases: answers.len(), ..Replayed::default() };
    for (answer, said) in answers.iter().zip(&said) {
        let lines = answer.log_first.as_deref().filter(|_| answer.log_comparable);
        out.with_lines += usize::from(lines.is_some());
        let differs = difference(answer.errno.as_deref(), &answer.mod_taint, lines, said);
        out.differences.extend(differs.map(|how| (answer.case.clone(), how)));
    }
    Ok(out)
}

/// The answers to a policy, in the order they were asked for.
///
/// # Errors
/// When there are none.
pub fn answers(archive: &Archive, policy: &str) -> Result<Vec<Answer>, String> {
    let path = format!("answers/{policy}.jsonl");
    let text = archive.text(&path)?;
    let row = |line: &str| serde_json::from_str(line).map_err(|e| format!("{path}: {e}"));
    text.lines().map(row).collect()
}

/// Takes a folder of recordings into an archive: everything as it is, kernel images as stand-ins,
/// symbol lists unpacked. A kernel that is in the archive already stays as it is.
///
/// # Errors
/// When something cannot be read, or a stand-in would not tell the same as its image.
pub fn add(archive: &mut Archive, from: &Path, say: &mut dyn FnMut(&str)) -> Result<(), String> {
    for text in ["README.md", "LICENCE.md"] {
        if let Ok(bytes) = fs::read(from.join(text)) {
            archive.put(text, bytes);
        }
    }
    for part in ["cases", "policies", "answers", "bootchain"] {
        let folder = from.join(part);
        if folder.is_dir() {
            archive.put_folder(part, &folder)?;
        }
    }
    let kernels = from.join("kernels");
    let told = |e: std::io::Error| format!("{}: {e}", kernels.display());
    for entry in fs::read_dir(&kernels).map_err(told)?.flatten() {
        let release = entry.file_name().to_string_lossy().into_owned();
        if archive.get(&format!("kernels/{release}/image.json")).is_err() {
            kernel(archive, &release, &entry.path(), say)?;
        }
    }
    Ok(())
}

fn kernel(
    archive: &mut Archive,
    release: &str,
    from: &Path,
    say: &mut dyn FnMut(&str),
) -> Result<(), String> {
    let at = format!("kernels/{release}");
    let read = |name: &str| fs::read(from.join(name)).map_err(|e| format!("{at}/{name}: {e}"));
    let stand_in = StandIn::of(&read("vmlinuz")?).map_err(|e| format!("{at}/vmlinuz: {e}"))?;
    say(&format!(
        "{release}: {} certificates, {} exports, {} strings",
        stand_in.certificates.len(),
        stand_in.exports.len(),
        stand_in.messages.len()
    ));
    stand_in.keep(archive, &at)?;
    archive.put(&format!("{at}/config"), read("config")?);
    if let Ok(packed) = read("Module.symvers.xz") {
        let (mut symbols, limits) = (Vec::new(), Limits::DEFAULT);
        compress::unpack(&packed, Compression::Xz, limits.text_bytes, &limits, &mut symbols)
            .map_err(|e| format!("{at}/Module.symvers.xz: {e}"))?;
        archive.put(&format!("{at}/Module.symvers"), symbols);
    }
    archive.put_folder(&format!("{at}/lib"), &from.join("lib"))
}

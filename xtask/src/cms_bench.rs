//! B2: the whole tree verified, beside a script that splits each module and asks `openssl cms -verify`.
//!
//! The script takes minutes for a whole tree, so it is run over modules at even distances and its time
//! is counted as if it had seen them all. The key it needs is only inside the kernel image.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench_runs::{all_load, forget_modules, kept};
use crate::kernels::{self, Kernel, output};
use crate::pairs::{Clock, median};

/// So many modules stand for all.
const SAMPLE: usize = 100;
/// Most of the script's processor time that is wanted.
const RATIO: f64 = 1.0 / 300.0;
/// How a certificate with a three-byte serial number or longer begins: two lengths, then the version.
const VERSION: [u8; 5] = [0xa0, 3, 2, 1, 2];

/// What the script does to each path: the signature's length stands in front of the marker.
const SCRIPT: &str = r#"
for f; do
  n=$(stat -c %s "$f")
  s=$(tail -c 32 "$f" | head -c 4 | od -An -tu4 --endian=big | tr -d ' ')
  head -c $((n - 40 - s)) "$f" > content
  tail -c $((40 + s)) "$f" | head -c "$s" > signature
  openssl cms -verify -binary -inform DER -in signature -content content \
    -nointern -noverify -certfile key.pem -out /dev/null 2> said || { cat said >&2; exit 1; }
done"#;

/// Runs the benchmark; whether it reached its aim.
///
/// # Errors
/// When the image has no key, or a run of either side judged wrongly.
pub(crate) fn run(
    program: &Path,
    kernel: &Kernel,
    pairs: usize,
    say: &mut dyn FnMut(&str),
) -> Result<bool, String> {
    let folder = kernels::home().with_file_name("bench-cms");
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    certificate(kernel, &folder)?;
    let step = kernel.modules.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<&PathBuf> = kernel.modules.iter().step_by(step).collect();
    let scale = kernel.modules.len() as f64 / sample.len() as f64;
    let script = || {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh"]).args(&sample).current_dir(&folder);
        output(&mut shell).map(drop)
    };
    let kept = kept().display().to_string();
    let ours = || all_load(program, kernel, &["--cache", &kept]);
    ours()?;
    let mut ratios = Vec::new();
    let (mut our, mut their) = (Vec::new(), Vec::new());
    // The script alone takes seconds a pair; three pairs tell one in three hundred well enough.
    for _ in 0..pairs.min(3) {
        forget_modules()?;
        our.push(Clock::Processor.of(ours)?);
        their.push(Clock::Processor.of(script)? * scale);
        ratios.extend(our.last().zip(their.last()).map(|(our, their)| our / their));
    }
    let ratio = median(&mut ratios);
    let reached = ratio <= RATIO;
    say(&format!(
        "B2   ours {:.3} s   peer {:.1} s (split and openssl cms -verify a module; {} of {} measured)   ratio 1/{:.0} (target 1/300) {}",
        median(&mut our),
        median(&mut their),
        sample.len(),
        kernel.modules.len(),
        1.0 / ratio,
        if reached { "reached" } else { "MISSED" },
    ));
    Ok(reached)
}

/// Writes the certificate inside the kernel image to `key.pem`.
fn certificate(kernel: &Kernel, folder: &Path) -> Result<(), String> {
    let told = |e: std::io::Error| format!("B2: {e}");
    let image = kernel.root.join(format!("boot/vmlinuz-{}", kernel.release));
    let bytes = fs::read(&image).map_err(told)?;
    let word = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    // Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length.
    let payload = (|| {
        let protected = (usize::from(*bytes.get(0x1f1)?) + 1) * 512;
        let from = protected + word(0x248)?;
        bytes.get(from..(from + word(0x24c)?).checked_sub(4)?)
    })();
    let packed = folder.join("payload");
    fs::write(&packed, payload.ok_or("B2: no payload in the image")?).map_err(told)?;
    let program = if payload.is_some_and(|p| p.starts_with(b"\xfd7zXZ")) { "xz" } else { "zstd" };
    let mut unpack = Command::new(program);
    unpack.arg("-dc").stdin(fs::File::open(&packed).map_err(told)?).stderr(Stdio::null());
    let plain = unpack.output().map_err(told)?.stdout;
    let found = plain
        .windows(13)
        .position(|w| w.starts_with(&[0x30, 0x82]) && w[4..6] == [0x30, 0x82] && w[8..] == VERSION);
    let der = found.and_then(|at| {
        let length = usize::from(u16::from_be_bytes([*plain.get(at + 2)?, *plain.get(at + 3)?]));
        plain.get(at..at + 4 + length)
    });
    fs::write(folder.join("key.der"), der.ok_or("B2: no certificate in the image")?)
        .map_err(told)?;
    let mut openssl = Command::new("openssl");
    openssl.args("x509 -inform DER -in key.der -out key.pem".split(' ')).current_dir(folder);
    output(&mut openssl).map(drop)
}

//! G1: `gate run` of a Debian root, where nothing has changed since the run before.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::bench::Options;
use crate::kernels;
use crate::tree::root;

/// Seconds by the clock in which the gate must have answered.
const WANTED: f64 = 0.1;

/// Runs the benchmark; whether it reached its aim. Without an installed root it is skipped.
///
/// # Errors
/// When the program cannot be built, or a run did not do what is measured.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    if !options.asks("G1") {
        return Ok(true);
    }
    let tree = options.tree.clone().unwrap_or_else(|| root().join("target/stories/debian-12"));
    if !tree.join("boot").is_dir() {
        say("G1 skipped: no root (--tree DIR; proving/stories/debian-12.sh makes one)");
        return Ok(true);
    }
    let program = options.program()?;
    // The gate writes down what it did: below a second set of names for the same files.
    let own = kernels::home().with_file_name("bench-gate");
    drop(fs::remove_dir_all(&own));
    let copied = Command::new("cp").arg("-al").arg(&tree).arg(&own).output();
    if !copied.is_ok_and(|done| done.status.success()) {
        say("G1 skipped: the root cannot be linked to; its owner can");
        return Ok(true);
    }
    let (_, cold) = answered(&program, &own, "read")?;
    let runs = (0..options.pairs.max(1)).map(|_| answered(&program, &own, "cached"));
    let runs: Vec<(Value, f64)> = runs.collect::<Result<_, _>>()?;
    let inputs =
        runs.first().map_or(0, |(told, _)| told["evidence"]["inputs"].as_u64().unwrap_or(0));
    let mut walls: Vec<f64> = runs.into_iter().map(|(_, wall)| wall).collect();
    walls.sort_by(f64::total_cmp);
    let (best, median) = (walls[0], walls[walls.len() / 2]);
    say(&format!(
        "G1 gate run, {inputs} inputs looked at: {median:.3} s by the clock (best {best:.3} s; all read \
         anew {cold:.2} s; target {WANTED} s)"
    ));
    drop(fs::remove_dir_all(&own));
    Ok(median < WANTED)
}

/// One run, which must have got its answer as it is told, and the seconds that it took.
fn answered(program: &Path, root: &Path, how: &str) -> Result<(Value, f64), String> {
    let begun = Instant::now();
    let done = Command::new(program)
        .args(["gate", "run", "--json", "--act", "--root"])
        .arg(root)
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let took = begun.elapsed().as_secs_f64();
    let told: Value = serde_json::from_slice(&done.stdout)
        .map_err(|_| format!("G1: {}", String::from_utf8_lossy(&done.stderr)))?;
    match told["evidence"]["how"] == how {
        true => Ok((told, took)),
        false => Err(format!("G1: a wrong run: {} and not {how}", told["evidence"]["how"])),
    }
}

//! What CI does, in the same order everywhere.

use crate::tidy::complaints;
use crate::tree::root;
use std::process::Command;

/// The steps that are other programs: a name and the arguments of `cargo`.
const STEPS: [(&str, &[&str]); 6] = [
    ("format", &["fmt", "--all", "--check"]),
    ("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    // Hosts that only check: no code that holds keys.
    (
        "without signing",
        &["clippy", "--package", "loadworthy", "--no-default-features", "--", "-D", "warnings"],
    ),
    ("test", &["test", "--workspace"]),
    ("doc", &["doc", "--workspace", "--no-deps"]),
    ("deny", &["deny", "check", "bans", "licenses", "sources"]),
];

/// Runs every step, also after one failed; returns the names of those that failed.
#[must_use]
pub fn run(say: &mut dyn FnMut(&str)) -> Vec<&'static str> {
    let mut failed = Vec::new();
    for (name, arguments) in STEPS {
        say(&format!("== {name}: cargo {}", arguments.join(" ")));
        let status = Command::new("cargo")
            .args(arguments)
            .env("RUSTDOCFLAGS", "-D warnings")
            .current_dir(root())
            .status();
        if !status.is_ok_and(|s| s.success()) {
            failed.push(name);
        }
    }
    say("== tidy");
    if tidy(say) > 0 {
        failed.push("tidy");
    }
    failed
}

/// Tells every complaint; returns how many of them fail.
pub fn tidy(say: &mut dyn FnMut(&str)) -> usize {
    let all = complaints();
    for complaint in &all {
        say(&complaint.to_string());
    }
    let failing = all.iter().filter(|c| c.fails).count();
    say(&format!("tidy: {failing} errors, {} smells", all.len() - failing));
    failing
}

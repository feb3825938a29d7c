//! Command lines in documents and their whole output, executed.
//!
//! A block `console` holds lines that begin with `$ ` and what the command prints. `cargo run
//! --release --` stands for the program. Commands run at the root of the repository.

use crate::markdown::blocks;
use crate::program;
use xtask::tree::root;

/// What a document becomes when every `console` block holds what the program prints now.
///
/// # Errors
/// When a command does not run.
pub fn renewed(document: &str) -> Result<String, String> {
    let mut renewed = document.to_owned();
    for block in blocks(document).iter().filter(|b| b.info == "console") {
        let mut text = String::new();
        for line in block.text.lines().filter(|l| l.starts_with("$ ")) {
            text.push_str(line);
            text.push('\n');
            text.push_str(&output(line.trim_start_matches("$ "))?);
        }
        renewed = renewed.replacen(&block.text, &text, 1);
    }
    Ok(renewed)
}

/// What a command of the program prints: its output, and its complaints after it.
fn output(command: &str) -> Result<String, String> {
    let arguments = ["cargo run --release -- ", "loadworthy "]
        .iter()
        .find_map(|start| command.strip_prefix(start))
        .ok_or_else(|| format!("not our program: {command}"))?;
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let done = program::run(&words, &root())?;
    let mut text = String::from_utf8_lossy(&done.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&done.stderr));
    Ok(text)
}

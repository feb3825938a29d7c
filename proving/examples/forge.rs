//! Forges the host of every scenario of a document below a directory, to look at it:
//! `cargo run -p loadworthy-proving --example forge -- crates/core/codes/LW1003-*.md DIR`

use loadworthy_proving::scenario::scenarios;
use std::path::Path;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [page, into] = arguments.as_slice() else { return Err("PAGE DIR".to_owned()) };
    let text = std::fs::read_to_string(page).map_err(|e| e.to_string())?;
    for (n, scenario) in scenarios(page, &text)?.iter().enumerate() {
        scenario.host.forge(&scenario.module, &Path::new(into).join(n.to_string()))?;
    }
    Ok(())
}

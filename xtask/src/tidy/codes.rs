//! Every code has a page, every page its headings and an example, and the codebook lists it once.

use super::Complaint;
use crate::tree::{Source, program_text};

/// The headings of a page, in their order.
const HEADINGS: [&str; 4] =
    ["## Why the platform does this", "## What to do", "## Example", "## Sources"];

/// The fields of a page's front matter.
const FIELDS: [&str; 5] = ["code", "title", "kind", "platforms", "since"];

/// Checks the pages and the places that name them.
#[must_use]
pub fn check(pages: &[Source], rust: &[Source]) -> Vec<Complaint> {
    let mut told: Vec<Complaint> = pages.iter().flat_map(page).collect();
    let declared = declared(rust);
    for (path, _, id, _) in &declared {
        if declared.iter().filter(|(_, _, other, _)| other == id).count() > 1 {
            told.push(Complaint::new(path, 0, format!("{id} is declared more than once")));
        }
    }
    let codebook = rust.iter().find(|s| s.path == "crates/core/src/codebook.rs");
    for page in pages {
        let Some((id, _)) = named(&page.path) else { continue };
        let Some((path, name, ..)) = declared.iter().find(|(_, _, i, _)| i == id) else {
            told.push(Complaint::new(&page.path, 0, "no `code!` names this page"));
            continue;
        };
        let Some(codebook) = codebook else { continue };
        let text = program_text(&codebook.text);
        let times = text
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| word == name)
            .count();
        if times != 1 {
            let problem = format!("{id} ({name}) is listed {times} times in codebook.rs");
            told.push(Complaint::new(path, 0, problem));
        }
    }
    told
}

/// `LW1002` and `unsigned-module-refused` of a page's path.
fn named(path: &str) -> Option<(&str, &str)> {
    let file = path.rsplit('/').next()?.strip_suffix(".md")?;
    let (id, name) = file.split_once('-')?;
    let digits = id.strip_prefix("LW")?;
    (digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit())).then_some((id, name))
}

fn page(source: &Source) -> Vec<Complaint> {
    let complain = |problem: &str| Complaint::new(&source.path, 0, problem);
    let Some((id, _)) = named(&source.path) else {
        return vec![complain("a page is named LWnnnn-name-of-the-offence.md")];
    };
    let Some((front, text)) =
        source.text.strip_prefix("---\n").and_then(|t| t.split_once("\n---\n"))
    else {
        return vec![complain("no front matter")];
    };
    let field = |name: &str| {
        front.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let mut told: Vec<Complaint> = FIELDS
        .iter()
        .filter(|name| field(name).is_none_or(str::is_empty))
        .map(|name| complain(&format!("front matter has no `{name}`")))
        .collect();
    if field("code") != Some(id) {
        told.push(complain("the file's name and `code` differ"));
    }
    let mut after = 0;
    for heading in HEADINGS {
        match text.lines().position(|l| l == heading) {
            None => told.push(complain(&format!("no heading `{heading}`"))),
            Some(at) if at < after => told.push(complain(&format!("`{heading}` out of order"))),
            Some(at) => after = at,
        }
    }
    let example = text.split("## Example\n").nth(1).and_then(|t| t.split("\n## ").next());
    let block = match field("kind") {
        Some("cause") => "```finding\n",
        Some("gate") => "```gate\n",
        Some("signing") => "```sign\n",
        _ => "```verdict\n",
    };
    let verdict = example.and_then(|e| e.split(block).nth(1)?.split("```").next());
    match verdict {
        _ if field("retired").is_some() => {}
        None => told.push(complain(&format!("the example has no {} block", block.trim_end()))),
        Some(v) if !v.contains(id) => told.push(complain("the example does not yield this code")),
        Some(_) => {}
    }
    told
}

/// Where a code is declared: path, the static's name, the code and the page's name.
fn declared(rust: &[Source]) -> Vec<(String, String, String, String)> {
    let mut found = Vec::new();
    for source in rust.iter().filter(|s| s.path.starts_with("crates/")) {
        let text = program_text(&source.text);
        for statement in text.split(';').filter(|s| s.contains("code!(")) {
            let Some((before, after)) = statement.split_once("code!(") else { continue };
            let words: Vec<&str> = after.split('"').collect();
            let (Some(id), Some(page)) = (words.get(1), words.get(3)) else { continue };
            let name = before
                .rsplit("static ")
                .next()
                .and_then(|b| b.split(':').next())
                .unwrap_or_default();
            found.push((source.path.clone(), name.trim().into(), (*id).into(), (*page).into()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tree::Source;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    const PAGE: &str = "---\ncode: LW1002\ntitle: T\nkind: refusal\nplatforms: [linux]\nsince: 0.1.0\n---\nText.\n## Why the platform does this\n## What to do\n## Example\n```verdict\nrefused LW1002\n```\n## Sources\n";

    #[test]
    fn a_whole_page_is_silent() {
        let pages = [source("crates/core/codes/LW1002-unsigned.md", PAGE)];
        let rust = [
            source(
                "crates/core/src/a.rs",
                "static A: Code =\n    code!(\"LW1002\", \"unsigned\");\n",
            ),
            source("crates/core/src/codebook.rs", "static ALL: [&Code; 1] = [&A];\n"),
        ];
        assert_eq!(check(&pages, &rust), []);
        assert_eq!(check(&pages, &rust[..1]), []);
        assert_eq!(check(&pages, &rust[1..]).len(), 1);
    }

    #[test]
    fn a_page_without_its_parts_is_told() {
        let text = PAGE.replace("## Sources\n", "").replace("refused LW1002", "loads");
        let pages = [source("crates/core/codes/LW1002-unsigned.md", &text)];
        let rust =
            [source("crates/core/src/a.rs", "static A: Code = code!(\"LW1002\", \"unsigned\");\n")];
        let told: Vec<String> = check(&pages, &rust).into_iter().map(|c| c.problem).collect();
        assert_eq!(told, ["no heading `## Sources`", "the example does not yield this code"]);
    }
}

//! Markdown as far as it holds tests: headings and fenced blocks.

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The heading of the second level it stands under; empty before the first.
    pub heading: String,
    /// What stands after the opening fence: `toml host`.
    pub info: String,
    /// The text between the fences, each line with its end.
    pub text: String,
    /// The line of the opening fence, from 1.
    pub line: usize,
}

/// The blocks of a document, in their order.
#[must_use]
pub fn blocks(document: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut heading = String::new();
    let mut open: Option<(String, Block)> = None;
    for (n, line) in document.lines().enumerate() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &mut open {
            Some((fence, _)) if *fence == line => found.extend(open.take().map(|(_, block)| block)),
            Some((_, block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            None if ticks.len() >= 3 => {
                let info = line[ticks.len()..].trim().to_owned();
                let block =
                    Block { heading: heading.clone(), info, text: String::new(), line: n + 1 };
                open = Some((ticks, block));
            }
            None => {
                if let Some(text) = line.strip_prefix("## ") {
                    heading = text.trim().to_owned();
                }
            }
        }
    }
    found
}

//! A room imports only rooms listed above it, and by its path.

use super::Complaint;
use crate::tree::{Source, program_text};
use std::collections::BTreeMap;

/// Rooms whose names say nothing.
const NAMELESS: [&str; 6] = ["util", "utils", "helpers", "common", "misc", "types"];

/// Rooms that are ends: nobody imports them.
const ENDS: [&str; 2] = ["codebook", "commands"];

/// The order of rooms within each room of one crate: room path to its children, in their order.
type Order = BTreeMap<Vec<String>, Vec<String>>;

/// Checks every crate under `crates/`, `proving` and `xtask`.
#[must_use]
pub fn check(rust: &[Source]) -> Vec<Complaint> {
    let mut crates: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in rust {
        if let Some((name, _)) = source.path.split_once("/src/") {
            crates.entry(name).or_default().push(source);
        }
    }
    crates.iter().flat_map(|(name, files)| check_crate(name, files)).collect()
}

fn check_crate(name: &str, files: &[&Source]) -> Vec<Complaint> {
    let mut order = Order::new();
    let mut complaints = Vec::new();
    for file in files {
        let here = room_of(name, &file.path);
        if is_binary_root(&file.path) && files.iter().any(|f| f.path.ends_with("/src/lib.rs")) {
            continue;
        }
        let children: Vec<String> = program_text(&file.text).lines().filter_map(child).collect();
        for child in children.iter().filter(|c| NAMELESS.contains(&c.as_str())) {
            complaints.push(Complaint::new(&file.path, 0, format!("a room named `{child}`")));
        }
        order.entry(here).or_default().extend(children);
    }
    for file in files.iter().filter(|f| !is_test(&room_of(name, &f.path), name, files)) {
        let here = room_of(name, &file.path);
        for (n, line) in program_text(&file.text).lines().enumerate() {
            for problem in problems(line, &here, &order, is_binary_root(&file.path)) {
                complaints.push(Complaint::new(&file.path, n + 1, problem));
            }
        }
    }
    complaints
}

/// Whether the room, or one it is in, is declared under `#[cfg(test)]`.
fn is_test(room: &[String], name: &str, files: &[&Source]) -> bool {
    (1..=room.len()).any(|n| {
        let (parent, own) = (&room[..n - 1], &room[n - 1]);
        let declared = format!("mod {own};");
        files.iter().filter(|f| room_of(name, &f.path) == parent).any(|f| {
            let lines: Vec<&str> = f.text.lines().collect();
            let at = lines.iter().position(|l| l.ends_with(&declared));
            let above = lines[..at.unwrap_or(0)].iter().rev();
            above.take_while(|l| l.starts_with("#[")).any(|l| *l == "#[cfg(test)]")
        })
    })
}

fn is_binary_root(path: &str) -> bool {
    path.ends_with("/src/main.rs")
}

/// The room a file is, as the path below the crate root.
fn room_of(name: &str, path: &str) -> Vec<String> {
    let inner = path.strip_prefix(name).and_then(|p| p.strip_prefix("/src/")).unwrap_or(path);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|p| p == "mod")
        || parts.len() == 1 && (parts[0] == "lib" || parts[0] == "main")
    {
        parts.pop();
    }
    parts
}

/// The room that a line declares.
fn child(line: &str) -> Option<String> {
    let line = line.strip_prefix("pub(crate) ").or(line.strip_prefix("pub ")).unwrap_or(line);
    Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
}

/// What is wrong with the paths on one line.
fn problems(line: &str, here: &[String], order: &Order, binary: bool) -> Vec<String> {
    let mut found = Vec::new();
    let glob = line.trim_start();
    if (glob.starts_with("use crate") || glob.starts_with("use super")) && glob.contains("::*;") {
        found.push("a glob import hides where names come from".to_owned());
    }
    for target in paths(line, here) {
        let Some(first) = target.first() else {
            found.push("import by room (`crate::room::Name`), not through the root".to_owned());
            continue;
        };
        let known = order.get(&Vec::new()).is_some_and(|rooms| rooms.contains(first));
        if !known {
            found.push(format!("`crate::{first}` is not a room: import by room"));
            continue;
        }
        if ENDS.contains(&first.as_str()) && !binary && here.first() != Some(first) {
            found.push(format!("`{first}` is an end: nobody imports it"));
        }
        if let Some((mine, theirs)) = against_the_stream(here, &target, order) {
            found.push(format!("`{mine}` imports `{theirs}`, which is listed below it"));
        }
    }
    found
}

/// The two sibling rooms where `here` looks down the list at `target`, if it does.
fn against_the_stream<'a>(
    here: &'a [String],
    target: &'a [String],
    order: &Order,
) -> Option<(&'a str, &'a str)> {
    let shared = here.iter().zip(target).take_while(|(a, b)| a == b).count();
    let (mine, theirs) = (here.get(shared)?, target.get(shared)?);
    let siblings = order.get(&here[..shared])?;
    let place = |room: &str| siblings.iter().position(|s| s == room);
    (place(theirs)? > place(mine)?).then_some((mine, theirs))
}

/// The paths on a line that start at the crate's root or at a parent, as paths below the root.
fn paths(line: &str, here: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    // What stands between quotes is text, not a path.
    let code: String = line.split('"').step_by(2).collect();
    let mut rest = code.as_str();
    while let Some(at) = rest.find("crate::") {
        let standing_alone =
            !rest[..at].ends_with(|c: char| c.is_alphanumeric() || "_$".contains(c));
        rest = &rest[at + "crate::".len()..];
        if standing_alone && let Some(path) = segments(rest) {
            found.push(path);
        }
    }
    if let Some(after) = line.strip_prefix("use super::") {
        let mut parent = here.to_vec();
        parent.pop();
        let mut after = after;
        while let Some(further) = after.strip_prefix("super::") {
            parent.pop();
            after = further;
        }
        if let Some(path) = segments(after) {
            let whole: Vec<String> = parent.into_iter().chain(path).collect();
            if !whole.is_empty() {
                found.push(whole);
            }
        }
    }
    found
}

/// The lower-case segments at the start of `text`: the rooms of a path. `None` for a macro.
fn segments(text: &str) -> Option<Vec<String>> {
    let mut rooms = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if after.starts_with('!') {
            return None;
        }
        if word.is_empty() || word.starts_with(char::is_uppercase) {
            return Some(rooms);
        }
        rooms.push(word.to_owned());
        match after.strip_prefix("::") {
            Some(more) => rest = more,
            None => return Some(rooms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tree::Source;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    fn told(text: &str) -> Vec<String> {
        let files = [
            source("crates/a/src/lib.rs", "pub mod first;\npub mod second;\npub mod third;\n"),
            source("crates/a/src/first.rs", ""),
            source("crates/a/src/second.rs", text),
        ];
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_room_may_look_up_the_list_only() {
        assert!(told("use crate::first::Name;\n").is_empty());
        assert_eq!(
            told("use crate::third::Name;\n"),
            ["error: crates/a/src/second.rs:1: `second` imports `third`, which is listed below it"]
        );
        assert!(told("#[cfg(test)]\nmod tests {\n    use crate::third::Name;\n}\n").is_empty());
    }

    #[test]
    fn the_root_is_no_way_in() {
        assert_eq!(told("use crate::{A, B};\n").len(), 1);
        assert_eq!(told("use crate::Name;\n").len(), 1);
        assert_eq!(told("use super::third;\n").len(), 1);
        assert_eq!(told("use crate::first::*;\n").len(), 1);
        assert!(told("static X: u8 = crate::code!(1);\n").is_empty());
    }

    #[test]
    fn a_homeless_room_is_refused() {
        let files = [source("crates/a/src/lib.rs", "mod helpers;\n")];
        assert_eq!(check(&files).len(), 1);
    }
}

//! `[ … ]`: what a test says, where that can be told.
//!
//! Source: GRUB `commands/test.c`.

use super::values::Filled;

/// So deep may parentheses and negations stand.
const DEPTH: usize = 16;

/// Whether a test holds; `None` where that depends on what cannot be told.
pub(super) fn holds(args: &[Filled], exists: &dyn Fn(&str) -> Option<bool>) -> Option<bool> {
    let mut test = Test { rest: args, exists };
    test.any(DEPTH)
}

struct Test<'a> {
    rest: &'a [Filled],
    exists: &'a dyn Fn(&str) -> Option<bool>,
}

impl<'a> Test<'a> {
    fn word(&self) -> Option<&'a str> {
        self.rest.first().and_then(Filled::value)
    }

    fn take(&mut self) -> Option<&'a Filled> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Terms joined by `-o`.
    fn any(&mut self, depth: usize) -> Option<bool> {
        let mut result = self.all(depth);
        while self.word() == Some("-o") {
            self.take();
            let next = self.all(depth);
            result = match (result, next) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            };
        }
        result
    }

    /// Terms joined by `-a`, or by nothing, which is the same.
    fn all(&mut self, depth: usize) -> Option<bool> {
        if self.rest.is_empty() {
            return Some(false);
        }
        let mut result = Some(true);
        while !self.rest.is_empty() && !matches!(self.word(), Some("-o" | ")")) {
            if self.word() == Some("-a") {
                self.take();
                continue;
            }
            let next = self.term(depth);
            result = match (result, next) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        result
    }

    fn term(&mut self, depth: usize) -> Option<bool> {
        let Some(depth) = depth.checked_sub(1) else {
            self.rest = &[];
            return None;
        };
        if let [left, operator, right, rest @ ..] = self.rest
            && let Some(found) = operator.value().and_then(|o| compared(left, o, right))
        {
            self.rest = rest;
            return found;
        }
        let first = self.take()?;
        match (first.value(), self.rest.is_empty()) {
            (Some("!"), false) => self.term(depth).map(|held| !held),
            (Some("("), false) => {
                let inner = self.any(depth);
                if self.word() == Some(")") {
                    self.take();
                }
                inner
            }
            (Some("-n"), false) => self.take()?.value().map(|v| !v.is_empty()),
            (Some("-z"), false) => self.take()?.value().map(str::is_empty),
            (Some("-e" | "-f" | "-s" | "-d"), false) => self.take()?.value().and_then(self.exists),
            (Some(text), _) => Some(!text.is_empty()),
            // A text with an unknown part is empty only where there is nothing else in it.
            (None, _) => None,
        }
    }
}

/// `Some` where `operator` compares two words; then whether that holds.
fn compared(left: &Filled, operator: &str, right: &Filled) -> Option<Option<bool>> {
    use core::cmp::Ordering::{Equal, Greater, Less};
    let numeric = operator.starts_with('-');
    let wanted: &[core::cmp::Ordering] = match operator {
        "=" | "==" | "-eq" => &[Equal],
        "!=" | "-ne" => &[Less, Greater],
        "<" | "-lt" => &[Less],
        "<=" | "-le" => &[Less, Equal],
        ">" | "-gt" => &[Greater],
        ">=" | "-ge" => &[Greater, Equal],
        "-pgt" | "-plt" | "-nt" | "-ot" => return Some(None),
        _ => return None,
    };
    let held = || {
        let (left, right) = (left.value()?, right.value()?);
        let order = if numeric { number(left)?.cmp(&number(right)?) } else { left.cmp(right) };
        Some(wanted.contains(&order))
    };
    Some(held())
}

fn number(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(line: &str) -> Option<bool> {
        let words: Vec<Filled> = line
            .split(' ')
            .map(|w| Filled { text: w.trim_matches('\'').to_owned(), known: !w.contains('$') })
            .collect();
        holds(&words, &|path| match path {
            "/there" => Some(true),
            "/not" => Some(false),
            _ => None,
        })
    }

    #[test]
    fn tests_hold_as_in_grub() {
        // GRUB manual, *test*.
        for (line, held) in [
            ("xy = xy", Some(true)),
            ("xn = xy", Some(false)),
            ("a", Some(true)),
            ("''", Some(false)),
            ("-n '' -a a = a", Some(false)),
            ("-z '' -a 0 = 0", Some(true)),
            ("0 = 0 -o 0 = -1", Some(true)),
            ("! a = b", Some(true)),
            ("( a = b ) -o ( 2 -gt 1 )", Some(true)),
            ("-s /there", Some(true)),
            ("-f /not", Some(false)),
            ("-f /else", None),
            ("x$a = x", None),
            ("x$a = x -a b = c", Some(false)),
            ("x$a = x -o b = b", Some(true)),
        ] {
            assert_eq!(test(line), held, "{line}");
        }
    }
}

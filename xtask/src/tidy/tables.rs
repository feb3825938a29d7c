//! Each row of knowledge has a source, a name of its own, and a range that meets no other.

use super::Complaint;
use crate::tree::Source;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// A kernel version as tables write it.
type Version = (u32, u32);

/// Checks every table.
#[must_use]
pub fn check(tables: &[Source]) -> Vec<Complaint> {
    tables.iter().flat_map(check_table).collect()
}

fn check_table(source: &Source) -> Vec<Complaint> {
    let table: Table = match source.text.parse() {
        Ok(table) => table,
        Err(e) => return vec![Complaint::new(&source.path, 0, format!("not TOML: {e}"))],
    };
    let mut told = Vec::new();
    let mut ranges: BTreeMap<(&str, String), Vec<(Version, Version)>> = BTreeMap::new();
    let arrays = table.iter().filter_map(|(name, rows)| Some((name.as_str(), rows.as_array()?)));
    let rows = arrays.flat_map(|(array, rows)| rows.iter().map(move |row| (array, row)));
    for (array, row) in rows.filter_map(|(array, row)| Some((array, row.as_table()?))) {
        let name = ["id", "name", "rule"].iter().find_map(|key| word(row, key)).unwrap_or_default();
        let mut complain = |what: &str| {
            told.push(Complaint::new(&source.path, 0, format!("row {name:?}: {what}")));
        };
        if name.is_empty() {
            complain("no id");
        }
        if word(row, "source").is_none_or(|s| s.trim().is_empty()) {
            complain("no source");
        }
        if row.get("checked").is_some_and(|c| !is_date(c)) {
            complain("`checked` is no date");
        }
        let since = version(row.get("since")).unwrap_or((0, 0));
        let until = version(row.get("until")).unwrap_or((u32::MAX, 0));
        if until <= since {
            complain("the range is empty");
        }
        for key in keys(row, name) {
            let others = ranges.entry((array, key.clone())).or_default();
            if others.iter().any(|(s, u)| *s < until && since < *u) {
                complain(&format!("its range overlaps that of another row for {key}"));
            }
            others.push((since, until));
        }
    }
    told
}

/// What a row may not share with another row of a meeting range: its name, for each of the versions
/// that it lists, and the point in which kernels differ together with whose kernels and the
/// architecture, where nothing in the image tells them apart.
fn keys(row: &Table, name: &str) -> Vec<String> {
    let listed = row.get("versions").and_then(Value::as_array);
    let mut keys = match listed {
        Some(all) => {
            all.iter().filter_map(Value::as_str).map(|v| format!("{name} of {v}")).collect()
        }
        None => vec![name.to_owned()],
    };
    let probed = row.contains_key("probe") || row.contains_key("without");
    if let Some(point) = word(row, "point").filter(|_| !probed) {
        let words = |field: &str, none: &str| match row.get(field).and_then(Value::as_array) {
            Some(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => vec![none.to_owned()],
        };
        for arch in words("arch", "") {
            let on = if arch.is_empty() { String::new() } else { format!(" on {arch}") };
            let whose = words("distro", "everybody");
            keys.extend(whose.iter().map(|w| format!("{point} of {w}{on}")));
        }
    }
    keys
}

fn word<'t>(row: &'t Table, name: &str) -> Option<&'t str> {
    row.get(name).and_then(Value::as_str)
}

fn version(value: Option<&Value>) -> Option<Version> {
    let (major, minor) = value?.as_str()?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn is_date(value: &Value) -> bool {
    value.as_datetime().is_some_and(|d| d.date.is_some())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tree::Source;

    fn told(text: &str) -> Vec<String> {
        check(&[Source { path: "t.toml".to_owned(), text: text.to_owned() }])
            .into_iter()
            .map(|c| c.problem)
            .collect()
    }

    #[test]
    fn a_row_without_a_source_is_refused() {
        assert_eq!(told("[[r]]\nid = \"a\"\nsource = \"\"\n"), ["row \"a\": no source"]);
    }

    #[test]
    fn ranges_do_not_meet() {
        let row = |id: &str, range: &str| {
            format!("[[r]]\nid = {id:?}\npoint = \"p\"\nsource = \"s\"\n{range}\n")
        };
        let good = row("a", "until = \"6.1\"") + &row("b", "since = \"6.1\"");
        assert_eq!(told(&good), [""; 0]);
        let bad = row("a", "until = \"6.2\"") + &row("b", "since = \"6.1\"");
        assert_eq!(
            told(&bad),
            ["row \"b\": its range overlaps that of another row for p of everybody"]
        );
    }

    #[test]
    fn versions_that_rows_list_do_not_meet() {
        let row =
            |listed: &str| format!("[[r]]\nrule = \"a\"\nsource = \"s\"\nversions = [{listed}]\n");
        assert_eq!(told(&(row("\"5.10\", \"6.1\"") + &row("\"6.12\""))), [""; 0]);
        assert_eq!(
            told(&(row("\"5.10\", \"6.1\"") + &row("\"6.1\""))),
            ["row \"a\": its range overlaps that of another row for a of 6.1"]
        );
    }
}

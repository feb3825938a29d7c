//! How boot loaders compare versions.

use core::cmp::Ordering;

/// The order of UAPI.10 Version Format Specification, which systemd-boot sorts by (systemd
/// `string-util-fundamental.c`, `strverscmp_improved`).
#[must_use]
pub fn compare(a: &str, b: &str) -> Ordering {
    let counts = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'~' | b'-' | b'^' | b'.');
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        a = skip(a, |c| !counts(c));
        b = skip(b, |c| !counts(c));
        if a.first() == Some(&b'~') || b.first() == Some(&b'~') {
            match marks(&mut a, &mut b, b'~') {
                Ordering::Equal => continue,
                other => return other,
            }
        }
        if a.is_empty() || b.is_empty() {
            return (!a.is_empty()).cmp(&!b.is_empty());
        }
        for mark in [b'-', b'^', b'.'] {
            let by = marks(&mut a, &mut b, mark);
            if by != Ordering::Equal {
                return by;
            }
        }
        let digit = |s: &[u8]| s.first().is_some_and(u8::is_ascii_digit);
        let by = if digit(a) || digit(b) {
            let (x, y) = (number(&mut a), number(&mut b));
            x.len().cmp(&y.len()).then(x.cmp(y))
        } else {
            run(&mut a, u8::is_ascii_alphabetic).cmp(run(&mut b, u8::is_ascii_alphabetic))
        };
        if by != Ordering::Equal {
            return by;
        }
    }
}

/// Two versions at a mark that makes the one that has it the older; where both have it, it is passed.
fn marks(a: &mut &[u8], b: &mut &[u8], mark: u8) -> Ordering {
    let has = |s: &[u8]| s.first() == Some(&mark);
    let by = (!has(a)).cmp(&!has(b));
    if has(a) && has(b) {
        *a = a.get(1..).unwrap_or_default();
        *b = b.get(1..).unwrap_or_default();
    }
    by
}

fn skip(s: &[u8], of: impl Fn(&u8) -> bool) -> &[u8] {
    let from = s.iter().take_while(|c| of(c)).count();
    s.get(from..).unwrap_or_default()
}

fn run<'s>(s: &mut &'s [u8], of: impl Fn(&u8) -> bool) -> &'s [u8] {
    let end = s.iter().take_while(|c| of(c)).count();
    let (run, rest) = s.split_at_checked(end).unwrap_or_default();
    *s = rest;
    run
}

/// The digits at the start, without leading zeros.
fn number<'s>(s: &mut &'s [u8]) -> &'s [u8] {
    skip(run(s, u8::is_ascii_digit), |c| *c == b'0')
}

/// The order in which GRUB of Fedora sorts entries (`blscfg.c`): as RPM compares name, version and
/// release of a package. `Greater` stands first in the menu.
#[must_use]
pub fn compare_packages(a: &str, b: &str) -> Ordering {
    let (a, b) = (package(a), package(b));
    rpm(a.0, b.0).then_with(|| rpm(a.1, b.1)).then_with(|| rpm(a.2, b.2))
}

/// Name, version and release; with fewer parts the version comes before the release and the name.
fn package(text: &str) -> (&str, &str, &str) {
    match text.rsplit_once('-') {
        None => (text, "", ""),
        Some((rest, release)) => match rest.rsplit_once('-') {
            None => (rest, release, ""),
            Some((name, version)) => (name, version, release),
        },
    }
}

fn rpm(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    if a == b {
        return Ordering::Equal;
    }
    loop {
        let apart = |c: &u8| !c.is_ascii_alphanumeric() && !matches!(c, b'~' | b'+');
        a = skip(a, apart);
        b = skip(b, apart);
        if a.is_empty() && b.is_empty() {
            return Ordering::Equal;
        }
        if a.first() == Some(&b'~') || b.first() == Some(&b'~') {
            match marks(&mut a, &mut b, b'~') {
                Ordering::Equal => continue,
                other => return other,
            }
        }
        if a.first() == Some(&b'+') || b.first() == Some(&b'+') {
            // A version that ends here is older; one that goes on otherwise is newer.
            if a.is_empty() || b.is_empty() {
                return (!a.is_empty()).cmp(&!b.is_empty());
            }
            match marks(&mut a, &mut b, b'+') {
                Ordering::Equal => continue,
                other => return other,
            }
        }
        let (Some(first), Some(second)) = (a.first(), b.first()) else {
            return (!a.is_empty()).cmp(&!b.is_empty());
        };
        let by = match (first.is_ascii_digit(), second.is_ascii_digit()) {
            (true, true) => {
                let (x, y) = (number(&mut a), number(&mut b));
                x.len().cmp(&y.len()).then(x.cmp(y))
            }
            (false, false) => {
                run(&mut a, u8::is_ascii_alphabetic).cmp(run(&mut b, u8::is_ascii_alphabetic))
            }
            (number, _) => number.cmp(&!number),
        };
        if by != Ordering::Equal {
            return by;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_the_specification_says() {
        // UAPI.10, *Examples*.
        for (a, by, b) in [
            ("11", '=', "11"),
            ("systemd-123", '=', "systemd-123"),
            ("bar-123", '<', "foo-123"),
            ("123a", '>', "123"),
            ("123.a", '>', "123"),
            ("123.a", '<', "123.b"),
            ("123a", '>', "123.a"),
            ("11α", '=', "11β"),
            ("A", '<', "a"),
            ("", '<', "0"),
            ("0.", '>', "0"),
            ("0.0", '>', "0"),
            ("0", '>', "~"),
            ("", '>', "~"),
            ("1_", '=', "1"),
            ("_1", '=', "1"),
            ("1_", '<', "1.2"),
            ("1_2_3", '>', "1.3.3"),
            ("1+", '=', "1"),
            ("6.12.117", '>', "6.1.0"),
        ] {
            let wanted = match by {
                '<' => Ordering::Less,
                '>' => Ordering::Greater,
                _ => Ordering::Equal,
            };
            assert_eq!(compare(a, b), wanted, "{a} {by} {b}");
            assert_eq!(compare(b, a), wanted.reverse(), "{b} {a}");
        }
    }

    #[test]
    fn packages_sort_as_rpm_sorts_them() {
        // Each is older than the next: rpm's own rpmvercmp tests, and names of kernel entries.
        let id = "c1d3d3ec2d4b4a7a9b1d5b6b1f1c9d0e";
        let older = |a: &str, b: &str| {
            assert_eq!(compare_packages(a, b), Ordering::Less, "{a} {b}");
            assert_eq!(compare_packages(b, a), Ordering::Greater, "{b} {a}");
        };
        for (a, b) in [
            ("6.8.5-301.fc40.x86_64", "6.8.10-300.fc40.x86_64"),
            ("5.14.0-427.13.1.el9_4.x86_64", "5.14.0-427.20.1.el9_4.x86_64"),
            ("0-rescue", "6.8.5-301.fc40.x86_64"),
        ] {
            older(&format!("{id}-{a}"), &format!("{id}-{b}"));
        }
        for (a, b) in
            [("1.0", "2.0"), ("1.0~rc1", "1.0"), ("2a", "2.0"), ("1.0", "1.0+1"), ("a", "1")]
        {
            assert_eq!(rpm(a, b), Ordering::Less, "{a} {b}");
        }
        assert_eq!(rpm("1.0.0", "1_0_0"), Ordering::Equal);
    }
}

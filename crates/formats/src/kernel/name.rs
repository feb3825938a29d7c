//! How names of modules and parameters are compared: `-` and `_` are one letter.
//!
//! Sources: kmod `shared/util.c` (`alias_normalize`, `modname_normalize`), `kernel/params.c`
//! (`parameq`).

/// A name or alias pattern as kmod keeps it: `-` becomes `_`, except between brackets.
///
/// `None` when brackets do not pair up or the name is longer than a path may be (`PATH_MAX`); kmod
/// refuses such a pattern.
#[must_use]
pub fn normalized(name: &str) -> Option<String> {
    if name.len() >= 4096 {
        return None;
    }
    let mut within = false;
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            // A bracket that opens inside brackets is an ordinary member of the set.
            '[' => within = true,
            ']' if !within => return None,
            ']' => within = false,
            _ => {}
        }
        out.push(if c == '-' && !within { '_' } else { c });
    }
    (!within).then_some(out)
}

/// The module's name that a file path stands for: no directory, nothing from the first `.` on,
/// `-` as `_`.
#[must_use]
pub fn of_path(path: &str) -> String {
    let base = path.rsplit('/').next().unwrap_or(path);
    base.split('.').next().unwrap_or(base).replace('-', "_")
}

/// Whether a file of this name is a module: `.ko`, or that packed in a way that kmod reads.
#[must_use]
pub fn is_module(file: &[u8]) -> bool {
    [".ko", ".ko.gz", ".ko.xz", ".ko.zst"].iter().any(|end| file.ends_with(end.as_bytes()))
}

/// Whether the kernel takes two parameter names for the same (`parameq`).
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    let one = |b: u8| if b == b'-' { b'_' } else { b };
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| one(a) == one(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_change_outside_brackets_only() {
        // `modprobe -C DIR -c` of kmod 30 on `alias a-[b-c]-d e-f` and `alias usb:*] foo`.
        assert_eq!(normalized("a-[b-c]-d").as_deref(), Some("a_[b-c]_d"));
        assert_eq!(normalized("usb:*]"), None);
        assert_eq!(normalized("usb:[0"), None);
        assert_eq!(of_path("kernel/net/ipv4/netfilter/x-y.ko.xz"), "x_y");
        assert!(same("module.sig-enforce", "module.sig_enforce"));
        assert!(!same("a", "ab"));
    }
}

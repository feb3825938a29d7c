//! Platforms of Linux by name, as `--policy` takes them: `debian-12,secure-boot=on`.
//!
//! A name stands for the ordinary boot of that distribution: Secure Boot on, nothing added to the owner's
//! keys or to dbx, a plain command line. What a kernel brings with it (its configuration, its built-in
//! keys) is read from the files that are judged.

/// Distributions by the `ID` of their `os-release`, as names begin.
const DISTRIBUTIONS: [&str; 14] = [
    "debian",
    "ubuntu",
    "fedora",
    "rhel",
    "centos",
    "almalinux",
    "rocky",
    "ol",
    "opensuse",
    "sles",
    "arch",
    "amzn",
    "linuxmint",
    "proxmox",
];

/// What a name stands for, as keys and values of `--assume`, in the order in which they are applied.
///
/// # Errors
/// A sentence, where the name, a key or a value is none.
pub fn assumptions(named: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = |problem: &str| Err(format!("--policy {named}: {problem}"));
    let mut words = named.split(',');
    let name = words.next().unwrap_or_default();
    let distribution = name.split_once('-').map_or(name, |(distribution, _)| distribution);
    if !DISTRIBUTIONS.contains(&distribution) {
        let known = DISTRIBUTIONS.join(", ");
        return wrong(&format!("no such file, and no platform; names begin with {known}"));
    }
    let mut secure_boot = "on";
    let mut others = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some(("secure-boot", value @ ("on" | "off"))) => secure_boot = value,
            Some((key @ ("lockdown" | "sig-enforce" | "enroll"), value)) => {
                others.push((key.to_owned(), value.to_owned()));
            }
            Some(("kernel", _)) => return wrong("the kernel is that of the files; use --kernel"),
            _ => {
                let keys = "secure-boot=on|off, lockdown=LEVEL, sig-enforce=on|off, enroll=FILE";
                return wrong(&format!("{word}: there are {keys}"));
            }
        }
    }
    let mut all = vec![("secure-boot".to_owned(), secure_boot.to_owned())];
    all.append(&mut others);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::assumptions;

    #[test]
    fn a_name_is_an_ordinary_boot_and_what_is_said_besides() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(assumptions("debian-12").unwrap(), [pair("secure-boot", "on")]);
        assert_eq!(
            assumptions("ubuntu-24.04,lockdown=integrity,secure-boot=off").unwrap(),
            [pair("secure-boot", "off"), pair("lockdown", "integrity")]
        );
        for wrong in ["", "prod.lwb", "debian-12,x=y", "debian-12,secure-boot=maybe"] {
            assert!(assumptions(wrong).is_err(), "{wrong}");
        }
    }
}

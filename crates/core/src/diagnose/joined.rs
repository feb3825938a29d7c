//! What the judge says of a file, put beside what a log says of it.

use alloc::string::String;
use alloc::vec::Vec;

/// What the judge says of one file of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The module or image.
    pub name: String,
    /// Its path.
    pub path: Option<String>,
    /// `loads`, `loads-tainted`, `refused`, `unknown`.
    pub outcome: &'static str,
    /// The code that refuses.
    pub code: Option<&'static str>,
    /// What the system call returns.
    pub errno: Option<&'static str>,
    /// What the kernel will print.
    pub log: Vec<String>,
    /// Why, in the judge's words.
    pub because: String,
    /// Whether it is refused only because Secure Boot is off, so that owner's keys are not taken in.
    pub loads_under_secure_boot: bool,
    /// Whether it is a driver or package of Windows; then `log` has the codes that Windows says.
    pub windows: bool,
    /// Whether the package would be accepted with its line ends put back.
    pub line_ends: bool,
}

impl Judged {
    /// Whether a log that names `module` speaks of this file: by the module's own name, or by the
    /// file's.
    #[must_use]
    pub fn is(&self, module: &str) -> bool {
        let file = self.path.as_deref().and_then(|p| p.rsplit('/').next());
        let stem = file.and_then(|f| f.split(".ko").next()).unwrap_or_default();
        self.name == module || stem.replace('-', "_") == module
    }

    /// The causes that a refusal with this code can be told as, the plainest first.
    #[must_use]
    pub fn causes(&self) -> &'static [&'static str] {
        match self.code {
            Some("LW1003") => &[
                "module-unsigned",
                "signing-step-failed",
                "signature-stripped",
                "lockdown-without-secure-boot",
            ],
            Some("LW1004") => &[
                "key-not-enrolled",
                "wrong-key-enrolled",
                "keyring-not-consulted",
                "mok-enrolment-incomplete",
                "no-shim-in-boot-chain",
                "lockdown-without-secure-boot",
            ],
            Some("LW1005" | "LW1007" | "LW1008" | "LW1009") => &["signing-step-failed"],
            Some("LW1006") => &["signature-stripped"],
            Some("LW1010" | "LW1011" | "LW3003" | "LW3004") => &["dbx-blocks-image"],
            Some("LW3001") => &["module-unsigned"],
            Some("LW3002" | "LW3006") => &["key-not-enrolled", "wrong-key-enrolled"],
            Some("LW3005") => &["signature-stripped"],
            Some("LW2035" | "LW2036") if self.line_ends => &["catalog-hash-line-endings"],
            Some("LW2002" | "LW2034" | "LW2035" | "LW2036") => &["catalog-hash-file-edited"],
            Some("LW2001") => &["package-unsigned", "testsigning-not-active"],
            Some("LW2003") => &["sha2-not-supported", "bad-dual-signature"],
            Some("LW2004" | "LW2005") => &["test-certificate-untrusted", "testsigning-not-active"],
            Some("LW2006") => &["cross-signed-needs-whql"],
            Some("LW2010" | "LW2011") => &["driver-blocklisted"],
            Some("LW2012") => &["windows-driver-policy-2026"],
            Some("LW2013" | "LW2014") => &["app-control-policy"],
            Some("LW2015") => &["hvci-incompatible"],
            Some("LW2030" | "LW2048") => &["inf-invalid"],
            Some("LW2032") => &["package-unsigned"],
            Some("LW2033") => &["catalog-unsigned"],
            Some("LW2038" | "LW2039" | "LW2040" | "LW2041" | "LW2042") => {
                &["test-certificate-untrusted"]
            }
            Some("LW2043" | "LW2044" | "LW2045" | "LW2046") => &["publisher-not-trusted"],
            Some("LW3007") => &["sbat-revoked"],
            Some("LW3008") => &["sbat-missing"],
            Some(_) => &["not-a-signature-problem"],
            None => &[],
        }
    }

    /// The cause that lies in the machine's setting, where it is one.
    #[must_use]
    pub fn cause_of_setting(&self) -> Option<&'static str> {
        self.loads_under_secure_boot.then_some("lockdown-without-secure-boot")
    }

    /// A finer name of the plainest cause.
    #[must_use]
    pub fn detail(&self) -> Option<&'static str> {
        Some(match self.code? {
            "LW1005" => "signature-crypto-unsupported",
            "LW1006" | "LW3005" => "bytes-changed-after-signing",
            "LW1007" => "signature-damaged",
            "LW1008" | "LW1009" => "signature-form-refused",
            "LW1010" => "module-digest-denied",
            "LW1011" => "signer-revoked",
            "LW1025" => "name-on-block-list",
            "LW1056" => "not-supported-by-distribution",
            "LW1022" | "LW1026" | "LW1027" | "LW1030" => "built-for-another-kernel",
            "LW1031" => "unknown-symbol",
            "LW1051" | "LW1052" => "module-missing",
            _ => return None,
        })
    }

    /// Whether what the judge predicts is what was seen: the error, where one was seen, and every
    /// line of the refusal that was seen.
    #[must_use]
    pub fn agrees(&self, errnos: &[&str], lines: &[&str]) -> bool {
        let refused = self.outcome == "refused";
        let errno = errnos.is_empty() || self.errno.is_some_and(|e| errnos.contains(&e));
        let said = lines.iter().all(|line| self.log.iter().any(|own| same(own, line)));
        refused && errno && said && !(errnos.is_empty() && lines.is_empty())
    }
}

/// Whether two lines are the same but for who loaded.
fn same(predicted: &str, seen: &str) -> bool {
    let plain = |line: &str| {
        let rest = line.strip_prefix("Lockdown: ").and_then(|l| l.split_once(": "));
        rest.map_or_else(|| String::from(line.trim()), |(_, said)| String::from(said.trim()))
    };
    plain(predicted) == plain(seen)
}

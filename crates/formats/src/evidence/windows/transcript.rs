//! A pasted transcript of signing: which steps were taken, in which order, for whom and into which
//! store, and which one breaks.
//!
//! Sources: Microsoft, Windows Driver Signing Tutorial (test signing and release signing), MakeCert,
//! Cert2Spc, Pvk2Pfx, SignTool, CertMgr, Inf2Cat; certutil; Import-Certificate,
//! New-SelfSignedCertificate; Certificate Import Wizard.

use crate::evidence::windows::statement::Statement;

/// Steps of one transcript.
const STEPS: usize = 64;
/// Characters of a command that are told.
const WIDE: usize = 160;
/// The usage that lets a certificate sign code. RFC 5280, 4.2.1.12.
const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";

/// The programs that sign, and the words that a step begins with.
const TOOLS: [&str; 14] = [
    "makecert",
    "new-selfsignedcertificate",
    "cert2spc",
    "pvk2pfx",
    "inf2cat",
    "makecat",
    "signtool",
    "certmgr",
    "certutil",
    "import-certificate",
    "import-pfxcertificate",
    "bcdedit",
    "pnputil",
    "devcon",
];

/// What the steps before left behind.
#[derive(Debug, Default)]
struct Made {
    /// A certificate that vouches for itself was made, and how it is called.
    own: bool,
    /// Files of keys and certificates that steps made.
    files: Vec<String>,
    catalog: bool,
    catalog_signed: bool,
    machine_root: bool,
    machine_publisher: bool,
    user: bool,
    test_mode: bool,
    breaks: Vec<usize>,
}

/// Reads the transcript in a text; empty where it holds fewer than two steps of signing.
#[must_use]
pub fn read(text: &str) -> Vec<Statement> {
    let mut made = Made::default();
    let mut told: Vec<Statement> = Vec::new();
    let mut kinds: Vec<&str> = Vec::new();
    for (number, line) in (0_u64..).zip(text.lines()) {
        let Some((tool, command)) = step(line) else { continue };
        if told.len() >= STEPS {
            break;
        }
        let nth = told.len().saturating_add(1);
        let (what, breaks) = made.take(tool, &command);
        if !kinds.contains(&tool) {
            kinds.push(tool);
        }
        if breaks {
            made.breaks.push(nth);
        }
        let mark = if breaks { " breaks:" } else { ":" };
        let said = format!("signing step {nth} {tool}{mark} {what}");
        told.push(Statement { line: number, said, ..Statement::default() });
    }
    let signing = ["makecert", "new-selfsignedcertificate", "cert2spc", "pvk2pfx", "inf2cat"];
    let signing = kinds.iter().any(|k| signing.contains(k) || *k == "signtool");
    if kinds.len() < 2 || !signing {
        return Vec::new();
    }
    let line = told.last().map_or(0, |s| s.line);
    told.extend(made.missing().map(|said| Statement { line, said, ..Statement::default() }));
    told
}

/// The step that a line is: its tool and its words; typographic quotes and dashes made plain.
fn step(line: &str) -> Option<(&'static str, String)> {
    let plain: String = line
        .chars()
        .map(|c| match c {
            '“' | '”' | '„' | '″' => '"',
            '–' | '—' => '-',
            c => c,
        })
        .take(1000)
        .collect();
    let lower = plain.to_ascii_lowercase();
    let tool = TOOLS.iter().find(|tool| {
        let Some(at) = lower.find(**tool) else { return false };
        let before = lower.get(..at).unwrap_or_default().chars().next_back();
        let after = lower.get(at.saturating_add(tool.len())..).unwrap_or_default();
        let after = after.strip_prefix(".exe").unwrap_or(after).trim_start_matches('"');
        let own = before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-');
        own && after.starts_with([' ', '\t']) && after.contains(['/', '-', '.'])
    });
    if let Some(tool) = tool {
        let at = lower.find(tool).unwrap_or_default();
        let rest = lower.get(at.saturating_add(tool.len())..).unwrap_or_default();
        return Some((tool, rest.trim_start_matches(".exe").to_owned()));
    }
    // An import by hand is a step, too.
    let imports = lower.contains("import") && (lower.contains("store") || lower.contains(".cer"));
    imports.then_some(("import", lower))
}

/// The word behind an option, written with `-` or `/`.
fn option<'a>(command: &'a str, name: &str) -> Option<&'a str> {
    let mut words = command.split_whitespace();
    words.find(|word| word.strip_prefix(['-', '/']) == Some(name))?;
    Some(words.next().unwrap_or_default().trim_matches('"'))
}

fn has(command: &str, name: &str) -> bool {
    command.split_whitespace().any(|word| word.strip_prefix(['-', '/']) == Some(name))
}

fn short(text: &str) -> String {
    text.trim().chars().take(WIDE).collect()
}

impl Made {
    /// What a step does, and whether it breaks what comes after it.
    fn take(&mut self, tool: &str, command: &str) -> (String, bool) {
        match tool {
            "makecert" => self.makecert(command),
            "new-selfsignedcertificate" => {
                self.own = true;
                let machine = command.contains("localmachine");
                let code = command.contains("codesigning") || command.contains(CODE_SIGNING);
                let place = if machine { "the machine's store" } else { "the user's store" };
                let what = format!("makes a certificate that vouches for itself, in {place}");
                if code {
                    (what, false)
                } else {
                    (format!("{what}, for servers and not for code: -Type CodeSigningCert"), true)
                }
            }
            "cert2spc" | "pvk2pfx" => self.wrap(tool, command),
            "inf2cat" | "makecat" => {
                self.catalog = true;
                self.catalog_signed = false;
                let of = command
                    .split_whitespace()
                    .find_map(|w| w.strip_prefix("/os:").or_else(|| w.strip_prefix("-os:")));
                let of = of.map_or_else(String::new, |os| format!(" for {os} and no other system"));
                (format!("makes a catalog{of}, without a signature yet"), false)
            }
            "signtool" if command.contains("verify") => Self::verify(command),
            "signtool" => self.sign(command),
            "certmgr" | "certutil" | "import-certificate" | "import-pfxcertificate" | "import" => {
                self.store(tool, command)
            }
            "bcdedit" => {
                let on = command.contains("testsigning") && command.contains(" on");
                self.test_mode |= on;
                let what =
                    if on { "sets test mode, from the next start on" } else { "boot settings" };
                (what.to_owned(), false)
            }
            _ => (short(&format!("installs:{command}")), false),
        }
    }

    fn makecert(&mut self, command: &str) -> (String, bool) {
        for name in ["sv", "n"] {
            let made = option(command, name).filter(|f| f.contains('.'));
            self.files.extend(made.map(str::to_owned));
        }
        let file = command.split_whitespace().next_back().unwrap_or_default().trim_matches('"');
        self.files.push(file.to_owned());
        let issued = has(command, "ic") || has(command, "in") || has(command, "is");
        if !has(command, "r") && !issued {
            let what = "makes a certificate of Microsoft's old test root (no -r, no issuer), which \
                        nothing trusts";
            return (what.to_owned(), true);
        }
        self.own = !issued;
        let what = if issued {
            "makes a certificate of a root of one's own"
        } else {
            "makes a certificate that vouches for itself"
        };
        match option(command, "eku") {
            Some(eku) if !eku.starts_with(|c: char| c.is_ascii_digit()) => {
                let said =
                    "-eku without an identifier: it is fit for no use that installers ask for";
                (format!("{what}; {said}"), true)
            }
            Some(eku) if !eku.split(',').any(|e| e == CODE_SIGNING) => {
                (format!("{what}; -eku {eku} is not code signing"), true)
            }
            _ => (what.to_owned(), false),
        }
    }

    /// `cert2spc`, `pvk2pfx`: other wrappings of the same certificate and key.
    fn wrap(&mut self, tool: &str, command: &str) -> (String, bool) {
        let words: Vec<&str> = command.split_whitespace().map(|w| w.trim_matches('"')).collect();
        let given = match tool {
            "cert2spc" => words.first().copied().into_iter().collect(),
            _ => ["pvk", "spc"].iter().filter_map(|n| option(command, n)).collect::<Vec<_>>(),
        };
        let strange = given.iter().find(|f| !self.files.is_empty() && !self.knows(f)).copied();
        let made = match tool {
            "cert2spc" => words.get(1).copied(),
            _ => option(command, "pfx"),
        };
        self.files.extend(made.map(str::to_owned));
        match strange {
            Some(file) => (format!("takes {}, which no step before made", short(file)), true),
            None if tool == "cert2spc" => ("wraps the certificate".to_owned(), false),
            None => ("puts certificate and key into one file".to_owned(), false),
        }
    }

    fn knows(&self, file: &str) -> bool {
        let name = |f: &str| f.rsplit(['\\', '/']).next().unwrap_or(f).to_owned();
        self.files.iter().any(|f| name(f) == name(file))
    }

    fn sign(&mut self, command: &str) -> (String, bool) {
        let catalog = command.contains(".cat") || !command.contains(".sys");
        if command.contains(".sys") && self.catalog && !command.contains(".cat") {
            let what = "signs the driver after the catalog was made: its digest is no longer the one in \
                        the catalog";
            return (what.to_owned(), true);
        }
        // `/fmycert.pfx`: the option and its file without a blank.
        let joined = command
            .split_whitespace()
            .find_map(|w| w.strip_prefix("/f").filter(|f| f.ends_with(".pfx") && !f.is_empty()));
        let file = option(command, "f").or(joined);
        if catalog {
            self.catalog_signed = true;
        }
        let stamped =
            ["t", "tr"].iter().any(|t| option(command, t).is_some_and(|u| u.contains(':')));
        let stamp = if stamped { "" } else { "; no time stamp: it ends with the certificate" };
        let what = if catalog { "signs the catalog" } else { "signs the driver" };
        match file.filter(|f| !self.files.is_empty() && !self.knows(f)) {
            Some(file) => {
                (format!("{what} with {}, which no step before made{stamp}", short(file)), true)
            }
            None => (format!("{what}{stamp}"), false),
        }
    }

    fn verify(command: &str) -> (String, bool) {
        let what = if has(command, "kp") {
            "asks what the kernel asks: a root of Microsoft's"
        } else if has(command, "pa") {
            "asks the stores of whoever runs it, so it says nothing of the account that installs"
        } else {
            "asks for a root of Microsoft's"
        };
        (what.to_owned(), false)
    }

    fn store(&mut self, tool: &str, command: &str) -> (String, bool) {
        let says = |word: &str| command.contains(word);
        let adds = says("add") || says("import") || tool.starts_with("import");
        if !adds {
            return (short(&format!("looks at certificates:{command}")), false);
        }
        let by_hand = tool == "import";
        let machine = match tool {
            "certmgr" => says("localmachine"),
            "certutil" => !has(command, "user"),
            _ => says("localmachine") || says("local machine") || says("local computer"),
        };
        let automatic = says("automatic") || says("auto");
        if !machine || by_hand && automatic {
            self.user = true;
            let chosen = if automatic { "stores chosen automatically, which are " } else { "" };
            let what = format!(
                "puts it into {chosen}the user's: LocalSystem and the installer do not see it there"
            );
            return (what, true);
        }
        let publisher = says("trustedpublisher") || says("trusted publisher");
        let root = says("root");
        self.machine_root |= root;
        self.machine_publisher |= publisher;
        let place = match (root, publisher) {
            (_, true) => "the machine's trusted publishers",
            (true, false) => "the machine's trusted roots",
            (false, false) => "a store of the machine that installers do not ask",
        };
        (format!("puts it into {place}"), false)
    }

    /// What the steps together leave out.
    fn missing(&self) -> impl Iterator<Item = String> {
        let stores = self.own && !(self.machine_root && self.machine_publisher);
        let stores = stores.then(|| {
            let lacks = match (self.machine_root, self.machine_publisher) {
                (false, false) => "trusted roots and trusted publishers",
                (false, true) => "trusted roots",
                _ => "trusted publishers",
            };
            format!("signing lacks: the certificate in the machine's {lacks}")
        });
        let unsigned = (self.catalog && !self.catalog_signed)
            .then(|| "signing lacks: a signature on the catalog that was made last".to_owned());
        let test = (self.own && !self.test_mode).then(|| {
            "signing lacks: test mode, without which the kernel does not load the driver".to_owned()
        });
        [unsigned, stores, test].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        read(text).into_iter().map(|s| s.said).collect()
    }

    #[test]
    fn the_recipe_of_a_failing_install_breaks_where_its_readers_found_it() {
        let all = said(
            "Inf2Cat.exe /driver:”c:\\drv” /os:XP_X86\n\
             makecert.exe -r -n “CN=OUR” -b 05/10/2010 -e 05/10/2099 -eku -sv own.pvk own.cer\n\
             cert2spc.exe own.cer own.spc\n\
             pvk2pfx.exe -pvk own.pvk -spc own.spc -pfx own.pfx\n\
             Then I import in the .cer, .spc, and .pfx files into the (auto found) certificate stores.\n\
             “%SDK_Path%\\signtool.exe” sign /fmycert.pfx /d “” /t “”\n\
             (signtool verify /pa\n",
        );
        assert_eq!(all.iter().filter(|s| s.starts_with("signing step")).count(), 7, "{all:#?}");
        let breaks: Vec<&str> =
            all.iter().filter(|s| s.contains("breaks")).map(|s| s.get(13..14).unwrap()).collect();
        assert_eq!(breaks, ["2", "5", "6"], "{all:#?}");
        assert!(all[1].contains("-eku without an identifier"));
        assert!(all[4].contains("LocalSystem"));
    }

    #[test]
    fn microsofts_own_steps_do_not_break() {
        let all = said(
            "makecert -r -pe -ss PrivateCertStore -n CN=Contoso.com(Test) -eku 1.3.6.1.5.5.7.3.3 C.cer\n\
             inf2cat /driver:c:\\toaster /os:7_X64\n\
             signtool sign /v /s PrivateCertStore /n Contoso.com(Test) /t http://stamp tstamd64.cat\n\
             certmgr /add C.cer /s /r localMachine root\n\
             certmgr /add C.cer /s /r localMachine trustedpublisher\n\
             bcdedit -set testsigning on\n\
             signtool verify /v /pa tstamd64.cat\n",
        );
        assert!(!all.iter().any(|s| s.contains("breaks") || s.contains("lacks")), "{all:#?}");
        assert_eq!(all.len(), 7);
    }

    #[test]
    fn what_is_no_transcript_has_no_steps() {
        for text in ["", "signtool verify /pa x.sys\n", "bcdedit /set testsigning on\nsc start x\n"]
        {
            assert_eq!(said(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_driver_signed_after_its_catalog_breaks_it() {
        let all = said("inf2cat /driver:. /os:10_X64\nsigntool sign /f k.pfx x.sys\n");
        assert!(all[1].contains("breaks") && all[1].contains("after the catalog"), "{all:#?}");
    }
}

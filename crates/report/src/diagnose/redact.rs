//! Names of hosts, people, addresses and volumes taken out of a diagnosis, each by a stand-in that
//! stays the same throughout.

use loadworthy_core::diagnose::finding::{Coverage, Diagnosis, Finding, Quoted};
use regex::{Captures, Regex};
use std::collections::BTreeMap;

/// What is taken out: the stand-in's name and the expression whose first group is taken.
const PRIVATE: [(&str, &str); 10] = [
    ("mail", r"\b([\w.+-]+@[\w-]+\.[\w.-]+)\b"),
    ("user-at-host", r"\b([a-z_][\w.-]*@[\w.-]+)(?::[~/]\S*)?[$#]"),
    ("user", r"/(?:home|Users)/([^/\s'\x22]+)"),
    ("uuid", r"\b([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})\b"),
    // What a disk or a port of a storage network is named by (NAA), whole and as multipath puts it.
    ("volume", r"\b(3[2356][0-9a-f]{15}(?:[0-9a-f]{16})?)\b"),
    ("volume", r"\b(?:wwn-|naa\.)?(0x[1256][0-9a-f]{15}(?:[0-9a-f]{16})?)\b"),
    ("address", r"\b((?:[0-9a-fA-F]{2}:){5}(?:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}:)?[0-9a-fA-F]{2})\b"),
    ("address", r"\b((?:\d{1,3}\.){3}\d{1,3})\b"),
    ("address", r"\b((?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4})\b"),
    ("serial", r"(?i)\bserial(?: number)?\W{1,3}(\w{4,})"),
];

struct Names {
    known: BTreeMap<String, String>,
    hosts: Vec<String>,
    readers: Vec<(&'static str, Regex)>,
}

impl Names {
    fn stand_in(&mut self, sort: &str, name: &str) -> String {
        let next = self.known.len() + 1;
        self.known.entry(name.to_owned()).or_insert_with(|| format!("[{sort}-{next}]")).clone()
    }

    fn plain(&mut self, text: &mut String) {
        for host in self.hosts.clone() {
            if text.contains(&host) {
                let stand_in = self.stand_in("host", &host);
                *text = text.replace(&host, &stand_in);
            }
        }
        for (sort, reader) in self.readers.clone() {
            let new = reader.replace_all(text, |found: &Captures<'_>| {
                let whole = found[0].to_owned();
                let name = found[1].to_owned();
                let stand_in = self.stand_in(sort, &name);
                whole.replacen(&name, &stand_in, 1)
            });
            *text = new.into_owned();
        }
    }

    /// Names that were learned in one place are names everywhere.
    fn again(&mut self, text: &mut String) {
        self.plain(text);
        for (name, stand_in) in &self.known {
            let edge = |c: Option<char>| c.is_none_or(|c| !(c.is_alphanumeric() || c == '_'));
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once(name.as_str()) {
                let whole = edge(before.chars().next_back().or(out.chars().next_back()))
                    && edge(after.chars().next());
                out.push_str(before);
                out.push_str(if whole { stand_in } else { name });
                rest = after;
            }
            out.push_str(rest);
            *text = out;
        }
    }

    fn quotes(&mut self, quotes: &mut [Quoted]) {
        for quoted in quotes {
            self.again(&mut quoted.quote);
            self.again(&mut quoted.source);
        }
    }

    fn finding(&mut self, finding: &mut Finding) {
        self.quotes(&mut finding.evidence);
        self.quotes(&mut finding.consequences);
        self.again(&mut finding.because);
        finding.about.host.iter_mut().for_each(|host| self.again(host));
        finding.about.path.iter_mut().for_each(|path| self.again(path));
        finding.recovery.commands.iter_mut().for_each(|command| self.again(command));
    }
}

/// Takes what is private out of `told` and `read`.
pub fn redact(told: &mut Diagnosis, read: &mut Coverage) {
    let hosts = told.findings.iter().filter_map(|f| f.about.host.clone());
    let mut names = Names {
        known: BTreeMap::new(),
        hosts: hosts.chain(told.hosts.clone()).filter(|h| h.len() > 2).collect(),
        readers: PRIVATE
            .iter()
            .filter_map(|(sort, expression)| Some((*sort, Regex::new(expression).ok()?)))
            .collect(),
    };
    // Twice: what the last line teaches is taken out of the first.
    for _ in 0..2 {
        told.findings.iter_mut().for_each(|finding| names.finding(finding));
        names.quotes(&mut told.harmless);
        names.quotes(&mut told.unbound);
        for ran in &mut told.ran {
            names.again(&mut ran.source);
            names.again(&mut ran.quote);
            for file in &mut ran.files {
                names.again(&mut file.path);
                file.signatures.iter_mut().for_each(|by| names.again(&mut by.place));
            }
        }
        told.since.iter_mut().for_each(|said| names.again(said));
        for change in &mut told.changes {
            names.quotes(std::slice::from_mut(&mut change.quoted));
            names.again(&mut change.what);
        }
    }
    told.hosts.clear();
    for text in &mut read.texts {
        let mut plain = text.to_string();
        names.again(&mut plain);
        *text = plain.into();
    }
    read.skipped.iter_mut().for_each(|skipped| names.again(skipped));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_stay_the_same() {
        let quoted =
            |quote: &str| Quoted { source: "/home/ada/dmesg:1".into(), quote: quote.into() };
        let mut told = Diagnosis {
            harmless: vec![
                quoted("san-7 10.0.0.7 says 00:11:22:33:44:55"),
                quoted("10.0.0.7 ada@san-7"),
            ],
            hosts: vec!["san-7".into()],
            ..Diagnosis::default()
        };
        redact(&mut told, &mut Coverage::default());
        let all = format!("{told:?}");
        for private in ["san-7", "10.0.0.7", "ada", "00:11"] {
            assert!(!all.contains(private), "{private}: {all}");
        }
        let first = |n: usize| told.harmless[n].quote.split(' ').nth(1 - n).map(str::to_owned);
        assert_eq!(first(0), first(1));
    }
}

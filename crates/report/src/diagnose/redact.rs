//! Names of hosts, people, addresses and volumes taken out of a diagnosis, each by a stand-in that
//! stays the same throughout.

use loadworthy_core::diagnose::finding::{Coverage, Diagnosis, Finding, Quoted};
use regex::{Captures, Regex};
use std::collections::BTreeMap;

/// What is taken out: the stand-in's name and the expression whose first group is taken.
const PRIVATE: [(&str, &str); 8] = [
    ("mail", r"\b([\w.+-]+@[\w-]+\.[\w.-]+)\b"),
    ("user-at-host", r"\b([a-z_][\w.-]*@[\w.-]+)(?::[~/]\S*)?[$#]"),
    ("user", r"/(?:home|Users)/([^/\s'\x22]+)"),
    ("uuid", r"\b([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})\b"),
    ("address", r"\b((?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2})\b"),
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

    fn quotes(&mut self, quotes: &mut [Quoted]) {
        for quoted in quotes {
            self.plain(&mut quoted.quote);
            self.plain(&mut quoted.source);
        }
    }

    fn finding(&mut self, finding: &mut Finding) {
        self.quotes(&mut finding.evidence);
        self.quotes(&mut finding.consequences);
        self.plain(&mut finding.because);
        finding.about.host.iter_mut().for_each(|host| self.plain(host));
        finding.about.path.iter_mut().for_each(|path| self.plain(path));
        finding.recovery.commands.iter_mut().for_each(|command| self.plain(command));
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
    told.findings.iter_mut().for_each(|finding| names.finding(finding));
    names.quotes(&mut told.harmless);
    names.quotes(&mut told.changes);
    told.hosts.clear();
    for text in &mut read.texts {
        let mut plain = text.to_string();
        names.plain(&mut plain);
        *text = plain.into();
    }
    read.skipped.iter_mut().for_each(|skipped| names.plain(skipped));
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
        let of = |n: usize| told.harmless[n].quote.clone();
        assert!(of(0).contains("[address-2]") && of(1).contains("[address-2]"), "{}", of(1));
    }
}

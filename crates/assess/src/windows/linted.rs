//! INFs of an argument, line by line.

use std::sync::Arc;

use loadworthy_core::answer::Finding;
use loadworthy_core::package::lint::lint;
use loadworthy_core::proof::text;
use loadworthy_core::tables::inf_lints::InfLints;
use loadworthy_formats::limits::Limits;

use super::{Opened, What};

impl Opened<'_> {
    /// What is worth telling of the INFs that are asked about.
    pub(crate) fn linted(&self, table: &InfLints) -> Vec<Finding> {
        let contents = &self.package.files.contents;
        let all = contents.infs.iter().enumerate();
        let asked = all.filter(|(n, described)| match &self.what {
            What::Driver(_) => false,
            What::Inf(asked) => asked == n,
            What::Catalog(name) => {
                let named = described.inf.version().catalog_files;
                named.iter().any(|(_, file)| file.eq_ignore_ascii_case(name))
            }
            What::All | What::Installer => true,
        });
        let mut findings = Vec::new();
        for (n, described) in asked {
            let path: Arc<str> = text(self.package.path(described.file));
            for line in lint(contents, n, table, &Limits::DEFAULT) {
                let Some(row) = table.of(line.number) else { continue };
                findings.push(Finding {
                    code: line.level.of_inf(),
                    number: Some(("InfVerif", text(line.number.to_string()))),
                    level: line.level,
                    path: path.clone(),
                    at: Some((line.at.line, line.at.column)),
                    title: text(row.title.as_str()),
                    said: text(line.said),
                    help: Some(text(row.help.as_str())),
                });
            }
        }
        findings
    }
}

//! What a module says of itself (`.modinfo`), as far as advice goes by it.

use std::collections::BTreeSet;

use loadworthy_core::facts::module::{ModuleFacts, ModuleFile};
use loadworthy_formats::text::printable;

use crate::known::known;

/// What a module says of itself that matters here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) firmware: Vec<String>,
    pub(crate) parameters: BTreeSet<String>,
    pub(crate) version: Option<String>,
}

impl Said {
    /// Of a module that was read.
    pub(crate) fn of(facts: &ModuleFacts) -> Option<Self> {
        let file = known(&facts.file.fact(|file| (file.clone(), String::new())))?;
        let ModuleFile::Read(bytes) = &*file else { return None };
        let info = bytes.survey.modinfo()?;
        let all = |key: &str| info.all(key).map(printable).collect::<Vec<_>>();
        let before = |value: String| value.split(':').next().unwrap_or_default().to_owned();
        let parameters = all("parm").into_iter().chain(all("parmtype")).map(before);
        Some(Self {
            firmware: all("firmware"),
            parameters: parameters.collect(),
            version: info.text("version"),
        })
    }
}

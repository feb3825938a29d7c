//! `[Version]` and the text as a whole.

use super::{Linter, is_guid};
use crate::tables::inf_lints::Level;
use alloc::format;
use loadworthy_formats::inf::encoding::Encoding;
use loadworthy_formats::inf::text::{Span, What};

/// `MAX_CLASS_NAME_LEN` of `cfgmgr32.h`, without the zero at its end.
const LONGEST_CLASS: usize = 31;

impl Linter<'_> {
    /// Looks at the text and at `[Version]`; whether it is an INF that setup opens at all.
    pub(super) fn is_one(&mut self) -> bool {
        if matches!(self.inf.encoding, Encoding::Utf8Bom | Encoding::Utf16Be) {
            self.say(1003, Span { line: 1, column: 1 }, self.inf.encoding.name());
        }
        for fault in &self.inf.faults {
            let level = match fault.what {
                What::UnclosedHeader | What::NameTooLong => Level::Error,
                // Setup takes what is left of the line as it is; published packages begin with
                // comments in the style of C.
                What::OutsideSection
                | What::BehindHeader
                | What::UnclosedQuote
                | What::ContinuedAtEnd
                | What::TooLong => Level::Note,
                What::TooMany => continue,
            };
            let said = format!("{fault}");
            let said = said.split_once(": ").map_or(said.as_str(), |(_, what)| what);
            self.say_as(1002, level, fault.at, said);
        }
        let at = self.version.at;
        let signature = self.version.signature.clone().unwrap_or_default();
        match signature.to_ascii_lowercase().as_str() {
            "$windows nt$" => {}
            // Setup takes both; InfVerif wants the first.
            "$chicago$" | "$windows 95$" => self.say_as(1001, Level::Note, at, signature),
            _ => {
                self.say(1001, at, signature);
                return false;
            }
        }
        self.class();
        self.required();
        self.driver_ver();
        self.catalogs();
        true
    }

    fn place(&self, key: &str) -> Span {
        let section = self.inf.section("Version");
        let line = section.and_then(|s| s.first(key));
        line.map_or(self.version.at, |l| l.at())
    }

    fn class(&mut self) {
        let class = self.version.class.clone().unwrap_or_default();
        let guid = self.version.class_guid.clone().unwrap_or_default();
        let (class_at, guid_at) = (self.place("Class"), self.place("ClassGuid"));
        if class.chars().count() > LONGEST_CLASS {
            self.say(1286, class_at, class.as_str());
        }
        if !guid.is_empty() && !is_guid(&guid) {
            return self.say(1010, guid_at, guid);
        }
        let classes = self.table.classes();
        let by_guid = classes.iter().find(|c| c.guid == guid);
        let by_name = classes.iter().find(|c| c.id.eq_ignore_ascii_case(&class));
        if let (Some(known), false) = (by_guid, class.is_empty())
            && !known.id.eq_ignore_ascii_case(&class)
        {
            self.say(1280, class_at, format!("Class = {class}: {guid} is {}", known.id));
        } else if let (Some(known), false) = (by_name, guid.is_empty())
            && known.guid != guid
        {
            self.say(1281, guid_at, format!("ClassGuid = {guid}: {class} is {}", known.guid));
        }
        let own = self.inf.sections.iter().find(|s| {
            let name = s.name.to_ascii_lowercase();
            name == "classinstall32" || name.starts_with("classinstall32.")
        });
        if let (Some(section), true) = (own, by_guid.is_some()) {
            self.say(1285, section.at, section.name.as_str());
        }
        if class.eq_ignore_ascii_case("Extension") {
            match self.version.extension_id.clone() {
                None => self.say(1381, self.version.at, "ExtensionId"),
                Some(id) if !is_guid(&id) => self.say(1380, self.place("ExtensionId"), id),
                Some(_) => {}
            }
        }
    }

    fn required(&mut self) {
        let at = self.version.at;
        let lacks = [
            ("Class", self.version.class.is_none()),
            ("ClassGuid", self.version.class_guid.is_none()),
            ("Provider", self.version.provider.is_none()),
            ("DriverVer", self.version.driver.is_none()),
        ];
        for (name, _) in lacks.into_iter().filter(|(_, lacks)| *lacks) {
            self.say(1234, at, name);
        }
        let provider = self.version.provider.clone().unwrap_or_default();
        if provider.to_lowercase().starts_with("microsoft") {
            self.say(1204, self.place("Provider"), provider);
        }
        if self.version.pnp_lockdown != Some(true) {
            self.say(1324, at, "PnpLockdown");
        }
    }

    fn driver_ver(&mut self) {
        let Some(driver) = self.version.driver.clone() else { return };
        if driver.day().is_none() {
            self.say(1218, driver.at, driver.date.as_str());
        }
        if let (Some(version), None) = (&driver.version, driver.numbers()) {
            self.say(1217, driver.at, version.as_str());
        }
    }

    fn catalogs(&mut self) {
        let files = self.version.catalog_files.clone();
        if files.is_empty() {
            // An INF without a device, such as one for an application, is no driver package.
            let level = match self.inf.manufacturers().is_empty() {
                true => Level::Note,
                false => Level::Error,
            };
            self.say_as(1233, level, self.version.at, "CatalogFile");
        }
        for (decoration, name) in files {
            let key = match decoration.as_str() {
                "" => "CatalogFile".into(),
                other => format!("CatalogFile.{other}"),
            };
            let is_catalog = name.to_ascii_lowercase().ends_with(".cat");
            if !is_catalog || name.contains(['\\', '/', ':']) {
                self.say(1214, self.place(&key), name);
            }
        }
    }
}

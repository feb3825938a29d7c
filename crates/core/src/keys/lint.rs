//! What is worth telling of a certificate that signs kernel modules.
//!
//! Linux ignores most of it when it checks a module; each finding says who does not. The rows with
//! weights and sources are `knowledge/linux/key_lints.toml`, what to do is on the page of each code.

use super::described::Described;
use crate::code::Code;
use crate::codes::{
    KEY_ALGORITHM_NOT_VERIFIED, KEY_FOREIGN, KEY_MAY_ISSUE, KEY_NOT_FOR_MACHINE_KEYRING, KEY_SHORT,
    KEY_SIGNS_BOOT_IMAGES, KEY_USAGE_WITHOUT_SIGNING, KEY_VALIDITY, KEY_WITHOUT_IDENTIFIER,
    KEYS_SHARE_NAME_AND_NUMBER,
};
use crate::tables::key_lints::{KeyLints, Weight};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Something worth telling of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The page that explains it.
    pub code: &'static Code,
    /// How much it matters.
    pub weight: Weight,
    /// What exactly: `rsa-1024`, a time, a name; may be empty.
    pub detail: String,
    /// Where it is written.
    pub source: Arc<str>,
}

/// What is known of where the certificate is to be used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asks {
    /// Now, in seconds since 1970.
    pub at: Option<i64>,
    /// Whether the kernel has the arithmetic of its key; `None`: not known, or no kernel is meant.
    pub verifiable: Option<bool>,
    /// Whether the kernel's machine keyring takes authorities only.
    pub authorities_only: bool,
    /// Whether it takes only authorities that do not sign data themselves.
    pub no_signing_of_data: bool,
}

/// An RSA key should have so many bits (NIST SP 800-131A).
const LONG_ENOUGH: usize = 2048;
/// An end of validity is told so long before, in seconds.
const SOON: i64 = 90 * 86_400;

/// Makes findings by the rows of the table.
#[derive(Clone, Copy, Debug)]
pub struct Lint<'t>(pub &'t KeyLints);

impl Lint<'_> {
    /// A finding, as the row of its code weighs it.
    #[must_use]
    pub fn finding(self, code: &'static Code, detail: String) -> Finding {
        let row = self.0.of(code.id);
        Finding {
            code,
            weight: row.map_or(Weight::Note, |row| row.weight),
            detail,
            source: Arc::from(row.map_or("", |row| row.source.as_str())),
        }
    }

    /// Everything that one certificate gives rise to.
    #[must_use]
    pub fn certificate(self, c: &Described, asks: &Asks) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut tell = |code, detail| found.push(self.finding(code, detail));
        if asks.verifiable == Some(false) || c.kernel_algorithm().is_none() {
            tell(&KEY_ALGORITHM_NOT_VERIFIED, c.algorithm.clone());
        }
        if c.may_issue() {
            tell(&KEY_MAY_ISSUE, String::new());
        }
        if !c.for_modules_alone() {
            tell(&KEY_SIGNS_BOOT_IMAGES, c.extended.join(" "));
        }
        if c.rsa_bits.is_some_and(|bits| bits < LONG_ENOUGH) {
            tell(&KEY_SHORT, c.algorithm.clone());
        }
        let admitted = c.is_authority() && !(asks.no_signing_of_data && c.usage_signs());
        if asks.authorities_only && !admitted {
            tell(&KEY_NOT_FOR_MACHINE_KEYRING, String::new());
        }
        if !c.may_sign() {
            tell(&KEY_USAGE_WITHOUT_SIGNING, format!("0x{:04x}", c.usage.unwrap_or_default()));
        }
        if c.key_id.is_none() {
            tell(&KEY_WITHOUT_IDENTIFIER, String::new());
        }
        if let (Some(at), Some(detail)) = (asks.at, c.not_after)
            && detail.saturating_sub(SOON) <= at
        {
            tell(&KEY_VALIDITY, format!("{detail}"));
        } else if let (Some(at), Some(begins)) = (asks.at, c.not_before)
            && begins > at
        {
            tell(&KEY_VALIDITY, format!("{begins}"));
        }
        found
    }

    /// Other keys with the same issuer and serial number, by which signatures name them.
    #[must_use]
    pub fn same_id(self, c: &Described, others: &[&Described]) -> Option<Finding> {
        let twin = others.iter().find(|o| o.id == c.id && o.key != c.key)?;
        Some(self.finding(&KEYS_SHARE_NAME_AND_NUMBER, format!("sha256 {}", twin.sha256)))
    }

    /// Whether the owner named it as the key of another environment.
    #[must_use]
    pub fn foreign(self, c: &Described, named: &[String]) -> Option<Finding> {
        let name = named.iter().find(|prefix| c.sha256.starts_with(prefix.as_str()))?;
        Some(self.finding(&KEY_FOREIGN, format!("sha256:{name}")))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::tables::Tables;

    /// Fields that a good module-signing certificate has (`certs/default_x509.genkey`).
    pub(crate) fn good() -> Described {
        Described {
            der: Arc::from([0_u8; 1]),
            name: "key".into(),
            subject: "CN = key".into(),
            issuer: "CN = key".into(),
            serial: "01".into(),
            id: alloc::vec![1],
            key_id: Some(alloc::vec![2]),
            sha256: "ab".into(),
            sha1: "cd".into(),
            algorithm: "rsa-2048".into(),
            rsa_bits: Some(2048),
            key: alloc::vec![3],
            not_before: Some(0),
            not_after: Some(2_000_000_000),
            self_issued: true,
            is_ca: Some(false),
            usage: Some(0x8000),
            extended: alloc::vec!["1.3.6.1.4.1.2312.16.1.2".into()],
        }
    }

    fn codes(c: &Described, asks: &Asks) -> Vec<&'static str> {
        let tables = Tables::built_in().unwrap();
        Lint(&tables.key_lints).certificate(c, asks).iter().map(|f| f.code.id).collect()
    }

    #[test]
    fn a_certificate_as_the_kernel_makes_it_gives_rise_to_nothing() {
        let asks = Asks { at: Some(1_000), verifiable: Some(true), ..Asks::default() };
        assert_eq!(codes(&good(), &asks), [""; 0]);
    }

    #[test]
    fn each_rule_has_a_row_and_speaks_of_its_own_field() {
        let tables = Tables::built_in().unwrap();
        for row in tables.key_lints.all() {
            assert!(!row.source.is_empty(), "{}", row.id);
        }
        let asks = Asks { at: Some(1_000), ..Asks::default() };
        let now = Asks { at: Some(3_000_000_000), ..asks };
        let unknown = Asks { verifiable: Some(false), ..asks };
        let only_ca = Asks { authorities_only: true, ..asks };
        let max = Asks { no_signing_of_data: true, ..only_ca };
        let ca = Described { is_ca: Some(true), usage: Some(0x8400), ..good() };
        for (c, asks, code) in [
            (Described { key_id: None, ..good() }, asks, "LW4101"),
            (Described { usage: Some(0x0400), ..good() }, asks, "LW4102"),
            (Described { extended: Vec::new(), ..good() }, asks, "LW4103"),
            (good(), only_ca, "LW4104"),
            (ca.clone(), asks, "LW4105"),
            (Described { rsa_bits: Some(1024), ..good() }, asks, "LW4106"),
            (good(), unknown, "LW4107"),
            (good(), now, "LW4108"),
        ] {
            assert_eq!(codes(&c, &asks), [code]);
        }
        assert_eq!(codes(&ca, &only_ca), ["LW4105"]);
        assert_eq!(codes(&ca, &max), ["LW4105", "LW4104"]);
    }

    #[test]
    fn keys_of_one_name_and_number_and_keys_of_others_are_told() {
        let tables = Tables::built_in().unwrap();
        let lint = Lint(&tables.key_lints);
        let other = Described { key: alloc::vec![9], sha256: "ef01".into(), ..good() };
        assert!(lint.same_id(&good(), &[&good()]).is_none());
        assert_eq!(lint.same_id(&good(), &[&other]).unwrap().detail, "sha256 ef01");
        assert!(lint.foreign(&other, &["ef".into()]).is_some());
        assert!(lint.foreign(&good(), &["ef".into()]).is_none());
    }
}

//! Whose kernel it is, and which version: what decides which rows of the tables speak of it.

use crate::fact::Fact;
use crate::fact::step::draw;
use crate::facts::linux::LinuxFacts;
use crate::proof::{Claim, Question, Rule, Why, gap, text};
use crate::tables::{Tables, Version};
use alloc::sync::Arc;

/// Whose kernel, and which version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The release, as `uname -r` prints it.
    pub release: Arc<str>,
    /// Its first two numbers.
    pub version: Version,
    /// The distribution's name in the tables; empty for a kernel that is nobody's we know.
    pub distro: Arc<str>,
}

static RULE: Rule =
    Rule { name: "linux/identity", source: "linux, init/version.c; knowledge/linux/distros.toml" };

pub(super) fn draw_identity(host: &LinuxFacts, tables: &Tables) -> Fact<Identity> {
    draw(&RULE, |step| {
        let release = step.consult(&host.release)?.clone();
        let version = Version::of_release(&release)
            .ok_or_else(|| gap(Question::KernelRelease, Why::Missing(text(&*release))))?;
        // The banner is compiled in. A kernel whose banner is nobody's is nobody's, whoever runs it:
        // hints count only where no banner was seen.
        let banner = host.image.fact(|i| (i.banner.clone(), i.banner.clone().unwrap_or_default()));
        let banner = step.consult(&banner).cloned().unwrap_or_default();
        let mut distro = banner.as_deref().and_then(|b| tables.distros.by_banner(b));
        distro = distro.or_else(|| tables.distros.by_release(&release));
        if distro.is_none() && banner.is_none() {
            distro = tables.distros.by_hint(&release);
            if distro.is_none()
                && let Ok(Some(id)) = step.consult(&host.os_release)
            {
                distro = tables.distros.by_os_release(id);
            }
        }
        let distro = text(distro.map_or("", |d| &d.name));
        let claim = Claim::Kernel { release: release.clone(), distro: distro.clone() };
        Ok((Identity { release, version, distro }, claim))
    })
}

//! Unified kernel images: a PE image whose sections hold a kernel and what it starts with.
//!
//! Source: UAPI.5 Unified Kernel Image; `systemd-stub(7)`.

use crate::pe::header::Image;

/// What the sections say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unified {
    /// `.uname`: the release of the kernel.
    pub uname: Option<String>,
    /// `.cmdline`: its command line.
    pub cmdline: Option<String>,
    /// `.osrel`: fields of os-release(5), without quotes.
    pub os: Vec<(String, String)>,
    /// Whether `.initrd` is there.
    pub initrd: bool,
}

impl Unified {
    /// A field of `.osrel`.
    #[must_use]
    pub fn os(&self, name: &str) -> Option<&str> {
        self.os.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// What systemd-boot sorts by first.
    #[must_use]
    pub fn sort_key(&self) -> Option<&str> {
        self.os("IMAGE_ID").or_else(|| self.os("ID"))
    }

    /// What systemd-boot takes for its version (`bootspec_pick_name_version_sort_key`).
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        ["IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID"].iter().find_map(|n| self.os(n))
    }
}

/// The kernel inside; `None`: the image is no unified kernel image.
#[must_use]
pub fn kernel<'a>(image: &Image<'a>) -> Option<&'a [u8]> {
    image.section(".linux")?.content()
}

/// The initramfs inside; `None`: there is none.
#[must_use]
pub fn initrd<'a>(image: &Image<'a>) -> Option<&'a [u8]> {
    image.section(".linux")?;
    image.section(".initrd")?.content()
}

/// What the sections of a unified kernel image say; `None`: it is none.
#[must_use]
pub fn read(image: &Image<'_>) -> Option<Unified> {
    image.section(".linux")?;
    let text = |name: &str| {
        let bytes = image.section(name)?.content()?;
        let text = String::from_utf8_lossy(bytes);
        Some(text.trim_matches(['\0', ' ', '\t', '\r', '\n']).to_owned())
    };
    let os = text(".osrel").unwrap_or_default();
    let field = |line: &str| {
        let (name, value) = line.trim().split_once('=')?;
        Some((name.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
    };
    Some(Unified {
        uname: text(".uname").filter(|t| !t.is_empty()),
        cmdline: text(".cmdline"),
        os: os.lines().filter(|line| !line.starts_with('#')).filter_map(field).collect(),
        initrd: image.section(".initrd").is_some(),
    })
}

/// The version of systemd-boot in an image (`.sdmagic`); `None`: it is another program.
#[must_use]
pub fn systemd_boot(image: &Image<'_>) -> Option<String> {
    let bytes = image.section(".sdmagic")?.content()?;
    let text = String::from_utf8_lossy(bytes);
    let version = text.split("systemd-boot ").nth(1)?;
    Some(version.split(' ').next().unwrap_or_default().to_owned())
}

//! The symbols that built-in code exports.

use std::sync::Arc;

use loadworthy_core::fact::Source;
use loadworthy_core::facts::linux::{Export, Symbols};
use loadworthy_core::proof::{Question, Why, text};
use loadworthy_formats::kernel::{image, symvers};

use super::image::Image;
use crate::gather::looking::{Looking, Read};
use crate::item::Item;

/// The image's own tables; where it keeps no section headers, the list its build left beside.
pub(super) fn gather(looking: &Looking<'_>, release: &str, image: &Image) -> Source<Arc<Symbols>> {
    let of_image = match &image.0 {
        Ok(Read { value, item }) => value
            .exports
            .as_ref()
            .map(|exports| Read { value: of_exports(exports), item: item.clone() })
            .ok_or_else(|| Why::Missing(text(format!("{item}: section headers")))),
        Err(why) => Err(why.clone()),
    };
    let read = of_image.or_else(|of_image| match listed(looking, release) {
        Err(Why::Missing(_) | Why::OutOfReach(_)) => Err(of_image),
        answer => answer,
    });
    looking.source(Question::KernelSymbols, read)
}

fn of_exports(exports: &[image::Export]) -> Symbols {
    let none: Arc<str> = Arc::from("");
    let value = |export: &image::Export| {
        let namespace = export.namespace.as_deref().filter(|n| !n.is_empty());
        Export {
            crc: export.crc,
            gpl_only: export.gpl_only,
            namespace: namespace.map_or_else(|| none.clone(), text),
            owner: none.clone(),
            owner_proprietary: false,
        }
    };
    exports.iter().map(|export| (&export.name, value(export))).collect()
}

/// `Module.symvers` of the kernel's build. Without `MODVERSIONS` its sums are all zero, which is
/// none.
fn listed(looking: &Looking<'_>, release: &str) -> Result<Read<Symbols>, Why> {
    let places = [
        format!("lib/modules/{release}/build/Module.symvers"),
        format!("usr/lib/modules/{release}/build/Module.symvers"),
        format!("usr/src/linux-headers-{release}/Module.symvers"),
        format!("usr/src/kernels/{release}/Module.symvers"),
        format!("boot/symvers-{release}.gz"),
        format!("boot/symvers-{release}.xz"),
        format!("boot/symvers-{release}"),
        format!("lib/modules/{release}/symvers.gz"),
        format!("lib/modules/{release}/symvers.xz"),
        format!("usr/lib/modules/{release}/symvers.gz"),
        format!("usr/lib/modules/{release}/symvers.xz"),
    ];
    let read = looking.first(&places.map(Item::file), looking.limits.text_bytes, |bytes| {
        symvers::read(&looking.unpacked(bytes)?, looking.limits)
    })?;
    let none: Arc<str> = Arc::from("");
    let versioned = read.value.symbols().iter().any(|symbol| symbol.crc != 0);
    let of_kernel = read.value.symbols().iter().filter(|symbol| symbol.owner == "vmlinux");
    let symbols = of_kernel.map(|symbol| {
        let namespace = symbol.namespace.as_deref().filter(|n| !n.is_empty());
        let value = Export {
            crc: versioned.then_some(symbol.crc),
            gpl_only: symbol.gpl_only,
            namespace: namespace.map_or_else(|| none.clone(), text),
            owner: none.clone(),
            owner_proprietary: false,
        };
        (&*symbol.name, value)
    });
    Ok(Read { value: symbols.collect(), item: read.item })
}

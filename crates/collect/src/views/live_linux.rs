//! The machine this program runs on.
//!
//! The same looks as below a root, at `/`, plus what only a system call tells. It needs no rights:
//! what an ordinary user may not read is *denied*, what a container hides is *out of reach*.

use std::path::Path;

use loadworthy_core::proof::Origin;

use super::root::Root;
use crate::item::Item;
use crate::sighting::{Metadata, Outcome};
use crate::view::View;

/// The view of the running machine.
#[derive(Debug)]
pub struct LiveLinux(Root);

impl LiveLinux {
    /// Looks at the machine itself.
    ///
    /// # Errors
    /// What the system says where `/` cannot be opened.
    pub fn open() -> std::io::Result<Self> {
        Ok(Self(Root::open(Path::new("/"))?.of_origin(Origin::Live)))
    }
}

impl View for LiveLinux {
    fn origin(&self) -> Origin {
        self.0.origin()
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        if *item != Item::Uname {
            return self.0.look_into(item, limit, buffer);
        }
        let name = rustix::system::uname();
        buffer.clear();
        for line in [name.release(), name.machine()] {
            buffer.extend_from_slice(line.to_bytes());
            buffer.push(b'\n');
        }
        Outcome::Bytes { file_signature: None }
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        self.0.metadata(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_release_is_the_one_proc_names() {
        let live = LiveLinux::open().unwrap();
        let (outcome, uname) = live.look(&Item::Uname, 1000);
        assert!(matches!(outcome, Outcome::Bytes { .. }));
        if let (Outcome::Bytes { .. }, release) =
            live.look(&Item::file("proc/sys/kernel/osrelease"), 1000)
        {
            assert!(uname.starts_with(&release));
        }
        assert_eq!(live.origin(), Origin::Live);
        assert_eq!(live.look(&Item::file("etc/shadow"), 1000).0, Outcome::OutOfReach);
    }
}

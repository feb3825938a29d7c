//! The machine this program runs on, where that is not Linux: there is no such view.

use std::convert::Infallible;
use std::io;

use loadworthy_core::proof::Origin;

use crate::item::Item;
use crate::sighting::{Metadata, Outcome};
use crate::view::View;

/// The view of a running Linux.
#[derive(Debug)]
pub struct LiveLinux(Infallible);

impl LiveLinux {
    /// Looks at the machine itself.
    ///
    /// # Errors
    /// Always: this is no Linux.
    pub fn open() -> io::Result<Self> {
        let why = "only a running Linux is looked at; name files, --root, --bundle or --on";
        Err(io::Error::new(io::ErrorKind::Unsupported, why))
    }
}

impl View for LiveLinux {
    fn origin(&self) -> Origin {
        match self.0 {}
    }

    fn look_into(&self, _: &Item, _: usize, _: &mut Vec<u8>) -> Outcome {
        match self.0 {}
    }

    fn metadata(&self, _: &Item) -> Result<Metadata, Outcome> {
        match self.0 {}
    }
}

//! A platform that is only named: there is nothing to look at.

use loadworthy_core::proof::Origin;

use crate::item::Item;
use crate::sighting::{Metadata, Outcome};
use crate::view::View;

/// No machine at all: everything is out of reach, nothing is absent.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl View for Nothing {
    fn origin(&self) -> Origin {
        Origin::Profile
    }

    fn look_into(&self, _item: &Item, _limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        buffer.clear();
        Outcome::OutOfReach
    }

    fn metadata(&self, _item: &Item) -> Result<Metadata, Outcome> {
        Err(Outcome::OutOfReach)
    }
}

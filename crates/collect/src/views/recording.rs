//! A view that keeps everything it is asked and answered, and changes nothing about it.

use std::sync::Arc;

use loadworthy_core::proof::Origin;
use loadworthy_formats::error::Error;
use loadworthy_formats::limits::Limits;

use crate::bundle::records::Records;
use crate::item::{Item, KEYS_OF_DISKS};
use crate::sighting::{Metadata, Outcome, Sketched};
use crate::view::View;

/// The view.
pub struct Recording {
    of: Box<dyn View>,
    into: Arc<Records>,
    limits: Limits,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").field("origin", &self.of.origin()).finish_non_exhaustive()
    }
}

impl Recording {
    /// Looks through `of` and keeps what is seen in `into`.
    #[must_use]
    pub fn new(of: Box<dyn View>, into: Arc<Records>, limits: Limits) -> Self {
        Self { of, into, limits }
    }
}

/// An initramfs may hold keys of disks: it is judged where it lies and never taken along.
fn never_kept(item: &Item) -> bool {
    item.row().is_some_and(|row| row.privacy.starts_with(KEYS_OF_DISKS))
}

impl View for Recording {
    fn origin(&self) -> Origin {
        self.of.origin()
    }

    fn source(&self) -> Origin {
        self.of.source()
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        if never_kept(item) {
            buffer.clear();
            return Outcome::OutOfReach;
        }
        let outcome = self.of.look_into(item, limit, buffer);
        self.into.note(item, &outcome, buffer, &self.limits);
        outcome
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        if never_kept(item) {
            return Err(Outcome::OutOfReach);
        }
        let outcome = self.of.metadata(item);
        self.into.note_metadata(item, &outcome);
        outcome
    }

    fn sketched(&self, item: &Item) -> Option<Result<Sketched, Error>> {
        self.of.sketched(item)
    }

    fn trouble(&self) -> Option<String> {
        self.of.trouble()
    }
}

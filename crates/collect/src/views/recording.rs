//! A view that keeps everything it is asked and answered, and changes nothing about it.

use std::sync::Arc;

use loadworthy_core::proof::Origin;
use loadworthy_formats::bundle::archive::Archive;
use loadworthy_formats::error::Error;
use loadworthy_formats::limits::Limits;

use crate::bundle::records::Records;
use crate::item::Item;
use crate::sighting::{Metadata, Outcome, Sketched};
use crate::view::View;

/// The view.
pub struct Recording {
    of: Box<dyn View>,
    into: Arc<Records>,
    limits: Limits,
    /// The archive that it is the inside of; empty for a machine.
    place: String,
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
        Self { of, into, limits, place: String::new() }
    }
}

impl View for Recording {
    fn origin(&self) -> Origin {
        self.of.origin()
    }

    fn source(&self) -> Origin {
        self.of.source()
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        let outcome = self.of.look_into(item, limit, buffer);
        self.into.note(&self.place, item, &outcome, buffer, &self.limits);
        outcome
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        let outcome = self.of.metadata(item);
        self.into.note_metadata(&self.place, item, &outcome);
        outcome
    }

    fn sketched(&self, item: &Item) -> Option<Result<Sketched, Error>> {
        self.of.sketched(item)
    }

    fn archive(&self, place: &str) -> Option<(Archive, Arc<dyn View>)> {
        self.of.archive(place)
    }

    fn keeping(
        &self,
        place: &str,
        archive: &dyn Fn() -> Archive,
        inside: &Arc<dyn View>,
    ) -> Option<Arc<dyn View>> {
        self.into.note_archive(place, &archive());
        Some(Arc::new(Self {
            of: Box::new(inside.clone()),
            into: self.into.clone(),
            limits: self.limits,
            place: place.to_owned(),
        }))
    }

    fn trouble(&self) -> Option<String> {
        self.of.trouble()
    }
}

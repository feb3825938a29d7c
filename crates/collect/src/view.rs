//! The waist of the house: every feed is looked at through this trait, and `gather` is written once.

use std::sync::Arc;

use loadworthy_core::proof::Origin;
use loadworthy_formats::bundle::archive::Archive;
use loadworthy_formats::error::Error;

use crate::item::Item;
use crate::sighting::{Metadata, Outcome, Sketched, Stamp};

/// Something that can be asked for items of a machine.
///
/// Looking changes nothing, runs nothing and does not block on pipes or devices. Several threads
/// may look at once.
pub trait View: Send + Sync {
    /// Where its answers were seen: a bundle says what the view said that it was recorded from.
    fn origin(&self) -> Origin;

    /// What was opened to look at the machine.
    fn source(&self) -> Origin {
        self.origin()
    }

    /// A module that is there without its bytes; `None` where [`View::look_into`] gives them.
    fn sketched(&self, _item: &Item) -> Option<Result<Sketched, Error>> {
        None
    }

    /// What was recorded of the initramfs at `place`, and what was looked at inside, where it is there
    /// without its bytes.
    fn archive(&self, _place: &str) -> Option<(Archive, Arc<dyn View>)> {
        None
    }

    /// The inside of the initramfs at `place`, which was opened, for a view that keeps what is asked of
    /// it.
    fn keeping(
        &self,
        _place: &str,
        _archive: &dyn Fn() -> Archive,
        _inside: &Arc<dyn View>,
    ) -> Option<Arc<dyn View>> {
        None
    }

    /// Why answers given so far cannot be relied on: our own storage is damaged.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Looks at `item`. Bytes replace what is in `buffer`, never more than `limit` of them; after
    /// any other outcome the buffer is empty. Of a folder, `limit` does not count names.
    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome;

    /// What is known of the file or folder behind `item` without reading it.
    ///
    /// # Errors
    /// Why nothing is known, as [`View::look_into`] would answer.
    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome>;

    /// The stamp of the file behind `item`, where it tells that the file was not changed.
    fn stamp(&self, _item: &Item) -> Option<Stamp> {
        None
    }

    /// Asks the system to have the file behind `item` in memory soon; whether it was not there yet.
    fn expect(&self, _item: &Item) -> bool {
        false
    }

    /// Looks at `item` with a buffer of its own.
    fn look(&self, item: &Item, limit: usize) -> (Outcome, Vec<u8>) {
        let mut buffer = Vec::new();
        (self.look_into(item, limit, &mut buffer), buffer)
    }
}

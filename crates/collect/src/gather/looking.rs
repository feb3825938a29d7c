//! One look turned into a value, or into the reason why there is none.

use std::sync::Arc;

use loadworthy_core::fact::{Fact, Source};
use loadworthy_core::proof::{Evidence, Question, Why, gap, text};
use loadworthy_formats::compress;
use loadworthy_formats::error::{Error, Kind, Parsed};
use loadworthy_formats::limits::Limits;

use crate::item::Item;
use crate::keep::Keep;
use crate::sighting::Outcome;
use crate::view::View;

/// A view and how much it may be made to read.
#[derive(Clone, Copy)]
pub struct Looking<'v> {
    /// Where to look.
    pub view: &'v dyn View,
    /// How much to read.
    pub limits: &'v Limits,
    /// What was found before, where somebody wants it kept.
    pub keep: Option<&'v Keep>,
    /// The file whose inside this is, where it is one: what is seen in it is told behind its name.
    pub within: Option<&'v str>,
}

impl std::fmt::Debug for Looking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Looking").field("origin", &self.view.origin()).finish_non_exhaustive()
    }
}

/// A value and the item it was read from.
#[derive(Clone, Debug)]
pub(super) struct Read<T> {
    pub(super) value: T,
    pub(super) item: Arc<str>,
}

/// Why `outcome` is no answer about `item`.
#[must_use]
pub fn why(item: &str, outcome: &Outcome) -> Why {
    let broken = |said: String| Why::Broken(text(item), text(said));
    match outcome {
        Outcome::Denied => Why::Denied(text(item)),
        Outcome::OutOfReach => Why::OutOfReach(text(item)),
        Outcome::Absent => Why::Missing(text(item)),
        Outcome::NotRegular(kind) => broken(format!("is a {}", kind.name())),
        Outcome::TooLarge { limit } => {
            let error = Error::new("file", 0, Kind::TooLarge { limit: *limit });
            Why::Unreadable(text(item), error)
        }
        Outcome::Broken(kind) => broken(kind.to_string()),
        Outcome::Bytes { .. } => broken("is a file".into()),
        Outcome::Entries(_) => broken("is a folder".into()),
    }
}

impl<'v> Looking<'v> {
    /// Looks through `view` within `limits`.
    #[must_use]
    pub const fn new(view: &'v dyn View, limits: &'v Limits) -> Self {
        Self { view, limits, keep: None, within: None }
    }

    /// Evidence that `item` said `said`.
    pub(super) fn evidence(&self, item: &Arc<str>, said: impl Into<String>) -> Evidence {
        Evidence { origin: self.view.origin(), item: self.told(item), said: text(said) }
    }

    /// How `item` is told.
    pub(super) fn told(&self, item: &Arc<str>) -> Arc<str> {
        self.within.map_or_else(|| item.clone(), |file| text(format!("{file}: {item}")))
    }

    /// The bytes of one item.
    pub(super) fn bytes(&self, item: &Item, limit: usize) -> Result<Vec<u8>, Outcome> {
        match self.view.look(item, limit) {
            (Outcome::Bytes { .. }, bytes) => Ok(bytes),
            (other, _) => Err(other),
        }
    }

    /// The names in a folder.
    pub(super) fn names(&self, folder: &Item) -> Result<Vec<crate::sighting::Entry>, Outcome> {
        match self.view.look(folder, 0) {
            (Outcome::Entries(names), _) => Ok(names),
            (other, _) => Err(other),
        }
    }

    /// What `read` makes of the first of `items` that can be looked at. One that is there and
    /// cannot be read is not passed over for a weaker one; one that may not be read is.
    pub(super) fn first<T>(
        &self,
        items: &[Item],
        limit: usize,
        read: impl Fn(&[u8]) -> Result<Parsed<T>, Error>,
    ) -> Result<Read<T>, Why> {
        let mut first: Option<Why> = None;
        for item in items {
            let name = text(item.to_string());
            let failed = match self.bytes(item, limit) {
                Ok(bytes) => {
                    return match read(&bytes) {
                        Ok(parsed) => Ok(Read { value: parsed.value, item: name }),
                        Err(error) => Err(Why::Unreadable(name, error)),
                    };
                }
                Err(outcome) => why(&name, &outcome),
            };
            match (&failed, &first) {
                (Why::Denied(_), Some(Why::Denied(_))) => {}
                (Why::Denied(_), _) | (_, None) => first = Some(failed),
                (Why::Missing(_), Some(Why::OutOfReach(_))) => first = Some(failed),
                (Why::Missing(_) | Why::OutOfReach(_), Some(_)) => {}
                _ => return Err(failed),
            }
        }
        Err(first.unwrap_or_else(|| Why::NoRow(text("items"))))
    }

    /// [`Looking::first`] of one item, as a fact with a quote.
    pub(super) fn fact<T>(
        &self,
        item: &Item,
        question: Question,
        read: impl Fn(&[u8]) -> Result<Parsed<T>, Error>,
        quote: impl FnOnce(&T) -> String,
    ) -> Fact<T> {
        match self.first(std::slice::from_ref(item), self.limits.text_bytes, read) {
            Ok(Read { value, item }) => {
                let said = quote(&value);
                Fact::seen(value, self.evidence(&item, said))
            }
            Err(why) => Fact::unknown(gap(question, why)),
        }
    }

    /// What was read whole, as a source that answers many questions.
    pub(super) fn source<T>(
        &self,
        question: Question,
        read: Result<Read<T>, Why>,
    ) -> Source<Arc<T>> {
        match read {
            Ok(Read { value, item }) => {
                Source::read(Arc::new(value), self.view.origin(), self.told(&item))
            }
            Err(why) => Source::unknown(gap(question, why)),
        }
    }

    /// `bytes` unpacked to a text, if they are packed.
    pub(super) fn unpacked(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let Some(packed) = compress::sniff(bytes) else { return Ok(bytes.to_vec()) };
        let mut text = Vec::new();
        compress::unpack(bytes, packed, self.limits.text_bytes, self.limits, &mut text)?;
        Ok(text)
    }
}

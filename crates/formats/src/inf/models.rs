//! `[Manufacturer]` and the Models sections: which devices an INF is for.

use crate::inf::decoration::Decoration;
use crate::inf::document::Inf;
use crate::inf::text::{Line, Span};

/// One line of `[Manufacturer]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manufacturer {
    /// The name that people see.
    pub name: String,
    /// The Models section, without decoration.
    pub models: String,
    /// The decorations under which the section exists, in order.
    pub targets: Vec<Target>,
    /// Where it is written.
    pub at: Span,
}

/// One decoration of a Models section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As written: `NTamd64.6.1`.
    pub text: String,
    /// What it says; nothing where it is no decoration.
    pub decoration: Option<Decoration>,
    /// Where it is written.
    pub at: Span,
}

/// One line of a Models section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The name that people see.
    pub description: String,
    /// The install section, without decoration.
    pub install: String,
    /// Hardware id and compatible ids, as written, in order.
    pub ids: Vec<String>,
    /// Where it is written.
    pub at: Span,
}

/// Bytes of all names and ids that are taken from one Models section.
const LARGEST: usize = 32 << 20;

impl Inf {
    /// The manufacturers, in order.
    #[must_use]
    pub fn manufacturers(&self) -> Vec<Manufacturer> {
        let section = self.section("Manufacturer");
        section.map_or_else(Vec::new, |s| {
            s.lines.iter().filter_map(|line| self.manufacturer(line)).collect()
        })
    }

    fn manufacturer(&self, line: &Line) -> Option<Manufacturer> {
        let models = self.value(line, 0)?.into_owned();
        let name = line.key.as_ref().map(|key| self.expand(&key.text).into_owned());
        let targets = line.fields.iter().skip(1).filter(|f| !f.text.is_empty()).map(|field| {
            let text = self.expand(&field.text).into_owned();
            Target { decoration: Decoration::read(&text), text, at: field.at }
        });
        Some(Manufacturer {
            name: name.unwrap_or_else(|| models.clone()),
            models,
            targets: targets.collect(),
            at: line.at(),
        })
    }

    /// The devices of a Models section, by its full name; nothing where there is none of that name.
    #[must_use]
    pub fn models(&self, section: &str) -> Option<Vec<Model>> {
        let section = self.section(section)?;
        let mut left = LARGEST;
        let models = section.lines.iter().map_while(|line| {
            let model = self.model(line);
            if let Some(model) = &model {
                let ids: usize = model.ids.iter().map(String::len).sum();
                left = left.checked_sub(ids.saturating_add(model.description.len()))?;
            }
            Some(model)
        });
        Some(models.flatten().collect())
    }

    fn model(&self, line: &Line) -> Option<Model> {
        let key = line.key.as_ref()?;
        let ids = line.fields.iter().skip(1).map(|f| self.expand(&f.text).into_owned());
        Some(Model {
            description: self.expand(&key.text).into_owned(),
            install: self.value(line, 0)?.into_owned(),
            ids: ids.filter(|id| !id.is_empty()).collect(),
            at: line.at(),
        })
    }
}

//! The parts there are, read and ready to be used.

use std::collections::{BTreeMap, BTreeSet};

use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::lower::{DUPLICATE_ID, is_slug};
use crate::playbook::part::{Bundle, PartKind, PartName};
use crate::playbook::source::Source;
use crate::playbook::yaml::{self, BAD_NAME, Node, missing};
use crate::text::Text;

/// A file that plans may use.
#[derive(Debug, Clone)]
pub struct Part {
    /// What plans call it.
    pub name: PartName,
    /// The file as it was read.
    pub source: Source,
    /// Its tree.
    pub root: Node,
}

impl Part {
    /// Reads a file's bytes as a part of that kind.
    ///
    /// # Errors
    /// A file that is no YAML or does not say its name.
    pub fn read(kind: PartKind, file: &str, bytes: &[u8]) -> Result<Self, Diagnostics> {
        let (source, root) = yaml::load(file, bytes)?;
        let mut out = Diagnostics::new(source.clone());
        match root.get(kind.key()) {
            None => out.push(missing(root.span, &Text::both("文件", "the file"), kind.key())),
            Some(node) => match node.as_str().filter(|name| is_slug(name)) {
                Some(name) => {
                    let name = PartName { kind, name: name.into() };
                    return Ok(Self { name, source, root });
                }
                None => out.push(
                    Diagnostic::new(
                        BAD_NAME,
                        Text::both("这里须有名称", "the name of the file's content stands here"),
                    )
                    .at(node.span)
                    .help(both!(
                        "只能用小写字母、数字和 `-`",
                        "use lower-case letters, digits and `-`"
                    )),
                ),
            },
        }
        Err(out)
    }
}

/// The parts that plans may use, by name.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    parts: BTreeMap<PartName, Part>,
}

impl Shelf {
    /// Puts the parts of a stored version together.
    ///
    /// # Errors
    /// A stored text that is no part.
    pub fn of(bundle: &Bundle) -> Result<Self, Diagnostics> {
        let mut shelf = Self::default();
        for (name, text) in bundle.parts() {
            shelf.put(Part::read(name.kind, &name.to_string(), text.as_bytes())?)?;
        }
        Ok(shelf)
    }

    /// Adds a part.
    ///
    /// # Errors
    /// Another file has that name already; the first stays.
    pub fn put(&mut self, part: Part) -> Result<(), Diagnostics> {
        if let Some(first) = self.parts.get(&part.name) {
            let (name, file) = (&part.name, first.source.name());
            let message = both!("`{name}` 已在 {file} 中", "`{name}` is already in {file}");
            let at = part.root.get(part.name.kind.key()).map_or(part.root.span, |node| node.span);
            let mut out = Diagnostics::new(part.source);
            out.push(Diagnostic::new(DUPLICATE_ID, message).at(at));
            return Err(out);
        }
        self.parts.insert(part.name.clone(), part);
        Ok(())
    }

    /// Returns the part of that name.
    #[must_use]
    pub fn get(&self, name: &PartName) -> Option<&Part> {
        self.parts.get(name)
    }

    /// Walks the parts, by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = &Part> {
        self.parts.values()
    }

    /// Returns the parts of a kind, by name.
    pub fn of_kind(&self, kind: PartKind) -> impl Iterator<Item = &Part> {
        self.parts.values().filter(move |part| part.name.kind == kind)
    }

    /// Puts a plan together with the parts it uses.
    #[must_use]
    pub(in crate::playbook) fn bundle(&self, plan: &Source, used: &BTreeSet<PartName>) -> Bundle {
        let parts = used.iter().filter_map(|name| Some((name.clone(), self.get(name)?)));
        Bundle::new(plan.text(), parts.map(|(name, part)| (name, part.source.text())))
    }
}

//! Which modules import which of their siblings, and in which knots.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use crate::modules::{Crate, Module, Target};

/// The children of one module.
pub(crate) struct Siblings {
    /// Path of the module whose children they are: `crate::error`.
    pub(crate) parent: String,
    pub(crate) names: BTreeSet<String>,
    /// Importer and imported, with file and line of the first path.
    pub(crate) imports: BTreeMap<(String, String), String>,
}

/// The imports between siblings at every level of a crate whose root module is in this file.
pub(crate) fn siblings(root: &Path) -> Vec<Siblings> {
    let read = Crate::read(root);
    let mut imports: BTreeMap<usize, BTreeMap<(String, String), String>> = BTreeMap::new();
    for (id, module) in read.modules.iter().enumerate() {
        for (reference, &line) in &module.references {
            for target in read.resolve(id, &reference.path) {
                let imported = match target {
                    Target::ItemOf(module) => module,
                    Target::Module(module) if reference.is_import || reference.path.len() > 1 => module,
                    // No path of one name means a module: it is a local variable.
                    Target::Module(_) => continue,
                };
                if let Some((parent, [from, to])) = read.fork(id, imported) {
                    let place = || format!("{}:{line}", module.file.display());
                    imports.entry(parent).or_default().entry((from, to)).or_insert_with(place);
                }
            }
        }
    }
    let siblings = |(id, module): (usize, &Module)| Siblings {
        parent: module.path.clone(),
        names: module.children.keys().cloned().collect(),
        imports: imports.remove(&id).unwrap_or_default(),
    };
    read.modules.iter().enumerate().filter(|(_, module)| !module.children.is_empty()).map(siblings).collect()
}

impl Crate {
    /// A module and those that it is in, from the outermost.
    fn ancestry(&self, module: usize) -> Vec<usize> {
        let mut path: Vec<_> = std::iter::successors(Some(module), |&id| self.modules[id].parent).collect();
        path.reverse();
        path
    }

    /// The siblings at which the paths of two modules part, with the module that they are in. None if one
    /// module is in the other, or if both siblings are generated.
    fn fork(&self, from: usize, to: usize) -> Option<(usize, [String; 2])> {
        let (from, to) = (self.ancestry(from), self.ancestry(to));
        let at = from.iter().zip(&to).position(|(from, to)| from != to)?;
        let ends = [&self.modules[from[at]], &self.modules[to[at]]];
        let generated = ends.iter().all(|module| module.file.iter().any(|folder| folder == "generated"));
        let name = |module: &Module| module.path.rsplit("::").next().map(str::to_owned);
        (!generated).then(|| (from[at - 1], ends.map(|module| name(module).unwrap())))
    }
}

impl Siblings {
    /// The modules that import each other, in a circle or in several.
    pub(crate) fn knots(&self) -> BTreeSet<BTreeSet<&str>> {
        let knot = |name: &String| -> BTreeSet<&str> {
            let back = |other: &&String| self.way(name, other).is_some() && self.way(other, name).is_some();
            self.names.iter().filter(back).map(String::as_str).collect()
        };
        self.names.iter().map(knot).filter(|knot| !knot.is_empty()).collect()
    }

    /// The shortest way of at least one import from one module to another.
    fn way<'a>(&'a self, from: &'a str, to: &str) -> Option<Vec<&'a (String, String)>> {
        let mut ways = vec![Vec::new()];
        let mut reached = BTreeSet::new();
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in ways {
                let end = way.last().map_or(from, |(_, end): &&(String, String)| end);
                for import in self.imports.keys().filter(|(importer, _)| importer == end) {
                    let way = [way.as_slice(), &[import]].concat();
                    if import.1 == to {
                        return Some(way);
                    }
                    if reached.insert(&import.1) {
                        longer.push(way);
                    }
                }
            }
            ways = longer;
        }
        None
    }

    /// A circle of imports through a module of a knot, a line each.
    pub(crate) fn show_circle(&self, knot: &BTreeSet<&str>) -> String {
        let mut text = String::new();
        let circles = knot.iter().filter_map(|name| self.way(name, name));
        for import in circles.min_by_key(Vec::len).unwrap_or_default() {
            writeln!(text, "  {} imports {} at {}", import.0, import.1, self.imports[import]).unwrap();
        }
        text
    }
}

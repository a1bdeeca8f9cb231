//! The documents lead where they say: every path that they link exists, and every item that they link with a
//! source file is defined in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use syn::visit::{self, Visit};
use syn::{Ident, Item, Signature, Type, Variant};

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let root = root();
    let mut documents = Vec::new();
    for folder in [root.clone(), root.join("spec")] {
        documents.extend(markdown(&folder));
    }
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        documents.extend(markdown(&folder));
        folders.extend(entries(&folder).filter(|path| path.is_dir()));
    }
    let names = documents.iter().map(|path| path.strip_prefix(&root).unwrap()).collect::<BTreeSet<_>>();
    for name in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/testing.md", "spec/README.md"] {
        assert!(names.contains(Path::new(name)), "{name} is not among {names:?}");
    }
    let mut problems = Vec::new();
    for document in &documents {
        let shown = document.strip_prefix(&root).unwrap().display();
        for (text, target) in links(&fs::read_to_string(document).unwrap()) {
            if let Err(problem) = follow(document.parent().unwrap(), &text, &target) {
                problems.push(format!("{shown}: [{text}]({target}): {problem}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_map_stays_a_map() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let words = text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
    assert!(words <= 1_500, "ARCHITECTURE.md has {words} words: move detail to the modules and to docs/");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("limits")).unwrap();
    let code = "
        mod inner { pub(crate) fn wait() {} }
        enum Verdict { Proven }
        trait Dial { fn dial(); }
        struct Window;
        impl Window { fn next() {} }
        macro_rules! leaves { () => {} }";
    fs::write(folder.path().join("limits/window.rs"), code).unwrap();
    let follow = |text: &str, target: &str| follow(folder.path(), text, target);
    for text in [
        "limits",
        "window.rs",
        "cargo run",
        "window",
        "Window",
        "Window::next",
        "limits::Window",
        "wait",
        "Verdict::Proven",
        "Dial::dial",
        "leaves",
    ] {
        assert_eq!(follow(&format!("`{text}`"), "limits/window.rs"), Ok(()), "{text}");
    }
    for text in ["Windows", "Verdict::next", "Window::wait", "other::Window"] {
        assert!(follow(&format!("`{text}`"), "limits/window.rs").is_err(), "{text}");
    }
    assert_eq!(follow("`Window`", "limits"), Ok(()));
    assert!(follow("rows", "limits/rows.rs").is_err());
    assert!(follow("line 3", "limits/window.rs#L3").is_err());
    let found = links("[a](b.md) and [`c::d`][1], not `[e](f)`, https://example.com\n\n[1]: g.rs");
    let expected = [("a", "b.md"), ("`c::d`", "g.rs")];
    assert_eq!(found, expected.map(|(text, target)| (text.to_owned(), target.to_owned())));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())
}

fn markdown(folder: &Path) -> impl Iterator<Item = PathBuf> {
    entries(folder).filter(|path| path.extension().is_some_and(|extension| extension == "md"))
}

/// The links of a document: their text, with code in backticks, and their target.
fn links(markdown: &str) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let mut open: Option<(String, String)> = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                open = Some((String::new(), dest_url.into_string()));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => links.extend(open.take()),
            Event::Code(code) => {
                if let Some((text, _)) = &mut open {
                    *text += &format!("`{code}`");
                }
            }
            Event::Text(written) => {
                if let Some((text, _)) = &mut open {
                    *text += &written;
                }
            }
            _ => {}
        }
    }
    links
}

/// Follows a link of a document in `folder`.
fn follow(folder: &Path, text: &str, target: &str) -> Result<(), String> {
    if target.starts_with("https://") {
        return Ok(());
    }
    if target.contains('#') {
        return Err("a link has no anchor: lines move".to_owned());
    }
    let file = folder.join(target);
    if !file.exists() {
        return Err("there is no such file".to_owned());
    }
    let code = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
    let item = code.and_then(|code| syn::parse_str::<syn::Path>(code).ok());
    match item {
        Some(item) if file.extension().is_some_and(|extension| extension == "rs") => {
            let modules = Path::new(target).with_extension("");
            defines(&file, &modules.iter().map(|part| part.display().to_string()).collect(), &item)
        }
        _ => Ok(()),
    }
}

/// Whether a file is a module of this name, or defines the item. Of a path such as `retry::decide` or
/// `Window::next`, what comes before the name is a type of the file, or a folder or file of its path.
fn defines(file: &Path, modules: &BTreeSet<String>, path: &syn::Path) -> Result<(), String> {
    let mut names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let name = names.pop().unwrap();
    let owner = names.pop_if(|name| name.starts_with(char::is_uppercase));
    let source = syn::parse_file(&fs::read_to_string(file).unwrap()).map_err(|error| error.to_string())?;
    let mut items = Items::default();
    items.visit_file(&source);
    let is_module = owner.is_none() && modules.contains(&name);
    if !is_module && !items.defined.contains(&(owner, name.clone())) {
        return Err(format!("the file does not define `{name}`"));
    }
    match names.into_iter().find(|module| !modules.contains(module)) {
        Some(module) => Err(format!("the file is not in a module `{module}`")),
        None => Ok(()),
    }
}

/// The names that a file defines: of methods and variants also with the type or trait that has them.
#[derive(Default)]
struct Items {
    owner: Option<String>,
    defined: BTreeSet<(Option<String>, String)>,
}

impl Items {
    fn add(&mut self, name: &Ident) {
        self.defined.insert((self.owner.clone(), name.to_string()));
        self.defined.insert((None, name.to_string()));
    }

    fn within(&mut self, owner: Option<&Ident>, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.owner, owner.map(Ident::to_string));
        visit(self);
        self.owner = outer;
    }
}

impl<'ast> Visit<'ast> for Items {
    fn visit_signature(&mut self, signature: &'ast Signature) {
        self.add(&signature.ident);
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        self.add(&variant.ident);
    }

    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Const(item) => self.add(&item.ident),
            Item::Enum(item) => self.add(&item.ident),
            Item::Macro(item) => item.ident.iter().for_each(|name| self.add(name)),
            Item::Static(item) => self.add(&item.ident),
            Item::Struct(item) => self.add(&item.ident),
            Item::Trait(item) => self.add(&item.ident),
            Item::Type(item) => self.add(&item.ident),
            _ => {}
        }
        let owner = match item {
            Item::Enum(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Impl(item) => match &*item.self_ty {
                Type::Path(ty) => ty.path.segments.last().map(|segment| &segment.ident),
                _ => None,
            },
            _ => None,
        };
        self.within(owner, |items| visit::visit_item(items, item));
    }
}

//! The modules of a crate and the paths that their code names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, Ident, ImplItem, Item, ItemMod, ItemUse, Lit, Macro, Meta, Token, UseTree, Visibility,
};

/// All modules of a crate; the first is its root.
pub(crate) struct Crate {
    pub(crate) modules: Vec<Module>,
}

#[derive(Default)]
pub(crate) struct Module {
    /// None for the root.
    pub(crate) parent: Option<usize>,
    /// As in code: `crate::error`.
    pub(crate) path: String,
    pub(crate) file: PathBuf,
    pub(crate) children: BTreeMap<String, usize>,
    /// The paths in its code, each with the first line that has it.
    pub(crate) references: BTreeMap<Reference, usize>,
    /// Names of the items that it defines.
    items: BTreeSet<String>,
    /// What `use` brings into scope: a name, or every name of a module.
    imports: Vec<(Option<String>, Vec<String>)>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) path: Vec<String>,
    pub(crate) is_import: bool,
}

/// Where the search for a path ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Module(usize),
    /// An item that this module defines.
    ItemOf(usize),
}

impl Crate {
    /// Reads a crate from the file of its root module. Code that only tests compile is left out.
    pub(crate) fn read(root: &Path) -> Self {
        let mut read = Self { modules: Vec::new() };
        let folder = root.parent().unwrap().to_owned();
        read.add(Module { path: "crate".to_owned(), file: root.to_owned(), ..Module::default() }, folder);
        read
    }

    /// Adds a module that is a file of its own.
    fn add(&mut self, module: Module, folder: PathBuf) -> usize {
        let text = fs::read_to_string(&module.file).unwrap();
        let file =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", module.file.display()));
        self.add_items(module, &folder, &file.items)
    }

    fn add_items(&mut self, module: Module, folder: &Path, items: &[Item]) -> usize {
        let id = self.modules.len();
        self.modules.push(module);
        Reader { read: self, module: id, folder }.visit_items(items);
        id
    }

    /// All that a path can mean in a module: a name may be that of a module and of a function.
    pub(crate) fn resolve(&self, module: usize, path: &[String]) -> BTreeSet<Target> {
        self.resolve_unless(module, path, &mut BTreeSet::new())
    }

    /// `searched` has the modules whose names are being searched for a name, so that modules that import
    /// all of each other come to an end.
    fn resolve_unless(
        &self,
        module: usize,
        path: &[String],
        searched: &mut BTreeSet<(usize, String)>,
    ) -> BTreeSet<Target> {
        let mut targets = BTreeSet::from([Target::Module(module)]);
        for (index, segment) in path.iter().enumerate() {
            let mut next = BTreeSet::new();
            for target in targets {
                match target {
                    // The rest of the path is a variant or an associated item.
                    Target::ItemOf(_) => _ = next.insert(target),
                    Target::Module(inner) => match segment.as_str() {
                        "crate" if index == 0 => _ = next.insert(Target::Module(0)),
                        "self" => _ = next.insert(target),
                        "super" => next.extend(self.modules[inner].parent.map(Target::Module)),
                        name => next.extend(self.named(inner, name, searched)),
                    },
                }
            }
            targets = next;
        }
        targets
    }

    fn named(&self, module: usize, name: &str, searched: &mut BTreeSet<(usize, String)>) -> BTreeSet<Target> {
        let mut targets = BTreeSet::new();
        if !searched.insert((module, name.to_owned())) {
            return targets;
        }
        let scope = &self.modules[module];
        targets.extend(scope.children.get(name).copied().map(Target::Module));
        targets.extend(scope.items.contains(name).then_some(Target::ItemOf(module)));
        for (imported, path) in &scope.imports {
            match imported {
                Some(imported) if imported == name => {
                    targets.extend(self.resolve_unless(module, path, searched));
                }
                Some(_) => {}
                None => {
                    for target in self.resolve_unless(module, path, searched) {
                        if let Target::Module(inner) = target {
                            targets.extend(self.named(inner, name, searched));
                        }
                    }
                }
            }
        }
        searched.remove(&(module, name.to_owned()));
        targets
    }
}

struct Reader<'a> {
    read: &'a mut Crate,
    module: usize,
    /// Where the files of its child modules are.
    folder: &'a Path,
}

impl Reader<'_> {
    fn module(&mut self) -> &mut Module {
        &mut self.read.modules[self.module]
    }

    fn visit_items(&mut self, items: &[Item]) {
        for item in items {
            let (attributes, name) = head(item);
            if !is_test(attributes) {
                self.module().items.extend(name.map(ToString::to_string));
                visit::visit_item(self, item);
            }
        }
    }

    fn refer(&mut self, path: Vec<String>, line: usize, is_import: bool) {
        self.module().references.entry(Reference { path, is_import }).or_insert(line);
    }

    fn import(&mut self, tree: &UseTree, prefix: &[String]) {
        let joined = |name: &Ident| [prefix, &[name.to_string()]].concat();
        let (name, path, at) = match tree {
            UseTree::Path(path) => return self.import(&path.tree, &joined(&path.ident)),
            UseTree::Group(group) => return group.items.iter().for_each(|tree| self.import(tree, prefix)),
            UseTree::Name(name) => (Some(&name.ident), joined(&name.ident), name.ident.span()),
            UseTree::Rename(name) => (Some(&name.rename), joined(&name.ident), name.ident.span()),
            UseTree::Glob(glob) => (None, prefix.to_vec(), glob.star_token.spans[0]),
        };
        let name =
            name.map(|name| if name == "self" { prefix.last().unwrap().clone() } else { name.to_string() });
        self.module().imports.push((name, path.clone()));
        self.refer(path, at.start().line, true);
    }

    /// The paths in the tokens of a macro's call.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let mut path = vec![first.to_string()];
                    while tokens.next_if(|next| next.to_string() == ":").is_some() {
                        if let Some(TokenTree::Ident(next)) =
                            tokens.next_if(|next| matches!(next, TokenTree::Ident(_)))
                        {
                            path.push(next.to_string());
                        }
                    }
                    self.refer(path, first.span().start().line, false);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(head(item).0) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !matches!(item, ImplItem::Fn(function) if is_test(&function.attrs)) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = item.ident.to_string();
        let (parent, inner) = (self.module, self.folder.join(&name));
        let module = self.module();
        // A module can be there twice, with conditions that exclude each other.
        if module.children.contains_key(&name) {
            return;
        }
        let file = match (&item.content, mounted(&item.attrs)) {
            (Some(_), _) => module.file.clone(),
            (None, Some(path)) => module.file.with_file_name(path),
            (None, None) if inner.with_extension("rs").exists() => inner.with_extension("rs"),
            (None, None) => inner.join("mod.rs"),
        };
        let folder = if file.ends_with("mod.rs") { file.with_file_name("") } else { inner };
        let path = format!("{}::{name}", module.path);
        let child = Module { parent: Some(parent), path, file, ..Module::default() };
        let id = match &item.content {
            Some((_, items)) => self.read.add_items(child, &folder, items),
            None => self.read.add(child, folder),
        };
        self.module().children.insert(name, id);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.refer(segments, path.segments[0].ident.span().start().line, false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.visit_path(&called.path);
        // What is quoted is code of another crate.
        if !called.path.is_ident("quote") {
            self.tokens(called.tokens.clone());
        }
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

/// The attributes of an item, and the name that it defines.
fn head(item: &Item) -> (&[Attribute], Option<&Ident>) {
    match item {
        Item::Const(item) => (&item.attrs, Some(&item.ident)),
        Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        Item::Impl(item) => (&item.attrs, None),
        Item::Mod(item) => (&item.attrs, None),
        Item::Static(item) => (&item.attrs, Some(&item.ident)),
        Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        Item::Type(item) => (&item.attrs, Some(&item.ident)),
        Item::Use(item) => (&item.attrs, None),
        _ => (&[], None),
    }
}

/// Whether only tests compile what has these attributes.
fn is_test(attributes: &[Attribute]) -> bool {
    let needs_test = |attribute: &Attribute| attribute.parse_args().is_ok_and(|meta| needs_test(&meta));
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg") && needs_test(attribute))
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|all| all.iter().any(needs_test)),
        _ => false,
    }
}

/// The file that an attribute `path` names.
fn mounted(attributes: &[Attribute]) -> Option<String> {
    let path = attributes.iter().find(|attribute| attribute.path().is_ident("path"))?;
    let Expr::Lit(literal) = &path.meta.require_name_value().ok()?.value else { return None };
    let Lit::Str(text) = &literal.lit else { return None };
    Some(text.value())
}

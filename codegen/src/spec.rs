//! The decoded spec: the files of every API as structs of the language.

use crate::decode::decode;
use crate::diagnostic::{Code, Diagnostic};
use crate::language::{Api, Group};
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::{self, Node};

/// All APIs of a spec folder, sorted by name.
#[derive(Debug, Default)]
pub struct Spec {
    pub apis: Vec<ApiSpec>,
}

/// One folder.
#[derive(Debug)]
pub struct ApiSpec {
    /// Name of the folder: `trading`.
    pub name: String,
    pub file: FileId,
    /// `None` if `api.yaml` is absent or broken, which is reported.
    pub api: Option<Api>,
    /// Sorted by file name.
    pub groups: Vec<GroupSpec>,
    /// Names in sections of files that do not decode: they are defined, whatever they are.
    pub broken_names: Vec<String>,
    /// Whether a file is no YAML at all, so that names may be missing.
    pub has_unreadable_files: bool,
}

/// One file.
#[derive(Debug)]
pub struct GroupSpec {
    /// File stem: `orders`.
    pub name: String,
    /// Path below the spec folder: `trading/orders.yaml`.
    pub source: String,
    pub file: FileId,
    pub group: Group,
}

/// Decodes all files.
pub fn decode_all(sources: &SourceMap) -> (Spec, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut spec = Spec::default();
    for file in sources.ids() {
        let Some((api_name, stem, source)) = place(&sources.file(file).path) else {
            continue;
        };
        if spec.apis.last().is_none_or(|api| api.name != api_name) {
            spec.apis.push(ApiSpec {
                name: api_name.to_owned(),
                file,
                api: None,
                groups: Vec::new(),
                broken_names: Vec::new(),
                has_unreadable_files: false,
            });
        }
        if let Some(api) = spec.apis.last_mut() {
            api.add(file, stem, source, sources, &mut diagnostics);
        }
    }
    for api in &spec.apis {
        let file = &sources.file(api.file).path;
        let has_api_file = sources.ids().any(|id| {
            place(&sources.file(id).path).is_some_and(|(name, stem, _)| name == api.name && stem == "api")
        });
        if !has_api_file {
            let message = format!("the API `{}` has no `api.yaml` beside {file}", api.name);
            diagnostics.push(Diagnostic::new(Code::Folder, Span::new(api.file, 0..0), message));
        }
    }
    (spec, diagnostics)
}

/// API, file stem and path below the spec folder of a path that is shown.
fn place(path: &str) -> Option<(&str, &str, &str)> {
    let (folders, file) = path.rsplit_once('/')?;
    let stem = file.strip_suffix(".yaml")?;
    let api = folders.rsplit('/').next()?;
    let source = path.get(folders.len().saturating_sub(api.len())..)?;
    Some((api, stem, source))
}

impl ApiSpec {
    fn add(
        &mut self,
        file: FileId,
        stem: &str,
        source: &str,
        sources: &SourceMap,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Some(root) = yaml::parse(file, &sources.file(file).text, diagnostics) else {
            self.has_unreadable_files = true;
            return;
        };
        if stem == "api" {
            self.file = file;
            self.api = decode(&root, diagnostics);
            return;
        }
        self.broken_names.extend(defined_names(&root));
        match decode(&root, diagnostics) {
            Some(group) => {
                self.groups.push(GroupSpec { name: stem.to_owned(), source: source.to_owned(), file, group });
            }
            None => self.has_unreadable_files = true,
        }
    }
}

/// The names of all types in a file's tree, also of those that do not decode.
fn defined_names(root: &Node) -> impl Iterator<Item = String> {
    ["ids", "enums", "models", "unions"]
        .into_iter()
        .filter_map(|section| root.get(section))
        .flat_map(Node::entries)
        .filter_map(|(name, _)| name.text())
        .map(str::to_owned)
}

//! The decoded spec: the files of every API as structs of the language.

use std::collections::BTreeSet;

use crate::decode::decode;
use crate::diagnostic::{Code, Diagnostic};
use crate::language::{Api, Group};
use crate::source::{FileId, SourceMap, Span};
use crate::yaml;

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
    /// Every name in what could not be read: it may be defined there, whatever it is.
    pub broken_names: BTreeSet<String>,
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
                broken_names: BTreeSet::new(),
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
    let source = path.get(folders.len() - api.len()..)?;
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
        let text = &sources.file(file).text;
        let Some(root) = yaml::parse(file, text, diagnostics) else {
            self.broken_names.extend(words(text));
            return;
        };
        if stem == "api" {
            self.file = file;
            let decoded = decode(&root, diagnostics);
            self.broken_names.extend(decoded.broken_names);
            self.api = decoded.value;
            return;
        }
        let decoded = decode(&root, diagnostics);
        self.broken_names.extend(decoded.broken_names);
        if let Some(group) = decoded.value {
            self.groups.push(GroupSpec { name: stem.to_owned(), source: source.to_owned(), file, group });
        }
    }
}

/// Everything that may be a name in a text that is not YAML.
fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned)
}

//! A spec folder to texts.

use std::fs;
use std::io;
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{SourceMap, Span};

/// The files of a spec: path below the folder with forward slashes, and content.
///
/// Sorted by path, so that nothing depends on the order in which a system lists them.
#[derive(Clone, Debug, Default)]
pub struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    /// Reads `DIR/<api>/*.yaml`. Other files (the language's README) are left alone.
    ///
    /// # Errors
    ///
    /// If a folder or file cannot be read.
    pub fn read(dir: &Path) -> io::Result<Self> {
        let with_path = |path: &Path, error: io::Error| {
            io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display()))
        };
        let entries = |path: &Path| -> io::Result<Vec<fs::DirEntry>> {
            fs::read_dir(path)
                .and_then(|entries| entries.collect::<io::Result<Vec<_>>>())
                .map_err(|error| with_path(path, error))
        };
        let mut files = Vec::new();
        for api in entries(dir)? {
            let (api_path, api_name) = (api.path(), api.file_name().to_string_lossy().into_owned());
            if !api_path.is_dir() || api_name.starts_with('.') {
                continue;
            }
            for file in entries(&api_path)? {
                let (path, name) = (file.path(), file.file_name().to_string_lossy().into_owned());
                if [".yaml", ".yml"].iter().any(|end| name.ends_with(end)) && !name.starts_with('.') {
                    let content = fs::read(&path).map_err(|error| with_path(&path, error))?;
                    files.push((format!("{api_name}/{name}"), content));
                }
            }
        }
        Ok(Self::from_contents(files))
    }

    /// Takes files that were read elsewhere, in any order.
    pub fn from_contents(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort();
        Self(files)
    }
}

/// Makes texts of the files, shown to people under `shown`: `spec` makes `spec/trading/api.yaml`.
///
/// A byte order mark is dropped, and so is the carriage return of a line's end: a checkout with
/// CRLF means the same and has the same columns.
pub fn load(files: &Files, shown: &str) -> (SourceMap, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut sources = SourceMap::default();
    for (path, content) in &files.0 {
        let shown = if shown.is_empty() { path.clone() } else { format!("{shown}/{path}") };
        let text = String::from_utf8_lossy(content);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
        // `\u{fffd}` stands in the place of what is not UTF-8.
        let broken = text.find('\u{fffd}').filter(|_| std::str::from_utf8(content).is_err());
        let file = sources.add(shown, text);
        if path.ends_with(".yml") {
            let problem = Diagnostic::new(Code::Folder, Span::new(file, 0..0), "this file is not read");
            diagnostics.push(problem.help("rename it: spec files end in `.yaml`"));
        }
        if let Some(at) = broken {
            let place = Span::new(file, at..at + '\u{fffd}'.len_utf8());
            diagnostics.push(Diagnostic::new(Code::NotText, place, "this is not UTF-8 text"));
        }
    }
    if files.0.is_empty() {
        let file = sources.add(if shown.is_empty() { "." } else { shown }, "");
        let message = "this folder has no `<api>/*.yaml`";
        diagnostics.push(Diagnostic::new(Code::Folder, Span::new(file, 0..0), message));
    }
    (sources, diagnostics)
}

//! From the IR to the text of every file: each file is emitted and formatted on a separate thread.

use std::collections::BTreeMap;
use std::fmt;
use std::thread;

use crate::emit;
use crate::format::{self, Module};
use crate::ir::{Api, Group};
use crate::output::{Counts, Output};

/// An emitter made tokens that are no Rust: a defect of the generator, not of the spec.
#[derive(Debug)]
pub struct InvalidRust {
    /// The file, below the output folder.
    pub path: String,
    pub source: syn::Error,
}

impl fmt::Display for InvalidRust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, source } = self;
        write!(f, "the generator made invalid Rust for {path}, which is a defect of it: {source}")
    }
}

impl std::error::Error for InvalidRust {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Emits and formats all files.
///
/// # Errors
///
/// If an emitter is defective; of several, the one whose file comes first.
pub fn generate(apis: &[Api]) -> Result<Output, InvalidRust> {
    let texts: BTreeMap<_, _> = thread::scope(|scope| {
        let files: Vec<_> = apis.iter().flat_map(files).collect();
        let running: Vec<_> = files
            .into_iter()
            .map(|file| (file.path(), scope.spawn(move || format::format(file.module()))))
            .collect();
        let finished = running.into_iter().map(|(path, text)| match text.join() {
            Ok(text) => (path, text),
            Err(panic) => std::panic::resume_unwind(panic),
        });
        finished.collect()
    });
    let files = texts.into_iter().map(|(path, text)| match text {
        Ok(text) => Ok((path, text)),
        Err(source) => Err(InvalidRust { path, source }),
    });
    Ok(Output { files: files.collect::<Result<_, _>>()?, counts: apis.iter().map(Counts::of).collect() })
}

/// One file to be made.
enum File<'a> {
    Root(&'a Api),
    Api(&'a Api),
    Group(&'a Api, &'a Group),
}

fn files(api: &Api) -> impl Iterator<Item = File<'_>> {
    [File::Root(api), File::Api(api)]
        .into_iter()
        .chain(api.groups.iter().map(|group| File::Group(api, group)))
}

impl File<'_> {
    /// Below the output folder, with forward slashes.
    fn path(&self) -> String {
        let (api, stem) = match self {
            Self::Root(api) => (api, "mod"),
            Self::Api(api) => (api, "api"),
            Self::Group(api, group) => (api, group.name.trim_start_matches("r#")),
        };
        format!("{}/{stem}.rs", api.name)
    }

    fn module(&self) -> Module {
        match self {
            Self::Root(api) => emit::root(api),
            Self::Api(api) => emit::api(api),
            Self::Group(api, group) => emit::group(api, group),
        }
    }
}

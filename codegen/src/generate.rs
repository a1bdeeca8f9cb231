//! From the IR to the text of every file: each is emitted and formatted by itself, side by side.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
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
    let mut files: Vec<File<'_>> = apis.iter().flat_map(files).collect();
    // Large files last, because they are taken from the end: no thread is left alone with one.
    files.sort_by_key(|file| (file.weight(), file.path()));
    let queue = Mutex::new(files);
    let texts = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            // By itself, so that the queue is free again while the file is formatted.
            let next = lock(&queue).pop();
            let Some(file) = next else { break };
            let text = format::format(file.module());
            lock(&texts).insert(file.path(), text);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let texts = texts.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let files = texts
        .into_iter()
        .map(|(path, text)| match text {
            Ok(text) => Ok((path, text)),
            Err(source) => Err(InvalidRust { path, source }),
        })
        .collect::<Result<_, _>>()?;
    Ok(Output { files, counts: apis.iter().map(Counts::of).collect() })
}

/// A thread that panics takes the whole scope with it, so that what it left behind is never used.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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

    /// About how much work it is.
    fn weight(&self) -> usize {
        match self {
            Self::Root(_) | Self::Api(_) => 0,
            Self::Group(_, group) => {
                let fields: usize = group.models.iter().map(|model| model.fields.len()).sum();
                let parameters: usize = group.operations.iter().map(|it| it.parameters.len()).sum();
                let values: usize = group.enums.iter().map(|item| item.values.len()).sum();
                let messages: usize = group.channels.iter().map(|channel| channel.messages.len()).sum();
                let types = group.models.len() + group.unions.len() + group.enums.len() + group.ids.len();
                fields + parameters + values + messages + 10 * (types + group.operations.len())
            }
        }
    }
}

//! The parts of `codegen --check`, on one thread.

use std::hint::black_box;
use std::path::Path;

use clear_street_codegen::emit;
use clear_street_codegen::format::{Module, format as format_module};
use clear_street_codegen::generate;
use clear_street_spec::check as checks;
use clear_street_spec::ir::Api;
use clear_street_spec::load::{Files, load as load_files};
use clear_street_spec::lower::lower as lower_spec;
use clear_street_spec::source::SourceMap;
use clear_street_spec::spec::{Spec, decode_all};

use super::Work;

const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec");
const GENERATED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../generated-client/src/generated");

fn sources() -> SourceMap {
    load_files(&Files::read(Path::new(SPEC)).expect("a spec"), "spec").0
}

fn spec() -> Spec {
    decode_all(&sources()).0
}

fn apis() -> Vec<Api> {
    let spec = spec();
    lower_spec(&checks::check(&spec, &[])).expect("a spec without errors")
}

fn modules(apis: &[Api]) -> Vec<Module> {
    let mut modules = Vec::new();
    for api in apis {
        modules.extend([emit::root(api), emit::api(api)]);
        modules.extend(api.groups.iter().map(|group| emit::group(api, group)));
    }
    modules
}

pub(super) fn load(_: &str) -> Work {
    Box::new(|| {
        black_box(sources());
    })
}

pub(super) fn decode(_: &str) -> Work {
    let sources = sources();
    Box::new(move || {
        black_box(decode_all(black_box(&sources)));
    })
}

pub(super) fn check(_: &str) -> Work {
    let spec = spec();
    Box::new(move || {
        black_box(checks::check(black_box(&spec), &[]));
    })
}

pub(super) fn lower(_: &str) -> Work {
    // What was checked borrows from the spec.
    let checked = checks::check(Box::leak(Box::new(spec())), &[]);
    Box::new(move || {
        black_box(lower_spec(black_box(&checked)).expect("a spec without errors"));
    })
}

pub(super) fn emit(_: &str) -> Work {
    let apis = apis();
    Box::new(move || {
        black_box(modules(black_box(&apis)));
    })
}

pub(super) fn format(_: &str) -> Work {
    let mut emitted = modules(&apis());
    Box::new(move || {
        for module in emitted.drain(..) {
            black_box(format_module(module).expect("Rust"));
        }
    })
}

pub(super) fn compare(_: &str) -> Work {
    let output = generate(&apis()).expect("Rust");
    Box::new(move || {
        black_box(black_box(&output).compare(Path::new(GENERATED)).expect("generated code"));
    })
}

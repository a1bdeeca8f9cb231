//! How long a run takes, and its parts, on the committed spec.

#![allow(clippy::expect_used, reason = "without a spec there is nothing to measure")]

use std::hint::black_box;
use std::path::Path;

use clear_street_codegen::check::check;
use clear_street_codegen::load::{Files, load};
use clear_street_codegen::lower::lower;
use clear_street_codegen::spec::decode_all;
use clear_street_codegen::{emit, format, front, generate};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn run(c: &mut Criterion) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let files = Files::read(&dir).expect("spec/ is readable");
    let (sources, _) = load(&files, "spec");
    let (spec, _) = decode_all(&sources);
    let apis = lower(&spec);
    let modules = || -> Vec<format::Module> {
        apis.iter().flat_map(|api| api.groups.iter().map(|group| emit::group(api, group))).collect()
    };

    let mut parts = c.benchmark_group("codegen");
    parts.bench_function("1 load", |b| {
        b.iter(|| load(&Files::read(&dir).expect("spec/ is readable"), "spec"))
    });
    parts.bench_function("2 decode", |b| b.iter(|| decode_all(black_box(&sources))));
    parts.bench_function("3 check", |b| b.iter(|| check(black_box(&spec), &[])));
    parts.bench_function("4 lower", |b| b.iter(|| lower(black_box(&spec))));
    parts.bench_function("5 emit, one thread", |b| b.iter(modules));
    parts.bench_function("6 format, one thread", |b| {
        b.iter_batched(
            modules,
            |modules| modules.into_iter().map(format::format).collect::<Result<Vec<_>, _>>(),
            BatchSize::LargeInput,
        );
    });
    parts.bench_function("5 and 6, all threads", |b| b.iter(|| generate(black_box(&apis))));
    parts.bench_function("whole run", |b| {
        b.iter(|| {
            let files = Files::read(&dir).expect("spec/ is readable");
            let front = front::read(&files, "spec");
            generate(&lower(&front.spec))
        });
    });
    parts.finish();
}

criterion_group!(benches, run);
criterion_main!(benches);

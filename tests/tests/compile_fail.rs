//! Mistakes that must not compile. Expected messages are refreshed with `TRYBUILD=overwrite`.

#[test]
fn mistakes_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

//! JSON Schemas of types that look in YAML like another type.

/// Gives a type the schema of another.
macro_rules! same_schema {
    ([$($generics:tt)*] $name:ty, $inner:ty) => {
        impl<$($generics)*> schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                <$inner>::inline_schema()
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                <$inner>::schema_name()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                <$inner>::schema_id()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$inner>::json_schema(generator)
            }
        }
    };
}

pub(crate) use same_schema;

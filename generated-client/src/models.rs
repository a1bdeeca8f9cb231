//! What a type needs to be read, written and printed, as one macro call beside its definition.
//!
//! A call names fields, variants or values with their names on the wire; the traits [`Value`](crate::record::Value)
//! and [`Text`](crate::record::Text) say the rest, by the types. Nothing in here depends on what the module of a
//! call has in scope: a type may be called `Option`.

/// A struct as a [`Record`](crate::record::Record): its fields with their names on the wire, what else is known of
/// a field behind its name, as methods of [`Field`](crate::record::Field).
///
/// ```ignore
/// record! { Leg { ratio: "ratio" min(1), price: "price" optional } rules [Rule::AtMostOne(&["a", "b"])] }
/// ```
///
/// Also implements `Debug` and serde's traits. A struct that implements `Default` and prints itself is
/// called `plain`, and outside of any API.
macro_rules! record {
    (plain $name:ident { $($fields:tt)* } $(with { $($methods:tt)* })?) => {
        $crate::models::record! {
            @record $name (::std::default::Default::default()) $crate::record::Encoding::TEXT,
            { $($fields)* } [] { $($($methods)*)? }
        }
    };
    (
        $name:ident { $($field:ident: $wire:literal $($flag:ident $(($bound:expr))?)*),* $(,)? }
        $(rules [$($rules:tt)*])?
    ) => {
        $crate::models::record! {
            @record $name (Self { $($field: $crate::record::Value::blank()),* }) super::api::ENCODING,
            { $($field: $wire $($flag $(($bound))?)*),* } [$($($rules)*)?] {}
        }
        $crate::models::debug_and_serde! { $name, Record }
    };
    (
        @record $name:ident ($blank:expr) $encoding:path,
        { $($field:ident: $wire:literal $($flag:ident $(($bound:expr))?)*),* $(,)? } [$($rules:tt)*]
        { $($methods:tt)* }
    ) => {
        const _: () = {
            /// The fields, numbered.
            #[allow(dead_code, reason = "a record may have no field")]
            #[allow(non_camel_case_types, reason = "they are named as the fields are")]
            enum At { $($field),* }

            impl $crate::record::Record for $name {
                fn table(&self) -> &'static $crate::record::Table {
                    const TABLE: &$crate::record::Table = &$crate::record::Table {
                        name: ::std::stringify!($name),
                        encoding: &$encoding,
                        fields: &[$($crate::record::Field::new($wire)$(.$flag($($bound)?))*),*],
                        rules: &[$($rules)*],
                    };
                    TABLE
                }

                fn slot_at(&mut self, index: usize) -> ::std::option::Option<$crate::record::Slot<'_>> {
                    match index {
                        $(_ if index == At::$field as usize => {
                            ::std::option::Option::Some($crate::record::Value::slot(&mut self.$field))
                        })*
                        _ => ::std::option::Option::None,
                    }
                }

                fn view_at(&self, index: usize) -> ::std::option::Option<$crate::record::View<'_>> {
                    match index {
                        $(_ if index == At::$field as usize => {
                            ::std::option::Option::Some($crate::record::Value::view(&self.$field))
                        })*
                        _ => ::std::option::Option::None,
                    }
                }

                $($methods)*
            }

            impl $crate::record::Value for $name {
                fn blank() -> Self {
                    $blank
                }

                fn slot(&mut self) -> $crate::record::Slot<'_> {
                    $crate::record::Slot::Record(self)
                }

                fn view(&self) -> $crate::record::View<'_> {
                    $crate::record::View::Record(self)
                }
            }
        };
    };
}

/// `Debug` through the views, which redact what is sensitive, and serde's traits.
///
/// `Debug` is not inline: with the view a program would compile the access to all that the model holds.
macro_rules! debug_and_serde {
    ($name:ident, $view:ident) => {
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::record::debug($crate::record::View::$view(self), f)
            }
        }

        $crate::models::serde_traits! { $name }
    };
}

/// Serde's traits for a [`Value`](crate::record::Value).
macro_rules! serde_traits {
    ($name:ident) => {
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::record::serialize(self, serializer)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::record::deserialize(deserializer)
            }
        }
    };
}

/// An enum whose variants hold a payload each as a [`Union`](crate::record::Union): how its variants are told apart,
/// their names on the wire, and the payloads that convert into it.
///
/// ```ignore
/// union! { Part by Tag("type") { Leg: "leg", Note: "note" } from [Leg => Leg, String => Note] }
/// ```
///
/// The enum has a variant `Unknown` besides. Also implements `Debug` and serde's traits.
macro_rules! union {
    (
        $name:ident by $tagging:ident $(($tag:literal))? { $($variant:ident: $wire:literal),* $(,)? }
        $(from [$($payload:ty => $target:ident),* $(,)?])?
    ) => {
        const _: () = {
            /// The variants, numbered.
            enum At { $($variant),* }

            const ORDER: &[At] = &[$(At::$variant),*];

            impl $crate::record::Union for $name {
                fn table(&self) -> &'static $crate::record::UnionTable {
                    const TABLE: &$crate::record::UnionTable = &$crate::record::UnionTable {
                        name: ::std::stringify!($name),
                        encoding: &super::api::ENCODING,
                        tagging: $crate::record::Tagging::$tagging$(($tag))?,
                        variants: &[$($wire),*],
                    };
                    TABLE
                }

                fn variant(&self) -> ::std::option::Option<usize> {
                    ::std::option::Option::Some(match self {
                        $(Self::$variant(_) => At::$variant as usize,)*
                        Self::Unknown(_) => return ::std::option::Option::None,
                    })
                }

                fn select(&mut self, index: usize) -> ::std::option::Option<$crate::record::Slot<'_>> {
                    *self = match *ORDER.get(index)? {
                        $(At::$variant => Self::$variant($crate::record::Value::blank()),)*
                    };
                    match self {
                        $(Self::$variant(payload) => {
                            ::std::option::Option::Some($crate::record::Value::slot(payload))
                        })*
                        Self::Unknown(_) => ::std::option::Option::None,
                    }
                }

                fn payload(&self) -> $crate::record::View<'_> {
                    match self {
                        $(Self::$variant(payload) => $crate::record::Value::view(payload),)*
                        Self::Unknown(unknown) => $crate::record::Value::view(unknown.json()),
                    }
                }

                fn set_unknown(&mut self, unknown: $crate::record::RawVariant<'_>) {
                    *self = Self::Unknown(::std::convert::From::from(unknown));
                }
            }

            impl $crate::record::Value for $name {
                fn blank() -> Self {
                    Self::Unknown($crate::UnknownVariant::new("", ::std::default::Default::default()))
                }

                fn slot(&mut self) -> $crate::record::Slot<'_> {
                    $crate::record::Slot::Union(self)
                }

                fn view(&self) -> $crate::record::View<'_> {
                    $crate::record::View::Union(self)
                }
            }
        };

        $($(
            impl ::std::convert::From<$payload> for $name {
                #[inline]
                fn from(value: $payload) -> Self {
                    Self::$target(::std::convert::Into::into(value))
                }
            }
        )*)?

        $crate::models::debug_and_serde! { $name, Union }
    };
}

/// An enum as a [`Text`](crate::record::Text): its values with their texts on the wire, and the variant that keeps
/// any other text, if it is open.
///
/// ```ignore
/// text_enum! { Side { Buy: "BUY", Sell: "SELL" } or Unrecognized }
/// ```
///
/// Also implements `ALL`, `as_str`, `AsRef<str>`, `Display`, `FromStr` and serde's traits.
macro_rules! text_enum {
    (
        $name:ident { $first:ident: $first_wire:literal $(, $value:ident: $wire:literal)* $(,)? }
        $(or $unrecognized:ident)?
    ) => {
        impl $name {
            /// The values that this version of the crate knows.
            pub const ALL: &'static [Self] = &[Self::$first $(, Self::$value)*];

            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    Self::$first => $first_wire,
                    $(Self::$value => $wire,)*
                    $(Self::$unrecognized(text) => text.as_str(),)?
                }
            }
        }

        impl $crate::record::Text for $name {
            const NAME: &'static str = ::std::stringify!($name);

            fn listed(text: &str) -> ::std::option::Option<Self> {
                ::std::option::Option::Some(match text {
                    $first_wire => Self::$first,
                    $($wire => Self::$value,)*
                    _ => return ::std::option::Option::None,
                })
            }

            $(
                fn unlisted(text: &str) -> ::std::option::Option<Self> {
                    ::std::option::Option::Some(Self::$unrecognized($crate::Unrecognized::new(text)))
                }
            )?
        }

        impl $crate::record::Value for $name {
            fn blank() -> Self {
                Self::$first
            }

            fn slot(&mut self) -> $crate::record::Slot<'_> {
                $crate::record::Slot::Text(self)
            }

            fn view(&self) -> $crate::record::View<'_> {
                $crate::record::View::Text(self.as_str())
            }
        }

        impl ::std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::convert::AsRef<str> for $name {
            #[inline]
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        /// More strict than an answer, because what is parsed is about to be sent.
        impl ::std::str::FromStr for $name {
            type Err = $crate::NotListed;

            #[inline]
            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::NotListed> {
                <Self as $crate::record::Text>::listed(text)
                    .ok_or_else(|| $crate::NotListed::new(::std::stringify!($name), text))
            }
        }

        $crate::models::serde_traits! { $name }
    };
}

/// A text or number with a type of its own, and what converts into it: plain texts or numbers, other ids.
///
/// ```ignore
/// id! { ClientOrderId(String) from plain accepts [OrderId] }
/// ```
///
/// Also implements `Display`, `FromStr` and serde's traits; of texts also comparisons and conversions with
/// plain ones.
macro_rules! id {
    ($name:ident(i64) $(from $plain:ident)? $(accepts [$($other:ty),* $(,)?])?) => {
        impl $name {
            /// The id with this number.
            #[inline]
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            /// The number.
            #[inline]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::num::ParseIntError;

            #[inline]
            fn from_str(text: &str) -> ::std::result::Result<Self, ::std::num::ParseIntError> {
                text.parse().map(Self)
            }
        }

        $(
            impl ::std::convert::From<i64> for $name {
                #[inline]
                fn from($plain: i64) -> Self {
                    Self($plain)
                }
            }
        )?

        $($(
            impl ::std::convert::From<$other> for $name {
                #[inline]
                fn from(id: $other) -> Self {
                    Self(id.get())
                }
            }
        )*)?

        $crate::models::id! { @value $name }
    };
    ($name:ident(String) $(from $plain:ident)? $(accepts [$($other:ty),* $(,)?])?) => {
        impl $name {
            /// The id with this text.
            #[inline]
            pub fn new(id: impl ::std::convert::Into<::std::string::String>) -> Self {
                Self(id.into())
            }

            /// The text.
            #[inline]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::convert::From<&$name> for $name {
            #[inline]
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl ::std::convert::From<$name> for ::std::string::String {
            #[inline]
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl ::std::convert::AsRef<str> for $name {
            #[inline]
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::cmp::PartialEq<str> for $name {
            #[inline]
            fn eq(&self, text: &str) -> bool {
                self.0 == text
            }
        }

        impl ::std::cmp::PartialEq<&str> for $name {
            #[inline]
            fn eq(&self, text: &&str) -> bool {
                self.0 == *text
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            #[inline]
            fn from_str(text: &str) -> ::std::result::Result<Self, ::std::convert::Infallible> {
                ::std::result::Result::Ok(Self(text.to_owned()))
            }
        }

        $(
            impl ::std::convert::From<&str> for $name {
                #[inline]
                fn from($plain: &str) -> Self {
                    Self($plain.to_owned())
                }
            }

            impl ::std::convert::From<::std::string::String> for $name {
                #[inline]
                fn from($plain: ::std::string::String) -> Self {
                    Self($plain)
                }
            }
        )?

        $($(
            impl ::std::convert::From<$other> for $name {
                #[inline]
                fn from(id: $other) -> Self {
                    Self::new(id.as_str())
                }
            }

            impl ::std::convert::From<&$other> for $name {
                #[inline]
                fn from(id: &$other) -> Self {
                    Self::new(id.as_str())
                }
            }
        )*)?

        $crate::models::id! { @value $name }
    };
    (@value $name:ident) => {
        impl $crate::record::Value for $name {
            fn blank() -> Self {
                Self($crate::record::Value::blank())
            }

            fn slot(&mut self) -> $crate::record::Slot<'_> {
                $crate::record::Value::slot(&mut self.0)
            }

            fn view(&self) -> $crate::record::View<'_> {
                $crate::record::Value::view(&self.0)
            }
        }

        impl ::std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        $crate::models::serde_traits! { $name }
    };
}

pub(crate) use {debug_and_serde, id, record, serde_traits, text_enum, union};

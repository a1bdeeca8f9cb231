//! The properties of a diagnostic code. The table lists the codes.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Worth a look.
    Warning,
}

/// Makes the enum and its methods of the table: name, code, severity, one sentence, and more.
macro_rules! codes {
    ($($name:ident = $text:literal, $severity:ident, $summary:literal, $more:literal;)*) => {
        /// What a diagnostic is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $summary] $name,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// `E202`
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            pub const fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }

            /// One sentence.
            pub const fn summary(self) -> &'static str {
                match self { $(Code::$name => $summary,)* }
            }

            /// An explanation with an example.
            pub(super) const fn more(self) -> &'static str {
                match self { $(Code::$name => $more,)* }
            }
        }
    };
}

pub(super) use codes;

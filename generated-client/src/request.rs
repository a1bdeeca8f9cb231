//! The machinery of a request.

/// A struct with a `call`, and maybe a `body`, as the request of an operation: the operation as a constant,
/// with its parameters and what differs from [`Operation::base`](crate::operation::Operation), and how it is
/// sent. Behind the arrow stands the result: a type, a `page` of items, or `rows` with their key.
///
/// ```ignore
/// request! { GetLoans: GET "/loans/{id}" (path "id", query "size" min(1)) {
///     name: "get_loans", group: "loans", repeat: Repeat::Read, page_token: Some(PageToken::Parameter(1)),
/// } -> page Loan }
/// request! { AddLoan: POST "/loans" () { name: "add_loan", group: "loans" } with body -> Loan }
/// ```
macro_rules! request {
    (
        $name:ident: $method:ident $path:literal
        ($($place:ident $wire:literal $($flag:ident $(($bound:expr))?)*),* $(,)?)
        { $($fact:ident: $value:expr),* $(,)? } $(with $body:ident)? -> $($result:tt)*
    ) => {
        impl $name {
            #[doc = ::std::concat!("`", ::std::stringify!($method), " ", $path, "`")]
            pub const OPERATION: $crate::operation::Operation = $crate::operation::Operation {
                method: $crate::request::request! { @method $method },
                path: $path,
                parameters: &[$($crate::operation::Parameter::$place($wire)$(.$flag($($bound)?))*),*],
                answer: $crate::request::request! { @answer $($result)* },
                $($fact: $value,)*
                ..$crate::operation::Operation::base(&super::api::API)
            };

            // Not generic, as many methods of handles are: what the operation consists of is not compiled
            // again in the program that calls it.
            fn call(core: &$crate::client::ClientInner) -> $crate::call::Call {
                $crate::call::Call::new(core, &Self::OPERATION)
            }

            /// Settings of this request alone, and parameters that this crate does not know.
            #[inline]
            pub fn options(mut self, options: $crate::RequestOptions) -> Self {
                self.call.configure(options);
                self
            }
        }

        $crate::request::request! { @result $name [$($body)?] $($result)* }
    };

    (@method GET) => { $crate::operation::Method::Get };
    (@method POST) => { $crate::operation::Method::Post };
    (@method PUT) => { $crate::operation::Method::Put };
    (@method PATCH) => { $crate::operation::Method::Patch };
    (@method DELETE) => { $crate::operation::Method::Delete };

    (@answer ()) => { $crate::operation::Answer::nothing() };
    (@answer page $item:ty) => { $crate::operation::Answer::of::<::std::vec::Vec<$item>>() };
    (@answer rows by $key:literal of $row:ty) => { $crate::operation::Answer::of::<::std::vec::Vec<$row>>() };
    (@answer $result:ty) => { $crate::operation::Answer::of::<$result>() };

    (@result $name:ident $body:tt page $item:ty) => {
        impl $name {
            $crate::request::request! {
                @ending $body
                /// Walks the pages, beginning with this one.
                #[inline]
                pages -> $crate::Pages<$item> { $crate::Pages::new }
            }

            $crate::request::request! {
                @ending $body
                /// Walks the items of all pages, beginning with this one.
                #[inline]
                items -> $crate::Items<$item> { $crate::Items::new }
            }
        }

        $crate::request::request! { @result $name $body ::std::vec::Vec<$item> }
    };
    (@result $name:ident [$body:ident] rows by $key:literal of $row:ty) => {
        impl $name {
            #[doc = ::std::concat!(
                "The `", $key, "` of each row, in order. Missing ones are filled in when the request is made, so ",
                "that you can store them before you send it."
            )]
            #[must_use]
            #[inline]
            pub fn keys(&self) -> &[::std::string::String] {
                self.$body.keys()
            }

            #[doc = ::std::concat!(
                "Sends the rows. The [`Submission`](crate::Submission) has the outcome of each.\n\n",
                "By default, rows that may have reached the server are not sent again: they are looked up by `",
                $key, "`, and a row that is not found is [`Unknown`](crate::RowOutcome::Unknown). ",
                "[Resolve](crate::Submission::resolve) it before you decide to submit it again. An error means ",
                "that nothing was submitted."
            )]
            pub fn send(self) -> $crate::SubmissionFuture<$row> {
                $crate::SubmissionFuture::new(self.call, self.$body)
            }
        }

        $crate::request::request! { @future $name $crate::SubmissionFuture<$row>, $crate::Submission<$row> }
    };
    (@result $name:ident $body:tt $result:ty) => {
        impl $name {
            $crate::request::request! {
                @ending $body
                /// Sends the request.
                send -> $crate::ResponseFuture<$result> { $crate::call::Call::send }
            }
        }

        $crate::request::request! { @future $name $crate::ResponseFuture<$result>, $crate::Response<$result> }
    };

    (@ending [$($body:ident)?] $(#[$attribute:meta])* $ending:ident -> $result:ty { $($made:tt)* }) => {
        $(#[$attribute])*
        #[allow(unused_mut, reason = "most requests have no body")]
        pub fn $ending(mut self) -> $result {
            $(self.call.body($crate::record::Value::view(&self.$body));)?
            $($made)*(self.call)
        }
    };

    (@future $name:ident $sending:ty, $output:ty) => {
        /// The same as [`send`](Self::send).
        impl ::std::future::IntoFuture for $name {
            type Output = $crate::Result<$output>;
            type IntoFuture = $sending;

            #[inline]
            fn into_future(self) -> $sending {
                self.send()
            }
        }
    };
}

pub(crate) use request;

//! One call of an operation, from its parameters to its response.

mod ahead;
mod attempts;
mod encode;
mod prepare;
mod send;
mod undocumented;

use std::fmt;

pub(crate) use self::attempts::{Attempts, LastReply};
pub(crate) use self::encode::Argument;
pub use self::send::ResponseFuture;
pub use self::undocumented::UndocumentedRequest;
use crate::Json;
use crate::client::ClientInner;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{Answer, Operation, PageToken, Place};
use crate::options::RequestOptions;
use crate::record::{self, Invalid, Value, View};
use crate::retry::Limits;

/// An operation and what it is called with.
///
/// Values are encoded as they are set; what is wrong with them comes out when the call is sent.
#[derive(Clone)]
pub(crate) struct Call {
    core: ClientInner,
    operation: &'static Operation,
    /// Takes the place of the operation's path, encoded already.
    path: Option<String>,
    /// One for each of the operation's parameters.
    arguments: Vec<Option<Argument>>,
    body: Option<Vec<u8>>,
    options: RequestOptions,
    /// What the result is decoded as.
    answer: Answer,
    /// The first thing that was wrong.
    invalid: Option<Invalid>,
}

impl Call {
    /// A call without parameters.
    pub(crate) fn new(core: &ClientInner, operation: &'static Operation) -> Self {
        Self {
            core: core.clone(),
            operation,
            path: None,
            arguments: vec![None; operation.parameters.len()],
            body: None,
            options: RequestOptions::default(),
            answer: operation.answer,
            invalid: None,
        }
    }

    /// Sets the parameter at this index of the operation's table.
    pub(crate) fn set(&mut self, index: usize, value: View<'_>) {
        let operation = self.operation;
        let mut parameters = operation.parameters.iter().zip(&mut self.arguments);
        let Some((parameter, place)) = parameters.nth(index) else {
            return self.refuse_all(format!("has no parameter {index}"));
        };
        match Argument::new(parameter, value, operation.api.encoding, operation.api.list) {
            Ok(argument) => *place = argument,
            Err(invalid) => self.refuse(invalid),
        }
    }

    /// Sets the body; none if it is absent.
    pub(crate) fn body(&mut self, body: View<'_>) {
        let encoding = self.operation.api.encoding;
        if matches!(body, View::Absent) {
            return;
        }
        match record::check(body, encoding).and_then(|()| record::encode(body, encoding)) {
            Ok(body) => self.body = Some(body),
            Err(invalid) => self.refuse(invalid),
        }
    }

    /// Adds settings of this call alone.
    pub(crate) fn configure(&mut self, options: RequestOptions) {
        self.options.merge(options);
    }

    /// The numbers of this call: those of its client and its own.
    pub(crate) fn limits(&self) -> Result<Limits> {
        let mut limits = self.core.retry().class(self.operation.repeat).limits.clone();
        self.options.retries.apply(&mut limits);
        limits.call_timeout = self.options.timeout.unwrap_or(limits.call_timeout);
        limits.connect_timeout = self.options.connect_timeout.unwrap_or(limits.connect_timeout);
        limits.check().map_err(|message| self.error(ErrorKind::Invalid, message).at("options"))?;
        Ok(limits)
    }

    /// Decodes the result as another type than that of the operation.
    pub(crate) fn answer_as(&mut self, answer: Answer) {
        self.answer = answer;
    }

    /// Sends it.
    pub(crate) fn send<T: Value>(self) -> ResponseFuture<T> {
        ResponseFuture::new(self)
    }

    /// An error of this call.
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).operating(self.operation)
    }

    /// The client that it belongs to.
    pub(crate) fn core(&self) -> &ClientInner {
        &self.core
    }

    pub(crate) fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// A call of another operation about the same thing: with the same parameters in its path,
    /// and the same headers.
    pub(crate) fn beside(&self, operation: &'static Operation) -> Self {
        let mut call = Self::new(&self.core, operation);
        for (parameter, argument) in operation.parameters.iter().zip(&mut call.arguments) {
            let mut own = self.operation.parameters.iter().zip(&self.arguments);
            let same = own.find(|(own, _)| own.place == Place::Path && own.name == parameter.name);
            *argument = same.and_then(|(_, argument)| argument.clone());
        }
        call.options.headers.clone_from(&self.options.headers);
        call
    }

    /// It will not be sent: it is wrong.
    pub(crate) fn refuse(&mut self, invalid: Invalid) {
        self.invalid.get_or_insert(invalid);
    }

    fn refuse_all(&mut self, message: String) {
        let message = format!("`{}` {message}", self.operation.name);
        self.refuse(Invalid { path: "$".to_owned(), message });
    }

    /// The token of the page that the caller asks for, where it is a parameter.
    pub(crate) fn page_token(&self) -> Option<&str> {
        let Some(PageToken::Parameter(index)) = self.operation.page_token else { return None };
        match self.arguments.get(index)?.as_ref()? {
            Argument::One(token) => Some(token),
            Argument::List(_) => None,
        }
    }

    /// Asks for the page that the token stands for.
    pub(crate) fn turn_to(&mut self, token: String) {
        match self.operation.page_token {
            Some(PageToken::Parameter(index)) => self.set(index, View::Text(&token)),
            Some(PageToken::Body) => {
                let name = self.operation.api.pagination.token;
                match Json::new(&token) {
                    Ok(token) => self.configure(RequestOptions::new().body_field(name, token)),
                    Err(error) => self.refuse_all(format!("cannot ask for the next page: {error}")),
                }
            }
            None => self.refuse_all("has no pages".to_owned()),
        }
    }
}

/// Names only: values may be personal.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given =
            self.operation.parameters.iter().zip(&self.arguments).filter(|(_, argument)| argument.is_some());
        f.debug_struct("Call")
            .field("operation", &self.operation.name)
            .field("parameters", &given.map(|(parameter, _)| parameter.name).collect::<Vec<_>>())
            .field("has_body", &self.body.is_some())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

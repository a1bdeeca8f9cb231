//! Turns a call into the request that is sent.

use std::borrow::Cow;

use secrecy::ExposeSecret;

use super::Call;
use super::encode::{self, Argument};
use crate::error::{Error, ErrorKind, Result};
use crate::operation::{BodyKind, Place};
use crate::record::{self, View};
use crate::retry::Limits;
use crate::transport::{Header, HttpRequest, Url};
use crate::value::Object;

/// Longest address, in bytes, that the HTTP library can send.
const LONGEST_ADDRESS: usize = 65_534;

/// The server refuses an address of this length.
const URI_TOO_LONG: u16 = 414;

impl Call {
    /// The request, complete and frozen; or what is wrong with it.
    pub(super) fn prepare(&self, limits: &Limits) -> Result<HttpRequest> {
        self.check()?;
        let body = self.frozen_body()?;
        Ok(HttpRequest {
            method: self.operation.method,
            url: self.url()?,
            headers: self.headers(body.is_some())?,
            body,
            connect_timeout: limits.connect_timeout,
            timeout: limits.attempt_timeout,
            begin_before: None,
            class: self.operation.repeat.into(),
        })
    }

    /// What can be known to be wrong before anything is sent.
    fn check(&self) -> Result<()> {
        if let Some(invalid) = &self.invalid {
            return Err(self.error(ErrorKind::Invalid, &invalid.message).at(&invalid.path));
        }
        for (parameter, argument) in self.operation.parameters.iter().zip(&self.arguments) {
            if parameter.required && argument.is_none() {
                return Err(self.invalid(parameter.name, "is required"));
            }
        }
        if self.operation.body == BodyKind::Required && self.body.is_none() {
            return Err(self.invalid("body", "is required"));
        }
        let rules = self.operation.rules;
        record::check_rules(rules, &|name| self.view(name))
            .map_err(|invalid| self.error(ErrorKind::Invalid, invalid.message))
    }

    /// The value of a parameter, for the rules.
    fn view(&self, name: &str) -> View<'_> {
        let mut all = self.operation.parameters.iter().zip(&self.arguments);
        match all.find(|(parameter, _)| parameter.name == name) {
            Some((_, Some(Argument::One(text)))) => View::Text(text),
            Some((_, Some(Argument::List(texts)))) => View::List(texts),
            _ => View::Absent,
        }
    }

    fn url(&self) -> Result<Url> {
        let path = match &self.path {
            Some(path) => {
                encode::check_path(path).map_err(|message| self.invalid("path", message))?;
                Cow::Borrowed(path.as_str())
            }
            None => Cow::Owned(
                encode::path(self.operation.path, |name| match self.view(name) {
                    View::Text(text) => Some(text),
                    _ => None,
                })
                .map_err(|(name, message)| self.invalid(&name, message))?,
            ),
        };
        let list = self.operation.api.list;
        let mut query = String::new();
        for (parameter, argument) in self.operation.parameters.iter().zip(&self.arguments) {
            if let (Place::Query, Some(argument)) = (parameter.place, argument) {
                encode::query(&mut query, parameter.name, argument, list);
            }
        }
        for (name, value) in &self.options.query {
            encode::query(&mut query, name, &Argument::One(value.clone()), list);
        }
        let url = self.core.base_url().address(&path, &query);
        match url.as_str().len() {
            length if length > LONGEST_ADDRESS => {
                let (name, message) = self.too_long(length);
                let most = format!("{message}; at most {LONGEST_ADDRESS} bytes can be sent");
                Err(self.error(ErrorKind::Invalid, most).at(name))
            }
            _ => Ok(url),
        }
    }

    /// The parameter that makes the address long, and a message that says so.
    fn too_long(&self, length: usize) -> (String, String) {
        let size = |argument: &Argument| match argument {
            Argument::One(text) => text.len(),
            Argument::List(texts) => texts.iter().map(|text| text.len() + 1).sum(),
        };
        let own = self.operation.parameters.iter().zip(&self.arguments);
        let own = own.filter_map(|(parameter, argument)| Some((parameter.name, size(argument.as_ref()?))));
        let added = self.options.query.iter().map(|(name, value)| (name.as_str(), value.len()));
        let path = self.path.iter().map(|path| ("path", path.len()));
        let longest = own.chain(added).chain(path).max_by_key(|(_, size)| *size);
        let name = longest.map_or("path", |(name, _)| name);
        (name.to_owned(), format!("`{name}` makes the address {length} bytes long"))
    }

    /// Adds to an error what the server does not say: how long the address was that it refused.
    pub(super) fn explain(&self, error: Error) -> Error {
        match self.url() {
            Ok(url) if error.status() == Some(URI_TOO_LONG) => {
                let (name, message) = self.too_long(url.as_str().len());
                error.at(name).noting(format!("{message}: ask in parts"))
            }
            _ => error,
        }
    }

    fn frozen_body(&self) -> Result<Option<Vec<u8>>> {
        if self.options.fields.is_empty() {
            return Ok(self.body.clone());
        }
        let mut body = match &self.body {
            Some(body) => Object::read(body)
                .ok_or_else(|| self.invalid("body", "is no JSON object: fields cannot be added to it"))?,
            None => Object::default(),
        };
        for (name, value) in &self.options.fields {
            body.set(name, value.clone());
        }
        body.write().map(Some).map_err(|error| self.invalid("body", error.to_string()))
    }

    fn headers(&self, has_body: bool) -> Result<Vec<Header>> {
        let mut headers = self.core.headers().to_vec();
        if has_body {
            headers.push(Header::constant("content-type", "application/json"));
        }
        for (name, value) in &self.options.headers {
            let header = Header::new(name, value.expose_secret());
            headers.push(header.map_err(|message| self.invalid("options", message))?);
        }
        Ok(headers)
    }

    /// The error of a request that was not sent because of its contents.
    fn invalid(&self, place: &str, message: impl Into<String>) -> Error {
        let message = format!("`{place}` {}", message.into());
        self.error(ErrorKind::Invalid, message).at(place)
    }
}

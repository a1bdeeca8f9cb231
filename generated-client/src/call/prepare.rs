//! From a call to the request that is sent.

use std::borrow::Cow;

use secrecy::ExposeSecret;

use super::Call;
use super::encode::{self, Argument};
use crate::error::{Error, ErrorKind, Result};
use crate::headers::Header;
use crate::operation::{BodyKind, Place};
use crate::record::{self, View};
use crate::retry::Limits;
use crate::transport::{HttpRequest, Url};
use crate::value::Object;

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
        Ok(self.core.base_url().address(&path, &query))
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

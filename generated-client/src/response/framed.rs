//! The envelope around a result, or its absence.

use crate::Json;
use crate::api::{Api, Frame};
use crate::error::ApiError;
use crate::record::{self, DecodeError, OptionSlot, Record, Slot, Table, Value, View};
use crate::response::Metadata;

/// A result with what stands around it: an object of the API's with names of the API's, or nothing.
pub(super) struct ResponseBody<'a> {
    shape: Shape,
    data: Data<'a>,
    pub(super) error: Option<ApiError>,
    pub(super) metadata: Option<Metadata>,
}

/// What stands around one result.
enum Shape {
    Envelope(&'static Table),
    List(&'static Table),
    Nothing,
}

/// Where the result goes.
struct Data<'a> {
    /// None if nobody knows what it should be.
    value: Option<&'a mut dyn Value>,
    /// Takes its place then.
    any: Json,
    present: bool,
}

impl<'a> ResponseBody<'a> {
    /// As an operation answers it. The result goes into the value, or, without one, may be anything.
    pub(super) fn new(api: &'static Api, mut value: Option<&'a mut dyn Value>) -> Self {
        let is_list = value.as_mut().is_some_and(|value| matches!(value.slot(), Slot::List(_)));
        let shape = match &api.frame {
            Frame::Envelope(table) => Shape::Envelope(table),
            Frame::Bare(table) if is_list => Shape::List(table),
            Frame::Bare(_) => Shape::Nothing,
        };
        let data = Data { value, any: Json::default(), present: false };
        Self { shape, data, error: None, metadata: None }
    }

    pub(super) fn decode(&mut self, body: &[u8]) -> Result<(), DecodeError> {
        match self.shape {
            Shape::Nothing => record::decode(body, Slot::Option(&mut self.data)),
            Shape::Envelope(_) | Shape::List(_) => record::decode(body, Slot::Record(self)),
        }
    }

    /// Drops what was read of a body that cannot be read as a whole.
    pub(super) fn forget(&mut self) {
        (self.error, self.metadata) = (None, None);
    }

    /// All of it, to be encoded again.
    pub(super) fn view(&self) -> View<'_> {
        match self.shape {
            Shape::Nothing => self.data.view(),
            Shape::Envelope(_) | Shape::List(_) => View::Record(self),
        }
    }

    /// Whether there is a result that is not null.
    pub(super) fn has_data(&self) -> bool {
        self.data.present
    }

    /// Whether a result that is null or absent is as good as any.
    pub(super) fn data_is_optional(&mut self) -> bool {
        match &mut self.data.value {
            Some(value) => matches!(value.slot(), Slot::Option(_) | Slot::Json(_)),
            None => true,
        }
    }

    /// Whether nothing in a body can be of interest.
    pub(super) fn needs_no_body(&self) -> bool {
        matches!(self.shape, Shape::Nothing) && self.data.value.is_none()
    }

    /// Whether it is none: no property of an envelope was found in it.
    pub(super) fn is_foreign(&self) -> bool {
        !self.data.present && self.error.is_none() && self.metadata.is_none()
    }
}

impl Data<'_> {
    fn view(&self) -> View<'_> {
        match self {
            Data { present: false, .. } => View::Absent,
            Data { value: Some(value), .. } => value.view(),
            Data { any, .. } => any.view(),
        }
    }
}

impl OptionSlot for Data<'_> {
    fn clear(&mut self) {
        self.present = false;
    }

    fn fill(&mut self) -> Option<Slot<'_>> {
        self.present = true;
        Some(match &mut self.value {
            Some(value) => value.slot(),
            None => self.any.slot(),
        })
    }
}

/// Whether an error that is no object says that there is one.
fn is_something(json: &str) -> bool {
    !matches!(json, "\"\"" | "[]" | "false" | "0")
}

impl Record for ResponseBody<'_> {
    fn table(&self) -> &'static Table {
        const NONE: &Table = &Table { name: "", encoding: &record::Encoding::TEXT, fields: &[], rules: &[] };
        match self.shape {
            Shape::Envelope(table) | Shape::List(table) => table,
            Shape::Nothing => NONE,
        }
    }

    fn slot_at(&mut self, index: usize) -> Option<Slot<'_>> {
        Some(match (&self.shape, index) {
            (_, 0) => Slot::Option(&mut self.data),
            (Shape::Envelope(_), 1) => self.error.slot(),
            (Shape::Envelope(_), 2) => self.metadata.slot(),
            (Shape::List(_), 1) => self.metadata.get_or_insert_default().next_page_token.slot(),
            (Shape::List(_), 2) => self.metadata.get_or_insert_default().previous_page_token.slot(),
            _ => return None,
        })
    }

    fn unreadable(&mut self, index: usize, json: &str) {
        match (&self.shape, index) {
            (Shape::Envelope(_), 1) => self.error = is_something(json).then(ApiError::blank),
            (Shape::List(_), 1) => self.metadata.get_or_insert_default().next_is_unreadable = true,
            (Shape::List(_), 2) => self.metadata.get_or_insert_default().previous_is_unreadable = true,
            _ => {}
        }
    }

    fn view_at(&self, index: usize) -> Option<View<'_>> {
        let metadata = self.metadata.as_ref();
        Some(match (&self.shape, index) {
            (_, 0) => self.data.view(),
            (Shape::Envelope(_), 1) => self.error.view(),
            (Shape::Envelope(_), 2) => self.metadata.view(),
            (Shape::List(_), 1) => metadata?.next_page_token.view(),
            (Shape::List(_), 2) => metadata?.previous_page_token.view(),
            _ => return None,
        })
    }
}

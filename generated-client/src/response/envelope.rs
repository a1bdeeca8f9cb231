//! The object around every answer.

use crate::Json;
use crate::api::Api;
use crate::error::ApiError;
use crate::record::{self, DecodeError, OptionSlot, Record, Slot, Table, Value, View};
use crate::response::Metadata;

/// The object around every answer. Its names are those of the API.
pub(super) struct Envelope<'a> {
    api: &'static Api,
    data: Data<'a>,
    pub(super) error: Option<ApiError>,
    pub(super) metadata: Option<Metadata>,
}

/// Where the result goes.
struct Data<'a> {
    /// None if nobody knows what it should be.
    value: Option<&'a mut dyn Value>,
    /// Takes its place then.
    any: Json,
    present: bool,
}

impl<'a> Envelope<'a> {
    /// An envelope whose result goes into the value, or, without one, may be anything.
    pub(super) fn new(api: &'static Api, value: Option<&'a mut dyn Value>) -> Self {
        let data = Data { value, any: Json::default(), present: false };
        Self { api, data, error: None, metadata: None }
    }

    pub(super) fn decode(&mut self, body: &[u8]) -> Result<(), DecodeError> {
        record::decode(body, Slot::Record(self))
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

    /// Whether it is none: no property of an envelope was found in it.
    pub(super) fn is_foreign(&self) -> bool {
        !self.data.present && self.error.is_none() && self.metadata.is_none()
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

impl Record for Envelope<'_> {
    fn table(&self) -> &'static Table {
        &self.api.envelope
    }

    fn slot_at(&mut self, index: usize) -> Option<Slot<'_>> {
        Some(match index {
            0 => Slot::Option(&mut self.data),
            1 => self.error.slot(),
            2 => self.metadata.slot(),
            _ => return None,
        })
    }

    fn view_at(&self, index: usize) -> Option<View<'_>> {
        Some(match index {
            0 => match &self.data {
                Data { present: false, .. } => View::Absent,
                Data { value: Some(value), .. } => value.view(),
                Data { any, .. } => any.view(),
            },
            1 => self.error.view(),
            2 => self.metadata.view(),
            _ => return None,
        })
    }
}

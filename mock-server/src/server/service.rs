//! What one request is answered.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use clear_street_codegen::ir;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::clock::Clock;
use crate::desk::Desk;

/// What all connections of a server share.
pub(crate) struct Service {
    apis: Vec<ir::Api>,
    clock: Clock,
    #[expect(dead_code, reason = "skeleton: asked as soon as there are calls")]
    desk: Option<Arc<dyn Desk>>,
}

impl Service {
    pub(super) fn new(apis: Vec<ir::Api>, clock: Clock, desk: Option<Arc<dyn Desk>>) -> Self {
        Self { apis, clock, desk }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Path of an API's servers, without a slash at its end.
    pub(super) fn base_path(&self, api: &str) -> String {
        let api = self.apis.iter().find(|known| known.name == api);
        let server = api.and_then(|api| api.servers.first());
        let url = server.and_then(|server| server.url.parse::<Uri>().ok());
        url.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
    }

    pub(super) async fn respond(&self, _request: Request<Incoming>) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let apis: Vec<_> = self.apis.iter().map(|api| &api.name).collect();
        f.debug_struct("Service").field("apis", &apis).field("clock", &self.clock).finish_non_exhaustive()
    }
}

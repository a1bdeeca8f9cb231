//! Connections: from TCP or from a pipe.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::service::Service;
use crate::faults::Tapped;

/// Accepts connections until `ended` is true or closed, then waits for those that are open.
pub(super) async fn accept(listener: TcpListener, service: Arc<Service>, mut ended: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // What is small shall go out at once; a stream without the option works as well.
                    let _ = stream.set_nodelay(true);
                    let reset = |stream: &TcpStream| drop(stream.set_zero_linger());
                    connections.spawn(serve(Tapped::new(stream, reset), service.clone(), ended.clone()));
                }
                // A connection that was gone before it was accepted, or no more file descriptors.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
            () = over(&mut ended) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Serves one connection until it ends or `ended` is true or closed.
pub(super) async fn serve<I>(io: Tapped<I>, service: Arc<Service>, mut ended: watch::Receiver<bool>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (line, ends) = (io.line(), ended.clone());
    let handle = service_fn(move |request| {
        let (service, line, ends) = (service.clone(), line.clone(), ends.clone());
        async move { Ok::<_, Infallible>(service.respond(request, &line, ends).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(io), handle)
        .with_upgrades();
    tokio::pin!(connection);
    // An error is a client that went away: nobody is left to be told.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = over(&mut ended) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Waits until it is true or nobody can set it any more.
async fn over(ended: &mut watch::Receiver<bool>) {
    drop(ended.wait_for(|ended| *ended).await);
}

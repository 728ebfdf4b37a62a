//! Connections: each has its times, and all of them end in order.

use std::{
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Sleep, sleep},
};
use tower::{Layer, ServiceExt};
use tower_http::timeout::RequestBodyTimeoutLayer;

/// How long a connection may take for the head of a request, and may idle between two. Longer than gateways keep idle connections,
/// so that they close them and not we under their hands.
const HEAD: Duration = Duration::from_secs(75);
/// How long the next piece of a body may take, of a request or of an answer. The whole has its limit in `web`.
const PIECE: Duration = Duration::from_secs(30);
/// Pause when no connection can be taken because the process is out of files.
const BREATH: Duration = Duration::from_millis(500);

/// The times of connections.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    head: Duration,
    piece: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            head: HEAD,
            piece: PIECE,
        }
    }
}

/// Serves until `stop` becomes true, then takes no more and waits until every request that came has its answer. Dropping it cuts
/// them off.
pub(crate) async fn serve(listener: TcpListener, router: Router, times: Times, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer, router.clone(), times, stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    sleep(BREATH).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could still say so is gone: that ends it too.
    let _ = stop.wait_for(|stopped| *stopped).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    times: Times,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let patient = RequestBodyTimeoutLayer::new(times.piece).layer(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        patient.clone().oneshot(request)
    });
    let mut building = http1::Builder::new();
    building.timer(TokioTimer::new()).header_read_timeout(times.head);
    let mut connection = pin!(building.serve_connection(TokioIo::new(Stalling::new(stream, times.piece)), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

/// A stream whose other side must take what is written within a time: who asks and does not read holds nothing for ever.
struct Stalling<T> {
    stream: T,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<T> Stalling<T> {
    fn new(stream: T, patience: Duration) -> Self {
        Self {
            stream,
            patience,
            waiting: None,
        }
    }

    fn within<R>(&mut self, context: &mut Context<'_>, progress: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if progress.is_ready() {
            self.waiting = None;
            return progress;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        match waiting.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Stalling<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Stalling<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within(context, progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.within(context, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_flush(context);
        self.within(context, progress)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_shutdown(context);
        self.within(context, progress)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{
        body::{Body, Bytes},
        extract::{State, rejection::BytesRejection},
        http::StatusCode,
        routing::{get, post},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::Notify,
        task::JoinHandle,
    };

    use super::*;

    struct Serving {
        address: SocketAddr,
        stop: watch::Sender<bool>,
        end: JoinHandle<()>,
    }

    async fn serving(router: Router, times: Times) -> Serving {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let end = tokio::spawn(serve(listener, router, times, stopped));
        Serving { address, stop, end }
    }

    const SHORT: Times = Times {
        head: Duration::from_millis(100),
        piece: Duration::from_millis(100),
    };

    async fn answer(connection: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        // The server may close while bytes of ours are on their way: what it said before counts.
        let _ = connection.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn who_never_finishes_asking_is_hung_up_on() {
        let takes = async |body: Result<Bytes, BytesRejection>| match body {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::REQUEST_TIMEOUT,
        };
        let router = Router::new().route("/", post(takes));
        let house = serving(router, SHORT).await;
        let mut head = TcpStream::connect(house.address).await.unwrap();
        head.write_all(b"POST / HTTP/1.1\r\nHost:").await.unwrap();
        assert_eq!(answer(&mut head).await, "", "half a head has no answer");
        let mut body = TcpStream::connect(house.address).await.unwrap();
        let request = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc";
        body.write_all(request).await.unwrap();
        assert!(answer(&mut body).await.starts_with("HTTP/1.1 408"));
    }

    /// Tells when the answer is thrown away.
    struct Told(Arc<Notify>);

    impl Drop for Told {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }

    #[tokio::test]
    async fn who_does_not_read_the_answer_holds_nothing_for_ever() {
        let thrown_away = Arc::new(Notify::new());
        let endless = |State(told): State<Arc<Notify>>| async move {
            let guard = Told(told);
            Body::from_stream(futures::stream::repeat_with(move || {
                let _ = &guard;
                Ok::<_, io::Error>(Bytes::from_static(&[0; 65_536]))
            }))
        };
        let router = Router::new().route("/", get(endless)).with_state(thrown_away.clone());
        let house = serving(router, SHORT).await;
        let mut asks = TcpStream::connect(house.address).await.unwrap();
        asks.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        thrown_away.notified().await;
    }

    #[tokio::test]
    async fn an_end_waits_for_answers_and_not_for_idle_connections() {
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (telling, waiting) = (begun.clone(), go_on.clone());
        let slow = async move || {
            telling.notify_one();
            waiting.notified().await;
            "done"
        };
        let router = Router::new().route("/slow", get(slow)).route("/", get(async || "here"));
        let house = serving(router, Times::default()).await;
        let mut idle = TcpStream::connect(house.address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut seen = [0; 12];
        idle.read_exact(&mut seen).await.unwrap();
        assert_eq!(&seen, b"HTTP/1.1 200");
        let mut busy = TcpStream::connect(house.address).await.unwrap();
        busy.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        begun.notified().await;
        house.stop.send(true).unwrap();
        go_on.notify_one();
        assert!(answer(&mut busy).await.ends_with("done"));
        house.end.await.unwrap();
        assert!(TcpStream::connect(house.address).await.is_err(), "no more are taken");
    }
}

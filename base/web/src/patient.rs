//! Bodies of requests: drained where they are refused, bounded where they are read.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, BodyDataStream, HttpBody};
use bytes::Bytes;
use futures::{Stream, StreamExt};

/// The rest of a refused body is drained up to this size and for this long.
const DRAINED: usize = 512 << 20;
const DRAIN_FOR: Duration = Duration::from_secs(120);

/// What a form may bring beside the contents of its files. A part's head is in memory as a whole before anybody sees it; the largest
/// piece that comes over the wire at once, some 400 KiB, must fit too.
const BESIDE_FILES: usize = 2 << 20;

/// A body whose rest is read when nobody wants it any more. Browsers and most programs do not read the answer before they have sent their
/// request: when it is refused early, the rest runs into the void, or the person sees a broken connection instead of the reason.
struct Drained(Option<BodyDataStream>);

/// The body, drained when it is dropped before its end.
pub(crate) fn drained(body: Body) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::from_stream(Drained(Some(body.into_data_stream())))
}

impl Stream for Drained {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = self.0.as_mut() else {
            return Poll::Ready(None);
        };
        let next = ready!(rest.poll_next_unpin(context));
        if !matches!(next, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(next)
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let (Some(mut rest), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(tokio::time::timeout(DRAIN_FOR, async move {
            let mut left = DRAINED;
            while let Some(Ok(part)) = rest.next().await {
                let Some(less) = left.checked_sub(part.len()) else {
                    return;
                };
                left = less;
            }
        }));
    }
}

/// A body that is read up to its limit, piece by piece.
pub(crate) struct Patient {
    rest: BodyDataStream,
    left: usize,
    beside: Beside,
    /// A piece was given and nobody has turned to it yet.
    given: bool,
}

/// What may still come beside the contents of files.
#[derive(Clone)]
pub(crate) struct Beside(Arc<AtomicUsize>);

impl Beside {
    /// So many bytes were the contents of a file.
    pub(crate) fn was_of_a_file(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The limit of a body was reached.
#[derive(Debug, thiserror::Error)]
#[error("the body is larger than its limit")]
pub(crate) struct TooLarge;

impl Patient {
    pub(crate) fn new(body: Body, limit: usize) -> Self {
        Self {
            rest: body.into_data_stream(),
            left: limit,
            beside: Beside(Arc::new(AtomicUsize::new(limit))),
            given: false,
        }
    }

    /// The body of a form with files.
    pub(crate) fn of_form(body: Body, limit: usize) -> (Self, Beside) {
        let beside = Beside(Arc::new(AtomicUsize::new(limit.min(BESIDE_FILES))));
        let mut patient = Self::new(body, limit);
        patient.beside = beside.clone();
        (patient, beside)
    }

    /// Whether this piece may come; counts it.
    fn takes(&mut self, bytes: usize) -> bool {
        let beside = self.beside.0.load(Ordering::Relaxed);
        let (Some(left), Some(beside)) = (self.left.checked_sub(bytes), beside.checked_sub(bytes)) else {
            return false;
        };
        self.left = left;
        self.beside.0.store(beside, Ordering::Relaxed);
        true
    }
}

impl Stream for Patient {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // One piece at a time: a reader that takes all there is would gather a whole file before it hands the first of it on.
        if std::mem::take(&mut self.given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = ready!(self.rest.poll_next_unpin(context));
        Poll::Ready(match next {
            Some(Ok(part)) if self.takes(part.len()) => {
                self.given = true;
                Some(Ok(part))
            }
            Some(Ok(_)) => Some(Err(axum::Error::new(TooLarge))),
            over => over,
        })
    }
}

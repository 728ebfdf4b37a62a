//! Bodies of requests that may be large.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{Stream, StreamExt};

/// The rest of a refused body is drained up to this size and for this long.
const DRAINED: usize = 512 << 20;
const DRAIN_FOR: Duration = Duration::from_secs(120);

/// A body that is read up to its limit. Browsers and most programs do not read the answer before they have sent their request: when it
/// is refused early, the rest runs into the void, or the person sees a broken connection instead of the reason.
pub(crate) struct Patient {
    rest: Option<BodyDataStream>,
    left: usize,
}

/// The limit of a body was reached.
#[derive(Debug, thiserror::Error)]
#[error("the body is larger than its limit")]
pub(crate) struct TooLarge;

impl Patient {
    pub(crate) fn new(body: Body, limit: usize) -> Self {
        Self {
            rest: Some(body.into_data_stream()),
            left: limit,
        }
    }
}

impl Stream for Patient {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(rest) = self.rest.as_mut() else {
            return Poll::Ready(None);
        };
        let next = ready!(rest.poll_next_unpin(context));
        Poll::Ready(match next {
            Some(Ok(part)) => match self.left.checked_sub(part.len()) {
                Some(left) => {
                    self.left = left;
                    Some(Ok(part))
                }
                None => Some(Err(axum::Error::new(TooLarge))),
            },
            over => {
                self.rest = None;
                over
            }
        })
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        let (Some(mut rest), Ok(runtime)) = (self.rest.take(), tokio::runtime::Handle::try_current()) else {
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

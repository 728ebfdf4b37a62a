//! A table on its way out: rows are asked for as the other side takes bytes, and no more of them are held than a page.

use std::io::{self, Write};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use kernel::Result;
use tabular::{Cell, Format, Heading, Writer};
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Bytes that go out at once.
const PIECE: usize = 64 << 10;
/// Pieces that wait for the other side.
const WAITING: usize = 4;

/// What the writer writes to: blocks while the other side does not take, fails when it is gone.
struct Pipe {
    out: Sender<io::Result<Bytes>>,
    held: Vec<u8>,
}

impl Pipe {
    fn send(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.held, Vec::with_capacity(PIECE));
        self.out
            .blocking_send(Ok(piece.into()))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.held.len());
        self.held.extend_from_slice(&bytes[..taken]);
        if self.held.len() >= PIECE {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

/// The bytes of a file of these pages of rows. What goes wrong on the way ends the bytes with an error.
pub(crate) fn file<P>(
    format: Format,
    headings: Vec<Heading>,
    pages: P,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<P>
where
    P: Stream<Item = Result<Vec<Vec<Cell>>>> + Send + 'static,
{
    file_parted_by(format, b',', headings, pages)
}

/// The same with something else between the cells of CSV.
pub(crate) fn file_parted_by<P>(
    format: Format,
    delimiter: u8,
    headings: Vec<Heading>,
    pages: P,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<P>
where
    P: Stream<Item = Result<Vec<Vec<Cell>>>> + Send + 'static,
{
    let (to_writer, from_pages) = mpsc::channel(1);
    let (out, bytes) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut pages = std::pin::pin!(pages);
        while let Some(page) = pages.next().await {
            // Whoever asked is gone: the rest is not asked for.
            if to_writer.send(page).await.is_err() {
                break;
            }
        }
    });
    tokio::task::spawn_blocking(move || {
        let ended = out.clone();
        let pipe = Pipe {
            out,
            held: Vec::with_capacity(PIECE),
        };
        if let Err(fault) = write(pipe, (format, delimiter), &headings, from_pages) {
            if fault.code != "tabular.storage" {
                tracing::error!(%fault, "a file of records was cut off");
            }
            let _ = ended.blocking_send(Err(io::Error::other(fault)));
        }
    });
    // Compression asks once more behind the end.
    stream::unfold(bytes, |mut bytes: Receiver<io::Result<Bytes>>| async move {
        bytes.recv().await.map(|piece| (piece, bytes))
    })
    .fuse()
}

fn write(
    pipe: Pipe,
    (format, delimiter): (Format, u8),
    headings: &[Heading],
    mut pages: Receiver<Result<Vec<Vec<Cell>>>>,
) -> Result<()> {
    let mut writer = Writer::parted_by(pipe, format, delimiter)?;
    writer.headings(headings)?;
    while let Some(page) = pages.blocking_recv() {
        for row in page? {
            writer.row(&row)?;
        }
    }
    writer.finish().map(drop)
}

/// A text that no cell of a workbook holds.
pub(crate) fn too_long_for(format: Format, text: &str) -> bool {
    const MOST: usize = 32_767;
    format == Format::Xlsx && text.len() > MOST && text.encode_utf16().count() > MOST
}

#[cfg(test)]
mod tests {
    use kernel::Fault;

    use super::*;

    fn pages(count: usize) -> impl Stream<Item = Result<Vec<Vec<Cell>>>> + Send + 'static {
        stream::iter((0..count).map(|page| {
            let rows = (0..1000).map(|row| vec![Cell::Text(format!("{page}-{row}")), Cell::Text("Ngã Bảy".repeat(20))]);
            Ok(rows.collect())
        }))
    }

    fn headings() -> Vec<Heading> {
        ["a", "b"]
            .map(|name| Heading::new(name, name, tabular::Kind::Text))
            .into()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn everything_comes_out_in_pieces() {
        for format in [Format::Csv, Format::Xlsx, Format::Json, Format::Parquet] {
            let pieces: Vec<io::Result<Bytes>> = file(format, headings(), pages(5)).collect().await;
            assert!(pieces.iter().all(Result::is_ok), "{format:?}");
            let largest = pieces.iter().flatten().map(Bytes::len).max().unwrap();
            assert!(largest <= PIECE, "{format:?} {largest}");
            if format == Format::Csv {
                let lines: usize = pieces
                    .iter()
                    .flatten()
                    .map(|piece| piece.iter().filter(|b| **b == b'\n').count())
                    .sum();
                assert_eq!(lines, 5_001);
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_asks_behind_the_end_gets_nothing() {
        let mut bytes = Box::pin(file(Format::Csv, headings(), pages(1)));
        while bytes.next().await.is_some() {}
        assert!(bytes.next().await.is_none());
    }

    /// Nobody who gets a part takes it for the whole.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_fails_on_the_way_ends_in_an_error() {
        let broken = pages(1).chain(stream::iter([Err(Fault::unavailable("db.away"))]));
        let pieces: Vec<io::Result<Bytes>> = file(Format::Csv, headings(), broken).collect().await;
        assert!(pieces.last().unwrap().is_err());
    }

    /// Whoever goes away in the middle holds nothing: no page is asked for any more.
    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_leaves_ends_it() {
        let (told, mut asked) = mpsc::unbounded_channel();
        let endless = stream::unfold(told, |told| async move {
            told.send(()).ok()?;
            let rows = vec![vec![Cell::Text("x".repeat(10_000)), Cell::Empty]; 100];
            Some((Ok(rows), told))
        });
        let mut bytes = Box::pin(file(Format::Csv, headings(), endless));
        assert!(bytes.next().await.unwrap().is_ok());
        drop(bytes);
        // The channel ends when the pages are dropped.
        while asked.recv().await.is_some() {}
    }
}

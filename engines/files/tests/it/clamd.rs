//! The scanner, against a socket that answers as the daemon does.

use std::path::PathBuf;

use files::{Accept, Limits, Scan};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

use crate::house::{ACTOR, house_with, pdf, png};

/// Reads one `INSTREAM` and gives back what was sent.
async fn instream(stream: &mut UnixStream) -> Vec<u8> {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await.expect("a command");
    assert_eq!(&command, b"zINSTREAM\0");
    let mut content = Vec::new();
    loop {
        let length = stream.read_u32().await.expect("a length") as usize;
        if length == 0 {
            return content;
        }
        let start = content.len();
        content.resize(start + length, 0);
        stream.read_exact(&mut content[start..]).await.expect("a part");
    }
}

/// A daemon that finds something in every PDF.
fn daemon(socket: PathBuf) {
    let listener = UnixListener::bind(socket).expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let content = instream(&mut stream).await;
            let answer: &[u8] = if content.starts_with(b"%PDF") {
                b"stream: Eicar-Test FOUND\0"
            } else {
                b"stream: OK\0"
            };
            stream.write_all(answer).await.expect("answered");
        }
    });
}

#[tokio::test]
async fn infected_content_is_refused_and_clean_content_marked() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("clamd.sock");
    daemon(socket.clone());
    let house = house_with(Limits {
        clamd_socket: Some(socket),
        ..Limits::default()
    })
    .await;
    assert_eq!(
        house.refusal("a.pdf", Accept::papers(), &pdf("")).await,
        "files.infected"
    );
    let view = house.put("a.png", Accept::papers(), &png()).await.expect("kept");
    assert_eq!(view.scan, Scan::Clean);
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    assert_eq!(
        house.files.get(&mut op, view.id).await.expect("there").scan,
        Scan::Clean
    );
}

#[tokio::test]
async fn content_found_infected_later_is_not_opened() {
    let house = house_with(Limits::default()).await;
    let mut view = house.put("a.png", Accept::papers(), &png()).await.expect("kept");
    view.scan = Scan::Infected;
    assert_eq!(house.files.open(&view).await.unwrap_err().code, "files.infected");
}

#[tokio::test]
async fn a_silent_scanner_stops_uploads_only_where_it_is_required() {
    let nobody = PathBuf::from("no-such-socket");
    let lenient = house_with(Limits {
        clamd_socket: Some(nobody.clone()),
        ..Limits::default()
    })
    .await;
    assert_eq!(
        lenient.put("a.png", Accept::papers(), &png()).await.expect("kept").scan,
        Scan::Unscanned
    );
    let strict = house_with(Limits {
        clamd_socket: Some(nobody),
        scan_required: true,
        ..Limits::default()
    })
    .await;
    assert_eq!(
        strict.refusal("a.png", Accept::papers(), &png()).await,
        "files.scanner_unavailable"
    );
}

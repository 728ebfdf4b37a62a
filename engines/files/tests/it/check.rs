//! What is let in and what is not.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use files::{Accept, Limits};
use futures::{StreamExt, stream};
use kernel::Fault;

use crate::house::{ACTOR, archive, docx, house, house_with, jpeg, new_file, pdf, png};

#[tokio::test]
async fn papers_come_in_with_their_true_kind_and_name() {
    let house = house().await;
    for (name, content, kept_as, media_type) in [
        ("khai sinh.jpg", jpeg(), "khai sinh.jpg", "image/jpeg"),
        ("thật ra là png.jpg", png(), "thật ra là png.png", "image/png"),
        ("don", pdf(""), "don.pdf", "application/pdf"),
        ("../../etc/passwd", png(), "passwd.png", "image/png"),
        (
            "gia\u{302}\u{301}y to\u{31b}\u{300}.pdf",
            pdf(""),
            "giấy tờ.pdf",
            "application/pdf",
        ),
        ("ho\u{202e}fdp.jpg", jpeg(), "hofdp.jpg", "image/jpeg"),
    ] {
        let view = house.put(name, Accept::papers(), &content).await.expect("kept");
        assert_eq!((view.name.as_str(), view.media_type.as_str()), (kept_as, media_type));
        assert_eq!(view.size, content.len() as u64);
    }
    let long = house
        .put(&format!("{}.pdf", "ă".repeat(300)), Accept::papers(), &pdf(""))
        .await
        .expect("kept");
    assert_eq!(long.name.chars().count(), 120);
    assert!(long.name.ends_with("ă.pdf"));
}

#[tokio::test]
async fn documents_come_in_only_where_accepted() {
    let house = house().await;
    let refused = house.put("don.docx", Accept::papers(), &docx(&[])).await.unwrap_err();
    assert_eq!(refused.code, "files.wrong_type");
    assert_eq!(
        (refused.params["found"].as_str(), refused.params["accepted"].as_str()),
        ("DOCX", "JPG, PNG, PDF")
    );
    let view = house
        .put("don.docx", Accept::documents(), &docx(&[]))
        .await
        .expect("kept");
    assert!(view.media_type.ends_with("wordprocessingml.document"));
    let sheet = archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", b"<workbook/>"),
    ]);
    assert_eq!(
        house
            .put("so.xlsx", Accept::documents(), &sheet)
            .await
            .expect("kept")
            .name,
        "so.xlsx"
    );
}

#[tokio::test]
async fn other_content_is_refused_whatever_its_name() {
    let house = house().await;
    let papers = Accept::papers;
    assert_eq!(
        house.refusal("anh.jpg", papers(), b"MZ\x90\0\x03\0\0\0 program").await,
        "files.wrong_type"
    );
    assert_eq!(
        house.refusal("anh.jpg", papers(), b"\x7fELF\x02\x01\x01").await,
        "files.wrong_type"
    );
    assert_eq!(
        house.refusal("don.pdf", papers(), b"#!/bin/sh\n%PDF-1.4\n%%EOF").await,
        "files.wrong_type"
    );
    assert_eq!(
        house
            .refusal("don.pdf", papers(), b"<html><script>alert(1)</script>")
            .await,
        "files.wrong_type"
    );
    assert_eq!(
        house
            .refusal("hinh.png", papers(), b"<svg xmlns='http://www.w3.org/2000/svg'/>")
            .await,
        "files.wrong_type"
    );
    assert_eq!(
        house
            .refusal("x.zip", Accept::documents(), &archive(&[("a.txt", b"a")]))
            .await,
        "files.wrong_type"
    );
    assert_eq!(
        house
            .refusal("anh.heic", papers(), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
            .await,
        "files.iphone_photo"
    );
    assert_eq!(
        house.refusal("x", papers(), &[1, 0xfe, 0, 0x99, 0x88, 0x77]).await,
        "files.unknown_type"
    );
    assert_eq!(
        house.refusal("anh.jpg.exe", papers(), &jpeg()).await,
        "files.misleading_name"
    );
    assert_eq!(
        house.refusal("anh\u{202e}gpj.exe", papers(), &jpeg()).await,
        "files.misleading_name"
    );
    assert_eq!(house.refusal("rong.jpg", papers(), b"").await, "files.empty");
}

#[tokio::test]
async fn broken_content_is_refused() {
    let house = house().await;
    let whole = png();
    assert_eq!(
        house
            .refusal("a.png", Accept::papers(), &whole[..whole.len() / 2])
            .await,
        "files.broken_image"
    );
    assert_eq!(
        house.refusal("a.jpg", Accept::papers(), &jpeg()[..40]).await,
        "files.broken_image"
    );
    assert_eq!(
        house.refusal("a.pdf", Accept::papers(), b"%PDF-1.4\n1 0 obj\n<<").await,
        "files.broken_pdf"
    );
    let packed = docx(&[]);
    assert_eq!(
        house
            .refusal("a.docx", Accept::documents(), &packed[..packed.len() / 2])
            .await,
        "files.broken_document"
    );
}

#[tokio::test]
async fn a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() {
    let house = house_with(Limits {
        max_pixels: 3_000,
        ..Limits::default()
    })
    .await;
    // 64 × 48 = 3,072.
    assert_eq!(
        house.refusal("a.png", Accept::papers(), &png()).await,
        "files.too_many_pixels"
    );
    assert_eq!(
        house.refusal("a.jpg", Accept::papers(), &jpeg()).await,
        "files.too_many_pixels"
    );
}

#[tokio::test]
async fn a_pdf_with_scripts_is_kept_and_flagged() {
    let house = house().await;
    let content = pdf("/OpenAction << /S /JavaScript /JS (app.alert) >> /Names << /EmbeddedFiles 2 0 R >>");
    let view = house.put("don.pdf", Accept::papers(), &content).await.expect("kept");
    assert_eq!(view.flags, ["pdf_script", "pdf_attachment"]);
}

#[tokio::test]
async fn archives_that_unpack_to_too_much_are_refused() {
    let house = house().await;
    let zeros = vec![0; 101_000_000];
    let bomb = docx(&[("word/media/a.bin", &zeros)]);
    assert!(bomb.len() < 200_000);
    assert_eq!(
        house.refusal("bom.docx", Accept::documents(), &bomb).await,
        "files.unpacks_too_large"
    );

    // The same with a lie about the size, in the local header and in the list of parts.
    let told = 101_000_000_u32.to_le_bytes();
    let mut lie = bomb;
    for at in 0..lie.len() - 4 {
        if lie[at..at + 4] == told {
            lie[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
        }
    }
    let code = house.refusal("bom.docx", Accept::documents(), &lie).await;
    assert!(
        ["files.unpacks_too_large", "files.broken_document"].contains(&code),
        "{code}"
    );

    let names: Vec<String> = (0..2_001).map(|n| format!("word/{n}.xml")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(
        house.refusal("nhieu.docx", Accept::documents(), &docx(&parts)).await,
        "files.unpacks_too_large"
    );
}

#[tokio::test]
async fn macros_and_paths_outside_are_refused() {
    let house = house().await;
    let macros = docx(&[("word/vbaProject.bin", b"x")]);
    assert_eq!(
        house.refusal("a.docx", Accept::documents(), &macros).await,
        "files.has_macros"
    );
    let outside = docx(&[("../../x", b"x")]);
    assert_eq!(
        house.refusal("a.docx", Accept::documents(), &outside).await,
        "files.broken_document"
    );
    let absolute = docx(&[("/etc/x", b"x")]);
    assert_eq!(
        house.refusal("a.docx", Accept::documents(), &absolute).await,
        "files.broken_document"
    );
}

#[tokio::test]
async fn a_stream_of_200_megabytes_is_read_only_to_the_limit() {
    let house = house_with(Limits {
        max_bytes: 1024 * 1024,
        ..Limits::default()
    })
    .await;
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    let part = Bytes::from(vec![0xff; 64 * 1024]);
    let endless = stream::iter(0..3_200).map(move |_| {
        counter.fetch_add(part.len() as u64, Ordering::Relaxed);
        Ok::<_, Fault>(part.clone())
    });
    let fault = house
        .files
        .receive(new_file("a.jpg", Accept::papers()), endless)
        .await
        .unwrap_err();
    assert_eq!((fault.code, fault.params["limit"].as_str()), ("files.too_large", "1"));
    assert!(sent.load(Ordering::Relaxed) <= 1024 * 1024 + 64 * 1024);
    assert!(house.on_disk().is_empty());
    // A paper may ask for less than the installation allows.
    let fault = house
        .put("a.png", Accept::papers().at_most(100), &png())
        .await
        .unwrap_err();
    assert_eq!(fault.code, "files.too_large");
}

#[tokio::test]
async fn a_broken_stream_leaves_nothing() {
    let house = house().await;
    let cut = stream::iter([Ok(Bytes::from_static(b"%PDF")), Err(std::io::Error::other("gone"))]);
    let fault = house
        .files
        .receive(new_file("a.pdf", Accept::papers()), cut)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "files.interrupted");
    let slow = stream::iter([Err::<Bytes, _>(Fault::too_many("web.slow_down"))]);
    let fault = house
        .files
        .receive(new_file("a.pdf", Accept::papers()), slow)
        .await
        .unwrap_err();
    assert_eq!(fault.code, "web.slow_down");
    assert!(house.on_disk().is_empty());
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    assert!(
        house
            .files
            .by_holder(&mut op, "draft:1")
            .await
            .expect("read")
            .is_empty()
    );
}

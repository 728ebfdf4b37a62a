//! Keeping, reading, moving and removing.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, path::Path};

use files::{Accept, Scan};
use kernel::FileId;
use tokio::io::AsyncReadExt;

use crate::house::{ACTOR, chunks, house, jpeg, new_file, pdf, png};

#[tokio::test]
async fn a_file_is_read_as_it_came() {
    let house = house().await;
    let content = jpeg();
    let view = house.put("a.jpg", Accept::papers(), &content).await.expect("kept");
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    assert_eq!(house.files.get(&mut op, view.id).await.expect("there"), view);
    assert_eq!(house.files.read(&mut op, view.id).await.expect("read"), content);
    let mut streamed = Vec::new();
    house
        .files
        .open(&view)
        .await
        .expect("opened")
        .read_to_end(&mut streamed)
        .await
        .expect("read");
    assert_eq!(streamed, content);
    assert_eq!(
        (view.scan, view.uploaded_by.as_str(), view.holder.as_str()),
        (Scan::Unscanned, "system:test", "draft:1")
    );
    assert_eq!(view.uploaded_at, house.scratch.ops.now());
    let unknown = house.files.get(&mut op, FileId::new()).await.unwrap_err();
    assert_eq!(unknown.code, "files.not_found");
}

#[tokio::test]
async fn no_other_user_of_the_machine_reads_what_is_kept() {
    let house = house().await;
    let root = house.scratch.directory().join("files");
    std::fs::create_dir_all(&root).expect("a folder of an earlier program");
    std::fs::set_permissions(&root, Permissions::from_mode(0o755)).expect("open to everybody");
    let view = house.put("a.pdf", Accept::papers(), &pdf("")).await.expect("kept");
    let address = house.address(&view);
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&address), 0o600);
    for folder in address
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(&root))
    {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
}

#[tokio::test]
async fn the_same_content_twice_is_one_blob_with_two_names() {
    let house = house().await;
    let first = house.put("a.pdf", Accept::papers(), &pdf("")).await.expect("kept");
    let second = house.put("b.pdf", Accept::papers(), &pdf("")).await.expect("kept");
    assert_eq!(first.sha256, second.sha256);
    assert_ne!(first.id, second.id);
    assert_eq!(house.on_disk(), [house.address(&first)]);
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    let names: Vec<_> = house
        .files
        .by_holder(&mut op, "draft:1")
        .await
        .expect("list")
        .into_iter()
        .map(|f| f.name)
        .collect();
    assert_eq!(names, ["a.pdf", "b.pdf"]);
}

#[tokio::test]
async fn the_same_content_at_the_same_time_is_one_blob() {
    let house = house().await;
    let content = png();
    let stores = (0..8).map(|n| {
        let (house, content) = (&house, &content);
        async move {
            house
                .put(&format!("{n}.png"), Accept::papers(), content)
                .await
                .expect("kept")
        }
    });
    let views = futures::future::join_all(stores).await;
    assert_eq!(house.on_disk(), [house.address(&views[0])]);
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    assert_eq!(house.files.by_holder(&mut op, "draft:1").await.expect("list").len(), 8);
    house.files.verify(&mut op, views[7].id).await.expect("whole");
}

#[tokio::test]
async fn an_undone_operation_leaves_nothing_to_see() {
    let house = house().await;
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    let view = house
        .files
        .store(&mut op, new_file("a.png", Accept::papers()), chunks(&png()))
        .await
        .expect("stored");
    drop(op);
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    assert_eq!(
        house.files.get(&mut op, view.id).await.unwrap_err().code,
        "files.not_found"
    );
    assert!(
        house
            .files
            .by_holder(&mut op, "draft:1")
            .await
            .expect("list")
            .is_empty()
    );
}

#[tokio::test]
async fn a_received_upload_that_is_not_kept_leaves_no_bytes() {
    let house = house().await;
    let received = house
        .files
        .receive(new_file("a.png", Accept::papers()), chunks(&png()))
        .await
        .expect("received");
    assert_eq!(
        (received.name(), received.media_type(), received.size()),
        ("a.png", "image/png", png().len() as u64)
    );
    assert_eq!(house.on_disk().len(), 1);
    drop(received);
    assert!(house.on_disk().is_empty());
}

#[tokio::test]
async fn changed_content_is_noticed_and_mended_by_the_next_upload() {
    let house = house().await;
    let content = png();
    let view = house.put("a.png", Accept::papers(), &content).await.expect("kept");
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");

    let mut changed = content.clone();
    changed[50] ^= 1;
    std::fs::write(house.address(&view), &changed).expect("written");
    assert!(house.files.open(&view).await.is_ok());
    assert_eq!(
        house.files.verify(&mut op, view.id).await.unwrap_err().code,
        "files.corrupted"
    );
    assert_eq!(
        house.files.read(&mut op, view.id).await.unwrap_err().code,
        "files.corrupted"
    );

    std::fs::write(house.address(&view), &content[..10]).expect("written");
    assert_eq!(house.files.open(&view).await.unwrap_err().code, "files.corrupted");

    std::fs::remove_file(house.address(&view)).expect("removed");
    assert_eq!(house.files.open(&view).await.unwrap_err().code, "files.lost");

    house.put("b.png", Accept::papers(), &content).await.expect("kept");
    house.files.verify(&mut op, view.id).await.expect("mended");
}

#[tokio::test]
async fn files_move_to_another_holder_all_or_none() {
    let house = house().await;
    let first = house.put("a.pdf", Accept::papers(), &pdf("")).await.expect("kept");
    let second = house.put("b.png", Accept::papers(), &png()).await.expect("kept");
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    let missing = house
        .files
        .reassign(&mut op, &[first.id, FileId::new()], "dossier:2")
        .await
        .unwrap_err();
    assert_eq!(missing.code, "files.not_found");
    drop(op);
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    assert_eq!(house.files.by_holder(&mut op, "draft:1").await.expect("list").len(), 2);
    house
        .files
        .reassign(&mut op, &[first.id, second.id], "dossier:2")
        .await
        .expect("moved");
    op.commit().await.expect("committed");
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    assert!(
        house
            .files
            .by_holder(&mut op, "draft:1")
            .await
            .expect("list")
            .is_empty()
    );
    assert_eq!(
        house.files.by_holder(&mut op, "dossier:2").await.expect("list").len(),
        2
    );
}

#[tokio::test]
async fn generated_documents_are_kept_unchecked() {
    let house = house().await;
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    let xml = b"<result/>".to_vec();
    let view = house
        .files
        .store_bytes(&mut op, "kết quả/1.xml", "application/xml", "dossier:2", xml.clone())
        .await
        .expect("stored");
    op.commit().await.expect("committed");
    assert_eq!(
        (view.name.as_str(), view.media_type.as_str(), view.purpose.as_str()),
        ("1.xml", "application/xml", "generated")
    );
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    assert_eq!(house.files.read(&mut op, view.id).await.expect("read"), xml);
    let empty = house
        .files
        .store_bytes(&mut op, "x", "application/xml", "dossier:2", Vec::new())
        .await
        .unwrap_err();
    assert_eq!(empty.code, "files.empty");
}

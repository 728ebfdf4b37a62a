//! What nobody refers to goes after a day, and nothing else does.

use std::{fs, path::PathBuf};

use chrono::TimeDelta;
use files::{Accept, Swept};
use op::Jobs;

use crate::house::{ACTOR, House, chunks, house, new_file, pdf, png};

async fn undone(house: &House) -> PathBuf {
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    let view = house
        .files
        .store(&mut op, new_file("a.png", Accept::papers()), chunks(&png()))
        .await
        .expect("stored");
    house.address(&view)
}

#[tokio::test]
async fn content_of_an_undone_operation_goes_after_a_day() {
    let house = house().await;
    let kept = house.put("b.pdf", Accept::papers(), &pdf("")).await.expect("kept");
    let orphan = undone(&house).await;
    house.scratch.clock.advance(TimeDelta::hours(23));
    assert_eq!(
        house.files.sweep(&house.scratch.ops).await.expect("swept"),
        Swept::default()
    );
    assert!(orphan.exists());
    house.scratch.clock.advance(TimeDelta::hours(2));
    assert_eq!(house.files.sweep(&house.scratch.ops).await.expect("swept").contents, 1);
    assert_eq!(house.on_disk(), [house.address(&kept)]);
}

#[tokio::test]
async fn removed_content_goes_after_a_day_unless_another_file_has_it() {
    let house = house().await;
    let lone = house.put("a.png", Accept::papers(), &png()).await.expect("kept");
    let first = house.put("b.pdf", Accept::papers(), &pdf("")).await.expect("kept");
    let second = house.put("c.pdf", Accept::papers(), &pdf("")).await.expect("kept");
    house.scratch.clock.advance(TimeDelta::days(30));
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    house.files.remove(&mut op, lone.id).await.expect("removed");
    house.files.remove(&mut op, first.id).await.expect("removed");
    assert_eq!(
        house.files.remove(&mut op, first.id).await.unwrap_err().code,
        "files.not_found"
    );
    op.commit().await.expect("committed");
    assert_eq!(
        house.files.sweep(&house.scratch.ops).await.expect("swept"),
        Swept::default(),
        "a day of grace"
    );
    house.scratch.clock.advance(TimeDelta::hours(25));
    assert_eq!(house.files.sweep(&house.scratch.ops).await.expect("swept").contents, 1);
    assert_eq!(house.on_disk(), [house.address(&second)]);
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    house.files.verify(&mut op, second.id).await.expect("whole");
}

#[tokio::test]
async fn content_that_is_being_stored_again_is_left_alone() {
    let house = house().await;
    let orphan = undone(&house).await;
    house.scratch.clock.advance(TimeDelta::days(2));
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    let view = house
        .files
        .store(&mut op, new_file("a.png", Accept::papers()), chunks(&png()))
        .await
        .expect("stored");
    // As if it had been settled long ago: only the lock protects it now.
    fs::File::options()
        .write(true)
        .open(&orphan)
        .expect("opens")
        .set_modified(std::time::UNIX_EPOCH)
        .expect("aged");
    assert_eq!(
        house.files.sweep(&house.scratch.ops).await.expect("swept"),
        Swept::default()
    );
    op.commit().await.expect("committed");
    house.files.sweep(&house.scratch.ops).await.expect("swept");
    let mut op = house.scratch.ops.open(ACTOR).await.expect("opens");
    house.files.verify(&mut op, view.id).await.expect("whole");
}

#[tokio::test]
async fn unfinished_uploads_go_after_a_day_and_the_job_comes_back_daily() {
    let house = house().await;
    let incoming = house.scratch.directory().join("files/incoming");
    fs::create_dir_all(&incoming).expect("made");
    let old = incoming.join("left-over");
    fs::write(&old, b"half").expect("written");
    fs::File::options()
        .write(true)
        .open(&old)
        .expect("opens")
        .set_modified(std::time::UNIX_EPOCH)
        .expect("aged");

    let mut jobs = Jobs::new();
    files::register(&mut jobs, &house.files);
    for _ in 0..2 {
        op::begin_recurring(&house.scratch.ops, &jobs).await.expect("begun");
    }
    assert_eq!(op::drain(&house.scratch.ops, &jobs).await.expect("drained"), 1);
    assert!(!old.exists());
    assert_eq!(op::drain(&house.scratch.ops, &jobs).await.expect("drained"), 0);
    house.scratch.clock.advance(TimeDelta::days(1));
    assert_eq!(op::drain(&house.scratch.ops, &jobs).await.expect("drained"), 1);
}

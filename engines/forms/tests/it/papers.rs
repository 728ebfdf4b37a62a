//! Papers of a draft, and what becomes of their files.

use chrono::TimeDelta;
use files::FileView;
use forms::holder;
use kernel::{Actor, DraftId, FileId};

use crate::town::{Town, citizen};

pub async fn stored(town: &Town, actor: &Actor, holder: &str, name: &str) -> FileView {
    let mut op = town.op(actor).await;
    let bytes = name.as_bytes().to_vec();
    let view = town
        .files
        .store_bytes(&mut op, name, "image/png", holder, bytes)
        .await
        .expect("stored");
    op.commit().await.expect("committed");
    view
}

pub async fn attach(town: &Town, actor: &Actor, draft: DraftId, paper: &str, file: &FileView) -> kernel::Result<()> {
    let mut op = town.op(actor).await;
    town.forms.attach(&mut op, draft, paper, 2, file).await?;
    op.commit().await
}

async fn there(town: &Town, file: FileId) -> bool {
    let mut op = town.op(&Actor::System("test")).await;
    town.files.get(&mut op, file).await.is_ok()
}

#[tokio::test]
async fn files_are_attached_and_taken_away() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let mut files = Vec::new();
    for name in ["mặt trước.png", "mặt sau.png", "thêm.png"] {
        files.push(stored(&town, &me, &holder(id), name).await);
    }
    attach(&town, &me, id, "proof", &files[0]).await.expect("attached");
    attach(&town, &me, id, "proof", &files[0])
        .await
        .expect("the same again");
    attach(&town, &me, id, "proof", &files[1]).await.expect("attached");
    let fault = attach(&town, &me, id, "proof", &files[2])
        .await
        .expect_err("two at the most");
    assert_eq!(
        (fault.code, fault.params["most"].as_str()),
        ("forms.too_many_files", "2")
    );
    let fault = attach(&town, &me, id, "other", &files[0])
        .await
        .expect_err("another paper");
    assert_eq!(fault.code, "forms.file_attached");
    let fault = attach(&town, &me, id, "nonsense", &files[2])
        .await
        .expect_err("no paper");
    assert_eq!(fault.code, "forms.paper_not_found");
    let foreign = stored(&town, &me, "draft:other", "khác.png").await;
    let fault = attach(&town, &me, id, "other", &foreign)
        .await
        .expect_err("of something else");
    assert_eq!(fault.code, "forms.file_not_found");
    let fault = attach(&town, &citizen(), id, "other", &files[2])
        .await
        .expect_err("not theirs");
    assert_eq!(fault.code, "forms.draft_not_found");

    let draft = town.see(&me, id).await.expect("seen");
    let listed: Vec<(&str, &str, u64)> = draft
        .attachments
        .iter()
        .map(|own| (own.paper.as_str(), own.media_type.as_str(), own.size))
        .collect();
    let sizes = [files[0].size, files[1].size];
    assert_eq!(
        listed,
        [("proof", "image/png", sizes[0]), ("proof", "image/png", sizes[1])]
    );
    assert_eq!(town.submission(&me, id).await.files, draft.attachments);

    let mut op = town.op(&me).await;
    town.forms.detach(&mut op, id, files[0].id).await.expect("taken away");
    let fault = town.forms.detach(&mut op, id, files[0].id).await.expect_err("gone");
    assert_eq!(fault.code, "forms.file_not_found");
    op.commit().await.expect("committed");
    assert!(!there(&town, files[0].id).await);
    assert!(there(&town, files[1].id).await);
}

#[tokio::test]
async fn files_go_with_the_draft_unless_somebody_has_taken_them_over() {
    let (town, me) = (Town::new().await, citizen());
    let mut drafts = Vec::new();
    for _ in 0..3 {
        let id = town.start(&me).await.id;
        let file = stored(&town, &me, &holder(id), "giấy.png").await;
        attach(&town, &me, id, "proof", &file).await.expect("attached");
        let loose = stored(&town, &me, &holder(id), "rời.png").await;
        drafts.push((id, file.id, loose.id));
    }
    let [thrown, closed, open] = [drafts[0], drafts[1], drafts[2]];
    let mut op = town.op(&me).await;
    town.forms.discard(&mut op, thrown.0).await.expect("discarded");
    town.forms.close(&mut op, closed.0, "dossier:1").await.expect("closed");
    town.files
        .reassign(&mut op, &[closed.1], "dossier:1")
        .await
        .expect("taken over");
    op.commit().await.expect("committed");
    assert!(!there(&town, thrown.1).await && !there(&town, thrown.2).await);
    assert_eq!(
        town.see(&me, thrown.0).await.expect_err("gone").code,
        "forms.draft_not_found"
    );
    // The list of papers of a closed draft stays as it was.
    assert_eq!(
        town.see(&me, closed.0).await.expect("seen").attachments[0].file,
        closed.1
    );

    town.scratch.clock.advance(TimeDelta::days(91));
    let mut op = town.op(&Actor::System("forms")).await;
    assert_eq!(town.forms.expire(&mut op).await.expect("expired"), 2);
    op.commit().await.expect("committed");
    assert!(there(&town, closed.1).await);
    for gone in [closed.2, open.1, open.2] {
        assert!(!there(&town, gone).await);
    }
}
